"""What is known of an SBML file while it is read: names, what changes what, and the records made so far."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from immunode.errors import ModelError
from immunode.exchange.naming import lawful
from immunode.exchange.sbml.libsbml_access import libsbml
from immunode.exchange.sbml.reading.mathml import Converter, Scope
from immunode.language.tree import Expression

_SID = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def items(group: Any) -> Iterator[Any]:
    """Yield the elements of a list of libSBML."""
    for i in range(group.size()):
        yield group.get(i)


@dataclass(slots=True)
class Flux:
    """A reaction on its way to be processes: rate, and per state what it moves: a number and factors with a sign."""

    name: str
    rate: Expression
    numbers: dict[str, float] = field(default_factory=dict)
    factors: dict[str, list[tuple[int, Expression]]] = field(default_factory=dict)
    meaning: str = ""
    fast: bool = False


@dataclass(slots=True)
class Quantity:
    """A named number of the model, on its way to be a record.

    kind : "parameter", "state", "switch" or "derived".
    value : a derived quantity's expression, or the initial one of a parameter, state or switch.
    compartment : of a state that is a concentration or amount in a constant compartment.
    fixed : of a derived quantity: its expression holds at time 0, and the value never changes.
    """

    name: str
    kind: str
    value: Expression
    unit: str = ""
    meaning: str = ""
    source: str = ""
    compartment: str = ""
    amount: bool = False
    fixed: bool = False


class Reading:
    """One file on its way to a Model.

    For those who add elements (events, algebraic rules, fast reactions):

    sbml : the libSBML model.   math : the `Converter`, `math.value(ast, who)` and `math.condition(ast, who)`.
    names : id -> name in the Model.   elements : id -> libSBML element of whatever has a value.
    assigned, rates, initials : id -> mathematics of assignment rules, rate rules, initial assignments.
    algebraic : mathematics of algebraic rules.   by_event : ids that events change.
    measures : parameter -> id of the species whose amount or concentration it is, where the id means the other.
    solved : name -> the equation whose root, at the file's values, is the initial value.
    quantities : name -> `Quantity`.   fluxes : reactions' `Flux`es, by name.   events : records of the declaration.
    assign(id) -> (name, size) of the record to change, and what the value of the id is to be multiplied by, or None.
    fresh(base) -> a name nobody has yet.   remarks : oddities to be told.

    Before the elements are read, `initials` and `by_event` may be changed; an initial value may be an expression.
    called : id -> the name that it should have.   start : what the file's time is when the model's is 0.
    """

    def __init__(
        self,
        document: Any,
        label: str,
        remarks: Iterable[str],
        called: Mapping[str, str] | None = None,
        start: float = 0.0,
    ) -> None:
        self.called = dict(called or {})
        self.document, self.sbml, self.label = document, document.getModel(), label
        self.level, self.version = document.getLevel(), document.getVersion()
        self.remarks: dict[str, None] = dict.fromkeys(remarks)
        self.names: dict[str, str] = {}
        self.taken: set[str] = set()
        self.numbered: dict[str, int] = {}
        self.elements: dict[str, Any] = {}
        self.assigned: dict[str, Any] = {}
        self.rates: dict[str, Any] = {}
        self.initials: dict[str, Any] = {}
        self.algebraic: list[Any] = []
        self.by_event: dict[str, None] = {}
        self.measures: dict[str, str] = {}
        self.solved: dict[str, Expression] = {}
        self.quantities: dict[str, Quantity] = {}
        self.fluxes: dict[str, Flux] = {}
        self.changes: dict[str, tuple[str, Expression]] = {}
        self.rate_rules: dict[str, Expression] = {}
        self.events: list[Any] = []
        self.compartments: dict[str, str] = {}
        self.moved: set[str] = {r.getSpecies() for r in self._references()}
        self.mentioned: set[str] = set()
        self._collect()
        self._mentions()
        self.math = Converter(self.names, label, self.fresh("zero"), start)
        self.math.define(self.sbml)

    def error(self, who: str, what: str) -> ModelError:
        """Return the error that names an element of the file and what is wrong."""
        return ModelError(f"{self.label}, {who}: {what}")

    def remark(self, text: str) -> None:
        """Note an oddity."""
        self.remarks[text] = None

    def fresh(self, base: str) -> str:
        """Return `base` made lawful, or the first like it that is free: `x`, `x_`, `x_2`, `x_3`."""
        name = base = lawful(base)
        # counted on from the last one, so that thousands of equal names take no time that grows with their square
        number = self.numbered.get(base, 1)
        while name in self.taken:
            name = f"{base}_" if number == 1 else f"{base}_{number}"
            number += 1
        self.numbered[base] = number
        self.taken.add(name)
        return name

    def _collect(self) -> None:
        sbml = self.sbml
        functions = {f.getId() for f in items(sbml.getListOfFunctionDefinitions())}
        groups = [
            ("compartment", sbml.getListOfCompartments()),
            ("species", sbml.getListOfSpecies()),
            ("parameter", sbml.getListOfParameters()),
            ("reaction", sbml.getListOfReactions()),
        ]
        # plain names are given first, so that only odd ones are changed
        found = [(kind, element) for kind, group in groups for element in items(group)]
        found += [("species reference", r) for r in self._references() if r.getId()]
        for kind, element in found:
            identity = element.getId()
            if not identity:
                raise self.error(kind, "it has no id")
            if identity in self.elements or identity in functions:
                raise self.error(f"{kind} '{identity}'", "another element has this id")
            self.elements[identity] = element
        odd = {identity: self.called.get(identity) or lawful(identity.replace(".", "_")) for identity in self.elements}
        for identity in sorted(odd, key=lambda i: odd[i] != i):
            self.names[identity] = name = self.fresh(odd[identity])
            if not _SID.fullmatch(identity):
                self.remark(f"the id '{identity[:80]}' is none that SBML allows; it is called '{name[:80]}'")
        self._rules()

    def _references(self) -> Iterator[Any]:
        for reaction in items(self.sbml.getListOfReactions()):
            yield from items(reaction.getListOfReactants())
            yield from items(reaction.getListOfProducts())

    def _rules(self) -> None:
        for rule in items(self.sbml.getListOfRules()):
            node = rule.getMath()
            if rule.isAlgebraic():
                if node is not None:
                    self.algebraic.append(node)
                continue
            target = rule.getVariable()
            who = f"rule for '{target}'"
            if target not in self.elements:
                raise self.error(who, "there is no such element")
            if target in self.assigned or target in self.rates:
                raise self.error(who, "another rule is for the same element")
            if node is None:
                self.remark(f"{who}: it has no mathematics and is left out")
                continue
            (self.rates if rule.isRate() else self.assigned)[target] = node
        for assignment in items(self.sbml.getListOfInitialAssignments()):
            target, node = assignment.getSymbol(), assignment.getMath()
            who = f"initial assignment for '{target}'"
            if target not in self.elements:
                raise self.error(who, "there is no such element")
            if target in self.initials:
                raise self.error(who, "another initial assignment is for the same element")
            if node is None:
                self.remark(f"{who}: it has no mathematics and is left out")
                continue
            if _tells(node, "time") and any(_tells(other, "delay") for other in self._mathematics()):
                raise self.error(who, "it depends on time, so that it is also the past that a delay sees; not read")
            if target not in self.assigned:
                self.initials[target] = node
        for event in items(self.sbml.getListOfEvents()):
            for assignment in items(event.getListOfEventAssignments()):
                target = assignment.getVariable()
                if target not in self.elements:
                    raise self.error(f"event '{event.getId()}'", f"it changes '{target}', which is no element")
                if assignment.getMath() is not None:
                    self.by_event[target] = None

    def _mentions(self) -> None:
        """Note the ids of species references that mathematics uses."""
        references = {r.getId() for r in self._references() if r.getId()}
        if not references:
            return
        nodes = self._mathematics()
        while nodes:
            node = nodes.pop()
            if node is None:
                continue
            if node.isName() and node.getName() in references:
                self.mentioned.add(node.getName())
            nodes += [node.getChild(i) for i in range(node.getNumChildren())]

    def _mathematics(self) -> list[Any]:
        """Return the mathematics of rules, assignments, reactions and events that were read so far."""
        nodes = [*self.assigned.values(), *self.rates.values(), *self.initials.values(), *self.algebraic]
        nodes += [r.getKineticLaw().getMath() for r in items(self.sbml.getListOfReactions()) if r.getKineticLaw()]
        for event in items(self.sbml.getListOfEvents()):
            parts = [
                event.getTrigger(),
                event.getDelay(),
                event.getPriority(),
                *items(event.getListOfEventAssignments()),
            ]
            nodes += [part.getMath() for part in parts if part is not None]
        return nodes

    def changes_itself(self, identity: str) -> bool:
        """Return whether a rule or an event changes an element."""
        return identity in self.assigned or identity in self.rates or identity in self.by_event

    def add(self, quantity: Quantity) -> None:
        """Take one more quantity."""
        self.quantities[quantity.name] = quantity

    def assign(self, identity: str) -> tuple[str, Expression | None]:
        """Return the name of the state or switch to set, and the size that makes the element's value its value."""
        name = self.names[identity]
        return self.changes.get(name, (name, None))

    def value(self, node: Any, who: str, scope: Scope | None = None) -> Expression:
        """Return mathematics of the file as the expression of a number; an expression stays as it is."""
        return node if isinstance(node, tuple) else self.math.value(node, who, scope)

    def number(self, value: float) -> Expression:
        """Return a number, infinite and not-a-number included."""
        return self.math.special(value)

    @property
    def nothing(self) -> Expression:
        """What stands for a value that the file does not give."""
        return self.number(math.nan)


def _tells(node: Any, symbol: str) -> bool:
    """Return whether mathematics has a symbol of SBML, "time" or "delay"."""
    kinds = {"time": "AST_NAME_TIME", "delay": "AST_FUNCTION_DELAY"}
    nodes = [node]
    while nodes:
        one = nodes.pop()
        if one is None:
            continue
        if one.getType() == getattr(libsbml(), kinds[symbol]):
            return True
        nodes += [one.getChild(i) for i in range(one.getNumChildren())]
    return False
