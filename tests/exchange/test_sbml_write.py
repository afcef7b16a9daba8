"""Writing SBML: valid for libSBML, the same trajectories in RoadRunner, an equal model when read back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import immunode as im
from immunode.errors import ModelError, SolverError, StoreError
from immunode.exchange.sbml.writing.document import document_ids
from immunode.exchange.sbml.writing.writer import to_sbml
from tests import lent_drugs

libsbml = pytest.importorskip("libsbml")

FEW = {
    "kuznetsov1994": ("control", "adoptive_transfer_bolus"),
    "baker2013": ("anti_tnf_pulses",),
    lent_drugs.FILE: ("infliximab",),
    "berends2019": ("standard", "short_interval"),
    "kosinsky2018": ("control", "rt_5x2"),
    "lupus_minimal": ("control",),
    "sleep_minimal": ("sleep_5h",),
    "vaccine_minimal": ("control",),
    "windoloski2024": ("control",),
}


UNREACHED = {("karin2020", "prednisolone")}
"""What CVODE in RoadRunner ends with an error at every tight tolerance; these are compared by nobody."""


CLOSE = 1e-6
"""What both global errors may make."""


class OracleError(Exception):
    """RoadRunner could not integrate a document."""


def composed(name: str, arm: str = "control") -> im.Model:
    model = im.load_model(name)
    return model if arm == "control" else im.perturb(model, arm)


def complaints(text: str) -> list[str]:
    """Return what libSBML calls an error in a document."""
    document = libsbml.readSBMLFromString(text)
    document.checkConsistency()
    found = [document.getError(i) for i in range(document.getNumErrors())]
    return [error.getMessage() for error in found if error.getSeverity() >= libsbml.LIBSBML_SEV_ERROR]


def roadrunner_curves(text: str, model: im.Model, times: np.ndarray) -> dict[str, np.ndarray]:
    """Return the states of `model` as RoadRunner integrates the document, at the tightest tolerance that it can."""
    roadrunner = pytest.importorskip("roadrunner")
    roadrunner.Logger.setLevel(roadrunner.Logger.LOG_FATAL)
    runner = roadrunner.RoadRunner(text)
    integrator = runner.integrator
    integrator.maximum_num_steps = 500_000
    ids, species = document_ids(model), libsbml.readSBMLFromString(text).getModel()
    names = [state.name for state in model.states]
    amounts = {name: species.getSpecies(ids[name]).getHasOnlySubstanceUnits() for name in names}
    runner.timeCourseSelections = [ids[n] if amounts[n] else f"[{ids[n]}]" for n in names]
    for rtol, atol in ((1e-12, 1e-14), (1e-10, 1e-12), (1e-9, 1e-10), (1e-9, 1e-8)):
        # stiff models end with an error of CVODE at the first
        integrator.relative_tolerance, integrator.absolute_tolerance = rtol, atol
        runner.resetToOrigin()
        try:
            table = np.asarray(runner.simulate(times[0], times[-1], len(times)))
        except RuntimeError:
            continue
        return {name: table[:, i] for i, name in enumerate(names)}
    raise OracleError("RoadRunner can't integrate the document")


def difference(model: im.Model, until: float | None = None) -> float:
    """Return the largest difference to RoadRunner, relative to the value or a thousandth of the state's peak.

    Waves add up local errors to one 20,000 times as large, so a difference is looked at again at rtol 1e-12.
    """
    times = np.linspace(0, until or model.horizon, 201)
    theirs = roadrunner_curves(to_sbml(model), model, times)
    try:
        ours = im.simulate(model, times=times, rtol=1e-10)
    except SolverError:  # rounding is larger than that
        ours = im.simulate(model, times=times, rtol=1e-9)
    first = gap(ours, theirs)
    return first if first < CLOSE else gap(im.simulate(model, times=times, rtol=1e-12), theirs)


def gap(ours: im.sweeps.Simulation, theirs: dict[str, np.ndarray]) -> float:
    """Return the largest difference of two courses, relative to the value or a thousandth of the state's peak."""
    worst = 0.0
    for name, other in theirs.items():
        own = np.asarray(ours[name])
        peak = float(np.abs(own).max())
        # a state that stays at zero differs by the oracle's rounding
        size = np.abs(own) + 1e-3 * (peak if peak > 1e-9 else 1.0)
        worst = max(worst, float((np.abs(own - other) / size).max()))
    return worst


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("name", "arm"),
    [
        # a fortnight of nights takes RoadRunner 10 s
        pytest.param(name, arm, marks=[pytest.mark.slow, pytest.mark.soak] if name == "sleep_minimal" else ())
        for name, arms in FEW.items()
        for arm in arms
    ],
)
def test_libsbml_finds_no_error_and_roadrunner_gives_the_same_curves(name: str, arm: str) -> None:
    model = composed(name, arm)
    assert complaints(to_sbml(model)) == []
    # immunode integrates at 1e-10; what is left are both global errors
    assert difference(model) < CLOSE


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("name", [entry.name for entry in im.list_models()])
def test_every_model_with_every_intervention_runs_alike_in_roadrunner(name: str) -> None:
    for arm in ("control", *(item.name for item in im.load_model(name).interventions)):
        model = composed(name, arm)
        assert complaints(to_sbml(model)) == [], arm
        try:
            assert difference(model) < CLOSE, arm
        except OracleError:
            assert (name, arm) in UNREACHED


