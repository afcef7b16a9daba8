"""Events whose condition holds for a part of a step only are found by all engines, as often as it holds.

Expected counts and times are closed forms of waves, ramps and products of them.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from immunode.model import Event, Model, Parameter, Process, State
from immunode.program.lowering import lower
from immunode.program.numpy.functions import compile_numpy
from immunode.solve import solve
from tests.libraries import needs

ENGINES = [
    pytest.param(engine, method, id=f"{engine}-{method}", marks=[needs("llvmlite")] if engine == "compiled" else [])
    for engine, methods in {
        "scipy": ("LSODA", "DOP853"),
        "numpy": ("tsit5", "rodas5p", "dop853"),
        "compiled": ("tsit5", "rodas5p", "dop853"),
    }.items()
    for method in methods
]
WAVE = {"x": "2*pi*v", "v": "-2*pi*x"}
"""sin and cos of 2 pi t, from x = 0 and v = 1."""


def model(rates: dict[str, str], start: dict[str, float], when: str, **changes: str) -> Model:
    """Return states with given rates; `count` counts how often a condition turns true, `last` is when it did."""
    states = [State(name, start.get(name, 0.0), typical=1.0) for name in (*rates, "count", "last")]
    processes = [Process(f"of_{name}", f"-> {name}", rate) for name, rate in rates.items()]
    fired = {"count": "count + 1", "last": "t", **changes}
    return Model(
        name="excursions", states=states, parameters=[Parameter("pi", math.pi)], processes=processes,
        events=[Event("seen", fired, when=when)],
    )  # fmt: skip


def counted(it: Model, until: float, engine: str, method: str, rtol: float = 1e-6) -> tuple[float, float]:
    """Return how often the event fired by `until`, and when it last did."""
    functions = compile_numpy(lower(it))
    values: NDArray[np.float64] = np.array(functions.program.values, dtype=float)[:, None]
    batch = solve(
        functions, np.repeat(values, 3, axis=1), times=np.array([0.0, until]), engine=engine, method=method, rtol=rtol
    )
    assert np.all(batch.status == 0)
    rows = [functions.program.states.index(name) for name in ("count", "last")]
    end = np.asarray(batch.y)[-1, rows]
    assert np.all(end == end[:, :1])
    return float(end[0, 0]), float(end[1, 0])


@pytest.mark.parametrize(("engine", "method"), ENGINES)
@pytest.mark.parametrize("level", [0.99, 0.9999])
def test_crests_of_a_wave_are_all_counted(level: float, engine: str, method: str) -> None:
    """x passes 0.9999 for 0.0045 of a period, from asin(0.9999) / 2 pi on."""
    # at 1e-8 the crests are off by less than 1e-6
    found, last = counted(model(WAVE, {"v": 1.0}, f"x > {level}"), 8.0, engine, method, 1e-8)
    assert found == 8
    assert last == pytest.approx(7 + math.asin(level) / (2 * math.pi), abs=1e-4)


@pytest.mark.parametrize(("engine", "method"), ENGINES)
@pytest.mark.parametrize(
    ("when", "first", "times"),
    [
        ("x > 3 and x < 3.001", 3.0, 1),
        ("x > 3 and y < 2.9999", 3.0, 1),
        ("x > 9.9998 or x > 3 and x < 3.001", 9.9998, 2),
        ("not (x <= 3 or x >= 3.000001)", 3.0, 1),
    ],
)
def test_a_window_that_a_ramp_passes_is_seen(when: str, first: float, times: int, engine: str, method: str) -> None:
    """x = t and y = t - 0.0002: steps are long, windows open for a thousandth of time or less."""
    it = model({"x": "1", "y": "1"}, {"y": -0.0002}, when)
    found, last = counted(it, 10.0, engine, method)
    assert found == times
    assert last == pytest.approx(first, abs=1e-9)


@pytest.mark.parametrize(("engine", "method"), ENGINES)
@pytest.mark.parametrize(
    ("when", "times", "phase"),
    [
        ("x*v > 0.4999", 16, math.asin(0.9998) / 2),
        ("x**2 > 0.9998", 16, math.asin(math.sqrt(0.9998))),
        ("x > 0.9999 and v**2 < 1e-4", 8, math.asin(math.sqrt(1 - 1e-4))),
    ],
)
def test_crests_of_what_is_no_line_are_counted(when: str, times: int, phase: float, engine: str, method: str) -> None:
    """x v = sin(4 pi t) / 2 and x^2 = (1 - cos(4 pi t)) / 2 come up twice in a period."""
    found, last = counted(model(WAVE, {"v": 1.0}, when), 8.0, engine, method, 1e-8)
    assert found == times
    crest = 7.5 if times == 16 else 7.0
    assert last == pytest.approx(crest + phase / (2 * math.pi), abs=1e-4)


@pytest.mark.parametrize(("engine", "method"), [("scipy", "LSODA"), ("numpy", "tsit5"), ("numpy", "rodas5p")])
def test_a_state_at_rest_on_its_threshold_has_not_passed_it(engine: str, method: str) -> None:
    """Nothing turns, and looks are not moved closer without end (machine code rounds otherwise: x is not 3 there)."""
    it = model({"x": "3*y - y*x", "y": "0.1*(1 - y)"}, {"x": 3.0}, "x > 3 and y > 0.5")
    assert counted(it, 50.0, engine, method) == (0.0, 0.0)
