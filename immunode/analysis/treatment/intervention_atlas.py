"""Every intervention of a model against control, on every read-out: the atlas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.treatment.comparator import company
from immunode.errors import ImmunodeError, StudyError, did_you_mean
from immunode.model.views.words import arm_labels, name_labels
from immunode.solve import FEW_RUNS, choose_engine
from immunode.study.arms import CONTROL, Arms, as_arms
from immunode.study.endpoints.endpoint import time_words
from immunode.study.result.notebook import Tabled
from immunode.study.run.ready import looked_at_first, make_ready, quantity_units
from immunode.study.simulations import simulate

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from immunode.intervention import Perturbation
    from immunode.model import Model
    from immunode.study.result.simulation import Simulation

Array = NDArray[np.float64]

MEASURES: Mapping[str, str] = MappingProxyType({"mean": "time average", "final": "value at the end", "peak": "peak"})
"""What a read-out is reduced to, and how that is called in figures."""

NOTHING = 1e-9
"""A value at most this part of the one that it is compared with, or of its state's typical value, counts as 0: what
the default tolerances leave uncertain (the absolute one is 1e-9 of the typical value)."""

NOISE = 1e-12
"""A value at most this part of the largest of its read-out in any arm counts as 0 too: differences that vanish leave
rounding errors of either sign."""


MANY_STEPS = 5000
"""From so many steps of SciPy for control on, compiling every arm is quicker than running it with SciPy."""


@dataclass(frozen=True, eq=False, repr=False)
class Atlas(Tabled):
    """Interventions x read-outs of one model, each intervention against control; never changes.

    Attributes
    ----------
    model : Model
        the model without interventions.
    measure : str
        "mean" (over time), "final" or "peak".
    until : float
        end of the runs, in `model.time_unit`.
    interventions : tuple[str, ...]
        names of the rows, those of one kind together, kinds and members in the declared order.
    kinds : tuple[str, ...]
        kind of each row ("drug", "nutrition", ...), "" where it has none.
    beside : tuple[str, ...]
        what each row acts beside, another intervention or a variant, which its control has too; "" for nothing.
    readouts : tuple[str, ...]
        names of the columns.
    control : ndarray
        shape (n_interventions, n_readouts), each in its unit.
    values : ndarray
        the same shape, NaN where no run.
    fold : ndarray
        log2(value / control), dimensionless, the same shape, NaN where there is no such number.
    change : tuple[tuple[str, ...], ...]
        the same shape as text: "fold" where there is a number, "new" (0 in control), "gone" (0 under the intervention),
        "zero" (0 in both), "sign" (another sign than in control), "undefined" (not known to an arm or not finite),
        "failed" (no run).
    failures : Mapping[str, str]
        intervention -> why it could not be composed or run.
    """

    model: Model
    measure: str
    until: float
    interventions: tuple[str, ...]
    kinds: tuple[str, ...]
    beside: tuple[str, ...]
    readouts: tuple[str, ...]
    control: Array
    values: Array
    fold: Array
    change: tuple[tuple[str, ...], ...]
    failures: Mapping[str, str]

    def __getitem__(self, key: tuple[str, str]) -> float:
        """Return log2 of the fold change of (intervention, read-out); NaN where there is none, see `change`."""
        row, column = key
        for name, known in ((row, self.interventions), (column, self.readouts)):
            if name not in known:
                raise StudyError(f"{self.model.name}: the atlas has no '{name}'{did_you_mean(name, known)}")
        return float(self.fold[self.interventions.index(row), self.readouts.index(column)])

    @property
    def measured(self) -> str:
        """What is compared, in words with its time: "time average, from the start to week 52"."""
        unit = self.model.time_unit or self.model.clock
        return f"{MEASURES[self.measure]}, from the start to {time_words(self.until, unit)}"

    @property
    def texts(self) -> tuple[tuple[str, ...], ...]:
        """What is written for each pair: "+1.2", "-0.35", "new", "gone", "sign", "failed", "" for nothing."""
        words = {"zero": "", "undefined": ""}
        return tuple(
            tuple(
                fold_text(value) if what == "fold" else words.get(what, what)
                for what, value in zip(row, values, strict=True)
            )
            for row, values in zip(self.change, self.fold.tolist(), strict=True)
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the rows with what they act beside: "carbohydrate beside bout"."""
        return tuple(f"{name} beside {other}" if other else name for name, other in self._pairs)

    @property
    def _pairs(self) -> list[tuple[str, str]]:
        return list(zip(self.interventions, self.beside, strict=True))

    def __repr__(self) -> str:
        head = f"Atlas of {self.model.label}: log2 fold change against control ({self.measured})"
        rows = [("", *self.readouts)]
        rows += [(name, *texts) for name, texts in zip(self.labels, self.texts, strict=True)]
        width = [max(len(row[j]) for row in rows) for j in range(len(rows[0]))]
        lines = [
            "  ".join(cell.ljust(width[0]) if j == 0 else cell.rjust(width[j]) for j, cell in enumerate(row)).rstrip()
            for row in rows
        ]
        failed = [f"{name} failed: {reason}" for name, reason in self.failures.items()]
        return "\n".join([head, *(f"  {line}" for line in lines), *failed])

    def table(self) -> pd.DataFrame:
        """Return one row for each intervention and read-out.

        Columns: intervention, kind, beside, readout, unit, control, value (in that unit), log2_fold, change, reason.
        """
        import pandas as pd

        units = quantity_units(self.model)
        rows = [
            (name, self.kinds[i], self.beside[i], readout, units.get(readout, ""), self.control[i, j],
             self.values[i, j], self.fold[i, j], self.change[i][j], self.failures.get(name, ""))
            for i, name in enumerate(self.interventions)
            for j, readout in enumerate(self.readouts)
        ]  # fmt: skip
        measured = ["readout", "unit", "control", "value", "log2_fold", "change", "reason"]
        columns = ["intervention", "kind", "beside", *measured]
        return pd.DataFrame(rows, columns=columns)

    def plot(self, *, style: str = "slide", title: str | None = None, axes: Any = None) -> Figure:
        """Return the heat map, values written in the cells.

        Parameters
        ----------
        style : str
            "slide" or "paper".
        title : str | None
            default the model's own.
        axes : Any
            your own.
        """
        from immunode.plot.charts.fold_changes import atlas as draw

        words = name_labels(self.model) | arm_labels(self.model, (*self.interventions, *self.beside))
        rows = [words[name] + (f" beside {words[other]}" if other else "") for name, other in self._pairs]
        shown = self._telling()
        left = [words.get(name, name) for j, name in enumerate(self.readouts) if j not in shown]
        measured = self.measured + (f"; not shown: {', '.join(left)}, 0 in control" if left else "")
        return draw(
            self.fold[:, shown],
            rows=rows,
            columns=[words.get(self.readouts[j], self.readouts[j]) for j in shown],
            changes=[[row[j] for j in shown] for row in self.change],
            texts=[[row[j] for j in shown] for row in self.texts],
            groups=self.kinds,
            reasons={row: self.failures.get(n, "") for row, n in zip(rows, self.interventions, strict=True)},
            measured=measured,
            title=self.model.heading if title is None else title,
            style=style,
            axes=axes,
        )

    def _telling(self) -> list[int]:
        """Return the columns with a number or a surprise: not those that are 0 in control, such as a drug; else all."""
        trivial = {"new", "zero", "failed", "undefined"}
        columns = range(len(self.readouts))
        shown = [j for j in columns if not {row[j] for row in self.change} <= trivial]
        return shown or list(columns)


