"""Pembrolizumab in advanced melanoma: who responds, by how much, and how little the dose matters.

A tumor is seen as the sum of the longest diameters of its lesions (RECIST, mm). A part of it goes on growing; the other
part shrinks under the drug, the faster the higher the exposure. Patients differ widely: most of the spread of a
waterfall plot is there, little of it comes from the dose. Five times the dose makes the killing 1.235 times as fast
(1.175 times after ipilimumab), and neither effect was significant (P 0.20, 0.25). There are no immune cells in it.

    grow --growth--> more      shrink --killing by AUC--> less      grow + shrink = SLD, as a scan sees it

The patient of this file gets 2 mg/kg every 3 weeks, never had ipilimumab, and all treatments are changes of that.
UNTREATED IS NOT IN THE MODEL: no arm of the data was untreated, and without killing the part `shrink` would stand
still, which no tumor does. Do not set the dose to 0 and call it a natural course. The nearest picture of progression is
the escape class of `chatterjee2017_mixture`, the paper's other model, which has equations of its own.

Published: Chatterjee et al. 2017, supplementary Table 4C (1,366 patients of KEYNOTE-001, -002, -006), and the kinetics
of Ahamadi et al. 2017 (doi:10.1002/psp4.12139), both read as nlmixr2lib quotes them. The exposure that acts is the area
under the curve over 6 weeks at steady state, dose over clearance; the concentration C is a read-out of the same
clearance and acts on nothing. Assumed: the log SDs of baseline and weight (nlmixr2lib's, to span the published ranges);
the clearance 0.22404 L/day, which makes the median 10 mg/kg exposure 7079 mg*day/L; no delay (`delay`: its distribution
was not published). PD-L1 positive, negative, unknown are the classes of patients. Tails are wide (log SD of growth
1.28): sizes over 3 times the baseline at half a year are cut off in the paper's figures.

Findings: response at week 24 is 1 to 3 points below the paper's own simulation in each stratum (42.4, 46.0, 34.1 and
36.2 % for very many patients), and 10 to 14 points ABOVE the confirmed response rates of the trials, since
nobody here leaves, no new lesion appears and no other lesion counts. Differences between strata and doses are right.
Nothing was tuned. Survival is not in the model (KEYNOTE-006: median 32.7 months against 15.9 on ipilimumab).
"""

from immunode.intervention import Intervention, set_to
from immunode.model import (
    Correlation, Derived, Event, Model, Observed, Parameter, PatientClass, PatientCovariate, Process, State, Story,
    Threshold, Trial, TrialResult, Variability, Variant,
)

