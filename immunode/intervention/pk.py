"""Pharmacokinetics: one and two compartments with absorption, linear, saturable and time-varying elimination.

States are amounts; C = central/V1. Source of the structure: Rowland & Tozer, Clinical Pharmacokinetics, chapters 3, 6
and 19; time-varying clearance as in Bajaj et al. 2017, doi:10.1002/psp4.12143.

    depot' = -ka depot
    central' = infusion + ka depot - CL C - Vmax C/(Km + C) - Q C + Q peripheral/V2
    peripheral' = Q C - Q peripheral/V2
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from immunode.errors import DoseError, did_you_mean
from immunode.intervention.numbers import finite
from immunode.intervention.parts import Parts
from immunode.intervention.times import time_unit
from immunode.model.declaration import Derived, Pairs, Parameter, Process, State
from immunode.model.expression import Expression, parse, substitute, to_text
from immunode.model.serial import register

_UNITS = {
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
}
_MAY_BE_NEGATIVE = ("CL_emax", "F_exponent")
_MAY_BE_ZERO = ("Q", "lag", "Vmax", "CL", "F")


@register
@dataclass(frozen=True, slots=True)
class PK:
    """Pharmacokinetic parameters; made by `one_compartment` and `two_compartment`.

    mass, volume, time : units, such as "mg", "L", "day"; concentrations are in mass/volume.
    CL, Q : volume/time.   V1, V2 : volume.   ka : 1/time, None without absorption.   F : dimensionless.
    lag, CL_t50 : time.   Vmax : mass/time.   Km : mass/volume.
    CL_emax, CL_t50, CL_hill : clearance at time s after the first dose is
        CL exp(CL_emax s^CL_hill/(CL_t50^CL_hill + s^CL_hill)).
    F_exponent, F_dose : bioavailability is F (dose/F_dose)^F_exponent.
    molar_mass : g/mol, for doses in grams where `mass` is in mol.
    constants, readouts : further parameters and derived quantities, in the names used here (`C`, `V1`, ...).
    source, evidence : where the numbers are from; sources, evidences : the same for single ones, by name.

    Raises
    ------
    DoseError : a number is missing or out of range.
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
        for name in _UNITS:
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, _checked(name, value))
        for group in (("Q", "V2"), ("Vmax", "Km"), ("CL_emax", "CL_t50", "CL_hill"), ("F_exponent", "F_dose")):
            given = [name for name in group if getattr(self, name) is not None]
            if given and len(given) < len(group):
                missing = [name for name in group if name not in given]
                raise DoseError(f"pharmacokinetics: {given[0]} is given but {' and '.join(missing)} is not")
        object.__setattr__(self, "time", time_unit(self.time))
        object.__setattr__(self, "constants", tuple(self.constants))
        object.__setattr__(self, "readouts", tuple(self.readouts))
        for name in ("sources", "evidences"):
            given = getattr(self, name)
            pairs = given.items() if isinstance(given, Mapping) else given
            object.__setattr__(self, name, tuple((str(k), str(v)) for k, v in pairs))
            unknown = next((k for k, _ in getattr(self, name) if k not in _UNITS), None)
            if unknown is not None:
                raise DoseError(f"pharmacokinetics, {name}: unknown number '{unknown}'{did_you_mean(unknown, _UNITS)}")

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
    low_is_open = name not in (*_MAY_BE_ZERO, *_MAY_BE_NEGATIVE)
    if name not in _MAY_BE_NEGATIVE and (number < 0 or (low_is_open and number == 0)):
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


