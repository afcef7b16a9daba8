"""Why two runs differ: the difference of a state, split exactly into integrated fluxes, jumps and starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.errors import SolverError, StudyError, did_you_mean
from immunode.language.evaluation import evaluate
from immunode.language.expression import names as names_in
from immunode.language.expression import parse, parse_arrow
from immunode.model import Model, State
from immunode.model.views.words import arm_labels, name_labels, spaced
from immunode.solve import Status, solve
from immunode.study.arms import CONTROL
from immunode.study.endpoints.endpoint import time_words
from immunode.study.result.marks import times_until
from immunode.study.result.notebook import Tabled
from immunode.study.result.simulation import Simulation
from immunode.study.run.ready import Ready, begin, make_ready, meanings, model_time

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from immunode.program import Functions

Array = NDArray[np.float64]
POINTS = 201
"""Times of the course of the terms."""
CAVEATS = (
    "this is bookkeeping, not a cause: a flux may differ because something upstream does",
    "terms of opposite sign may be large and cancel; what counts is their sum",
)


@dataclass(frozen=True, eq=False, repr=False)
class Explanation(Tabled):
    """The difference of a state between two runs, second minus first, as a sum of terms; never changes.

    Attributes
    ----------
    state, unit : str
        what is explained.
    arms : tuple[str, str]
        names of both runs.
    time : float
        at which, in `time_unit`.
    values : tuple[float, float]
        the state there in both runs.
    terms : tuple[str, ...]
        names: "start", processes, then "jump: ..." and "extinction" where there are such.
    meanings : tuple[str, ...]
        in words.
    words : Mapping[str, str]
        state, process or arm -> what figures call it, where they do.
    first, second : ndarray
        shape (n_terms,), what each brought to the state up to `time`, in its unit.
    times, course : ndarray
        shape (n_times,), and the terms' differences up to each, (n_terms, n_times).
    remainder : float
        difference of the state minus the sum of terms: what rounding leaves.
    """

    who: str
    state: str
    unit: str
    time: float
    time_unit: str
    arms: tuple[str, str]
    values: tuple[float, float]
    terms: tuple[str, ...]
    meanings: tuple[str, ...]
    first: Array
    second: Array
    times: Array
    course: Array
    remainder: float
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def differences(self) -> Array:
        """What each term brings to the difference, shape (n_terms,), in the state's unit."""
        return self.second - self.first

    @property
    def difference(self) -> float:
        """The difference of the state, second minus first, in its unit."""
        return self.values[1] - self.values[0]

    def table(self) -> pd.DataFrame:
        """Return one row a term, largest first: what it brought in each run, the difference, its share of the whole.

        Shares add up to 1; they may be negative or above 1. NaN where the runs do not differ.
        """
        import pandas as pd

        whole = self.difference if self.difference != 0 else np.nan
        frame = pd.DataFrame(
            {
                "term": self.terms,
                self.arms[0]: self.first,
                self.arms[1]: self.second,
                "difference": self.differences,
                "share": self.differences / whole,
                "meaning": self.meanings,
            }
        )
        return frame.iloc[np.argsort(-np.abs(self.differences), kind="stable")].reset_index(drop=True)

    def __repr__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        when = f"{self.time:g} {self.time_unit}".rstrip()
        values = f"{self.values[1]:.6g} ({self.arms[1]}) and not {self.values[0]:.6g} ({self.arms[0]})"
        lines = [f"{self.who}: why {self.state} at {when} is {values}: difference {self.difference:+.6g}{unit}"]
        order = np.argsort(-np.abs(self.differences), kind="stable")
        wide = max(len(self.terms[i]) for i in order)
        for i in order:
            meaning = f"  {self.meanings[i]}" if self.meanings[i] else ""
            lines.append(f"  {self.terms[i]:<{wide}}  {self.differences[i]:+12.6g}{meaning}")
        lines.append(f"  {'sum':<{wide}}  {float(self.differences.sum()):+12.6g}  (remainder {self.remainder:.1e})")
        return "\n".join([*lines, *(f"  caveat: {text}" for text in CAVEATS)])

    def plot(
        self, kind: str = "bars", *, top: int = 12, title: str | None = None, style: str = "slide", axes: Any = None
    ) -> Figure:
        """Return a figure: "bars" (the terms at the end, and their sum) or "course" (the terms over time).

        Raises
        ------
        StudyError
            an unknown kind.
        """
        from immunode.plot.charts.analysis import differences as draw

        if kind not in ("bars", "course"):
            raise StudyError(f"explain: unknown plot '{kind}'{did_you_mean(kind, ('bars', 'course'))}")
        order = np.argsort(-np.abs(self.differences), kind="stable")
        order = np.array([i for i in order if np.any(self.course[i])] or [int(order[0])])
        shown, rest = order[:top], order[top:]
        names = [self.words.get(self.terms[i], self.terms[i]) for i in shown]
        course = self.course[shown]
        if len(rest):
            names.append(f"{len(rest)} others")
            course = np.vstack([course, self.course[rest].sum(axis=0)])
        arms, state = [self.words.get(arm, arm) for arm in self.arms], self.words.get(self.state, self.state)
        name = f"{self.who}: {state}, {arms[1]} minus {arms[0]}" if title is None else title
        if kind == "course":
            return draw.difference_courses(
                self.times, course, names=names, label=state, unit=self.unit, time_unit=self.time_unit, title=name,
                style=style, axes=axes,
            )  # fmt: skip
        return draw.difference_bars(
            course[:, -1], names=names, total=self.difference,
            label=f"difference of {state} at {time_words(self.time, self.time_unit)}",
            unit=self.unit, note=CAVEATS[0], title=name, style=style, axes=axes,
        )  # fmt: skip


