"""Speed of population estimation beside a loop over individuals: `python tests/benchmarks/population.py [set ...]`.

Sets: theophylline, warfarin (public data, 12 and 32 individuals, 2 and 4 states, 3 and 8 random effects), antibody-60,
antibody-100, antibody-1000, antibody-5000 (simulated). Each line gives CPU seconds on all cores and the ratio to the
same number of runs by `scipy.integrate.solve_ivp` (LSODA, same tolerance), one individual at a time, whose time for one
run is the mean of a sample. Compilation is not counted.
"""

# ruff: noqa: E402 (the checkout is put on the path before immunode)
from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.integrate import solve_ivp

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

from immunode.analysis.mixed_effects.likelihoods import likelihood_value
from immunode.analysis.mixed_effects.methods.saem import run_saem
from immunode.analysis.mixed_effects.prior_densities import Priors
from immunode.analysis.mixed_effects.problem import prepared
from immunode.analysis.mixed_effects.records.individual_records import IndividualData, Route, individual_data
from immunode.model import Model
from tests.population_models import antibody, oral, warfarin_turnover

SHARED = Path(os.environ.get("IMMUNODE_NLME", ROOT.parent / "shared" / "nlme"))
SETS = ("theophylline", "warfarin", "antibody-60", "antibody-100", "antibody-1000", "antibody-5000")
ITERATIONS = (200, 150)
SAMPLE = 30
"""Runs of the loop that are timed."""
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def antibody_data(n: int, model: Model, seed: int = 1) -> IndividualData:
    """Return records of `n` individuals drawn from the model, three doses and 16 samples each."""
    times = np.array([0.04, 1, 3, 7, 14, 21, 27.9, 28.1, 35, 42, 55.9, 56.1, 70, 84, 98, 112])
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        dose = (200.0, 600.0, 2000.0)[i % 3]
        rows += [(i, t, dose, np.nan, 1) for t in (0.0, 28.0, 56.0)]
        rows += [(i, t, 0.0, 1.0, 0) for t in times]
    table = pd.DataFrame(rows, columns=["ID", "TIME", "AMT", "DV", "EVID"]).sort_values(["ID", "TIME"])
    route = Route("Ct", factor="1/V")
    empty = prepared(model, individual_data(table, routes=route), (), (), 1e-6, "auto")
    root = np.linalg.cholesky(empty.structure.declared.omega)
    eta = rng.standard_normal((n, empty.structure.n_effects)) @ root.T
    f = empty(np.arange(n), empty.structure.declared, eta)
    y = f + rng.standard_normal(f.shape) * np.sqrt(0.05**2 + (0.15 * f) ** 2)
    seen = table["EVID"] == 0
    table.loc[seen, "DV"], table.loc[seen, "CENS"] = np.maximum(y, 4.06).ravel(), (y < 4.06).ravel().astype(float)
    return individual_data(table, routes=route)


def question(name: str) -> tuple[Model, IndividualData, tuple[str, ...]]:
    """Return model with initial values, data, and what is held."""
    if name == "theophylline":
        data = individual_data(SHARED / "data" / "theo_sd.csv", routes="depot")
        return oral(1.0, 1.5, 25.0, (0.3, 0.3, 0.3), 1.0), data, ()
    if name == "warfarin":
        table = pd.read_csv(SHARED / "data" / "warfarin.csv").rename(columns=str.upper)
        return warfarin_turnover(), individual_data(table, routes="depot", outputs={"cp": "cp", "pca": "pca"}), ()
    model = antibody()
    if name == "antibody-60":
        data = individual_data(SHARED / "data" / "sim_tmdd_qss.csv", routes=Route("Ct", factor="1/V"))
    else:
        data = antibody_data(int(name.partition("-")[2]), model)
    return model.with_values(CL=0.3, V=4.0, R0=1.5), data, ("additive(C)",)


