"""Pharmacokinetics: up to three compartments, absorption, linear, saturable and time-varying elimination.

States are amounts; C = central/V1 + C0. Source of the structure: Rowland & Tozer, Clinical Pharmacokinetics, chapters
3, 6 and 19; time-varying clearance as in Bajaj et al. 2017, doi:10.1002/psp4.12143; the effect compartment as in
Sheiner et al. 1979, doi:10.1002/cpt1979253358; transit compartments as in Savic et al. 2007,
doi:10.1007/s10928-007-9066-0. With c = central/V1:

    depot' = -ka depot
    central' = infusion + ka depot - CL c - Vmax c/(Km + c) - Q (c - peripheral/V2) - Q3 (c - peripheral_2/V3)
    peripheral' = Q (c - peripheral/V2)
    peripheral_2' = Q3 (c - peripheral_2/V3)
    Ce' = ke0 (c - Ce)

A baseline C0 is measured and nothing else: what a drug does follows c, which is 0 without doses.

With transit compartments, depot -ktr-> transit_1 -ktr-> ... -ka-> central. With D1, a dose enters at a constant rate
over the time D1: the depot where there is ka, the central compartment where there is none, and both with `direct`.

A `target` that binds the drug, patients' `covariates`, and `products`, further compartments with `flows` between them,
are records of their own. A number with a formula follows other numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from immunode.errors import DoseError, did_you_mean
from immunode.intervention.numbers import finite, whole
from immunode.intervention.pharmacokinetics.covariates import Covariate
from immunode.intervention.pharmacokinetics.formulas import MOMENTS, checked_formulas, typical_values
from immunode.intervention.pharmacokinetics.products import DrugCompartment, DrugFlow, check_products
from immunode.intervention.pharmacokinetics.target import TARGET_UNITS, Target
from immunode.intervention.times import time_unit
from immunode.language.expression import names, parse
from immunode.model import Derived, Parameter
from immunode.model.records import Pairs, pairs
from immunode.model.serial import register

UNITS = {
    "CL": ("volume/time", "clearance"),
    "V1": ("volume", "volume of the central compartment"),
    "Q": ("volume/time", "clearance between the compartments"),
    "V2": ("volume", "volume of the peripheral compartment"),
    "Q3": ("volume/time", "clearance between the central and the third compartment"),
    "V3": ("volume", "volume of the third compartment"),
    "ka": ("1/time", "rate of absorption"),
    "ktr": ("1/time", "rate from the depot through the transit compartments"),
    "D1": ("time", "how long a dose enters, at a constant rate"),
    "direct": ("", "share of a dose that enters the central compartment over D1, past the depot"),
    "C0": ("mass/volume", "what is measured without the drug, which acts on nothing"),
    "F": ("", "bioavailability"),
    "lag": ("time", "delay between a dose and its absorption"),
    "Vmax": ("mass/time", "largest rate of saturable elimination"),
    "Km": ("mass/volume", "concentration of half-maximal saturable elimination"),
    "CL_emax": ("", "logarithm of the final change of clearance"),
    "CL_t50": ("time", "time of half that change"),
    "CL_hill": ("", "steepness of that change"),
    "F_exponent": ("", "power of the dose in the bioavailability"),
    "F_dose": ("mass", "dose at which the bioavailability is F"),
    "ke0": ("1/time", "rate of the exchange with the effect compartment"),
}
MAY_BE_NEGATIVE = ("CL_emax", "F_exponent")
MAY_BE_ZERO = ("Q", "Q3", "lag", "Vmax", "CL", "F", "C0", "direct")
_TOGETHER = (
    ("Q", "V2"),
    ("Q3", "V3"),
    ("Vmax", "Km"),
    ("CL_emax", "CL_t50", "CL_hill"),
    ("F_exponent", "F_dose"),
)
_NEEDS = (("Q3", "Q"), ("ktr", "ka"), ("direct", "D1"), ("direct", "ka"), ("prodrug", "ka"))


@register
@dataclass(frozen=True, slots=True)
class PK:
    """Pharmacokinetic parameters; made by `one_compartment` and `two_compartment`, `replace` gives the rest.

    Parameters
    ----------
    mass, volume, time : str
        units, such as "mg", "L", "day"; concentrations are in mass/volume.
    CL, Q, Q3
        volume/time.
    V1, V2, V3
        volume.
    ka : float | None
        1/time, None without absorption.
    F : float
        dimensionless.
    lag, CL_t50
        time.
    D1 : float | None
        time over which a dose that is not given by vein enters, at a constant rate: into the depot, or, without ka,
        into the central compartment.
    direct : float | None
        share of a dose, in 0 to 1, that enters the central compartment over D1; the rest is in the depot at once.
    transits : int
        transit compartments between the depot and the central one, with ktr (1/time) from each to the next.
    prodrug : bool
        whether what is given by vein becomes the drug at the rate ka (it enters the depot).
    C0 : float | None
        mass/volume, a baseline that the concentration C has without the drug; it is neither lost nor distributed,
        and it acts on nothing: effects follow C_given, which is C without it.
    Vmax : float | None
        mass/time.
    Km : float | None
        mass/volume.
    CL_emax, CL_t50, CL_hill : float | None
        clearance at time s after the first dose is CL exp(CL_emax s^CL_hill/(CL_t50^CL_hill + s^CL_hill)).
    F_exponent, F_dose : float | None
        bioavailability is F (dose/F_dose)^F_exponent.
    ke0 : float | None
        1/time; effects then follow the concentration Ce of an effect compartment that lags behind C.
    target : Target | None
        a target that binds the drug (`tmdd`, `qss`).
    covariates : tuple[Covariate, ...] | Sequence[Covariate]
        what a patient's weight, albumin, ... do to these numbers.
    molar_mass : float | None
        g/mol, for doses in grams where `mass` is in mol.
    products : tuple[DrugCompartment, ...] | Sequence[DrugCompartment]
        further compartments, such as those of metabolites.
    flows : tuple[DrugFlow, ...] | Sequence[DrugFlow]
        flows between compartments, and what becomes of what is lost.
    constants, readouts
        further parameters and derived quantities, in the names used here (`C`, `V1`, ...). A unit of a constant may be
        in words such as "volume/time".
    formulas : Mapping[str, str] | Pairs
        numbers that follow from others: `{"ka": "0.1 + CL/V1"}`, in names of numbers, constants, covariates and their
        references (`weight_ref`), and `since` (time since the first dose, in `time`), `latest` (time from the first
        dose to the latest one) and `dose` (amount of the latest dose). The number itself is then the value in the
        typical patient, with `since` without end, `latest` 0 and `dose` the constant `dose_ref`.
    source, evidence : str
        where the numbers are from; sources, evidences : the same for single ones, by name.

    Raises
    ------
    DoseError
        a number is missing or out of range.
    """

    CL: float
    V1: float
    Q: float | None = None
    V2: float | None = None
    ka: float | None = None
    F: float = 1.0
    lag: float = 0.0
    Vmax: float | None = None
    Km: float | None = None
    CL_emax: float | None = None
    CL_t50: float | None = None
    CL_hill: float | None = None
    F_exponent: float | None = None
    F_dose: float | None = None
    ke0: float | None = None
    Q3: float | None = None
    V3: float | None = None
    ktr: float | None = None
    transits: int = 0
    D1: float | None = None
    direct: float | None = None
    prodrug: bool = False
    C0: float | None = None
    target: Target | None = None
    covariates: tuple[Covariate, ...] | Sequence[Covariate] = ()
    mass: str = "mg"
    volume: str = "L"
    time: str = "day"
    molar_mass: float | None = None
    constants: tuple[Parameter, ...] | Sequence[Parameter] = ()
    readouts: tuple[Derived, ...] | Sequence[Derived] = ()
    products: tuple[DrugCompartment, ...] | Sequence[DrugCompartment] = ()
    flows: tuple[DrugFlow, ...] | Sequence[DrugFlow] = ()
    formulas: Mapping[str, str] | Pairs = field(default=())
    source: str = ""
    evidence: str = ""
    sources: Mapping[str, str] | Pairs = field(default=())
    evidences: Mapping[str, str] | Pairs = field(default=())

    def __post_init__(self) -> None:
        for name in ("covariates", "constants", "readouts", "products", "flows"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(self, "formulas", checked_formulas(self.formulas, UNITS))
        object.__setattr__(self, "time", time_unit(self.time))
        if self.formulas:
            given = {n: v for n in UNITS if (v := getattr(self, n)) is not None}
            for name, value in typical_values(self.formula, given, self.constants, self.covariates).items():
                object.__setattr__(self, name, value)
        for name in UNITS:
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, _checked(name, value))
        self._check_groups()
        for name in ("sources", "evidences"):
            given = getattr(self, name)
            listed = given.items() if isinstance(given, Mapping) else given
            object.__setattr__(self, name, tuple((str(k), str(v)) for k, v in listed))
            unknown = next((k for k, _ in getattr(self, name) if k not in UNITS), None)
            if unknown is not None:
                raise DoseError(f"pharmacokinetics, {name}: unknown number '{unknown}'{did_you_mean(unknown, UNITS)}")

    def _check_groups(self) -> None:
        """Refuse numbers without those that they need."""
        for group in _TOGETHER:
            there = [name for name in group if getattr(self, name) is not None]
            if there and len(there) < len(group):
                missing = [name for name in group if name not in there]
                raise DoseError(f"pharmacokinetics: {there[0]} is given but {' and '.join(missing)} is not")
        for name, needed in _NEEDS:
            if getattr(self, name) and getattr(self, needed) is None:
                raise DoseError(f"pharmacokinetics: {name} is given but {needed} is not")
        transits: Any = self.transits
        if whole(transits) is None or transits < 0 or bool(transits) != bool(self.ktr):
            raise DoseError(f"pharmacokinetics: transits is a whole number above 0 and goes with ktr, got {transits!r}")
        if self.direct is not None and self.direct > 1:
            raise DoseError(f"pharmacokinetics: direct is a share in 0 to 1, got {self.direct:g}")
        target: object = self.target
        if target is not None and not isinstance(target, Target):
            raise DoseError(f"pharmacokinetics: a target is made by tmdd(...) or qss(...), got {target!r}")
        if target is not None and self.C0 is not None:
            raise DoseError("pharmacokinetics: a baseline C0 and a target that binds the drug exclude each other")
        own = self.states[: len(self.states) - len(self.products)]
        check_products(tuple(self.products), tuple(self.flows), own, [*UNITS, *(c.name for c in self.constants)])
        known = {*UNITS, *TARGET_UNITS, *(c.name for c in self.constants)}
        references: dict[str, float | None] = {}
        for covariate in self.covariates:
            if references.setdefault(covariate.name, covariate.reference) != covariate.reference:
                raise DoseError(f"pharmacokinetics: covariate '{covariate.name}' has two references")
            for name in covariate.targets:
                fixed = name in ("lag", "D1")
                if name not in known or fixed:
                    why = "is a time that no covariate changes" if fixed else "is no number of it"
                    raise DoseError(f"pharmacokinetics: covariate '{covariate.name}' acts on '{name}', which {why}")

    @property
    def compartments(self) -> int:
        """1, 2 or 3."""
        return 1 + (self.Q is not None) + (self.Q3 is not None)

    @property
    def states(self) -> tuple[str, ...]:
        """Names of all compartments: of absorption, of the drug, and further ones."""
        before = ("depot", *(f"transit_{i + 1}" for i in range(self.transits))) if self.ka is not None else ()
        own = ("central", "peripheral", "peripheral_2")[: self.compartments]
        return (*before, *own, *(one.name for one in self.products))

    @property
    def formula(self) -> dict[str, str]:
        """Number -> the text that it follows from."""
        return dict(pairs(self.formulas))

    @property
    def absorbed(self) -> bool:
        """Whether doses may be given other than by vein."""
        return self.ka is not None or self.D1 is not None

    @property
    def steady(self) -> str:
        """Why a steady state has no closed form here, such as "saturable elimination"; "" where it has one."""
        used = {word for text in self.formula.values() for word in names(parse(text))} & set(MOMENTS)
        for there, what in (
            (self.Vmax is not None, "saturable elimination"),
            (self.CL_emax is not None or bool(used), "clearance that changes in time"),
            (self.target is not None, "a target that binds it"),
            (self.Q3 is not None, "three compartments"),
            (self.transits > 0, "transit compartments"),
            (self.direct is not None, "two ways of absorption"),
            (self.prodrug, "a prodrug"),
            (bool(self.products), "further compartments"),
        ):
            if there:
                return what
        return ""

    @property
    def concentration_unit(self) -> str:
        """Unit of C, such as "mg/L"."""
        return f"{self.mass}/{self.volume}"

    def source_of(self, name: str) -> str:
        """Return the source of one number."""
        return dict(self.sources).get(name, self.source)

    def evidence_of(self, name: str) -> str:
        """Return the evidence of one number."""
        return dict(self.evidences).get(name, self.evidence)

    def with_target(self, target: Target) -> PK:
        """Return the pharmacokinetics with a target that binds the drug: `with_target(qss(KSS=0.2, ...))`."""
        return replace(self, target=target)

    @property
    def half_life(self) -> float:
        """Terminal half-life of linear elimination, in `time`: ln 2 over the smallest rate of disposition."""
        k10 = self.CL / self.V1
        if self.Q is None or self.V2 is None:
            return math.log(2) / k10
        k12, k21 = self.Q / self.V1, self.Q / self.V2
        if self.Q3 is not None and self.V3 is not None:
            return math.log(2) / _slowest(k10, k12, k21, self.Q3 / self.V1, self.Q3 / self.V3)
        total = k10 + k12 + k21
        # 2 c/(b + sqrt(b^2 - 4c)) keeps the digits that (b - sqrt(b^2 - 4c))/2 loses
        return math.log(2) / (2 * k10 * k21 / (total + math.sqrt(total**2 - 4 * k10 * k21)))


def _slowest(k10: float, k12: float, k21: float, k13: float, k31: float) -> float:
    """Return the smallest root of the cubic of three compartments; from 0 on, Newton's steps rise to it."""
    a0, a2 = k10 * k21 * k31, k10 + k12 + k13 + k21 + k31
    a1 = k10 * k31 + k21 * k31 + k21 * k13 + k10 * k21 + k31 * k12
    root = 0.0
    for _ in range(100):
        step = (((root - a2) * root + a1) * root - a0) / ((3 * root - 2 * a2) * root + a1)
        root -= step
        if abs(step) <= 1e-15 * root:
            break
    return root


