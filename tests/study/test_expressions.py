from __future__ import annotations

import numpy as np
import pytest

from immunode.model.expression import parse
from immunode.study.expressions import evaluate


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("hill(x, 2, 3)", 27 / (8 + 27)),
        ("hill(0 - x, 2, 3)", 0.0),
        ("michaelis(x, 1)", 0.75),
        ("piecewise(1, x < 2, 5, x < 4, 9)", 5),
        ("min(x, 1, 2) + max(x, t)", 1 + 4),
        ("-x**2/3 + abs(0 - x)", 0.0),
        ("log(exp(x)) - sqrt(x*x)", 0.0),
    ],
)
def test_expressions_have_the_value_that_they_have_in_rates(text: str, value: float) -> None:
    assert float(evaluate(parse(text), {"x": np.float64(3)}.__getitem__, 4.0)) == pytest.approx(value, abs=1e-14)
