"""Cytotoxic and antirheumatic small molecules."""

from __future__ import annotations

from immunode.intervention.drugs.entries import genotypes, power, published, yes
from immunode.intervention.pharmacokinetics.products import DrugCompartment, DrugFlow

DRUGS = (
    published(
        "mercaptopurine",
        klass="small molecule",
        target="purine synthesis",
        about="purine antimetabolite; thioguanine nucleotides in red cells tell how much has been taken",
        source="Gebhard 2023, doi:10.1038/s41598-023-38414-0",
        people="children with acute lymphoblastic leukemia in maintenance, n 452",
        typical="for 1 m2 of body surface: the numbers of the source are per m2, and the surface cancels out",
        time="day",
        mass="umol",
        molar_mass=152.18,
        route="po",
        pk={"CL": "ke*V1", "V1": 20.1911, "ka": 21.07, "F": 0.12},
        constants={
            "ke": (15.4, "1/time", "rate of elimination"),
            "uptake": (0.096, "mass/volume/time", "largest rate at which red cells make nucleotides"),
            "half": (0.016, "mass/volume", "concentration of half of that rate"),
            "loss": (0.041, "1/time", "loss of nucleotides from red cells"),
        },
        covariates=[power("BSA", 1, V1=1)],
        products=[DrugCompartment("TGN", "thioguanine nucleotides in red cells", "mass/volume")],
        flows=[
            DrugFlow("nucleotides_made", "", "TGN", "uptake*C/(half + C)", "nucleotides made in red cells"),
            DrugFlow("nucleotides_lost", "TGN", "", "loss*TGN", "nucleotides lost from red cells"),
        ],
        omega={"uptake": 0.489, "loss": 0.472},
        residual={"quantity": "TGN", "additive": 0.023**0.5, "proportional": 0.064**0.5},
        regimens={"usual": "50 mg/m2 po daily"},
        warnings=[
            "the plasma part is fixed at values of 1986 and 2005; nucleotides rise for some ten weeks",
            "the errors are read as variances, as the fit of the source suggests",
        ],
        left_out=["nucleotides that were there before the first record"],
        routes=("po",),
    ),
    published(
        "methotrexate",
        brands=("Trexall",),
        klass="small molecule",
        target="folate metabolism",
        about="antifolate; adenosine",
        source="Wang 2019, doi:10.2174/1389200220666190701094756",
        people="RA, China, n 71 (85 samples)",
        typical="low dose; SLCO1B1 388AA",
        time="hour",
        mass="ug",
        route="po",
        pk={"CL": 7.75, "V1": 32.8, "ka": 1.69, "F": 0.704},
        covariates=[
            *genotypes("SLCO1B1", "CL", {"388AG": 0.647, "388GG": 0.805}),
        ],
        omega={"CL": 0.4087},
        residual={"proportional": 0.844, "additive": 1.68},
        regimens={"usual": "15 mg po weekly"},
        warnings=[
            (
                "V1, ka, F and the variability are fixed, the reference genotype was that of 6 of 71 patients, and "
                "the error is 84 %: weak"
            ),
            (
                "its effect lives in polyglutamates over weeks, not in plasma: use .effect_compartment(half_life='3 "
                "weeks') (half-lives of 1.2 to 4.3 weeks in red cells: Dalrymple 2008, doi:10.1002/art.24034, "
                "abstract)"
            ),
        ],
        left_out=["shares of the genotypes (388GG 43, AG 22, AA 6 of 71)"],
    ),
    published(
        "hydroxychloroquine",
        brands=("Plaquenil",),
        klass="small molecule",
        target="lysosomes, TLR7 and TLR9",
        about="lysosomal; TLR7/9",
        source="Carmichael 2003, doi:10.1097/00007691-200312000-00005",
        people="RA, n 123, 71 % women, whole blood",
        typical="no methotrexate; doses in mg of base (400 mg of the sulfate are 310); whole blood",
        time="hour",
        mass="ug",
        route="po",
        pk={"CL": 9.89, "V1": 605, "ka": 0.765, "F": 0.746, "lag": 0.44},
        covariates=[
            yes("methotrexate", "1 takes methotrexate, 0 not", V1=1675 / 605),
        ],
        omega={"CL": 0.3564, "V1": 0.5, "ka": 0.9695},
        residual={"proportional": 0.21, "additive": 19.1},
        regimens={"usual": "310 mg po daily"},
        warnings=[
            (
                "the half-life of 42 h stands against about 40 days (memory): V1 is not to be trusted; levels at "
                "steady state depend on CL only"
            ),
        ],
    ),
    published(
        "cyclophosphamide",
        brands=("Cytoxan", "Endoxan"),
        klass="small molecule",
        target="DNA",
        about="alkylating prodrug",
        source="Ahmed 2020, doi:10.3389/fphar.2020.00406",
        people="breast cancer, Ethiopia, n 267 women",
        typical="600 mg/m2, body surface 1.58 m2",
        time="hour",
        pk={"CL": 5.41, "V1": 46.5},
        covariates=[
            power("BSA", 1.58, V1=0.861),
            yes("regimen_500", "1 the regimen of 500 mg/m2, 0 that of 600", CL=0.677, V1=0.629),
        ],
        omega={"CL": 0.4416, "V1": 0.3482},
        residual={"additive": 1.54},
        spreads={"BSA": (1.59, 0.2)},
        regimens={
            "Euro-Lupus": "500 mg iv over 30 min q2w x 6",
            "breast cancer": "600 mg/m2 iv over 30 min q3w x 4",
        },
        warnings=[
            (
                "the parent drug only (4-hydroxycyclophosphamide acts); two samples a patient; the effect of the "
                "regimen is confounded with other drugs"
            ),
        ],
    ),
    published(
        "cladribine",
        brands=("Mavenclad",),
        klass="small molecule",
        target="DNA of lymphocytes",
        about="purine analogue, depletes lymphocytes",
        source="Savic 2017, doi:10.1007/s40262-017-0516-6",
        people="RRMS, n 173, 66 % women",
        typical="fasted, creatinine clearance 105.2 mL/min",
        time="hour",
        mass="ug",
        route="po",
        pk={
            "CL": "CL_renal + CL_other",
            "V1": 44,
            "Q": 14.3,
            "V2": 347,
            "Q3": 53.7,
            "V3": 89.5,
            "ka": 1.08,
            "F": 0.456,
        },
        constants={
            "CL_renal": (22.2, "volume/time", "clearance by the kidneys"),
            "CL_other": (23.4, "volume/time", "other clearance"),
        },
        covariates=[
            power("CrCl", 105.2, CL_renal=1),
            yes("interferon_beta", "1 takes interferon beta, 0 not", CL_other=1.21),
        ],
        omega={"ka": 0.3194, "CL_other": 0.07576, "V1": 0.4572, "Q": 0.191},
        omega_logit={"F": 0.4722},
        omega_shared={"Q3": ("Q", 0.191), "V2": ("Q", 0.191), "V3": ("Q", 0.191)},
        residual={"proportional": 0.353},
        regimens={"usual": "10 mg po daily x 5"},
        left_out=["doses with food (ka 1.03, F 0.4, 2.24 transit compartments)"],
    ),
    published(
        "colchicine",
        brands=("Colcrys",),
        klass="small molecule",
        target="tubulin, inflammasome",
        about="tubulin; inflammasome",
        source="Wright 2025, doi:10.1007/s40262-025-01551-y",
        people="gout 78 + 13 digitized, 8 % women",
        typical="man of 70 kg, no statin",
        time="hour",
        mass="ug",
        route="po",
        pk={"CL": 19.1, "V1": 245.5, "Q": 29.9, "V2": 821.8, "D1": 0.99, "F": 0.469},
        covariates=[
            power("weight", 70, CL=0.75, Q=0.75, V1=1, V2=1),
            yes("statin", "1 takes a statin, 0 not", CL=0.66),
            yes("female", V1=0.53, V2=0.53),
            yes("other_tablets", "1 other tablets, 0 not", F=1.55),
        ],
        omega={"CL": 0.338, "V1": 0.355, "V2": 0.5329},
        residual={"proportional": 0.377, "additive": 0.006},
        regimens={"usual": "0.5 mg po daily"},
        warnings=["the variability of volumes and F are fixed (Karatza 2021)"],
        left_out=["a class of 22 % of patients who absorb 1.3 h later"],
    ),
)