def add_pk(parts: Parts, pk: PK, depot: bool, infusions: Sequence[str], typical: float) -> None:
    """Add the states, processes and concentration of a drug, in the model's time unit.

    depot : whether doses are absorbed.   infusions : rate texts that flow into the central compartment.
    typical : size of a dose in `pk.mass`.
    """
    name = parts.name
    central, concentration = f"{name}.central", f"{name}.C"
    skipped = {"lag", "F", "F_exponent", "F_dose"} | (set() if depot else {"ka"})
    for knob in (f.name for f in fields(pk)):
        if knob in _UNITS and knob not in skipped and getattr(pk, knob) is not None:
            add_pk_knob(parts, pk, knob)
    states = [(central, "in the central compartment")]
    if depot:
        states.insert(0, (f"{name}.depot", "waiting to be absorbed"))
    if pk.compartments == 2:
        states.append((f"{name}.peripheral", "in the peripheral compartment"))
    parts.states += [State(s, 0.0, pk.mass, f"{name} {where}", "drug", typical=typical) for s, where in states]
    parts.derived.append(
        Derived(concentration, f"{central}/{name}.V1", pk.concentration_unit, f"concentration of {name}")
    )
    clearance = f"{name}.CL"
    if pk.CL_emax is not None:
        change = f"{name}.CL_emax*hill(t - {name}.start, {name}.CL_t50, {name}.CL_hill)"
        clearance = f"{name}.CL_now"
        parts.derived.append(
            Derived(clearance, f"{name}.CL*exp({change})", parts.per_time(pk.volume), f"clearance of {name} by now")
        )
    flows = [("elimination", f"{central} ->", f"{clearance}*{concentration}")]
    if depot:
        flows.insert(0, ("absorption", f"{name}.depot -> {central}", f"{name}.ka*{name}.depot"))
    if pk.Vmax is not None:
        saturable = f"{name}.Vmax*michaelis({concentration}, {name}.Km)"
        flows.append(("saturable_elimination", f"{central} ->", saturable))
    if pk.compartments == 2:
        flows.append(("distribution", f"{central} -> {name}.peripheral", f"{name}.Q*{concentration}"))
        flows.append(("redistribution", f"{name}.peripheral -> {central}", f"{name}.Q*{name}.peripheral/{name}.V2"))
    flows += [
        ("infusion" if i == 0 else f"infusion_{i + 1}", f"-> {central}", rate) for i, rate in enumerate(infusions)
    ]
    parts.processes += [Process(f"{name}.{flow}", arrow, rate, f"{name}: {flow}") for flow, arrow, rate in flows]
    _add_readouts(parts, pk)


def add_pk_knob(parts: Parts, pk: PK, knob: str, value: float | None = None, suffix: str = "") -> str:
    """Add one number of `pk` (or `value` in its place) as a knob in the model's time unit; return its name."""
    unit, meaning = _UNITS[knob]
    number = float(getattr(pk, knob) if value is None else value)
    unit = unit.replace("mass", pk.mass).replace("volume", pk.volume)
    if unit == "time":
        number, unit = number * parts.in_model_time(f"1 {pk.time}"), parts.model.time_unit
    elif unit.endswith("/time"):
        number, unit = number / parts.in_model_time(f"1 {pk.time}"), parts.per_time(unit.removesuffix("/time"))
        unit = "" if unit == "1" else unit
    full = parts.knob(knob + suffix, number, unit, meaning, source=pk.source_of(knob), evidence=pk.evidence_of(knob))
    if knob in _MAY_BE_ZERO:
        parts.within([full], 0)
    elif knob not in _MAY_BE_NEGATIVE:
        parts.above_zero(full)
    return full


def _add_readouts(parts: Parts, pk: PK) -> None:
    local: dict[str, Expression] = {"C": parse(f"{parts.name}.C")}
    local |= {knob: parse(f"{parts.name}.{knob}") for knob in _UNITS if getattr(pk, knob) is not None}
    for constant in pk.constants:
        full = parts.knob(
            constant.name, constant.value, constant.unit, constant.meaning, bounds=constant.bounds,
            source=constant.source, evidence=constant.evidence,
        )  # fmt: skip
        local[constant.name] = parse(full)
    for readout in pk.readouts:
        expression = to_text(substitute(parse(readout.expression), local))
        name = f"{parts.name}.{readout.name}"
        parts.derived.append(Derived(name, expression, readout.unit, readout.meaning, readout.source))
        local[readout.name] = parse(name)
