"""Paroxysmal nocturnal hemoglobinuria: pegcetacoplan blocks C3, LDH falls and hemoglobin rises.

Red cells without their shield are lysed by complement in blood (LDH) and taken up outside of it. Eculizumab, a block of
C5, stops the first and not the second: LDH is low, anemia stays. A block of C3 stops both.

    injection -> two steps -> blood -> lost      concentration -> hemoglobin up, LDH down, both at once

Hemoglobin and LDH follow the concentration WITHOUT delay, for the authors could not find one. Read them at steady
state, from week 4 to 6 on; before that their speed is that of a drug that accumulates. What a loading dose, a missed
dose or a transfusion does must not be asked.

Values of Crass et al. 2024 (supplementary tables 1, 3 to 5; 284 people, 165 of them with effects) as quoted by
nlmixr2lib; results of trials from abstracts and one table. Patients who come from eculizumab have another LDH at the
start and another effect; their hemoglobin at the start is that of all. Shapes of the distributions of weight and
creatinine clearance are ours. Left out: the powder (22 % more is absorbed), C3 itself, reticulocytes, events of
hemolysis, other drugs. A control arm on eculizumab does not change here.

Findings: in PRINCE hemoglobin was 12 on day 6 and LDH normal on day 2, here 10.0 on day 7 and still 1410 after half a
week: too slow. In PEGASUS hemoglobin rose by 2.4, here by 3.4 (transfusions and withdrawals count there), and 88 % rise
by 1 and more, 76 % there. All these patients are in the fit: agreement is consistency, not prediction.
"""

from immunode.intervention import Intervention, during, pulses, set_to, transfer
from immunode.model import (
    Correlation, Derived, Model, Observed, Parameter, PatientCovariate, Process, State, Story, Threshold, Trial,
    TrialResult, Variability, Variant,
)

