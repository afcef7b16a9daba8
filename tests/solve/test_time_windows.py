"""Conditions that turn with time alone, for a part of a run that is shorter than a thousandth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from immunode.model import Event
from immunode.program.llvm.compile import available
from immunode.program.numpy.functions import Functions
from immunode.solve import solve
from immunode.solve.status import Status
from immunode.solve.triggers.spacing import SPACING, WITHIN, look_spacing

Build = Callable[..., Functions]
WAYS = [("scipy", "LSODA"), ("numpy", "tsit5"), ("numpy", "rodas5p")]
WAYS += [("compiled", "tsit5"), ("compiled", "rodas5p")] if available() else []
ways = pytest.mark.parametrize(("engine", "method"), WAYS, ids="-".join)
DAYS = 50
END = 24.0 * DAYS
HOUR_OF_DAY = "t - 24*floor(t/24)"


@pytest.mark.sampled
@ways
@pytest.mark.parametrize(
    "window",
    [
        f"{HOUR_OF_DAY} < 0.5",
        f"{HOUR_OF_DAY} > 8 and {HOUR_OF_DAY} < 8.5",
        "cos(pi*t/12) < cos(pi*47/48)",
    ],
)
def test_half_an_hour_of_each_day_is_seen(build: Build, engine: str, method: str, window: str) -> None:
    """Between windows nothing moves and steps grow: of a year's hours 15 of 365 were seen, with status ok."""
    functions = build({"x": 0.0}, {"pi": np.pi}, {"x": f"piecewise(2, {window}, 0)"}, typical={"x": 1.0})
    batch = solve(functions, [[np.pi]], times=[0, END], engine=engine, method=method)
    assert batch.status.tolist() == [Status.OK]
    assert batch.y[-1, 0, 0] == pytest.approx(DAYS, rel=1e-8)


@ways
def test_an_event_in_half_an_hour_of_each_day_fires_each_day(build: Build, engine: str, method: str) -> None:
    dose = Event("dose", {"x": "x + 1"}, when=f"{HOUR_OF_DAY} > 8 and {HOUR_OF_DAY} < 8.5")
    functions = build({"x": 0.0}, {}, {"x": "0"}, [dose], typical={"x": 1.0})
    batch = solve(functions, np.empty((0, 1)), times=[0, END], engine=engine, method=method)
    assert batch.y[-1, 0].tolist() == [DAYS]


def test_looks_are_as_close_as_the_shortest_window_needs(build: Build) -> None:
    def spacing(condition: str) -> float:
        functions = build({"x": 0.0}, {"w": 1.0}, {"x": "1"}, [Event("e", {"x": "0"}, when=condition)])
        return look_spacing(functions, 0.0, END)

    usual = END * SPACING
    assert spacing("x > 3") == spacing("t > 5") == spacing("x > 3 and t > 5") == usual
    assert spacing(f"{HOUR_OF_DAY} < 2*w") == pytest.approx(2.0 / WITHIN, rel=0.1)
    assert spacing(f"x > 7 and {HOUR_OF_DAY} < 2*w") == pytest.approx(2.0 / WITHIN, rel=0.1)
    assert spacing(f"x > 7 or not {HOUR_OF_DAY} > 9 and {HOUR_OF_DAY} > 8") == pytest.approx(1.0 / WITHIN, rel=0.1)
    assert look_spacing(build({"x": 0.0}, {}, {"x": "1"}), 3.0, 3.0) == 0.0
