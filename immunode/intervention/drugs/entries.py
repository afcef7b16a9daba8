"""How a drug of the library is written down: numbers as tables, covariates by their usual names."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from immunode.intervention.drugs.drug import Drug
from immunode.intervention.drugs.profile import DrugProfile
from immunode.intervention.pharmacokinetics.compartments import PK
from immunode.intervention.pharmacokinetics.covariates import Covariate
from immunode.intervention.pharmacokinetics.occasions import OccasionVariability
from immunode.intervention.pharmacokinetics.products import DrugCompartment, DrugFlow
from immunode.intervention.pharmacokinetics.target import Target
from immunode.intervention.times import Time
from immunode.model import Derived, Parameter
from immunode.model.patients import Correlation, Observed, PatientCovariate, Variability

VIA = "(via nlmixr2lib)"
"""Ends the source of numbers that were read in nlmixr2lib, which quotes the paper's table for each."""

KNOWN = {
    "weight": ("kg", "body mass"),
    "BSA": ("m**2", "body surface area"),
    "BMI": ("kg/m**2", "body mass index"),
    "fat_free_mass": ("kg", "fat-free mass"),
    "lean_mass": ("kg", "lean body mass"),
    "age": ("year", "age"),
    "albumin": ("g/L", "serum albumin"),
    "albumin_ratio": ("", "serum albumin over the upper limit of normal"),
    "protein": ("g/L", "total protein in serum"),
    "HDL": ("mg/dL", "HDL cholesterol"),
    "cholesterol": ("mmol/L", "total cholesterol"),
    "CRP": ("mg/L", "C-reactive protein"),
    "RF": ("", "rheumatoid factor in U/mL"),
    "LDH": ("", "lactate dehydrogenase in U/L"),
    "IgG": ("g/L", "immunoglobulin G in serum"),
    "IgM": ("g/L", "immunoglobulin M in serum"),
    "CD19": ("cell/uL", "B cells in blood"),
    "WBC": ("", "white blood cells in 10^9/L"),
    "CrCl": ("mL/min", "creatinine clearance"),
    "eGFR": ("mL/min", "estimated glomerular filtration rate"),
    "creatinine": ("umol/L", "serum creatinine"),
    "bilirubin": ("umol/L", "bilirubin"),
    "hematocrit": ("%", "hematocrit"),
    "tumor_size": ("mm", "sum of tumor diameters"),
    "swollen_joints": ("", "number of swollen joints"),
    "calprotectin": ("", "fecal calprotectin in mg/kg"),
    "ADA_titer": ("", "titer of antibodies against the drug"),
    "ADA": ("", "antibodies against the drug: 1 yes, 0 no"),
    "female": ("", "1 woman, 0 man"),
    "male": ("", "1 man, 0 woman"),
    "smoker": ("", "1 smokes, 0 not"),
    "Black": ("", "1 Black, 0 not"),
    "Asian": ("", "1 Asian, 0 not"),
    "Japanese": ("", "1 Japanese, 0 not"),
    "ECOG_above_0": ("", "performance status: 1 above 0, 0 not"),
}
"""Unit and meaning of covariates that several drugs have."""


def power(name: str, reference: float, /, unit: str = "", meaning: str = "", **sizes: float) -> Covariate:
    """Return a covariate that multiplies numbers by (x/reference)**size."""
    return form("", name, reference, unit, meaning, **sizes)


def form(
    kind: str, name: str, reference: float, /, unit: str = "", meaning: str = "", above: Any = None, **sizes: float
) -> Covariate:
    """Return a covariate of another form; above : slopes above the reference, where there are two."""
    known = KNOWN.get(name, ("", ""))
    high = tuple((above or {}).items())
    return Covariate(
        name, tuple(sizes.items()), reference, unit or known[0], meaning or known[1], form=kind, above=high
    )


def yes(name: str, meaning: str = "", /, **factors: float) -> Covariate:
    """Return a yes-or-no covariate that multiplies numbers by factors where it is 1."""
    return Covariate(name, tuple(factors.items()), meaning=meaning or KNOWN.get(name, ("", f"1 {name}, 0 not"))[1])


def genotypes(gene: str, number: str, factors: Mapping[str, float]) -> list[Covariate]:
    """Return one yes-or-no covariate for each genotype that is not the typical one."""
    made = []
    for level, factor in factors.items():
        word = "".join(c if c.isalnum() else "_" for c in level).strip("_").replace("__", "_")
        meaning = f"{gene} genotype: 1 {level}, 0 not"
        made.append(Covariate(f"{gene}_{word}", ((number, factor),), meaning=meaning, group=gene, level=level))
    return made


def spread_of(mean: float, sd: float) -> dict[str, float]:
    """Return median and SD of the logarithm of the log-normal distribution with that mean and SD."""
    square = math.log1p((sd / mean) ** 2)
    return {"median": mean / math.exp(square / 2), "sd": math.sqrt(square)}


