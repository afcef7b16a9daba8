"""Pulses of rates that runs may have passed over: their steps were longer than the pulse, where it lies."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.language.expression import names as expression_names
from immunode.language.expression import parse
from immunode.model import Model, State, Switch
from immunode.model.views.pulses import Pulse, described, narrow_pulses, rounded_down, timed_rates
from immunode.solve.tape import StepListener, Steps

if TYPE_CHECKING:
    from immunode.program import Functions

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]
LOOKED_AT = 64
"""Draws of a design that are looked at where it changes what the pulses rest on; else all are."""
INSIDE = 0.25
"""Part of a pulse's width that a step has to hold on both sides of its top: at its ends solvers look."""
WIDEST = 0.1
"""Part of the horizon up to which pulses are compared with steps: single steps may be longer than that."""
_EXTREMES = 4
"""Rows of a design in which pulses are looked for at most before it runs."""
_MARK = "\npassed over: "


@dataclass(frozen=True, slots=True)
class Passage:
    """How often a process's pulses may have been passed over.

    runs : in which that was so.   time, width, step : of the narrowest pulse in them, and the step that went over it.
    """

    runs: int
    time: float
    width: float
    step: float


@dataclass(frozen=True, slots=True)
class Passed:
    """What steps may have passed over. looked_at : good runs whose steps were compared.   by : process -> how often."""

    looked_at: int
    by: Mapping[str, Passage]

    def plain(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"looked at": self.looked_at, "processes": {name: asdict(one) for name, one in self.by.items()}}

    @staticmethod
    def of(told: Mapping[str, Any]) -> Passed:
        """Return what `plain` told."""
        return Passed(int(told["looked at"]), {name: Passage(**one) for name, one in told["processes"].items()})


def together(parts: Iterable[Passed]) -> Passed | None:
    """Return what several parts of an arm passed over, or None where there is no part."""
    found = list(parts)
    by: dict[str, Passage] = {}
    for part in found:
        for name, one in part.by.items():
            most = min((by.get(name, one), one), key=lambda p: p.width)
            runs = one.runs + (by[name].runs if name in by else 0)
            by[name] = Passage(runs, most.time, most.width, most.step)
    return Passed(sum(part.looked_at for part in found), by) if found else None


def remarks(passed: Passed, model: Model, n_runs: int, arm: str = "") -> list[str]:
    """Return what to tell, a line a process. n_runs : of the arm.   arm : to be named, "" for none."""
    lines = []
    for process, one in passed.by.items():
        who = f"{model.name}, " + (f"arm '{arm}', " if arm else "") + f"process '{process}'"
        few = " that were looked at" if passed.looked_at < n_runs else ""
        where = "" if n_runs == 1 else f" in {one.runs:,} of {passed.looked_at:,} runs{few}"
        what = described(Pulse(process, one.time, one.width), model)
        advice = f"declare Model(max_step={rounded_down(one.width / 2):g}), or events"
        lines.append(f"{who}: {what}, and a step of {one.step:.3g} may have passed over it{where}; {advice}")
    return lines


def with_passed(text: str, passed: Passed | None) -> str:
    """Return a text that a store keeps for a block and an arm, with what the block passed over."""
    return text if passed is None else text + _MARK + json.dumps(passed.plain())


def without_passed(text: str) -> tuple[str, Passed | None]:
    """Return what `with_passed` was given."""
    head, mark, told = text.partition(_MARK)
    return head, Passed.of(json.loads(told)) if mark else None


