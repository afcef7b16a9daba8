"""Antibodies that deplete lymphocytes or starve B cells."""

from __future__ import annotations

import math

from immunode.intervention.drugs.entries import power, published, yes

DRUGS = (
    published(
        "rituximab",
        brands=("Rituxan", "MabThera"),
        klass="antibody",
        target="CD20",
        about="anti-CD20 (chimeric IgG1), depletes B cells",
        source="Lioger 2017, doi:10.1111/bcp.13270",
        people="RA, n 64, 83 % women",
        typical="woman with rheumatoid arthritis, body surface 1.8 m2, first course, IgG 10 g/L, 100 B cells per uL",
        pk={
            "CL": "k10*V1",
            "V1": 4.1,
            "Q": "k12*V1",
            "V2": "k12/k21*V1",
        },
        constants={
            "k10": (0.11, "1/time", "rate of elimination"),
            "k12": (0.42, "1/time", "rate from the central to the peripheral compartment"),
            "k21": (0.25, "1/time", "rate back from the peripheral compartment"),
        },
        covariates=[
            power("BSA", 1.8, V1=1),
            yes("male", V1=math.exp(0.37)),
            power("course", 1, "", "number of the course of treatment", V1=0.41),
            power("IgG", 10, k10=0.50),
            power("CD19", 100, k10=0.035),
        ],
        omega={"V1": 0.22, "k10": 0.24},
        occasions={"V1": 0.33, "k10": 0.08},
        occasion="24 weeks",
        occasion_note="an occasion is a course; the next one came after week 24, when symptoms were back",
        residual={"proportional": 0.27, "additive": 0.31},
        regimens={"usual": "1000 mg iv over 4.25 h once then 1000 mg iv over 3.25 h at day 14"},
        warnings=["the references of IgG and B cells are rounded by the curator"],
    ),
    published(
        "inebilizumab",
        brands=("Uplizna",),
        klass="antibody",
        target="CD19",
        about="anti-CD19 (afucosylated IgG1), depletes B cells and plasmablasts",
        source="Yan 2022, doi:10.1007/s40262-021-01071-5",
        people="NMOSD 174, SSc 24, MS 15, 87 % women",
        typical=(
            "66.2 kg, neuromyelitis optica or multiple sclerosis; saturable loss falls in time since the first dose"
        ),
        routes=("iv", "sc"),
        pk={
            "CL": 0.188,
            "V1": 2.95,
            "Q": 0.363,
            "V2": 2.57,
            "Vmax": "Vmax_0*exp(-kdec*since)",
            "Km": 5.89,
            "ka": 0.16906,
            "F": 0.81,
        },
        constants={
            "Vmax_0": (0.832, "mass/time", "largest rate of saturable elimination at the first dose"),
            "kdec": (0.00294, "1/time", "rate at which it falls"),
        },
        covariates=[
            power("weight", 66.2, CL=0.57, V1=0.39, Q=0.84, V2=0.40),
            yes("systemic_sclerosis", "1 systemic sclerosis, 0 not", Vmax_0=3.10),
        ],
        omega={"CL": 0.2653, "V1": 0.1688, "V2": 0.159, "Vmax_0": 0.2936},
        residual={"proportional": 0.218},
        regimens={"usual": "300 mg iv over 90 min at day 0, 14 then q26w"},
        warnings=["the rate at which saturable loss falls has a relative standard error of 55 %"],
    ),
    published(
        "obinutuzumab",
        brands=("Gazyva", "Gazyvaro"),
        klass="antibody",
        target="CD20",
        about="anti-CD20 (type II, glycoengineered)",
        source="Gibiansky 2014, doi:10.1038/psp.2014.42",
        people="CLL/NHL, n 678, 43 % women",
        typical=(
            "woman of 75 kg with chronic lymphocytic leukemia and a tumor above 1750 mm2; clearance falls in time "
            "since the first dose"
        ),
        pk={
            "CL": "CL_inf + CL_T*exp(-kdes*since)",
            "V1": 2.76,
            "Q": 1.29,
            "V2": 1.01,
        },
        constants={
            "CL_inf": (0.0828, "volume/time", "clearance in the end"),
            "CL_T": (0.231, "volume/time", "clearance that goes by"),
            "kdes": (0.0359, "1/time", "rate at which it goes by"),
        },
        covariates=[
            power("weight", 75, CL_inf=0.615, CL_T=0.615, V1=0.383, Q=0.75, V2=1),
            yes("BCL_DLBCL", "1 B-cell or diffuse large B-cell lymphoma, 0 not", CL_inf=0.834, CL_T=0.834),
            yes("MCL", "1 mantle cell lymphoma, 0 not", CL_inf=1.75, CL_T=1.75),
            yes("male", CL_T=1.49, CL_inf=1.22, V1=1.18),
            yes("NHL", "1 non-Hodgkin lymphoma, 0 not", kdes=2.08),
            yes("small_tumor", "1 tumor of 1750 mm2 or less, 0 larger", kdes=2.65),
        ],
        omega={"kdes": 1.273, "CL_T": 0.9524, "CL_inf": 0.3987, "V1": 0.1844, "V2": 0.6008, "Q": 0.9434},
        residual={"proportional": 0.178, "additive": 0.165},
        regimens={"usual": "1000 mg iv over 4 h at day 0, 7, 14, 28, 56, 84, 112, 140"},
        warnings=["leukemia and lymphoma; there are no data of autoimmune disease"],
        left_out=["variability of the residual error (CV 56 %)"],
    ),
    published(
        "alemtuzumab",
        brands=("Lemtrada", "Campath"),
        klass="antibody",
        target="CD52",
        about="anti-CD52, depletes lymphocytes",
        source="Mould 2007, doi:10.1111/j.1365-2125.2007.02914.x",
        people="CLL, n 67",
        typical="WBC 10 x10^9/L",
        time="hour",
        pk={"CL": 0, "V1": 11.3, "Q": 1.05, "V2": 41.5, "Vmax": 1.02, "Km": 0.338},
        covariates=[
            power("WBC", 10, Vmax=0.194),
        ],
        omega={"Vmax": 0.3122, "Km": 1.064, "V1": 0.7307, "V2": 1.198},
        residual={"proportional": 0.372, "additive": 0.0647},
        regimens={
            "leukemia": "30 mg iv over 2 h at h 0, 48, 96, 168, 216, 264, 336, 384, 432, 504, 552, 600",
            "multiple sclerosis": "12 mg iv over 4 h daily x 5",
        },
        warnings=[
            "leukemia, with a huge target; not multiple sclerosis. V2 differs by a CV of 179 %",
            "white cells change under treatment, and its loss with them; here they stay",
        ],
    ),
    published(
        "belimumab",
        brands=("Benlysta",),
        klass="antibody",
        target="BAFF",
        about="anti-BAFF (human IgG1)",
        source="Struemper 2018, doi:10.1007/s40262-017-0586-5",
        people="SLE 554 + healthy 134, 85 % women",
        typical="67 kg, body mass index 24.7, albumin 41 g/L, IgG 13.7 g/L",
        route="sc",
        pk={"CL": 0.204, "V1": 2.3, "Q": 0.698, "V2": 2.65, "ka": 0.235, "F": 0.742, "lag": 0.179},
        covariates=[
            power("weight", 67, CL=0.75, Q=0.75, V1=1.0, V2=0.8),
            power("albumin", 41, CL=-0.736),
            power("IgG", 13.7, CL=0.347),
            power("BMI", 24.7, V1=-0.610),
        ],
        omega={"CL": 0.3017, "V1": 0.705, "Q": 1.034, "V2": 0.3317},
        correlations={"CL, V1": 0.2962},
        residual={"proportional": 0.181, "additive": 0.366},
        spreads={"weight": (70, 17.6), "albumin": (40.7, 4.5), "IgG": (14.9, 5.4)},
        regimens={"usual": "200 mg sc weekly", "by vein": "10 mg/kg iv over 1 h at week 0, 2, 4 then q4w"},
        warnings=["no exposure-response is published that would link it to a loss of BAFF"],
    ),
)
