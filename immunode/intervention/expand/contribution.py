"""What one intervention adds to a model, as it is written out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from immunode.intervention.times import Time, size
from immunode.model.declaration import Contribution, Declaration
from immunode.model.records import Parameter, Requirement
from immunode.model.units import parse_time

CHOSEN = "a choice of the study's design"


class Draft(Contribution):
    """A contribution that grows while one intervention is written out for one model.

    Parameters
    ----------
    units : Mapping[str, str]
        unit of each quantity of the model.
    source, evidence : str
        of the intervention.
    """

    __slots__ = ("evidence", "model", "source", "units")

    def __init__(
        self, name: str, model: Declaration, units: Mapping[str, str], source: str = "", evidence: str = ""
    ) -> None:
        Contribution.__init__(self, name)
        self.model, self.units, self.source, self.evidence = model, units, source, evidence

    def knob(
        self,
        knob: str,
        value: float,
        unit: str = "",
        meaning: str = "",
        *,
        bounds: tuple[float, float] | None = None,
        source: str = "",
        evidence: str = "",
    ) -> str:
        """Add a parameter and return its full name. `unit`: as the model writes it."""
        full = f"{self.name}.{knob}"
        chosen = source or CHOSEN
        self.parameters.append(Parameter(full, float(value), unit, meaning, chosen, evidence, bounds))
        return full

    def unit(self, target: str) -> str:
        """Return the unit of a parameter, state or derived quantity; "" for an unknown one, which `perturb` refuses."""
        return self.units.get(target, "")

    def time(self, knob: str, value: Time, meaning: str = "") -> str:
        """Add a parameter that is a time, in the model's time unit, and return its full name."""
        return self.knob(knob, self.in_model_time(value), self.model.time_unit, meaning)

    def in_model_time(self, value: Time) -> float:
        """Return a time in the model's time unit.

        Raises
        ------
        UnitError
            the model is dimensionless and has no clock.
        """
        return float(parse_time(value, self.model)) if size(value)[1] else float(value)

    def require(self, condition: str, message: str) -> None:
        """Add a condition on parameters without which a run is refused. `message`: what must hold, in words."""
        self.requirements.append(Requirement(condition, message))

    def within(self, names: Iterable[str], low: float, high: float | None = None) -> None:
        """Require `low <= name` (and `<= high`) for parameters given by full name."""
        for full in names:
            if high is None:
                self.require(f"{full} >= {low:g}", f"'{full}' must be {low:g} or above")
            else:
                self.require(f"{full} >= {low:g} and {full} <= {high:g}", f"'{full}' must lie in [{low:g}, {high:g}]")

    def above_zero(self, *names: str) -> None:
        """Require `name > 0` for parameters given by full name."""
        for full in names:
            self.require(f"{full} > 0", f"'{full}' must be above 0")

    def per_time(self, unit: str) -> str:
        """Return a unit divided by the model's time unit."""
        return f"{unit or '1'}/{self.model.time_unit}" if self.model.time_unit else unit
