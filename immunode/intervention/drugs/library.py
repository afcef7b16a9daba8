"""The drug library: published pharmacokinetics of a typical patient, each number with its source.

Values "via nlmixr2lib" were read from github nlmixr2/nlmixr2lib, inst/modeldb/specificDrugs, which quotes the paper's
table for each; the papers themselves were not read. What labels say is from memory and stated as a check only.
A drug is the typical patient's until `.covariates(...)` says another, and acts on nothing until `.inhibit`,
`.stimulate` or `.add` says on what, with a source.
"""

from __future__ import annotations

import math
from dataclasses import replace

from immunode.errors import DoseError, did_you_mean
from immunode.intervention.drugs.drug import Drug
from immunode.intervention.pharmacokinetics.compartments import PK, one_compartment, two_compartment
from immunode.intervention.pharmacokinetics.covariates import Covariate
from immunode.model import Derived, Parameter

VIA = "(via nlmixr2lib)"
_FASANMADE = f"Fasanmade 2009, doi:10.1007/s00228-009-0718-4 {VIA}"
_LING = f"Ling 2024, doi:10.3390/pharmaceutics16060702 {VIA}"
_TERNANT = "Ternant 2015, Br J Clin Pharmacol 79:286"
_FREY = f"Frey 2010, doi:10.1177/0091270009350623 {VIA}"
_AHAMADI = f"Ahamadi 2017, doi:10.1002/psp4.12139 {VIA}"
_BAJAJ = f"Bajaj 2017, doi:10.1002/psp4.12143 {VIA}"
_LIOGER = f"Lioger 2017, doi:10.1111/bcp.13270 {VIA}"
_ANDREWS = f"Andrews 2019, doi:10.1111/bcp.13838 {VIA}"
_WANG = f"Wang 2019, doi:10.2174/1389200220666190701094756 {VIA}"
_BOUAZZA = f"Bouazza 2025, doi:10.1002/bcp.70103 {VIA}"
_STRUEMPER = "Struemper 2017, doi:10.1007/s40262-017-0586-5"
_KOSINSKY = "Kosinsky 2018, doi:10.1186/s40425-018-0327-9, Table 1"
ELSEWHERE = {
    "omalizumab": "it binds IgE, which changes its own loss: it is the model 'hayashi2007' (load_model)",
}
"""Drugs that are models of their own."""


def drug(name: str) -> Drug:
    """Return a drug of the library, without doses or effects yet: `drug("adalimumab").dose("40 mg sc q2w")`.

    Raises
    ------
    DoseError
        the library has no such drug; the message gives the nearest names.
    """
    given: object = name
    if not isinstance(given, str):
        raise DoseError(f"a drug's name is text such as 'adalimumab', got {given!r}")
    if name in ELSEWHERE:
        raise DoseError(f"'{name}' is not in the library of drugs: {ELSEWHERE[name]}")
    if name not in LIBRARY:
        raise DoseError(f"unknown drug '{name}'{did_you_mean(name, LIBRARY) or '; known: ' + ', '.join(LIBRARY)}")
    return LIBRARY[name]


def _yes_or_no(name: str, meaning: str, source: str, **factors: float) -> Covariate:
    return Covariate(name, tuple(factors.items()), meaning=meaning, source=source, evidence="published")


def _power(name: str, reference: float, unit: str, meaning: str, source: str, **powers: float) -> Covariate:
    return Covariate(name, tuple(powers.items()), reference, unit, meaning, source, "published")


def _library(name: str, pk: PK, note: str, route: str = "iv") -> Drug:
    return Drug(name, pk, route=route, source=pk.source, evidence="published", note=note)


_PREDNISOLONE = replace(
    one_compartment(
        CL=54.3, V1=235, ka=1.19, lag=0.17, mass="nmol", time="hour", source=_BOUAZZA, evidence="published"
    ),
    F_exponent=-0.28,
    F_dose=80_000.0,
    molar_mass=358.43,
    constants=(
        Parameter("bound", 6.77, "", "binding to transcortin, bound per free at low concentration", _BOUAZZA),
        Parameter("saturation", 0.0095, "L/nmol", "saturation of transcortin", _BOUAZZA),
        Parameter("albumin", 0.8, "", "binding to albumin, bound per free", _BOUAZZA),
    ),
    readouts=(
        Derived(
            "C_total", "C*(1 + bound/(1 + saturation*C) + albumin)", "nmol/L", "total prednisolone in plasma", _BOUAZZA
        ),
    ),
)

