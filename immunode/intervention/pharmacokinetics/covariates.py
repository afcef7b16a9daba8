"""What a patient's weight, albumin, sex, genotype or antibodies do to pharmacokinetics.

continuous: CL = typical CL * (albumin/albumin_ref)**albumin_on_CL
yes or no:  CL = typical CL * ADA_on_CL**ADA, with ADA 0 or 1
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from immunode.errors import DoseError, UnitError, did_you_mean
from immunode.intervention.numbers import finite
from immunode.model.serial import register
from immunode.model.units import convert

Patient = tuple[tuple[str, float], ...]
SEXES = ("female", "male")


@register
@dataclass(frozen=True, slots=True)
class Covariate:
    """A property of a patient and what it does.

    Parameters
    ----------
    name : str
        of its knob, such as "albumin"; a yes-or-no one is 0 or 1, such as "ADA" or "female".
    on : tuple[tuple[str, float], ...] | Sequence[tuple[str, float]]
        the numbers it acts on and how, `(("CL", -1.54),)`: powers of value/reference, or factors at 1.
    reference : float | None
        value of the typical patient in `unit`; None for yes or no, where the typical patient has 0.
    source, evidence : str
        where the powers or factors are from.
    """

    name: str
    on: tuple[tuple[str, float], ...] | Sequence[tuple[str, float]]
    reference: float | None = None
    unit: str = ""
    meaning: str = ""
    source: str = ""
    evidence: str = ""

    def __post_init__(self) -> None:
        pairs = []
        for target, size in self.on:
            number = finite(size)
            if number is None or (self.reference is None and number <= 0):
                raise DoseError(f"covariate '{self.name}' on {target}: write a power or a factor above 0, got {size!r}")
            pairs.append((str(target), number))
        object.__setattr__(self, "on", tuple(pairs))
        if self.reference is not None:
            reference = finite(self.reference)
            if reference is None or reference <= 0:
                raise DoseError(f"covariate '{self.name}': the reference must be above 0, got {self.reference!r}")
            object.__setattr__(self, "reference", reference)

    def factor(self, owner: str, target: str) -> str:
        """Return the factor on `target` as text. `owner`: name of the drug."""
        value, size = f"{owner}.{self.name}", f"{owner}.{self.name}_on_{target}"
        return f"{size}**{value}" if self.reference is None else f"({value}/{value}_ref)**{size}"

    def value(self, who: str, given: Any) -> float:
        """Return a patient's value in `unit`.

        Raises
        ------
        DoseError
            it is no number, not above 0, or neither yes nor no.
        """
        if isinstance(given, str) and self.reference is not None:
            number, _, unit = given.strip().partition(" ")
            try:
                given = convert(float(number), unit.strip(), self.unit) if unit.strip() else float(number)
            except (ValueError, UnitError):
                raise DoseError(f"{who}: can't read {self.name} '{given}'; write e.g. '30 {self.unit}'") from None
        number_ = float(given) if isinstance(given, bool) and self.reference is None else finite(given)
        if number_ is None:
            raise DoseError(f"{who}: {self.name} must be a number, got {given!r}")
        if self.reference is None and not 0 <= number_ <= 1:
            raise DoseError(f"{who}: {self.name} is yes (1) or no (0), got {given!r}")
        if self.reference is not None and number_ <= 0:
            raise DoseError(f"{who}: {self.name} must be above 0 {self.unit}, got {number_:g}")
        return number_


def read_patient(who: str, covariates: Sequence[Covariate], given: Mapping[str, Any]) -> Patient:
    """Return the values of all covariates of a drug: those given, and the typical patient's for the others.

    given : by name in any case; `sex="female"` stands for a covariate of that name.

    Raises
    ------
    DoseError : the drug has no such covariate, or a value is wrong.
    """
    known = {c.name.casefold(): c for c in covariates}
    values = {c.name: 0.0 if c.reference is None else c.reference for c in covariates}
    for word, value in given.items():
        if word == "sex" and any(sex in known for sex in SEXES):
            if value not in SEXES:
                raise DoseError(f"{who}: sex is 'female' or 'male', got {value!r}")
            values |= {known[sex].name: float(sex == value) for sex in SEXES if sex in known}
            continue
        covariate = known.get(word.casefold())
        if covariate is None:
            names = [c.name for c in covariates] + ["sex"] * any(sex in known for sex in SEXES)
            hint = did_you_mean(word, names) or (f"; it has {', '.join(names)}" if names else "; it has none")
            raise DoseError(f"{who} has no published covariate '{word}'{hint}")
        values[covariate.name] = covariate.value(who, value)
    return tuple(values.items())
