"""A fit of five parameters from twenty starts beside a plain loop of SciPy's `least_squares` over the same engine.

    python tests/benchmarks/fit.py

The loop asks `solve` for one run at a time and lets `least_squares` take differences; both begin at the same points in
the same box, on the same scale. Prints seconds of CPU, medians of interleaved rounds, and how far the optima are apart.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import least_squares

import immunode as im
from immunode.program.model_functions import functions
from immunode.solve import solve

ROUNDS, STARTS = 5, 20
BOX = {"a": (0.05, 0.8), "n": (1e-8, 1e-6), "p": (0.01, 1.0), "g": (1e6, 1e8), "s": (2e3, 1e5)}


def data() -> pd.DataFrame:
    """Return tumor and effector cells on 15 days with lognormal noise of 5 %."""
    model = im.load_model("kuznetsov1994")
    truth = im.simulate(model, times=np.linspace(0, 70, 15), engine="compiled", rtol=1e-10)
    rng = np.random.default_rng(4)
    columns = {name: truth[name] * rng.lognormal(0, 0.05, 15) for name in ("T", "E")}
    return pd.DataFrame({"time": truth.times, **columns})[1:]


def ours(table: pd.DataFrame, derivatives: str = "differences") -> im.fitting.Fit:
    """Return the fit."""
    observed = {name: im.fitting.observable(name, noise="lognormal", sd=0.05) for name in ("T", "E")}
    return im.fit(
        im.load_model("kuznetsov1994"), table, BOX, observables=observed, starts=STARTS, derivatives=derivatives
    )


def loop(table: pd.DataFrame, starts: Any, **options: Any) -> tuple[Any, float]:
    """Return the best point of the unit box, and half its sum of squares."""
    ready = functions(im.load_model("kuznetsov1994"))
    program = ready.program
    rows = [program.parameters.index(name) for name in BOX]
    columns = [program.states.index(name) for name in ("T", "E")]
    low, high = np.log(np.array(list(BOX.values()))).T
    times, measured = table["time"].to_numpy(), np.log(table[["T", "E"]].to_numpy())

    def residuals(u: Any) -> Any:
        values = np.array(program.values)[:, None]
        values[rows, 0] = np.exp(low + u * (high - low))
        y = solve(ready, values, times=times, engine="compiled", rtol=1e-8).y[:, columns, 0]
        with np.errstate(all="ignore"):
            return np.nan_to_num((measured - np.log(y)) / 0.05, nan=1e6).ravel()

    found = [least_squares(residuals, np.clip(u, 1e-9, 1 - 1e-9), bounds=(0, 1), **options) for u in starts]
    best = min(found, key=lambda one: one.cost)
    return best.x, best.cost


def main() -> None:
    """Print times, their ratios and how far the optima are from one that is polished."""
    table = data()
    starts = ours(table).starts
    plain: dict[str, Any] = {"diff_step": 1e-5}
    ways: dict[str, Callable[[], Any]] = {
        "fit": lambda: ours(table).best.u,
        "fit, exact derivatives": lambda: ours(table, "exact").best.u,
        "loop of least_squares": lambda: loop(table, starts, **plain)[0],
    }
    ends = {name: run() for name, run in ways.items()}
    tight: dict[str, Any] = {"jac": "3-point", "diff_step": 1e-4, **dict.fromkeys(("xtol", "ftol", "gtol"), 1e-14)}
    polished, _ = loop(table, [ends["loop of least_squares"]], **tight)
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, run in ways.items():
            begun = time.process_time()
            run()
            spent[name].append(time.process_time() - begun)
    for name, seconds in spent.items():
        ratio = np.median(spent["loop of least_squares"]) / np.median(seconds)
        apart = np.abs(ends[name] - polished).max()
        print(f"{name:24} {np.median(seconds):6.3f} s of CPU, loop over it {ratio:4.1f}, {apart:.1e} of the box away")


if __name__ == "__main__":
    main()
