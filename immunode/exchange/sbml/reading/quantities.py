"""Compartments, parameters, species and species references become quantities."""

from __future__ import annotations

from typing import Any

from immunode.exchange.sbml.reading.about import identity_of
from immunode.exchange.sbml.reading.functions import is_number, number
from immunode.exchange.sbml.reading.state import Quantity, Reading, items
from immunode.language.characters import visible
from immunode.language.tree import Expression


def read_quantities(reading: Reading) -> None:
    """Turn all elements that have a value into quantities of the reading."""
    for compartment in items(reading.sbml.getListOfCompartments()):
        _plain(reading, compartment, "compartment", _size(reading, compartment))
    for parameter in items(reading.sbml.getListOfParameters()):
        value = number_or_nothing(reading, parameter.isSetValue(), parameter.getValue())
        _plain(reading, parameter, "parameter", value)
    for species in items(reading.sbml.getListOfSpecies()):
        _species(reading, species)


def number_or_nothing(reading: Reading, given: bool, value: float) -> Expression:
    """Return a value of the file as an expression, not-a-number where it is not given."""
    return reading.number(float(value)) if given else reading.nothing


def _size(reading: Reading, compartment: Any) -> Expression:
    identity = compartment.getId()
    if compartment.isSetSize():
        return reading.number(float(compartment.getSize()))
    if reading.level == 1:
        return number(float(compartment.getVolume()))
    if identity in reading.initials or identity in reading.assigned:
        return reading.nothing
    if compartment.getSpatialDimensions() != 0:
        reading.remark(f"compartment '{identity}': it has no size; taken as 1")
    return number(1.0)


def _plain(reading: Reading, element: Any, what: str, value: Expression) -> None:
    """Add a compartment, a parameter or a species reference: whatever changes it decides what it is."""
    identity = element.getId()
    name = reading.names[identity]
    kind = "parameter"
    if identity in reading.assigned:
        kind, value = "derived", reading.value(reading.assigned[identity], f"rule for '{identity}'")
    else:
        if identity in reading.initials:
            value = reading.value(reading.initials[identity], f"initial assignment for '{identity}'")
        if identity in reading.rates:
            kind = "state"
        elif identity in reading.by_event:
            kind = "switch"
        elif not is_number(value):
            kind = "derived"
    fixed = kind == "derived" and identity not in reading.assigned
    reading.add(Quantity(name, kind, value, meaning=_meaning(element), fixed=fixed))
    if what == "compartment" and (fixed or kind == "parameter"):
        reading.compartments[identity] = name
    if identity in reading.rates:
        reading.rate_rules[name] = reading.value(reading.rates[identity], f"rate rule for '{identity}'")


def _meaning(element: Any) -> str:
    name = visible(" ".join((element.getName() or "").split()))
    return "" if name == element.getId() else name


def is_amount(reading: Reading, species: Any) -> bool:
    """Return whether the id of a species means an amount, not a concentration."""
    if species.getHasOnlySubstanceUnits():
        return True
    home = reading.elements.get(species.getCompartment())
    return home is None or is_sizeless(reading, home)


def is_sizeless(reading: Reading, compartment: Any) -> bool:
    """Return whether a compartment is a point: without dimensions and, in Level 3, without a size.

    Source: SBML Level 3 Version 2 Core, section 4.5.3 (what has a size is divided by it, whatever its dimensions).
    """
    identity = compartment.getId()
    sized = compartment.isSetSize() or identity in reading.initials or reading.changes_itself(identity)
    return bool(compartment.getSpatialDimensions() == 0 and not (sized and reading.level == 3))


def moved_by_reactions(species: Any) -> bool:
    """Return whether reactions change a species."""
    return not species.getBoundaryCondition() and not species.getConstant()


