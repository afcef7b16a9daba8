"""Unit definitions of a model's unit texts."""

from __future__ import annotations

import re
from fractions import Fraction
from xml.etree.ElementTree import Element, SubElement

from immunode.exchange.sbml.writing.names import Ids
from immunode.language.dimension import Dimension, parse_unit
from immunode.model import Model

_KINDS = {"s": "second", "m": "metre", "g": "gram", "mol": "mole", "kg": "kilogram", "AU": "dimensionless"}
_KINDS |= {name: name for name in ("kelvin", "ampere", "candela", "radian")}
_COUNTED = "item"
"""What cells, copies, colony-forming units and a model's own units are to SBML, which knows no others."""
_RESERVED = """
    ampere avogadro becquerel candela celsius coulomb dimensionless farad gram gray henry hertz item joule katal kelvin
    kilogram liter litre lumen lux meter metre mole newton ohm pascal radian second siemens sievert steradian tesla volt
    watt weber substance volume area length
"""
_SUBSTANCES = frozenset({"mol", "g", "kg"})


class UnitBook:
    """The unit definitions of one model, made as they are asked for."""

    def __init__(self, model: Model, fresh: Ids) -> None:
        self.fresh = fresh
        self.extra = tuple(unit.name for unit in model.units)
        self.definitions: dict[str, Element] = {}
        self._ids: dict[str, str] = {}

    def dimension(self, text: str) -> Dimension:
        """Return the dimension of a unit as the model writes it."""
        return parse_unit(text, self.extra)

    def id(self, text: str) -> str:
        """Return the id of the unit definition that says what `text` says."""
        if text in self._ids:
            return self._ids[text]
        found = self.dimension(text)
        if not found.powers and found.dimensionless:
            return "dimensionless"
        plain = re.sub(r"^\s*1\s*/", "per ", text).replace("**", "").replace("%", "percent").replace("/", " per ")
        base = re.sub(r"_+", "_", re.sub(r"\W", "_", plain, flags=re.ASCII)).strip("_") or "unit"
        made = self.fresh.new(f"{base}_" if base in _RESERVED.split() else base)
        self._ids[text] = made
        self.definitions[made] = _definition(made, text, found)
        return made

    def substance(self, text: str) -> bool:
        """Return whether SBML lets an amount be in this unit: a number, moles, mass or things that are counted."""
        powers = self.dimension(text).powers
        return not powers or (len(powers) == 1 and powers[0][1] == 1 and self._countable(powers[0][0]))

    def _countable(self, base: str) -> bool:
        return base in _SUBSTANCES or base not in _KINDS or _KINDS[base] == "dimensionless"

    def per_volume(self, text: str) -> tuple[str, str] | None:
        """Return what is counted and the volume of a concentration, ("pg", "mL") for pg/mL; None for other units."""
        powers = dict(self.dimension(text).powers)
        if powers.pop("m", None) != -3:
            return None
        if powers and (len(powers) > 1 or set(powers.values()) != {1} or not self._countable(next(iter(powers)))):
            return None
        above, _, below = text.rpartition("/")
        if re.fullmatch(r"\s*[A-Za-z]+\s*", below) and self.dimension(below).powers == (("m", Fraction(3)),):
            return above, below.strip()
        return f"({text})*L", "L"


def _definition(made: str, text: str, found: Dimension) -> Element:
    definition = Element("unitDefinition", {"id": made, "name": text})
    units = SubElement(definition, "listOfUnits")
    powers = found.powers or (("AU", Fraction(1)),)
    for i, (base, power) in enumerate(powers):
        # the size of the whole goes into its first factor
        multiplier = float(found.factor) ** (1 / float(power)) if i == 0 else 1.0
        SubElement(
            units,
            "unit",
            {
                "kind": _KINDS.get(base, _COUNTED),
                "exponent": f"{float(power):.15g}",
                "scale": "0",
                "multiplier": repr(multiplier),
            },
        )
    return definition
