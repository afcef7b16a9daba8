"""Units of an SBML file as texts of the package."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from immunode.errors import UnitError
from immunode.exchange.sbml.libsbml_access import libsbml
from immunode.exchange.sbml.reading.about import reference_of
from immunode.exchange.sbml.reading.quantities import is_amount
from immunode.exchange.sbml.reading.state import Quantity, Reading, items
from immunode.language.dimension import NAMED, Dimension, describe, parse_unit

_KINDS = {
    "second": "s", "metre": "m", "meter": "m", "gram": "g", "kilogram": "kg", "mole": "mol", "litre": "L", "liter": "L",
    "item": "item", "dimensionless": "", "avogadro": "", "radian": "", "steradian": "",
}  # fmt: skip
"""Units of SBML that the package reads; with another one all units are left out. Items are cells or molecules."""
_NICE = (
    "day", "h", "min", "s", "week", "year", "cell", "nmol", "umol", "mmol", "pmol", "nM", "uM", "mM", "pM", "mL", "uL",
    "pg", "ng", "ug", "mg", "g", "kg", "L", "mol", "M", "m",
)  # fmt: skip


SMALLEST = 1e-90
"""The smallest unit, in SI units; ratios of three of them are still numbers."""


class UnreadableUnitError(Exception):
    """A unit that the package does not know."""


class Units:
    """The units of one reading, as texts; all of them are left out together where one can't be read or they don't fit.

    time : of the model, "" where units are left out.   clock : what one unit of time stands for then.
    source : what parameters give as their source.
    """

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.dropped = False
        self.clock = ""
        self.source = reference_of(reading) or f"SBML file {reading.label}"
        self._definitions = {d.getId(): d for d in items(reading.sbml.getListOfUnitDefinitions())}
        self._texts: dict[str, str] = {}
        self._identities = {name: identity for identity, name in reading.names.items()}
        self._amounts = {whole: name for name, (whole, _) in reading.changes.items()}
        try:
            self.time = self._text(self._default("time"))
            self.clock = self.time if self.time and _is_time(self.time) else ""
            self._found = {q.name: self._text(self._named(q)) for q in reading.quantities.values()}
            if not self.time or not any(self._found.values()):
                self.drop()
        except UnreadableUnitError as error:
            reading.remark(f"units are left out: {error}")
            self.drop()

    def drop(self) -> None:
        """Leave all units out."""
        self.dropped, self.time = True, ""

    def of(self, quantity: Quantity) -> str:
        """Return the unit of a quantity."""
        return "" if self.dropped else self._found.get(quantity.name, "")

    def rate(self, name: str) -> str:
        """Return the unit of the rate of change of a quantity."""
        unit = "" if self.dropped else self._found.get(name, "")
        return f"{unit or '1'}/{self.time}" if self.time else ""

    def _default(self, what: str) -> Dimension:
        """Return the unit that the model declares for time, substance, volume, ..."""
        sbml = self.reading.sbml
        if self.reading.level == 3:
            found = getattr(sbml, f"get{what.capitalize()}Units")()
            return self._dimension(found) if found else Dimension()
        if what in self._definitions:
            return self._dimension(what)
        plain = {"time": "second", "substance": "mole", "volume": "litre"}
        return {"area": NAMED["m"] ** 2, "length": NAMED["m"]}[what] if what in ("area", "length") else (
            self._dimension(plain[what])
        )  # fmt: skip

    def _named(self, quantity: Quantity) -> Dimension:
        if quantity.unit:
            return self._dimension(quantity.unit)
        reading = self.reading
        identity = self._identities.get(quantity.name, "")
        element = reading.elements.get(identity)
        if quantity.name in reading.measures:
            species = reading.elements[reading.measures[quantity.name]]
            substance = self._substance(species)
            concentration = is_amount(reading, species)
            return substance / self._size(reading.elements[species.getCompartment()]) if concentration else substance
        amount = self._amounts.get(quantity.name, "")
        if element is None and amount:
            return self._substance(reading.elements[self._identities[amount]])
        if element is None:
            return Dimension()
        if hasattr(element, "getBoundaryCondition"):
            substance = self._substance(element)
            home = reading.elements[element.getCompartment()]
            return substance if is_amount(reading, element) else substance / self._size(home)
        if hasattr(element, "getSpatialDimensions"):
            return self._size(element)
        return self._dimension(element.getUnits()) if hasattr(element, "getUnits") else Dimension()

    def _substance(self, species: Any) -> Dimension:
        own = species.getSubstanceUnits() if self.reading.level > 1 else species.getUnits()
        return self._dimension(own) if own else self._default("substance")

    def _size(self, compartment: Any) -> Dimension:
        if compartment.getUnits():
            return self._dimension(compartment.getUnits())
        what = {3: "volume", 2: "area", 1: "length"}.get(compartment.getSpatialDimensions(), "")
        return self._default(what) if what else Dimension()

    def _dimension(self, identity: str) -> Dimension:
        """Return the dimension of a unit definition or of a unit of SBML's."""
        if not identity:
            return Dimension()
        if identity in self._definitions:
            made = Dimension()
            try:
                for unit in items(self._definitions[identity].getListOfUnits()):
                    made = made * self._unit(unit)
            except UnitError as error:
                raise UnreadableUnitError(f"the unit '{identity}': {error}") from None
            if not SMALLEST < made.factor < 1 / SMALLEST:
                raise UnreadableUnitError(f"the unit '{identity}' is {made.factor:g} of SI units")
            return made
        if identity in ("substance", "volume", "area", "length", "time") and self.reading.level < 3:
            return self._default(identity)
        return self._kind(identity)

    def _unit(self, unit: Any) -> Dimension:
        kind = libsbml().UnitKind_toString(unit.getKind())
        multiplier, scale, exponent = unit.getMultiplier(), unit.getScale(), unit.getExponentAsDouble()
        odd = UnreadableUnitError(f"a unit is {multiplier:g} * 10**{scale} {kind}, to the power {exponent:g}")
        if not (0 < multiplier < math.inf and abs(exponent) <= 50):
            raise odd
        try:
            made = (Dimension(multiplier * 10.0**scale) * self._kind(kind)) ** Fraction(exponent).limit_denominator(
                1000
            )
        except (ArithmeticError, UnitError):
            raise odd from None
        if not 0 < made.factor < math.inf:
            raise odd
        return made

    def _kind(self, kind: str) -> Dimension:
        if kind == "kilogram":
            return Dimension(1000.0) * NAMED["g"]
        if kind == "item":
            return NAMED["cell"]
        if kind not in _KINDS:
            raise UnreadableUnitError(f"the unit '{kind}' is not known here")
        return NAMED[_KINDS[kind]] if _KINDS[kind] else Dimension()

    def _text(self, unit: Dimension) -> str:
        if unit.dimensionless:
            return ""
        key = str((round(math.log(unit.factor), 9), unit.powers))
        if key not in self._texts:
            self._texts[key] = describe(_rounded(unit), _NICE) if unit.powers else f"{unit.factor:.10g}"
        return self._texts[key]


def _rounded(unit: Dimension) -> Dimension:
    return Dimension(float(f"{unit.factor:.12g}"), unit.powers)


def _is_time(text: str) -> bool:
    return parse_unit(text).powers == NAMED["s"].powers
