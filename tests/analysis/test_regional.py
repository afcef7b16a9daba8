"""Partial rank correlations and regional sensitivity against their definitions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from immunode.analysis.sensitivity.from_samples import prcc, regional
from immunode.errors import StudyError
from immunode.intervention import Intervention, inhibit
from immunode.model import Model, Parameter, Process, State
from immunode.study import Arms, sobol, sweep

SPACE = {"a": (0.0, 1.0), "b": (0.0, 1.0), "c": (0.0, 1.0)}


def _decay() -> Model:
    return Model(
        name="decay",
        time_unit="day",
        states=[State("x", 10.0)],
        parameters=[
            Parameter("k", 0.1, "1/day", source="assumed: a test", bounds=(0.05, 0.2)),
            Parameter("s", 1.0, "1/day", source="assumed: a test", bounds=(0.1, 2.0)),
            Parameter("idle", 1.0, source="assumed: a test", bounds=(0.5, 2.0)),
        ],
        processes=[Process("loss", "x ->", "k*x"), Process("supply", "-> x", "s*idle/idle")],
        interventions=[Intervention("block", [inhibit("s", 0.9)])],
        horizon=30.0,
    )


def test_prcc_is_the_correlation_of_the_residuals_of_ranks() -> None:
    from scipy.stats import rankdata

    rng = np.random.default_rng(0)
    x = rng.uniform(size=(200, 3))
    y = np.exp(3 * x[:, 0]) - 2 * x[:, 1] + 0.5 * rng.normal(size=200)
    found = prcc((dict(zip("abc", x.T, strict=True)), y))
    ranks = np.apply_along_axis(rankdata, 0, np.column_stack([x, y]))
    for i in range(3):
        others = np.column_stack([np.ones(200), np.delete(ranks[:, :3], i, axis=1)])
        left = [v - others @ np.linalg.lstsq(others, v, rcond=None)[0] for v in (ranks[:, i], ranks[:, 3])]
        assert found.measures["prcc"][0, i] == pytest.approx(np.corrcoef(*left)[0, 1], abs=1e-10)
    assert found.measures["p_value"][0, 0] < 1e-10
    assert found.value("c", "p_value") > 0.05


def test_intervals_of_prcc_cover_zero_for_an_idle_input_in_95_of_100_samples() -> None:
    def covers(seed: int) -> bool:
        rng = np.random.default_rng(seed)
        x = rng.uniform(size=(60, 3))
        found = prcc((dict(zip("abc", x.T, strict=True)), x[:, 0] + rng.normal(size=60)))
        return bool(found.low["prcc"][0, 2] < 0 < found.high["prcc"][0, 2])

    # binomial: 300 samples of 95 % cover 273 to 296 times, in 99.7 % of all cases
    assert 273 <= sum(covers(seed) for seed in range(300)) <= 296


def test_prcc_of_a_sweep_sees_every_arm() -> None:
    model = _decay()
    arms = Arms.of(model, "control", "block")
    found = prcc(sweep(model, sobol({"k": (0.05, 0.2), "s": (0.1, 2.0)}, 64) * arms, endpoints=["final(x)"]))
    assert found.arms == ("control", "block")
    assert found.value("k", arm="control") < -0.9
    assert found.value("s", arm="control") > found.value("s", arm="block") > 0


def test_regional_is_the_distance_of_kolmogorov_and_smirnov() -> None:
    from scipy.stats import ks_2samp

    rng = np.random.default_rng(1)
    x = rng.uniform(size=(500, 3)).round(2)  # with ties
    y = x[:, 0] - 0.5 * x[:, 1]
    found = regional((dict(zip("abc", x.T, strict=True)), {"y": y}), "y > 0.3")
    for i in range(3):
        told = ks_2samp(x[y > 0.3, i], x[y <= 0.3, i])
        assert found.measures["distance"][0, i] == pytest.approx(told.statistic, abs=1e-12)
    assert found.ranking().index[0] == "a"
    assert found.value("a", "median_responders") > found.value("a", "median_others")
    assert found.value("c", "p_adjusted") > 0.05
    assert f"{int((y > 0.3).sum())} of 500 runs respond" in repr(found)


def test_a_responder_may_be_told_against_the_same_draw_in_control() -> None:
    model = _decay()
    arms = Arms.of(model, "control", "block")
    found = regional(model, "final( x ) < 0.5*control", None, 128, arms=arms)
    assert found.arms == ("block",)
    done = sweep(
        model, sobol({"k": (0.05, 0.2), "s": (0.1, 2.0), "idle": (0.5, 2.0)}, 128) * arms, endpoints="final(x)"
    )
    both = done.values[:, 0].reshape(128, 2)
    assert f"{int((both[:, 1] < 0.5 * both[:, 0]).sum())} of 128 runs respond in block" in repr(found)
    assert found.ranking().index[-1] == "idle"


def test_several_rules_are_joined_by_and() -> None:
    x = np.linspace(0, 1, 101)
    found = regional(({"a": x}, {"y": x, "z": 1 - x}), "y > 0.2 and z >= 0.5")
    assert "30 of 101 runs respond" in repr(found)  # 0.21 to 0.50


def test_an_endpoint_in_a_rule_may_hold_a_condition_of_its_own() -> None:
    found = regional(_decay(), "time_to(x < 8 and x > 1) < 5", None, 32)
    assert found.endpoints == ("time_to(x < 8 and x > 1) < 5",)
    assert 0 < int(repr(found).split(" of 32 runs respond")[0].split()[-1]) < 32


@pytest.mark.parametrize("rule", ["y", "y = 3", "y > big", "", "y > 1 or y < 2", 3])
def test_a_rule_that_can_not_be_read_says_how_to_write_one(rule: Any) -> None:
    with pytest.raises(StudyError, match="can't be read; write 'final"):
        regional(({"a": [0.0, 1.0]}, {"y": [0.0, 1.0]}), rule)


def test_what_can_not_be_is_one_line() -> None:
    with pytest.raises(StudyError, match="compares with the arm 'control', which did not run"):
        regional(_decay(), "final(x) < 0.5*control", None, 8)
    with pytest.raises(StudyError, match="prcc of 3 inputs needs at least 7 runs"):
        prcc(lambda x: x[:, 0], SPACE, 4)
    with pytest.raises(StudyError, match="no input varies"):
        prcc(({"a": np.ones(9)}, np.ones(9)))


@pytest.mark.parametrize("kind", ["bars", "heat", "convergence"])
def test_its_figures_can_be_drawn(kind: str) -> None:
    found = regional(lambda x: {"y": x[:, 0]}, "y > 0.5", SPACE, 128)
    found.plot(kind).canvas.draw()
    signed = prcc(lambda x: x[:, 0] - x[:, 1], SPACE, 64).plot()
    assert any("lowers" in t.get_text() for t in signed.texts) or signed.get_supxlabel()
