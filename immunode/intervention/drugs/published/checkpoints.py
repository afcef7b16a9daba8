"""What blocks or frees the second signal of T cells: CD80/CD86, CTLA-4, PD-1 and PD-L1."""

from __future__ import annotations

import math

from immunode.intervention.drugs.entries import form, power, published, yes
from immunode.model import Derived

DRUGS = (
    published(
        "abatacept",
        brands=("Orencia",),
        klass="fusion protein",
        target="CD80/CD86",
        about="CTLA4-Ig: blocks CD80/CD86-CD28",
        source="Gandhi 2021, doi:10.1002/jcph.1781",
        people="RA n 2213, pJIA n 403",
        typical=(
            "man of 68 kg and 49 years with rheumatoid arthritis, albumin 41 g/L, GFR 99.18 mL/min, 15 swollen "
            "joints, no NSAIDs"
        ),
        route="sc",
        pk={
            "CL": 0.4296,
            "V1": 3.29,
            "Q": 0.5544,
            "V2": 3.67,
            "ka": "ka_0 + CL/V1",
            "F": (
                "1/(1 + (1/F_typical - 1)"
                "*exp(-(F_weight*log(weight/weight_ref) "
                "+ F_age*log(age/age_ref) "
                "+ F_pJIA*pJIA)))"
            ),
        },
        constants={
            "ka_0": (0.12504, "1/time", "absorption beyond CL/V1"),
            "F_typical": (0.77, "", "bioavailability at the reference weight and age"),
            "F_weight": (-0.506, "", "power of weight in the odds of F"),
            "F_age": (0.487, "", "power of age in the odds of F"),
            "F_pJIA": (3.08, "", "logit of F more in juvenile arthritis"),
        },
        covariates=[
            power("weight", 68, CL=0.706, V1=0.603, V2=0.575),
            power("albumin", 41, CL=-0.722),
            power("eGFR", 99.18, CL=0.259),
            form("power of x + 1", "swollen_joints", 15, CL=0.0742),
            power("age", 49, V1=0.114),
            yes("female", CL=math.exp(0.0674)),
            yes("NSAID", "1 takes NSAIDs, 0 not", CL=math.exp(0.102)),
            yes("pJIA", "1 juvenile idiopathic arthritis, 0 not"),
        ],
        omega={"ka_0": 1.054, "V1": 0.2154, "CL": 0.2524, "V2": 0.3924},
        omega_logit={"F_typical": 0.7183},
        residual={"proportional": 0.248, "additive": 0.0366},
        regimens={"usual": "125 mg sc weekly", "by vein": "750 mg iv over 30 min at week 0, 2, 4 then q4w"},
        warnings=["the sign of the effect of sex is ambiguous in the paper"],
    ),
    published(
        "belatacept",
        brands=("Nulojix",),
        klass="fusion protein",
        target="CD80/CD86",
        about="CTLA4-Ig variant: blocks CD80/CD86",
        source="Shen 2014, doi:10.1007/s40261-013-0153-2",
        people="kidney transplant, NCA of n 10 (PD n 62)",
        typical="70 kg",
        weight=70,
        pk={"CL": 0.79, "V1": 7.7},
        constants={
            "CD86_all": (9820, "", "CD86 on cells without the drug, in MESF"),
            "CD86_most": (9144, "", "CD86 that the drug can occupy, in MESF"),
            "CD86_half": (2.4, "mg/L", "concentration that occupies half of it"),
        },
        readouts=[Derived("CD86_free", "CD86_all - CD86_most*michaelis(C, CD86_half)", "", "free CD86, in MESF")],
        omega={"CL": 0.2653, "V1": 0.2936},
        regimens={
            "usual": "5 mg/kg iv over 30 min q4w",
            "start": "10 mg/kg iv over 30 min at day 0, 4, 14, 28, 56, 84",
        },
        warnings=[
            (
                "a one-compartment reading of a noncompartmental analysis of 10 patients: half-life 6.8 d where 8 to "
                "9 is published, peak 48 mg/L where the label says 139 (memory)"
            ),
            "the residual error was not found",
        ],
    ),
    published(
        "ipilimumab",
        brands=("Yervoy",),
        klass="antibody",
        target="CTLA-4",
        about="anti-CTLA-4 (human IgG1): releases CD28 costimulation",
        source="Feng 2014, doi:10.1111/bcp.12323",
        people="melanoma, n 499, 37 % women",
        typical="80 kg, LDH 206 U/L",
        pk={"CL": 0.36, "V1": 4.15, "Q": 0.9864, "V2": 3.11},
        covariates=[
            power("weight", 80, CL=0.642, V1=0.708),
            form("power of logarithms", "LDH", 206, CL=1.13),
        ],
        omega={"CL": 0.3536, "V1": 0.1493},
        correlations={"CL, V1": 0.4811},
        residual={"proportional": 0.157, "additive": 0.244},
        spreads={"weight": (80.1, 16.9), "LDH": (327, 375)},
        regimens={"usual": "3 mg/kg iv over 90 min q3w x 4"},
        warnings=["the covariance gives a correlation of 0.481, the paper prints 0.452"],
    ),
    published(
        "pembrolizumab",
        brands=("Keytruda",),
        klass="antibody",
        target="PD-1",
        about="anti-PD-1 (IgG4)",
        source="Ahamadi 2017, doi:10.1002/psp4.12139",
        people="solid tumors, n 2188, 41 % women",
        typical="man of 76.8 kg with melanoma, albumin 39.6 g/L, tumors of 89.6 mm, eGFR 88.47 mL/min, ECOG 0",
        pk={"CL": 0.22, "V1": 3.48, "Q": 0.795, "V2": 4.06},
        covariates=[
            power("weight", 76.8, CL=0.595, Q=0.595, V1=0.489, V2=0.489),
            power("albumin", 39.6, CL=-0.907, V1=-0.208),
            power("tumor_size", 89.6, CL=0.0872),
            power("eGFR", 88.47, CL=0.135),
            yes("female", CL=0.848, V1=0.866),
            yes("NSCLC", "1 non-small-cell lung cancer, 0 not", CL=1.145),
            yes("ECOG_above_0", CL=0.926),
            yes("prior_ipilimumab", "1 had ipilimumab before, 0 not", CL=1.14, V1=1.0736),
        ],
        omega={"CL": 0.3661, "V1": 0.2042},
        omega_shared={"Q": ("CL", 0.3661), "V2": ("V1", 0.2042)},
        residual={"lognormal": 0.272},
        regimens={"usual": "200 mg iv over 30 min q3w", "six weeks": "400 mg iv over 30 min q6w"},
        warnings=[
            (
                "the covariance of CL and V1 is not published; the sign of the effect of ECOG is that of the table, "
                "a footnote contradicts it"
            ),
        ],
    ),
    published(
        "nivolumab",
        brands=("Opdivo",),
        klass="antibody",
        target="PD-1",
        about="anti-PD-1 (IgG4)",
        source="Bajaj 2017, doi:10.1002/psp4.12143",
        people="solid tumors, n 1895, 33 % women",
        typical="woman of 80 kg, eGFR 90 mL/min, ECOG 0, White; clearance falls in time since the first dose",
        pk={"CL": 0.2256, "V1": 3.63, "Q": 0.7704, "V2": 2.78, "CL_emax": -0.295, "CL_t50": 58.75, "CL_hill": 3.15},
        covariates=[
            power("weight", 80, CL=0.566, V1=0.597),
            power("eGFR", 90, CL=0.186),
            yes("male", CL=math.exp(0.165), V1=math.exp(0.152)),
            yes("ECOG_above_0", CL=math.exp(0.172)),
            yes("Asian", CL=math.exp(-0.125)),
        ],
        omega={"CL": 0.3507, "V1": 0.3507, "V2": 0.5079},
        omega_additive={"CL_emax": 0.2681},
        correlations={"CL, V1": 0.3512},
        residual={"proportional": 0.215},
        spreads={"weight": (79.1, 19.3), "eGFR": (78.5, 21.6)},
        regimens={"usual": "240 mg iv over 1 h q2w", "four weeks": "480 mg iv over 30 min q4w"},
    ),
    published(
        "atezolizumab",
        brands=("Tecentriq",),
        klass="antibody",
        target="PD-L1",
        about="anti-PD-L1 (IgG1, no effector function)",
        source="Shemesh 2019, doi:10.1186/s40425-019-0791-x",
        people="CHILDREN and young adults, n 87, 9-154 kg",
        typical="77 kg, albumin 40, tumor 63 mm, no ADA",
        pk={"CL": 0.217, "V1": 3.01, "Q": 0.183, "V2": 1.36},
        covariates=[
            power("weight", 77, CL=0.795, V1=0.766),
            power("albumin", 40, CL=-1.18, V1=-0.566),
            power("tumor_size", 63, CL=0.122),
            yes("ADA", CL=1.23),
        ],
        omega={"CL": 0.214, "V1": 0.1183, "V2": 0.5577},
        correlations={"CL, V1": 0.51},
        residual={"proportional": 0.226, "additive": 8.3},
        shares={"ADA": 0.13},
        regimens={"usual": "1200 mg iv over 1 h q3w"},
        warnings=[
            (
                "children and young adults; the powers of weight carry it to adults, and the references are those of "
                "the model of adults"
            ),
        ],
    ),
    published(
        "anti_pdl1",
        klass="antibody",
        target="PD-L1",
        about="anti-PD-L1 of a mouse, for kosinsky2018",
        source="Kosinsky 2018, doi:10.1186/s40425-018-0327-9, Table 1",
        people="mice",
        typical="mouse of 20 g (assumed, as are 150 kg/mol)",
        mass="nmol",
        molar_mass=150000,
        weight=0.02,
        route="ip",
        pk={"CL": 0.00045, "V1": 0.003, "ka": 8},
        regimens={"usual": "10 mg/kg ip at day 0, 3, 6"},
        via="",
    ),
)
