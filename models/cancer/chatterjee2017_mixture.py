"""Pembrolizumab in advanced melanoma as four kinds of patients: escape, slow, biphasic and fast responders.

The other model of Chatterjee et al. 2017, of 364 patients of KEYNOTE-001. In each of them the tumor (sum of longest
diameters, mm) grows at one rate and is killed at that of the patient's class; in the biphasic class a rest b2 stays:

    SLD = b1*exp((KL - KD)*t) + b2      KD: 0 escape, 0.00357 slow, 4.17 times that biphasic and fast, per day

Which class a patient is in is chance, and exposure shifts the odds: a little more escape at 2 than at 10 mg/kg. The
patient of this file gets 10 mg/kg every 3 weeks and is of the biphasic class; the variants are the other classes.

Published: Table 2 and supplementary Table 2B, as nlmixr2lib quotes them. `rank`, uniform from 0 to 1, says where in the
order escape, slow, biphasic, fast a patient stands, so that the same patient may change class with the dose. Of the
patients 13.6 % have no scan and count as escape (`scanned`). Assumed: no lymph node metastasis, 3 target lesions,
ECOG 0 and a size before treatment of 98.15 mm in all, since their distributions were not read; clearance 0.2065 L/day
in all. The rates at week 28 are then 31.6 and 35.1 % against 32.9 and 35.9 % in the paper, and 0.6 and 1.0 points below
those of our specification, which had drawn covariates. In `escape` without drug effect the tumor grows: it is the
nearest thing here to an untreated patient, but it was never one.

It holds neither immune cells, nor new lesions, nor dropout, nor survival. The larger model is `chatterjee2017`.
"""

from immunode.intervention import Intervention, set_to
from immunode.model import (
    Correlation, Derived, Model, Observed, Parameter, PatientCovariate, Process, State, Story, Threshold, Trial,
    TrialResult, Variability, Variant,
)

