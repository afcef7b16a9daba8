from __future__ import annotations

import numpy as np
import pytest

from immunode.language.evaluation import evaluate, margin
from immunode.language.expression import parse


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
    assert float(evaluate(parse(text), {"x": np.float64(3)}, 4.0)) == pytest.approx(value, abs=1e-14)


@pytest.mark.parametrize(
    ("text", "value"),
    [("x > 1", 2.0), ("x < 5", 2.0), ("x > 1 and x < 4", 1.0), ("x < 1 or x > 2.5", 0.5), ("not x >= 7", 4.0)],
)
def test_a_condition_holds_by_the_distance_to_where_it_turns(text: str, value: float) -> None:
    assert float(margin(parse(text), {"x": 3.0})) == pytest.approx(value)
