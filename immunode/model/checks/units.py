"""Whether the units of a model fit: of every process, derived quantity, event, effect and initial value.

Nothing is converted: numbers are computed as written, so that cells per day against cells per hour is an error.
Literal numbers are dimensionless, except 0, which fits anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction

from immunode.errors import UnitError, did_you_mean, quoted
from immunode.language.dimension import Dimension, describe, parse_unit
from immunode.language.expression import Expression, names, parse, parse_arrow, to_text
from immunode.language.tree import fold
from immunode.model.declaration import Declaration
from immunode.model.records import Event, Process, State, pairs

_NUMBER = Dimension()


def check_units(model: Declaration) -> None:
    """Check that units fit; every name in the model must be known already.

    Raises
    ------
    UnitError : the first five places where they don't, each with the text and both units.
    """
    problems = list(dict.fromkeys(_Checker(model).problems()))
    if problems:
        more = [f"... and {len(problems) - 5} more"] if len(problems) > 5 else []
        raise UnitError("\n".join(problems[:5] + more))


def unit_of(model: Declaration, text: str) -> str:
    """Return the unit of an expression of the model's names, as text.

    Raises
    ------
    UnitError : units inside the expression don't fit.
    """
    checker = _Checker(model)
    for name in sorted(names(parse(text)) - set(checker.units)):
        raise UnitError(f"{model.name}: unknown name '{name}' in {quoted(text)}{did_you_mean(name, checker.units)}")
    unit = checker.dimension(parse(text), f"{model.name}: {quoted(text)}")
    return "" if unit is None or unit.dimensionless else checker.name(unit)


class _Checker:
    """One pass over one model; problems come one by one."""

    def __init__(self, model: Declaration) -> None:
        self.model = model
        self.extra = tuple(unit.name for unit in model.units)
        self.texts = [model.time_unit]
        self.named: dict[Dimension, str] = {}
        self.early: list[str] = []
        self.time = self.read(f"{model.name}, time_unit", model.time_unit)
        self.units: dict[str, Dimension] = {}
        for kind, records in (
            ("state", model.states),
            ("parameter", model.parameters),
            ("switch", model.switches),
            ("derived quantity", model.derived),
        ):
            for record in records:
                self.units[record.name] = self.read(f"{model.name}, {kind} '{record.name}'", record.unit)
        self.volumes = {c.name: self.read(f"{model.name}, compartment '{c.name}'", c.unit) for c in model.compartments}

    def read(self, who: str, unit: str) -> Dimension:
        """Return the dimension of a unit; one that can't be read is noted as a problem."""
        self.texts.append(unit)
        try:
            return parse_unit(unit, self.extra)
        except UnitError as error:
            self.early.append(f"{who}: {error}")
            return _NUMBER

    def name(self, unit: Dimension) -> str:
        """Return how the model would write a unit."""
        if unit not in self.named:
            words = dict.fromkeys(n for text in self.texts for n in re.findall(r"[A-Za-z_%]\w*", text))
            whole = [text for text in dict.fromkeys(self.texts) if text and parse_unit(text, self.extra).same(unit)]
            self.named[unit] = whole[0] if whole else describe(unit, words, self.extra)
        return self.named[unit]

    def phrase(self, unit: Dimension) -> str:
        """Return the words for a unit in a message."""
        return "a plain number" if unit.dimensionless else f"in {self.name(unit)}"

    def problems(self) -> Iterator[str]:
        """Yield every problem; where units can't be read, those only."""
        yield from self.early
        if self.early:
            return
        model = self.model
        second = parse_unit("s")
        for label, text in (("time_unit", model.time_unit), ("clock", model.clock)):
            unit = self.read(f"{model.name}, {label}", text)
            if text and unit.powers != second.powers:
                self.early.append(f"{model.name}, {label}: {quoted(text)} is not a unit of time")
        if self.early:
            yield from self.early
            return
        for process in model.processes:
            yield from self._process(process)
        for derived in model.derived:
            who = f"{model.name}, derived quantity '{derived.name}'"
            yield from self.fits(who, derived.expression, self.units[derived.name], "it is declared as")
        yield from self._values()
        for event in model.events:
            yield from self._event(event)
        for effect in model.effects:
            who = f"{model.name}, effect of '{effect.by}' on '{effect.target}'"
            wanted = _NUMBER if effect.how == "scale" else self.units[effect.target]
            yield from self.fits(who, effect.value, wanted, "it must be")
            yield from self.fits(who, effect.weight, _NUMBER, "a weight must be")
        for requirement in model.requirements:
            yield from self.fits(f"{model.name}, requirement", requirement.condition, None, "")

    def _values(self) -> Iterator[str]:
        for kind, records in (("state", self.model.states), ("switch", self.model.switches)):
            for record in records:
                if isinstance(record.initial, str):
                    who = f"{self.model.name}, {kind} '{record.name}', initial value"
                    yield from self.fits(who, record.initial, self.units[record.name], f"the {kind} is")
        for compartment in self.model.compartments:
            if isinstance(compartment.volume, str):
                who = f"{self.model.name}, compartment '{compartment.name}', volume"
                yield from self.fits(who, compartment.volume, self.volumes[compartment.name], "it is declared as")

    def _process(self, process: Process) -> Iterator[str]:
        who = f"{self.model.name}, process '{process.name}'"
        states = {state.name: state for state in self.model.states}
        moved = dict.fromkeys(name for side in parse_arrow(process.arrow) for name, _ in side)
        rates = [(states[name], self.amount(states[name]) / self.time) for name in moved]
        for state, rate in rates:
            amount = "the amount of " if state.compartment and not state.amount else ""
            problems = list(self.fits(who, process.rate, rate, f"{amount}state {state.name} changes"))
            yield from problems[:1]

    def amount(self, state: State) -> Dimension:
        """Return the dimension of the amount of a state, which processes move."""
        unit = self.units[state.name]
        return unit * self.volumes[state.compartment] if state.compartment and not state.amount else unit

    def _event(self, event: Event) -> Iterator[str]:
        who = f"{self.model.name}, event '{event.name}'"
        sizes = dict(pairs(event.sizes))
        for target, text in pairs(event.changes):
            sized = f"({text})*({sizes[target]})" if target in sizes else text
            yield from self.fits(f"{who}, new value of '{target}'", sized, self.units[target], f"'{target}' is")
        for label, value, wanted in (
            ("at", event.at, self.time),
            ("every", event.every, self.time),
            ("count", event.count, _NUMBER),
            ("when", event.when or None, None),
            ("delay", event.delay, self.time),
            ("priority", event.priority or None, None),
        ):
            if isinstance(value, str):
                yield from self.fits(f"{who}, {label}", value, wanted, "it must be")

    def fits(self, who: str, text: str, wanted: Dimension | None, says: str) -> Iterator[str]:
        """Yield what is wrong with the units of `text`, which must be `wanted` (None: whatever it is)."""
        try:
            actual = self.dimension(parse(text), who)
        except UnitError as error:
            yield str(error) if str(error).startswith(who) else f"{who}: {quoted(text)}: {error}"
            return
        if actual is not None and wanted is not None and not actual.same(wanted):
            hint = _factor_hint(actual, wanted)
            yield f"{who}: {quoted(text)} is {self.phrase(actual)}, but {says} {self.phrase(wanted)}{hint}"

    def dimension(self, expression: Expression, who: str) -> Dimension | None:
        """Return the unit of an expression, None where it is a literal 0 or a condition."""

        def leaf(node: Expression) -> Dimension | None:
            if node[0] == "number":
                return None if node[1] == 0 else _NUMBER
            return self.time if node[0] == "time" else self.units[node[1]]

        def join(node: Expression, units: list[Dimension | None]) -> Dimension | None:
            return self._join(node, units, who)

        result: Dimension | None = fold(expression, leaf, join)
        return result

    def _join(self, node: Expression, units: list[Dimension | None], who: str) -> Dimension | None:
        kind = node[1] if node[0] == "call" else node[0]
        first = units[0]
        if kind in ("mul", "div"):
            second = units[1]
            if first is None or second is None:
                return None
            return first * second if kind == "mul" else first / second
        if kind in ("neg", "abs", "not", "and", "or"):
            return first
        if kind in ("add", "sub", "min", "max", "compare"):
            common = self._equal(node, units, who)
            return None if kind == "compare" else common
        if kind == "piecewise":
            return self._equal(node, [*units[0:-1:2], units[-1]], who)
        if kind == "sqrt":
            return None if first is None else first ** Fraction(1, 2)
        if kind == "pow":
            return self._power(node, units, who)
        if kind in ("hill", "michaelis"):
            self._equal(node, units[:2], who)
            self._plain(node, units[2:], who)
            return _NUMBER
        self._plain(node, units, who)
        return _NUMBER

    def _equal(self, node: Expression, units: Iterable[Dimension | None], who: str) -> Dimension | None:
        common: Dimension | None = None
        for unit in units:
            if unit is None:
                continue
            if common is None:
                common = unit
            elif not unit.same(common):
                raise UnitError(
                    f"{who}: {quoted(to_text(node))} brings together what is {self.phrase(common)} and what is "
                    f"{self.phrase(unit)}{_factor_hint(unit, common)}"
                )
        return common

    def _plain(self, node: Expression, units: Iterable[Dimension | None], who: str) -> None:
        for unit in units:
            if unit is not None and not unit.dimensionless:
                raise UnitError(
                    f"{who}: {quoted(to_text(node))} needs plain numbers, but found one {self.phrase(unit)}"
                )

    def _power(self, node: Expression, units: list[Dimension | None], who: str) -> Dimension | None:
        base, exponent = units
        if base is None:
            return None
        value = _constant(node[2])
        if value is not None:
            return base**value
        if not base.dimensionless or (exponent is not None and not exponent.dimensionless):
            raise UnitError(
                f"{who}: {quoted(to_text(node))} has a base {self.phrase(base)} and an exponent "
                f"{self.phrase(exponent or _NUMBER)}; write a number as exponent, or (x/K)**n, or hill(x, K, n)"
            )
        return _NUMBER


def _constant(node: Expression) -> Fraction | None:
    """Return the value of a literal exponent such as `2`, `-1`, `0.5`, `1/3`."""
    if node[0] == "number":
        return Fraction(node[1]).limit_denominator(10_000)
    if node[0] == "neg":
        inner = _constant(node[1])
        return None if inner is None else -inner
    if node[0] == "div" and node[1][0] == node[2][0] == "number" and node[2][1] != 0:
        return Fraction(node[1][1] / node[2][1]).limit_denominator(10_000)
    return None


def _factor_hint(actual: Dimension, wanted: Dimension) -> str:
    """Return `"; the sizes differ by 24"` where only a conversion is missing."""
    if actual.powers != wanted.powers:
        return ""
    ratio = actual.factor / wanted.factor
    return f"; they differ by a factor of {ratio if ratio >= 1 else 1 / ratio:.6g}, and nothing is converted"
