"""Drugs against interleukin 1 and interleukin 6."""

from __future__ import annotations

from immunode.intervention.drugs.entries import form, power, published, yes

DRUGS = (
    published(
        "tocilizumab",
        brands=("Actemra", "RoActemra"),
        klass="antibody",
        target="IL-6 receptor",
        about="anti-IL-6 receptor (IgG1), soluble and membrane",
        source="Frey 2010, doi:10.1177/0091270009350623",
        people="RA, n 1793, 82 % women, 38-150 kg",
        typical=(
            "man, body surface 1.8 m2, HDL 54 mg/dL, rheumatoid factor 110 U/mL, protein 74 g/L, albumin 38 g/L, "
            "creatinine clearance 106 mL/min, does not smoke"
        ),
        pk={"CL": 0.3, "V1": 3.5, "Q": 0.2, "V2": 2.9, "Vmax": 7.5, "Km": 2.7},
        covariates=[
            power("BSA", 1.8, CL=0.7),
            power("HDL", 54, CL=-0.2),
            form("power of logarithms", "RF", 110, CL=0.1),
            power("protein", 74, V1=-1.1),
            power("albumin", 38, V1=0.7, Vmax=-0.4),
            power("CrCl", 106, Vmax=0.2),
            yes("female", CL=0.84),
            yes("smoker", Vmax=1.11),
        ],
        omega={"CL": 0.3763, "V1": 0.3582, "V2": 0.6013, "Vmax": 0.5058},
        correlations={
            "CL, V1": 0.6,
            "CL, V2": -0.1,
            "CL, Vmax": -0.5,
            "V1, V2": 0.5,
            "V1, Vmax": 0.2,
            "V2, Vmax": 0.2,
        },
        residual={"proportional": 0.22, "additive": 2.4},
        regimens={"usual": "8 mg/kg iv over 1 h q4w", "low": "4 mg/kg iv over 1 h q4w"},
        warnings=[
            "with saturable loss the median patient is not the typical one: troughs of 4.2 against 5.8 mg/L",
            "the table of the paper swaps the subscripts of the two errors; the values are clear",
        ],
    ),
    published(
        "sarilumab",
        brands=("Kevzara",),
        klass="antibody",
        target="IL-6 receptor",
        about="anti-IL-6 receptor (human IgG1)",
        source="Xu 2019, doi:10.1007/s40262-019-00765-1",
        people="RA, n 1770, 83 % women, 31-177 kg, ADA+ 18 %",
        typical=(
            "71 kg woman (CL/F of a man 0.260), no antibodies against the drug, albumin 0.78 of the upper limit (38 "
            "g/L), creatinine clearance 100 mL/min, CRP 14.2 mg/L"
        ),
        route="sc",
        pk={"CL": 0.21996, "V1": 2.08, "Q": 0.156, "V2": 5.23, "Vmax": 8.06, "Km": 0.939, "ka": 0.136},
        covariates=[
            power("weight", 71, CL=0.885, Vmax=0.516),
            power("albumin_ratio", 0.78, Vmax=-0.844),
            power("CrCl", 100, Vmax=0.212),
            power("CRP", 14.2, Vmax=0.0299),
            yes("male", CL=1 / 0.846),
            yes("ADA", CL=1.43),
            yes("product_DP2", "1 drug product 2, 0 not", CL=1.30, ka=0.663),
        ],
        omega={"Vmax": 0.3159, "CL": 0.5165, "V1": 0.3609, "ka": 0.3132},
        correlations={"Vmax, CL": -0.566},
        residual={"lognormal": 0.6285},
        shares={"ADA": 0.18},
        regimens={"usual": "200 mg sc q2w", "low": "150 mg sc q2w"},
        warnings=[
            "the direction of the effect of sex was decided from the text of the paper",
            "with saturable loss the median patient is not the typical one: troughs of 13.8 against 17.3 mg/L",
        ],
    ),
    published(
        "anakinra",
        brands=("Kineret",),
        klass="receptor antagonist",
        target="IL-1 receptor",
        about="IL-1 receptor antagonist: blocks IL-1 alpha and beta",
        source="Urien 2013, doi:10.1186/2050-6511-14-40",
        people="children 8 mo-21 y, 4-83 kg, SJIA and autoinflammation, n 87",
        typical="70 kg",
        time="hour",
        route="sc",
        pk={"CL": 6.24, "V1": 65.2, "ka": 0.38},
        covariates=[
            power("weight", 70, CL=0.47, V1=0.76),
        ],
        omega={"CL": 0.28},
        occasions={"V1": 0.47},
        occasion_note="assumed: an occasion is a dose",
        residual={"additive": 0.072},
        regimens={"usual": "100 mg sc daily"},
        warnings=["children and young adults: 70 kg lies at the edge of the data"],
    ),
    published(
        "canakinumab",
        brands=("Ilaris",),
        klass="antibody",
        target="IL-1 beta",
        about="anti-IL-1 beta (human IgG1)",
        source="Chakraborty 2012, doi:10.2165/11599820-000000000-00000",
        people="CAPS + RA, asthma, psoriasis, healthy, n 233, 4-74 y",
        typical="CAPS, 70 kg, albumin 43 g/L, 34 years",
        route="sc",
        pk={"CL": 0.174, "V1": 3.3, "Q": 0.429, "V2": 2.71, "ka": 0.269, "F": 0.7},
        covariates=[
            power("weight", 70, CL=0.695, V1=0.684, V2=0.798),
            power("albumin", 43, CL=-0.916),
            power("age", 34, ka=-0.555),
        ],
        omega={"CL": 0.2931, "V1": 0.2427, "V2": 0.2858, "Q": 0.5292, "ka": 0.6372},
        residual={"lognormal": 0.2296},
        regimens={"usual": "150 mg sc q8w", "Still disease": "4 mg/kg sc q4w"},
        left_out=[
            (
                "the IL-1 beta that it binds; total drug is linear all the same, since the complex has the kinetics "
                "of the drug"
            ),
        ],
    ),
)
