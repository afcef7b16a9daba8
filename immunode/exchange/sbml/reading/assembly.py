"""The records of a reading are written out and become a Model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from immunode.errors import ModelError, UnitError
from immunode.exchange.sbml.reading.about import facts
from immunode.exchange.sbml.reading.functions import number
from immunode.exchange.sbml.reading.starts import Starts, ordered
from immunode.exchange.sbml.reading.state import Flux, Quantity, Reading
from immunode.exchange.sbml.reading.units import Units
from immunode.exchange.sbml.reading.writable import constant, finite, split
from immunode.language.characters import visible
from immunode.language.expression import parse
from immunode.language.tree import Expression, names, number_text, substitute, to_text
from immunode.model import Compartment, Derived, Event, Model, Parameter, Process, State, Switch
from immunode.model.checks.structure import find_circle
from immunode.model.records import pairs


def assemble(reading: Reading, name: str) -> Model:
    """Return the Model of a reading.

    Raises
    ------
    ModelError : definitions depend on each other in a circle, or a text can't be honored.
    """
    return _Assembly(reading).model(name)


class _Assembly:
    """One reading on its way to a Model."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.rates = self._inlined_rates()
        self.definitions: dict[str, Expression] = {}
        for quantity in reading.quantities.values():
            if quantity.kind == "derived":
                self.definitions[quantity.name] = self.inline(quantity.value)
        self._rates_of_change()
        self.starts = Starts(reading, self.definitions, self.inline)
        self.parts: dict[tuple[str, Expression], Derived] = {}
        self.own: dict[str, str] = {}

    def inline(self, expression: Expression) -> Expression:
        """Return an expression with the rates of reactions put for their names."""
        return substitute(expression, self.rates)

    def _inlined_rates(self) -> dict[str, Expression]:
        fluxes = self.reading.fluxes
        needs = {name: names(flux.rate) & fluxes.keys() for name, flux in fluxes.items()}
        circle = find_circle(needs)
        if circle:
            raise self.reading.error("reactions", f"{' -> '.join(circle)} depends on itself")
        done: dict[str, Expression] = {}
        for name in ordered(needs):
            done[name] = substitute(fluxes[name].rate, {other: done[other] for other in needs[name]})
        return done

    def _rates_of_change(self) -> None:
        """Define `x.rate` for every x of which the file asks the rate of change."""
        todo = list(self.reading.math.rates)
        while todo:
            name = todo.pop()
            own = f"{name}.rate"
            if own in self.definitions:
                continue
            self.reading.taken.add(own)
            self.definitions[own] = self.inline(self.rate_of(name))
            todo += [n.removesuffix(".rate") for n in names(self.definitions[own]) if n.endswith(".rate")]

    def rate_of(self, name: str) -> Expression:
        """Return the rate of change of a quantity."""
        reading = self.reading
        if name in reading.rate_rules:
            return reading.rate_rules[name]
        quantity = reading.quantities.get(name)
        if quantity is None:
            raise reading.error("rateOf", f"'{name}' has no rate of change here")
        if name in reading.changes:
            whole, size = reading.changes[name]
            inside = ("mul", ("name", name), ("name", f"{size[1]}.rate"))
            reading.math.rates[size[1]] = reading.math.rates[whole] = None
            return ("div", ("sub", ("name", f"{whole}.rate"), inside), size)
        if quantity.kind in ("parameter", "switch") or quantity.fixed:
            return number(0.0)
        if quantity.kind == "derived":
            raise reading.error("rateOf", f"'{name}' follows an assignment rule, of which SBML knows no rate")
        total: Expression | None = None
        for flux in reading.fluxes.values():
            for term in _terms(flux, name):
                total = term if total is None else ("add", total, term)
        if total is None:
            return number(0.0)
        if quantity.compartment and not quantity.amount:
            return ("div", total, ("name", quantity.compartment))
        return total

    def _of(self, *kinds: str) -> Iterable[Quantity]:
        return [q for q in self.reading.quantities.values() if q.kind in kinds]

    # Texts ------------------------------------------------------------------------------------------------------------

    def text(self, expression: Expression, base: str) -> str:
        """Return an expression as text; what is too long or too deep becomes a derived quantity `base.part`."""
        expression = self.inline(expression)

        def hoist(part: Expression) -> str:
            if (base, part) not in self.parts:
                name = self.reading.fresh(f"{base}.part")
                self.parts[base, part] = Derived(name, to_text(part), meaning=f"part of {base}")
            return self.parts[base, part].name

        return to_text(split(finite(expression, self.reading.number), hoist))

    def model(self, name: str) -> Model:
        """Return the Model; units are left out where they don't fit."""
        units = Units(self.reading)
        records = self.records(units)
        about = facts(self.reading)
        try:
            return self._model(name, records, about, units.time, "")
        except UnitError as error:
            first = str(error).splitlines()[0]
            self.reading.remark(f"units are left out, since they don't fit: {first[:200]}")
        units.drop()
        return self._model(name, self.records(units), about, "", units.clock)

    def _model(self, name: str, records: Mapping[str, Any], about: Mapping[str, Any], time: str, clock: str) -> Model:
        # a file of others may hold characters that a terminal obeys, which no Model keeps
        told: dict[str, Any] = {field: visible(text) for field, text in about.items()}
        told |= records
        told["remarks"] = tuple(map(visible, self.reading.remarks))
        try:
            return Model(name=visible(" ".join(name.splitlines())), time_unit=time, clock=clock, **told)
        except UnitError:
            raise
        except ModelError as error:
            raise ModelError(f"{self.reading.label}: {error}") from None

    def records(self, units: Any) -> dict[str, Any]:
        """Return the records of the Model by field."""
        derived = self._derived(units)
        processes = self._processes(derived)
        events = [self._event(event) for event in self.reading.events]
        parameters = self._parameters(units)
        states = self._states(units)
        switches = [Switch(q.name, self.starts.text(q.name), units.of(q), q.meaning) for q in self._of("switch")]
        zero = self.reading.math
        if zero.zero_used and zero.zero in str((states, switches, derived, processes, events, self.parts.values())):
            meaning = "stands for 0 where the file says infinity (1/zero) or not-a-number (zero/zero)"
            parameters.append(Parameter(zero.zero, 0.0, "", meaning, source="the file's infinities"))
        return {
            "states": states,
            "parameters": parameters,
            "processes": processes,
            "derived": [*derived, *self.parts.values()],
            "switches": switches,
            "compartments": self._compartments(units),
            "events": events,
            "requirements": list({r.condition: r for r in self.starts.requirements}.values()),
        }

    def _states(self, units: Any) -> list[State]:
        made = []
        for q in self._of("state"):
            start = self.starts.text(q.name)
            made.append(
                State(q.name, start, units.of(q), q.meaning, "", q.compartment, q.amount, source=q.source)
            )  # fmt: skip
        return made

    def _parameters(self, units: Any) -> list[Parameter]:
        source = units.source
        made = [
            Parameter(q.name, constant(q.value) or 0.0, units.of(q), q.meaning, source) for q in self._of("parameter")
        ]
        for q in self._of("derived"):
            value = self.starts.fixed(q.name) if q.fixed else None
            if isinstance(value, float):
                made.append(Parameter(q.name, value, units.of(q), q.meaning, source))
        for name, (own, value) in self.starts.own.items():
            unit = units.of(self.reading.quantities[name])
            what = "initial value of" if self.starts.text(name) == own else "added to the initial value of"
            made.append(Parameter(own, value, unit, f"{what} {name}", source))
        return made

    def _derived(self, units: Any) -> list[Derived]:
        made = []
        for q in self._of("derived"):
            value = self.starts.fixed(q.name) if q.fixed else q.value
            if not isinstance(value, float):
                made.append(Derived(q.name, self.text(value, q.name), units.of(q), q.meaning, q.source))
        for name, expression in self.definitions.items():
            if name not in self.reading.quantities:
                of = name.removesuffix(".rate")
                made.append(Derived(name, self.text(expression, name), units.rate(of), f"rate of change of {of}"))
        return made

    def _compartments(self, units: Any) -> list[Compartment]:
        used = {q.compartment for q in self._of("state") if q.compartment}
        made = []
        for name in self.reading.compartments.values():
            if name in used:
                q = self.reading.quantities[name]
                known = q.kind == "parameter" or isinstance(self.starts.fixed(name), float)
                volume = name if known else self.starts.text(name)
                made.append(Compartment(name, volume, units.of(q), q.meaning))
        return made

    def _processes(self, derived: list[Derived]) -> list[Process]:
        made = []
        for flux in self.reading.fluxes.values():
            rate = self.text(flux.rate, flux.name)
            arrow = _arrow(flux.numbers)
            if arrow:
                made.append(Process(flux.name, arrow, rate, flux.meaning))
            else:
                derived.append(Derived(flux.name, rate, "", flux.meaning or "rate of a reaction that moves no state"))
            for target, terms in flux.factors.items():
                own = self._own(f"{flux.name}.{target}")
                factor = _signed(terms)
                moved = self.text(("mul", factor, flux.rate), own)
                made.append(Process(own, f"-> {target}", moved, f"what {flux.name} makes of {target}"))
        for name, expression in self.reading.rate_rules.items():
            own = self._own(f"{name}.change")
            made.append(Process(own, f"-> {name}", self.text(expression, own), f"rate rule of {name}"))
        return made

    def _own(self, base: str) -> str:
        """Return the name of a process that the file has no name for, the same at every call."""
        if base not in self.own:
            self.own[base] = self.reading.fresh(base)
        return self.own[base]

    def _event(self, event: Event) -> Event:
        """Return an event with the rates of reactions put for their names."""
        texts = {field: getattr(event, field) for field in ("when", "delay", "priority")}
        made: dict[str, Any] = {
            field: self._inlined(text) for field, text in texts.items() if isinstance(text, str) and text
        }
        for field in ("changes", "sizes"):
            made[field] = {name: self._inlined(text) for name, text in pairs(getattr(event, field))}
        return replace(event, **made)

    def _inlined(self, text: str) -> str:
        expression = parse(text)
        return text if names(expression).isdisjoint(self.rates) else to_text(self.inline(expression))


def _terms(flux: Flux, name: str) -> list[Expression]:
    terms: list[Expression] = []
    rate: Expression = ("name", flux.name)
    count = flux.numbers.get(name, 0.0)
    if count:
        terms.append(rate if count == 1.0 else ("mul", number(count), rate))
    if name in flux.factors:
        terms.append(("mul", _signed(flux.factors[name]), rate))
    return terms


def _signed(terms: list[tuple[int, Expression]]) -> Expression:
    total: Expression | None = None
    for sign, factor in terms:
        if total is None:
            total = factor if sign > 0 else ("neg", factor)
        else:
            total = ("add" if sign > 0 else "sub", total, factor)
    return total or number(0.0)


def _arrow(numbers: Mapping[str, float]) -> str:
    """Return the arrow of net counts, "" where nothing is moved."""
    sides: tuple[list[str], list[str]] = ([], [])
    for name, count in numbers.items():
        if count:
            size = abs(count)
            sides[count > 0].append(name if size == 1.0 else f"{number_text(size)} {name}")
    return " -> ".join(" + ".join(side) for side in sides).strip() if any(sides) else ""