@pytest.mark.parametrize("name", [entry.name for entry in im.list_models()])
def test_every_model_is_valid_and_comes_back_equal(name: str) -> None:
    from immunode.exchange.sbml import read_sbml

    model = im.load_model(name)
    text = to_sbml(model)
    assert complaints(text) == []
    assert read_sbml(text) == model


def test_a_composed_model_comes_back_equal_also_after_libsbml_has_rewritten_the_file() -> None:
    from immunode.exchange.sbml import read_sbml

    model = composed(lent_drugs.FILE, "infliximab")
    rewritten = libsbml.writeSBMLToString(libsbml.readSBMLFromString(to_sbml(model)))
    assert rewritten != to_sbml(model)
    assert read_sbml(rewritten) == model


def test_numbers_changed_by_another_tool_are_those_of_the_model_that_comes_back() -> None:
    from immunode.exchange.sbml import read_sbml

    model = im.perturb(im.load_model("kuznetsov1994"), "cytostatic")
    document = libsbml.readSBMLFromString(to_sbml(model))
    document.getModel().getParameter("a").setValue(0.2)
    document.getModel().getSpecies("T").setInitialAmount(1e6)
    back = read_sbml(libsbml.writeSBMLToString(document))
    assert back.remarks == ("values were changed since immunode wrote the file",)
    sources = {p.name: p.source for p in back.parameters}
    assert sources["a"] == "changed since immunode wrote the file"
    assert sources["n"] == "BIOMD0000000762, fit to BCL1 data"
    same = [p for p in back.parameters if p.name != "a"]
    assert same == [p for p in model.parameters if p.name != "a"]
    assert back.replace(parameters=model.parameters, states=model.states, remarks=()) == model
    assert {p.name: p.value for p in back.parameters}["a"] == 0.2
    assert {s.name: s.initial for s in back.states}["T"] == 1e6


def test_equations_changed_by_another_tool_win_over_the_annotation() -> None:
    from immunode.exchange.sbml import read_sbml

    model = im.load_model("kuznetsov1994")
    document = libsbml.readSBMLFromString(to_sbml(model))
    law = document.getModel().getReaction("tumor_growth").getKineticLaw()
    law.setMath(libsbml.parseL3Formula("a*T"))
    back = read_sbml(libsbml.writeSBMLToString(document))
    assert {p.name: p.rate for p in back.processes}["tumor_growth"] == "a*T"
    # what SBML can't say is kept
    assert back.interventions == model.interventions
    assert back.readouts == model.readouts
    assert {s.name: s.kind for s in back.states} == {"E": "cell", "T": "cell"}
    assert {p.name: p.source for p in back.parameters}["n"] == "BIOMD0000000762, fit to BCL1 data"
    assert any("changed since immunode wrote it" in remark for remark in back.remarks)


def test_without_the_annotation_the_curves_are_those_of_the_model() -> None:
    from immunode.exchange.sbml import read_sbml

    for name, arm in (("kuznetsov1994", "cytostatic"), ("berends2019", "standard"), (lent_drugs.FILE, "infliximab")):
        model = composed(name, arm)
        back = read_sbml(to_sbml(model, facts=False))
        times = np.linspace(0, model.horizon / 4, 11)
        ours, theirs = im.simulate(model, times=times, rtol=1e-9), im.simulate(back, times=times, rtol=1e-9)
        for state, made in document_ids(model).items():
            if state in {s.name for s in model.states}:
                scale = np.abs(ours[state]).max() + 1e-12
                np.testing.assert_allclose(
                    theirs[made] / scale, ours[state] / scale, atol=1e-6, err_msg=f"{name} {state}"
                )


