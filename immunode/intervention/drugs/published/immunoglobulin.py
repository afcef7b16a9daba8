"""Immunoglobulin, and what shortens its life: blockers of the neonatal Fc receptor."""

from __future__ import annotations

from immunode.intervention.drugs.entries import power, published, yes
from immunode.intervention.pharmacokinetics.target import qss
from immunode.model import Derived

DRUGS = (
    published(
        "immunoglobulin",
        klass="replacement",
        target="IgG",
        about="IgG replacement for those who make too little of their own",
        source="Cheng 2025, doi:10.1002/bcp.70420",
        people="CHILDREN, n 64, 3-95 kg",
        typical="primary deficiency, 70 kg, IgM 0.21 g/L, 5.67 g/L of own IgG",
        mass="g",
        pk={"CL": 0.308, "V1": 3.59, "Q": 1.08, "V2": 7.37, "C0": 5.67},
        covariates=[
            power("weight", 70, CL=0.75, Q=0.75, V1=1, V2=1),
            yes("secondary", "1 secondary deficiency, 0 primary", CL=0.542, C0=0.541),
            power("IgM", 0.21, C0=0.11),
        ],
        omega={"CL": 0.4093, "V2": 1.035, "C0": 0.4664},
        residual={"proportional": 0.117, "additive": 0.812},
        regimens={"usual": "35 g iv over 4 h q4w", "by weight": "0.5 g/kg iv over 4 h q4w"},
        warnings=["children of 3 kg and more; covariances are not published"],
    ),
    published(
        "rozanolixizumab",
        brands=("Rystiggo",),
        klass="antibody",
        target="FcRn",
        about="anti-FcRn (IgG4): IgG is no longer saved from breakdown and falls",
        source="Lledo-Garcia 2022, doi:10.1002/psp4.12739",
        people="18 healthy people, iv 1 to 7 mg/kg",
        typical="a healthy adult",
        mass="nmol",
        molar_mass=148000,
        weight=70,
        pk={"CL": 0.968, "V1": 2.7, "Q": 0.271, "V2": 0.36},
        binds=qss(KSS=1.0, kint=0.88, kdeg=0.88, ksyn=0.88 * 147),
        constants={
            "mass_of_mole": (0.148, "mg/nmol", "molar mass"),
        },
        readouts=[Derived("C_mass", "C*mass_of_mole", "mg/L", "free drug by mass")],
        omega={"V1": 0.157, "kdeg": 0.296},
        omega_shared={"kint": ("kdeg", 0.296), "ksyn": ("kdeg", 0.296)},
        residual={"quantity": "C_mass", "proportional": 0.093},
        regimens={"by vein": "7 mg/kg iv over 1 h weekly x 6"},
        warnings=["by vein; the label is subcutaneous, and its ka and F were not found"],
        left_out=["IgG, which falls"],
    ),
    published(
        "nipocalimab",
        brands=("Imaavy",),
        klass="antibody",
        target="FcRn",
        about="anti-FcRn (aglycosylated IgG1): IgG is no longer saved from breakdown and falls",
        source="Valenzuela 2025, doi:10.1002/psp4.70109",
        people="healthy 160, generalized myasthenia gravis 68",
        typical="75 kg",
        mass="nmol",
        molar_mass=142000,
        pk={"CL": 0.655, "V1": 3.23, "Q": 0.25, "V2": 0.622},
        binds=qss(KSS=6.05 / 0.142, kint=62.4, kdeg=1.3, ksyn=1.3 * 143 * 0.947),
        covariates=[
            power("weight", 75, CL=0.75, Q=0.75, V1=1, V2=1),
        ],
        omega={"CL": 0.238, "V1": 0.149, "ksyn": 0.246},
        spreads={"weight": (75.9, 19.2)},
        regimens={"usual": "30 mg/kg iv over 1 h once then 15 mg/kg iv over 1 h at week 2 then q2w"},
        left_out=["IgG, which falls: it is the model valenzuela2025"],
    ),
)
