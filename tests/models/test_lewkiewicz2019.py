"""lewkiewicz2019 gives the computed numbers of its specification (lewkiewicz2019.md, Behavior)."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from immunode.catalogue import load_model
from immunode.study import simulate

MODEL = load_model("lewkiewicz2019")
GRID = np.round(np.arange(0, 1001) * 0.1, 10)


@cache
def course(arm: str) -> NDArray[np.float64]:
    chosen = [MODEL.intervention(arm)] if arm else []
    return np.asarray(simulate(MODEL, interventions=chosen, times=GRID, rtol=1e-10)["N"])


def on(arm: str, age: float) -> float:
    return float(course(arm)[round(10 * age)])


@pytest.mark.parametrize(
    ("arm", "wanted"),
    [
        ("", [11.3057, 14.1274, 13.2584, 6.55536, 3.52207]),
        ("thymectomy_1y", [1.24038, 0.908965, 0.703989, 0.401138, 0.301210]),
        ("thymectomy_30y", [None, None, 13.2584, 3.07759, 1.34086]),
        ("slow_involution", [12.6511, 17.8043, 18.9300, 14.0214, 9.94433]),
        ("no_involution", [14.2147, 22.8032, 28.0079, 34.2358, 35.3654]),
        ("less_division", [10.4064, 12.0195, 10.4717, 4.27266, 2.11372]),
    ],
)
def test_cells_at_ages(arm: str, wanted: list[float | None]) -> None:
    """In units of 1e10 cells, to the digits printed."""
    for age, value in zip((10, 20, 30, 60, 80), wanted, strict=True):
        if value is not None:
            assert on(arm, age) / 1e10 == pytest.approx(value, rel=5e-6)


@pytest.mark.parametrize(("arm", "most", "age"), [("", 14.1549, 21.3), ("slow_involution", 18.935, 29.3)])
def test_the_most_cells(arm: str, most: float, age: float) -> None:
    assert course(arm).max() / 1e10 == pytest.approx(most, rel=1e-5)
    assert GRID[np.argmax(course(arm))] == pytest.approx(age, abs=0.101)


def test_il7_and_depletion() -> None:
    assert on("il7_at_60", 70) / 1e10 == pytest.approx(6.22635, rel=5e-6)
    assert on("", 70) / 1e10 == pytest.approx(4.83390, rel=5e-6)
    assert on("depletion_at_30", 40) / 1e10 == pytest.approx(3.90787, rel=5e-6)
    assert on("", 40) / 1e10 == pytest.approx(11.0732, rel=5e-6)
    assert 0.5e11 < on("", 30) < 2e11  # about 1e11 in an adult


@pytest.mark.parametrize(("age", "years"), [(5, 3.9), (30, 19.7), (60, 26.5)])
def test_recovery_to_half_of_the_usual(age: int, years: float) -> None:
    part = course(f"depletion_at_{age}") / course("")
    after = age < GRID
    assert GRID[after][np.argmax(part[after] > 0.5)] - age == pytest.approx(years, abs=0.101)


def test_half_lives_without_a_thymus() -> None:
    """69 years where cells are few, 14 where they are many; and never a negative number."""
    few, many = (
        simulate(MODEL.with_values(g0=0.0).with_initial(N=n), until=10, times=[0, 10], rtol=1e-10) for n in (1e3, 1e14)
    )
    assert few.final("N") == pytest.approx(1e3 * np.exp(-0.01 * 10), rel=1e-7)
    assert many.final("N") == pytest.approx(1e14 * np.exp(-0.05 * 10), rel=1e-5)
    assert np.log(2) / 0.01 == pytest.approx(69, abs=0.5)
    assert all((course(arm) > 0).all() for arm in ("", "thymectomy_1y", "depletion_at_60"))
