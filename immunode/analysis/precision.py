"""Work and precision: what an error costs in time on this machine, engine by engine, for one model."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from immunode.analysis.sensitivity.responses import SpaceLike, space_of, whole
from immunode.errors import EngineError, SolverError, StudyError, did_you_mean
from immunode.intervention import perturb
from immunode.model import Model
from immunode.program.llvm.compile import available
from immunode.solve import ENGINES, choose_engine, solve
from immunode.study.design.design import sobol
from immunode.study.result.notebook import Tabled
from immunode.study.run.plan import inputs
from immunode.study.run.plan_checks import make_plan
from immunode.study.run.ready import output_times
from immunode.study.run.recipe import model_recipe, versions

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from immunode.program import Functions
    from immunode.solve import Outcome

Array = NDArray[np.float64]
RTOLS = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)
REFERENCE = 1e-12
"""rtol of the reference; it is made again ten times looser to tell how exact it is."""
REFERENCE_RUNS = 8
FLOOR = 1e-3
"""Below this part of a state's size, errors count as absolute ones; default tolerances do the same."""
MOST_STEPS = 2_000_000
POINTS = 101


@dataclass(frozen=True, slots=True)
class WorkPoint:
    """One measurement: a tool at one tolerance.

    Attributes
    ----------
    error : float
        dimensionless, see `work_precision`; NaN where no run with a reference was ok.
    seconds : float
        processor time a run, of all cores together.
    runs : int
        how many were timed.
    failed : int
        of these.
    method : str
        that most runs ended with.
    """

    tool: str
    method: str
    rtol: float
    error: float
    seconds: float
    runs: int
    failed: int


@dataclass(frozen=True, eq=False, repr=False)
class WorkPrecision(Tabled):
    """What an error costs in time, tool by tool; never changes.

    Attributes
    ----------
    who : str
        name of the model.
    points : tuple[WorkPoint, ...]
        by tool, then by rtol, the loosest first.
    floor : float
        median error of the reference itself, from making it again at ten times its rtol.
    reference : str
        how it was made.
    recipe : Mapping[str, Any]
        what was measured, and with what.
    """

    who: str
    points: tuple[WorkPoint, ...]
    floor: float
    reference: str
    recipe: Mapping[str, Any]

    @property
    def tools(self) -> tuple[str, ...]:
        """Names of the tools, in the order in which they were asked for."""
        return tuple(dict.fromkeys(point.tool for point in self.points))

    def table(self) -> pd.DataFrame:
        """Return one row a tool and tolerance: tool, method, rtol, error, seconds (a run), runs, failed."""
        import pandas as pd

        columns = ["tool", "method", "rtol", "error", "seconds", "runs", "failed"]
        return pd.DataFrame([[getattr(p, name) for name in columns] for p in self.points], columns=columns)

    def __repr__(self) -> str:
        from immunode.plot.kit.text import number

        lines = [f"Work and precision of {self.who}: processor time a run at the error reached"]
        for tool in self.tools:
            mine = [p for p in self.points if p.tool == tool]
            methods = ", ".join(dict.fromkeys(p.method for p in mine if p.method not in tool))
            ends = "; ".join(
                f"rtol {p.rtol:.0e}: {p.seconds * 1e6:,.4g} us, error {number(p.error, 2)}"
                for p in (mine[0], mine[-1])[: len(mine)]
            )
            lines.append(f"  {tool}{f' ({methods})' if methods else ''}: {ends}")
            if failed := sum(p.failed for p in mine):
                lines.append(f"    caution: {failed} of {sum(p.runs for p in mine)} runs failed")
        return "\n".join([*lines, f"  reference: {self.reference}, itself exact to about {number(self.floor, 2)}"])

    def plot(self, *, title: str | None = None, style: str = "slide", axes: Any = None) -> Figure:
        """Return the figure of time against error, a line a tool."""
        from immunode.plot.charts.analysis.precision_diagram import work_precision as draw
        from immunode.plot.kit.provenance import remember_recipe

        figure = draw(
            self.table(), floor=self.floor, error_label="error (relative; worst of a run, median of runs)",
            title=f"{self.who}: what precision costs" if title is None else title, style=style, axes=axes,
        )  # fmt: skip
        return remember_recipe(figure, self.recipe)


