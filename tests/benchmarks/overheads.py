"""What a sweep costs beside the bare solver: `python tests/benchmarks/overheads.py [model ...] [--profile]`.

20,000 Sobol points of all parameters, 201 outputs, rtol 1e-6, one core; seconds of CPU, medians of interleaved repeats:
the solver alone, a sweep with the default endpoints, one that takes only what stands in the last output, and one that
also writes a store.
"""

# ruff: noqa: E402 (threads are limited before NumPy is loaded, and the checkout is put on the path before immunode)
from __future__ import annotations

import cProfile
import itertools
import os
import pstats
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import immunode as im
from immunode.program.lowering import lower
from immunode.program.numpy.functions import compile_numpy
from immunode.solve import solve

RUNS, REPEATS = 20_000, 3


def measure(name: str, profile: bool) -> None:
    """Print one line of a model."""
    model = im.load_model(name)
    functions = compile_numpy(lower(model))
    values = np.array(functions.program.values)[:, None]
    draws = np.random.default_rng(0).uniform(np.log(0.7), np.log(1.3), (len(values), RUNS))
    values, times = values * np.exp(draws), np.linspace(0.0, float(model.horizon), 201)
    last = [f"final({readout})" for readout in model.readouts] or [f"final({model.states[0].name})"]
    folder = Path(tempfile.mkdtemp())

    numbers = itertools.count()

    def stored() -> None:
        im.sweep(model, n=RUNS, engine="compiled", store=folder / f"{next(numbers)}.zarr")

    works: dict[str, Callable[[], object]] = {
        "solver": lambda: solve(functions, values, times=times, engine="compiled"),
        "sweep": lambda: im.sweep(model, n=RUNS, engine="compiled"),
        "last output": lambda: im.sweep(model, n=RUNS, endpoints=last, engine="compiled"),
        "store": stored,
    }
    taken: dict[str, list[float]] = {work: [] for work in works}
    for work in works.values():
        work()
    for _ in range(REPEATS):
        for work, call in works.items():
            begun = time.process_time()
            call()
            taken[work].append(time.process_time() - begun)
    middle = {work: float(np.median(found)) for work, found in taken.items()}
    base = middle["solver"]
    print(name, *(f"{work} {v:.3f} s ({v / base:.1f}x)" for work, v in middle.items()), sep="   ", flush=True)
    for work in ("sweep", "store") if profile else ():
        watch = cProfile.Profile()
        watch.runcall(works[work])
        pstats.Stats(watch).sort_stats("tottime").print_stats(25)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    chosen = [name for name in sys.argv[1:] if name != "--profile"]
    for one in chosen or ["kuznetsov1994", "hancioglu2007", "smith2011"]:
        measure(one, "--profile" in sys.argv)
