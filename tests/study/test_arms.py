from __future__ import annotations

import pickle

import numpy as np
import pytest

from immunode.errors import StudyError
from immunode.intervention import Drug, one_compartment
from immunode.model import Model, Parameter, Process, State
from immunode.study import Arms, from_table, simulate, sweep
from immunode.study.arms import as_arms


def test_an_arm_is_a_composed_model(decay: Model) -> None:
    models = Arms(control=[], both=[decay.intervention("slow"), "graft"]).compose(decay)
    assert models["control"] is decay
    assert sorted(models["both"].applied) == ["graft", "slow"]
    assert "slow.strength" in {p.name for p in models["both"].parameters}


def test_arms_are_named_after_declared_interventions(decay: Model) -> None:
    arms = Arms.of(decay, "control", "slow", "slow+graft")
    assert list(arms) == ["control", "slow", "slow+graft"]
    assert [len(v) for v in arms.values()] == [0, 1, 2]
    assert list(Arms.of(decay)) == ["control", "slow", "graft", "burst", "quick"]
    assert list(Arms.of(decay, ["control", "slow"])) == ["control", "slow"]


def test_arms_are_values(decay: Model) -> None:
    one, two = Arms.of(decay, "control", "slow"), Arms.of(decay, "control", "slow")
    assert one == two
    assert hash(one) == hash(two)
    assert pickle.loads(pickle.dumps(one)) == one


def test_names_and_mappings_will_do_for_arms(decay: Model) -> None:
    assert list(as_arms(["control", "slow"], decay)) == ["control", "slow"]
    assert list(as_arms({"x": "slow"}, decay)) == ["x"]
    assert list(as_arms("slow", decay)) == ["slow"]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (
            lambda m: Arms.of(m, "Humira"),
            r"arm 'Humira'; it is a drug of the library.*im.drug\('adalimumab'\).usual\(\)",
        ),
        (lambda m: Arms.of(m, "slwo"), "unknown intervention or arm 'slwo'; did you mean 'slow'"),
        (
            lambda m: Arms.of(m, "slow+grft"),
            r"arm 'slow\+grft': unknown intervention or arm 'grft'; did you mean 'graft'",
        ),
        (lambda m: Arms(x=["sloww"]).compose(m), "arm 'x': unknown intervention or arm 'sloww'; did you mean 'slow'"),
        (lambda m: Arms.of(m, "control", "slow")["slw"], "unknown arm 'slw'; did you mean 'slow'"),
        (lambda m: Arms.of(m, "slow", "slow"), "given twice"),
        (lambda m: Arms(x=[3]), "arm 'x': 3 is not an intervention"),
        (lambda m: Arms({"": []}), "an arm needs a name"),
        (lambda m: as_arms([], m), "there are no arms"),
    ],
)
def test_a_wrong_arm_names_the_nearest(decay: Model, make, says: str) -> None:
    with pytest.raises(StudyError, match=says):
        make(decay)


def test_a_factorial_has_all_combinations_control_first(decay: Model) -> None:
    arms = Arms.factorial("slow", "graft", fast=["quick", "burst"])
    assert list(arms) == [
        "control", "slow", "graft", "fast", "slow+graft", "slow+fast", "graft+fast", "slow+graft+fast",
    ]  # fmt: skip
    assert arms["slow+fast"] == ("slow", "quick", "burst")
    assert [len(m.applied) for m in arms.compose(decay).values()] == [0, 1, 1, 2, 2, 3, 3, 4]


def test_a_factor_can_not_be_given_twice(decay: Model) -> None:
    with pytest.raises(StudyError, match="the factor 'slow' is given twice"):
        Arms.factorial("slow", decay.intervention("slow"))
    with pytest.raises(StudyError, match="13 factors make 8192 arms"):
        Arms.factorial(*(f"a{i}" for i in range(13)))


def test_lists_among_the_interventions_of_an_arm_are_taken_apart() -> None:
    assert Arms(a=["slow", ("graft", ["burst"])])["a"] == ("slow", "graft", "burst")


@pytest.mark.parametrize("end", [30.0, 100.0, 250.0])
def test_doses_without_a_count_go_on_to_the_end_of_a_run(end: float) -> None:
    """A horizon is a default, not the end of a treatment: one dose a week, the last before the end."""
    quiet = Model(
        name="quiet",
        time_unit="day",
        horizon=60.0,
        states=[State("x", 1.0)],
        parameters=[Parameter("k", 0.0, "1/day", source="assumed: nothing happens")],
        processes=[Process("loss", "x ->", "k*x")],
    )
    pill = Drug("pill", one_compartment(CL=1.0, V1=10.0)).dose("10 mg iv q1w")
    last = 7.0 * np.ceil(end / 7 - 1)
    run = simulate(quiet, until=end, interventions=[pill], times=np.array([0.0, last + 0.5, end]))
    given = 10 * np.exp(-0.1 * (last + 0.5 - 7 * np.arange(last / 7 + 1))).sum()
    assert run["pill.central"][1] == pytest.approx(given, rel=1e-5)
    seen = f"at(pill.central, {last + 0.5})"
    out = sweep(quiet, from_table({"k": [0.0]}), until=end, arms={"it": [pill]}, endpoints=seen)
    assert out.values[0, 0] == pytest.approx(given, rel=1e-5)