def work_precision(
    model: Model,
    tools: Sequence[str] | str | None = None,
    *,
    rtols: ArrayLike = RTOLS,
    space: SpaceLike | None = None,
    n: int = 512,
    seconds: float = 0.3,
    interventions: Any = (),
    until: float | str | None = None,
    seed: int = 0,
) -> WorkPrecision:
    """Return error and processor time a run of the engines at hand, over the tolerance, for one model on this machine.

    Error of a run: the worst over 101 output times and all states of |y - reference| / (size/1000 + |reference|), with
    size a state's declared typical size or its largest value in the run; of a point: the median over the runs that
    have a reference (the first 8, or as many as SciPy does in a few seconds). The reference is SciPy's at rtol 1e-12.

    Parameters
    ----------
    tools : Sequence[str] | str | None
        engines, "compiled", "numpy", "scipy", each alone or with a method of its own ("compiled tsit5", "scipy BDF");
        default every engine that is installed and can run the model.
    rtols : array_like
        relative tolerances; the absolute ones follow each state's scale, as everywhere.
    space, seed
        ranges to draw parameter sets from (as in `sobol_indices`; default all parameters), and the draw.
    n : int
        most runs; a tool gets as many of them as it does in about `seconds` of processor time at the loosest tolerance
        (at least one), and the quickest of up to three repeats counts. Compilation is not counted.
    interventions, until
        as in `simulate`.

    Raises
    ------
    StudyError
        a tolerance, number or name that can't be.
    EngineError
        an unknown engine or method, or one that can't run this model.
    SolverError
        the reference can't be computed.
    """
    if not isinstance(model, Model):
        raise StudyError(f"work_precision: expected a model such as im.load_model(...), got {model!r}")
    try:
        grid = np.unique(np.asarray(rtols, float).ravel())[::-1]
    except (TypeError, ValueError):
        raise StudyError(f"{model.name}: work_precision: rtols must be numbers, got {rtols!r}") from None
    if not grid.size or not np.all((grid >= 10 * REFERENCE) & (grid < 1)):
        raise StudyError(f"{model.name}: work_precision: rtols must lie from {10 * REFERENCE:g} to below 1")
    if not (np.isfinite(seconds) and seconds > 0):
        raise StudyError(f"{model.name}: work_precision: seconds must be above 0, got {seconds!r}")
    work = _Work.of(model, interventions, space, whole("work_precision", "n", n, 1), until, seed)
    chosen = _tools(work, tools)
    for tool in chosen:  # compiles, and finds out what can't be before anything is measured
        work.run(tool, grid[0], 1)
    expected, floor, how = _reference(work, 10 * seconds)
    points = tuple(point for tool in chosen for point in _line(work, tool, grid, expected, seconds))
    recipe = _recipe(work, chosen, grid, seed, seconds, points)
    return WorkPrecision(model.label, points, floor, how, recipe)


@dataclass(frozen=True, slots=True)
class _Work:
    """Runs to be made. values : shape (n_values, n); initial : (n_states, n) or None; times : (n_times,)."""

    model: Model
    functions: Functions
    values: Array
    initial: Array | None
    times: Array
    drawn: str

    @classmethod
    def of(cls, model: Model, interventions: Any, space: SpaceLike | None, n: int, until: Any, seed: int) -> _Work:
        """Return the runs of Sobol points of a space, under interventions."""
        given = (
            [interventions]
            if isinstance(interventions, str) or not isinstance(interventions, Iterable)
            else interventions
        )
        perturbed = perturb(model, *given) if given else model
        if not perturbed.states:
            raise StudyError(f"{model.name}: it has no states, so there is nothing to integrate")
        # Sobol points come in powers of two
        design = sobol(space_of(space, perturbed), 1 << (n - 1).bit_length(), seed=seed)
        times = output_times(perturbed, until, None, POINTS)
        options = {"engine": "auto", "method": "auto", "rtol": 1e-6, "atol": None}
        first = f"final({perturbed.states[0].name})"
        plan = make_plan(perturbed, design, None, times, None, first, "endpoints", None, None, seed, options)
        (arm,) = plan.arms
        values, initial = inputs(plan, arm, np.arange(n))
        return cls(perturbed, arm.functions, values, initial, times, design.recipe)

    def run(self, tool: str, rtol: float, n: int) -> tuple[Outcome, float]:
        """Return the first `n` runs by a tool, and the processor time they took in seconds."""
        engine, _, method = tool.partition(" ")
        initial = None if self.initial is None else self.initial[:, :n]
        values = np.ascontiguousarray(self.values[:, :n])
        began = time.process_time()
        batch = solve(
            self.functions, values, times=self.times, initial=initial, engine=engine, method=method or "auto",
            rtol=rtol, max_steps=MOST_STEPS,
        )  # fmt: skip
        return batch, max(time.process_time() - began, 1e-9)


def _tools(work: _Work, tools: Sequence[str] | str | None) -> tuple[str, ...]:
    """Return the tools, checked."""
    engines = ENGINES[1:]
    if tools is None:
        return ("scipy", *(e for e in ("numpy", "compiled") if e != "compiled" or available()))
    chosen = (tools,) if isinstance(tools, str) else tuple(dict.fromkeys(" ".join(tool.split()) for tool in tools))
    if not chosen:
        raise StudyError(f"{work.model.name}: work_precision: no tool to measure; leave out tools for all engines")
    for tool in chosen:
        engine = tool.partition(" ")[0]
        if engine not in engines:
            raise EngineError(f"{work.model.name}: unknown engine '{engine}'{did_you_mean(engine, engines)}")
        choose_engine(work.functions, 1, engine)
    return chosen