def explain(first: Simulation, second: Simulation, state: str, at: float | str | None = None) -> Explanation:
    """Return why a state differs between two runs: second minus first, as integrated fluxes, jumps and starts.

    `runs = im.simulate(model, arms=[...]); im.treatments.explain(runs["control"], runs["anti_tnf"], "tnf")`

    Both runs are made once more with the integral of every process that moves the state as a state of its own, so that
    start + fluxes + jumps add up to the state, and the terms to the difference, up to rounding. What an intervention
    puts in or takes out is a term of its own.

    Parameters
    ----------
    state : str
        one of both models' states.
    at : float | str | None
        model time or text such as "24 weeks"; default the earlier end.

    Raises
    ------
    StudyError
        not a state, a time outside the runs, runs of different models.
    SolverError
        a run fails this time.
    """
    for run in (first, second):
        if not isinstance(run, Simulation):
            raise StudyError(
                f"explain: it needs two runs of simulate, such as runs['control'], got {type(run).__name__}"
            )
    if first.model.name != second.model.name or first.model.time_unit != second.model.time_unit:
        raise StudyError(f"explain: runs of different models, {first.model.name} and {second.model.name}")
    end = float(min(first.times[-1], second.times[-1]))
    time = end if at is None else model_time(first.model, at, "explain, at")
    if not 0 < time <= end:
        raise StudyError(f"{first.model.name}: explain at {time:g} lies outside the runs, which end at {end:g}")
    times = np.linspace(0.0, time, POINTS)
    one, two = _balance(first, state, times), _balance(second, state, times)
    terms = tuple(dict.fromkeys([*one.terms, *two.terms]))
    jumps = [t for t in terms if t.startswith("jump: ")]
    terms = (*(t for t in terms if t not in jumps and t != EXTINCTION), *jumps, *(t for t in terms if t == EXTINCTION))
    nothing = np.zeros(POINTS)
    a, b = (np.array([run.terms.get(t, nothing) for t in terms]) for run in (one, two))
    record = _state(first.model, state)
    words = {"start": "initial value", EXTINCTION: "set to 0 below its threshold"}
    words = {**meanings(second.model), **meanings(first.model), **words}
    values = (float(one.values[-1]), float(two.values[-1]))
    remainder = values[1] - values[0] - float(b[:, -1].sum() - a[:, -1].sum())
    arms = (_arm(first), _arm(second))
    arms = arms if arms[0] != arms[1] else (f"{arms[0]}, first", f"{arms[1]}, second")
    return Explanation(
        who=first.model.label,
        state=state,
        unit=record.unit,
        time=time,
        time_unit=first.model.time_unit,
        arms=arms,
        values=values,
        terms=terms,
        meanings=tuple(words.get(t, "") for t in terms),
        first=a[:, -1],
        second=b[:, -1],
        times=times,
        course=b - a,
        remainder=remainder,
        words=_called(second.model, terms) | _called(first.model, terms) | arm_labels(first.model, arms),
    )


def _called(model: Model, terms: Sequence[str]) -> dict[str, str]:
    """Return what states and terms are called: a jump after the intervention or event that makes it."""
    labels = name_labels(model)
    jumps = [term for term in terms if term.startswith("jump: ")]
    names = {term: term.removeprefix("jump: ") for term in jumps}
    said = {"start": "initial value", EXTINCTION: "set to 0 below its threshold"}
    return labels | {term: labels.get(name, spaced(name)) for term, name in names.items()} | said


EXTINCTION = "extinction"


@dataclass(frozen=True, slots=True)
class _Balance:
    """One run's account. values : shape (n_times,).   terms : name -> shape (n_times,), adding up to the values."""

    values: Array
    terms: dict[str, Array]


