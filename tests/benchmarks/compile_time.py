"""Seconds of CPU from a model to its first result, cold: `python tests/benchmarks/compile_time.py [model or n ...]`.

A number n stands for a chain of n states, each made at a Hill term of the one before with parameters of its own; a name
for a model of the package. Lowering, machine code of both methods, the pilot runs and 16 runs. Nothing is read from
disk.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

os.environ["IMMUNODE_CACHE"] = tempfile.mkdtemp()

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from immunode.catalogue import load_model
from immunode.model import Model, Parameter, Process, State
from immunode.program.llvm.compile import require
from immunode.program.lowering import lower
from immunode.program.numpy.functions import compile_numpy
from immunode.solve import solve
from immunode.solve.compiled.kernels import making_seconds


def chain(n: int) -> Model:
    """Return a chain of n states."""
    values = {"k": 0.5, "K": 1.0, "h": 1.7, "d": 0.4}
    parameters = [
        Parameter(f"{name}{i}", value * (1 + 0.2 * float(np.sin(i))), source="assumed: benchmark")
        for i in range(n)
        for name, value in values.items()
    ]
    makes = [Process(f"make{i}", f"-> x{i}", f"k{i}*hill(x{i - 1}, K{i}, h{i})" if i else "k0") for i in range(n)]
    decays = [Process(f"decay{i}", f"x{i} ->", f"d{i}*x{i}") for i in range(n)]
    return Model(
        name=f"chain{n}", states=[State(f"x{i}", 1.0) for i in range(n)], parameters=parameters,
        processes=[*makes, *decays],
    )  # fmt: skip


def main(names: list[str]) -> None:
    """Measure and print one line a model."""
    # the library itself is loaded once, whatever the model
    require()
    print(f"{'model':<20} {'states':>6} {'lowering':>9} {'first result':>13} {'expected':>9} {'again':>8}   seconds")
    for name in names:
        model = chain(int(name)) if name.isdigit() else load_model(name)
        begun = time.process_time()
        functions = compile_numpy(lower(model))
        lowered = time.process_time()
        n, end = 16, model.horizon if not name.isdigit() else 100.0
        values = np.array(functions.program.values)[:, None] * np.linspace(0.95, 1.05, n)
        times = np.linspace(0.0, end, 11)
        solve(functions, values, times=times, engine="compiled")
        cold = time.process_time()
        solve(functions, values, times=times, engine="compiled")
        warm = time.process_time()
        expected = making_seconds(functions.program)
        seconds = f"{lowered - begun:>9.2f} {cold - begun:>13.2f} {expected:>9.2f} {warm - cold:>8.3f}"
        print(f"{name:<20} {len(functions.program.states):>6} {seconds}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or ["100", "200", "400", "1000", "sove2020", "bindellini2024", "immune_balance", "abo2021"])