LIBRARY: dict[str, Drug] = {
    d.name: d
    for d in (
        _library(
            "infliximab",
            replace(
                two_compartment(CL=0.407, V1=3.29, Q=7.14, V2=4.13, source=_FASANMADE, evidence="published"),
                covariates=(
                    _power("weight", 77.0, "kg", "body mass", _FASANMADE, V1=0.538),
                    _power("albumin", 41.0, "g/L", "serum albumin", _FASANMADE, CL=-1.54),
                    _yes_or_no("ADA", "antibodies against the drug: 1 yes, 0 no", _FASANMADE, CL=1.471),
                    _yes_or_no("female", "1 woman, 0 man", _FASANMADE, CL=0.764, V1=0.863),
                ),
            ),
            "typical 77 kg man with ulcerative colitis, albumin 41 g/L, no antibodies against the drug. Half-life "
            "12.9 d, the label says 7.7 to 9.5 d; first peak after 5 mg/kg 97 mg/L, the label 118",
        ),
        _library(
            "adalimumab",
            one_compartment(CL=0.2904, V1=9.19, ka=0.28, source=_LING, evidence="published"),
            "apparent values (CL/F, V/F), so F = 1; the paper's Table 3 misprints ka and CL/F, corrected there. Steady "
            "trough of 40 mg q2w 8.7 mg/L; the label says 8 to 9 with methotrexate, about 5 without",
            "sc",
        ),
        _library(
            "adalimumab_ternant",
            one_compartment(
                CL=0.32,
                V1=10.8,
                ka=0.28,
                source=f"{_TERNANT}, quoted in other files of nlmixr2lib",
                evidence="published",
                sources={"CL": f"{_TERNANT}, from memory"},
                evidences={"CL": "memory"},
            ),
            "apparent values (CL/F, V/F), so F = 1; CL is quoted from memory",
            "sc",
        ),
        _library(
            "tocilizumab",
            replace(
                two_compartment(CL=0.3, V1=3.5, Q=0.2, V2=2.9, Vmax=7.5, Km=2.7, source=_FREY, evidence="published"),
                covariates=(
                    _power("BSA", 1.8, "m**2", "body surface area", _FREY, CL=0.7),
                    _power("albumin", 38.0, "g/L", "serum albumin", _FREY, V1=0.7, Vmax=-0.4),
                    _yes_or_no("female", "1 woman, 0 man", _FREY, CL=0.84),
                    _yes_or_no("smoker", "1 smokes, 0 not", _FREY, Vmax=1.11),
                ),
            ),
            "typical 70 kg man with rheumatoid arthritis; left out of the covariates: HDL, rheumatoid factor, total "
            "protein, creatinine clearance. Trough of 8 mg/kg q4w 5.8 mg/L: a typical patient's; the label's mean is "
            "15.9",
        ),
        _library(
            "pembrolizumab",
            replace(
                two_compartment(CL=0.22, V1=3.48, Q=0.795, V2=4.06, source=_AHAMADI, evidence="published"),
                covariates=(
                    _power("weight", 76.8, "kg", "body mass", _AHAMADI, CL=0.595, Q=0.595, V1=0.489, V2=0.489),
                    _power("albumin", 39.6, "g/L", "serum albumin", _AHAMADI, CL=-0.907, V1=-0.208),
                    _yes_or_no("female", "1 woman, 0 man", _AHAMADI, CL=0.848, V1=0.866),
                ),
            ),
            "76.8 kg man with melanoma; left out of the covariates: tumor size and type, eGFR, ECOG, ipilimumab. "
            "Half-life 25.8 d, the label says about 26 d (22 d with clearance that changes in time)",
        ),
        _library(
            "nivolumab",
            replace(
                two_compartment(CL=0.2256, V1=3.63, Q=0.7704, V2=2.78, source=_BAJAJ, evidence="published"),
                CL_emax=-0.295,
                CL_t50=58.75,
                CL_hill=3.15,
                covariates=(
                    _power("weight", 80.0, "kg", "body mass", _BAJAJ, CL=0.566, V1=0.597),
                    _yes_or_no("male", "1 man, 0 woman", _BAJAJ, CL=math.exp(0.165), V1=math.exp(0.152)),
                    _yes_or_no("ECOG_above_0", "performance status: 1 above 0, 0 not", _BAJAJ, CL=math.exp(0.172)),
                ),
            ),
            "80 kg woman, ECOG 0; left out of the covariates: eGFR, Asian origin. Clearance falls in time since the "
            "first dose. Half-life 20.9 d at first; the label says 25 d",
        ),
        _library(
            "rituximab",
            two_compartment(
                CL=0.451,
                V1=4.1,
                Q=1.722,
                V2=6.888,
                source=_LIOGER,
                evidence="published",
                evidences=dict.fromkeys(("CL", "Q", "V2"), "derived"),
                sources=dict.fromkeys(("CL", "Q", "V2"), f"{_LIOGER}: from k10 0.11, k12 0.42, k21 0.25 per day"),
            ),
            "rheumatoid arthritis. Half-life 18.7 d, the label says 18 to 19 d; peaks of 1000 mg twice 233 and 279 "
            "mg/L, the label 318 and 381",
        ),
        _library(
            "tacrolimus",
            replace(
                two_compartment(
                    CL=23.0, V1=692, Q=11.6, V2=5340, ka=3.58, lag=0.38, mass="ug", time="hour", source=_ANDREWS,
                    evidence="published",
                ),
                covariates=(
                    _yes_or_no("CYP3A5_expresser", "genotype: 1 expresses CYP3A5, 0 not", _ANDREWS, CL=1.631),
                    _yes_or_no("CYP3A4_22", "genotype: 1 carries CYP3A4*22, 0 not", _ANDREWS, CL=0.8),
                ),
            ),
            "oral, apparent values (CL/F ...), so F = 1; whole blood, ug/L = ng/mL. CL: x1.631 in CYP3A5 expressers, "
            "x0.8 with CYP3A4*22. Targets are 10 to 15 ng/mL early, 5 to 10 later",
            "po",
        ),
        _library(
            "methotrexate",
            one_compartment(
                CL=7.75, V1=32.8, ka=1.69, F=0.704, mass="ug", time="hour", source=_WANG, evidence="published"
            ),
            "low dose, oral; CL of SLCO1B1 388AA. Its effect lives in polyglutamates over weeks, not in plasma: use "
            ".effect_compartment(half_life='3 weeks') (half-lives of 1.2 to 4.3 weeks in red cells: Dalrymple 2008, "
            "doi:10.1002/art.24034, abstract)",
            "po",
        ),
        _library(
            "prednisolone",
            _PREDNISOLONE,
            "oral prednisone in mg (358.43 g/mol) becomes prednisolone; C is the unbound concentration, C_total the "
            "total one (ng/mL = 0.36044 nmol/L). F = (dose/80000 nmol)**-0.28 is relative and may exceed 1",
            "po",
        ),
        _library(
            "belimumab",
            replace(
                two_compartment(
                    CL=0.204, V1=2.30, Q=0.698, V2=2.65, ka=0.235, F=0.742, lag=0.179, source=_STRUEMPER,
                    evidence="published",
                ),
                covariates=(
                    _power("weight", 67.0, "kg", "body mass", _STRUEMPER, CL=0.75, V1=1.0, Q=0.75, V2=0.8),
                    _power("albumin", 41.0, "g/L", "serum albumin", _STRUEMPER, CL=-0.736),
                    _power("IgG", 13.7, "g/L", "immunoglobulin G in serum", _STRUEMPER, CL=0.347),
                ),
            ),
            "67 kg, 200 mg sc weekly: mean steady concentration 104 mg/L. No exposure-response is published that would "
            "link it to a loss of BAFF",
            "sc",
        ),
        replace(
            _library(
                "anti_pdl1",
                replace(
                    one_compartment(
                        CL=0.15 * 0.003, V1=0.003, ka=8.0, mass="nmol", source=_KOSINSKY, evidence="published",
                        evidences={"CL": "derived"},
                        sources={"CL": f"{_KOSINSKY}: elimination 0.15 per day x volume 0.003 L"},
                    ),
                    molar_mass=150_000.0,
                ),
                "mouse of 20 g (assumed, as are 150 kg/mol), 10 mg/kg ip three times a week; K_D 30 nmol/L, as in "
                ".inhibit('k', 1, ic50=30). Half-life 4.6 d; in people pembrolizumab and nivolumab have 26 and 25 d",
                "ip",
            ),
            weight=0.02,
        ),
    )
}  # fmt: skip
