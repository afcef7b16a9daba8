"""Local sensitivities and tornados against derivatives known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from immunode.analysis.sensitivity.local import local_sensitivity, tornado
from immunode.errors import StudyError
from immunode.intervention import Intervention, inhibit
from immunode.model import Model, Parameter, Process, State


def _decay() -> Model:
    return Model(
        name="decay",
        time_unit="day",
        states=[State("x", 10.0, "mg")],
        parameters=[
            Parameter("k", 0.1, "1/day", source="assumed: a test", bounds=(0.05, 0.2)),
            Parameter("none", 0.0, source="assumed: a test"),
        ],
        processes=[Process("loss", "x ->", "k*x*(1 + none)")],
        interventions=[Intervention("block", [inhibit("k", 0.5)])],
        horizon=20.0,
    )


def test_a_function_has_its_exact_derivatives() -> None:
    found = local_sensitivity(lambda x: x[:, 0] ** 3 * np.exp(x[:, 1]), {"a": 2.0, "b": -0.7})
    # the error of Richardson's central differences is of the order of step**4
    np.testing.assert_allclose(found.measures["elasticity"][0], [3, -0.7], rtol=1e-8)
    np.testing.assert_allclose(found.measures["derivative"][0], [12 * np.exp(-0.7), 8 * np.exp(-0.7)], rtol=1e-8)


def test_an_exponential_decay_has_its_exact_elasticities() -> None:
    found = local_sensitivity(_decay(), ["k", "x(0)", "none"], endpoints=["final(x)", "auc(x)"])
    k, t = 0.1, 20.0
    by_k = -1 + k * t * np.exp(-k * t) / (1 - np.exp(-k * t))
    # rtol 1e-9 of the solver over the relative step 1e-3
    np.testing.assert_allclose(found.measures["elasticity"], [[-k * t, 1], [by_k, 1]], atol=1e-5)
    assert "left out, since 0 has no relative step: none" in repr(found)


def test_a_strength_at_its_top_is_differentiated_from_below() -> None:
    found = local_sensitivity(_decay(), "block.*", arms=["control", "block"], endpoints=["final(x)"])
    # x(T) = 10 exp(-k (1 - 0.5 s) T): the elasticity by s = 1 is 0.5 k T = 1
    assert found.value("block.strength", arm="block") == pytest.approx(1.0, abs=1e-4)
    assert found.value("block.inhibit", arm="block") == pytest.approx(1.0, abs=1e-4)
    assert found.value("block.strength", arm="control") == pytest.approx(0, abs=1e-9)


def test_a_kink_is_told() -> None:
    found = local_sensitivity(lambda x: 1 + np.abs(x[:, 0] - 1.0005), {"a": 1.0})
    assert "both widths differ by more than 1 %" in repr(found)


def test_what_can_not_be_is_one_line() -> None:
    with pytest.raises(StudyError, match="a function needs the point"):
        local_sensitivity(lambda x: x[:, 0])
    with pytest.raises(StudyError, match="nothing is called 'kk'; did you mean 'k'"):
        local_sensitivity(_decay(), "kk")
    with pytest.raises(StudyError, match=r"step must lie in \(0, 0.1\], got 1"):
        local_sensitivity(_decay(), step=1)
    with pytest.raises(StudyError, match="every input is 0"):
        local_sensitivity(_decay(), "none")


def test_a_tornado_holds_the_endpoint_at_both_ends() -> None:
    found = tornado(_decay(), ["k"], endpoints=["final(x)"])
    assert found.base[0] == pytest.approx(10 * np.exp(-2), rel=1e-4)
    assert found.at_low[0, 0] == pytest.approx(10 * np.exp(-1), rel=1e-4)
    assert found.at_high[0, 0] == pytest.approx(10 * np.exp(-4), rel=1e-4)
    row = found.table().iloc[0]
    assert row["swing"] == pytest.approx(10 * (np.exp(-1) - np.exp(-4)), rel=1e-4)


def test_a_tornado_of_a_function_starts_in_the_middle_or_where_told() -> None:
    space = {"a": (0.0, 2.0), "b": (0.0, 1.0)}
    assert tornado(lambda x: x[:, 0] + 10 * x[:, 1], space).base[0] == 6
    moved = tornado(lambda x: x[:, 0] + 10 * x[:, 1], space, base={"b": 0.0})
    assert moved.base[0] == 1
    assert moved.at_high[0].tolist() == [2, 11]
    with pytest.raises(StudyError, match="base names 'c', which is not in the space"):
        tornado(lambda x: x[:, 0], space, base={"c": 0.0})


@pytest.mark.parametrize("style", ["slide", "paper"])
def test_its_figures_put_the_widest_swing_on_top(style: str) -> None:
    found = tornado(lambda x: x[:, 0] + 10 * x[:, 1] - 3 * x[:, 2], {"a": (0, 1), "b": (0, 1), "c": (0, 1)})
    figure = found.plot(style=style)
    figure.canvas.draw()
    names = [t.get_text()[0] for t in figure.axes[0].get_yticklabels()]
    assert names == ["b", "c", "a"]
    local_sensitivity(_decay(), ["k", "x(0)"]).plot("bars", style=style).canvas.draw()