def _species(reading: Reading, species: Any) -> None:
    identity = species.getId()
    name, meaning, entry = reading.names[identity], _meaning(species), identity_of(species)
    home = species.getCompartment()
    if home not in reading.elements or not hasattr(reading.elements[home], "getSpatialDimensions"):
        raise reading.error(f"species '{identity}'", f"its compartment '{home}' is not there")
    if identity in reading.assigned:
        value = reading.value(reading.assigned[identity], f"rule for '{identity}'")
        reading.add(Quantity(name, "derived", value, meaning=meaning, source=entry))
        return
    amount = is_amount(reading, species)
    size: Expression = ("name", reading.names[home])
    fixed = home in reading.compartments
    value = _start(reading, species, amount, size)
    if identity in reading.rates:
        _ruled(reading, Quantity(name, "state", value, meaning=meaning, source=entry, amount=amount), identity, home)
        return
    used = moved_by_reactions(species) and identity in reading.moved
    changed = used or identity in reading.by_event
    if amount or fixed:
        kind = "state" if changed else "parameter" if is_number(value) else "derived"
        if kind == "derived" and identity not in reading.initials:
            value = _other_measure(reading, species, amount, size) or value
        place = reading.names[home] if fixed and changed else ""
        made = Quantity(name, kind, value, meaning=meaning, compartment=place, amount=amount, fixed=kind == "derived")
        made.source = entry
        reading.add(made)
        return
    whole = reading.fresh(f"{name}.amount")
    start: Expression = ("mul", value, size) if identity in reading.initials or not species.isSetInitialAmount() else (
        reading.number(float(species.getInitialAmount()))
    )  # fmt: skip
    kind = "state" if changed else "parameter" if is_number(start) else "derived"
    what = f"amount of {meaning or name}"
    reading.add(Quantity(whole, kind, start, meaning=what, amount=True, fixed=kind == "derived"))
    reading.add(Quantity(name, "derived", ("div", ("name", whole), size), meaning=meaning, source=entry))
    reading.changes[name] = (whole, size)


def _other_measure(reading: Reading, species: Any, amount: bool, size: Expression) -> Expression | None:
    """Return a species that never changes by a parameter, the amount or concentration that the file gives, if one."""
    what = "concentration" if amount else "amount"
    value = reading.number(float(species.getInitialConcentration() if amount else species.getInitialAmount()))
    if not (species.isSetInitialConcentration() if amount else species.isSetInitialAmount()) or not is_number(value):
        return None
    name = reading.names[species.getId()]
    own = reading.fresh(f"{name}.{what}")
    reading.add(Quantity(own, "parameter", value, meaning=f"{what} of {_meaning(species) or name}"))
    reading.measures[own] = species.getId()
    return ("mul" if amount else "div", ("name", own), size)


def _ruled(reading: Reading, species: Quantity, identity: str, home: str) -> None:
    """Add a species with a rate rule; where an event changes its compartment, its amount is what stays then."""
    name, rate = species.name, reading.value(reading.rates[identity], f"rate rule for '{identity}'")
    if species.amount or home not in reading.by_event:
        reading.add(species)
        reading.rate_rules[name] = rate
        return
    size: Expression = ("name", reading.names[home])
    whole = reading.fresh(f"{name}.amount")
    change: Expression = ("mul", rate, size)
    if home in reading.rates:
        growth = reading.value(reading.rates[home], f"rate rule for '{home}'")
        change = ("add", change, ("mul", ("name", name), growth))
    what = f"amount of {species.meaning or name}"
    reading.add(Quantity(whole, "state", ("mul", species.value, size), meaning=what, amount=True))
    reading.add(Quantity(name, "derived", ("div", ("name", whole), size), meaning=species.meaning))
    reading.changes[name] = (whole, size)
    reading.rate_rules[whole] = change


def _start(reading: Reading, species: Any, amount: bool, size: Expression) -> Expression:
    """Return the initial value of a species as its id means it."""
    identity = species.getId()
    if identity in reading.initials:
        return reading.value(reading.initials[identity], f"initial assignment for '{identity}'")
    if species.isSetInitialAmount():
        value = reading.number(float(species.getInitialAmount()))
        return value if amount or value == number(0.0) else ("div", value, size)
    if species.isSetInitialConcentration():
        value = reading.number(float(species.getInitialConcentration()))
        point = is_sizeless(reading, reading.elements[species.getCompartment()])
        return ("mul", value, size) if amount and not point else value
    if identity in reading.by_event or identity in reading.rates or identity in reading.moved:
        reading.remark(f"species '{identity}': it has no initial value")
    return reading.nothing