def _checked(name: str, value: Any) -> float:
    number = finite(value)
    if number is None:
        raise DoseError(f"pharmacokinetics: {name} must be a finite number, got {value!r}")
    low_is_open = name not in (*MAY_BE_ZERO, *MAY_BE_NEGATIVE)
    if name not in MAY_BE_NEGATIVE and (number < 0 or (low_is_open and number == 0)):
        low = "above 0" if low_is_open else "0 or above"
        raise DoseError(f"pharmacokinetics: {name} must be {low}, got {number:g}")
    return number


def one_compartment(
    CL: float,
    V1: float,
    *,
    ka: float | None = None,
    F: float = 1.0,
    lag: float = 0.0,
    Vmax: float | None = None,
    Km: float | None = None,
    mass: str = "mg",
    volume: str = "L",
    time: str = "day",
    source: str = "",
    evidence: str = "",
    sources: Mapping[str, str] | Pairs = (),
    evidences: Mapping[str, str] | Pairs = (),
) -> PK:
    """Return one-compartment pharmacokinetics; units as in `PK`. With `ka`, sc, im and oral doses are absorbed."""
    return PK(
        CL, V1, ka=ka, F=F, lag=lag, Vmax=Vmax, Km=Km, mass=mass, volume=volume, time=time, source=source,
        evidence=evidence, sources=sources, evidences=evidences,
    )  # fmt: skip


def two_compartment(
    CL: float,
    V1: float,
    Q: float,
    V2: float,
    *,
    ka: float | None = None,
    F: float = 1.0,
    lag: float = 0.0,
    Vmax: float | None = None,
    Km: float | None = None,
    mass: str = "mg",
    volume: str = "L",
    time: str = "day",
    source: str = "",
    evidence: str = "",
    sources: Mapping[str, str] | Pairs = (),
    evidences: Mapping[str, str] | Pairs = (),
) -> PK:
    """Return two-compartment pharmacokinetics; units as in `PK`. With `ka`, sc, im and oral doses are absorbed."""
    return PK(
        CL, V1, Q, V2, ka, F, lag, Vmax, Km, mass=mass, volume=volume, time=time, source=source, evidence=evidence,
        sources=sources, evidences=evidences,
    )  # fmt: skip
