"""A sweep of an imported model against a loop of RoadRunner over the same parameter sets, at equal error.

    python tests/benchmarks/sbml.py [--runs 10000] [--model BIOMD0000000731] [--until 200]

Prints runs per second of CPU time, on one core, and the 99th percentile of |y - reference| / (1e-3*scale + |reference|)
at the end over runs and states; the reference is SciPy at rtol 1e-10, the scale a state's largest value there.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

CHECKED = 24
"""Runs of which the error is found."""


def main() -> None:
    """Run both and print a table."""
    import immunode as im
    from tests.exchange import biomodels

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--peer-runs", type=int, default=500)
    parser.add_argument("--model", default="BIOMD0000000731")
    parser.add_argument("--until", type=float, default=200.0)
    given = parser.parse_args()
    path = biomodels.FOLDER / "sbml" / f"{given.model}.xml"
    model = im.io.read_sbml(path)
    settable = parameters_of(path)
    names = [p.name for p in model.parameters if p.value > 0 and p.name.rstrip("_") in settable]
    rng = np.random.default_rng(7)
    base = np.array([p.value for p in model.parameters])
    spread = np.array([p.name in names for p in model.parameters])
    sets = base[:, None] * np.where(spread[:, None], rng.uniform(0.7, 1.3, (len(base), given.runs)), 1.0)
    exact = final(model, sets[:, :CHECKED], given.until, "scipy", 1e-10)[0]
    print(f"{given.model}: {len(model.states)} states, {len(names)} parameters varied, to t = {given.until:g}")
    for rtol in (1e-4, 1e-6):
        final(model, sets[:, :8], given.until, "compiled", rtol)  # compiles
        found, seconds = final(model, sets, given.until, "compiled", rtol)
        tell(f"immunode, compiled, rtol {rtol:g}", given.runs, seconds, worst(found, exact))
    for rtol in (1e-4, 1e-6, 1e-8):
        found, seconds = roadrunner(path, model, sets[:, : given.peer_runs], names, given.until, rtol)
        tell(f"RoadRunner, loop, rtol {rtol:g}", given.peer_runs, seconds, worst(found, exact))


def parameters_of(path: Path) -> list[str]:
    """Return the ids of the file's parameters, without species and compartments."""
    import libsbml

    document = libsbml.readSBMLFromFile(str(path))
    return [p.getId() for p in document.getModel().getListOfParameters()]


def final(model: Any, sets: Any, until: float, engine: str, rtol: float) -> tuple[Any, float]:
    """Return the last states, shape (n_states, n_runs), and CPU seconds."""
    from immunode.program.model_functions import functions
    from immunode.solve import solve

    ready = functions(model)
    begin = time.process_time()
    batch = solve(ready, sets, times=[until], engine=engine, rtol=rtol)
    return batch.y[0], time.process_time() - begin


def roadrunner(path: Path, model: Any, sets: Any, names: list[str], until: float, rtol: float) -> tuple[Any, float]:
    """Return the same from RoadRunner, run by run."""
    import roadrunner as rr

    runner = rr.RoadRunner(str(path))
    runner.integrator.relative_tolerance = rtol
    runner.integrator.absolute_tolerance = rtol * 1e-6
    runner.timeCourseSelections = ["time", *(f"[{s.name.rstrip('_')}]" for s in model.states)]
    rows = [i for i, p in enumerate(model.parameters) if p.name in names]
    out = np.empty((len(model.states), sets.shape[1]))
    begin = time.process_time()
    for run in range(sets.shape[1]):
        runner.reset(rr.SelectionRecord.ALL)
        for i in rows:
            runner.setValue(model.parameters[i].name.rstrip("_"), sets[i, run])
        runner.reset()
        out[:, run] = np.asarray(runner.simulate(0, until, 2))[-1, 1:]
    return out, time.process_time() - begin


def worst(found: Any, exact: Any) -> float:
    """Return the 99th percentile of the scaled error over checked runs and states."""
    n = exact.shape[1]
    scale = np.abs(exact).max(axis=1, keepdims=True)
    return float(np.nanpercentile(np.abs(found[:, :n] - exact) / (1e-3 * scale + np.abs(exact)), 99))


def tell(who: str, runs: int, seconds: float, error: float) -> None:
    """Print one line."""
    print(f"{who:36} {runs / seconds:12,.0f} runs/s   error {error:.1e}", flush=True)


if __name__ == "__main__":
    main()