class PassedWatcher:
    """A listener (`tape.StepListener`) that notes steps which go over a pulse and are longer than it.

    values, initial : as the batch gets them, (n_values, n_runs) and (n_states, n_runs) or None.
    until : end of the runs, in model time.   looked_at : shape (n_runs,), which runs are compared.
    """

    states: tuple[int, ...] = ()
    whole_steps = True

    def __init__(
        self,
        model: Model,
        functions: Functions,
        values: Array,
        initial: Array | None,
        until: float,
        looked_at: NDArray[np.bool_] | None = None,
    ) -> None:
        n_runs = values.shape[1]
        looked = np.ones(n_runs, bool) if looked_at is None else looked_at
        rests = _rests_on(model, functions)
        table = np.vstack([values[list(rests.values())], _begun(model, functions, initial, n_runs)])
        names = (*rests, *(f"{name}(0)" for name in _states(model, functions)))
        self.looked_at = looked
        self.set_of = np.full(n_runs, -1, np.intp)
        self.pulses: list[tuple[Pulse, ...]] = []
        numbers: dict[bytes, int] = {}
        for run in np.flatnonzero(looked):
            column = table[:, run]
            number = numbers.setdefault(column.tobytes(), len(self.pulses))
            if number == len(self.pulses):
                self.pulses.append(_pulses(model, names, tuple(column.tolist()), until))
            self.set_of[run] = number if self.pulses[number] else -1
        self.processes = tuple(dict.fromkeys(p.process for pulses in self.pulses for p in pulses))
        self.least = min((p.width for pulses in self.pulses for p in pulses), default=np.inf)
        self.over = np.full((len(self.processes), 3, n_runs), np.nan)
        """Time, width and step of the first pulse that each run passed over, by process."""

    def hear(self, steps: Steps) -> None:
        """Compare steps with the pulses."""
        which = np.flatnonzero((steps.run >= 0) & (steps.h > self.least))
        sets = self.set_of[steps.run[which]]
        for number in np.unique(sets[sets >= 0]).tolist():
            mine = which[sets == number]
            for i, process in enumerate(self.processes):
                pulses = [p for p in self.pulses[number] if p.process == process]
                if pulses:
                    self._compare(i, pulses, steps.run[mine], steps.t[mine], steps.h[mine])

    def _compare(self, i: int, pulses: Sequence[Pulse], run: Lanes, t: Array, h: Array) -> None:
        time = np.array([p.time for p in pulses])
        width = np.array([p.width for p in pulses])
        slack = INSIDE * width.min()
        first, last = np.searchsorted(time, t + slack), np.searchsorted(time, t + h - slack)
        for step in np.flatnonzero((first < last) & np.isnan(self.over[i, 0, run])).tolist():
            inside = slice(first[step], last[step])
            begin, end = t[step], t[step] + h[step]
            over = (h[step] > width[inside]) & (time[inside] - INSIDE * width[inside] > begin)
            over &= time[inside] + INSIDE * width[inside] < end
            if over.any():
                at = int(first[step] + np.argmax(over))
                self.over[i, :, run[step]] = time[at], width[at], h[step]

    def forget(self, runs: Lanes) -> None:
        """Forget what was heard of some runs."""
        self.over[:, :, runs] = np.nan

    def passed(self, good: NDArray[np.bool_]) -> Passed:
        """Return what was passed over. good : shape (n_runs,), the runs that did not fail."""
        by = {}
        for process, (time, width, step) in zip(self.processes, self.over, strict=True):
            runs = np.flatnonzero(good & ~np.isnan(time))
            if runs.size:
                k = runs[np.argmin(width[runs])]
                by[process] = Passage(int(runs.size), float(time[k]), float(width[k]), float(step[k]))
        return Passed(int((good & self.looked_at).sum()), by)


@dataclass(frozen=True, slots=True)
class Both:
    """Two listeners that hear the same steps."""

    one: StepListener
    other: StepListener

    @property
    def states(self) -> tuple[int, ...]:
        """See `StepListener`."""
        return tuple(sorted({*self.one.states, *self.other.states}))

    @property
    def whole_steps(self) -> bool:
        """See `StepListener`."""
        return self.one.whole_steps or self.other.whole_steps

    def hear(self, steps: Steps) -> None:
        """See `StepListener`."""
        self.one.hear(steps)
        self.other.hear(steps)

    def forget(self, runs: Lanes) -> None:
        """See `StepListener`."""
        self.one.forget(runs)
        self.other.forget(runs)