def fold_text(value: float) -> str:
    """Return a log2 fold change for a cell: "+12", "+1.2", "-0.35", "0" for less than 0.005 (0.35 %)."""
    size = abs(value)
    if size < 0.005:
        return "0"
    decimals = 2 if size < 0.995 else 1 if size < 9.95 else 0
    return f"{value:+.{decimals}f}"


def atlas(
    model: Model,
    interventions: Arms | Mapping[str, Any] | Sequence[Perturbation | str] | None = None,
    readouts: Sequence[str] | str | None = None,
    until: float | str | None = None,
    measure: str = "mean",
    *,
    engine: str = "auto",
    method: str = "auto",
    rtol: float = 1e-6,
) -> Atlas:
    """Return how every intervention, alone, changes every read-out of a model against control.

    An intervention that can't be composed or whose run fails stays in the atlas as a row with its reason.

    Parameters
    ----------
    interventions : Arms | Mapping[str, Any] | Sequence[Perturbation | str] | None
        records, names of declared ones ("a+b" joins), or `Arms`; default all that the model declares. An arm called
        "control" replaces the control without interventions. What is declared to act `beside` another intervention or a
        variant is given with it, and compared with that one alone.
    readouts : Sequence[str] | str | None
        quantities; default `model.readouts`, else the states.
    until : float | str | None
        end, a number in model time or text such as "52 weeks"; default `model.horizon`.
    measure : str
        "mean", the time average from 0 to the end (the default: at the end of a run with waves any phase can be met);
        "final", the value at the end; "peak", the largest value on the way.
    engine : str
        as in `simulate`; "auto" takes "scipy", and "compiled" where control needs thousands of steps.
    method, rtol
        as in `simulate`.

    Raises
    ------
    StudyError
        an unknown measure, intervention or read-out, nothing to compare, or a time that can't be.
    SolverError
        the control itself fails.
    """
    if measure not in MEASURES:
        raise StudyError(f"atlas: measure is 'mean', 'final' or 'peak', got {measure!r}")
    arms = _arms(model, interventions)
    run = _Runner(model, until, engine, method, rtol)
    plain = tuple(arms.pop(CONTROL, ()))
    control = run.simulate("", plain)
    company_of = {name: company(model, entries[0]) if len(entries) == 1 else ("", ()) for name, entries in arms.items()}
    controls: dict[str, Simulation] = {}
    done: dict[str, Simulation] = {}
    failures: dict[str, str] = {}
    for name, entries in arms.items():
        variant, others = company_of[name]
        try:
            controls[name] = run.simulate(variant, others) if variant or others else control
            done[name] = run.simulate(variant, (*entries, *others))
        except ImmunodeError as error:
            reason = str(error).removeprefix(f"{model.name}, intervention '{name}': ")
            failures[name] = reason.removeprefix(f"{model.name}: ")
    columns = _readouts(model, readouts, control, done)
    kinds = {name: _kind(model, entries) for name, entries in arms.items()}
    order = [name for kind in dict.fromkeys(kinds.values()) for name in arms if kinds[name] == kind]
    base = np.array([[_measure(controls.get(name, control), q, measure) for q in columns] for name in order])
    values = np.full((len(order), len(columns)), np.nan)
    for i, name in enumerate(order):
        if name in done:
            values[i] = [_measure(done[name], q, measure) for q in columns]
    fold, change = _compared(model, columns, base, values, [name in done for name in order])
    for array in (base, values, fold):
        array.flags.writeable = False
    return Atlas(
        model=model,
        measure=measure,
        until=float(control.times[-1]),
        interventions=tuple(order),
        kinds=tuple(kinds[name] for name in order),
        beside=tuple(company_of[name][0] or "+".join(it.name for it in company_of[name][1]) for name in order),
        readouts=columns,
        control=base,
        values=values,
        fold=fold,
        change=change,
        failures=MappingProxyType(failures),
    )


