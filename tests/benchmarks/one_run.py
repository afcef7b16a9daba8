"""How long one warm `simulate` takes, in milliseconds of CPU, beside RoadRunner: medians of interleaved runs.

    python tests/benchmarks/one_run.py [MODEL ...]

Errors are |y - reference| / (1e-3 * largest + |reference|), the worst over states and outputs, against rtol 1e-11.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import immunode as im

POINTS, ROUNDS, REPEATS = 401, 11, 5
USUAL = ("kuznetsov1994", "hancioglu2007", "smith2011")


def roadrunner(model: Any, rtol: float) -> Callable[[], Any] | None:
    """Return what RoadRunner computes of a model at a relative tolerance, (n_times, n_states); None if it is absent."""
    try:
        import roadrunner as rr
    except ImportError:
        return None
    rr.Logger.setLevel(rr.Logger.LOG_FATAL)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.xml"
        im.io.write_sbml(model, path)
        runner = rr.RoadRunner(path.read_text(encoding="utf-8"))
    runner.integrator.relative_tolerance, runner.integrator.absolute_tolerance = rtol, rtol * 1e-3
    names = [s.name for s in model.states]
    runner.timeCourseSelections = [f"[{n}]" if f"[{n}]" in runner.timeCourseSelections else n for n in names]

    def run() -> Any:
        runner.resetAll()
        return np.array(runner.simulate(0, float(model.horizon), POINTS))

    return run


def compared(name: str) -> None:
    """Print one line a tool."""
    model = im.load_model(name)
    states = [s.name for s in model.states]
    exact = im.simulate(model, engine="compiled", rtol=1e-11)
    reference = np.stack([exact[s] for s in states], axis=1)
    scale = 1e-3 * np.abs(reference).max(axis=0) + np.abs(reference)

    def ours(engine: str) -> Callable[[], Any]:
        def run() -> Any:
            one = im.simulate(model, engine=engine)
            return np.stack([one[s] for s in states], axis=1)

        return run

    tools = {engine: ours(engine) for engine in ("auto", "compiled")}
    # 1e-6 is RoadRunner's own default; at 1e-7 and 1e-8 its error comes near ours
    for rtol in (1e-6, 1e-7, 1e-8):
        peer = roadrunner(model, rtol)
        if peer is not None:
            tools[f"roadrunner {rtol:g}"] = peer
    spent: dict[str, list[float]] = {tool: [] for tool in tools}
    errors = {tool: float(np.max(np.abs(run() - reference) / scale)) for tool, run in tools.items()}
    for _ in range(ROUNDS):
        for tool, run in tools.items():
            begun = time.process_time()
            for _ in range(REPEATS):
                run()
            spent[tool].append(1e3 * (time.process_time() - begun) / REPEATS)
    for tool in tools:
        print(f"{name:16} {tool:16} {np.median(spent[tool]):8.2f} ms   error {errors[tool]:.1e}", flush=True)


if __name__ == "__main__":
    for given in sys.argv[1:] or USUAL:
        compared(given)
