"""Errors of all models in tolerances, beside SciPy's solvers, and what keeping them small costs.

`python tests/benchmarks/accuracy.py [name ...] [--runs N] [--peers] [--arms]`. Error of a run: the largest of |y -
reference| / (atol + rtol |reference|) over all states and 101 times in the model's horizon, at the default atol; of a
model: the worst of N runs, the first at the declared values and the others with every parameter log-uniform +-20 %
around its own. The reference is the compiled engine's at rtol 1e-12. "plain" is the same method named, which takes
tolerances as they are; steps and cost are the number of steps and the CPU time over those of "plain". With --arms every
intervention that a model declares is measured instead, with the compiled engine.
"""

# ruff: noqa: E402 (threads are limited before NumPy is loaded, and the checkout is put on the path before immunode)
from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np
from numpy.typing import NDArray

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from immunode.catalogue import list_models, load_model
from immunode.intervention import perturb
from immunode.model import Model
from immunode.program.numpy.functions import Functions
from immunode.solve import Outcome, solve
from immunode.solve.step_size import absolute_tolerance
from immunode.study.run.ready import make_ready

Array = NDArray[np.float64]
TOLERANCES = (1e-4, 1e-6, 1e-8)
PEERS = ("LSODA", "DOP853", "Radau")
HEAD = """| model | rtol | engine | method | error | plain | steps | cost |
|---|---|---|---|---|---|---|---|"""


def drawn(functions: Functions, n: int, spread: float = 0.2, seed: int = 7) -> Array:
    """Return the declared values and others around them, (n_values, n)."""
    values = np.array(functions.program.values, dtype=float)[:, None]
    around = np.log([1 - spread, 1 + spread])
    factors = np.exp(np.random.default_rng(seed).uniform(*around, (len(values), n)))
    factors[:, 0] = 1.0
    return np.asarray(values * factors)


def errors(functions: Functions, values: Array, made: Outcome, exact: Array, rtol: float) -> Array:
    """Return the error of each run in tolerances, (n_runs,); NaN where one of the two has failed."""
    begun = functions.initial(functions.parameters(values))
    scale = absolute_tolerance(functions.program, begun, rtol, None) + rtol * np.abs(exact)
    with np.errstate(all="ignore"):
        return np.asarray(np.max(np.abs(made.y - exact) / scale, axis=(0, 1)))


def measure(name: str, model: Model, runs: int, peers: bool, engines: tuple[str, ...] = ("compiled", "numpy")) -> None:
    """Print the rows of a model."""
    functions = make_ready(model).functions
    values, times = drawn(functions, runs), np.linspace(0.0, model.horizon, 101)

    def timed(engine: str, rtol: float, method: str = "auto", n: int = runs) -> tuple[Outcome, float]:
        began = time.process_time()
        made = solve(functions, values[:, :n], times=times, engine=engine, method=method, rtol=rtol, max_steps=50_000)
        return made, time.process_time() - began

    def worst(made: Outcome, rtol: float) -> float:
        n = made.y.shape[2]
        return float(np.nanmax(errors(functions, values[:, :n], made, exact[:, :, :n], rtol), initial=0.0))

    exact = timed("compiled", 1e-12)[0].y
    for rtol in TOLERANCES:
        for engine in engines:
            timed(engine, rtol)
            made, taken = timed(engine, rtol)
            method = str(made.methods[0])
            plain, plainly = timed(engine, rtol, method)
            cells = (worst(made, rtol), worst(plain, rtol), made.steps.mean() / plain.steps.mean(), taken / plainly)
            text = " | ".join(f"{cell:.3g}" for cell in cells)
            print(f"| {name} | {rtol:.0e} | {engine} | {method} | {text} |", flush=True)
        for peer in PEERS if peers else ():
            made, taken = timed("scipy", rtol, peer, min(runs, 3))
            print(f"| {name} | {rtol:.0e} | scipy | {peer} | {worst(made, rtol):.3g} | - | - | - |", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--runs", type=int, default=21)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--arms", action="store_true")
    options = parser.parse_args()
    print(HEAD)
    for name in options.names or [entry.name for entry in list_models()]:
        model = load_model(name)
        if not options.arms:
            measure(name, model, options.runs, options.peers)
            continue
        for it in model.interventions:
            measure(f"{name} {it.name}", perturb(model, it), options.runs, options.peers, ("compiled",))


if __name__ == "__main__":
    main()