class _Runner:
    """Runs of one model to one end, each once; the first one tells which engine is quick."""

    def __init__(self, model: Model, until: float | str | None, engine: str, method: str, rtol: float) -> None:
        self.model, self.until, self.engine, self.method, self.rtol = model, until, engine, method, rtol
        self.heavy = False
        self._known: dict[tuple[str, tuple[Any, ...]], Simulation] = {}

    def simulate(self, variant: str, entries: tuple[Any, ...]) -> Simulation:
        """Return the run of the model, or of its variant, with interventions."""
        key = variant, entries
        if key not in self._known:
            where = self.model.variant(variant) if variant else self.model
            self._known[key] = self._run(where, entries)
        return self._known[key]

    def _run(self, model: Model, entries: tuple[Any, ...]) -> Simulation:
        first = not self._known
        if self.engine != "auto" or first:
            engine = "scipy" if self.engine == "auto" else self.engine
            run = self._once(model, entries, engine)
            self.heavy = self.engine == "auto" and int(run.recipe["steps"]) > MANY_STEPS
            if not self.heavy:
                return run
        engine = self._quickest(model, entries) if self.heavy else "scipy"
        return self._once(model, entries, engine)

    def _once(self, model: Model, entries: tuple[Any, ...], engine: str) -> Simulation:
        run: Simulation = simulate(
            model, self.until, interventions=entries, engine=engine, method=self.method, rtol=self.rtol
        )
        return run

    def _quickest(self, model: Model, entries: tuple[Any, ...]) -> str:
        """Return "compiled" where that engine can run it, else "scipy"; one run at a time "numpy" is slowest."""
        composed = Arms({"arm": entries}).compose(model)["arm"]
        engine, _ = choose_engine(make_ready(composed).functions, FEW_RUNS, method=self.method)
        return "compiled" if engine == "compiled" else "scipy"


