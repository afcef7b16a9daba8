"""What state events cost: one run and a sweep, beside RoadRunner, in CPU time; medians of interleaved rounds.

    python tests/benchmarks/state_events.py [RUNS]

The model is adaptive therapy of a tumor of sensitive and resistant cells: a drug is given from where the tumor has
reached a burden until it has fallen to half of that. Errors are |S - reference| / (1e-3 * largest + |reference|), the
median over outputs, since one beside an event may lie on its other side. The last lines add 800 doses of another drug.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import immunode as im
from immunode.model import Event, Model, Parameter, Process, State, Switch
from immunode.program.lowering import lower
from immunode.program.numpy.functions import compile_numpy
from immunode.solve import solve

ROUNDS = 7
TIMES = np.linspace(0.0, 400.0, 101)
VALUES = {"r": 0.3, "K": 1e4, "kill": 0.9, "competition": 1.2, "burden": 4e3}


DOSES = 800


def model(events: bool = True, doses: bool = False) -> Model:
    """Return the model, with or without its events, and with doses of another drug beside them."""
    on_off = [
        Event("treat", {"drug": "1"}, when="S + R > burden"),
        Event("rest", {"drug": "0"}, when="S + R < burden/2"),
    ]
    second = [Event("dose", {"C": "C + 1"}, at=0.0, every=TIMES[-1] / DOSES, count=DOSES)] if doses else []
    clearance = [Process("clearance", "C ->", "0.5*C"), Process("killed", "S ->", "0.02*C*S")] if doses else []
    return Model(
        name="adaptive",
        time_unit="",
        states=[State("S", 3e3), State("R", 1e-3), *([State("C", 0.0)] if doses else [])],
        parameters=[Parameter(n, v, source="assumed: a benchmark") for n, v in VALUES.items()],
        processes=[
            Process("sensitive", "-> S", "r*S*(1 - (S + R)/K) - kill*drug*S"),
            Process("resistant", "-> R", "r*R*(1 - (competition*S + R)/K)/10"),
            *clearance,
        ],
        switches=[Switch("drug")],
        events=[*(on_off if events else []), *second],
    )


def drawn(n: int) -> Any:
    """Return parameter sets, log-uniform within 30 % of the declared ones."""
    rng = np.random.default_rng(1)
    return np.array(list(VALUES.values()))[:, None] * np.exp(rng.uniform(np.log(0.7), np.log(1.3), (len(VALUES), n)))


def roadrunner(values: Any) -> Callable[[], Any] | None:
    """Return a loop of RoadRunner over parameter sets, which returns S (n_times, n_runs); None if it is absent."""
    try:
        import roadrunner as rr
    except ImportError:
        return None
    rr.Logger.setLevel(rr.Logger.LOG_FATAL)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.xml"
        im.io.write_sbml(model(), path)
        runner = rr.RoadRunner(path.read_text(encoding="utf-8"))
    runner.integrator.relative_tolerance, runner.integrator.absolute_tolerance = 1e-6, 1e-9
    names = [n if n in runner.model.getGlobalParameterIds() else f"{n}_" for n in VALUES]
    runner.timeCourseSelections = ["S" if "S" in runner.model.getGlobalParameterIds() else "[S]"]

    def run() -> Any:
        out = np.empty((len(TIMES), values.shape[1]))
        for k in range(values.shape[1]):
            runner.resetAll()
            for name, value in zip(names, values[:, k], strict=True):
                runner[name] = value
            out[:, k] = np.asarray(runner.simulate(0, float(TIMES[-1]), len(TIMES)))[:, 0]
        return out

    return run


def measured(n: int, engines: tuple[str, ...]) -> None:
    """Print a line for each tool: microseconds a run, events a run, microseconds an event more than without events."""
    values = drawn(n)
    with_events, without = (compile_numpy(lower(model(events))) for events in (True, False))
    options: dict[str, Any] = {"times": TIMES, "rtol": 1e-6, "atol": 1e-9}
    counts = np.zeros(n)

    def count(runs: Any, *_: Any) -> None:
        np.add.at(counts, runs, 1)

    exact = solve(with_events, values, engine="compiled", **{**options, "rtol": 1e-10, "atol": 1e-13, "on_jump": count})
    reference = exact.y[:, 0]
    tools: dict[str, Callable[[], Any]] = {
        f"{engine}{'' if functions is with_events else ', no events'}": (
            lambda engine=engine, functions=functions: solve(functions, values, engine=engine, **options).y[:, 0]
        )
        for engine in engines
        for functions in (with_events, without)
    }
    peer = roadrunner(values)
    if peer is not None:
        tools["roadrunner"] = peer
    results = {tool: run() for tool, run in tools.items()}
    spent: dict[str, list[float]] = {tool: [] for tool in tools}
    for _ in range(ROUNDS):
        for tool, run in tools.items():
            repeats = 5 if n < 10 and tool != "scipy" else 1
            begun = time.process_time()
            for _ in range(repeats):
                run()
            spent[tool].append(1e6 * (time.process_time() - begun) / n / repeats)
    print(f"{n} runs, {counts.mean():.1f} events a run")
    scale = 1e-3 * reference.max(axis=0) + reference
    for tool in tools:
        line = f"  {tool:22} {np.median(spent[tool]):10.1f} us a run"
        if tool in engines:
            more = np.median(spent[tool]) - np.median(spent[f"{tool}, no events"])
            line += f", {more / counts.mean():8.2f} us an event"
        if "no events" not in tool:
            off = np.abs(results[tool] - reference) / scale
            line += f", error p99 {np.quantile(np.median(off, axis=0), 0.99):.1e}"
        print(line, flush=True)


def beside_doses(n: int) -> None:
    """Print what a dose costs, in microseconds of a run and dose, without state events beside it and with them."""
    values = drawn(n)
    works = {(e, d): compile_numpy(lower(model(e, d))) for e in (False, True) for d in (False, True)}
    spent: dict[tuple[bool, bool], list[float]] = {work: [] for work in works}
    for round_ in range(ROUNDS + 1):
        for work, functions in works.items():
            begun = time.process_time()
            solve(functions, values, times=[0.0, float(TIMES[-1])], engine="compiled", method="tsit5", rtol=1e-6)
            if round_:
                spent[work].append(1e6 * (time.process_time() - begun) / n / DOSES)
    cost = {work: float(np.median(of)) for work, of in spent.items()}
    for events in (False, True):
        words = "beside state events" if events else "alone"
        print(f"{n} runs  compiled, a dose {words}: {cost[events, True] - cost[events, False]:.3f} us", flush=True)


if __name__ == "__main__":
    measured(1, ("scipy", "numpy", "compiled"))
    measured(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, ("numpy", "compiled"))
    beside_doses(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
