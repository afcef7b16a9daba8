"""What the concentration of a drug does to one parameter, through Emax and Hill."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from immunode.errors import DoseError, ModelError
from immunode.intervention.numbers import finite
from immunode.intervention.pharmacokinetics.compartments import PK
from immunode.intervention.times import DAYS, Time, size, tidy_time
from immunode.model.serial import register

SIZES = {"inhibit": ("imax", "ic50"), "stimulate": ("emax", "ec50"), "add": ("add", "ec50")}
MEANINGS = {
    "imax": "largest inhibited fraction of {target}",
    "emax": "largest stimulated fraction of {target}",
    "add": "largest addition to {target}",
    "ic50": "concentration of half-maximal inhibition of {target}",
    "ec50": "concentration of half-maximal effect on {target}",
    "hill": "steepness of the effect on {target}",
}


@register
@dataclass(frozen=True, slots=True)
class DrugEffect:
    """What a drug's concentration C does to a parameter, through occupancy = C^hill/(half^hill + C^hill).

    A baseline C0 of the drug is no part of this C: without doses a drug does nothing.

    Parameters
    ----------
    operator : str
        "inhibit" (k (1 - size*occupancy)), "stimulate" (k (1 + size*occupancy)) or "add" (k + size*occupancy).
    size : float
        imax in [0, 1]; emax, 0 or above; or in the target's unit.
    half : float | str
        ic50 or ec50; a number in the drug's unit of concentration, or text such as "0.5 ug/mL".

    Raises
    ------
    ModelError
        a number is out of range.
    """

    operator: str
    target: str
    size: float
    half: float | str
    hill: float = 1.0
    source: str = ""
    evidence: str = ""

    def __post_init__(self) -> None:
        if self.operator not in SIZES:
            raise ModelError(f"a drug can't '{self.operator}'; known: {', '.join(SIZES)}")
        size, half = SIZES[self.operator]
        who = f"{self.operator}('{self.target}')"
        object.__setattr__(self, "size", _number(who, size, self.size))
        object.__setattr__(self, "hill", _number(who, "hill", self.hill, above=0))
        if not isinstance(self.half, str):
            object.__setattr__(self, "half", _number(who, half, self.half, above=0))
        if self.operator == "inhibit" and not 0 <= self.size <= 1:
            raise ModelError(f"{who}: imax must lie in [0, 1], got {self.size:g}; 0.9 means 90 %")
        if self.operator == "stimulate" and self.size < 0:
            raise ModelError(f"{who}: emax must be 0 or above, got {self.size:g}; to lower something use inhibit")

    @property
    def on_state(self) -> bool:
        """Whether it makes a state jump; a drug's effect never does."""
        return False

    def full(self, value: float, strength: float) -> str:
        """Return what the parameter becomes at full occupancy; `strength` scales doses, not occupancy."""
        if self.operator == "inhibit":
            return f"{value * (1 - self.size):.6g}"
        return f"{value * (1 + self.size):.6g}" if self.operator == "stimulate" else f"{value + self.size:.6g}"

    def words(self, unit: str) -> str:
        """Return the effect as a phrase. `unit`: the drug's unit of concentration."""
        half = self.half if isinstance(self.half, str) else f"{self.half:g} {unit}"
        verb = {"inhibit": "inhibits", "stimulate": "stimulates", "add": "adds to"}[self.operator]
        size = f"{self.size:g}" if self.operator == "add" else f"{100 * self.size:g} %"
        return f"{verb} {self.target} by up to {size} ({SIZES[self.operator][1].upper()} {half})"


def _number(who: str, what: str, value: Any, above: float | None = None) -> float:
    number = finite(value)
    if number is None:
        raise ModelError(f"{who}: {what} must be a finite number, got {value!r}")
    if above is not None and number <= above:
        raise ModelError(f"{who}: {what} must be above {above:g}, got {number:g}")
    return number


def with_effect_compartment(
    pk: PK, who: str, ke0: float | None, half_life: Time | None, source: str, evidence: str
) -> PK:
    """Return pharmacokinetics with an effect compartment. ke0 : in 1/time of theirs.   half_life : ln 2/ke0.

    Raises
    ------
    DoseError : neither or both are given, or out of range.
    """
    if (ke0 is None) == (half_life is None):
        raise DoseError(f"'{who}': an effect compartment has ke0 or half_life")
    if half_life is not None:
        number, unit = size(tidy_time(half_life, f"'{who}', half_life"))
        days = number * DAYS[unit or pk.time]
        if days <= 0:
            raise DoseError(f"'{who}': the half-life must be above 0, got {half_life!r}")
        ke0 = math.log(2) * DAYS[pk.time] / days
    sources = {**dict(pk.sources), "ke0": source or "assumed: chosen for this model"}
    evidences = {**dict(pk.evidences), "ke0": evidence or ("assumed" if not source else "")}
    return replace(pk, ke0=ke0, sources=sources, evidences=evidences)