def _compared(
    model: Model, columns: Sequence[str], base: Array, values: Array, ran: Sequence[bool]
) -> tuple[Array, tuple[tuple[str, ...], ...]]:
    """Return log2 fold changes, shape (n_interventions, n_readouts), and what happened to each pair."""
    typical = {s.name: s.typical for s in model.states}
    largest = np.fmax.reduce(np.abs(np.concatenate([base, values])), axis=0)
    floors = [max(NOTHING * typical.get(q, 0.0), NOISE * float(most)) for q, most in zip(columns, largest, strict=True)]
    pairs = [
        [_compare(c, v, floor) for c, v, floor in zip(own, row, floors, strict=True)]
        if done
        else [("failed", np.nan)] * len(columns)
        for own, row, done in zip(base, values, ran, strict=True)
    ]
    fold = np.array([[number for _, number in row] for row in pairs], dtype=float)
    return fold, tuple(tuple(what for what, _ in row) for row in pairs)


def _arms(model: Model, given: Any) -> dict[str, tuple[Any, ...]]:
    """Return arm -> its interventions, in the order given, with "control" if it is among them."""
    if given is None:
        given = list(model.interventions)
    if isinstance(given, Arms | Mapping):
        arms = dict(as_arms(given, model))
    else:
        listed = [given] if isinstance(given, str) or hasattr(given, "name") else list(given)
        arms = {}
        for entry in listed:
            named = Arms.of(model, entry) if isinstance(entry, str) else Arms({entry.name: (entry,)})
            for name, entries in named.items():
                if name in arms:
                    raise StudyError(f"{model.name}: the intervention '{name}' is given twice")
                arms[name] = entries
    if not set(arms) - {CONTROL}:
        raise StudyError(f"{model.name}: there is no intervention to compare with control; give interventions=[...]")
    return arms


def _kind(model: Model, entries: Sequence[Any]) -> str:
    """Return the kind that all interventions of an arm share, else ""."""
    declared = {it.name: it for it in model.interventions}
    kinds = {str(getattr(declared.get(e, e) if isinstance(e, str) else e, "kind", "") or "") for e in entries}
    return kinds.pop() if len(kinds) == 1 else ""


def _readouts(model: Model, given: Any, control: Simulation, done: Mapping[str, Simulation]) -> tuple[str, ...]:
    named = (given,) if isinstance(given, str) else tuple(given or ())
    columns = tuple(dict.fromkeys(named or looked_at_first(model)))
    known = dict.fromkeys(name for one in (control, *done.values()) for name in one)
    for name in columns:
        if name not in known:
            raise StudyError(f"{model.name}: unknown read-out '{name}'{did_you_mean(name, known)}")
    return columns


def _measure(one: Simulation, name: str, measure: str) -> float:
    """Return a quantity's time average (trapezoid, both sides of each jump), last value or peak; NaN if not known."""
    if name not in one.path:
        return float("nan")
    if measure == "final":
        return one.final(name)
    curve = one.path[name]
    if measure == "peak":
        return float(np.max(curve))
    times = one.path_times
    return float(np.sum(np.diff(times) * (curve[1:] + curve[:-1]) / 2) / (times[-1] - times[0]))


def _compare(control: float, value: float, floor: float) -> tuple[str, float]:
    """Return what happened to a quantity and log2 of its fold change, NaN where there is none."""
    if not (np.isfinite(control) and np.isfinite(value)):
        return "undefined", np.nan
    floor = max(floor, NOTHING * max(abs(control), abs(value)))
    absent = abs(control) <= floor, abs(value) <= floor
    if any(absent):
        return ("zero" if all(absent) else "new" if absent[0] else "gone"), np.nan
    if control * value < 0:
        return "sign", np.nan
    return "fold", float(np.log2(abs(value)) - np.log2(abs(control)))
