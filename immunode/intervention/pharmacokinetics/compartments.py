"""Pharmacokinetics: one and two compartments with absorption, linear, saturable and time-varying elimination.

States are amounts; C = central/V1. Source of the structure: Rowland & Tozer, Clinical Pharmacokinetics, chapters 3, 6
and 19; time-varying clearance as in Bajaj et al. 2017, doi:10.1002/psp4.12143; the effect compartment as in Sheiner
et al. 1979, doi:10.1002/cpt1979253358.

    depot' = -ka depot
    central' = infusion + ka depot - CL C - Vmax C/(Km + C) - Q C + Q peripheral/V2
    peripheral' = Q C - Q peripheral/V2
    Ce' = ke0 (C - Ce)

A `target` that binds the drug and patients' `covariates` are records of their own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from immunode.errors import DoseError, did_you_mean
from immunode.intervention.numbers import finite
from immunode.intervention.pharmacokinetics.covariates import Covariate
from immunode.intervention.pharmacokinetics.target import Target
from immunode.intervention.times import time_unit
from immunode.model import Derived, Parameter
from immunode.model.records import Pairs
from immunode.model.serial import register

UNITS = {
    "CL": ("volume/time", "clearance"),
    "V1": ("volume", "volume of the central compartment"),
    "Q": ("volume/time", "clearance between the compartments"),
    "V2": ("volume", "volume of the peripheral compartment"),
    "ka": ("1/time", "rate of absorption"),
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
MAY_BE_ZERO = ("Q", "lag", "Vmax", "CL", "F")


@register
@dataclass(frozen=True, slots=True)
class PK:
    """Pharmacokinetic parameters; made by `one_compartment` and `two_compartment`.

    Parameters
    ----------
    mass, volume, time : str
        units, such as "mg", "L", "day"; concentrations are in mass/volume.
    CL, Q
        volume/time.
    V1, V2
        volume.
    ka : float | None
        1/time, None without absorption.
    F : float
        dimensionless.
    lag, CL_t50
        time.
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
    constants, readouts
        further parameters and derived quantities, in the names used here (`C`, `V1`, ...).
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
    target: Target | None = None
    covariates: tuple[Covariate, ...] | Sequence[Covariate] = ()
    mass: str = "mg"
    volume: str = "L"
    time: str = "day"
    molar_mass: float | None = None
    constants: tuple[Parameter, ...] | Sequence[Parameter] = ()
    readouts: tuple[Derived, ...] | Sequence[Derived] = ()
    source: str = ""
    evidence: str = ""
    sources: Mapping[str, str] | Pairs = field(default=())
    evidences: Mapping[str, str] | Pairs = field(default=())

    def __post_init__(self) -> None:
        for name in UNITS:
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, _checked(name, value))
        for group in (("Q", "V2"), ("Vmax", "Km"), ("CL_emax", "CL_t50", "CL_hill"), ("F_exponent", "F_dose")):
            given = [name for name in group if getattr(self, name) is not None]
            if given and len(given) < len(group):
                missing = [name for name in group if name not in given]
                raise DoseError(f"pharmacokinetics: {given[0]} is given but {' and '.join(missing)} is not")
        object.__setattr__(self, "time", time_unit(self.time))
        target: object = self.target
        if target is not None and not isinstance(target, Target):
            raise DoseError(f"pharmacokinetics: a target is made by tmdd(...) or qss(...), got {target!r}")
        object.__setattr__(self, "covariates", tuple(self.covariates))
        object.__setattr__(self, "constants", tuple(self.constants))
        object.__setattr__(self, "readouts", tuple(self.readouts))
        for name in ("sources", "evidences"):
            given = getattr(self, name)
            pairs = given.items() if isinstance(given, Mapping) else given
            object.__setattr__(self, name, tuple((str(k), str(v)) for k, v in pairs))
            unknown = next((k for k, _ in getattr(self, name) if k not in UNITS), None)
            if unknown is not None:
                raise DoseError(f"pharmacokinetics, {name}: unknown number '{unknown}'{did_you_mean(unknown, UNITS)}")

    @property
    def compartments(self) -> int:
        """1 or 2."""
        return 1 if self.Q is None else 2

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
        """Terminal half-life of linear elimination, in `time`; ln 2 V1/CL, or ln 2/beta with two compartments."""
        k10 = self.CL / self.V1
        if self.Q is None or self.V2 is None:
            return math.log(2) / k10
        k12, k21 = self.Q / self.V1, self.Q / self.V2
        total = k10 + k12 + k21
        # 2 c/(b + sqrt(b^2 - 4c)) keeps the digits that (b - sqrt(b^2 - 4c))/2 loses
        return math.log(2) / (2 * k10 * k21 / (total + math.sqrt(total**2 - 4 * k10 * k21)))


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