def loop_seconds(name: str) -> float:
    """Return CPU seconds of one run of a loop with SciPy, the mean over a sample of individuals."""
    rng = np.random.default_rng(0)
    begun = time.process_time()
    for _ in range(SAMPLE):
        z = np.exp(rng.standard_normal(3) * 0.3)
        if name == "theophylline":
            ka, k = 1.5 * z[0], 2.75 / 31.8 * z[1]

            def rhs(_: float, y: np.ndarray, ka: float = ka, k: float = k) -> list[float]:
                return [-ka * y[0], ka * y[0] - k * y[1]]

            solve_ivp(rhs, (0, 25), [320.0, 0.0], "LSODA", np.linspace(0, 25, 11), rtol=1e-6, atol=1e-8)
            continue
        if name == "warfarin":
            ktr, cl, ec50 = z

            def turnover(_: float, y: np.ndarray, ktr: float = ktr, cl: float = cl, ec50: float = ec50) -> list[float]:
                cp = y[2] / 8
                rise = 0.053 * 96.7 * (1 - 0.98 * cp / (ec50 + cp))
                return [-ktr * y[0], ktr * y[0] - y[1], y[1] - 0.135 * cl * cp, rise - 0.053 * y[3]]

            solve_ivp(turnover, (0, 144), [100.0, 0, 0, 96.7], "LSODA", np.linspace(0, 144, 16), rtol=1e-6, atol=1e-8)
            continue
        cl, v, r0 = 0.2 * z[0], 3.2 * z[1], 2.0 * z[2]

        def bound(_: float, y: np.ndarray, cl: float = cl, v: float = v, r0: float = r0) -> list[float]:
            free = y[0] - y[2] - 0.8
            c = (free + np.sqrt(free * free + 3.2 * y[0])) / 2
            b = y[2] * c / (0.8 + c)
            return [
                -(cl + 0.4) / v * c + 0.4 / 2.6 * y[1] / v - 0.12 * b,
                0.4 * c - 0.4 / 2.6 * y[1],
                0.8 * r0 - 0.8 * y[2] + 0.68 * b,
            ]

        y = np.array([0.0, 0.0, r0])
        for start, stop in ((0, 28), (28, 56), (56, 112)):
            y[0] += 600 / v
            y = solve_ivp(bound, (start, stop), y, "LSODA", np.linspace(start, stop, 6), rtol=1e-6, atol=1e-8).y[:, -1]
    return (time.process_time() - begun) / SAMPLE


def main(names: list[str]) -> None:
    print(f"{CORES} cores; SAEM of {ITERATIONS[0]} + {ITERATIONS[1]} iterations; 2,000 importance draws an individual")
    heads = f"{'set':16}{'SAEM wall s':>12}{'CPU s':>8}{'runs':>10}{'loop CPU s':>12}{'ratio':>8}"
    print(f"{heads}{'draws CPU s':>13}{'ratio':>8}")
    for name in names or SETS[:4]:
        model, data, fixed = question(name)
        predict = prepared(model, data, (), fixed, 1e-6, "auto")
        one = loop_seconds(name)
        none = Priors(predict.structure, ())
        run_saem(predict, (1, 1), None, 0, none)  # compiles
        runs, wall, cpu = predict.rows_run, time.perf_counter(), time.process_time()
        course = run_saem(predict, ITERATIONS, None, 0, none)
        wall, cpu, runs = time.perf_counter() - wall, time.process_time() - cpu, predict.rows_run - runs
        drawn, before = time.process_time(), predict.rows_run
        if predict.n <= 100:
            likelihood_value(predict, course.point, "importance", draws=2000)
        drawn, draws = time.process_time() - drawn, predict.rows_run - before
        print(
            f"{name:16}{wall:12.1f}{cpu:8.1f}{runs:10d}{one * runs:12.1f}{one * runs / cpu:8.0f}{drawn:13.2f}"
            f"{one * draws / drawn if draws else 0:8.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
