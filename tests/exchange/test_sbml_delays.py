"""Delays in SBML, Antimony and other languages."""

from __future__ import annotations

from pathlib import Path

import pytest

import immunode as im
from immunode.errors import ModelError
from immunode.model import Model, Parameter, Process, State
from tests.exchange.suite import FOLDER, run_case
from tests.libraries import needs

PASSING = [
    "01176", "01318", "01400", "01401", "01403", "01406", "01409", "01410", "01411", "01412", "01413",
    "01415", "01416", "01417", "01419", "01454", "01480", "01481", "01519", "01520", "01521", "01523",
    "01524", "01534", "01536", "01537", "01538",
]  # fmt: skip
"""Cases of the SBML Test Suite with <delay>. Not among them: 00982, 00984, 00985, 01142 (lags that change in a run),
00940 to 00943 (a past that is an initial assignment of time), 01539 (a fast reaction that ends at 0) and 01592 (twenty
thousand events)."""
WATCHED = ("01519", "01520", "01521", "01523", "01524")
"""Those with events that fire on states and wait, which machine code doesn't execute beside delays."""
MOVING_LAGS = ("00982", "00984", "00985")

DELAYED = Model(
    name="hutchinson",
    title="logistic growth whose brake lags",
    time_unit="day",
    horizon=10.0,
    states=[State("x", 0.5, "cell/mL")],
    parameters=[
        Parameter("r", 1.0, "1/day", "", "assumed: a test"),
        Parameter("K", 1.0, "cell/mL", "", "assumed: a test"),
        Parameter("tau", 1.0, "day", "", "assumed: a test"),
    ],
    processes=[Process("growth", "-> x", "r*x*(1 - delay(x, tau)/K)")],
)


@pytest.mark.skipif(not FOLDER.exists(), reason="the SBML Test Suite is not here")
@pytest.mark.parametrize("case", PASSING)
def test_a_case_of_the_suite_passes(case: str) -> None:
    verdict = run_case(case, rtol=1e-8)
    assert verdict.passed, verdict.detail


@needs("llvmlite")
@pytest.mark.slow
@pytest.mark.skipif(not FOLDER.exists(), reason="the SBML Test Suite is not here")
@pytest.mark.parametrize("case", [case for case in PASSING if case not in WATCHED])
def test_a_case_of_the_suite_passes_in_machine_code(case: str) -> None:
    verdict = run_case(case, engine="compiled", rtol=1e-8)
    assert verdict.passed, verdict.detail


@pytest.mark.skipif(not FOLDER.exists(), reason="the SBML Test Suite is not here")
@pytest.mark.parametrize("case", MOVING_LAGS)
def test_a_lag_that_changes_in_a_run_is_refused_in_words(case: str) -> None:
    verdict = run_case(case)
    assert verdict.outcome == "refused"
    assert "the lag" in verdict.detail


def test_a_delay_goes_to_sbml_and_antimony_and_comes_back(tmp_path: Path) -> None:
    here = im.simulate(DELAYED, until=10, rtol=1e-9)["x"][-1]
    for write, read, name in (
        (im.io.write_sbml, im.io.read_sbml, "m.xml"),
        (im.io.write_antimony, im.io.read_antimony, "m.ant"),
    ):
        path = tmp_path / name
        write(DELAYED, path)
        back = read(path)
        assert "x(t − τ)" in back.equations()
        assert im.simulate(back, until=10, rtol=1e-9)["x"][-1] == pytest.approx(here, rel=1e-7)


def test_a_history_can_not_be_said_in_sbml(tmp_path: Path) -> None:
    told = DELAYED.replace(states=[State("x", 0.5, "cell/mL", history="K*exp(r*t)")])
    with pytest.raises(ModelError, match="state 'x' has a history"):
        im.io.write_sbml(told, tmp_path / "m.xml")


def test_a_past_that_depends_on_time_is_refused(tmp_path: Path) -> None:
    """Such as case 00940 of the SBML test suite: x was sin(10 t) before time 0, and y tells it half a second later."""
    path = tmp_path / "m.xml"
    im.io.write_sbml(DELAYED, path)
    sine = "<apply><sin/><csymbol encoding='text' definitionURL='http://www.sbml.org/sbml/symbols/time'>t</csymbol></apply>"
    told = f"<initialAssignment symbol='x'><math xmlns='http://www.w3.org/1998/Math/MathML'>{sine}</math></initialAssignment>"
    text = path.read_text()
    assert "<listOfInitialAssignments" not in text
    place = text.index("</listOfParameters>") + len("</listOfParameters>")
    path.write_text(f"{text[:place]}<listOfInitialAssignments>{told}</listOfInitialAssignments>{text[place:]}")
    with pytest.raises(ModelError, match="initial assignment for 'x': it depends on time, so that it is also the past"):
        im.io.read_sbml(path)
