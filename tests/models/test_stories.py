"""Every model tells a story: one picture that a newcomer sees first, and a sentence that is true of it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from stories import Arms, at, high, low, when

from immunode.catalogue import list_models, load_model
from immunode.study.result.simulation import Comparison, Simulation
from immunode.study.stories import VISIBLE, largest_difference, run_story

LONG = ("demin2013",)
"""Stories of more than 10 s: doses four times a day for weeks in a stiff model."""
NAMES = [pytest.param(e.name, marks=(pytest.mark.slow,) if e.name in LONG else ()) for e in list_models()]


@cache
def told(name: str) -> Comparison:
    return run_story(load_model(name, ""), engine="auto")


@pytest.mark.sampled
@pytest.mark.parametrize("name", NAMES)
def test_a_story_composes_and_no_arm_of_it_repeats_another(name: str) -> None:
    story = load_model(name, "").story
    assert story is not None
    texts = list(dict(story.arms).values())
    assert len(set(texts)) == len(texts) >= 2
    assert 1 <= len(story.panels) <= 4
    assert len(story.sentence) <= 110  # two lines of a slide
    assert story.sentence.endswith(".")
    assert list(told(name)) == list(dict(story.arms))
    assert told(name).story == story


@pytest.mark.sampled
@pytest.mark.parametrize("name", NAMES)
def test_the_first_picture_is_no_flat_line(name: str) -> None:
    runs = list(told(name).values())
    panels = load_model(name, "").story.panels  # type: ignore[union-attr]
    between = {panel: max(largest_difference(runs[0], run, panel) for run in runs[1:]) for panel in panels}
    assert max(between.values()) >= VISIBLE, between
    for panel in panels:
        moves = max(np.ptp(run[panel]) / max(np.max(np.abs(run[panel])), 1e-300) for run in runs)
        assert max(between[panel], moves) >= 0.02, panel


TRUE: dict[str, Callable[[Arms], bool]] = {
    "myers2021": lambda a: (
        at(a["infected"], "V", 7) > 5e4
        and at(a["infected"], "V", 9) < 1
        and at(a["expansion after 5 days"], "V", 8) > 5e4
        and at(a["expansion after 5 days"], "V", 10) < 1
        and a["CD8 T cells depleted"].final("V") > 5e4
    ),
    "abo2021": lambda a: (
        when(a["endotoxin 3 mg/kg"], "TNF") < when(a["endotoxin 3 mg/kg"], "IL6")
        and high(a["with glucocorticoid"], "TNF") < high(a["endotoxin 3 mg/kg"], "TNF") / 2
        and largest_difference(a["no endotoxin"], a["endotoxin 3 mg/kg"], "Bmal_m") > 0.3
    ),
    "alexander2010": lambda a: (
        low(a["Treg infusion"], "E") < 0.85 * a["untreated"].final("E")
        and at(a["Treg infusion"], "E", 100) > 0.95 * a["untreated"].final("E")
        and a["effector depletion"].final("E") < 0.01 * a["untreated"].final("E")
    ),
    "baccam2006": lambda a: (
        high(a["from day 1"], "V") < 1e-3 * high(a["untreated"], "V")
        and 0.4 < high(a["from day 2"], "V") / high(a["untreated"], "V") < 0.55
        and high(a["from day 3"], "V") == pytest.approx(high(a["untreated"], "V"), rel=1e-3)
    ),
    "baker2013": lambda a: all(
        a[arm].final("damage") < 0.1 * a["untreated"].final("damage")
        and a[arm].final("p") < 0.1 * a["untreated"]["p"][0]
        for arm in ("lasting block", "short block")
    ),
    "berends2019": lambda a: (
        a["5 mg/kg"]["tnf_free"][0] < 0.05 * a["untreated"]["tnf_free"][0]
        and 12 < _half_back(a["5 mg/kg"], a["untreated"]) - _half_back(a["5 mg/kg, antibodies"], a["untreated"]) < 18
    ),
    "cartmath2021": lambda a: (
        at(a["CAR-T on day 42"], "T", 49) == 0
        and a["CAR-T on day 42"].final("CM") > 1e6
        and a["a tenth of the dose"].final("T") > 1e8
    ),
    "hancioglu2007": lambda a: (
        1.8 < high(a["JAK inhibitor"], "D") / high(a["untreated"], "D") < 2
        and 0.6 < high(a["twice the interferon"], "D") / high(a["untreated"], "D") < 0.7
    ),
    "hayashi2007": lambda a: (
        all(0.02 < at(a["300 mg every 4 weeks"], "ige_free", day) / a["untreated"].final("ige_free") < 0.06
            for day in range(7, 224))
        and 4.5 < high(a["300 mg every 4 weeks"], "ige_total") / a["untreated"]["ige_total"][0] < 5
    ),
    "immune_balance": lambda a: (
        high(a["with anti-TNF"], "D") < high(a["infection"], "D") > high(a["with glucocorticoid"], "D")
        and 2.7 < high(a["with anti-TNF"], "Ag") / high(a["infection"], "Ag") < 3
        and 4.8 < high(a["with glucocorticoid"], "Ag") / high(a["infection"], "Ag") < 5.2
    ),
    "islam2021": lambda a: (
        1.2 < a["fiber"].final("treg_blood") / a["usual diet"].final("treg_blood") < 1.25
        and low(a["antibiotic for a week"], "treg_blood") < 0.95 * a["usual diet"].final("treg_blood")
        and a["antibiotic all along"].final("treg_blood") < 0.9 * a["usual diet"].final("treg_blood")
    ),
    "jin2025": lambda a: (
        0.58 < a["every 8 weeks"].final("exac") / a["placebo"].final("exac") < 0.62
        and 95 < a["every 8 weeks"].final("FEV1") - a["placebo"].final("FEV1") < 105
        and a["every 4 weeks"].final("FEV1") == pytest.approx(a["every 8 weeks"].final("FEV1"), rel=1e-3)
    ),
    "kirschner_panetta1998": lambda a: (
        380 < high(a["untreated"], "T") / high(a["effector cells"], "T") < 460
        and high(a["interleukin-2"], "T") > 0.9 * high(a["untreated"], "T")
    ),
    "kuznetsov1994": lambda a: a["half the recruitment"].final("T") > 50 * a["untreated"].final("T"),
    "ma2020": lambda a: (
        0.25 < a["150 mg q2w"].final("das28") - a["200 mg q2w"].final("das28") < 0.35
        and low(a["200 mg q2w"], "anc") < low(a["150 mg q2w"], "anc")
        and all(
            a["200 mg q2w, 12 weeks"].final(q) > 0.9 * a["placebo"].final(q) > a["200 mg q2w"].final(q)
            for q in ("das28", "anc")
        )
    ),
    "marcantonio2022": lambda a: (
        78 < float(np.min(a["20 mg every 2 weeks"]["inhibition"][a["untreated"].times > 3])) < 82
        and 950 < high(a["20 mg every 2 weeks"], "tnf_total") / a["untreated"]["tnf_total"][0] < 1100
    ),
    "miyano2022": lambda a: (
        a["placebo"].final("improvement") == pytest.approx(72, abs=0.5)
        and a["dupilumab"].final("improvement") == pytest.approx(84, abs=0.5)
    ),
    "nelson2000": lambda a: (
        a["untreated"].final("virus") > 1e4 * a["strong inhibitor"].final("virus")
        and a["untreated"].final("virus") < 10 * a["weak inhibitor"].final("virus")
    ),
    "precup2012": lambda a: (
        a["transplant"].final("z") > 1e3 * a["transplant"].final("y")
        and a["sensitized host"].final("y") > 1e3 * a["sensitized host"].final("z")
        and at(a["after conditioning"], "z", 300) > 2 * at(a["transplant"], "z", 300)
    ),
    "reynolds2006": lambda a: (
        a["virulent strain"].final("P") > 1
        and a["virulent strain"].final("D") > 5 * high(a["usual strain"], "D")
        and a["with an antibiotic"].final("P") < 1e-6
        and a["with an antibiotic"].final("D") < 0.1
    ),
    "smith2011": lambda a: (
        a["half the neutrophils"].final("epithelium_lost") > 0.99
        and 0.7 < a["full defense"].final("epithelium_lost") < 0.8
        and a["same, with drug"].final("epithelium_lost") < 0.05
    ),
    "stress_cytokine_minimal": lambda a: (
        0.78 < high(a["under stress"], "TNF") / high(a["endotoxin alone"], "TNF") < 0.82
        and high(a["with glucocorticoid"], "TNF") < 0.1 * high(a["endotoxin alone"], "TNF")
    ),
    "vaccine_minimal": lambda a: (
        all(high(a["two doses"], q) > 4 * high(a["one dose"], q) for q in ("A", "M"))
        and all(high(a["two doses, anti-CD20"], q) < 0.02 * high(a["two doses"], q) for q in ("A", "M"))
    ),
    "valenzuela2025": lambda a: (
        -85 < low(a["60 mg/kg q2w, five doses"], "IgG_change") < low(a["30, then 15 mg/kg q2w"], "IgG_change") < -75
        and low(a["60 mg/kg q2w, five doses"], "FcRn_free") < 10
        and a["30, then 15 mg/kg q2w"].final("MG_ADL_change") < a["placebo"].final("MG_ADL_change") - 1
    ),
    "vitamin_d_minimal": lambda a: (
        a["1,000 IU a day"].final("C25") < 50
        and a["4,000 IU a day"].final("C25") == pytest.approx(95, abs=0.5)
        and at(a["4,000 IU a day"], "C25", 60) - 25 > 0.6 * (95 - 25)
    ),
    "windoloski2024": lambda a: (
        when(a["endotoxin"], "TNF") < when(a["endotoxin"], "IL6") < when(a["endotoxin"], "IL10")
        and all(
            high(a[arm], q) < 0.11 * high(a["endotoxin"], q)
            for arm in ("with anti-TNF", "with steroid")
            for q in ("TNF", "IL6", "IL10")
        )
    ),
}  # fmt: skip


def _half_back(run: Simulation, untreated: Simulation) -> float:
    """Return when free TNF is back at half of the untreated for good."""
    return float(run.times[np.flatnonzero(run["tnf_free"] < untreated["tnf_free"] / 2)[-1]])


# A model's file in `stories` says the same as a function `holds(arms)`.
for _path in sorted((Path(__file__).parent / "stories").glob("[!_]*.py")):
    TRUE[_path.stem] = importlib.import_module(f"stories.{_path.stem}").holds


@pytest.mark.sampled
@pytest.mark.parametrize("name", NAMES)
def test_the_sentence_is_true_of_what_is_drawn(name: str) -> None:
    assert TRUE[name](told(name)), told(name).story
