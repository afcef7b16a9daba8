"""What a patient's weight, albumin, sex, genotype or antibodies do to pharmacokinetics.

continuous: CL = typical CL * (albumin/albumin_ref)**albumin_on_CL, or another of FORMS
yes or no:  CL = typical CL * ADA_on_CL**ADA, with ADA 0 or 1
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from immunode.errors import DoseError, UnitError, did_you_mean
from immunode.intervention.numbers import finite
from immunode.language.expression import parse, substitute, to_text
from immunode.model.plausible import implausible, plausible_range
from immunode.model.serial import register
from immunode.model.units import convert

FORMS = {
    "power": "(x/ref)**k",
    "power of x + 1": "((x + 1)/(ref + 1))**k",
    "power of logarithms": "(log(x)/log(ref))**k",
    "slope": "1 + k*(x - ref)",
    "two slopes": "1 + piecewise(k, x <= ref, above)*(x - ref)",
    "slope of logarithms": "1 + k*log(x/ref)",
    "exponential": "exp(k*(x - ref))",
}
"""Factors of a continuous covariate x, by name of the form; with `above`, the slope above the reference."""
SLOPES = ("slope", "two slopes", "exponential")
"""Forms whose k is per unit of the covariate."""
Patient = tuple[tuple[str, float], ...]
SEXES = ("female", "male")
TYPICAL = "typical"
YES_OR_NO = {"yes": True, "no": False, "true": True, "false": False, "1": True, "0": False}


@register
@dataclass(frozen=True, slots=True)
class Covariate:
    """A property of a patient and what it does.

    Parameters
    ----------
    name : str
        of its knob, such as "albumin"; a yes-or-no one is 0 or 1, such as "ADA" or "female".
    on : tuple[tuple[str, float], ...] | Sequence[tuple[str, float]]
        the numbers it acts on and how, `(("CL", -1.54),)`: k of the form, or factors at 1. None, where a formula of the
        drug names the covariate.
    reference : float | None
        value of the typical patient in `unit`; None for yes or no, where the typical patient has 0.
    form : str
        of a continuous one: "power", (x/reference)**k; "power of x + 1"; "power of logarithms", (log x/log
        reference)**k; "slope", 1 + k (x - reference); "two slopes", with k from `above` above the reference; "slope of
        logarithms", 1 + k log(x/reference); "exponential", exp(k (x - reference)).
    above : tuple[tuple[str, float], ...] | Sequence[tuple[str, float]]
        as `on`, slopes above the reference.
    group : str
        of yes-or-no ones that exclude each other, such as the genotypes of one gene: `covariates(CYP2C9="*1/*3")` sets
        the one whose `level` that is to 1, the others to 0.
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
    form: str = ""
    above: tuple[tuple[str, float], ...] | Sequence[tuple[str, float]] = ()
    group: str = ""
    level: str = ""

    def __post_init__(self) -> None:
        for label in ("on", "above"):
            pairs = []
            for target, size in getattr(self, label):
                number = finite(size)
                if number is None or (self.reference is None and number <= 0):
                    raise DoseError(
                        f"covariate '{self.name}' on {target}: write a power or a factor above 0, got {size!r}"
                    )
                pairs.append((str(target), number))
            object.__setattr__(self, label, tuple(pairs))
        if self.form and self.form not in FORMS:
            raise DoseError(f"covariate '{self.name}': unknown form '{self.form}'{did_you_mean(self.form, FORMS)}")
        if self.form == "power":
            object.__setattr__(self, "form", "")
        if self.form and self.reference is None:
            raise DoseError(f"covariate '{self.name}': the form '{self.form}' needs a reference")
        if bool(self.above) != (self.form == "two slopes") or (
            self.above and [t for t, _ in self.above] != [t for t, _ in self.on]
        ):
            raise DoseError(f"covariate '{self.name}': two slopes are written in on= and above=, for the same numbers")
        if self.group and (self.reference is not None or not self.level):
            raise DoseError(f"covariate '{self.name}': one of a group is yes or no and has a level")
        if self.reference is not None:
            reference = finite(self.reference)
            if reference is None or reference < 0 or (reference == 0 and not self.from_zero):
                raise DoseError(f"covariate '{self.name}': the reference must be above 0, got {self.reference!r}")
            object.__setattr__(self, "reference", reference)

    @property
    def from_zero(self) -> bool:
        """Whether a patient's value may be 0."""
        return self.form in (*SLOPES, "power of x + 1")

    @property
    def targets(self) -> tuple[str, ...]:
        """The numbers it acts on."""
        return tuple(target for target, _ in self.on)

    @property
    def typical(self) -> float:
        """The typical patient's value, in `unit`."""
        return 0.0 if self.reference is None else self.reference

    @property
    def size_unit(self) -> str:
        """Unit of the sizes in `on`."""
        return f"1/({self.unit})" if self.unit and self.form in SLOPES else ""

    def factor(self, owner: str, target: str) -> str:
        """Return the factor on `target` as text. `owner`: name of the drug."""
        value, size = f"{owner}.{self.name}", f"{owner}.{self.name}_on_{target}"
        if self.reference is None:
            return f"{size}**{value}"
        if not self.form:
            return f"({value}/{value}_ref)**{size}"
        meant = {"x": value, "ref": f"{value}_ref", "k": size, "above": f"{owner}.{self.name}_above_on_{target}"}
        return to_text(substitute(parse(FORMS[self.form]), {word: parse(name) for word, name in meant.items()}))

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
                given = float(number) * self._factor_of(unit.strip())
            except (ValueError, UnitError):
                raise DoseError(f"{who}: can't read {self.name} '{given}'; write e.g. '30 {self.unit}'") from None
        if self.reference is None:
            given = YES_OR_NO.get(given.strip().casefold(), given) if isinstance(given, str) else given
            number_ = finite(float(given) if isinstance(given, bool) else given)
            if number_ is None or number_ not in (0.0, 1.0):
                raise DoseError(f"{who}: {self.name} is yes (True) or no (False), got {given!r}")
            return number_
        number_ = finite(given)
        if number_ is None:
            raise DoseError(f"{who}: {self.name} must be a number, got {given!r}")
        if number_ < 0 or (number_ == 0 and not self.from_zero):
            low = "0 or above" if self.from_zero else f"above 0 {self.unit}".rstrip()
            raise DoseError(f"{who}: {self.name} must be {low}, got {number_:g}")
        odd = implausible(self.name, number_, self.unit)
        if odd:
            raise DoseError(f"{who}: {self.name}: {odd}")
        return number_

    def _factor_of(self, unit: str) -> float:
        """Return what a value in `unit` is multiplied by; "" is the covariate's own unit.

        Body mass, in kg, is no other mass to `convert`, but people weigh it in g and lb.

        Raises
        ------
        UnitError : the units do not fit.
        """
        known = plausible_range(self.name, self.unit)
        usual = dict(known.mistaken) if known is not None else {}
        return usual[unit] if unit in usual else convert(1.0, unit, self.unit) if unit else 1.0


