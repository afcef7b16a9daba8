"""Models from parts: a joined model does what its parts do, and what is connected is computed."""

from __future__ import annotations

import numpy as np
import pytest

import immunode as im
from immunode.errors import ModelError, UnitError
from immunode.intervention.submodels.joining import join
from immunode.model import (
    Correlation,
    Derived,
    Event,
    Model,
    Observed,
    Parameter,
    PatientClass,
    PatientCovariate,
    Process,
    State,
    Switch,
    Threshold,
    Variability,
    Variant,
)  # fmt: skip

TABLET = im.Intervention("tablet", [im.transfer("C", 10.0)], im.schedules.at_times(1.0))
PK = Model(
    name="pk",
    time_unit="day",
    horizon=5,
    states=[State("C", 2.0, "mg/L")],
    parameters=[
        Parameter("k", 0.5, "1/day", source="assumed: a test"),
        Parameter("weight", 70.0, "kg", source="assumed: a test"),
    ],
    processes=[Process("out", "C ->", "k*(weight/weight)*C")],
    interventions=[TABLET],
    readouts=["C"],
    variability=[Variability("k", cv=0.3)],
    covariates=[PatientCovariate("weight", "normal", mean=70.0, sd=10.0)],
    observed=[Observed("C", proportional=0.1)],
    variants=[Variant("slow", {"k": 0.1})],
)
JOINT = Model(
    name="joint",
    time_unit="day",
    horizon=30,
    states=[State("D", 1.0, "mg")],
    switches=[Switch("late", 0.0)],
    events=[Event("later", {"late": "late + 1"}, at=2.0)],
    parameters=[
        Parameter("level", 0.0, "ug/L", source="assumed: a test"),
        Parameter("slope", 0.1, "L/(ug*day)", source="assumed: a test"),
        Parameter("weight", 80.0, "kg", source="assumed: a test"),
    ],
    derived=[Derived("speed", "slope*level", "1/day")],
    processes=[Process("loss", "D ->", "speed*(1 + late)*D*weight/weight")],
    interventions=[
        im.Intervention("half", [im.inhibit("slope", 0.5)], im.at_visits("1 day", when="D > 0.5")),
        im.drug("adalimumab").inhibit("slope", imax=0.5, ic50=1.0),
    ],
    readouts=["D"],
    thresholds=[Threshold("gone", "D < 0.1")],
    variability=[Variability("level", sd=0.1), Variability("slope", cv=0.2)],
    correlations=[Correlation("level", "slope", 0.3)],
    classes=[PatientClass("a", 0.25, {"slope": 0.1}), PatientClass("b", 0.75, {"slope": 0.2})],
)


def test_unconnected_parts_do_what_they_do_alone() -> None:
    both = im.simulate(im.perturb(join(PK, JOINT), "pk_tablet", "joint_half"), until=5, rtol=1e-10, engine="scipy")
    alone = im.simulate(im.perturb(PK, "tablet"), until=5, rtol=1e-10, engine="scipy")
    other = im.simulate(im.perturb(JOINT, "half"), until=5, rtol=1e-10, engine="scipy")
    assert np.allclose(both["pk.C"], alone["C"], rtol=1e-8)
    assert np.allclose(both["joint.D"], other["D"], rtol=1e-8)


def test_a_connected_parameter_follows_the_other_part_in_its_own_unit() -> None:
    whole = join(PK, JOINT, connect={"joint.level": "pk.C", "joint.weight": "pk.weight"})
    run = im.simulate(whole, until=0.02, rtol=1e-10, engine="scipy")
    # mg/L is 1000 ug/L: D = exp(-0.1 * 1000 * integral of C)
    integral = 2.0 / 0.5 * (1 - np.exp(-0.5 * run.times))
    assert np.allclose(run["joint.D"], np.exp(-100 * integral), rtol=1e-7)
    assert "joint.weight" not in {p.name for p in whole.parameters}
    assert next(p.value for p in whole.parameters if p.name == "joint.level_per_C") == 1000


def test_an_expression_and_a_derived_quantity_can_be_connected() -> None:
    whole = join(PK, JOINT, connect={"joint.speed": "pk.k*2"})
    assert im.simulate(whole, until=1.5, rtol=1e-9).final("joint.D") == pytest.approx(np.exp(-1.5), rel=1e-7)


