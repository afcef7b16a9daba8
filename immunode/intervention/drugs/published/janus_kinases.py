"""Small molecules against kinases and phosphodiesterase in immune cells."""

from __future__ import annotations

from immunode.intervention.drugs.entries import power, published, yes
from immunode.model import Derived

DRUGS = (
    published(
        "tofacitinib",
        klass="small molecule",
        target="JAK1 and JAK3",
        about="JAK1/3 inhibitor",
        source="Xie 2019, doi:10.5414/CP203516",
        people="PsA, n 650, 55 % women",
        typical="man of 83.3 kg and 50 years, White, Hispanic, creatinine clearance 120 mL/min, CRP 4.9 mg/L",
        time="hour",
        mass="ug",
        route="po",
        pk={"CL": 20.4, "V1": 110, "ka": 13.8, "lag": 0.3},
        covariates=[
            power("age", 50, CL=-0.20, V1=-0.22),
            power("CrCl", 120, CL=0.32),
            power("CRP", 4.9, CL=-0.02),
            power("weight", 83.3, V1=0.68),
            yes("female", CL=1.05),
            yes("non_Hispanic", "1 not Hispanic, 0 Hispanic", CL=1.12),
            yes("Black", CL=0.91),
            yes("Asian", CL=0.95),
        ],
        omega={"CL": 0.317, "ka": 1.98},
        omega_shared={"V1": ("CL", 0.1585)},
        residual={"proportional": 0.229},
        spreads={"weight": (84.8, 19), "CrCl": (123, 38)},
        regimens={"usual": "5 mg po q12h"},
        warnings=[
            "ka differs by an SD of 1.98 on the log scale: values beyond 1000 per hour occur, which are stiff",
        ],
        left_out=["the larger error of measurement later than 5 h after a dose (0.526), and its variability"],
    ),
    published(
        "baricitinib",
        klass="small molecule",
        target="JAK1 and JAK2",
        about="JAK1/2 inhibitor",
        source="Decker 2024, doi:10.1002/psp4.13131",
        people="JIA, children 2-17 y, n 217, 11-111 kg",
        typical="74 kg, eGFR 93 mL/min (those of adults)",
        time="hour",
        mass="ug",
        route="po",
        pk={
            "CL": "CL_renal + CL_other",
            "V1": 92.6,
            "Q": 2.67,
            "V2": 25.6,
            "D1": 0.457,
            "lag": 0.147,
        },
        constants={
            "CL_renal": (6.34, "volume/time", "clearance by the kidneys"),
            "CL_other": (3.36, "volume/time", "other clearance"),
        },
        covariates=[
            power("eGFR", 93, CL_renal=1),
            power("weight", 74, CL_renal=0.75, CL_other=0.75, Q=0.75, V1=1, V2=1),
        ],
        omega={"CL_other": 0.7347, "CL_renal": 0.3808, "V1": 0.3289, "Q": 0.1502, "V2": 0.5264},
        correlations={"CL_other, CL_renal": 0.9722, "CL_renal, V1": -0.05637},
        residual={"proportional": 0.361},
        regimens={"usual": "4 mg po daily"},
        warnings=["children of 2 to 17 years with juvenile arthritis; the reference is that of adults"],
        left_out=["variability of D1, on a Box-Cox scale"],
    ),
    published(
        "upadacitinib",
        klass="small molecule",
        target="JAK1",
        about="JAK1 inhibitor",
        source="Klunder 2019, doi:10.1007/s40262-019-00739-3",
        people="RA 3992 + healthy 178, 76 % women",
        typical=(
            "74 kg with rheumatoid arthritis, creatinine clearance 108.7 mL/min; extended-release tablet, F relative "
            "to the capsule"
        ),
        time="hour",
        mass="ug",
        route="po",
        routes=("po",),
        pk={
            "CL": 30.8386,
            "V1": 156,
            "Q": 3.22,
            "V2": 68,
            "ka": 0.0523,
            "D1": 3.29,
            "direct": 0.745,
            "F": 0.762,
            "lag": 0.154,
        },
        covariates=[
            power("CrCl", 108.7, CL=0.256),
            power("weight", 74, CL=0.132, V1=0.804),
            yes("healthy", "1 healthy, 0 rheumatoid arthritis", CL=1 / 0.754),
        ],
        omega={"CL": 0.365, "V1": 0.53, "ka": 0.668},
        residual={"proportional": 0.543, "additive": 0.086},
        spreads={"weight": (76.4, 19.3), "CrCl": (114, 38)},
        regimens={"usual": "15 mg po daily", "induction": "45 mg po daily"},
        warnings=["centering values are those of a later control file"],
        left_out=[
            "the capsule (ka 2.77, lag 0.2, F 1, no zero-order part)",
            "the smaller variability in healthy people (CL 0.205, V1 0.244)",
        ],
    ),
    published(
        "apremilast",
        klass="small molecule",
        target="PDE4",
        about="PDE4 inhibitor",
        source="Warren 2025, doi:10.1007/s13555-025-01371-9 (from the FDA review of Otezla)",
        people="psoriasis",
        typical="psoriasis",
        time="hour",
        mass="ug",
        route="po",
        pk={"CL": 9.26, "V1": 118, "ka": 1.84},
        constants={
            "IL13_half": (405, "ug/L", "concentration that halves interleukin 13 made by blood (derived)"),
            "IL13_hill": (0.42, "", "steepness (derived)"),
        },
        covariates=[
            yes("not_psoriasis", "1 another disease, 0 psoriasis", CL=1.09),
        ],
        readouts=[
            Derived("IL13", "1 - hill(C, IL13_half, IL13_hill)", "", "interleukin 13 that blood makes, as a share")
        ],
        regimens={"usual": "30 mg po q12h"},
        warnings=["the source tells no variability: a typical patient only"],
    ),
)