def body_size(who: str, label: str, unit: str, given: object, *, people: bool) -> float:
    """Return a body weight or surface that doses are measured by.

    people : whether it is certainly a person's; an animal may be small.

    Raises
    ------
    DoseError : it is no number above 0, or can't be that of a person.
    """
    size = finite(given)
    if size is None or size <= 0:
        raise DoseError(f"{who}: {label} must be above 0 {unit}, got {given!r}")
    odd = implausible(label, size, unit)
    if odd and (people or size > 1):
        raise DoseError(f"{who}: {label}: {odd}")
    return size


def read_patient(who: str, covariates: Sequence[Covariate], given: Mapping[str, Any]) -> tuple[Patient, frozenset[str]]:
    """Return the values of all covariates of a drug, the typical patient's where none is given, and the names of those
    that are given.

    given : by name in any case; `sex="female"` stands for a covariate of that name, and the name of a group with a
        level for the covariate of that level.

    Raises
    ------
    DoseError : the drug has no such covariate, or a value is wrong.
    """
    known = {c.name.casefold(): c for c in covariates}
    values = {c.name: c.typical for c in covariates}
    groups = {c.group.casefold(): c.group for c in covariates if c.group}
    said: dict[str, float] = {}
    for word, value in given.items():
        if word.casefold() in groups and word.casefold() not in known:
            said |= _level(who, groups[word.casefold()], covariates, value)
            continue
        if word == "sex" and any(sex in known for sex in SEXES):
            if value not in SEXES:
                raise DoseError(f"{who}: sex is 'female' or 'male', got {value!r}")
            said |= {known[sex].name: float(sex == value) for sex in SEXES if sex in known}
            continue
        covariate = known.get(word.casefold())
        if covariate is None:
            names = [*groups.values(), *(c.name for c in covariates if not c.group)]
            names += ["sex"] * any(sex in known for sex in SEXES)
            hint = did_you_mean(word, names) or (f"; it has {', '.join(names)}" if names else "; it has none")
            raise DoseError(f"{who} has no published covariate '{word}'{hint}")
        said[covariate.name] = covariate.value(who, value)
    return tuple({**values, **said}.items()), frozenset(said)


def _level(who: str, group: str, covariates: Sequence[Covariate], given: Any) -> dict[str, float]:
    """Return the values of the covariates of a group for one level, typical where it is that of none of them."""
    levels = {c.level: c.name for c in covariates if c.group == group}
    if given != TYPICAL and given not in levels:
        hint = did_you_mean(str(given), levels) or f"; known: {', '.join(levels)}, or '{TYPICAL}'"
        raise DoseError(f"{who}: {group} has no level {given!r}{hint}")
    return {name: float(level == given) for level, name in levels.items()}
