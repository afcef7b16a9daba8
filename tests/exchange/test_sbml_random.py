"""Random models of SBML Level 3 give what RoadRunner gives, in every engine; what differs is named."""

from __future__ import annotations

from pathlib import Path

import pytest

import immunode as im
from tests.exchange import random_models as random
from tests.exchange.test_sbml_read import MATH, document, rule
from tests.libraries import needs

pytestmark = needs("libsbml")

CHUNK = 25
"""Seeds that are judged together; some 6 % give files that are not valid, or that RoadRunner refuses."""
CHUNKS = [*range(200_000, 201_500, CHUNK), *range(100_000, 101_500, CHUNK)]
FEW = (200_000,)
"""The chunk of every round; all others are run by hand."""
WITHOUT_NUMBERS = {
    100_378: "a pole: S3 falls below -1, and J2 is divided by 1 + S3",
    100_581: "an event that adds 0.3 to what grows past 1e5, and so fires more often than the limit of steps",
}
"""Seeds of which we refuse the run, and why."""


def _judged(first: int, folder: Path) -> None:
    verdicts = [random.judge(seed, folder) for seed in range(first, first + CHUNK)]
    assert [v for v in verdicts if v.outcome in ("wrong", "broken")] == []
    assert [v for v in verdicts if v.outcome == "refused" and v.seed not in WITHOUT_NUMBERS] == []
    assert sum(v.outcome == "pass" for v in verdicts) >= 0.8 * CHUNK


@pytest.fixture(autouse=True)
def _can_be_judged(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("slow"):
        if not random.TOOL.is_file():
            pytest.skip("the writer of random models is not beside the project")
        pytest.importorskip("roadrunner")


@pytest.mark.slow
@pytest.mark.parametrize("first", FEW)
def test_random_models_agree(first: int, tmp_path: Path) -> None:
    _judged(first, tmp_path)


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("first", [first for first in CHUNKS if first not in FEW])
def test_many_more_random_models_agree(first: int, tmp_path: Path) -> None:
    _judged(first, tmp_path)


@pytest.mark.slow
def test_the_comparison_can_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    true = random.trajectory
    monkeypatch.setattr(random, "trajectory", lambda *given: 1.0001 * true(*given))
    assert "wrong" in {random.judge(seed, tmp_path).outcome for seed in range(200_000, 200_003)}


def test_a_rate_rule_moves_a_concentration_whatever_its_space_does() -> None:
    """[S]' = -S/5 in a space of 2 + sin(t)/3: RoadRunner dilutes it as well."""
    time = '<csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/time">t</csymbol>'
    size = f"<apply><plus/><cn>2</cn><apply><divide/><apply><sin/>{time}</apply><cn>3</cn></apply></apply>"
    decay = "<apply><times/><cn>-0.2</cn><ci>S</ci></apply>"
    model = im.io.read_sbml(
        document(
            '<listOfCompartments><compartment id="C" spatialDimensions="3" constant="false"/></listOfCompartments>'
            '<listOfSpecies><species id="S" compartment="C" initialConcentration="4" hasOnlySubstanceUnits="false" '
            'boundaryCondition="true" constant="false"/></listOfSpecies>'
            f"<listOfRules>{rule('assignment', 'C', size)}{rule('rate', 'S', decay)}</listOfRules>"
        )
    )
    one = im.simulate(model, times=[0, 1, 5], rtol=1e-9)
    assert one["S"] == pytest.approx([4, 4 * 0.8187307530779818, 4 * 0.36787944117144233], rel=1e-7)


def test_a_delayed_event_that_need_not_persist_waits_while_its_condition_holds() -> None:
    """q := 1 is decided at 1 and comes at 3; RoadRunner loses it where another delayed event comes meanwhile."""

    def event(name: str, variable: str, delay: str, persistent: str) -> str:
        when = f"<math {MATH}><apply><gt/><ci>x</ci><cn>1</cn></apply></math>"
        return (
            f'<event id="{name}" useValuesFromTriggerTime="true">'
            f'<trigger initialValue="true" persistent="{persistent}">{when}</trigger>'
            f"<delay><math {MATH}><cn>{delay}</cn></math></delay><listOfEventAssignments>"
            f'<eventAssignment variable="{variable}"><math {MATH}><cn>1</cn></math></eventAssignment>'
            "</listOfEventAssignments></event>"
        )

    parameters = "".join(f'<parameter id="{name}" value="0" constant="false"/>' for name in "qrx")
    model = im.io.read_sbml(
        document(
            f"<listOfParameters>{parameters}</listOfParameters>"
            f"<listOfRules>{rule('rate', 'x', '<cn>1</cn>')}</listOfRules>"
            f"<listOfEvents>{event('A', 'q', '2', 'false')}{event('B', 'r', '1', 'true')}</listOfEvents>"
        )
    )
    one = im.simulate(model, times=[0, 1.9, 2.1, 2.9, 3.1])
    assert one["r"].tolist() == [0, 0, 1, 1, 1]
    assert one["q"].tolist() == [0, 0, 0, 0, 1]