def test_an_annotation_that_lies_is_not_believed() -> None:
    from immunode.exchange.sbml import read_sbml

    model = im.load_model("kuznetsov1994")
    for truth, lie in (('"value": 0.18', '"value": 9'), ("a*T*(1 - b*T)", "s*(1 - b*T)")):
        start, facts = to_sbml(model).split(":facts:1", 1)
        assert truth in facts
        back = read_sbml(f"{start}:facts:1{facts.replace(truth, lie, 1)}")
        assert {p.name: p.value for p in back.parameters}["a"] == 0.18
        assert {p.name: p.rate for p in back.processes}["tumor_growth"] == "a*T*(1 - b*T)"


def small(**changes: Any) -> im.Model:
    fields: dict[str, Any] = {
        "name": "small",
        "time_unit": "day",
        "states": [
            im.State("A", 2.0, "mg/L", compartment="body"),
            im.State("B", 1.0, "mg", amount=True, compartment="body"),
        ],
        "compartments": [im.Compartment("body", 3.0, "L")],
        "parameters": [im.Parameter("k", 0.1, "1/day"), im.Parameter("V", 3.0, "L")],
        "processes": [im.Process("loss", "A ->", "k*A*V"), im.Process("gain", "-> B", "k*B")],
    }
    return im.Model(**{**fields, **changes})


def test_concentrations_and_amounts_in_a_compartment_keep_their_meaning() -> None:
    text = to_sbml(small())
    assert complaints(text) == []
    found = libsbml.readSBMLFromString(text).getModel()
    assert found.getSpecies("A").getInitialConcentration() == 2.0
    assert not found.getSpecies("A").getHasOnlySubstanceUnits()
    assert found.getSpecies("B").getInitialAmount() == 1.0
    assert found.getSpecies("B").getHasOnlySubstanceUnits()
    assert difference(small(), until=20.0) < 1e-8  # linear: both are as exact as their tolerances let them be


def test_a_volume_that_an_intervention_changes_divides_the_fluxes_and_dilutes_nothing() -> None:
    model = small(compartments=[im.Compartment("body", "V", "L")])
    model = im.perturb(model, im.Intervention("swelling", [im.scale("V", 2)], im.during("5 days", "10 days")))
    assert complaints(to_sbml(model)) == []
    assert difference(model, until=20.0) < 1e-7


def test_triggers_with_delay_and_priority_and_repeated_doses_fire_as_here() -> None:
    levels = [im.Parameter("low", 1.5, "mg/L"), im.Parameter("high", 4.0, "mg"), im.Parameter("dose", 1.0, "mg/L")]
    times = [im.Parameter("first", 3.0, "day"), im.Parameter("gap", 2.5, "day")]
    model = small(
        parameters=[*small().parameters, *levels, *times],
        switches=[im.Switch("on", 0.0)],
        processes=[im.Process("loss", "A ->", "k*A*V*(1 + on)"), im.Process("gain", "-> B", "k*B")],
        events=[
            im.Event("fallen", {"on": "1"}, when="A < low", delay=2.0),
            im.Event("risen", {"B": "B/2"}, when="B > high and t < 20*gap", priority="2"),
            im.Event("doses", {"A": "A + dose"}, at="first", every="gap", count=3),
        ],
    )
    assert complaints(to_sbml(model)) == []
    assert difference(model, until=30.0) < 1e-6


def test_an_extinction_is_an_event() -> None:
    model = im.load_model("cartmath2021")
    found = libsbml.readSBMLFromString(to_sbml(model)).getModel()
    assert [found.getEvent(i).getName() for i in range(found.getNumEvents())] == [
        "CT.extinct",
        "CM.extinct",
        "T.extinct",
    ]


def test_names_that_sbml_or_its_tools_take_for_their_own_get_an_underscore() -> None:
    model = im.Model(
        name="odd",
        states=[im.State("time", 1.0), im.State("e", 2.0), im.State("drug.dose", 1.0), im.State("drug_dose", 1.0)],
        processes=[im.Process("model", "time -> e", "time*e")],
    )
    ids = document_ids(model)
    assert ids["time"] == "time_"
    assert ids["e"] == "e_"
    assert sorted((ids["drug.dose"], ids["drug_dose"])) == ["drug_dose", "drug_dose_"]
    assert complaints(to_sbml(model)) == []