def test_a_shared_state_has_the_processes_of_both() -> None:
    other = PK.replace(name="urine", variability=[], interventions=[], observed=[])
    whole = join(PK, other, connect={"urine.C": "pk.C", "urine.weight": "pk.weight"})
    assert [state.name for state in whole.states] == ["pk.C"]
    assert im.simulate(whole, until=3, rtol=1e-9).final("pk.C") == pytest.approx(2 * np.exp(-3.0), rel=1e-7)


def test_interventions_variants_and_patients_come_along() -> None:
    whole = join(PK, JOINT, connect={"joint.level": "pk.C", "joint.weight": "pk.weight"}, name="patient")
    assert whole.name == "patient"
    assert whole.horizon == 30
    assert [one.name for one in whole.interventions] == ["pk_tablet", "joint_half", "joint_adalimumab"]
    assert whole.variant("pk_slow").values["pk.k"] == 0.1
    assert whole.readouts == ("pk.C", "joint.D")
    assert [one.parameter for one in whole.variability] == ["pk.k", "joint.slope"]
    assert whole.correlations == ()
    assert any("joint.level" in remark for remark in whole.remarks)
    assert [one.name for one in whole.thresholds] == ["gone (joint)"]
    drawn = im.population(whole).draw(50, seed=1)
    assert {"pk.k", "pk.weight", "joint.slope"} <= set(drawn.names)
    arm = im.perturb(whole, whole.intervention("joint_adalimumab").dose("40 mg sc"))  # type: ignore[attr-defined]
    assert "joint_adalimumab.C" in im.simulate(arm, until=3).values
    assert Model.from_json(whole.to_json()) == whole


@pytest.mark.parametrize("name", ["jin2025", "hancioglu2007", "graft_window", "sove2020", "smith2011"])
def test_models_of_the_catalogue_join_and_keep_their_numbers(name: str) -> None:
    model = im.load_model(name)
    k = Parameter("k", 0.5, f"1/{model.time_unit}", source="assumed: a test")
    part = PK.replace(
        time_unit=model.time_unit, clock=model.clock, start=model.start, interventions=(),
        parameters=[k, PK.parameters[1]],
    )  # fmt: skip
    until = model.horizon / 20
    whole = im.simulate(join(model, part), times=np.linspace(0, until, 5))
    alone = im.simulate(model, times=np.linspace(0, until, 5))
    for state in model.states:
        size = max(np.abs(alone[state.name]).max(), state.typical, 1e-6)
        assert np.abs(whole[f"{name}.{state.name}"] - alone[state.name]).max() < 1e-4 * size


@pytest.mark.parametrize(
    ("parts", "connect", "error", "words"),
    [
        ((PK,), {}, ModelError, "two models or more"),
        ((PK, PK), {}, ModelError, "two parts are named 'pk'"),
        ((PK, PK.replace(name="x", start="steady state")), {}, ModelError,
         "start"),
        ((PK, JOINT), {"joint.levl": "pk.C"}, ModelError, "joint.level"),
        ((PK, JOINT), {"joint.level": "pk.D"}, ModelError, "pk.D"),
        ((PK, JOINT), {"joint.level": "pk.k"}, UnitError, "joint.level"),
        ((PK, JOINT), {"joint.level": "pk.C*2"}, UnitError, "joint.level"),
        ((PK, JOINT), {"joint.D": "pk.k"}, ModelError, "a state can only"),
        ((PK, JOINT), {"joint.D": "pk.C"}, UnitError, "can't be one"),
        ((PK, JOINT), {"joint.slope": "joint.slope*2"}, ModelError, "'half' of joint acts on 'slope'"),
        ((im.perturb(PK, "tablet"), JOINT), {}, ModelError, "join first"),
        ((PK, "joint"), {}, ModelError, "load_model('joint')"),
        ((PK, JOINT), {"joint.level": "pk.C/"}, ModelError, "connect 'joint.level': can't read"),
        ((PK, JOINT), {"joint.level": 5}, ModelError, "connect 'joint.level': an expression is text"),
        ((PK, JOINT), [("joint.level", "pk.C")], ModelError, "connect is a table"),
    ],
)  # fmt: skip
def test_what_can_not_be_joined_is_told(
    parts: tuple[Model, ...], connect: dict[str, str], error: type, words: str
) -> None:
    with pytest.raises(error, match=words.replace("(", r"\(").replace(")", r"\)")):
        join(*parts, connect=connect)
