"""Dupilumab in moderate to severe asthma: FEV1, in which the patient's biomarkers count more than the dose.

Dupilumab blocks the receptor of IL-4 and IL-13. The usual doses keep its concentration 50 to 90 times above the EC50,
so FEV1 is near its largest gain within two weeks and a larger dose adds nothing. That largest gain grows with exhaled
nitric oxide (FeNO) and eosinophils in blood, the marks of type-2 inflammation: five times more in a patient with high
ones than in one with low ones.

    skin -> blood <-> tissue; lost linearly and through the receptor (faster, the less drug there is)
    FEV1 = baseline + placebo gain(time) + Emax (FeNO/25)^0.682 (EOS/260)^0.334 C/(EC50 + C)

Values of Zhang et al. 2025 (QUEST and the phase 2b trial, 2,654 patients) on the pharmacokinetics of Zhang et al. 2021
(doi:10.1002/psp4.12667), both via nlmixr2lib; the articles were not read. An empirical model: no cytokine, no cell.
Its text and its Table 3 disagree on how patients differ; Table 3 is used. Assumed: the shapes of the distributions of
patients (their moments are published). Two reference weights, 78 kg for the drug and 77 kg for FEV1, are as published.

Findings. The gain is spread so widely (SD of its logarithm 0.84) that its mean is 1.7 times the typical one: the mean
lies above what the paper draws (0.10 to 0.14 L), the typical below what QUEST found. In patients with 300 eosinophils
and more, QUEST found 0.30 L against placebo, the model gives 0.21. Some 29 % lose FEV1 under placebo, as the spread of
that gain is additive; nothing keeps a drawn FEV1 above 0, and nothing here hides it.

Not in the model: exacerbations (QUEST: rate ratio 0.52 and 0.54), FeNO under treatment, antibodies against the drug
beyond their effect on its loss. The placebo gain counts from day 0, the first dose.
"""

from immunode.intervention import Intervention, pulses, set_to, transfer
from immunode.model import (
    Derived, Model, Observed, Parameter, PatientCovariate, Process, State, Story, Trial, TrialResult, Unit,
    Variability,
)

