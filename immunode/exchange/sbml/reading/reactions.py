"""Reactions become fluxes: a rate, and what it moves, with variable stoichiometry and conversion factors."""

from __future__ import annotations

import math
from typing import Any

from immunode.exchange.sbml.reading.functions import is_number, number
from immunode.exchange.sbml.reading.quantities import _plain, moved_by_reactions
from immunode.exchange.sbml.reading.state import Flux, Quantity, Reading, items
from immunode.language.characters import visible
from immunode.language.tree import Expression


def read_reactions(reading: Reading) -> None:
    """Turn all reactions into fluxes of the reading, and their own parameters into parameters `reaction.k`."""
    for reaction in items(reading.sbml.getListOfReactions()):
        for reference in (*items(reaction.getListOfReactants()), *items(reaction.getListOfProducts())):
            if is_quantity(reading, reference):
                _plain(reading, reference, "species reference", _given(reading, reference))
    for reaction in items(reading.sbml.getListOfReactions()):
        identity = reaction.getId()
        name = reading.names[identity]
        flux = Flux(name, _rate(reading, reaction), meaning=_label(reaction))
        flux.fast = bool(reading.level < 3 or reading.version < 2) and bool(reaction.getFast())
        for sign, group in ((-1, reaction.getListOfReactants()), (1, reaction.getListOfProducts())):
            for reference in items(group):
                _move(reading, flux, reference, sign)
        reading.fluxes[name] = flux


def _label(reaction: Any) -> str:
    name = visible(" ".join((reaction.getName() or "").split()))
    return "" if name == reaction.getId() else name


def is_quantity(reading: Reading, reference: Any) -> bool:
    """Return whether the stoichiometry of a species reference has a name that the model may use."""
    identity = reference.getId()
    if not identity:
        return False
    return reading.changes_itself(identity) or identity in reading.initials or identity in reading.mentioned


def _given(reading: Reading, reference: Any) -> Expression:
    if reading.level == 3:
        return number(float(reference.getStoichiometry())) if reference.isSetStoichiometry() else number(1.0)
    return number(float(reference.getStoichiometry()) / (reference.getDenominator() or 1))


def _rate(reading: Reading, reaction: Any) -> Expression:
    identity = reaction.getId()
    law = reaction.getKineticLaw()
    if law is None or law.getMath() is None:
        reading.remark(f"reaction '{identity}': it has no rate; taken as 0")
        return number(0.0)
    scope: dict[str, Expression] = {}
    group = law.getListOfLocalParameters() if reading.level == 3 else law.getListOfParameters()
    for parameter in items(group):
        own = parameter.getId()
        if own in scope:
            raise reading.error(f"reaction '{identity}'", f"two of its parameters have the id '{own}'")
        name = reading.fresh(f"{reading.names[identity]}.{own}")
        value = reading.number(float(parameter.getValue())) if parameter.isSetValue() else reading.nothing
        kind = "parameter" if is_number(value) else "derived"
        reading.add(
            Quantity(name, kind, value, unit=parameter.getUnits(), meaning=_label(parameter), fixed=kind == "derived")
        )
        scope[own] = ("name", name)
    return reading.value(law.getMath(), f"reaction '{identity}'", scope)


def _move(reading: Reading, flux: Flux, reference: Any, sign: int) -> None:
    identity = reference.getSpecies()
    species = reading.elements.get(identity)
    if species is None or not hasattr(species, "getBoundaryCondition"):
        raise reading.error(f"reaction '{flux.name}'", f"its species '{identity}' is not there")
    if not moved_by_reactions(species) or identity in reading.assigned or identity in reading.rates:
        return
    name = reading.names[identity]
    target = reading.changes[name][0] if name in reading.changes else name
    factors: list[Expression] = []
    count = 1.0
    mathematics = reference.getStoichiometryMath() if reading.level == 2 else None
    if mathematics is not None and mathematics.getMath() is not None:
        factors.append(reading.value(mathematics.getMath(), f"reaction '{flux.name}', stoichiometry of '{identity}'"))
    elif is_quantity(reading, reference):
        factors.append(("name", reading.names[reference.getId()]))
    else:
        count = float(reference.getStoichiometry())
        if reading.level == 3 and not reference.isSetStoichiometry():
            count = 1.0
        elif reading.level < 3:
            count /= reference.getDenominator() or 1
    conversion = species.getConversionFactor() or reading.sbml.getConversionFactor() if reading.level == 3 else ""
    if conversion:
        if conversion not in reading.names:
            raise reading.error(f"species '{identity}'", f"its conversion factor '{conversion}' is not there")
        factors.append(("name", reading.names[conversion]))
    if not factors and math.isfinite(count):
        flux.numbers[target] = flux.numbers.get(target, 0.0) + sign * count
        return
    factor = reading.number(count) if count != 1.0 or not factors else factors.pop(0)
    for other in factors:
        factor = ("mul", factor, other)
    flux.factors.setdefault(target, []).append((sign, factor))
