"""Observables and noise of a PEtab problem as quantities of its model, and its measurements as a table."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from immunode.errors import ModelError, StudyError, UnitError, did_you_mean
from immunode.exchange.petab.experiments import shifted, without_unit
from immunode.exchange.petab.formulas import parse_formula
from immunode.exchange.petab.records import Measured, Tables
from immunode.exchange.petab.source import Source, without_units
from immunode.exchange.sbml.reading.functions import number
from immunode.language.evaluation import evaluate
from immunode.language.expression import name_problem, parse
from immunode.language.tree import Expression, names, substitute, to_text, uses_time
from immunode.model import Derived, Model
from immunode.model.checks.units import unit_of

if TYPE_CHECKING:
    import pandas as pd

WIDE = 0.99e6
"""Bounds so far apart (upper divided by lower) are none for the size of a noise."""
CONTROL = "control"


def words_in(texts: Iterable[str]) -> set[str]:
    """Return the words of formulas."""
    return {word for text in texts for word in re.findall(r"[A-Za-z_]\w*", text)}


def free_noises(tables: Tables) -> dict[str, str]:
    """Return parameters that are nothing but the size of one observable's noise, and that observable.

    Such a size has its likeliest value in closed form: a fit takes that and need not search it.
    """
    sizes: dict[str, set[str]] = {}
    for row in tables.measurements:
        seen = tables.observables.get(row.observable)
        if seen is not None:
            given = dict(zip(seen.of_noise, row.of_noise, strict=False))
            sizes.setdefault(row.observable, set()).add(given.get(seen.noise, seen.noise))
    alone = {texts.pop(): name for name, texts in sizes.items() if len(texts) == 1}
    used = words_in(o.formula for o in tables.observables.values())
    used |= words_in(text for c in tables.conditions.values() for text in (*c, *c.values()))
    used |= words_in(text for row in tables.measurements for text in row.own)
    found = {}
    for name, observable in alone.items():
        listed = tables.parameters.get(name)
        believed = listed is not None and listed.prior is not None and listed.prior.kind != "uniform"
        elsewhere = words_in(
            text
            for row in tables.measurements
            if row.observable != observable and row.observable in tables.observables
            for text in (*row.of_noise, tables.observables[row.observable].noise)
        )
        if listed is None or not listed.estimate or believed or name in used | elsewhere or name_problem(name):
            continue
        if "laplace" not in tables.observables[observable].kind and listed.high >= WIDE * max(listed.low, 1e-300):
            found[name] = observable
    return found


@dataclass
class Observations:
    """One pass over the observables and measurements of a problem.

    free : as `free_noises` tells.   derived : the observables that are no quantity of the model.
    texts : what the size of each measurement's noise is, a number or an expression.   remarks : what is odd.
    """

    source: Source
    free: dict[str, str]
    derived: dict[str, Derived] = field(default_factory=dict)
    texts: list[float | str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tables = self.source.tables
        own = {name: f"observable {name}" for name in self.tables.observables}
        self.known = own | self.source.names | {name: name for name in self.free}
        self.remarks: dict[str, None] = {}
        self.formulas: dict[tuple[str, tuple[str, ...]], Expression] = {}
        self.sizes: dict[tuple[str, tuple[str, ...], tuple[str, ...]], float | str] = {}
        for name in self.tables.observables:
            if not name.isascii() or not name.isidentifier():
                raise StudyError(f"{self.who(name)}: this is no id; ids are made of letters A-Z, digits and _")

    def who(self, name: str) -> str:
        """Return the words that begin an error about an observable."""
        return f"{self.tables.path}, observable '{name}'"

    def formula(self, name: str, own: tuple[str, ...], above: tuple[str, ...] = ()) -> Expression:
        """Return the formula of an observable with what stands for its placeholders."""
        if name in above:
            raise StudyError(f"{self.who(name)}: it is defined by itself")
        if (name, own) not in self.formulas:
            seen = self.tables.observables[name]
            made = self._parsed(seen.formula, name, dict(zip(seen.own, own, strict=True)))
            self.formulas[name, own] = self._whole(made, (*above, name))
        return self.formulas[name, own]

    def size(self, row: Measured) -> float | str:
        """Return the size of the noise of a measurement, a number or the text of an expression."""
        key = row.observable, row.own, row.of_noise
        if key not in self.sizes:
            self.sizes[key] = self._constant(self._size(row))
        return self.sizes[key]

    def _size(self, row: Measured) -> Expression:
        seen = self.tables.observables[row.observable]
        given = dict(zip((*seen.own, *seen.of_noise), (*row.own, *row.of_noise), strict=True))
        made = self._parsed(seen.noise, row.observable, given)
        own = f"observable {row.observable}"
        if own in names(made):
            made = substitute(made, {own: self.formula(row.observable, row.own)})
        made = self._whole(made, ())
        return made if seen.factor == 1.0 else ("mul", made, number(seen.factor))

    def _parsed(self, text: str, name: str, given: dict[str, str]) -> Expression:
        marks = {place: f"placeholder {place}" for place in given}
        for other in sorted(words_in([text]) & self.tables.observables.keys() & self.source.names.keys()):
            if self.tables.observables[other].formula != other:
                self.remarks[f"observable '{name}': '{other}' means the model's, not the observable of this name"] = (
                    None
                )
        made = parse_formula(text, self.known | marks, self.who(name))
        used = {place: f for place, f in given.items() if marks[place] in names(made)}
        by = {marks[place]: parse_formula(other, self.known, self.who(name)) for place, other in used.items()}
        return substitute(made, by) if by else made

    def _whole(self, made: Expression, above: tuple[str, ...]) -> Expression:
        """Return an expression with the formulas of other observables in it."""
        others = [n.removeprefix("observable ") for n in names(made) if n.startswith("observable ")]
        for name in others:
            if self.tables.observables[name].own:
                raise StudyError(f"{self.who(name)}: it has placeholders and can't be used in another formula")
        return substitute(made, {f"observable {n}": self.formula(n, (), above) for n in others}) if others else made

    def check(self, i: int, row: Measured) -> None:
        """Check that a measurement has an observable and as many values as that has placeholders."""
        who = f"{self.tables.path}, measurement {i + 1}"
        if row.observable not in self.tables.observables:
            hint = did_you_mean(row.observable, self.tables.observables)
            raise StudyError(f"{who}: unknown observable '{row.observable}'{hint}")
        seen = self.tables.observables[row.observable]
        for given, places, what in ((row.own, seen.own, "observable"), (row.of_noise, seen.of_noise, "noise")):
            if len(given) != len(places):
                raise StudyError(
                    f"{who}: '{row.observable}' has {len(places)} {what} parameters, {len(given)} are given"
                )

    def table(self, begins: dict[str, float]) -> pd.DataFrame:
        """Return the measurements: columns arm, observable, time, value and, where there are any, sd and noise.

        begins : experiment -> PEtab's time at the model's 0.
        """
        import pandas as pd

        for i, row in enumerate(self.tables.measurements):
            self.check(i, row)
        labels = self._labels()
        rows: list[dict[str, Any]] = []
        for i, row in enumerate(self.tables.measurements):
            arm = row.experiment or CONTROL
            size = self.size(row)
            self.texts.append(size)
            told = math.nan if size in self.free else self._moved(size, begins[arm])
            time = row.time - begins[arm]
            if time < 0 or (isinstance(size, float) and not size > 0):
                what = f"time {row.time:g} is before its experiment begins" if time < 0 else f"its noise is {size:g}"
                raise StudyError(f"{self.tables.path}, measurement {i + 1}: {what}")
            kind = self.tables.observables[row.observable].kind
            if kind.startswith("log") and row.value <= 0:
                raise StudyError(
                    f"{self.tables.path}, measurement {i + 1}: {kind} noise, but its value is {row.value:g}"
                )
            label = labels[row.observable, row.own]
            rows.append({"arm": arm, "observable": label, "time": time, "value": row.value, "sd": told, "noise": kind})
        made = pd.DataFrame(rows)
        if all(isinstance(sd, float) for sd in made["sd"]):
            made["sd"] = made["sd"].astype(float)
        empty = {"sd": made["sd"].isna().all(), "noise": (made["noise"] == "normal").all()}
        return made.drop(columns=[column for column, nothing in empty.items() if nothing])

    def _moved(self, size: float | str, begins: float) -> float | str:
        """Return a size of the files' time as one of the arm's."""
        if isinstance(size, float) or not begins or not uses_time(parse(size)):
            return size
        return to_text(shifted(parse(size), begins))

    def _labels(self) -> dict[tuple[str, tuple[str, ...]], str]:
        """Return the quantity that each observable is, with each set of values for its placeholders."""
        base = self.source.base
        results: tuple[Any, ...] = (*base.states, *base.derived)
        own = {record.name for record in results}
        taken = own | {r.name for g in ("parameters", "switches", "processes") for r in getattr(base, g)}
        sets: dict[str, dict[tuple[str, ...], None]] = {}
        for row in self.tables.measurements:
            sets.setdefault(row.observable, {})[row.own] = None
        made: dict[tuple[str, tuple[str, ...]], str] = {}
        direct: dict[str, None] = {}
        for name, given in sets.items():
            for k, values in enumerate(given, start=1):
                formula = self.formula(name, values)
                if formula[0] == "name" and formula[1] in own and formula[1] not in direct:
                    direct[formula[1]] = None
                    made[name, values] = formula[1]
                    continue
                label = name if len(given) == 1 else f"{name}_{k}"
                label = f"observed{label}" if label.startswith("__") else label
                while label in taken or name_problem(label):
                    label += "_observed"
                taken.add(label)
                self.derived[label] = Derived(label, self._text(formula, name), self._unit(formula), "observable")
                made[name, values] = label
        return made

    def _text(self, formula: Expression, name: str) -> str:
        if constant_division(formula):
            raise StudyError(f"{self.who(name)}: its formula has no finite value")
        return to_text(formula)

    def _constant(self, size: Expression) -> float | str:
        """Return a size as a number where it is one, else as text."""
        if names(size) or uses_time(size):
            return to_text(size)
        return float(evaluate(size, {}))

    def _unit(self, formula: Expression) -> str:
        try:
            return unit_of(self.source.base, to_text(formula))
        except (ModelError, UnitError):
            return ""

    def model(self) -> Model:
        """Return the problem's model: with its observables."""
        base, derived = self.source.base, tuple(self.derived.values())
        if not derived:
            return base
        try:
            return base.replace(derived=(*base.derived, *derived))
        except UnitError:
            plain = without_units(base)
            return plain.replace(derived=(*plain.derived, *(without_unit(d) for d in derived)))
        except ModelError as error:
            raise StudyError(f"{self.tables.path}, observables: {error}") from None


def constant_division(formula: Expression) -> bool:
    """Return whether a formula is a number that is not finite."""
    if names(formula) or uses_time(formula):
        return False
    import numpy as np

    with np.errstate(all="ignore"):
        return not math.isfinite(float(evaluate(formula, {})))
