"""Crohn's disease: the activity index CDAI under brazikumab, an antibody to IL-23. The drug effect is on or off.

It does not depend on concentration or dose, for one dose was studied (700 mg into a vein at weeks 0 and 4), and once
begun it stays. Blood levels are for display and act on nothing. Valid to week 12: ask about no other dose, no later
doses and no stop.

    baseline CRP (or IL-22) -> part of the symptoms that the drug stops        CDAI: arises -> fades, half in 12 days
    placebo stops another part, in both arms

Who gains is known before the first dose: the drug stops a part of the symptoms that grows with CRP before treatment,
half of its most at 8 mg/L. Variant `il22` has IL-22 in the place of CRP, and a step at 22.8 pg/mL: another fit of the
same 119 patients, never both at once.

Values of Zhang et al. 2023 (Table 2, equations, control files) as quoted by nlmixr2lib; the paper itself was not open.
The placebo effect varies by a normal term, so some patients get worse on placebo, and some would fall below 0: what
arises is then 0 (ours). CDAI before treatment and placebo effect correlate, by -1 in the source and -0.99 here. The
spreads of `il22` were 3 and 1 % different; patients of both variants have those of `crp`. The shapes of the
distributions of CRP, IL-22 and albumin are ours; CRP and IL-22 are drawn independently (0.60 in the paper, no run uses
both), and CRP is that of the treated in both arms (medians 18.2 and 9.6 mg/L in the trial).

Findings: patients with CRP below 8 fell by 30 points in the trial, less than on placebo, and by 70 here; those with a
high marker fell by 15 % more than here. All data of the trial made the model: it tests no prediction.
Left out: injections under the skin, healthy people, the open weeks 12 to 24, antibodies against the drug.
"""

from immunode.intervention import Intervention, at_times, set_to, transfer
from immunode.model import (
    Correlation, Derived, Model, Observed, Parameter, PatientCovariate, Process, State, Story, Threshold, Trial,
    TrialResult, Unit, Variability, Variant,
)

