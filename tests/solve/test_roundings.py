"""Rates that are rounded, `floor` and `ceil`, jump where what is rounded passes a whole number."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from immunode.program.llvm.compile import available
from immunode.program.nonsmooth import edges
from immunode.program.numpy.functions import Functions
from immunode.solve import solve
from immunode.solve.status import Status

Array = NDArray[np.float64]
Build = Callable[..., Functions]
METHODS = ("tsit5", "rodas5p", "dop853")
WAYS = [("numpy", m) for m in METHODS] + ([("compiled", m) for m in METHODS] if available() else [])
ways = pytest.mark.parametrize(("engine", "method"), WAYS)


def rounds(u: Array) -> Array:
    """Return the integral of floor from 0 to u."""
    whole = np.floor(u)
    return np.asarray(whole * (whole - 1) / 2 + whole * (u - whole))


def positive(t: Array) -> Array:
    """Return for how long sin was above 0 until t."""
    whole = np.floor(t / (2 * np.pi))
    return np.pi * whole + np.minimum(t - 2 * np.pi * whole, np.pi)


@pytest.mark.sampled
@ways
@pytest.mark.parametrize(
    ("rate", "exact"),
    [
        ("floor(t)", rounds),
        ("t - floor(t)", lambda t: np.floor(t) / 2 + (t - np.floor(t)) ** 2 / 2),
        ("ceil(sin(t))", positive),
        ("0.5 - ceil(-0.4*t)", lambda t: 0.5 * t + rounds(0.4 * t) / 0.4),
    ],
)
def test_integrals_of_rounded_times_in_closed_form(
    build: Build, engine: str, method: str, rate: str, exact: Callable[[Array], Array]
) -> None:
    """NumPy took the time at the begin of a step for that of all its stages: 6.0 for 3.14.

    Others erred by 60 to 100 tolerances.
    """
    functions = build({"x": 0.0}, {}, {"x": rate}, typical={"x": 1.0})
    times = np.array([0.0, 0.5, 1.04, 2.2, 5.2, 9.3, 12.1])
    batch = solve(functions, np.empty((0, 1)), times=times, engine=engine, method=method, rtol=1e-6)
    assert batch.status.tolist() == [Status.OK]
    assert batch.y[:, 0, 0] == pytest.approx(exact(times), rel=5e-6, abs=5e-6)


@ways
def test_a_rounded_state_jumps_where_it_is_whole(build: Build, engine: str, method: str) -> None:
    """x' = floor(x) + 1/2 goes from whole to whole in 2, 2/3, 2/5, ..."""
    functions = build({"x": 0.0}, {}, {"x": "floor(x) + 0.5"}, typical={"x": 1.0})
    times = np.cumsum([0.0, 2.0, 2 / 3, 2 / 5, 2 / 7])
    batch = solve(functions, np.empty((0, 1)), times=times, engine=engine, method=method, rtol=1e-6)
    assert batch.y[:, 0, 0] == pytest.approx(np.arange(5.0), rel=1e-5, abs=1e-5)


def test_the_distance_to_a_whole_number_changes_its_side_with_each(build: Build) -> None:
    functions = build({"x": 0.0}, {}, {"x": "floor(x) + ceil(x)"}, typical={"x": 1.0})
    assert len(edges(functions.program)) == 2
    assert functions.gaps is not None
    x = np.array([-1.25, -1.0, -0.5, 0.0, 0.25, 1.0, 1.75, 2.0])
    floors, ceils = sorted(functions.gaps(0.0, x[None], np.empty((0, 8))).tolist(), key=lambda row: -row[4])
    assert np.sign(floors).tolist() == [1, -1, -1, 1, 1, -1, -1, 1]
    assert np.sign(ceils).tolist() == [-1, -1, 1, 1, -1, -1, 1, 1]
    assert np.abs(floors) == pytest.approx([0.25, 0.0, 0.5, 0.0, 0.25, 0.0, 0.25, 0.0])
