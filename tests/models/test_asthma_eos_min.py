"""asthma_eos_min gives the computed numbers of its specification (asthma_eos_min.md)."""

from __future__ import annotations

import numpy as np
import pytest

from immunode.catalogue import load_model
from immunode.intervention import Intervention, at_times, pulses, transfer
from immunode.model import Model
from immunode.study import simulate

MODEL = load_model("asthma_eos_min")
EARLY = 1e-9


def course(given: str | Intervention, days: list[float], model: Model = MODEL) -> dict[str, np.ndarray]:
    """Return quantities just before the doses of these days."""
    chosen = [model.intervention(given)] if isinstance(given, str) and given else [given] if given else []
    times = [0.0, *(day - EARLY for day in days)]
    frame = simulate(model, until=days[-1], interventions=chosen, times=times, rtol=1e-10).to_frame()
    return {name: frame[name].to_numpy()[1:] for name in frame}


def three(mg: float) -> Intervention:
    return Intervention("three", [transfer("depot", mg)], at_times(0, 28, 56))


def test_a_hundred_milligrams_every_four_weeks() -> None:
    """mg/L and cells/uL, to all digits printed."""
    days = [1, 2, 3, 7, 14, 28, 84, 168, 224, 252, 280, 308, 364.0]
    got = course("sc_100", days)
    drug = [5.6534, 8.7485, 10.3425, 11.1776, 8.8557, 5.0268, 7.3594, 7.6805, 7.6937, 2.6682, 0.9456, 0.3361, 0.0425]
    cells = [163.838, 92.622, 61.752, 40.249, 43.443, 57.680, 47.409, 46.438, 46.400, 82.383, 142.914, 209.115, 276.108]
    np.testing.assert_allclose(got["C"], drug, atol=6e-5)
    np.testing.assert_allclose(got["eos"], cells, atol=6e-4)


@pytest.mark.parametrize(
    ("mg", "drug", "cells"),
    [
        (11, 0.80954, 153.139),
        (12.5, 0.9199, 144.597),
        (99, 7.2858, 47.643),
        (125, 9.1993, 42.683),
        (250, 18.3986, 32.656),
    ],
)
def test_twelve_weeks_after_the_first_of_three_doses(mg: float, drug: float, cells: float) -> None:
    got = course(three(mg), [84.0])
    assert got["C"][0] == pytest.approx(drug, abs=6e-6 if mg == 11 else 6e-5)
    assert got["eos"][0] == pytest.approx(cells, abs=6e-4)


def test_into_the_vein() -> None:
    got = course("iv_75", [224.0])
    assert got["C"][0] == pytest.approx(6.6312, abs=6e-5)
    assert got["eos"][0] == pytest.approx(49.944, abs=6e-4)
    for mg, change in ((75, -82.78), (250, -89.35), (750, -91.42)):
        year = Intervention("year", [transfer("plasma", mg)], pulses(every=28, width=0, n=13))
        assert course(year, [364.0])["eos_change"][0] == pytest.approx(change, abs=6e-3)
    assert course("sc_300", [224.0])["eos"][0] == pytest.approx(30.523, abs=6e-4)


@pytest.mark.parametrize(
    ("arm", "wanted"),
    [
        ("iv_10_single", [-64.41, -39.36, -7.70, -0.70]),
        ("iv_75_single", [-83.24, -78.37, -37.46, -5.02]),
        ("iv_250_single", [-85.96, -87.75, -64.19, -14.84]),
        ("iv_750_single", [-86.77, -90.85, -80.64, -33.70]),
    ],
)
def test_one_dose_into_the_vein(arm: str, wanted: list[float]) -> None:
    np.testing.assert_allclose(course(arm, [3, 28, 84, 151.0])["eos_change"], wanted, atol=6e-3)


def test_the_kinetics() -> None:
    """Peak, half-lives, average in balance, accumulation, and doubling with the dose."""
    once = Intervention("once", [transfer("depot", 100.0)])
    fine = np.linspace(0, 28, 2801)
    got = simulate(MODEL, until=28, interventions=[once], times=fine, rtol=1e-10).to_frame()["C"].to_numpy()
    tenths = got[::10]  # the peak is told on such a grid
    assert tenths.max() == pytest.approx(11.370, abs=6e-4)
    assert fine[::10][tenths.argmax()] == pytest.approx(5.4)
    late = course(once, [40, 60, 300, 360.0])["C"]
    assert np.log(2) * 20 / np.log(late[0] / late[1]) == pytest.approx(18.42, abs=6e-3)
    assert np.log(2) * 60 / np.log(late[2] / late[3]) == pytest.approx(18.77, abs=6e-3)
    long = Intervention("long", [transfer("depot", 100.0)], pulses(every=28, width=0, n=30))
    last = np.linspace(28 * 29 + EARLY, 28 * 30 - EARLY, 2801)
    steady = simulate(MODEL, until=28 * 30, interventions=[long], times=[0, *last], rtol=1e-10).to_frame()["C"]
    average = np.trapezoid(steady.to_numpy()[1:], last) / 28
    assert average == pytest.approx(12.940, abs=6e-4)
    assert average == pytest.approx(100 * 0.74 / (0.20424 * 28), rel=1e-4)
    assert average * 28 / np.trapezoid(got, fine) == pytest.approx(1.58, abs=6e-3)
    double = course(Intervention("double", [transfer("depot", 200.0)]), [40.0])["C"]
    assert double[0] == pytest.approx(2 * late[0], rel=1e-8)


def test_closed_forms() -> None:
    """No drug keeps E0; the depleter empties as exp(-kout t); flooding leaves E0 (1 - Imax)."""
    np.testing.assert_allclose(course("", [10, 364.0])["eos"], 290, rtol=1e-13)
    days = [1, 5, 10.0]
    np.testing.assert_allclose(course("depleter", days)["eos"], 290 * np.exp(-np.array(days) * 24 / 25.2), rtol=1e-7)
    flood = Intervention("flood", [transfer("plasma", 1e9)])
    assert course(flood, [40.0])["eos"][0] == pytest.approx(21.78, abs=6e-3)
    held = MODEL.with_values(CL=0.0, s1=1.0, s2=1.0)
    half = Intervention("half", [transfer("plasma", 0.809538 * 2.6)])
    got = course(half, days, held)["eos"]
    end = 290 * (1 - 0.924895 / 2)
    np.testing.assert_allclose(got, end + (290 - end) * np.exp(-np.array(days) * 24 / 25.2), rtol=1e-8)


def test_antibody_is_conserved_without_clearance_and_nothing_is_negative() -> None:
    got = course("iv_250_single", [0.5, 5, 50, 300.0], MODEL.with_values(CL=0.0))
    total = sum(got[q] for q in ("plasma", "tight", "leaky", "lymph"))
    np.testing.assert_allclose(total, 250, rtol=1e-9)
    got = course("sc_100", list(np.linspace(1, 364, 364)))
    assert min(got[q].min() for q in ("depot", "plasma", "tight", "leaky", "lymph", "eos")) > -1e-8
