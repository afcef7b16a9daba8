"""Calcineurin and mTOR inhibitors, and mycophenolic acid."""

from __future__ import annotations

from immunode.intervention.drugs.entries import form, power, published, yes

DRUGS = (
    published(
        "tacrolimus",
        brands=("Prograf",),
        klass="small molecule",
        target="calcineurin",
        about="calcineurin inhibitor: no IL-2 transcription",
        source="Andrews 2019, doi:10.1111/bcp.13838",
        people="kidney transplant, first 3 months, n 337, 39 % women",
        typical=(
            "CYP3A5*3/*3, CYP3A4*1, 56 years, albumin 42 g/L, body surface 1.93 m2, creatinine 135 umol/L, "
            "hematocrit 34 %, lean mass 58.94 kg; whole blood"
        ),
        time="hour",
        mass="ug",
        route="po",
        pk={"CL": 23, "V1": 692, "Q": 11.6, "V2": 5340, "ka": 3.58, "lag": 0.38},
        covariates=[
            yes("CYP3A5_expresser", "genotype: 1 expresses CYP3A5, 0 not", CL=1.631),
            yes("CYP3A4_22", "genotype: 1 carries CYP3A4*22, 0 not", CL=0.8),
            power("age", 55.72, CL=-0.43),
            power("albumin", 42, CL=0.43),
            power("BSA", 1.93, CL=0.88),
            power("creatinine", 134.98, CL=-0.14),
            power("hematocrit", 34, CL=-0.76),
            power("lean_mass", 58.94, V1=1.52),
        ],
        omega={"CL": 0.3727, "V1": 0.4656, "V2": 0.4976, "Q": 0.6943},
        residual={"proportional": 0.245},
        shares={"CYP3A5_expresser": 0.255, "CYP3A4_22": 0.092},
        regimens={"usual": "4 mg po q12h", "start": "0.1 mg/kg po q12h"},
        warnings=["dosed by trough; V2 makes the true steady state slow"],
        left_out=[
            "variability of CL between occasions (CV 13.6 %)",
            "the error of the immunoassay (0.177 and 0.88 ug/L)",
        ],
    ),
    published(
        "ciclosporin",
        brands=("Neoral", "Sandimmune"),
        klass="small molecule",
        target="calcineurin",
        about="calcineurin inhibitor",
        source="Fanta 2007, doi:10.1111/j.1365-2125.2007.03003.x",
        people="CHILDREN before kidney transplant, n 162, 7-64 kg",
        typical="child of 13 kg, cholesterol 5.4 mmol/L, hematocrit 31 %, creatinine 524 umol/L; oral, whole blood",
        time="hour",
        mass="ug",
        route="po",
        routes=("po",),
        pk={"CL": 4.697, "V1": 5.3, "Q": 1.5, "V2": 19.6, "Q3": 3, "V3": 4.4, "ka": 0.68, "F": 0.36},
        covariates=[
            power("weight", 13, CL=0.75, Q=0.75, Q3=0.75, V1=1, V2=1, V3=1),
            form("slope", "cholesterol", 5.4, CL=-0.0542, Q=-0.0542, Q3=-0.0542, V1=-0.0542, V2=-0.0542, V3=-0.0542),
            form(
                "slope", "hematocrit", 31, CL=-0.00732, Q=-0.00732, Q3=-0.00732, V1=-0.00732, V2=-0.00732, V3=-0.00732
            ),
            form(
                "slope", "creatinine", 524, CL=0.000214, Q=0.000214, Q3=0.000214, V1=0.000214, V2=0.000214, V3=0.000214
            ),
        ],
        omega={
            "V1": 0.1196,
            "Q3": 0.3763,
            "V3": 0.2462,
            "CL": 0.1688,
            "Q": 0.3029,
            "V2": 0.4031,
            "ka": 0.3215,
            "F": 0.1097,
        },
        correlations={"V1, Q3": 0.999, "V1, V3": 0.999, "Q3, V3": 0.999},
        residual={"proportional": 0.2},
        regimens={"usual": "5 mg/kg po q12h"},
        warnings=[
            "children on dialysis before transplantation; adults only by powers of weight",
            "correlations of 1 are set to 0.999 by the curator",
        ],
        left_out=["doses by vein, whose clearance of 6.1 L/h is an artifact of the assay"],
    ),
    published(
        "sirolimus",
        brands=("Rapamune",),
        klass="small molecule",
        target="mTOR",
        about="mTOR inhibitor",
        source="Jiao 2009, doi:10.1111/j.1365-2125.2009.03392.x",
        people="kidney transplant, China, n 112",
        typical="cholesterol 5.66 mmol/L, ciclosporin trough 104 ug/L, 2 mg a day; whole blood",
        time="hour",
        mass="ug",
        route="po",
        pk={
            "CL": (
                "CL_typical*(1 - (CL_cholesterol*(cholesterol - cholesterol_ref) "
                "+ CL_ciclosporin*(ciclosporin - ciclosporin_ref))/CL_ref)"
                "*(dose/dose_ref)**CL_dose"
            ),
            "V1": "V1_typical*(1 - V1_ciclosporin*(ciclosporin - ciclosporin_ref)/V1_ref)",
            "ka": 0.752,
        },
        constants={
            "CL_typical": (10.1, "volume/time", "clearance at the reference"),
            "CL_ref": (10.1, "volume/time", "clearance that slopes belong to"),
            "CL_cholesterol": (0.662, "volume/time/(mmol/L)", "fall of clearance with cholesterol"),
            "CL_ciclosporin": (0.00417, "volume/time/(ug/L)", "fall of clearance with ciclosporin"),
            "CL_dose": (0.479, "", "power of the dose in clearance"),
            "dose_ref": (2000, "mass", "dose of the typical patient"),
            "V1_typical": (3670, "volume", "volume at the reference"),
            "V1_ref": (3670, "volume", "volume that the slope belongs to"),
            "V1_ciclosporin": (7.27, "volume/(ug/L)", "fall of the volume with ciclosporin"),
        },
        covariates=[
            power("cholesterol", 5.66),
            power("ciclosporin", 104, "ug/L", "trough of ciclosporin"),
            yes("silymarin", "1 takes silymarin, 0 not", CL_typical=0.65),
            yes("glycyrrhizin", "1 takes glycyrrhizin, 0 not", CL_typical=0.661),
        ],
        omega={"CL_typical": 0.2347, "V1_typical": 0.528},
        residual={"lognormal": 0.299},
        regimens={"usual": "2 mg po daily"},
        warnings=[
            "troughs only: ka is borrowed (Zahir 2006); V1 and so the half-life of 252 h are not to be trusted",
        ],
    ),
    published(
        "everolimus",
        brands=("Certican", "Zortress"),
        klass="small molecule",
        target="mTOR",
        about="mTOR inhibitor",
        source="Park 2023, doi:10.3389/fphar.2023.1197549",
        people="epilepsy (FCD), n 22, 4-32 y",
        typical="body surface 1.5 m2; whole blood",
        time="hour",
        mass="ug",
        route="po",
        pk={
            "CL": "CL_factor*(CL_fixed + CL_area)",
            "V1": 293,
            "ka": 0.585,
        },
        constants={
            "CL_factor": (1, "", "how clearance differs from the typical one"),
            "CL_fixed": (12.5, "volume/time", "clearance whatever the body surface"),
            "CL_area": (9.71, "volume/time", "clearance in proportion to body surface"),
        },
        covariates=[
            power("BSA", 1.5, CL_area=1),
        ],
        omega={"V1": 0.2083, "CL_factor": 0.1652},
        residual={"proportional": 0.294},
        regimens={"usual": "0.75 mg po q12h"},
        warnings=["epilepsy, with drugs that induce enzymes, n 22: not transplantation"],
    ),
    published(
        "mycophenolic_acid",
        brands=("CellCept",),
        klass="small molecule",
        target="IMPDH",
        about="IMPDH inhibitor: no guanine for lymphocytes",
        source="van Hest 2005, doi:10.2165/00003088-200544100-00006",
        people="kidney transplant with ciclosporin, n 140",
        typical=(
            "man, creatinine clearance 48 mL/min, albumin 30 g/L, ciclosporin 450 mg a day; doses in mg of mofetil"
        ),
        time="hour",
        route="po",
        pk={"CL": 32.5, "V1": 91, "Q": 35, "V2": 237, "ka": 4.1, "lag": 0.21},
        covariates=[
            power("CrCl", 48, CL=-0.12, V1=-0.62),
            power("albumin", 30, CL=-1.07, V1=-1.13),
            power("ciclosporin_dose", 450, "mg", "ciclosporin a day", CL=0.31),
            yes("female", CL=1.11),
        ],
        omega={"ka": 0.8955, "CL": 0.3017, "V1": 0.7759, "V2": 0.8438},
        residual={"additive": 0.45},
        regimens={"usual": "1000 mg po q12h"},
        warnings=["numbers at third hand (code of Maizaud 2025)"],
        left_out=[
            "variability between occasions (ka 0.93, V1 0.62, CL 0.29)",
            "recirculation through the gut (Jiao 2008)",
        ],
    ),
)
