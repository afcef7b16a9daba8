from __future__ import annotations

import numpy as np
import pytest

from immunode.catalogue import load_model
from immunode.errors import StudyError
from immunode.intervention import perturb
from immunode.model import Model
from immunode.study import Space, sobol, space


def test_bounds_are_used_where_there_are_some_else_thirty_percent(decay: Model) -> None:
    box = space(decay, "k", "k_second")
    assert (box.axes[0].low, box.axes[0].high, box.axes[0].log) == (0.1, 2.0, True)
    assert (box.axes[1].low, box.axes[1].high, box.axes[1].log) == (pytest.approx(1.4), pytest.approx(2.6), True)
    assert "k: inside bounds 0.1 to 2, log-uniform" in box.words()
    assert "+-30 %" in box.words()


def test_a_star_means_parameters_and_says_what_it_left_out(decay: Model) -> None:
    box = space(decay)
    assert box.names == ("k", "k_second")
    assert box.left_out == ("inflow",)
    assert "inflow" in box.words()
    assert space(decay, "*").names == box.names


def test_equal_bounds_mean_a_constant_that_is_left_alone() -> None:
    box = space(load_model("baker2013"))
    assert box.fixed == ("k_J",)
    assert "k_J" not in box.names
    assert "fixed by equal bounds: k_J" in box.words()


def test_patterns_find_parameters_knobs_and_initial_values(decay: Model) -> None:
    assert space(decay, "k_*").names == ("k_second",)
    assert space(decay, "slow.strength").names == ("slow.strength",)
    assert set(space(decay, "slow.*").names) >= {"slow.strength", "slow.start", "slow.stop"}
    start = space(decay, "A(0)").axes[0]
    assert (start.low, start.high) == (pytest.approx(5.6), pytest.approx(10.4))


def test_knobs_of_an_applied_intervention_are_no_parameters_of_the_patient(decay: Model) -> None:
    treated = perturb(decay, "slow")
    assert space(treated).names == space(decay).names
    assert "slow.stop" in space(treated, "slow.*").names


def test_the_spread_can_be_set(decay: Model) -> None:
    axis = space(decay, "k_second", spread=0.5).axes[0]
    assert (axis.low, axis.high) == (1.0, 3.0)


def test_a_range_below_0_stays_below_0() -> None:
    values = sobol(Space().with_range("a", -3.0, -1.0, log=True), 64).values
    assert values.min() >= -3
    assert values.max() <= -1
    assert np.median(values) == pytest.approx(-np.sqrt(3), rel=0.05)


@pytest.mark.parametrize(
    ("patterns", "says"),
    [
        (["k_secnd"], "did you mean 'k_second'"),
        (["z_*"], r"nothing is called 'z_\*'"),
        (["slow.strengh"], "did you mean 'slow.strength'"),
        (["AA(0)"], r"did you mean 'A\(0\)'"),
        (["inflow"], "inflow: 0 without bounds, or fixed"),
    ],
)
def test_a_wrong_pattern_names_the_nearest(decay: Model, patterns: list[str], says: str) -> None:
    with pytest.raises(StudyError, match=says):
        space(decay, *patterns)


def test_a_log_range_across_0_is_refused() -> None:
    with pytest.raises(StudyError, match="can't be log-uniform"):
        Space().with_range("a", -1.0, 1.0, log=True)
