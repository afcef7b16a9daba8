"""Events of SBML files against closed forms, and cases of the suite that hold one construct each."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

import immunode as im
from immunode.exchange.sbml.reading.reader import read_sbml
from immunode.exchange.sbml.writing.writer import to_sbml
from immunode.model import Event, Model
from tests.exchange.suite import FOLDER, run_case
from tests.libraries import needs

pytestmark = needs("libsbml")
MATH = 'xmlns="http://www.w3.org/1998/Math/MathML"'


def sbml(body: str, level: str = "3", version: str = "2") -> Model:
    """Return the model of a file with a clock x = t, and a parameter y."""
    space = f"http://www.sbml.org/sbml/level{level}/version{version}" + ("/core" if level == "3" else "")
    text = (
        f'<sbml xmlns="{space}" level="{level}" version="{version}"><model id="m"><listOfParameters>'
        '<parameter id="x" value="0" constant="false"/><parameter id="y" value="0" constant="false"/>'
        f'</listOfParameters><listOfRules><rateRule variable="x"><math {MATH}><cn>1</cn></math></rateRule>'
        f"</listOfRules><listOfEvents>{body}</listOfEvents></model></sbml>"
    )
    return read_sbml(text)


def event(trigger: str, rest: str = "", attributes: str = "", value: str = "<ci>x</ci>") -> str:
    """Return an event that sets y when x passes a number (`trigger`: attributes of the trigger)."""
    when = f"<trigger {trigger}><math {MATH}><apply><gt/><ci>x</ci><cn>2</cn></apply></math></trigger>"
    what = f'<eventAssignment variable="y"><math {MATH}>{value}</math></eventAssignment>'
    return f"<event {attributes}>{when}{rest}<listOfEventAssignments>{what}</listOfEventAssignments></event>"


DELAY = f"<delay><math {MATH}><cn>3</cn></math></delay>"
LEVEL_3 = 'initialValue="true" persistent="true"'


@pytest.mark.parametrize(("early", "expected"), [("true", 2.0), ("false", 5.0)])
def test_values_are_taken_when_it_fires_or_when_it_happens(early: str, expected: float) -> None:
    model = sbml(event(LEVEL_3, DELAY, f'id="e" useValuesFromTriggerTime="{early}"'))
    one = im.simulate(model, times=[0, 4.9, 5.1], rtol=1e-9)
    assert one["y"] == pytest.approx([0, 0, expected], abs=1e-7)


TIME = '<csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/time">t</csymbol>'


def at(time: float, name: str, variable: str, value: str, more: str = "") -> str:
    """Return an event with values from trigger time, at a time."""
    when = f"<trigger {LEVEL_3}><math {MATH}><apply><geq/>{TIME}<cn>{time}</cn></apply></math></trigger>"
    what = f'<eventAssignment variable="{variable}"><math {MATH}><cn>{value}</cn></math></eventAssignment>'
    told = f"{when}{more}<listOfEventAssignments>{what}</listOfEventAssignments>"
    return f'<event id="{name}" useValuesFromTriggerTime="true">{told}</event>'


def in_a_space(events: str, growth: str = "") -> Model:
    """Return the model of 1 mol/L of S in a space C of size 1."""
    rules = f'<listOfRules><rateRule variable="C"><math {MATH}><cn>{growth}</cn></math></rateRule></listOfRules>'
    return read_sbml(
        '<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2"><model id="m">'
        '<listOfCompartments><compartment id="C" spatialDimensions="3" size="1" constant="false"/></listOfCompartments>'
        '<listOfSpecies><species id="S" compartment="C" initialConcentration="1" hasOnlySubstanceUnits="false" '
        f'boundaryCondition="false" constant="false"/></listOfSpecies>{rules if growth else ""}'
        f"<listOfEvents>{events}</listOfEvents></model></sbml>"
    )


PRIORITIES = [f"<priority><math {MATH}><cn>{n}</cn></math></priority>" for n in (1, 5)]


@pytest.fixture(params=["read", "written and read"])
def again(request: pytest.FixtureRequest) -> Callable[[Model], Model]:
    """Return a model, or what is read from the SBML written for it."""
    return (lambda model: model) if request.param == "read" else lambda m: read_sbml(to_sbml(m, facts=False))


def test_a_concentration_set_after_the_space_grew_is_one_in_the_new_space(again: Callable[[Model], Model]) -> None:
    """C := 4 comes first, then S := 10 of the same time."""
    events = at(1, "E", "S", "10", PRIORITIES[0]) + at(1, "F", "C", "4", PRIORITIES[1])
    one = im.simulate(again(in_a_space(events)), times=[0, 0.9, 1, 2])
    assert one["S"] == pytest.approx([1, 1, 10, 10], rel=1e-9)


@pytest.mark.parametrize("engine", ["scipy", "numpy", "compiled"])
def test_a_delayed_concentration_is_one_in_the_space_of_its_time(engine: str, again: Callable[[Model], Model]) -> None:
    """C = 1 + t; S := 10 is decided at 1 and comes at 3, where C is 4: at 3.5 it is 40/4.5."""
    if engine == "compiled":
        pytest.importorskip("llvmlite")
    delay = f"<delay><math {MATH}><cn>2</cn></math></delay>"
    model = again(in_a_space(at(1, "E", "S", "10", delay), growth="1"))
    one = im.simulate(model, times=[0, 1, 3, 3.5], rtol=1e-9, engine=engine)
    assert one["S"] == pytest.approx([1, 0.5, 10, 40 / 4.5], rel=1e-7)


def test_a_concentration_of_which_trigger_time_decides_keeps_its_value() -> None:
    """S := S, decided at 1 where S is 1/2, comes at 3 as 1/2."""
    delay = f"<delay><math {MATH}><cn>2</cn></math></delay>"
    kept = at(1, "E", "S", "10", delay).replace("<cn>10</cn>", "<ci>S</ci>")
    one = im.simulate(in_a_space(kept, growth="1"), times=[0, 2.9, 3, 5], rtol=1e-9)
    assert one["S"] == pytest.approx([1, 1 / 3.9, 0.5, 2 / 6], rel=1e-7)


def test_a_size_of_what_an_event_does_not_change_is_refused() -> None:
    model = in_a_space(at(1, "E", "S", "10"), growth="1")
    with pytest.raises(im.errors.ModelError, match="sizes= has 'x', which the event does not change"):
        model.replace(events=[Event("E", {"S.amount": "1"}, when="t > 1", sizes={"x": "C"})])
    with pytest.raises(im.errors.ModelError, match="sizes= go with when= only"):
        model.replace(events=[Event("E", {"S.amount": "1"}, at=1, sizes={"S.amount": "C"})])


def test_all_attributes_arrive() -> None:
    priority = f"<priority><math {MATH}><cn>7</cn></math></priority>"
    trigger = 'initialValue="false" persistent="false"'
    model = sbml(event(trigger, priority + DELAY, 'id="e" name="a dose" useValuesFromTriggerTime="false"'))
    assert model.events == (
        Event("e", {"y": "x"}, when="x > 2", meaning="a dose", delay="3", priority="7", persistent=False,
              initially=False, from_trigger=False),
    )  # fmt: skip
    assert [s.name for s in model.switches] == ["y"]


def test_level_2_events_persist_and_do_not_fire_at_the_start() -> None:
    model = sbml(event("", DELAY, 'id="e"'), "2", "4")
    assert (model.events[0].persistent, model.events[0].initially, model.events[0].from_trigger) == (True, True, True)


def test_what_is_missing_is_left_out_with_a_remark() -> None:
    model = sbml(f'<event id="e" useValuesFromTriggerTime="true"><trigger {LEVEL_3}/></event>')
    assert model.events == ()
    assert any("event 'e'" in remark for remark in model.remarks)


def test_a_dose_on_time_alone_needs_no_search_for_roots() -> None:
    when = event(LEVEL_3, "", 'id="e" useValuesFromTriggerTime="true"', "<cn>9</cn>").replace(
        "<ci>x</ci>", '<csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/time">t</csymbol>'
    )
    one = im.simulate(sbml(when), times=[0, 1.9, 2, 2.1, 5], engine="numpy")
    assert one["y"].tolist() == [0, 0, 0, 9, 9]


def test_an_event_that_sets_nothing_known_is_refused() -> None:
    with pytest.raises(im.ImmunodeError, match=r"event 'e'.*'z'"):
        sbml(event(LEVEL_3, "", 'id="e" useValuesFromTriggerTime="true"').replace('variable="y"', 'variable="z"'))


CASES = [
    "00026",  # simple
    "00071",  # delay
    "00369",  # species in a compartment that is not 1
    "00967",  # non-persistent
    "00934",  # priorities
    pytest.param("00952", marks=pytest.mark.slow),  # ten thousand draws among equals
    "00456",  # values from trigger time
    "01505",  # a compartment gets a new size, the amount in it stays
    "01506",  # a compartment gets a new size, and what is in it a new concentration of the old one
]


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the SBML Test Suite is not beside the project")
@pytest.mark.parametrize("case", CASES)
def test_cases_of_the_suite(case: str) -> None:
    verdict = run_case(case)
    assert verdict.passed, verdict.detail


def test_a_stretch_of_exponential_decay_between_events_is_exact() -> None:
    """S' = -S, set to 1 as it passes 1/2: the sawtooth of period log 2."""
    text = (
        '<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2"><model><listOfParameters>'
        '<parameter id="S" value="1" constant="false"/></listOfParameters><listOfRules><rateRule variable="S">'
        f"<math {MATH}><apply><minus/><ci>S</ci></apply></math></rateRule></listOfRules><listOfEvents>"
        f'<event useValuesFromTriggerTime="true"><trigger {LEVEL_3}><math {MATH}><apply><leq/><ci>S</ci><cn>0.5</cn>'
        '</apply></math></trigger><listOfEventAssignments><eventAssignment variable="S">'
        f"<math {MATH}><cn>1</cn></math></eventAssignment></listOfEventAssignments></event></listOfEvents>"
        "</model></sbml>"
    )
    times = [0.0, 0.6, 0.8, 1.3, 5.0]
    one = im.simulate(read_sbml(text), times=times, rtol=1e-9)
    # each of the seven periods adds an error of some 1e-9
    assert one["S"] == pytest.approx([math.exp(-(t % math.log(2))) for t in times], abs=1e-7)
