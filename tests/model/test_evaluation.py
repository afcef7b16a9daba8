from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from immunode.language.evaluation import evaluate
from immunode.language.expression import parse
from immunode.model import Derived, Effect, Model, Parameter
from immunode.model.views.derived_values import quantities


def test_conditions_and_pieces_act_on_arrays() -> None:
    x = np.array([0.0, 1.0, 2.0, 3.0])
    assert evaluate(parse("x >= 1 and not x == 2"), {"x": x}).tolist() == [False, True, False, True]
    assert evaluate(parse("piecewise(10, x < 1, 20, x < 3, x)"), {"x": x}).tolist() == [10, 20, 20, 3]


def test_no_value_is_nan_without_a_warning() -> None:
    assert np.isnan(evaluate(parse("log(x)"), {"x": np.array([-1.0])})).all()


def test_derived_quantities_may_stand_in_any_order(make: Callable[..., Model]) -> None:
    model = make(derived=[Derived("u", "2*v"), Derived("v", "w + 1"), Derived("w", "T/g")], readouts=[])
    values = {p.name: p.value for p in model.parameters} | {"E": 1.0, "T": 2.019e7}
    found = quantities(model, values)
    assert (found["w"], found["v"], found["u"]) == (1.0, 2.0, 4.0)


def test_the_effective_value_follows_the_composition_rule(make: Callable[..., Model]) -> None:
    base = make()
    model = base.replace(
        parameters=[*base.parameters, Parameter("drug.dose", 0.25)],
        effects=[
            Effect("d", "add", "0.1*a", by="w"),
            Effect("d", "scale", "1 - drug.dose", by="x"),
            Effect("d", "set", "a", "0.5", by="y"),
            Effect("d", "scale", "1 + burden", by="z"),
        ],
    )
    values = {p.name: p.value for p in model.parameters} | {"E": 1.0, "T": 2.019e7}
    found = quantities(model, values)
    expected = (0.0412 + 0.5 * (0.18 - 0.0412)) * (1 - 0.25) * (1 + 0.5) + 0.1 * 0.18
    assert found["d"] == pytest.approx(expected, rel=1e-14)  # rounding only
