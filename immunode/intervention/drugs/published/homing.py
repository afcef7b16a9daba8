"""What keeps lymphocytes out of tissue: integrins and S1P receptors."""

from __future__ import annotations

from immunode.intervention.drugs.entries import form, genotypes, power, published, yes

DRUGS = (
    published(
        "vedolizumab",
        brands=("Entyvio",),
        klass="antibody",
        target="integrin alpha4beta7",
        about="anti-alpha4beta7: gut homing",
        source="Rosario 2015, doi:10.1111/apt.13243",
        people="UC, Crohn, healthy, n about 2700, 48 % women",
        typical=(
            "ulcerative colitis, 70 kg, 40 years, albumin 40 g/L, calprotectin 700 mg/kg, partial Mayo score 6, no "
            "antibodies against the drug, no TNF blocker before"
        ),
        pk={"CL": 0.159, "V1": 3.19, "Q": 0.12, "V2": 1.65, "Vmax": 0.265, "Km": 0.964},
        covariates=[
            power("weight", 70, CL=0.362, V1=0.467, V2=1, Vmax=0.75, Q=0.75),
            power("albumin", 40, CL=-1.18),
            power("calprotectin", 700, CL=0.0310),
            power("CDAI", 300, "", "Crohn disease activity index; 300 in ulcerative colitis", CL=-0.0515),
            power("partial_Mayo", 6, "", "partial Mayo score; 6 in Crohn disease", CL=0.0408),
            power("age", 40, CL=-0.0346),
            yes("Crohn", "1 Crohn disease, 0 ulcerative colitis", CL=0.155 / 0.159, V1=1.01),
            yes("prior_TNF", "1 had a TNF blocker before, 0 not", CL=1.04),
            yes("ADA", CL=1.12),
            yes("azathioprine", "1 takes azathioprine, 0 not", CL=0.998),
            yes("mercaptopurine", "1 takes mercaptopurine, 0 not", CL=1.04),
            yes("methotrexate", "1 takes methotrexate, 0 not", CL=0.983),
            yes("aminosalicylate", "1 takes 5-ASA, 0 not", CL=1.02),
        ],
        omega={"CL": 0.346, "V1": 0.191, "Vmax": 1.05},
        correlations={"CL, V1": 0.566, "CL, Vmax": -0.192, "V1, Vmax": -0.267},
        residual={"proportional": 0.235},
        shares={"ADA": 0.04},
        regimens={"usual": "300 mg iv over 30 min at week 0, 2, 6 then q8w"},
    ),
    published(
        "etrolizumab",
        klass="antibody",
        target="integrin beta7",
        about="anti-beta7 (alpha4beta7 and alphaEbeta7); not licensed",
        source="Moein 2022, doi:10.1002/psp4.12846",
        people="UC, n 1263, 42 % women",
        typical=(
            "70 kg, albumin 41 g/L, CRP 4.23 mg/L, no antibodies against the drug, left-sided ulcerative colitis; "
            "clearance falls in steps at each dose"
        ),
        route="sc",
        pk={
            "CL": "CL_first*(1 - red*(1 - exp(-log(2)*latest/onset)))",
            "V1": 2.61,
            "Q": 0.449,
            "V2": 1.77,
            "ka": 0.193,
            "F": 0.712,
        },
        constants={
            "CL_first": (0.26, "volume/time", "clearance at the first dose"),
            "red": (0.263, "", "share of it that goes by"),
            "onset": (33.67, "time", "time to half of that"),
        },
        covariates=[
            power("weight", 70, CL_first=0.872, Q=0.872, V1=0.788, V2=0.788),
            form("exponential", "albumin", 41, CL_first=-0.0314),
            form("exponential", "CRP", 4.23, CL_first=0.00458),
            form("exponential", "ADA_titer", 0, CL_first=0.0365),
            yes("prior_TNF", "1 had a TNF blocker before, 0 not", CL_first=1.049),
            yes("pancolitis", "1 pancolitis, 0 not", CL_first=1.0816),
            yes("other_colitis", "1 neither left-sided colitis nor pancolitis, 0 not", CL_first=1.181),
        ],
        omega={"V1": 0.2481, "V2": 0.2577, "CL_first": 0.2395},
        omega_logit={"F": 0.733, "red": 0.597},
        residual={"proportional": 0.196, "additive": 0.427},
        regimens={"usual": "105 mg sc q4w"},
        warnings=["not licensed"],
    ),
    published(
        "siponimod",
        brands=("Mayzent",),
        klass="small molecule",
        target="S1P receptors 1 and 5",
        about="S1P1/5 modulator: keeps lymphocytes in nodes",
        source="Huth 2019, doi:10.1002/cpt.1547",
        people="a two-compartment reduction of a PBPK model (n 15 for CL, Vss)",
        typical="CYP2C9 *1/*1, 80 kg",
        time="hour",
        mass="ug",
        route="po",
        pk={
            "CL": "CL_2C9 + CL_3A4 + CL_other",
            "V1": 43.7246,
            "Q": 30.0208,
            "V2": 72.3914,
            "ka": 0.687,
            "F": "0.91*(1 - 0.03357)*(1 - 0.03467*CL/CL_ref)",
            "lag": 1.5,
        },
        constants={
            "CL_2C9": (2.5085, "volume/time", "clearance by CYP2C9"),
            "CL_3A4": (0.546, "volume/time", "clearance by CYP3A4"),
            "CL_other": (0.0655, "volume/time", "other clearance"),
            "CL_ref": (3.12, "volume/time", "clearance of CYP2C9 *1/*1"),
        },
        covariates=[
            *genotypes(
                "CYP2C9",
                "CL_2C9",
                {
                    "*1/*2": (2.889 - 0.6115) / 2.5085,
                    "*1/*3": (1.902 - 0.6115) / 2.5085,
                    "*2/*2": (2.238 - 0.6115) / 2.5085,
                    "*2/*3": (1.592 - 0.6115) / 2.5085,
                    "*3/*3": (0.664 - 0.6115) / 2.5085,
                },
            ),
        ],
        regimens={"usual": "2 mg po daily", "CYP2C9 *1/*3 or *2/*3": "1 mg po daily"},
        warnings=[
            "the source tells no variability: a typical patient only",
            (
                "a two-compartment reduction of a physiological model; V1 and Q follow from the time and height of "
                "the peak"
            ),
        ],
        left_out=[
            (
                "shares of the genotypes: *1/*1 62 to 65 %, *1/*2 20 to 24, *1/*3 9 to 12, *2/*2 1 to 2, *2/*3 1.4 "
                "to 1.7, *3/*3 0.3 to 0.4"
            ),
        ],
    ),
)