def watching(
    model: Model, functions: Functions, values: Array, initial: Array | None, until: float
) -> PassedWatcher | None:
    """Return what compares the steps of runs with the pulses of a model, or None where it has none."""
    if not timed_rates(model):
        return None
    watcher = PassedWatcher(model, functions, values, initial, until)
    return watcher if watcher.processes else None


def pulsed(
    model: Model, functions: Functions, until: float, table: Array, columns: Sequence[int], initial: Sequence[int]
) -> str:
    """Return whether rates have pulses in a sweep: "" no, "everywhere" the same in all runs, or "varied".

    Where the design changes what pulses rest on, they are looked for with the model's own values, and in the rows
    where a column is largest or smallest.
    table : the design, (n_rows, n_columns).   columns, initial : rows of the values and states that columns set, or -1.
    """
    if not timed_rates(model):
        return ""
    values = np.asarray(functions.program.values, float)[:, None]
    rows = set(_rests_on(model, functions).values())
    states = {functions.program.states.index(name) for name in _states(model, functions)}
    moved = [j for j, (p, y) in enumerate(zip(columns, initial, strict=True)) if p in rows or y in states]
    if not moved or not len(table):
        return "everywhere" if watching(model, functions, values, None, until) else ""
    known = np.where(np.isfinite(table), table, np.nan)
    ends = [int(i) for j in moved for i in _ends(known[:, j])][:_EXTREMES]
    tried = np.repeat(values, 1 + len(ends), axis=1)
    starts = np.full((len(functions.program.states), 1 + len(ends)), np.nan)
    for j in moved:
        into = tried[columns[j]] if columns[j] >= 0 else starts[initial[j]]
        cells = known[ends, j]
        into[1:] = np.where(np.isnan(cells), into[1:], cells)
    return "varied" if watching(model, functions, tried, starts, until) else ""


def _ends(column: Array) -> list[int]:
    """Return the rows in which a column is smallest and largest."""
    return [] if np.isnan(column).all() else [int(np.nanargmin(column)), int(np.nanargmax(column))]


def _names(model: Model) -> frozenset[str]:
    return frozenset[str]().union(*timed_rates(model).values())


def _rests_on(model: Model, functions: Functions) -> dict[str, int]:
    """Return the row among the values of each parameter that rates with time in them rest on."""
    program = functions.program
    settable = program.parameters[: len(program.values)]
    begin: list[State | Switch] = [*model.states, *model.switches]
    known = {name.removesuffix(".raw") for name in _names(model)}
    known |= {name for one in begin if isinstance(one.initial, str) for name in expression_names(parse(one.initial))}
    return {name: settable.index(name) for name in settable if name in known}


def _states(model: Model, functions: Functions) -> tuple[str, ...]:
    known = _names(model)
    return tuple(name for name in functions.program.states if name in known)


def _begun(model: Model, functions: Functions, initial: Array | None, n_runs: int) -> Array:
    """Return where the states begin that rates with time in them rest on; NaN where the model says."""
    rows = [functions.program.states.index(name) for name in _states(model, functions)]
    return np.full((len(rows), n_runs), np.nan) if initial is None else initial[rows]


def _pulses(model: Model, names: tuple[str, ...], values: tuple[float, ...], until: float) -> tuple[Pulse, ...]:
    """Return the pulses of a model at some values, from a cache where they are known."""
    given = tuple((name.removesuffix("(0)"), value) for name, value in zip(names, values, strict=True))
    return _remembered(_Rates(model), tuple((n, v) for n, v in given if np.isfinite(v)), until)


class _Rates:
    """A model that is the same as another if rates, and what stands behind them, are; parameters come apart."""

    def __init__(self, model: Model) -> None:
        self.model = model
        behind = (model.derived, model.effects, model.states, model.switches)
        self.content = (model.processes, *behind, model.horizon)
        self.hash = hash(self.content)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Rates) and self.content == other.content

    def __hash__(self) -> int:
        return self.hash


@lru_cache(maxsize=1024)
def _remembered(rates: _Rates, values: tuple[tuple[str, float], ...], until: float) -> tuple[Pulse, ...]:
    return narrow_pulses(rates.model, dict(values), until, WIDEST)