def published(
    name: str,
    *,
    klass: str,
    target: str,
    about: str,
    source: str,
    people: str,
    typical: str,
    pk: Mapping[str, Any],
    route: str = "iv",
    routes: Sequence[str] | None = None,
    time: str = "day",
    mass: str = "mg",
    molar_mass: float | None = None,
    binds: Target | None = None,
    constants: Mapping[str, tuple[float, str, str]] | None = None,
    covariates: Sequence[Covariate] = (),
    products: Sequence[DrugCompartment] = (),
    flows: Sequence[DrugFlow] = (),
    readouts: Sequence[Derived] = (),
    omega: Mapping[str, float] | None = None,
    omega_logit: Mapping[str, float] | None = None,
    omega_additive: Mapping[str, float] | None = None,
    omega_shared: Mapping[str, tuple[str, float]] | None = None,
    correlations: Mapping[str, float] | None = None,
    occasions: Mapping[str, float] | None = None,
    occasion: Time = "",
    occasion_note: str = "",
    residual: Mapping[str, Any] | None = None,
    shares: Mapping[str, float] | None = None,
    spreads: Mapping[str, tuple[float, float]] | None = None,
    regimens: Mapping[str, str] | None = None,
    warnings: Sequence[str] = (),
    left_out: Sequence[str] = (),
    weight: float | None = None,
    via: str = VIA,
    brands: Sequence[str] = (),
) -> Drug:
    """Return a drug of the library.

    routes : that the numbers hold for; None: `route`, and "iv" where `pk` tells the bioavailability F.
    pk : numbers by name; text is a formula.   constants : name -> value, unit in words, meaning.
    omega : SD of the logarithm of a number between patients; `_logit` and `_additive` on these scales, `_shared` of one
        that has the random effect of another number.   correlations : "CL, V1" -> value.
    occasions : SD of the logarithm of a number between occasions of one patient.   occasion : how long one lasts, ""
        for a dose.   occasion_note : what its authors call an occasion.
    residual : additive, proportional or lognormal error, of `quantity` ("C").
    brands : names that it is sold under.
    shares : yes-or-no covariate -> part of the patients.   spreads : covariate -> mean and SD in them.
    """
    authority = f"{source} {via}" if via else source
    kinetics = _kinetics(
        pk,
        authority,
        mass=mass,
        time=time,
        molar_mass=molar_mass,
        target=binds,
        covariates=[_sourced(c, authority) for c in covariates],
        constants=[Parameter(n, v, u, m, authority, "published") for n, (v, u, m) in (constants or {}).items()],
        products=products,
        flows=flows,
        readouts=readouts,
    )
    between = f"{authority}; {occasion_note}" if occasion_note else authority
    pairs = [(pair.partition(", "), value) for pair, value in (correlations or {}).items()]
    profile = DrugProfile(klass, target, about, typical, people, regimens or {}, warnings, left_out, brands)
    return Drug(
        name,
        kinetics,
        route=route,
        routes=(route, *(["iv"] if "F" in pk and route != "iv" else [])) if routes is None else routes,
        weight=weight,
        unsaid=[] if weight is None else ["weight"],
        source=authority,
        evidence="published",
        note=typical,
        variability=_differences(authority, omega or {}, omega_logit or {}, omega_additive or {}, omega_shared or {}),
        correlations=[Correlation(one, other, value, authority) for (one, _, other), value in pairs],
        people=_people(authority, shares or {}, spreads or {}),
        occasions=[OccasionVariability(n, sd, occasion, source=between) for n, sd in (occasions or {}).items()],
        observed=Observed(**{"quantity": "C", **residual, "source": authority}) if residual else None,
        profile=profile,
    )


def _kinetics(pk: Mapping[str, Any], authority: str, **others: Any) -> PK:
    """Return the kinetics of a drug, of whose numbers some are formulas; `others` are further fields of `PK`."""
    formulas = {number: value for number, value in pk.items() if isinstance(value, str)}
    numbers: dict[str, Any] = {number: 1.0 if isinstance(value, str) else value for number, value in pk.items()}
    return PK(
        **numbers,
        **others,
        formulas=formulas,
        source=authority,
        evidence="published",
        evidences=dict.fromkeys(formulas, "derived"),
    )


def _differences(
    authority: str,
    omega: Mapping[str, float],
    logit: Mapping[str, float],
    additive: Mapping[str, float],
    shared: Mapping[str, tuple[str, float]],
) -> list[Variability]:
    """Return how patients differ: SD on the scale of the logarithm, of the logit and of the number itself."""
    return [
        *(Variability(n, sd, source=authority) for n, sd in omega.items()),
        *(Variability(n, sd, "logit", source=authority) for n, sd in logit.items()),
        *(Variability(n, sd, "linear", source=authority) for n, sd in additive.items()),
        *(Variability(n, sd, source=authority, shares=of) for n, (of, sd) in shared.items()),
    ]


def _people(
    authority: str, shares: Mapping[str, float], spreads: Mapping[str, tuple[float, float]]
) -> list[PatientCovariate]:
    """Return how covariates are distributed among the patients."""
    return [
        *(PatientCovariate(n, "share", share=share, source=authority) for n, share in shares.items()),
        *(PatientCovariate(n, "lognormal", source=authority, **spread_of(*moments)) for n, moments in spreads.items()),
    ]


def _sourced(covariate: Covariate, source: str) -> Covariate:
    return replace(covariate, source=source, evidence="published")
