"""gc_immune gives the computed numbers of its specification: leukocytes and cortisol under glucocorticoids."""

from __future__ import annotations

import importlib
import math

import numpy as np
import pytest
from behavior import Array, System

from immunode.catalogue import load_model

MODEL = load_model("gc_immune")
SYSTEM = System(MODEL)
STATES = ("depot", "ACTH", "A", "Ap", "gut", "pred", "L", "Neu")
EARLY = 1e-9


def course(arm: str, times: list[float], **changes: float) -> dict[str, Array]:
    """Return lymphocytes, neutrophils and total cortisol just before the hours given."""
    it = SYSTEM.given([arm]) if arm else SYSTEM
    states = it.functions.program.states
    y = it.run(np.array(times) - EARLY, changes, rtol=1e-9, engine="scipy")[:, :, 0]
    return {name: y[:, states.index(name)] for name in STATES} | {"total": y[:, states.index("A")] / 2.15}


@pytest.mark.parametrize(
    ("arm", "lymphocytes", "neutrophils", "cortisol"),
    [
        ("", (1738, 1730, 1820, 2952, 1738), (4000, 4081, 4112, 3991, 4000), (250.3, 46.6, 296.0)),
        ("prednisolone_10", (1738, 625, 536, 1626, 1823), (4000, 5465, 6045, 5831, 4627), (79.4, 19.8, 264.2)),
        ("prednisolone_20", (1738, 551, 380, 1225, 1807), (4000, 5796, 6646, 6535, 4940), (79.4, 19.8, 249.1)),
        ("prednisolone_40", (1738, 501, 275, 874, 1898), (4000, 6080, 7205, 7269, 5283), (79.4, 19.8, 180.3)),
        ("hydrocortisone_20", (1738, 1004, 1667, 2944, 1738), (4000, 4844, 4621, 4334, 4104), (296.8, 46.6, 296.0)),
    ],
)
def test_a_day(
    arm: str, lymphocytes: tuple[int, ...], neutrophils: tuple[int, ...], cortisol: tuple[float, ...]
) -> None:
    """Lymphocytes at 8, 12, 16, 24 and 32 h, neutrophils at 8, 12, 16, 20 and 32 h, cortisol at 12, 24 and 32 h."""
    got = course(arm, [8.0, 12.0, 16.0, 20.0, 24.0, 32.0])
    np.testing.assert_allclose(got["L"][[0, 1, 2, 4, 5]], lymphocytes, atol=0.7)
    np.testing.assert_allclose(got["Neu"][[0, 1, 2, 3, 5]], neutrophils, atol=0.7)
    np.testing.assert_allclose(got["total"][[1, 4, 5]], cortisol, atol=0.06)


@pytest.mark.parametrize(
    ("arm", "lymphocytes", "neutrophils", "cortisol"),
    [
        ("prednisolone_20_daily", (1807, 569, 1807), (5038, 6490, 5038), (68.4, 248.9)),
        ("prednisolone_5_daily", (1811, 752, 1811), (4428, 5407, 4428), (74.7, 276.6)),
    ],
)
def test_a_week(
    arm: str, lymphocytes: tuple[int, ...], neutrophils: tuple[int, ...], cortisol: tuple[float, ...]
) -> None:
    """Day 7: at 8 and 12 h and the next morning."""
    got = course(arm, [152.0, 156.0, 176.0])
    np.testing.assert_allclose(got["L"], lymphocytes, atol=0.7)
    np.testing.assert_allclose(got["Neu"], neutrophils, atol=0.7)
    np.testing.assert_allclose(got["total"][1:], cortisol, atol=0.06)


def test_against_the_trials() -> None:
    """Rebound 1.09 for 1.38; neutrophils +3,270 for +4,000 to 4,600; 8 h to midnight x1.70: told there."""
    rest, drug = course("", [8.0, 20.0, 24.0, 32.0]), course("prednisolone_40", [8.0, 20.0, 24.0, 32.0])
    assert drug["L"][3] / rest["L"][3] == pytest.approx(1.09, abs=6e-3)
    assert drug["Neu"][1] - rest["Neu"][0] == pytest.approx(3270, abs=6)
    assert rest["L"][2] / rest["L"][0] == pytest.approx(1.70, abs=6e-3)


def test_rest_has_a_period_of_a_day() -> None:
    got = course("", [24.0, 30.0, 48.0, 54.0])
    for name in ("ACTH", "A", "L", "Neu"):
        np.testing.assert_allclose(got[name][:2], got[name][2:], rtol=1e-4)
    start = SYSTEM.functions.initial(SYSTEM.functions.parameters(SYSTEM.values()))[:, 0]
    printed = (0, 1.538249, 100.159754, 75.288503, 0, 0, 2951.860, 3809.425)
    order = [SYSTEM.functions.program.states.index(name) for name in STATES]
    np.testing.assert_allclose(start[order], printed, rtol=1e-6)


def test_without_any_glucocorticoid_counts_go_to_their_production() -> None:
    """L -> kinL/koutL = 3800, N -> kinN/koutN, from the right-hand side at no cortisol."""
    names = SYSTEM.functions.program.states
    y = np.zeros(len(names))
    y[names.index("L")], y[names.index("Neu")] = 1414.613 / 0.372265, 318.250 / (math.log(2) / 7)
    assert y[names.index("L")] == pytest.approx(3800, abs=0.6)
    rates = SYSTEM.rhs(y)
    assert rates[names.index("L")] == pytest.approx(0, abs=1e-9)
    assert rates[names.index("Neu")] == pytest.approx(0, abs=1e-9)


def test_the_potency_of_cortisol_is_chows_as_free_hormone() -> None:
    """79 ng/mL = 217.96 nmol/L in all, which the binding of bindellini2024 leaves 7.072 of."""
    reference = importlib.import_module("reference.bindellini2024")
    value = {p.name: p.value for p in MODEL.parameters}
    total = 79 / 0.36246
    assert total == pytest.approx(217.96, abs=6e-3)
    assert reference.free_amount(total * 2.15, value, 2.15) / 2.15 == pytest.approx(7.072323, rel=1e-5)


def test_prednisolone_follows_its_closed_form() -> None:
    """Each dose adds F D/V ka/(ka - ke) (exp(-ke x) - exp(-ka x)), x the time since dose and lag."""
    nmol = 40 / 360.44 * 1e6
    dose, ke, ka = nmol * (nmol / 80000) ** -0.28, 54.3 / 235, 1.19
    hours = np.array([9.0, 12.0, 24.0, 40.0])
    x = hours - 8.17
    exact = dose * ka / (ka - ke) * (np.exp(-ke * x) - np.exp(-ka * x))
    np.testing.assert_allclose(course("prednisolone_40", list(hours))["pred"], exact, rtol=1e-5)


def test_the_axis_is_that_of_bindellini2024() -> None:
    """Its parameters have the same values."""
    mine = {p.name: p.value for p in MODEL.parameters}
    theirs = {p.name: p.value for p in load_model("bindellini2024").parameters if p.name != "A0"}
    assert {name: mine[name] for name in theirs} == theirs