MODEL = Model(
    name="crass2024",
    title="Pegcetacoplan in PNH: hemoglobin and LDH",
    system="blood",
    status="published",
    species="human",
    reference="doi:10.1007/s40268-024-00500-7",
    time_unit="hour",
    horizon=4368.0,
    readouts=["Hb", "LDH", "c"],
    states=[
        State("D", 0.0, "mg", "drug at the place of injection, as injected", kind="drug", typical=100.0,
              source="no drug before the first dose"),
        State("T", 0.0, "mg", "drug on its way to blood", kind="drug", typical=100.0,
              source="no drug before the first dose"),
        State("C", 0.0, "mg", "drug in blood", kind="drug", typical=1000.0, source="no drug before the first dose"),
    ],
    parameters=[
        Parameter("CL", 0.0117, "L/hour", "clearance, healthy, 70 kg", "ESM Table 1, via nlmixr2lib", "fitted"),
        Parameter("CL_PNH", 1.257, "", "clearance in PNH, over that of the healthy", "ESM Table 1, via nlmixr2lib",
                  "fitted"),
        Parameter("V", 3.96, "L", "volume of blood, 70 kg", "ESM Table 1, via nlmixr2lib", "fitted"),
        Parameter("ka", 0.0370, "1/hour", "each of two steps of absorption", "ESM Table 1, via nlmixr2lib", "fitted"),
        Parameter("F", 0.758, "", "part of a dose that reaches blood", "ESM Table 1, via nlmixr2lib", "fitted",
                  (0.6, 0.9)),
        Parameter("Hb0", 8.74, "g/dL", "hemoglobin before treatment", "ESM Table 3, via nlmixr2lib", "fitted"),
        Parameter("EH", 0.510, "", "largest rise of hemoglobin, man", "ESM Table 3, via nlmixr2lib", "fitted"),
        Parameter("EH_woman", 0.663, "", "that of a woman, over a man's", "ESM Table 3, via nlmixr2lib", "fitted"),
        Parameter("EC_H", 337.0, "mg/L", "concentration of half of that", "ESM Table 3, via nlmixr2lib", "fitted"),
        Parameter("h_H", 4.66, "", "steepness", "ESM Table 3, via nlmixr2lib", "fitted"),
        Parameter("L0", 1919.8459, "U/L", "LDH before treatment, naive", "ESM Table 4, via nlmixr2lib: exp(7.56)",
                  "fitted"),
        Parameter("L0_ecu", 0.1300287, "", "LDH on eculizumab, over the naive", "ESM Table 4: exp(5.52 - 7.56)",
                  "fitted"),
        Parameter("lE", 2.40, "", "logit of the largest fall of LDH, naive", "ESM Table 4, via nlmixr2lib", "fitted"),
        Parameter("lE_ecu", -3.79, "", "added on eculizumab before", "ESM Table 4, via nlmixr2lib: to -1.39", "fitted"),
        Parameter("lE_co", 0.783, "", "added while eculizumab goes on", "ESM Table 5, via nlmixr2lib", "fitted"),
        Parameter("EC_L", 186.7928, "mg/L", "concentration of half of the fall of LDH",
                  "ESM Table 4, via nlmixr2lib: exp(5.23)", "fitted"),
        Parameter("h_L", 3.42, "", "steepness", "ESM Table 4, via nlmixr2lib", "fitted"),
        Parameter("PNH", 1.0, "", "patient: 1, healthy: 0", "patients", "published", (1.0, 1.0)),
        Parameter("ecu", 0.0, "", "1: on eculizumab before", "assumed: naive", bounds=(0.0, 0.0)),
        Parameter("co", 0.0, "", "1: eculizumab goes on", "assumed: no", bounds=(0.0, 0.0)),
        Parameter("weight", 70.0, "kg", "body weight", "median", "published", (41.0, 156.0)),
        Parameter("CrCl", 120.0, "mL/min", "creatinine clearance", "reference", "published", (40.0, 191.0),
                  label="creatinine clearance"),
        Parameter("female", 0.0, "", "woman: 1, man: 0", "reference", "published", (0.0, 1.0)),
        Parameter("weight_ref", 70.0, "kg", "reference weight", "via nlmixr2lib", "published", (70.0, 70.0)),
        Parameter("CrCl_ref", 120.0, "mL/min", "reference clearance", "via nlmixr2lib", "published", (120.0, 120.0)),
        Parameter("limit", 13.6, "g/dL", "lower limit of normal hemoglobin, man", "PEGASUS", "published",
                  (13.6, 13.6)),
        Parameter("limit_woman", 1.6, "g/dL", "lower by so much in women", "PEGASUS", "published", (1.6, 1.6)),
    ],
    derived=[
        Derived("CL_w", "CL*CL_PNH**PNH*(weight/weight_ref)**0.646", "L/hour", "clearance of the patient"),
        Derived("V_w", "V*(weight/weight_ref)**0.809", "L", "volume of the patient"),
        Derived("c", "C/V_w", "mg/L", "pegcetacoplan in serum (mg/L = ug/mL)", label="pegcetacoplan"),
        Derived("EH_p", "EH*(CrCl/CrCl_ref)**0.641*EH_woman**female", "", "largest rise of the patient"),
        Derived("Hb", "Hb0*(1 + EH_p*hill(c, EC_H, h_H))", "g/dL", "hemoglobin", label="hemoglobin"),
        Derived("Hb_over", "Hb - limit + limit_woman*female", "g/dL", "hemoglobin over the lower limit of normal",
                label="hemoglobin over normal"),
        Derived("EL", "1/(1 + exp(-(lE + lE_ecu*ecu + lE_co*co)))", "", "largest fall of LDH"),
        Derived("LDH", "L0*L0_ecu**ecu*(1 - EL*hill(c, EC_L, h_L))", "U/L", "lactate dehydrogenase", label="LDH"),
    ],
    processes=[
        Process("release", "D ->", "ka*D", "leaves the skin"),
        Process("arrival", "-> T", "F*ka*D", "what will reach blood of it"),
        Process("uptake", "T -> C", "ka*T", "into blood"),
        Process("elimination", "C ->", "CL_w*c", "elimination"),
    ],
    variants=[
        Variant("healthy", {"PNH": 0.0}, note="healthy adult: the drug only", source="ESM Table 1"),
    ],
    interventions=[
        Intervention("pegcetacoplan", [transfer("D", 1080.0)], pulses(every=84, width=0, n=52), kind="drug",
                     direction="suppress", acts_on="activation",
                     expects={"Hb": "up at 26 weeks", "LDH": "down at 26 weeks"}, evidence="published",
                     source="label: 1080 mg sc twice a week", label="pegcetacoplan 1080 mg"),
        Intervention("every_72h", [transfer("D", 1080.0)], pulses(every=72, width=0, n=61), kind="drug",
                     direction="suppress", acts_on="activation",
                     expects={"Hb": "up at 26 weeks", "LDH": "down at 26 weeks"}, evidence="published",
                     source="label: every third day where LDH stays above twice normal", label="1080 mg every 3 days"),
        Intervention("mg_360", [transfer("D", 360.0)], pulses(every=84, width=0, n=52), kind="drug",
                     direction="suppress", acts_on="activation",
                     expects={"Hb": "up at 26 weeks", "LDH": "down at 26 weeks"},
                     source="assumed: a third of the dose", label="360 mg"),
        Intervention("mg_180", [transfer("D", 180.0)], pulses(every=84, width=0, n=52), kind="drug",
                     direction="suppress", acts_on="activation", expects={"LDH": "down at 26 weeks"},
                     source="assumed: a sixth of the dose", label="180 mg"),
        Intervention("eculizumab_before", [set_to("ecu", 1.0)], kind="drug", direction="suppress",
                     acts_on="activation", expects={"LDH": "down at 26 weeks"}, evidence="published",
                     source="ESM Table 4, via nlmixr2lib", label="on eculizumab"),
        Intervention("eculizumab_goes_on", [set_to("co", 1.0)], during(0, 672), kind="drug", direction="suppress",
                     acts_on="activation", expects={"LDH": "down at 3 weeks"}, evidence="published",
                     beside="pegcetacoplan", source="PEGASUS: both for four weeks",
                     label="eculizumab for 4 weeks more"),
    ],
    variability=[
        Variability("CL", 0.20677, source="variance 0.042754, via nlmixr2lib"),
        Variability("V", 0.21161, source="variance 0.044778, via nlmixr2lib"),
        Variability("ka", 0.49339, source="variance 0.243436, via nlmixr2lib"),
        Variability("Hb0", 0.12728, source="variance 0.0162, via nlmixr2lib"),
        Variability("EH", 0.59245, source="variance 0.351, via nlmixr2lib"),
        Variability("EC_H", 0.53944, source="variance 0.291, via nlmixr2lib"),
        Variability("L0", 0.42661, source="variance 0.182, via nlmixr2lib"),
        Variability("lE", 0.86313, "linear", source="variance 0.745 on the logit, via nlmixr2lib"),
        Variability("EC_L", 0.34785, source="variance 0.121, via nlmixr2lib"),
    ],
    correlations=[
        Correlation("CL", "V", 0.571, "via nlmixr2lib"),
        Correlation("Hb0", "EH", -0.5795, "covariance -0.0437, via nlmixr2lib"),
        Correlation("L0", "lE", 0.7197, "covariance 0.265, via nlmixr2lib"),
        Correlation("lE", "EC_L", 0.5562, "covariance 0.167, via nlmixr2lib"),
    ],
    covariates=[
        PatientCovariate("weight", "lognormal", median=70.0, sd=0.22, low=41.0, high=156.0,
                         source="assumed: shape and SD; median and range are published"),
        PatientCovariate("CrCl", "lognormal", median=112.0, sd=0.42, low=20.0, high=300.0,
                         source="assumed: shape; 5 to 95 % from 40 to 191 mL/min are published"),
        PatientCovariate("female", "share", share=0.56, source="patients of the five trials"),
    ],
    observed=[
        Observed("Hb", additive=0.913, source="ESM Table 3, via nlmixr2lib"),
        Observed("LDH", lognormal=0.305, source="ESM Table 4, via nlmixr2lib"),
    ],
    thresholds=[
        Threshold("no anemia", "Hb >= 12", "no anemia, by the limit for women", "usual rule"),
        Threshold("normal LDH", "LDH <= 226", "normal LDH", "PEGASUS"),
    ],
    story=Story(
        "Eculizumab lowers LDH but leaves anemia; pegcetacoplan, which blocks C3, mends both.",
        arms={"untreated": "", "eculizumab": "eculizumab_before", "pegcetacoplan 1080 mg": "pegcetacoplan"},
        panels=["Hb", "LDH"],
        until=2016.0,
        logarithmic=["LDH"],
    ),
    trials=[
        Trial("Crass 2024", "doi:10.1007/s40268-024-00500-7",
              arms={"naive": "pegcetacoplan", "from eculizumab": "eculizumab_before + pegcetacoplan"},
              patients={"naive": 76, "from eculizumab": 89}, note="steady state; 54 % of 165 were on eculizumab",
              results=[
                  TrialResult("naive", "at(c, 4326)", 667.0, "median", used=True, measured=False),
                  TrialResult("naive", "at(Hb, 4326)", 11.7, "median", used=True, measured=False),
                  TrialResult("naive", "at(LDH, 4326)", 217.0, "median", used=True, measured=False),
                  TrialResult("from eculizumab", "at(LDH, 4326)", 192.0, "median", used=True, measured=False),
              ]),
        Trial("PRINCE", "abstract", arms={"pegcetacoplan arm": "pegcetacoplan"}, patients={"pegcetacoplan arm": 35},
              note="naive, week 26; control -400. Hemoglobin 12 by day 6 and LDH 100 to 200 by day 2: too slow here",
              results=[TrialResult("pegcetacoplan arm", "change(LDH, 4326)", -1870.5, used=True)]),
        Trial("PEGASUS", "abstract; PMC10333166",
              arms={"eculizumab": "eculizumab_before",
                    "pegcetacoplan arm": "eculizumab_before + pegcetacoplan + eculizumab_goes_on"},
              patients={"eculizumab": 39, "pegcetacoplan arm": 41},
              note="week 16; transfusions and withdrawals count in the trial; size of the control from memory",
              results=[
                  TrialResult("pegcetacoplan arm", "change(Hb, 2646)", 2.37, se=0.36, used=True),
                  TrialResult("eculizumab", "change(Hb, 2646)", -1.47, se=0.67, used=True,
                              note="nothing changes without pegcetacoplan here"),
                  TrialResult("pegcetacoplan arm", "at(Hb_over, 2646) >= 0", 0.341, "share", used=True),
                  TrialResult("pegcetacoplan arm", "at(LDH, 2646) < 226", 0.707, "share", used=True),
                  TrialResult("pegcetacoplan arm", "change(Hb, 2646) >= 1", 0.756, "share", used=True),
              ]),
    ],
)
