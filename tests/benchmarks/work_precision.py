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

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import peers
from sweep import ours, reference, worst

from immunode.program.llvm_compile import available
from models import WORKS, Work

TOLERANCES = [10.0**-k for k in range(3, 11)]
COLORS = {
    "compiled": "#0072B2", "numpy": "#56B4E9", "numbalsoda": "#D55E00", "CVODE (sksundae)": "#009E73",
    "solve_ivp LSODA": "#555555", "scipy engine": "#CC79A7",
}  # fmt: skip
TABLE = ROOT / "docs" / "images" / "work_precision.csv"
Curve = list[tuple[float, float]]


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


def curves(work: Work, chosen: list[str]) -> dict[str, Curve]:
    """Return (error, seconds a run) of every tool and tolerance."""
    values, expected = work.values(512), reference(work)
    found: dict[str, Curve] = {}
    for name, run, n in tools(work):
        if chosen and name not in chosen:
            continue
        found[name] = []
        for rtol in TOLERANCES:
            # compiles, and finds out which method to start with
            run(values[:, :1], rtol, rtol * 1e-3)
            began = time.process_time()
            y = run(values[:, :n], rtol, rtol * 1e-3)
            taken = (time.process_time() - began) / n
            error = float(np.median(worst(y, expected)))
            if np.isfinite(error):
                found[name].append((error, taken))
            print(f"{work.key} {name:<22} rtol {rtol:.0e}  error {error:.1e}  {taken * 1e6:10.1f} us a run", flush=True)
    return found


def read() -> dict[str, dict[str, Curve]]:
    """Return what was measured before."""
    found: dict[str, dict[str, Curve]] = {key: {} for key in WORKS}
    if TABLE.exists():
        for line in TABLE.read_text().splitlines()[1:]:
            key, name, error, taken = line.split(",")
            found[key].setdefault(name, []).append((float(error), float(taken)))
    return found


def write(panels: dict[str, dict[str, Curve]]) -> None:
    """Write the table."""
    lines = ["work,tool,error,seconds_per_run"]
    for key, found in panels.items():
        lines += [f"{key},{name},{e:.3e},{s:.4e}" for name, curve in found.items() for e, s in curve]
    TABLE.write_text("\n".join(lines) + "\n")


def draw(panels: dict[str, dict[str, Curve]]) -> None:
    """Draw the picture."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.rcParams |= {"font.size": 14, "axes.spines.top": False, "axes.spines.right": False, "svg.hashsalt": "immunode"}
    titles = {"A": "Two-state tumor model, not stiff", "B": "Twelve-state cytokine network, stiff"}
    figure, axes = plt.subplots(1, len(panels), figsize=(13.3, 6.4), sharey=True, squeeze=False, layout="constrained")
    for axis, (key, found) in zip(axes[0], panels.items(), strict=True):
        ends = {}
        for name, curve in found.items():
            error, taken = np.array(curve).T
            wide = 3.0 if name == "compiled" else 1.8
            axis.loglog(error, taken * 1e6, "o-", color=COLORS[name], linewidth=wide, markersize=5)
            last = int(np.argmin(error))
            ends[name] = (error[last], taken[last] * 1e6)
        _label(axis, ends)
        axis.set_title(titles[key], loc="left", fontsize=15)
        axis.set_xlabel("error (relative, worst of a run; median of runs)")
        axis.set_xlim(1.0, 1e-15)
        axis.set_xticks([10.0**-k for k in range(0, 11, 2)])
        axis.grid(True, which="major", color="#dddddd", linewidth=0.7)
    axes[0][0].set_ylabel("processor time a run (µs)")
    folder = ROOT / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    for kind in ("png", "svg"):
        figure.savefig(folder / f"work_precision.{kind}", dpi=150, metadata={"Date": None} if kind == "svg" else None)


def _label(axis: object, ends: dict[str, tuple[float, float]]) -> None:
    """Write names beside the ends of curves, apart from one another."""
    before = 0.0
    for name, (x, y) in sorted(ends.items(), key=lambda item: item[1][1]):
        before = max(y, before * 1.75)
        axis.annotate(  # type: ignore[attr-defined]
            name, (x, y), (min(x, 1e-9) / 4.0, before), color=COLORS[name], va="center", fontsize=12.5,
            fontweight="bold" if name == "compiled" else "normal",
        )  # fmt: skip


if __name__ == "__main__":
    chosen = sys.argv[1:]
    panels = read() if chosen else {key: {} for key in WORKS}
    for key, make in WORKS.items() if chosen != ["none"] else ():
        panels[key] |= curves(make(), chosen)
    write(panels)
    draw(panels)
