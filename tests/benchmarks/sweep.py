"""Sweep speed and error beside the peers that are installed: `python tests/benchmarks/sweep.py [--quick]`.

One core. Speed is runs per second of CPU time, the median of several repeats in which the tools take turns. Error is
|y - reference| / (1e-3 + |reference|), the worst over outputs and states of a run, then the 99th percentile over runs.
"""

# ruff: noqa: E402 (threads are limited before NumPy is loaded, and the checkout is put on the path before immunode)
from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import peers

from immunode.program.llvm.compile import available
from immunode.program.lowering import lower
from immunode.program.numpy.functions import compile_numpy
from immunode.solve import solve
from models import WORKS, Work

RTOL, ATOL = 1e-6, 1e-9
BASE = "numbalsoda"
# references: sets, tolerances (CVODE and DOP853 to 1e-12, Radau to 1e-10 where there is no CVODE)
REFERENCES = {"A": 200, "B": 100}


def ours(engine: str) -> Callable[[Work], peers.Run]:
    """One of immunode's engines."""

    def make(work: Work) -> peers.Run:
        functions = compile_numpy(lower(work.model))

        def run(values: peers.Array, rtol: float, atol: float) -> peers.Array:
            return solve(functions, values, times=work.times, engine=engine, rtol=rtol, atol=atol).y

        return run

    return make


def tools(work: Work, runs: int) -> Iterator[tuple[str, Callable[[Work], peers.Run], int]]:
    """Yield name, maker and number of runs to time of every tool that is there."""
    if available():
        yield "immunode, compiled engine", ours("compiled"), runs
    yield "immunode, numpy engine", ours("numpy"), runs
    if peers.installed("numbalsoda"):
        yield BASE, peers.numbalsoda, min(runs, {"A": 4000, "B": 600}[work.key])
    if peers.installed("sksundae"):
        yield "scikit-sundae CVODE, Numba", peers.cvode, min(runs, {"A": 200, "B": 60}[work.key])
    yield "solve_ivp(LSODA), NumPy", peers.solve_ivp, min(runs, {"A": 100, "B": 20}[work.key])


def reference(work: Work) -> peers.Array:
    """Return accurate trajectories of the first sets."""
    values = work.values(REFERENCES[work.key])
    if peers.installed("sksundae"):
        return peers.cvode(work)(values, 1e-12, 1e-14)
    method, rtol = ("DOP853", 1e-12) if work.key == "A" else ("Radau", 1e-10)
    return peers.solve_ivp(work, method)(values, rtol, rtol * 1e-2)


def worst(found: peers.Array, expected: peers.Array) -> peers.Array:
    """Return the error of each run, (n_runs,)."""
    n = min(found.shape[2], expected.shape[2])
    error = np.abs(found[..., :n] - expected[..., :n]) / (1e-3 + np.abs(expected[..., :n]))
    return np.asarray(np.max(error, axis=(0, 1)))


def measure(work: Work, runs: int, repeats: int) -> None:
    """Print the table of one work."""
    values, expected = work.values(runs), reference(work)
    entries = [(name, maker(work), n) for name, maker, n in tools(work, runs)]
    speed: dict[str, list[float]] = {name: [] for name, _, _ in entries}
    error: dict[str, peers.Array] = {}
    for name, run, _ in entries:
        error[name] = worst(run(values[:, : expected.shape[2]], RTOL, ATOL), expected)
    for _ in range(repeats):
        for name, run, n in entries:
            some = values[:, :n]
            start = time.process_time()
            run(some, RTOL, ATOL)
            speed[name].append(n / (time.process_time() - start))
    base = float(np.median(speed[BASE])) if BASE in speed else None
    slow = float(np.median(speed["solve_ivp(LSODA), NumPy"]))
    print(f"\nWork {work.key}: {work.model.name}, {runs} sets, rtol {RTOL:g}, atol {ATOL:g}")
    heads = ("tool", "runs/s", "(range)", "error p99", "worst", "x numbalsoda", "x solve_ivp")
    print("{:<28} {:>9} {:>17} {:>10} {:>9} {:>13} {:>12}".format(*heads))
    for name, _, _ in entries:
        middle = float(np.median(speed[name]))
        ratio = f"{middle / base:.2f}" if base else "-"
        spread = f"({min(speed[name]):.0f}-{max(speed[name]):.0f})"
        p99, most = np.percentile(error[name], 99), error[name].max()
        print(f"{name:<28} {middle:>9.0f} {spread:>17} {p99:>10.1e} {most:>9.1e} {ratio:>13} {middle / slow:>12.0f}")


def main() -> None:
    """Run the works that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("works", nargs="*", metavar="A|B")
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="1,000 sets, two repeats")
    options = parser.parse_args()
    runs, repeats = (1000, 2) if options.quick else (options.runs, options.repeats)
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}")
    for key in options.works or WORKS:
        measure(WORKS[key](), runs, repeats)


if __name__ == "__main__":
    main()