MODEL = Model(
    name="chatterjee2017_mixture",
    title="Pembrolizumab in advanced melanoma: four classes of response",
    system="cancer",
    status="published",
    species="human",
    reference="doi:10.1002/psp4.12140",
    time_unit="day",
    horizon=336.0,
    readouts=["SLD_change", "SLD", "p_escape", "AUC"],
    states=[
        State("tumor", 1.0, "1", "part of the tumor that changes, over its size at baseline", kind="cell",
              source="the baseline scan"),
    ],
    parameters=[
        Parameter("KL", 0.00276, "1/day", "growth, the same in all", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("KD", 0.00357, "1/day", "killing in the slow class", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("faster", 4.17, "", "killing in the biphasic and fast classes, over slow", "Table 2, via nlmixr2lib",
                  "fitted"),
        Parameter("b1", 56.3, "mm", "part that changes, at baseline", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("b2", 25.1, "mm", "part that stays, in the biphasic class", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("logit_slow", 0.325, "", "log odds of slow against escape", "Table 2, via nlmixr2lib", "fitted",
                  (-0.5, 1.5)),
        Parameter("logit_biphasic", -0.0834, "", "log odds of biphasic against escape", "Table 2, via nlmixr2lib",
                  "fitted", (-1.0, 1.0)),
        Parameter("logit_fast", -1.64, "", "log odds of fast against escape", "Table 2, via nlmixr2lib", "fitted",
                  (-3.0, 0.0)),
        Parameter("by_AUC", 5.61e-5, "L/(mg*day)", "rise of the three with exposure", "Table 2B, via nlmixr2lib",
                  "fitted"),
        Parameter("by_nodes", 0.112, "", "rise of the three with lymph nodes", "Table 2B, via nlmixr2lib", "fitted"),
        Parameter("by_size", 0.00672, "1/mm", "fall of the three with size", "Table 2B, via nlmixr2lib", "fitted"),
        # the drug
        Parameter("dose_kg", 10.0, "mg/kg", "dose by weight every 3 weeks", "KEYNOTE-001", "published"),
        Parameter("clearance", 0.2065, "L/day", "clearance", "via nlmixr2lib", "published"),
        Parameter("AUC_ref", 6000.0, "mg*day/L", "reference exposure", "via nlmixr2lib", "published", (6e3, 6e3)),
        # the patient
        Parameter("weight", 78.9, "kg", "body weight", "reference patient, via nlmixr2lib", "published"),
        Parameter("nodes", 0.0, "", "lymph node metastases", "assumed: none", "assumed", (0.0, 3.0)),
        Parameter("size", 98.15, "mm", "size before treatment that the class depends on", "assumed: the reference",
                  "assumed"),
        Parameter("size_ref", 98.15, "mm", "reference size", "via nlmixr2lib", "published", (98.15, 98.15)),
        Parameter("targets", 3.0, "", "target lesions", "assumed: the reference", "assumed", (1.0, 6.0)),
        Parameter("ecog", 0.0, "", "ECOG status 1: 1, else 0", "assumed: the reference", "assumed", (0.0, 1.0)),
        Parameter("rank", 0.8, "", "place in the order escape, slow, biphasic, fast", "assumed: biphasic", "assumed",
                  (0.0, 1.0)),
        Parameter("scanned", 1.0, "", "has a scan: 1; else 0, and counts as escape", "assumed: has one", "assumed",
                  (0.0, 1.0)),
        Parameter("whole", 100.0, "percent", "all of it", "conversion of units", "derived", (100.0, 100.0)),
    ],
    derived=[
        Derived("AUC", "2*dose_kg*weight/clearance", "mg*day/L", "exposure over 6 weeks at steady state",
                label="exposure over 6 weeks"),
        Derived("odds", "exp(by_AUC*(AUC - AUC_ref) + by_nodes*nodes - by_size*(size - size_ref))", "",
                "factor on the odds of the three against escape"),
        Derived("sum_odds", "1 + odds*(exp(logit_slow) + exp(logit_biphasic) + exp(logit_fast))", "",
                "sum of the odds"),
        Derived("p_escape", "1/sum_odds", "", "chance of escape", label="chance of escape"),
        Derived("p_slow", "odds*exp(logit_slow)/sum_odds", "", "chance of slow response"),
        Derived("p_biphasic", "odds*exp(logit_biphasic)/sum_odds", "", "chance of biphasic response"),
        Derived("p_fast", "odds*exp(logit_fast)/sum_odds", "", "chance of fast response"),
        Derived("place", "rank*scanned", "", "place in the order of the classes, 0 without a scan"),
        Derived("in_escape", "piecewise(1, place <= p_escape, 0)", "", "1 in the escape class, or without a scan"),
        Derived("in_slow", "piecewise(1 - in_escape, place <= p_escape + p_slow, 0)", "", "1 in the slow class"),
        Derived("in_fast", "piecewise(1 - in_escape, place > 1 - p_fast, 0)", "", "1 in the fast class"),
        Derived("in_biphasic", "1 - in_escape - in_slow - in_fast", "", "1 in the biphasic class"),
        Derived("killing_rate", "KD*(in_slow + faster*(in_biphasic + in_fast))", "1/day", "killing in the patient"),
        Derived("changing", "b1*(1 + in_escape)*(targets/3)**0.654*1.344**ecog", "mm",
                "part that changes, at baseline"),
        Derived("staying", "b2*in_biphasic", "mm", "part that stays"),
        Derived("SLD", "changing*tumor + staying", "mm", "sum of longest diameters", label="tumor size (SLD)"),
        Derived("SLD_change", "whole*(SLD/(changing + staying) - 1)", "percent",
                "change of tumor size from baseline", label="change of tumor size"),
    ],
    processes=[
        Process("growth", "-> tumor", "KL*tumor", "growth"),
        Process("killing", "tumor ->", "killing_rate*tumor", "killing"),
    ],
    variants=[
        Variant("escape", values={"rank": 0.1}, note="no killing", source="Table 2"),
        Variant("slow", values={"rank": 0.5}, note="killing a little faster than growth", source="Table 2"),
        Variant("fast", values={"rank": 0.99}, note="quick killing of all", source="Table 2"),
    ],
    interventions=[
        Intervention("q3w_2", [set_to("dose_kg", 2.0)], kind="drug", direction="suppress", acts_on="clearance",
                     expects={"p_escape": "up", "AUC": "down"}, evidence="published",
                     source="2 mg/kg every 3 weeks, a fifth of the dose", label="2 mg/kg q3w"),
        Intervention("q3w_10", [set_to("dose_kg", 10.0)], kind="drug", acts_on="clearance",
                     expects={"SLD": "unchanged"}, evidence="published",
                     source="10 mg/kg every 3 weeks: the patient's own regimen, no change", label="10 mg/kg q3w"),
        Intervention("escape_class", [set_to("rank", 0.1)], kind="patient", acts_on="clearance", evidence="published",
                     expects={"SLD": "up"}, source="Table 2: no killing", label="escape",
                     note="a class of patients, not a treatment"),
        Intervention("slow_class", [set_to("rank", 0.5)], kind="patient", acts_on="clearance", evidence="published",
                     expects={"SLD_change": "up"}, source="Table 2: slow killing", label="slow",
                     note="a class of patients, not a treatment"),
        Intervention("fast_class", [set_to("rank", 0.99)], kind="patient", acts_on="clearance", evidence="published",
                     expects={"SLD": "down"}, source="Table 2: quick killing of all", label="fast",
                     note="a class of patients, not a treatment"),
    ],
    variability=[
        Variability("KD", 0.3307446144686259, source="Table 2: variance 0.109392"),
        Variability("b1", 0.7005683407063154, source="Table 2: variance 0.490796"),
        Variability("b2", 1.342431376272173, source="Table 2: variance 1.802122"),
    ],
    correlations=[Correlation("b1", "b2", 0.8629997580959645, "Table 2: covariance 0.811621")],
    covariates=[
        PatientCovariate("rank", "uniform", low=0, high=1, source="derived: chance decides on the class"),
        PatientCovariate("scanned", "share", share=0.864, source="Chatterjee 2017, via nlmixr2lib"),
    ],
    observed=[Observed("SLD", lognormal=0.1972, source="assumed: as in chatterjee2017")],
    thresholds=[
        Threshold("response", "SLD_change <= -30", "partial response", "RECIST 1.1, target lesions"),
        Threshold("growth_20", "SLD_change >= 20", "growth by 20 %", "RECIST 1.1: above the smallest size"),
    ],
    story=Story(
        "Four kinds of patients: in some the tumor grows on, in some it shrinks slowly, to a rest, or to nothing.",
        arms={"escape": "escape_class", "slow": "slow_class", "biphasic": "", "fast": "fast_class"},
        panels=["SLD_change"],
    ),
    trials=[
        Trial("Chatterjee 2017, mixture", "doi:10.1002/psp4.12140",
              arms={"2 mg/kg q3w": "q3w_2", "10 mg/kg q3w": "q3w_10"},
              note="the paper's own simulation; its 90 % intervals are 28.2 to 37.7 and 31.1 to 40.4 %",
              results=[
                  TrialResult("2 mg/kg q3w", "response at 28 weeks", 0.329, "share", used=True, measured=False),
                  TrialResult("10 mg/kg q3w", "response at 28 weeks", 0.359, "share", used=True, measured=False),
              ]),
        Trial("KEYNOTE-001", "confirmed response, central review", arms={"10 mg/kg q3w": "q3w_10"},
              patients={"10 mg/kg q3w": 655}, note="all doses and strata; its patients made the model",
              results=[
                  TrialResult("10 mg/kg q3w", "response at 28 weeks", 0.33, "share", seen="memory", used=True,
                              measured=False),
              ]),
    ],
)
