"""What all elements of an SBML document share: ids, units, compartments of states, and MathML of expressions."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element

from immunode.errors import ModelError
from immunode.exchange.sbml.writing.math import DEFINED, math_element
from immunode.exchange.sbml.writing.names import Ids
from immunode.exchange.sbml.writing.units import UnitBook
from immunode.language.expression import Expression, parse, substitute, walk
from immunode.model import Model, State
from immunode.model.records import pairs

CORE = "http://www.sbml.org/sbml/level3/version2/core"


def document_ids(model: Model) -> dict[str, str]:
    """Return the SBML id of every state, parameter, switch, derived quantity, `k.effective` and process of a model."""
    document = Document(model)
    return document.processes | document.ids


def space_ids(model: Model) -> dict[str, str]:
    """Return the SBML id of every compartment of a model."""
    return dict(Document(model).compartments)


def sized_states(model: Model) -> dict[str, str]:
    """Return the size of each state that lives in no compartment and that events set by one size only."""
    states = {state.name for state in model.states if not state.compartment}
    found: dict[str, set[str]] = {}
    for event in model.events:
        for name, size in pairs(event.sizes):
            found.setdefault(name, set()).add(size)
    return {name: min(sizes) for name, sizes in found.items() if name in states and len(sizes) == 1}


class Document:
    """One pass over one model: its ids in SBML, its units, and where each state lives.

    ids : name of a state, parameter, switch, derived quantity, `k.effective` or `x.size` -> id.
    perturbed : parameters that an intervention changes.   renamed : name -> what stands for it in expressions.
    processes, compartments : name -> id.   functions : name of a function that SBML lacks -> id of its definition.
    sizes : state -> the size that events multiply its values by.   ones : unit -> id of the compartment of one such.
    homes : state -> id of its compartment, unit of its amount, whether the state is an amount.
    """

    def __init__(self, model: Model) -> None:
        told = next((state.name for state in model.states if state.history), None)
        if told is not None:
            raise ModelError(
                f"{model.name}: state '{told}' has a history, which SBML can't say; there the past is the start"
            )
        self.model = model
        self.fresh = Ids()
        self.ids: dict[str, str] = {}
        quantities: tuple[Any, ...] = (*model.states, *model.parameters, *model.switches, *model.derived)
        for record in quantities:
            self.ids[record.name] = self.fresh.new(record.name)
        self.perturbed = list(dict.fromkeys(effect.target for effect in model.effects))
        self.ids |= {f"{name}.effective": self.fresh.new(f"{name}.effective") for name in self.perturbed}
        self.renamed: dict[str, Expression] = {n: ("name", f"{n}.effective") for n in self.perturbed}
        self.processes = {process.name: self.fresh.new(process.name) for process in model.processes}
        self.compartments = {space.name: self.fresh.new(space.name) for space in model.compartments}
        self.units = UnitBook(model, self.fresh)
        self.ones: dict[str, str] = {}
        self.functions = self._functions()
        self.sizes = sized_states(model)
        for name in self.sizes:
            self.ids[f"{name}.size"] = self.fresh.new(f"{name}.size")
            self.renamed[name] = ("mul", ("name", name), ("name", f"{name}.size"))
        self.homes = {state.name: self._home(state) for state in model.states}

    def math(self, text: str | Expression, who: str, *, raw: bool = False) -> Element:
        """Return the MathML of an expression; parameters have their declared values where `raw`."""
        expression = parse(text) if isinstance(text, str) else text
        if not raw:
            expression = substitute(expression, self.renamed)
        return math_element(expression, {**self.ids, **self.functions}, CORE, f"{self.model.name}, {who}")

    def _functions(self) -> dict[str, str]:
        model = self.model
        texts = [p.rate for p in model.processes] + [d.expression for d in model.derived]
        texts += [text for effect in model.effects for text in (effect.value, effect.weight)]
        texts += [text for event in model.events for _, text in (*pairs(event.changes), *pairs(event.sizes))]
        texts += [event.when for event in model.events if event.when]
        timing = ("at", "every", "count", "delay", "priority")
        others: list[Any] = [getattr(event, field, "") for event in model.events for field in timing]
        others += [state.initial for state in model.states] + [switch.initial for switch in model.switches]
        others += [space.volume for space in model.compartments]
        texts += [text for text in others if isinstance(text, str) and text]
        texts += [r.condition for r in model.requirements]
        used = {node[1] for text in texts for node in walk(parse(text)) if node[0] == "call"}
        return {name: self.fresh.new(f"{name}_") for name in DEFINED if name in used}

    def _home(self, state: State) -> tuple[str, str, bool]:
        """Return the compartment's id, the unit of the amount, and whether the state is an amount."""
        if state.name in self.sizes:
            return self.ids[f"{state.name}.size"], state.unit, False
        if state.compartment:
            if state.amount:
                return self.compartments[state.compartment], state.unit, True
            volume = next(c.unit for c in self.model.compartments if c.name == state.compartment)
            above, _, below = state.unit.rpartition("/")
            inside = f"({state.unit})*({volume})" if state.unit and volume else state.unit
            amount = above if below.strip() == volume else inside
            return self.compartments[state.compartment], amount, False
        found = self.units.per_volume(state.unit)
        if found is None:
            return self._one(""), state.unit, True
        return self._one(found[1]), found[0].replace("(1)", "").strip() if found[0].strip() != "1" else "", False

    def _one(self, unit: str) -> str:
        if unit not in self.ones:
            self.ones[unit] = self.fresh.new(f"one_{unit}" if unit else "everywhere")
        return self.ones[unit]