def test_sources_are_links() -> None:
    text = to_sbml(im.load_model("kuznetsov1994"))
    assert "https://identifiers.org/doi/10.1007/BF02460644" in text
    assert "https://identifiers.org/biomodels.db/BIOMD0000000762" in text
    found = libsbml.readSBMLFromString(text).getModel()
    assert found.getNumCVTerms() == 1
    assert found.getParameter("a").getNumCVTerms() == 1
    assert "growth of the tumor" in found.getParameter("a").getNotesString()


def test_units_are_definitions_that_libsbml_agrees_with() -> None:
    document = libsbml.readSBMLFromString(to_sbml(im.load_model("kuznetsov1994")))
    document.checkConsistency()
    messages = [document.getError(i).getMessage() for i in range(document.getNumErrors())]
    assert [m for m in messages if "units" in m and "inconsistent" in m] == []
    unit = document.getModel().getUnitDefinition("per_cell_day")
    assert unit.getName() == "1/(cell*day)"
    assert {(unit.getUnit(i).getKind(), unit.getUnit(i).getExponent()) for i in range(2)} == {
        (libsbml.UNIT_KIND_ITEM, -1),
        (libsbml.UNIT_KIND_SECOND, -1),
    }


def test_a_species_that_only_modifies_a_rate_is_listed_as_modifier() -> None:
    found = libsbml.readSBMLFromString(to_sbml(im.load_model("kuznetsov1994"))).getModel()
    reaction = found.getReaction("tumor_kill")
    assert [reaction.getModifier(i).getSpecies() for i in range(reaction.getNumModifiers())] == ["E"]


def test_requirements_are_constraints() -> None:
    model = composed("baker2013", "anti_tnf")
    found = libsbml.readSBMLFromString(to_sbml(model)).getModel()
    assert found.getNumConstraints() == len(model.requirements) > 0


def test_writing_needs_no_other_library(tmp_path: Path) -> None:
    code = (
        "import sys, immunode as im; sys.modules['libsbml'] = None\n"
        f"print(im.io.write_sbml(im.load_model('baker2013'), r'{tmp_path / 'x.xml'}'))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert (tmp_path / "x.xml").read_text().startswith("<?xml")


def test_wrong_places_are_said_in_one_line(tmp_path: Path) -> None:
    model = im.load_model("baker2013")
    with pytest.raises(StoreError, match=r"is a folder; give a file such as .*baker2013\.xml"):
        im.io.write_sbml(model, tmp_path)
    with pytest.raises(StoreError, match="can't be written"):
        im.io.write_sbml(model, tmp_path / "no" / "x.xml")
    with pytest.raises(StoreError, match="a Model is needed"):
        im.io.write_sbml("baker2013", tmp_path / "x.xml")  # type: ignore[arg-type]


def test_characters_that_xml_has_not_do_not_break_the_file() -> None:
    from immunode.exchange.sbml import read_sbml

    model = small(description="a \ufffe b \uffff c & < > ]]> &amp;lt; d")
    text = to_sbml(model)
    assert complaints(text) == []
    assert read_sbml(text).description == "a   b   c & < > ]]> &amp;lt; d"


def test_a_model_that_starts_at_rest_is_written_with_that_rest() -> None:
    model = im.Model(
        name="resting",
        time_unit="day",
        start="steady state",
        states=[im.State("A", 1.0, "mg")],
        parameters=[im.Parameter("k", 0.5, "1/day"), im.Parameter("s", 3.0, "mg/day")],
        processes=[im.Process("made", "-> A", "s"), im.Process("lost", "A ->", "k*A")],
    )
    found = libsbml.readSBMLFromString(to_sbml(model)).getModel()
    assert found.getSpecies("A").getInitialAmount() == pytest.approx(6.0, rel=1e-9)


def test_functions_without_a_counterpart_would_be_named() -> None:
    from immunode.exchange.sbml.writing.math import math_element

    with pytest.raises(ModelError, match=r"who: the function erf\(\) has no counterpart in SBML"):
        math_element(("call", "erf", ("number", 1.0)), {}, "", "who")
