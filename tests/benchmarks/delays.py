"""A sweep of a delay equation beside loops of the method of steps in SciPy and, where it is installed, of JiTCDDE.

    python tests/benchmarks/delays.py

The equation is that of Mackey and Glass 1977 (doi:10.1126/science.267326), its three parameters log-uniform within 30 %
of theirs, the lag among them; 61 outputs from 0 to 30. Prints microseconds of CPU a run, medians of interleaved
rounds, and the 99th percentile of errors |y - reference| / (1e-3 + |reference|) over runs, the worst over outputs; the
reference is SciPy's DOP853 by the method of steps at 1e-12.
"""

from __future__ import annotations

import contextlib
import importlib.util
import itertools
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from immunode.model import Model, Parameter, Process, State
from immunode.program.model_functions import functions
from immunode.solve import solve

Array = NDArray[np.float64]
RUNS, FEW, ROUNDS, RTOL = 4096, 24, 5, 1e-6
TIMES = np.linspace(0, 30, 61)


def _parameter(name: str, value: float, unit: str) -> Parameter:
    return Parameter(name, value, unit, "", "Mackey 1977")


MODEL = Model(
    name="mackey_glass",
    title="blood cells made after a delay",
    time_unit="day",
    horizon=30.0,
    states=[State("x", 0.5)],
    parameters=[_parameter("b", 2.0, "1/day"), _parameter("g", 1.0, "1/day"), _parameter("tau", 2.0, "day")],
    processes=[
        Process("made", "-> x", "b*delay(x, tau)/(1 + delay(x, tau)**9.65)"),
        Process("lost", "x ->", "g*x"),
    ],
)


def parameter_sets(n: int) -> Array:
    """Return values of b, g, tau, (3, n)."""
    spread = np.random.default_rng(1).uniform(np.log(0.7), np.log(1.3), (3, n))
    return np.array([[2.0], [1.0], [2.0]]) * np.exp(spread)


def by_steps(values: Array, method: str = "RK45", rtol: float = RTOL, atol: float = 1e-9) -> Array:
    """Return x at `TIMES` of each run, (n_times, n): SciPy from lag to lag."""
    out = np.empty((len(TIMES), values.shape[1]))
    for run, (b, g, tau) in enumerate(values.T):
        y, found, late = [0.5], [np.array([0.5])], None
        for begin, end in itertools.pairwise(np.append(np.arange(0, TIMES[-1], tau), TIMES[-1])):

            def slope(t: float, y: Any, late: Any = late, b: float = b, g: float = g, tau: float = tau) -> Any:
                z = 0.5 if late is None else late(t - tau)[0]
                return b * z / (1.0 + z**9.65) - g * y

            part = solve_ivp(slope, (begin, end), y, method=method, rtol=rtol, atol=atol, dense_output=True)
            inside = TIMES[(begin < TIMES) & (end >= TIMES)]
            if inside.size:
                found.append(part.sol(inside)[0])
            y, late = part.y[:, -1], part.sol
        out[:, run] = np.concatenate(found)
    return out


def jitcdde_loop() -> Callable[[Array], Array]:
    """Return a function as `by_steps` that asks JiTCDDE, compiled once."""
    import jitcdde  # type: ignore[import-not-found]
    import symengine  # type: ignore[import-not-found]

    b, g, tau = symengine.symbols("b g tau")
    late = jitcdde.y(0, jitcdde.t - tau)
    right = [b * late / (1 + late**9.65) - g * jitcdde.y(0)]
    dde = jitcdde.jitcdde(right, control_pars=[b, g, tau], max_delay=2.7, verbose=False)
    # its build would read the settings of the project it is called in
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        dde.compile_C()
    dde.set_integration_parameters(rtol=RTOL, atol=1e-9)

    def loop(values: Array) -> Array:
        out = np.empty((len(TIMES), values.shape[1]))
        for run, row in enumerate(values.T):
            dde.purge_past()
            dde.constant_past([0.5])
            dde.set_parameters(*row)
            dde.delays = [0.0, float(row[2])]
            dde.step_on_discontinuities()
            started = dde.t
            out[:, run] = [dde.integrate(t)[0] if t > started else np.nan for t in TIMES]
        return out

    return loop


def timed(action: Callable[[], Array]) -> tuple[float, Array]:
    """Return seconds of CPU, of all threads, and the result."""
    begun = time.process_time()
    result = action()
    return time.process_time() - begun, result


def main() -> None:
    """Print the table."""
    ready = functions(MODEL)
    many, few = parameter_sets(RUNS), parameter_sets(RUNS)[:, :FEW]

    def sweep(values: Array, rtol: float, engine: str) -> Array:
        return solve(ready, values, times=TIMES, engine=engine, rtol=rtol, atol=1e-3 * rtol).y[:, 0]

    actions: dict[str, tuple[Callable[[], Array], int]] = {
        "compiled, 1e-6": (lambda: sweep(many, 1e-6, "compiled"), RUNS),
        "compiled, 1e-8": (lambda: sweep(many, 1e-8, "compiled"), RUNS),
        "compiled, 24 runs, 1e-6": (lambda: sweep(few, 1e-6, "compiled"), FEW),
        "numpy, 1e-6": (lambda: sweep(many, 1e-6, "numpy"), RUNS),
        "numpy, 1e-8": (lambda: sweep(many, 1e-8, "numpy"), RUNS),
        "numpy, 24 runs, 1e-6": (lambda: sweep(few, 1e-6, "numpy"), FEW),
        "SciPy loop, RK45, 1e-6": (lambda: by_steps(few), FEW),
        "SciPy loop, DOP853, 1e-6": (lambda: by_steps(few, "DOP853"), FEW),
    }
    if importlib.util.find_spec("jitcdde"):
        loop = jitcdde_loop()
        actions["JiTCDDE loop, 1e-6"] = (lambda: loop(few), FEW)
    reference = by_steps(few, "DOP853", 1e-12, 1e-14)
    spent: dict[str, list[float]] = {name: [] for name in actions}
    errors = {}
    # the code is made before anything is measured
    for engine in ("compiled", "numpy"):
        for rtol in (1e-6, 1e-8):
            sweep(few, rtol, engine)
    for _ in range(ROUNDS):
        for name, (action, n) in actions.items():
            seconds, found = timed(action)
            spent[name].append(1e6 * seconds / n)
            off = np.abs(found[:, :FEW] - reference) / (1e-3 + np.abs(reference))
            errors[name] = float(np.nanpercentile(np.nanmax(off, axis=0), 99))
    base = np.median(spent["compiled, 1e-6"])
    print(f"{'':28}{'us a run':>12}{'error p99':>12}{'ratio':>9}")
    for name, times in spent.items():
        print(f"{name:28}{np.median(times):12.0f}{errors[name]:12.1e}{np.median(times) / base:9.1f}")


if __name__ == "__main__":
    main()
