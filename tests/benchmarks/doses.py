"""What timed events cost: `python tests/benchmarks/doses.py [--quick]`, in seconds of CPU on one core.

1. A year of infusions twice a day (1,460 breaks) in baker2013: microseconds of a run and break, for sweeps of several
   sizes, beside the same runs without doses; medians of rounds in which the engines take turns. Errors are
   |y - reference| / (1e-3 * largest + |reference|) against SciPy at rtol 1e-11, the 90th percentile of 16 runs.
2. 80 arms that differ in dose and interval, 128 runs each: the first sweep of a process and the second, with machine
   code on disk, and the first with an empty cache.
3. A year of graft_window in all its arms, 64 runs each; what its rules look at fires on states in none of them.
"""

# ruff: noqa: E402 (threads are limited before NumPy is loaded)
from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import numpy as np

import immunode as im
from immunode.program.lowering import lower
from immunode.program.numpy.functions import Functions, compile_numpy
from immunode.solve import solve

BREAKS, YEAR, ROUNDS = 1460, 365.0, 5
RTOL = 1e-6


def cpu(run: Callable[[], Any]) -> float:
    """Return the seconds of CPU that a call takes."""
    begun = time.process_time()
    run()
    return time.process_time() - begun


def infused() -> tuple[Functions, Callable[[int, bool], Any]]:
    """Return baker2013 with infusions, and what draws n sets of its parameters, with or without doses."""
    base = im.load_model("baker2013", variant="diseased")
    given = im.Intervention("drip", [im.add("a_input", 0.05)], im.pulses(every=0.5, width=1 / 12, n=730))
    functions = compile_numpy(lower(im.perturb(base, given)))
    program = functions.program

    def values(n: int, doses: bool) -> Any:
        table = np.array(program.values)[:, None] * np.exp(np.random.default_rng(1).uniform(-0.2, 0.2, (1, n)))
        own = [i for i, name in enumerate(program.parameters[: len(program.values)]) if name.startswith("drip.")]
        table[own] = np.array(program.values)[own, None]
        if not doses:
            table[program.parameters.index("drip.n")] = 0.0
        return table

    return functions, values


def a_year_of_infusions(sizes: list[int]) -> None:
    """Print the cost of a break, for engines, methods and sizes of a sweep."""
    functions, values = infused()
    grid = np.linspace(0.0, YEAR, 74)
    exact = solve(functions, values(16, True), times=grid, engine="scipy", method="DOP853", rtol=1e-11, atol=1e-13).y
    scale = 1e-3 * np.abs(exact).max(axis=(0, 2), keepdims=True) + np.abs(exact) + 1e-300
    for n in sizes:
        tables = {doses: values(n, doses) for doses in (True, False)}
        works = [(e, m, d) for e in ("compiled", "numpy") for m in ("tsit5", "rodas5p") for d in (True, False)]

        def run(work: tuple[str, str, bool], tables: Any = tables) -> Any:
            engine, method, doses = work
            return solve(functions, tables[doses], times=[0.0, YEAR], engine=engine, method=method, rtol=RTOL)

        steps = {work: float(run(work).steps.mean()) for work in works}
        spent: dict[Any, list[float]] = {work: [] for work in works}
        for _ in range(ROUNDS):
            for work in works:
                spent[work].append(cpu(lambda work=work: run(work)))  # type: ignore[misc]
        for engine, method in dict.fromkeys(work[:2] for work in works):
            with_doses, without = (float(np.median(spent[engine, method, d])) for d in (True, False))
            found = solve(functions, values(16, True), times=grid, engine=engine, method=method, rtol=RTOL).y
            error = float(np.quantile((np.abs(found - exact) / scale).max(axis=(0, 1)), 0.9))
            print(
                f"{n:6} runs  {engine:8} {method:8} {1e6 * with_doses / n / BREAKS:7.3f} us a run and break, "
                f"{with_doses / without:6.1f} x the runs without, {steps[engine, method, True] / BREAKS:.2f} steps a "
                f"break, error {error:.1e}",
                flush=True,
            )


def arms() -> tuple[float, float]:
    """Return the seconds that a sweep of 80 arms takes, the first time in this process and the second time."""
    model = im.load_model("baker2013", variant="diseased")
    given = {
        f"dose {i}, interval {j}": [
            im.Intervention("drip", [im.add("a_input", 0.01 * (i + 1))], im.pulses(0.5 * (j + 1), 1 / 12, 50))
        ]
        for i in range(10)
        for j in range(8)
    }
    design = im.sobol(im.space(model, "alpha1", "alpha3"), n=128, seed=7) * im.Arms(given)

    def run() -> Any:
        return im.sweep(model, design, until=40, endpoints=[im.auc("p"), im.peak("damage")])

    return cpu(run), cpu(run)


def many_arms() -> None:
    """Print what 80 arms cost, each in a process of its own."""
    with tempfile.TemporaryDirectory() as empty:
        for label in ("cache empty", "machine code on disk"):
            rounds = []
            for _ in range(1 if label == "cache empty" else 3):
                told = subprocess.run(
                    [sys.executable, __file__, "--arms"],
                    env={**os.environ, "IMMUNODE_CACHE": empty},
                    capture_output=True,
                    text=True,
                    check=True,
                )
                rounds.append([float(x) for x in told.stdout.split()])
            first, second = np.median(rounds, axis=0)
            print(f"80 arms x 128 runs, {label:20}: first {first:.2f} s, second {second:.2f} s", flush=True)


def all_arms_of_the_graft() -> None:
    """Print what a year of graft_window takes in all its arms."""
    model = im.load_model("graft_window")
    variants = {v.name for v in model.variants}
    given: dict[str, list[str]] = {"none": []}
    for it in model.interventions:
        beside = it.beside if it.beside and it.beside not in variants and it.name != "more_tacrolimus" else ""
        given[it.name] = [beside, it.name] if beside else [it.name]
    design = im.sobol(im.space(model, "r", "kT"), n=64, seed=7) * im.Arms(given)

    def run() -> Any:
        return im.sweep(model, design, endpoints=[im.final("H"), im.peak("V")])

    first, second = cpu(run), cpu(run)
    print(f"graft_window, {len(given)} arms x 64 runs, a year: first {first:.2f} s, second {second:.2f} s", flush=True)


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--quick", action="store_true")
    asked.add_argument("--arms", action="store_true", help="only time the 80 arms in this process")
    chosen = asked.parse_args()
    if chosen.arms:
        print(*arms())
    else:
        a_year_of_infusions([1, 128] if chosen.quick else [1, 128, 1024, 8192])
        many_arms()
        all_arms_of_the_graft()