def _balance(run: Simulation, state: str, times: Array) -> _Balance:
    model = run.model
    record = _state(model, state)
    moves = _moves(model, state)
    ready = make_ready(model, tuple(moves))
    program = ready.functions.program
    row = program.states.index(state)
    values, given = begin(ready, run.recipe.get("initial", {}))
    with np.errstate(all="ignore"):
        start = np.asarray(ready.functions.initial(ready.functions.parameters(values)), float)[:, :1].copy()
    if given is not None:
        start = np.where(np.isnan(given), start, given)
    jumps: list[tuple[float, float]] = []

    def heard(lanes: Any, t: Any, before: Array, after: Array, p: Array) -> None:
        sizes = after[row] - before[row]
        times = np.broadcast_to(np.asarray(t, float), sizes.shape)
        jumps.extend((time, size) for time, size in zip(times.tolist(), sizes.tolist(), strict=True) if size)

    y = _solve(run, ready, values, given, times, start, row, heard)
    volume = _volume(model, record, ready.functions, values)
    terms = {"start": np.full(len(times), start[row, 0])}
    for name, count in moves.items():
        terms[name] = count * y[:, program.states.index(f"integral({name})")] / volume
    for name, when, size in _named(ready, values, state, jumps, float(times[-1])):
        terms[name] = terms.get(name, np.zeros(len(times))) + np.where(times >= when, size, 0.0)
    if record.extinct_below > 0:
        left = y[:, row] - np.sum(list(terms.values()), axis=0)
        if np.abs(left).max() > 1e-9 * max(np.abs(y[:, row]).max(), record.extinct_below):
            terms[EXTINCTION] = left
    return _Balance(y[:, row], terms)


def _solve(
    run: Simulation, ready: Ready, values: Array, given: Array | None, times: Array, start: Array, row: int, heard: Any
) -> Array:
    """Return states and integrals at `times`, shape (n_times, n_states)."""
    program, recipe = ready.functions.program, run.recipe
    rtol = float(recipe.get("rtol", 1e-6))
    typical = np.asarray(program.typical, float)
    scale = np.where(typical > 0, typical, np.maximum(np.abs(start[:, 0]), 1e-6))
    n = len(run.model.states)
    scale[n:] = scale[row]  # an integral is as exact as the state that it explains
    batch = solve(
        ready.functions, values, times=times, initial=given, engine=str(recipe.get("engine", "scipy")),
        method=str(recipe.get("method", "auto")), rtol=rtol, atol=1e-3 * rtol * scale, on_jump=heard,
    )  # fmt: skip
    if batch.status[0] != Status.OK:
        raise SolverError(f"explain: {program.name}: {batch.reasons[0]}")
    return np.asarray(batch.y[:, :, 0])


def _state(model: Model, name: str) -> State:
    states = {s.name: s for s in model.states}
    if name in states:
        return states[name]
    derived = {d.name: d.expression for d in model.derived}
    if name in derived:
        inside = [n for n in sorted(names_in(parse(derived[name]))) if n in states]
        hint = f"; it is computed from {', '.join(inside)}: explain one of these" if inside else ""
        raise StudyError(f"{model.name}: explain needs a state, and '{name}' is a derived quantity{hint}")
    raise StudyError(f"{model.name}: explain: unknown state '{name}'{did_you_mean(name, states)}")


def _moves(model: Model, state: str) -> dict[str, float]:
    """Return process -> what it adds to the state for each unit of its flux, where that is not 0."""
    moves: dict[str, float] = {}
    for process in model.processes:
        taken, produced = parse_arrow(process.arrow)
        net = sum(c for n, c in produced if n == state) - sum(c for n, c in taken if n == state)
        if net:
            moves[process.name] = float(net)
    return moves


def _volume(model: Model, record: State, functions: Functions, values: Array) -> float:
    """Return what a state's fluxes are divided by: the volume of its compartment, or 1."""
    if not record.compartment or record.amount:
        return 1.0
    volume = next(c.volume for c in model.compartments if c.name == record.compartment)
    if not isinstance(volume, str):
        return float(volume)

    known = dict(zip(functions.program.parameters, values[:, 0].tolist(), strict=False))
    inside = names_in(parse(volume))
    moving = sorted(inside - known.keys()) + [e.target for e in model.effects if e.target in inside]
    if moving:
        raise StudyError(f"{model.name}: the volume of '{record.compartment}' changes with '{moving[0]}'")
    return float(evaluate(parse(volume), known))


def _named(
    ready: Ready, values: Array, state: str, jumps: Sequence[tuple[float, float]], end: float
) -> list[tuple[str, float, float]]:
    """Return (name, time, size) of every jump; its name says whose event it is."""
    functions = ready.functions
    program, row = functions.program, functions.program.states.index(state)
    with np.errstate(all="ignore"):
        first, every, count = functions.break_times(functions.parameters(values))
    owners: list[tuple[str, Array]] = []
    for i, known in enumerate(program.breaks):
        if any(change.kind == "state" and change.index == row for change in known.changes):
            times = times_until(first[i, 0], every[i, 0], count[i, 0], end + 1e-9 * max(end, 1.0))
            owners.append((_owner(ready.model, known.name), times))
    sensed = [
        _owner(ready.model, t.name)
        for t in program.triggers
        if any(change.kind == "state" and change.index == row for change in t.changes)
    ]
    found = []
    for when, size in jumps:
        near = [name for name, times in owners if np.any(np.abs(times - when) <= 1e-9 * max(end, 1.0))]
        found.append(("jump: " + (" + ".join(dict.fromkeys(near or sensed)) or "event"), when, size))
    return found


def _owner(model: Model, event: str) -> str:
    owner = event.partition(".")[0]
    return owner if owner in model.applied else event


def _arm(run: Simulation) -> str:
    return " + ".join(run.model.applied) or CONTROL