MODEL = Model(
    name="zhang2025_dupilumab",
    title="Dupilumab in asthma: FEV1 and type-2 biomarkers",
    system="asthma",
    status="published",
    species="human",
    reference="doi:10.1002/psp4.70057",
    time_unit="day",
    horizon=364.0,
    readouts=["FEV1", "FEV1_change", "C"],
    units=[Unit("ppb", "one part in a billion of exhaled air")],
    states=[
        State("depot", 0.0, "mg", "dupilumab under the skin", kind="drug", typical=300.0,
              source="no drug before the first dose"),
        State("central", 0.0, "mg", "dupilumab in blood", kind="drug", typical=100.0,
              source="no drug before the first dose"),
        State("peripheral", 0.0, "mg", "dupilumab in tissue", kind="drug", typical=100.0,
              source="no drug before the first dose"),
    ],
    parameters=[
        # pharmacokinetics
        Parameter("ka", 0.263, "1/day", "absorption", "Zhang 2021, via nlmixr2lib", "fitted"),
        Parameter("F", 0.609, "", "bioavailability", "Zhang 2021, via nlmixr2lib", "fitted"),
        Parameter("ke", 0.0418, "1/day", "linear elimination", "Zhang 2021, via nlmixr2lib", "fitted"),
        Parameter("V", 2.76, "L", "volume of blood", "Zhang 2021, via nlmixr2lib", "fitted"),
        Parameter("k23", 0.0952, "1/day", "into tissue", "Zhang 2021, via nlmixr2lib", "fitted"),
        Parameter("k32", 0.163, "1/day", "back from tissue", "Zhang 2021, via nlmixr2lib", "fitted"),
        Parameter("Vmax", 1.39, "mg/(L*day)", "largest loss through the receptor", "Zhang 2021, via nlmixr2lib",
                  "fitted"),
        Parameter("Km", 2.08, "mg/L", "concentration of half that loss", "Zhang 2021, via nlmixr2lib", "fitted"),
        # FEV1
        Parameter("FEVB", 1.93, "L", "FEV1 of the reference man before treatment", "Zhang 2025, via nlmixr2lib",
                  "fitted"),
        Parameter("FEVB_woman", 0.7979274611398963, "", "FEV1 of women over that of men", "Zhang 2025: 1.54 L / 1.93 L",
                  "derived"),
        Parameter("Pmax", 0.172, "L", "gain under placebo", "Zhang 2025, via nlmixr2lib", "fitted"),
        Parameter("kpl", 0.0322, "1/day", "speed of that gain", "Zhang 2025, via nlmixr2lib", "fitted"),
        Parameter("Emax", 0.104, "L", "largest further gain under the drug", "Zhang 2025, via nlmixr2lib", "fitted"),
        Parameter("EC50", 0.713, "mg/L", "concentration of half of it", "Zhang 2025, via nlmixr2lib", "fitted"),
        # the patient
        Parameter("age", 50.0, "year", "age", "reference patient", "published", (12.0, 87.0)),
        Parameter("weight", 78.0, "kg", "body weight", "reference patient of the pharmacokinetics", "published",
                  (30.0, 227.0)),
        Parameter("female", 0.0, "", "woman: 1, man: 0", "reference patient", "published", (0.0, 1.0)),
        Parameter("N", 1.0, "", "exacerbations in the past year, 1 or more", "reference patient", "published",
                  (1.0, 50.0)),
        Parameter("FENO", 25.0, "ppb", "exhaled nitric oxide before treatment", "reference patient", "published",
                  (3.0, 387.0)),
        Parameter("EOS", 260.0, "1/uL", "eosinophils in blood before treatment", "reference patient", "published",
                  (10.0, 8750.0)),
        Parameter("ALB", 44.0, "g/L", "albumin", "reference patient", "published", (30.0, 55.0)),
        Parameter("CRCL", 111.0, "mL/min", "creatinine clearance per 1.73 m2", "reference patient", "published",
                  (40.0, 200.0)),
        Parameter("ADA", 0.0, "", "antibodies against the drug: 1, none: 0", "reference patient", "published",
                  (0.0, 1.0)),
        Parameter("age_ref", 50.0, "year", "reference age", "Zhang 2025", "published", (50.0, 50.0)),
        Parameter("weight_ref", 78.0, "kg", "reference weight of the drug", "Zhang 2021", "published", (78.0, 78.0)),
        Parameter("weight_ref_FEV1", 77.0, "kg", "reference weight of FEV1", "Zhang 2025", "published", (77.0, 77.0)),
        Parameter("FENO_ref", 25.0, "ppb", "reference FeNO", "Zhang 2025", "published", (25.0, 25.0)),
        Parameter("EOS_ref", 260.0, "1/uL", "reference eosinophils", "Zhang 2025", "published", (260.0, 260.0)),
        Parameter("ALB_ref", 44.0, "g/L", "reference albumin", "Zhang 2021", "published", (44.0, 44.0)),
        Parameter("CRCL_ref", 111.0, "mL/min", "reference creatinine clearance", "Zhang 2021", "published",
                  (111.0, 111.0)),
    ],
    derived=[
        Derived("size", "weight/weight_ref", "", "weight over the reference weight"),
        Derived("elimination_rate", "ke*(1 + 0.191*ADA)*size**0.222*(CRCL/CRCL_ref)**0.217", "1/day",
                "linear elimination of the patient"),
        Derived("volume", "V*size**0.667*(ALB/ALB_ref)**-0.484", "L", "volume of blood of the patient"),
        Derived("C", "central/volume", "mg/L", "dupilumab in blood", label="dupilumab in blood"),
        Derived("FEV1_start", "FEVB*(1 - (1 - FEVB_woman)*female)*(age/age_ref)**-0.423"
                "*(weight/weight_ref_FEV1)**0.259*N**-0.0411", "L", "FEV1 before treatment"),
        Derived("FEV1_placebo", "Pmax*(1 - exp(-kpl*t))", "L", "gain of FEV1 under placebo", label="placebo gain"),
        Derived("Emax_patient", "Emax*(FENO/FENO_ref)**0.682*(EOS/EOS_ref)**0.334", "L",
                "largest further gain of the patient"),
        Derived("FEV1_drug", "Emax_patient*michaelis(C, EC50)", "L", "further gain of FEV1 under the drug",
                label="gain of FEV1 by the drug"),
        Derived("FEV1_change", "FEV1_placebo + FEV1_drug", "L", "change of FEV1 from baseline",
                label="change of FEV1"),
        Derived("FEV1", "FEV1_start + FEV1_change", "L", "FEV1 before bronchodilator", label="FEV1"),
    ],
    processes=[
        Process("absorption", "depot ->", "ka*depot", "leaves the skin"),
        Process("uptake", "-> central", "F*ka*depot", "what reaches blood of it"),
        Process("elimination", "central ->", "elimination_rate*central", "linear elimination"),
        Process("receptor_loss", "central ->", "Vmax*size**0.224*volume*michaelis(C, Km)",
                "elimination through the receptor"),
        Process("distribution", "central -> peripheral", "k23*central", "into tissue"),
        Process("return_flow", "peripheral -> central", "k32*peripheral", "back from tissue"),
    ],
    interventions=[
        Intervention("loading_400", [transfer("depot", 400.0)], kind="drug", direction="suppress", acts_on="signal",
                     expects={"FEV1": "up at 2 weeks"}, evidence="published",
                     source="label: first dose of the 200 mg regimen",
                     label="400 mg once"),
        Intervention("loading_600", [transfer("depot", 600.0)], kind="drug", direction="suppress", acts_on="signal",
                     expects={"FEV1": "up at 2 weeks"}, evidence="published",
                     source="label: first dose of the 300 mg regimen",
                     label="600 mg once"),
        Intervention("q2w_200", [transfer("depot", 200.0)], pulses(every=14, width=0, n=25, start=14), kind="drug",
                     direction="suppress", acts_on="signal", expects={"FEV1": "up at 48 weeks"}, evidence="published",
                     source="label: 200 mg every 2 weeks, after a first dose of 400 mg",
                     label="200 mg q2w from week 2"),
        Intervention("q2w_300", [transfer("depot", 300.0)], pulses(every=14, width=0, n=25, start=14), kind="drug",
                     direction="suppress", acts_on="signal", expects={"FEV1": "up at 48 weeks"}, evidence="published",
                     source="label: 300 mg every 2 weeks, after a first dose of 600 mg",
                     label="300 mg q2w from week 2"),
        Intervention("q4w_200", [transfer("depot", 200.0)], pulses(every=28, width=0, n=12, start=28), kind="drug",
                     direction="suppress", acts_on="signal", expects={"FEV1": "up at 48 weeks"}, evidence="published",
                     source="phase 2b: 200 mg every 4 weeks, after a first dose of 400 mg",
                     label="200 mg q4w from week 4"),
        Intervention("q4w_300", [transfer("depot", 300.0)], pulses(every=28, width=0, n=12, start=28), kind="drug",
                     direction="suppress", acts_on="signal", expects={"FEV1": "up at 48 weeks"}, evidence="published",
                     source="phase 2b: 300 mg every 4 weeks, after a first dose of 600 mg",
                     label="300 mg q4w from week 4"),
        Intervention("type2_high", [set_to("FENO", 50.0), set_to("EOS", 500.0)], direction="enhance", acts_on="signal",
                     expects={"FEV1": "up at 48 weeks"}, evidence="assumed", beside="q2w_200",
                     source="assumed: another patient, not a treatment; FeNO 50 ppb, 500 eosinophils per uL",
                     label="type-2-high patient", note="some drawn patients have more than that"),
        Intervention("type2_low", [set_to("FENO", 10.0), set_to("EOS", 100.0)], direction="suppress", acts_on="signal",
                     expects={"FEV1": "down at 48 weeks"}, evidence="assumed", beside="q2w_200",
                     source="assumed: another patient, not a treatment; FeNO 10 ppb, 100 eosinophils per uL",
                     label="type-2-low patient", note="some drawn patients have less than that"),
    ],
    variability=[
        Variability("ke", 0.19621, source="Zhang 2021, via nlmixr2lib: variance 0.0385"),
        Variability("V", 0.09132, source="Zhang 2021, via nlmixr2lib: variance 0.00834"),
        Variability("Vmax", 0.24269, source="Zhang 2021, via nlmixr2lib: variance 0.0589"),
        Variability("ka", 0.49295, source="Zhang 2021, via nlmixr2lib: variance 0.243"),
        Variability("F", 0.36332, source="Zhang 2021, via nlmixr2lib: variance 0.132"),
        Variability("FEVB", 0.24249, source="Zhang 2025, Table 3, via nlmixr2lib: variance 0.0588"),
        Variability("Pmax", 0.30397, "linear", source="Zhang 2025, Table 3, via nlmixr2lib: variance 0.0924 L2"),
        Variability("kpl", 1.28062, source="Zhang 2025, Table 3, via nlmixr2lib: variance 1.64"),
        Variability("EC50", 1.92873, source="Zhang 2025, Table 3, via nlmixr2lib: variance 3.72"),
        Variability("Emax", 0.84261, source="Zhang 2025, Table 3, via nlmixr2lib: variance 0.710"),
    ],
    covariates=[
        PatientCovariate("age", "normal", mean=48.1, sd=14.7, low=12, high=87, source="assumed: shape; pooled trials"),
        PatientCovariate("weight", "lognormal", median=77.63, sd=0.2450, low=30, high=227,
                         source="assumed: shape; mean 80.0, SD 19.9 kg"),
        PatientCovariate("female", "share", share=0.629, source="pooled trials, via nlmixr2lib"),
        PatientCovariate("EOS", "lognormal", median=244.2, sd=0.8811, low=10, high=8750,
                         source="assumed: shape; mean 360, SD 390 per uL"),
        PatientCovariate("FENO", "lognormal", median=26.22, sd=0.7859, low=3, high=387,
                         source="assumed: shape; mean 35.7, SD 33.0 ppb"),
        PatientCovariate("N", "lognormal", median=1.3417, sd=0.8876, low=1, high=50, step=1,
                         source="assumed: shape; median 1 (in 55 %, assumed), mean 2.12"),
    ],
    observed=[
        Observed("C", additive=1.73, proportional=0.197, source="Zhang 2021, via nlmixr2lib"),
        Observed("FEV1", additive=0.120, proportional=0.0647, source="Zhang 2025, via nlmixr2lib"),
    ],
    story=Story(
        "Dupilumab adds five times as much FEV1 with high FeNO and eosinophils as with low; more drug adds nothing.",
        arms={"placebo": "", "200 mg q2w": "loading_400 + q2w_200", "300 mg q2w": "loading_600 + q2w_300",
              "200 mg q4w": "loading_400 + q4w_200",
              "type 2 high, 200 mg": "loading_400 + q2w_200 + type2_high",
              "type 2 low, 200 mg": "loading_400 + q2w_200 + type2_low"},
        panels=["FEV1_change", "FEV1_drug"],
    ),
    trials=[
        Trial("QUEST", "doi:10.1056/NEJMoa1804092",
              arms={"placebo": "", "200 mg q2w": "loading_400 + q2w_200"},
              patients={"placebo": 317, "200 mg q2w": 631},
              note="its patients made the model; values of dupixenthcp.com. Exacerbations, rate ratio 0.52 (0.41-0.66) "
                   "for 200 mg and 0.54 (0.43-0.68) for 300 mg: not in the model",
              results=[
                  TrialResult("placebo", "at(FEV1, 0)", 1.78, used=True),
                  TrialResult("placebo", "at(FEV1, 0)", 0.60, "sd", used=True),
                  TrialResult("placebo", "change(FEV1, 12 weeks)", 0.18, used=True),
                  TrialResult("200 mg q2w", "change(FEV1, 12 weeks)", 0.32, used=True),
                  TrialResult("200 mg q2w", "change(FEV1, 12 weeks)", 0.14, versus="placebo", compared="difference",
                              low=0.08, high=0.19, used=True, note="the typical gain is 0.10 L"),
              ]),
        Trial("QUEST, 300 eosinophils and more", "doi:10.1056/NEJMoa1804092", only="EOS >= 300",
              arms={"placebo": "", "200 mg q2w": "loading_400 + q2w_200"},
              patients={"placebo": 148, "200 mg q2w": 264}, note="a subgroup of the trial that made the model",
              results=[
                  TrialResult("placebo", "change(FEV1, 52 weeks)", 0.17),
                  TrialResult("200 mg q2w", "change(FEV1, 52 weeks)", 0.47),
                  TrialResult("200 mg q2w", "change(FEV1, 52 weeks)", 0.30, versus="placebo", compared="difference",
                              note="two thirds of it"),
              ]),
        Trial("QUEST, type 2", "doi:10.1056/NEJMoa1804092", only="EOS >= 150 or FENO >= 25",
              arms={"placebo": "", "200 mg q2w": "loading_400 + q2w_200"},
              note="a subgroup of the trial that made the model, in two parts that the model does not tell apart",
              results=[
                  TrialResult("200 mg q2w", "change(FEV1, 52 weeks)", 0.17, versus="placebo", compared="difference",
                              low=0.10, high=0.24, note="patients with an exacerbation"),
                  TrialResult("200 mg q2w", "change(FEV1, 52 weeks)", 0.17, versus="placebo", compared="difference",
                              low=0.12, high=0.23, note="patients without one"),
              ]),
        Trial("Zhang 2025, text", "doi:10.1002/psp4.70057",
              arms={"200 mg q2w": "loading_400 + q2w_200", "300 mg q2w": "loading_600 + q2w_300"},
              results=[
                  TrialResult("300 mg q2w", "at(C, 335.9)", 1.8, versus="200 mg q2w", compared="ratio", used=True,
                              measured=False, note="troughs"),
                  TrialResult("200 mg q2w", "at(FEV1_drug, 13.9)", 0.10, "median", used=True, measured=False,
                              note="near the largest gain within two weeks, in the typical patient"),
              ]),
        Trial("NAVIGATOR", "tezepelumab", note="exacerbations -56 %: another drug, not in the model"),
    ],
)
