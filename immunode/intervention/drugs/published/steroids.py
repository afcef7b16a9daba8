"""Glucocorticoids."""

from __future__ import annotations

from immunode.intervention.drugs.entries import power, published
from immunode.model import Derived

DRUGS = (
    published(
        "prednisolone",
        klass="small molecule",
        target="glucocorticoid receptor",
        about="glucocorticoid, given as prednisone",
        source="Bouazza 2025, doi:10.1002/bcp.70103",
        people="SLE, n 66",
        typical=(
            "70 kg; oral prednisone in mg becomes prednisolone; C is the unbound concentration, C_total the total "
            "one (ng/mL = 0.36044 nmol/L). F = (dose/80000 nmol)**-0.28 is relative and may exceed 1"
        ),
        time="hour",
        mass="nmol",
        molar_mass=358.43,
        route="po",
        pk={"CL": 54.3, "V1": 235, "ka": 1.19, "lag": 0.17, "F_exponent": -0.28, "F_dose": 80000},
        constants={
            "bound": (6.77, "", "binding to transcortin, bound per free at low concentration"),
            "saturation": (0.0095, "L/nmol", "saturation of transcortin"),
            "albumin_binding": (0.8, "", "binding to albumin, bound per free"),
        },
        covariates=[
            power("weight", 70, CL=0.75, V1=1),
        ],
        readouts=[
            Derived(
                "C_total",
                "C*(1 + bound/(1 + saturation*C) + albumin_binding)",
                "nmol/L",
                "total prednisolone in plasma",
            )
        ],
        omega={"CL": 0.35, "bound": 0.3},
        residual={"quantity": "C_total", "proportional": 0.42},
        regimens={"usual": "20 mg po daily", "low": "5 mg po daily"},
    ),
    published(
        "dexamethasone",
        klass="small molecule",
        target="glucocorticoid receptor",
        about="glucocorticoid, by mouth",
        source="Krzyzanski 2021, doi:10.1007/s10928-020-09730-z",
        people="healthy Indian women, n 36",
        typical="woman of 57 kg; apparent to doses into muscle",
        time="hour",
        mass="ug",
        route="po",
        routes=("po",),
        pk={"CL": 9.29, "V1": 51.3, "Q": 0.538, "V2": 5.06, "ka": 0.936, "F": 1.04},
        omega={"CL": 0.1628, "ka": 0.6285},
        residual={"lognormal": 0.213},
        regimens={"usual": "6 mg po daily x 10"},
    ),
    published(
        "dexamethasone_im",
        klass="small molecule",
        target="glucocorticoid receptor",
        about="glucocorticoid, into muscle",
        source="Krzyzanski 2021, doi:10.1007/s10928-020-09730-z",
        people="healthy Indian women, n 36",
        typical="woman of 57 kg",
        time="hour",
        mass="ug",
        route="im",
        routes=("im",),
        pk={"CL": 9.29, "V1": 51.3, "Q": 0.538, "V2": 5.06, "ka": 0.46, "F": 1},
        omega={"CL": 0.1628, "ka": 0.2516},
        residual={"lognormal": 0.213},
        regimens={"usual": "6 mg im q12h x 4"},
    ),
    published(
        "methylprednisolone",
        brands=("Solu-Medrol",),
        klass="small molecule",
        target="glucocorticoid receptor",
        about="glucocorticoid",
        source="Hornik 2019, doi:10.1002/psp4.12470",
        people="NEONATES, n 64",
        typical="neonate of 3.2 kg before bypass; the succinate given by vein becomes the drug at the rate ka",
        time="hour",
        mass="ug",
        pk={"CL": 3.88, "V1": 8.92, "Q": 0.1, "V2": 16.81, "ka": 0.41, "prodrug": True},
        covariates=[
            power("weight", 3.2, CL=1.24, Q=1.24, V1=1, V2=1),
            power("bypass_minutes", 156.5, "minute", "length of the bypass; 156.5 before it", CL=-0.47),
        ],
        omega={"CL": 0.4485, "V1": 0.2596, "Q": 0.3178},
        residual={"proportional": 0.428},
        regimens={"bypass": "30 mg/kg iv over 1 h once"},
        warnings=["neonates only: do not scale to adults"],
    ),
)
