"""Error against time of all engines and the peers installed: `python tests/benchmarks/work_precision.py [tool ...]`.

Writes docs/images/work_precision.png, .svg and .csv. Named tools are measured anew and the others read from the table;
`none` draws the table as it is. One core; time is CPU time a run, compilation not counted; error is
|y - reference| / (1e-3 + |reference|), the worst over outputs and states of a run, then the median over runs.
"""

# ruff: noqa: E402 (threads are limited before NumPy is loaded, and the checkout is put on the path before immunode)
from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import peers
from sweep import ours, reference, worst

from immunode.program.llvm.compile import available
from models import WORKS, Work

TOLERANCES = [10.0**-k for k in range(3, 11)]
TITLES = {"A": "Two-state tumor model, not stiff", "B": "Twelve-state cytokine network, stiff"}
PICTURE = ROOT / "docs" / "images" / "work_precision.png"
COLUMNS = ["model", "tool", "rtol", "error", "seconds"]
Table = pd.DataFrame


def tools(work: Work) -> Iterator[tuple[str, peers.Run, int]]:
    """Yield name, run and number of runs of every tool that is there."""
    small = work.key == "A"
    if available():
        yield "compiled", ours("compiled")(work), 512
    yield "numpy", ours("numpy")(work), 512
    if peers.installed("numbalsoda"):
        yield "numbalsoda", peers.numbalsoda(work), 100 if small else 16
    if peers.installed("sksundae"):
        yield "CVODE (sksundae)", peers.cvode(work), 16 if small else 4
    yield "scipy engine", ours("scipy")(work), 8 if small else 3
    yield "solve_ivp LSODA", peers.solve_ivp(work), 8 if small else 3


def measure(key: str, work: Work, chosen: list[str]) -> Table:
    """Return one row for every tool and tolerance."""
    values, expected = work.values(512), reference(work)
    rows = []
    for name, run, n in tools(work):
        if chosen and name not in chosen:
            continue
        for rtol in TOLERANCES:
            # compiles, and finds out which method to start with
            run(values[:, :1], rtol, rtol * 1e-3)
            began = time.process_time()
            y = run(values[:, :n], rtol, rtol * 1e-3)
            taken = (time.process_time() - began) / n
            error = float(np.median(worst(y, expected)))
            rows.append((TITLES[key], name, rtol, error, taken))
            print(f"{key} {name:<22} rtol {rtol:.0e}  error {error:.1e}  {taken * 1e6:10.1f} us a run", flush=True)
    return pd.DataFrame(rows, columns=COLUMNS)


def draw(table: Table) -> None:
    """Draw the picture with the figure of the package."""
    import matplotlib

    matplotlib.use("Agg")
    from immunode.plot import save, work_precision

    figure = work_precision(
        table, title="What precision costs", error_label="error (relative; worst of a run, median of runs)"
    )
    for kind in ("png", "svg"):
        save(
            figure, PICTURE.with_suffix(f".{kind}"), script="", metadata={"note": "tests/benchmarks/work_precision.py"}
        )


def main(chosen: list[str]) -> None:
    """Measure what was asked for, write the table and draw it."""
    file = PICTURE.with_suffix(".csv")
    before = pd.read_csv(file) if chosen and file.exists() else Table(columns=COLUMNS)
    made = [measure(key, make(), chosen) for key, make in WORKS.items() if chosen != ["none"]]
    if made:
        new = pd.concat(made, ignore_index=True)
        kept = before[~before["tool"].isin(new["tool"])]
        before = pd.concat([part for part in (kept, new) if len(part)], ignore_index=True)
    before = before.sort_values("model", ascending=False, kind="stable")
    before.to_csv(file, index=False, float_format="%.4g")
    draw(before)


if __name__ == "__main__":
    main(sys.argv[1:])