MODEL = Model(
    name="chatterjee2017",
    title="Pembrolizumab in advanced melanoma: tumor size and response",
    system="cancer",
    status="published",
    species="human",
    aliases={"checkpoint_blockade": ""},
    reference="doi:10.1002/psp4.12140",
    time_unit="day",
    horizon=336.0,
    readouts=["SLD_change", "SLD", "C", "AUC"],
    states=[
        State("growing", 1.0, "1", "part that goes on growing, over its size at baseline", kind="cell",
              source="the baseline scan"),
        State("shrinking", 1.0, "1", "part that the drug can shrink, over its size at baseline", kind="cell",
              source="the baseline scan"),
        State("central", 0.0, "mg", "pembrolizumab in the central volume", kind="drug", typical=100.0,
              source="no drug before the first dose", label="pembrolizumab in serum"),
        State("periph", 0.0, "mg", "pembrolizumab in tissue", kind="drug", typical=100.0,
              source="no drug before the first dose"),
    ],
    parameters=[
        Parameter("kg", 0.000512, "1/day", "growth of the growing part", "Table 4C, via nlmixr2lib", "fitted"),
        Parameter("kd", 0.00609, "1/day", "shrinking, at the reference exposure", "Table 4C, via nlmixr2lib", "fitted"),
        Parameter("f0", 0.696, "", "part that can shrink, in the reference patient", "Table 4C, via nlmixr2lib",
                  "fitted"),
        Parameter("exponent_naive", 0.131, "", "power of exposure without ipilimumab before",
                  "Table 4C, via nlmixr2lib: P 0.20", "fitted"),
        Parameter("exponent_ipi", 0.100, "", "power of exposure after ipilimumab", "Table 4C, via nlmixr2lib: P 0.25",
                  "fitted"),
        Parameter("AUC_ref", 7079.0, "mg*day/L", "reference exposure: 10 mg/kg every 3 weeks", "via nlmixr2lib",
                  "published", (7079.0, 7079.0)),
        Parameter("base_ref", 80.75, "mm", "reference size at baseline", "via nlmixr2lib", "published", (80.75, 80.75)),
        Parameter("delay", 0.0, "day", "time before the drug acts", "assumed: none; it differs between patients",
                  "assumed", (0.0, 84.0)),
        # the drug
        Parameter("dose_kg", 2.0, "mg/kg", "dose by weight", "KEYNOTE-002: 2 mg/kg", "published"),
        Parameter("dose_flat", 0.0, "mg", "dose of all patients alike", "label: 200 or 400; none here", "published"),
        Parameter("q3w", 1.0, "", "doses every 3 weeks: 1, else 0", "KEYNOTE-002", "published", (0.0, 1.0)),
        Parameter("q2w", 0.0, "", "doses every 2 weeks: 1, else 0", "KEYNOTE-006", "published", (0.0, 1.0)),
        Parameter("q6w", 0.0, "", "doses every 6 weeks: 1, else 0", "label", "published", (0.0, 1.0)),
        Parameter("clearance", 0.22404, "L/day", "clearance that exposure is computed with",
                  "assumed: makes the median exposure 7079 mg*day/L", "assumed"),
        Parameter("clearance_ref", 0.22404, "L/day", "its typical value", "assumed: the same", "assumed",
                  (0.22404, 0.22404)),
        Parameter("CL", 0.22, "L/day", "clearance at 76.8 kg", "Ahamadi 2017, via nlmixr2lib", "fitted"),
        Parameter("Vc", 3.48, "L", "central volume at 76.8 kg", "Ahamadi 2017, via nlmixr2lib", "fitted"),
        Parameter("Q", 0.795, "L/day", "exchange at 76.8 kg", "Ahamadi 2017, via nlmixr2lib", "fitted"),
        Parameter("Vp", 4.06, "L", "volume of tissue at 76.8 kg", "Ahamadi 2017, via nlmixr2lib", "fitted"),
        Parameter("size_V", 1.0, "", "the patient's volumes over those of his weight", "Ahamadi 2017, via nlmixr2lib",
                  "fitted"),
        # the patient
        Parameter("base", 80.75, "mm", "sum of longest diameters at baseline", "reference patient", "published",
                  (10.0, 895.0)),
        Parameter("weight", 79.3, "kg", "body weight", "median of the patients", "published", (36.2, 209.5)),
        Parameter("prior_ipi", 0.0, "", "ipilimumab before: 1, never: 0", "reference patient", "published", (0.0, 1.0)),
        Parameter("braf", 0.0, "", "BRAF mutant: 1, wild type: 0", "reference patient", "published", (0.0, 1.0)),
        Parameter("pdl1_neg", 0.0, "", "PD-L1 negative: 1", "reference patient", "published", (0.0, 1.0)),
        Parameter("pdl1_unknown", 0.0, "", "PD-L1 not known: 1", "reference patient", "published", (0.0, 1.0)),
        Parameter("female", 0.0, "", "woman: 1, man: 0", "reference patient", "published", (0.0, 1.0)),
        Parameter("albumin", 39.6, "g/L", "albumin in serum", "reference patient", "published", (20.0, 55.0)),
        Parameter("ecog", 0.0, "", "ECOG status 1 or more: 1, else 0", "reference patient", "published", (0.0, 1.0)),
        Parameter("weight_ref", 76.8, "kg", "reference weight of the kinetics", "Ahamadi 2017", "published",
                  (76.8, 76.8)),
        Parameter("albumin_ref", 39.6, "g/L", "reference albumin", "Ahamadi 2017", "published", (39.6, 39.6)),
        Parameter("mm", 1.0, "mm", "a millimeter", "conversion of units", "derived", (1.0, 1.0)),
        Parameter("whole", 100.0, "percent", "all of it", "conversion of units", "derived", (100.0, 100.0)),
    ],
    derived=[
        Derived("dose", "dose_kg*weight + dose_flat", "mg", "one dose"),
        Derived("AUC", "dose*(2*q3w + 3*q2w + q6w)/clearance", "mg*day/L", "exposure over 6 weeks at steady state",
                label="exposure over 6 weeks"),
        Derived("exponent", "exponent_naive + prior_ipi*(exponent_ipi - exponent_naive)", "", "power of exposure"),
        Derived("growth_rate", "kg*(1 + 0.702*braf)", "1/day", "growth in the patient"),
        Derived("killing_rate", "kd*(1 - 0.614*pdl1_neg)*(1 - 0.21*pdl1_unknown)*(base/base_ref)**(-0.186)"
                "*(AUC/AUC_ref)**exponent", "1/day", "shrinking in the patient"),
        Derived("killing_now", "piecewise(killing_rate, t >= delay, 0*kd)", "1/day", "shrinking now"),
        Derived("f", "1/(1 + (1 - f0)/f0*exp(0.00541*(base - base_ref)/mm + 0.964*prior_ipi))", "",
                "part of the tumor that can shrink, at baseline"),
        Derived("grow", "base*(1 - f)*growing", "mm", "part of the tumor that goes on growing"),
        Derived("shrink", "base*f*shrinking", "mm", "part of the tumor that the drug can shrink"),
        Derived("SLD", "grow + shrink", "mm", "sum of longest diameters", label="tumor size (SLD)",
                limits=(0.0, 2000.0)),
        Derived("SLD_change", "whole*(SLD/base - 1)", "percent", "change of tumor size from baseline",
                label="change of tumor size"),
        Derived("CL_patient", "CL*(weight/weight_ref)**0.595*clearance/clearance_ref*(albumin/albumin_ref)**(-0.907)"
                "*0.848**female*1.14**prior_ipi*0.926**ecog", "L/day", "clearance in the patient"),
        Derived("Q_patient", "Q*(weight/weight_ref)**0.595*clearance/clearance_ref", "L/day",
                "exchange in the patient"),
        Derived("Vc_patient", "Vc*(weight/weight_ref)**0.489*size_V*0.866**female", "L",
                "central volume in the patient"),
        Derived("Vp_patient", "Vp*(weight/weight_ref)**0.489*size_V", "L", "volume of tissue in the patient"),
        Derived("C", "central/Vc_patient", "mg/L", "pembrolizumab in blood", label="pembrolizumab in blood"),
    ],
    processes=[
        Process("growth", "-> growing", "growth_rate*growing", "the growing part grows"),
        Process("killing", "shrinking ->", "killing_now*shrinking", "the other part shrinks under the drug"),
        Process("elimination", "central ->", "CL_patient*C", "elimination"),
        Process("distribution", "central -> periph", "Q_patient*(C - periph/Vp_patient)", "net exchange with tissue"),
    ],
    events=[
        Event("dose_q3w", {"central": "central + q3w*(dose_kg*weight + dose_flat)"}, at=0, every=21, count=100,
              meaning="a dose every 3 weeks, as a bolus"),
        Event("dose_q2w", {"central": "central + q2w*(dose_kg*weight + dose_flat)"}, at=0, every=14, count=150,
              meaning="a dose every 2 weeks, as a bolus"),
        Event("dose_q6w", {"central": "central + q6w*(dose_kg*weight + dose_flat)"}, at=0, every=42, count=50,
              meaning="a dose every 6 weeks, as a bolus"),
    ],
    variants=[
        Variant("ipi_experienced", values={"prior_ipi": 1.0}, note="after ipilimumab", source="stratum of the paper"),
    ],
    interventions=[
        Intervention("q3w_2", [set_to("dose_kg", 2.0)], kind="drug", acts_on="clearance",
                     expects={"SLD": "unchanged"}, evidence="published", label="2 mg/kg q3w",
                     source="KEYNOTE-002: 2 mg/kg every 3 weeks; the patient's own regimen, no change"),
        Intervention("q3w_10", [set_to("dose_kg", 10.0)], kind="drug", direction="enhance", acts_on="clearance",
                     expects={"C": "up on average", "SLD": "down at the end"}, evidence="published",
                     source="KEYNOTE-002 and -006: 10 mg/kg every 3 weeks", label="10 mg/kg q3w"),
        Intervention("q2w_10", [set_to("dose_kg", 10.0), set_to("q3w", 0.0), set_to("q2w", 1.0)], kind="drug",
                     direction="enhance", acts_on="clearance", expects={"C": "up on average", "SLD": "down at the end"},
                     evidence="published",
                     source="KEYNOTE-006: 10 mg/kg every 2 weeks", label="10 mg/kg q2w"),
        Intervention("flat_200", [set_to("dose_kg", 0.0), set_to("dose_flat", 200.0)], kind="drug", direction="enhance",
                     acts_on="clearance", expects={"C": "up on average", "SLD": "down at the end"},
                     evidence="published", source="label: 200 mg every 3 weeks", label="200 mg q3w"),
        Intervention("flat_400", [set_to("dose_kg", 0.0), set_to("dose_flat", 400.0),
                                 set_to("q3w", 0.0), set_to("q6w", 1.0)],
                     kind="drug", direction="enhance", acts_on="clearance",
                     expects={"C": "up on average", "SLD": "down at the end"}, evidence="published",
                     source="label: 400 mg every 6 weeks", label="400 mg q6w"),
        Intervention("ipi_experienced", [set_to("prior_ipi", 1.0)], kind="patient", acts_on="clearance",
                     expects={"SLD": "up"}, evidence="published", label="after ipilimumab",
                     source="Table 4C: a smaller part can shrink", note="a stratum of patients, not a treatment"),
        Intervention("pdl1_neg", [set_to("pdl1_neg", 1.0)], kind="patient", acts_on="clearance",
                     expects={"SLD": "up"}, evidence="published", label="PD-L1 negative",
                     source="Table 4C: slower shrinking", note="a stratum of patients, not a treatment"),
        Intervention("braf_mut", [set_to("braf", 1.0)], kind="patient", acts_on="growth",
                     expects={"SLD": "up"}, evidence="published", label="BRAF mutant",
                     source="Table 4C: faster growth", note="a stratum of patients, not a treatment"),
    ],
    variability=[
        Variability("kg", 1.2806248474865698, source="Table 4C, via nlmixr2lib: variance 1.64"),
        Variability("kd", 1.1789826122551597, source="Table 4C, via nlmixr2lib: variance 1.39"),
        Variability("f0", 2.3515952032609693, "logit", source="Table 4C, via nlmixr2lib: variance 5.53"),
        Variability("clearance", 0.36606010435446257, source="Ahamadi 2017: variance 0.134, also of the exchange"),
        Variability("size_V", 0.20420577856662138, source="Ahamadi 2017: variance 0.0417 of both volumes"),
    ],
    correlations=[
        Correlation("kg", "kd", -0.8212821068304268, "Table 4C: covariance -1.24"),
        Correlation("kg", "f0", -0.511371159830017, "Table 4C: covariance -1.54"),
        Correlation("kd", "f0", 0.3859346853144826, "Table 4C: covariance 1.07"),
    ],
    classes=[
        PatientClass("PD-L1 positive", 0.5410, {"pdl1_neg": 0.0}, source="Chatterjee 2017, via nlmixr2lib"),
        PatientClass("PD-L1 negative", 0.1647, {"pdl1_neg": 1.0}, source="Chatterjee 2017, via nlmixr2lib"),
        PatientClass("PD-L1 unknown", 0.2943, {"pdl1_unknown": 1.0}, source="Chatterjee 2017, via nlmixr2lib"),
    ],
    covariates=[
        PatientCovariate("base", "lognormal", median=80.6, sd=0.78, low=10, high=895,
                         source="assumed: shape, to span the published range"),
        PatientCovariate("weight", "lognormal", median=79.3, sd=0.3144, low=36.2, high=209.5,
                         source="assumed: shape, to span the published range"),
        PatientCovariate("prior_ipi", "share", share=0.4539, source="Chatterjee 2017, via nlmixr2lib"),
        PatientCovariate("braf", "share", share=0.2709, source="Chatterjee 2017, via nlmixr2lib"),
    ],
    observed=[Observed("SLD", lognormal=0.1972, source="Table 4C, via nlmixr2lib")],
    thresholds=[
        Threshold("response", "SLD_change <= -30", "partial response", "RECIST 1.1, target lesions"),
        Threshold("growth_20", "SLD_change >= 20", "growth by 20 %", "RECIST 1.1: above the smallest size"),
    ],
    story=Story(
        "Five times the dose hardly adds responses; fewer respond if all had ipilimumab before (in the others 45 %).",
        arms={"2 mg/kg q3w": "", "10 mg/kg q3w": "q3w_10", "all after ipilimumab": "ipi_experienced"},
        panels=["SLD_change", "C"],
        patients=300, kind="waterfall",
    ),
    trials=[
        Trial("Chatterjee 2017, ipilimumab-naive", "doi:10.1002/psp4.12140",
              arms={"2 mg/kg q3w": "q3w_2", "10 mg/kg q3w": "q3w_10"}, only="prior_ipi < 0.5",
              note="the paper's own simulation; its 90 % intervals are 38.8 to 49.8 and 43.7 to 51.3 %",
              results=[
                  TrialResult("2 mg/kg q3w", "response at 24 weeks", 0.447, "share", used=True, measured=False,
                              note="the model made these numbers; here 2 points fewer"),
                  TrialResult("10 mg/kg q3w", "response at 24 weeks", 0.474, "share", used=True, measured=False),
              ]),
        Trial("Chatterjee 2017, after ipilimumab", "doi:10.1002/psp4.12140",
              arms={"2 mg/kg q3w": "q3w_2", "10 mg/kg q3w": "q3w_10"}, only="prior_ipi > 0.5",
              note="the paper's own simulation; its 90 % intervals are 32.8 to 41.3 and 35.2 to 42.7 %",
              results=[
                  TrialResult("2 mg/kg q3w", "response at 24 weeks", 0.369, "share", used=True, measured=False,
                              note="the model made these numbers; here 3 points fewer"),
                  TrialResult("10 mg/kg q3w", "response at 24 weeks", 0.388, "share", used=True, measured=False),
              ]),
        Trial("KEYNOTE-006", "confirmed response, central review", only="prior_ipi < 0.5",
              arms={"10 mg/kg q2w": "q2w_10", "10 mg/kg q3w": "q3w_10"},
              patients={"10 mg/kg q2w": 279, "10 mg/kg q3w": 277},
              note="its patients were among those of the model; scored by all lesions, with dropout",
              results=[
                  TrialResult("10 mg/kg q2w", "response at 24 weeks", 0.337, "share", seen="memory", measured=False,
                              note="12 points too many: no dropout, no new lesions"),
                  TrialResult("10 mg/kg q3w", "response at 24 weeks", 0.329, "share", seen="memory", measured=False,
                              note="12 points too many: no dropout, no new lesions"),
              ]),
        Trial("KEYNOTE-002", "confirmed response, central review", only="prior_ipi > 0.5",
              arms={"2 mg/kg q3w": "q3w_2", "10 mg/kg q3w": "q3w_10"},
              patients={"2 mg/kg q3w": 180, "10 mg/kg q3w": 181},
              note="its patients were among those of the model; scored by all lesions, with dropout",
              results=[
                  TrialResult("2 mg/kg q3w", "response at 24 weeks", 0.21, "share", seen="memory", measured=False,
                              note="12 points too many: no dropout, no new lesions"),
                  TrialResult("10 mg/kg q3w", "response at 24 weeks", 0.25, "share", seen="memory", measured=False,
                              note="10 points too many: no dropout, no new lesions"),
              ]),
    ],
)
