"""Moments at which conditions turn are found from the polynomials of a step, with few looks at the conditions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from immunode.model import Event
from immunode.program.numpy.functions import Functions
from immunode.solve import solve
from immunode.solve.numpy.event_search import EventSearch, first_root
from immunode.solve.tape import FROM_BERNSTEIN, TO_BERNSTEIN

Array = NDArray[np.float64]
Build = Callable[..., Functions]


def test_bernstein_coefficients_and_back() -> None:
    both = FROM_BERNSTEIN @ TO_BERNSTEIN
    assert both == pytest.approx(np.eye(5), abs=1e-15)


def test_roots_of_random_quartics_in_closed_form() -> None:
    """One root in (0, 1), the others complex or beyond. What six steps do not reach, the search closes in on."""
    rng = np.random.default_rng(0)
    roots = rng.uniform(0.02, 0.98, 500)
    a, b, c = rng.uniform(-1, 2, 500), rng.uniform(0.3, 1.0, 500), rng.uniform(1.2, 4.0, 500)
    made = [np.poly([r, k, x + 1j * y, x - 1j * y]).real[::-1] for r, x, y, k in zip(roots, a, b, c, strict=True)]
    bernstein = (TO_BERNSTEIN @ np.array(made).T)[:, None]
    found = first_root(bernstein, np.zeros(500), np.ones(500))
    off = np.abs(found - roots)
    assert np.quantile(off, 0.9) < 1e-14
    assert np.quantile(off, 0.97) < 1e-6
    assert np.all((found > 0) & (found < 1))


def test_the_first_of_several_roots_and_none() -> None:
    early, late, never = [TO_BERNSTEIN @ np.array([-root, 1.0, 0, 0, 0]) for root in (0.25, 0.75, 2.0)]
    two = np.stack([late, early], axis=1)[..., None]
    zero, half, one = np.zeros(1), np.full(1, 0.5), np.ones(1)
    assert first_root(two, zero, one) == pytest.approx([0.25], abs=1e-15)
    assert first_root(two, half, one) == pytest.approx([0.75], abs=1e-15)
    with np.errstate(all="ignore"):
        assert np.isnan(first_root(never[:, None, None], zero, one)).all()


def test_few_looks_find_a_threshold_to_the_last_bit(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    """x grows by v from 0 and is set back at 1: events come at multiples of 1/v.

    Once it is known in which part of a step a condition turns, halving takes some fifty looks, sections of seven 126.
    """
    functions = build({"x": 0.0}, {"v": 1.0}, {"x": "v"}, [Event("back", {"x": "0"}, when="x >= 1")])
    held, turn = EventSearch._held, EventSearch._turn
    points, turning = [0], [False]

    def counting(self: EventSearch, step: Any, times: Array, inside: Any) -> Any:
        points[0] += len(times) * turning[0]
        return held(self, step, times, inside)

    def turned(self: EventSearch, *arguments: Any) -> Array:
        turning[0] = True
        found = turn(self, *arguments)
        turning[0] = False
        return found

    monkeypatch.setattr(EventSearch, "_held", counting)
    monkeypatch.setattr(EventSearch, "_turn", turned)
    values = np.linspace(0.5, 1.5, 64)[None]
    heard: list[tuple[int, float]] = []

    def on_jump(runs: Any, t: Array, *_: Any) -> None:
        heard.extend(zip(runs.tolist(), t.tolist(), strict=True))

    solve(functions, values, times=[0.0, 20.0], engine="numpy", on_jump=on_jump)
    times = np.array([t for _, t in heard])
    number = np.array([sum(r == run for r, _ in heard[:k]) for k, (run, _) in enumerate(heard)]) + 1
    assert len(heard) == np.sum(np.floor(20.0 * values[0] * (1 - 1e-13)))
    assert times == pytest.approx(number / values[0, [run for run, _ in heard]], rel=1e-13)
    assert 2 * len(heard) <= points[0] < 20 * len(heard)