def _reference(work: _Work, most: float) -> tuple[Array, float, str]:
    """Return accurate states (n_times, n_states, n_runs), NaN where there are none, their error, and the method.

    most : about the processor time that it may take, in seconds.
    """
    exact: list[Array] = []
    moved: list[float] = []
    began = time.process_time()
    fine, message = None, ""
    while len(exact) < min(REFERENCE_RUNS, work.values.shape[1]) and (not exact or time.process_time() - began < most):
        one = _column(work, len(exact))
        fine, _ = one.run("scipy", REFERENCE, 1)
        message = fine.reasons.get(0, message)
        loose, _ = one.run("scipy", 10 * REFERENCE, 1)
        exact.append(fine.y if fine.status[0] == 0 else np.full_like(fine.y, np.nan))
        moved.append(float(_error(work, loose.y, exact[-1])[0]))
    expected = np.concatenate(exact, axis=2)
    if not np.isfinite(expected).all(axis=(0, 1)).any() or fine is None:
        raise SolverError(f"no reference at rtol {REFERENCE:g}: {message}")
    good = np.isfinite(moved)
    floor = float(np.median(np.asarray(moved)[good])) if good.any() else float("nan")
    return expected, floor, f"SciPy {fine.methods[0]} at rtol {REFERENCE:g}, {len(exact)} run{'s' * (len(exact) > 1)}"


def _column(work: _Work, i: int) -> _Work:
    """Return the work of one run."""
    initial = None if work.initial is None else work.initial[:, i : i + 1]
    return _Work(
        model=work.model,
        functions=work.functions,
        values=work.values[:, i : i + 1],
        initial=initial,
        times=work.times,
        drawn=work.drawn,
    )


def _line(work: _Work, tool: str, rtols: Array, expected: Array, most: float) -> list[WorkPoint]:
    """Return what one tool needs at each tolerance, always on the same runs.

    most : about the processor time that all runs may take at the first tolerance, in seconds.
    """
    together = not tool.startswith("scipy")
    runs, n = 1, work.values.shape[1]
    _, taken = work.run(tool, rtols[0], runs)
    before = np.inf if together else 0.0
    # a block costs much the same for one run as for many: it grows as long as that is so
    while runs < n and (taken < most / 4 or taken < 1.5 * before):
        before = taken if together else 0.0
        runs = min((8 if together else 2) * runs, n)
        _, taken = work.run(tool, rtols[0], runs)
    return [_measure(work, tool, float(rtol), expected, runs, most) for rtol in rtols]


def _measure(work: _Work, tool: str, rtol: float, expected: Array, runs: int, most: float) -> WorkPoint:
    """Return what one tool needs at one tolerance."""
    if tool.startswith("compiled"):
        work.run(tool, rtol, runs)  # another tolerance may take another method, which is compiled here
    batch, best = work.run(tool, rtol, runs)
    spent = best
    for _ in range(2):
        if spent + best > 2 * most:
            break
        batch, taken = work.run(tool, rtol, runs)
        spent, best = spent + taken, min(best, taken)
    errors = _error(work, batch.y, expected)
    good = np.isfinite(errors)
    names, counts = np.unique(batch.methods.astype(str), return_counts=True)
    error = float(np.median(errors[good])) if good.any() else float("nan")
    failed = int((batch.status != 0).sum())
    return WorkPoint(
        tool=tool,
        method=str(names[np.argmax(counts)]),
        rtol=rtol,
        error=error,
        seconds=best / runs,
        runs=runs,
        failed=failed,
    )


def _error(work: _Work, y: Array, expected: Array) -> Array:
    """Return the error of each run that has a reference, shape (n,); NaN where either failed."""
    n = min(y.shape[2], expected.shape[2])
    y, expected = y[..., :n], expected[..., :n]
    typical = np.asarray(work.functions.program.typical, float)[:, None]
    size = np.where(typical > 0, typical, np.abs(expected).max(axis=0))
    scale = FLOOR * size + np.abs(expected)
    return np.asarray(np.max(np.abs(y - expected) / np.where(scale > 0, scale, 1.0), axis=(0, 1)))


def _recipe(
    work: _Work, tools: Sequence[str], rtols: Array, seed: int, seconds: float, points: Sequence[WorkPoint]
) -> dict[str, Any]:
    import os
    import platform

    return {
        "model": model_recipe(work.model, work.functions.program.key),
        "measured": "work and precision",
        "tools": list(tools),
        "rtols": rtols.tolist(),
        "until": float(work.times[-1]),
        "design": work.drawn,
        "seed": seed,
        "seconds": seconds,
        "most_runs": max(point.runs for point in points),
        "machine": {"processor": platform.processor() or platform.machine(), "cores": os.cpu_count()},
        "versions": versions(),
    }