MODEL = Model(
    name="zhang2023_cdai",
    title="Crohn's disease under brazikumab: CDAI",
    system="gut",
    status="published",
    species="human",
    reference="doi:10.1002/psp4.13044",
    time_unit="day",
    horizon=84.0,
    readouts=["CDAI", "fall", "inhibition", "c"],
    units=[Unit("point", "one point of CDAI"), Unit("infusion", "one infusion of the drug")],
    states=[
        State("CDAI", "B", "point", "Crohn's disease activity index", kind="damage", source="balance before treatment",
              limits=(0.0, 600.0), label="CDAI"),
        State("C", 0.0, "mg", "brazikumab in blood, for display", kind="drug", typical=100.0, source="no drug before"),
        State("Q", 0.0, "mg", "brazikumab in tissue, for display", kind="drug", typical=100.0, source="no drug before"),
        State("given", 0.0, "infusion", "infusions begun so far", typical=1.0, source="none before the first"),
    ],
    parameters=[
        Parameter("B", 318.0, "point", "CDAI before treatment", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("HL", 11.7, "day", "half of a change of CDAI", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("I_pl", 0.178, "", "part of the symptoms that placebo stops", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("Imax", 0.246, "", "largest part that the drug stops", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("CRP50", 8.03, "mg/L", "CRP of half of that", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("h_CRP", 2.07, "", "steepness", "Table 2, via nlmixr2lib: fixed", "published"),
        Parameter("IL22_50", 22.8, "pg/mL", "IL-22 of half of that (variant il22)", "Table 2, via nlmixr2lib",
                  "fitted"),
        Parameter("h_IL22", 20.0, "", "steepness: a step", "Table 2, via nlmixr2lib: fixed", "published", (20.0, 20.0)),
        Parameter("CRP", 18.2, "mg/L", "C-reactive protein before treatment", "median of the treated", "published",
                  (0.32, 212.8), label="CRP before treatment"),
        Parameter("IL22", 15.9, "pg/mL", "interleukin-22 before treatment", "median of the treated", "published",
                  (1.0, 711.0), label="IL-22 before treatment"),
        Parameter("by_IL22", 0.0, "", "1: the effect depends on IL-22, 0: on CRP", "variant", "published", (0.0, 0.0)),
        Parameter("CL", 0.26, "L/day", "clearance at 39 g/L of albumin", "via nlmixr2lib", "fitted"),
        Parameter("V", 3.27, "L", "volume of blood, woman", "via nlmixr2lib", "fitted"),
        Parameter("Vp", 2.64, "L", "volume of tissue", "via nlmixr2lib", "fitted"),
        Parameter("q", 0.412, "L/day", "exchange with tissue", "via nlmixr2lib", "fitted"),
        Parameter("albumin", 39.0, "g/L", "albumin in serum", "median", "published", (32.0, 50.0)),
        Parameter("albumin_ref", 39.0, "g/L", "reference albumin", "via nlmixr2lib", "published", (39.0, 39.0)),
        Parameter("female", 1.0, "", "woman: 1, man: 0", "typical patient", "published", (0.0, 1.0)),
        Parameter("whole", 100.0, "percent", "all of it", "conversion of units", "derived", (100.0, 100.0)),
    ],
    derived=[
        Derived("kout", "log(2)/HL", "1/day", "turnover of CDAI"),
        Derived("treated", "piecewise(1, given > 0, 0)", "", "1 once brazikumab was given, else 0"),
        Derived("I_drug", "Imax*((1 - by_IL22)*hill(CRP, CRP50, h_CRP) + by_IL22*hill(IL22, IL22_50, h_IL22))", "",
                "part of the symptoms that the drug stops"),
        Derived("stopped", "I_pl + treated*I_drug", "", "part of the symptoms that is stopped"),
        Derived("inhibition", "whole*stopped", "percent", "symptoms that are stopped", label="symptoms stopped"),
        Derived("fall", "B - CDAI", "point", "fall of CDAI since the start", label="fall of CDAI"),
        Derived("V_sex", "V*(female + 1.214*(1 - female))", "L", "volume of blood of the patient"),
        Derived("CL_alb", "CL*(albumin/albumin_ref)**(-1.32)", "L/day", "clearance of the patient"),
        Derived("c", "C/V_sex", "mg/L", "brazikumab in serum (mg/L = ug/mL)", label="brazikumab in serum"),
    ],
    processes=[
        Process("symptoms_arise", "-> CDAI", "kout*B*max(1 - stopped, 0*stopped)", "less under placebo and drug"),
        Process("symptoms_fade", "CDAI ->", "kout*CDAI", "fading"),
        Process("elimination", "C ->", "CL_alb*c", "elimination"),
        Process("to_tissue", "C -> Q", "q*c", "into tissue"),
        Process("from_tissue", "Q -> C", "q/Vp*Q", "back from tissue"),
    ],
    variants=[
        Variant("il22", {"by_IL22": 1.0, "HL": 11.6, "I_pl": 0.209, "Imax": 0.297},
                note="the effect depends on IL-22 before treatment", source="Table 2, via nlmixr2lib"),
    ],
    interventions=[
        Intervention("brazikumab", [transfer("C", 700.0, over="1 hour"), transfer("given", 1.0)], at_times(0, 28),
                     kind="drug", direction="suppress", acts_on="signal", expects={"CDAI": "down at 8 weeks"},
                     evidence="published", source="NCT01714726: 700 mg iv at weeks 0 and 4",
                     label="brazikumab 700 mg iv"),
        Intervention("crp_3", [set_to("CRP", 3.0)], kind="patient", acts_on="signal", beside="brazikumab",
                     expects={"CDAI": "up at 8 weeks"}, source="assumed: a low CRP", label="CRP of 3 mg/L"),
        Intervention("crp_50", [set_to("CRP", 50.0)], kind="patient", acts_on="signal", beside="brazikumab",
                     expects={"CDAI": "down at 8 weeks"}, source="assumed: a high CRP", label="CRP of 50 mg/L"),
    ],
    variability=[
        Variability("B", 0.09985, source="variance 0.00997, via nlmixr2lib"),
        Variability("I_pl", 0.22782, "linear", source="variance 0.0519, via nlmixr2lib"),
        Variability("CL", 0.36194, source="variance 0.131, via nlmixr2lib"),
        Variability("V", 0.22405, source="variance 0.0502, via nlmixr2lib"),
    ],
    correlations=[Correlation("B", "I_pl", -0.99, "via nlmixr2lib: -1, which no covariance matrix takes")],
    covariates=[
        PatientCovariate("CRP", "lognormal", median=18.2, sd=0.918, low=0.32, high=212.8,
                         source="assumed: shape, 97.5 % below 110; median and range of the treated are published"),
        PatientCovariate("IL22", "lognormal", median=15.9, sd=1.209, low=1.0, high=711.0,
                         source="assumed: shape, 97.5 % below 170; median and range of the treated are published"),
        PatientCovariate("albumin", "normal", mean=39.0, sd=3.5, low=32.0, high=50.0,
                         source="assumed: shape and SD; median and range are published"),
        PatientCovariate("female", "share", share=0.622, source="phase 2a"),
    ],
    observed=[
        Observed("CDAI", additive=38.9, proportional=0.117, source="Table 2, via nlmixr2lib"),
        Observed("c", proportional=0.249, source="via nlmixr2lib"),
    ],
    thresholds=[
        Threshold("remission", "CDAI < 150", "remission", "usual rule"),
        Threshold("fall of 100", "fall >= 100", "CDAI better by 100 points", "usual rule"),
    ],
    story=Story(
        "Who gains is set before the first dose: at CRP 50 CDAI falls by 40 %, at CRP 3 little more than on placebo.",
        arms={"placebo": "", "drug, CRP 3 mg/L": "brazikumab + crp_3", "drug, CRP 50 mg/L": "brazikumab + crp_50"},
        panels=["CDAI"],
    ),
    trials=[
        Trial("Sands 2017", "doi:10.1053/j.gastro.2017.03.049",
              arms={"placebo": "", "brazikumab": "brazikumab"}, patients={"placebo": 60, "brazikumab": 59},
              note="the 119 patients of the model; open weeks to 24 (53.8 and 57.7 % respond) are outside of it",
              results=[
                  TrialResult("placebo", "change(CDAI, 56) <= -100 or at(CDAI, 56) < 150", 0.267, "share", used=True),
                  TrialResult("brazikumab", "change(CDAI, 56) <= -100 or at(CDAI, 56) < 150", 0.492, "share",
                              used=True),
                  TrialResult("brazikumab", "change(CDAI, 56) <= -100 or at(CDAI, 56) < 150", 0.225, "share",
                              "placebo", "difference", 0.056, 0.394, used=True),
              ]),
        Trial("Sands 2017, IL-22", "doi:10.1053/j.gastro.2017.03.049", variant="il22",
              arms={"placebo": "", "brazikumab": "brazikumab"}, patients={"placebo": 60, "brazikumab": 59},
              note="the same patients, by the other marker",
              results=[
                  TrialResult("placebo", "change(CDAI, 56) <= -100 or at(CDAI, 56) < 150", 0.267, "share", used=True),
                  TrialResult("brazikumab", "change(CDAI, 56) <= -100 or at(CDAI, 56) < 150", 0.492, "share",
                              used=True),
              ]),
        Trial("Zhang 2023, high CRP", "doi:10.1002/psp4.13044", arms={"brazikumab": "brazikumab"}, only="CRP >= 8.03",
              note="Figure 5: of 52 treated, week 8; sizes of the groups were not recovered",
              results=[TrialResult("brazikumab", "change(CDAI, 56)", -131.5, used=True)]),
        Trial("Zhang 2023, low CRP", "doi:10.1002/psp4.13044", arms={"brazikumab": "brazikumab"}, only="CRP < 8.03",
              note="Figure 5: of 52 treated, week 8; sizes of the groups were not recovered",
              results=[TrialResult("brazikumab", "change(CDAI, 56)", -29.9, used=True,
                                   note="less than on placebo: not in the model")]),
        Trial("Zhang 2023, high IL-22", "doi:10.1002/psp4.13044", arms={"brazikumab": "brazikumab"}, variant="il22",
              only="IL22 >= 22.8", note="Figure 5: of 52 treated, week 8; sizes of the groups were not recovered",
              results=[TrialResult("brazikumab", "change(CDAI, 56)", -169.8, used=True)]),
        Trial("Zhang 2023, low IL-22", "doi:10.1002/psp4.13044", arms={"brazikumab": "brazikumab"}, variant="il22",
              only="IL22 < 22.8", note="Figure 5: of 52 treated, week 8; sizes of the groups were not recovered",
              results=[TrialResult("brazikumab", "change(CDAI, 56)", -72.3, used=True)]),
        Trial("Zhang 2023, exposure", "doi:10.1002/psp4.13044",
              note="mean concentration of 56 days, 5 to 95 % of patients: 43.7 to 106.1 mg/L, here 47 to 107"),
    ],
)
