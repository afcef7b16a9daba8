"""Units of an SBML file as texts of the package."""

from __future__ import annotations

from immunode.exchange.sbml.frame import Quantity, Reading


class Units:
    """The units of one reading."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.time = ""
        self.clock = ""
        self.source = f"SBML file {reading.label}"

    def drop(self) -> None:
        """Leave all units out."""
        self.time = ""

    def of(self, quantity: Quantity) -> str:
        """Return the unit of a quantity."""
        return ""

    def rate(self, name: str) -> str:
        """Return the unit of the rate of change of a quantity."""
        return ""
