"""Sweep speed on every model of the package, beside SciPy and numbalsoda; writes docs/performance.md.

`python tests/benchmarks/catalogue.py [name ...] [--runs N]`; names print their rows only. One core, runs per second of
CPU time, medians of interleaved repeats, compilation not counted. Every parameter is drawn log-uniform +-30 % around
its value; draws with which a run fails (a solution that ends in a pole, mostly) are counted and left out. 101 outputs
over the horizon of the model; rtol 1e-6. numbalsoda takes one absolute tolerance for all states: the smallest of ours.
"""

# ruff: noqa: E402 (threads are limited before NumPy is loaded, and the checkout is put on the path before immunode)
from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import generated
import peers

from immunode.catalogue import list_models, load_model
from immunode.program.lowering import lower
from immunode.program.numpy.functions import Functions, compile_numpy
from immunode.solve import solve
from immunode.solve.step_size import absolute_tolerance

RTOL = 1e-6
REPEATS, SECONDS = 3, 0.2
PAGE = ROOT / "docs" / "performance.md"


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured of one model: runs per second, nan where a tool can't."""

    name: str
    states: int
    method: str
    compiled: float
    numpy: float
    scipy: float
    peer: float
    note: str

    def text(self) -> str:
        """Return the row of the table."""
        best = np.nanmax([self.scipy, self.peer])
        ratio = f"{self.compiled / best:.1f}x" if np.isfinite(self.compiled) else "-"
        cells = [_digits(v) for v in (self.compiled, self.numpy, self.scipy, self.peer)]
        return f"| `{self.name}` | {self.states} | {self.method} | {' | '.join(cells)} | {ratio} | {self.note} |"


def _digits(speed: float) -> str:
    if not np.isfinite(speed):
        return "-"
    return f"{speed:,.0f}" if speed >= 10 else f"{speed:.2g}"


HEAD = """| model | states | method | compiled | numpy | scipy | numbalsoda | compiled over the fastest peer | note |
|---|---|---|---|---|---|---|---|---|"""


def draw(functions: Functions, n: int) -> peers.Array:
    """Return parameter sets, (n_parameters, n)."""
    values = np.array(functions.program.values)[:, None]
    factor = np.exp(np.random.default_rng(1).uniform(np.log(0.7), np.log(1.3), (len(values), n)))
    return np.asarray(values * factor)


def measure(name: str, runs: int) -> Row:
    """Return the row of a model."""
    model = load_model(name)
    functions = compile_numpy(lower(model))
    program = functions.program
    times = np.linspace(0.0, model.horizon, 101)
    values = draw(functions, runs)
    tools: dict[str, tuple[Callable[[peers.Array], object], int]] = {}
    notes: list[str] = []

    def engine(kind: str) -> Callable[[peers.Array], object]:
        return lambda v: solve(functions, v, times=times, engine=kind, rtol=RTOL)

    batch = solve(functions, values, times=times, engine="compiled", rtol=RTOL)
    kinds, counts = np.unique(batch.methods.astype(str), return_counts=True)
    method, failed = str(kinds[np.argmax(counts)]), float(np.mean(batch.status != 0))
    notes += [f"{failed:.1%} of the draws fail, not measured"] if failed else []
    values = values[:, batch.status == 0]
    tools["compiled"], tools["numpy"] = ((engine(kind), values.shape[1]) for kind in ("compiled", "numpy"))
    tools["scipy"] = (engine("scipy"), 2)
    if program.breaks or program.triggers:
        notes.append("events: no peer")
    elif peers.installed("numbalsoda"):
        run = generated.numbalsoda(functions, times)
        start = functions.initial(functions.parameters(values))
        atol = float(absolute_tolerance(program, start, RTOL, None).min())
        tools["peer"] = (lambda v: run(v, RTOL, atol), min(values.shape[1], 60))
        lost = float(np.isnan(run(values[:, :60], RTOL, atol)).any(axis=(0, 1)).mean())
        notes += [f"numbalsoda fails in {lost:.0%}"] if lost else []
    for tool, (call, n) in tools.items():
        tools[tool] = call, _enough(call, values[:, :n])
    speed: dict[str, list[float]] = {tool: [] for tool in ("compiled", "numpy", "scipy", "peer")}
    for _ in range(REPEATS):
        for tool, (call, n) in tools.items():
            began = time.process_time()
            call(values[:, :n])
            speed[tool].append(n / (time.process_time() - began))
    middle = [float(np.median(found)) if found else np.nan for found in speed.values()]
    return Row(name, len(program.states), method, middle[0], middle[1], middle[2], middle[3], "; ".join(notes))


def _enough(call: Callable[[peers.Array], object], values: peers.Array) -> int:
    """Return how many runs take about a second."""
    n = min(16, values.shape[1])
    call(values[:, :1])
    began = time.process_time()
    call(values[:, :n])
    return int(min(values.shape[1], max(n, int(n * SECONDS / max(time.process_time() - began, 1e-3)))))


@contextmanager
def _silence() -> Iterator[None]:
    """Keep what libraries write to standard error out of the table."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--runs", type=int, default=2000)
    options = parser.parse_args()
    print(HEAD)
    rows = []
    for name in options.names or [entry.name for entry in list_models()]:
        if lower(load_model(name)).delays:
            continue  # no peer that is measured here has them: see delays.py
        with _silence():
            rows.append(measure(name, options.runs))
        print(rows[-1].text(), flush=True)
    if not options.names:
        table = "\n".join([HEAD, *(row.text() for row in rows)]) + "\n"
        text, n = re.subn(rf"{re.escape(HEAD)}\n(\|.*\n)*", lambda _: table, PAGE.read_text())
        assert n == 1, f"{PAGE} has {n} tables of models"
        PAGE.write_text(text)


if __name__ == "__main__":
    main()
