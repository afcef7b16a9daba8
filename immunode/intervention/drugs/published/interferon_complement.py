"""Interferons, what blocks them, and inhibitors of complement."""

from __future__ import annotations

from immunode.intervention.drugs.entries import form, power, published, yes
from immunode.intervention.pharmacokinetics.target import qss
from immunode.model import Derived

DRUGS = (
    published(
        "anifrolumab",
        brands=("Saphnelo",),
        klass="antibody",
        target="interferon receptor IFNAR1",
        about="anti-IFNAR1 (human IgG1): blocks all type I interferons",
        source="Almquist 2022, doi:10.1002/jcph.2055",
        people="SLE, n 670, 92 % women",
        typical="69.1 kg, high interferon signature",
        mass="nmol",
        molar_mass=148000,
        pk={"CL": 0.193, "V1": 2.93, "Q": 0.937, "V2": 3.3, "CL_emax": -0.155, "CL_t50": 380, "CL_hill": 1},
        binds=qss(KSS=0.712, kint=77.4, kdeg=77.4, ksyn=77.4 * 0.0999),
        constants={
            "mass_of_mole": (0.148, "mg/nmol", "molar mass"),
        },
        covariates=[
            power("weight", 69.1, CL=0.601, V1=0.764),
            yes("interferon_low", "1 low interferon signature, 0 high", CL=0.793),
        ],
        readouts=[Derived("C_mass", "C*mass_of_mole", "mg/L", "free drug by mass")],
        omega={"CL": 0.33, "V1": 0.269, "ksyn": 0.297},
        omega_additive={"CL_emax": 0.382},
        residual={"quantity": "C_mass", "proportional": 0.305, "additive": 0.0201},
        regimens={"usual": "300 mg iv over 30 min q4w"},
    ),
    published(
        "emapalumab",
        brands=("Gamifant",),
        klass="antibody",
        target="IFN gamma",
        about="anti-IFN gamma",
        source="Brossard 2025, doi:10.1111/cts.70163",
        people="MAS 14 + HLH 44",
        typical="macrophage activation syndrome, 70 kg, 25 years, bilirubin 12.8 umol/L",
        pk={"CL": 0.3432, "V1": 3.08, "Q": 2.52, "V2": 4.28},
        covariates=[
            power("weight", 70, CL=0.75, Q=0.75, V1=1, V2=1),
            power("age", 25, CL=0.188, Q=0.188, V1=-0.104),
            power("bilirubin", 12.8, CL=0.162, V1=0.162, V2=0.162),
        ],
        omega={"CL": 0.361, "V1": 0.207, "V2": 0.711},
        correlations={"V1, V2": 0.569},
        residual={"lognormal": 0.301},
        regimens={"usual": "6 mg/kg iv over 1 h once then 3 mg/kg iv over 1 h at day 3 then every 3 days"},
        warnings=[
            (
                "14 patients with macrophage activation syndrome; reference age and bilirubin are solved back by the "
                "curator"
            ),
        ],
        left_out=["loss with the interferon gamma that it binds, in primary HLH"],
    ),
    published(
        "peginterferon_beta_1a",
        brands=("Plegridy",),
        klass="cytokine",
        target="interferon receptor",
        about="interferon receptor agonist",
        source="Hu 2017, doi:10.1002/jcph.883",
        people="RRMS, n 809, 70 % women",
        typical="body mass index 23.71",
        time="hour",
        mass="ug",
        route="sc",
        pk={
            "CL": 3.28,
            "V1": 435,
            "ka": "ka_0 + CL/V1",
        },
        constants={
            "ka_0": (0.207, "1/time", "absorption beyond CL/V1"),
        },
        covariates=[
            power("BMI", 23.71, CL=0.779),
            form("exponential", "BMI", 23.71, V1=0.0353),
        ],
        omega={"CL": 0.3808, "V1": 0.5933},
        residual={"lognormal": 0.566},
        regimens={"usual": "125 ug sc q2w"},
        warnings=["62 % of the samples, below the limit of detection, were dropped"],
    ),
    published(
        "eculizumab",
        brands=("Soliris",),
        klass="antibody",
        target="complement C5",
        about="anti-C5",
        source="Lee 2024, doi:10.1007/s00228-024-03703-8",
        people="healthy 240 + PNH 49",
        typical="PNH, 80.9 kg",
        pk={"CL": 0.4176, "V1": 5.68, "Q": 0.3216, "V2": 0.79},
        constants={
            "complement_all": (101, "%", "activity of complement without the drug"),
            "complement_share": (0.88, "", "share of it that the drug can block"),
            "complement_half": (36.6, "mg/L", "concentration that blocks half of that"),
            "complement_hill": (4.56, "", "steepness"),
        },
        covariates=[
            power("weight", 80.9, CL=1.14, V1=0.863),
            yes("healthy", "1 healthy, 0 PNH", V1=0.611),
        ],
        readouts=[
            Derived(
                "complement",
                "complement_all*(1 - complement_share*hill(C, complement_half, complement_hill))",
                "%",
                "activity of complement",
            )
        ],
        omega={"CL": 0.1553, "V1": 0.1269, "V2": 0.3564},
        correlations={"CL, V1": 0.54},
        residual={"proportional": 0.117},
        regimens={
            "usual": "600 mg iv over 35 min at week 0, 1, 2, 3 then 900 mg iv over 35 min at week 4 then q2w",
        },
    ),
    published(
        "pegcetacoplan",
        brands=("Empaveli", "Aspaveli"),
        klass="peptide",
        target="complement C3",
        about="PEG peptide: C3 inhibitor",
        source="Crass 2024, doi:10.1007/s40268-024-00500-7",
        people="PNH 56 %, healthy 44 %, 5195 samples",
        typical="PNH, 70 kg, solution",
        route="sc",
        pk={
            "CL": 0.352966,
            "V1": 3.96,
            "ka": 0.888,
            "ktr": "ka",
            "transits": 1,
            "F": 0.758,
        },
        covariates=[
            power("weight", 70, CL=0.646, V1=0.809),
            yes("not_PNH", "1 not PNH, 0 PNH", CL=1 / 1.257),
            yes("powder", "1 powder, 0 solution", F=1.220),
        ],
        omega={"CL": 0.2068, "V1": 0.2116, "ka": 0.4934},
        correlations={"CL, V1": 0.571},
        residual={"lognormal": 0.163},
        regimens={"usual": "1080 mg sc every 84 h"},
    ),
)
