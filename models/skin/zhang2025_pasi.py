"""Psoriasis under "drug A": an antibody to the receptor of IL-17 slows the making of plaques. No marketed drug.

The antibody is like brodalumab, with numbers that the authors changed a little to plan a trial. Beside the trials of
brodalumab it is clearly too weak: all ten of their numbers lie outside what it gives, placebo's too. 41 % of patients
reach PASI75 under 210 mg, 82 and 83 % did; placebo takes 3 % off PASI, it took 16. For the size of effects of marketed
drugs ask a model that was fitted to them.

    injection site -> blood <-> tissue, cleared by a saturable and a linear path
    blood -> place of effect (three weeks behind) -| plaques made -> PASI -> plaques lost, faster in the first weeks

It shows three things. The effect comes and goes with a delay: the place of effect follows blood with a half-life of 15
days, and PASI with 11. The saturable path makes small doses vanish: 70 mg does hardly more than placebo, and 280 mg
every four weeks less than 210 mg every two. And what placebo does is soon gone: 18 points at week 3, 4 at week 12.

Values of Zhang et al. 2025 (Table S1, NONMEM files) as quoted by nlmixr2lib; the paper itself was not open. Its files
call Vmax "ug/d" and ka "1/hr"; both are wrong. Patients differ in six values, independently; no covariate is published.
Do not ask it about weight or antibodies to the drug. That the placebo effect runs in every arm, and is largest on the
first day, is an assumption of the authors.

`less_sensitive` and `much_less_sensitive` are patients of another region, who need 2.6 and 5.4 times the concentration.

The saturable path empties blood within minutes once it is far below Km (190 a day, up to 1000 in the population):
an implicit method is needed, and the default chooses one.
"""

from immunode.intervention import Intervention, at_times, scale, transfer
from immunode.model import (
    Derived, Model, Observed, Parameter, Process, State, Story, Threshold, Trial, TrialResult, Unit, Variability,
)

MODEL = Model(
    name="zhang2025_pasi",
    title="PASI under an antibody to the IL-17 receptor",
    system="skin",
    status="published",
    species="human",
    reference="doi:10.1002/psp4.70090",
    time_unit="day",
    horizon=112.0,
    readouts=["c", "ce", "S", "improvement"],
    units=[Unit("point", "one point of PASI, 0 to 72")],
    states=[
        State("D", 0.0, "mg", "drug at the place of injection, as injected", kind="drug", typical=10.0,
              source="no drug before the first dose"),
        State("C", 0.0, "mg", "drug in blood", kind="drug", typical=1.0, source="no drug before the first dose",
              label="drug in blood"),
        State("Q", 0.0, "mg", "drug in tissue", kind="drug", typical=1.0, source="no drug before the first dose"),
        State("E", 0.0, "mg", "drug at the place of effect", kind="drug", typical=1.0,
              source="no drug before the first dose"),
        State("S", "BL", "point", "psoriasis area and severity index", kind="damage", source="made and lost in balance",
              label="PASI", limits=(0.0, 72.0)),
    ],
    parameters=[
        Parameter("ka", 0.255, "1/day", "absorption", "Table S1, via nlmixr2lib", "fitted"),
        Parameter("F", 0.576, "", "part of a dose that reaches blood", "Table S1, via nlmixr2lib", "fitted",
                  (0.4, 0.8)),
        Parameter("V", 3.9, "L", "volume of blood", "Table S1, via nlmixr2lib", "fitted"),
        Parameter("kel", 0.0724, "1/day", "linear elimination", "Table S1, via nlmixr2lib", "fitted"),
        Parameter("Vmax", 7.4, "mg/day", "most that the saturable path takes", "Table S1, via nlmixr2lib", "fitted"),
        Parameter("Km", 0.01, "mg/L", "concentration of half of that", "Table S1, via nlmixr2lib", "fitted"),
        Parameter("k12", 0.26, "1/day", "blood to tissue", "Table S1, via nlmixr2lib", "fitted"),
        Parameter("k21", 0.351, "1/day", "tissue to blood", "Table S1, via nlmixr2lib", "fitted"),
        Parameter("ke0", 0.0469, "1/day", "speed of the place of effect", "Table S1, via nlmixr2lib", "fitted"),
        Parameter("BL", 13.5, "point", "PASI before treatment", "Table S1, via nlmixr2lib", "fitted",
                  label="PASI before treatment"),
        Parameter("ksyn0", 0.862, "point/day", "plaques made before treatment", "Table S1, via nlmixr2lib", "fitted"),
        Parameter("Imax", 1.0, "", "largest part of it that the drug stops", "Table S1, via nlmixr2lib: fixed",
                  "published", (0.7, 1.0)),
        Parameter("IC50", 2.86, "mg/L", "concentration of half of that", "Table S1, via nlmixr2lib", "fitted"),
        Parameter("Pmax", 0.439, "", "rise of the loss of plaques on placebo, at the start", "Table S1, via nlmixr2lib",
                  "fitted"),
        Parameter("kpl", 0.0372, "1/day", "fading of the placebo effect", "Table S1, via nlmixr2lib", "fitted"),
        Parameter("whole", 100.0, "percent", "all of it", "conversion of units", "derived", (100.0, 100.0)),
    ],
    derived=[
        Derived("c", "C/V", "mg/L", "drug in blood (mg/L = ug/mL)", label="drug in blood"),
        Derived("Ve", "kel*V/ke0", "L", "volume of the place of effect: there as in blood in the long run"),
        Derived("ce", "E/Ve", "mg/L", "drug at the place of effect", label="drug at the place of effect"),
        Derived("stopped", "Imax*ce/(IC50 + ce)", "", "part of the making of plaques that is stopped"),
        Derived("by_placebo", "Pmax*exp(-kpl*t)", "", "rise of the loss of plaques by placebo"),
        Derived("improvement", "whole*(1 - S/BL)", "percent", "fall of PASI since the start", label="PASI improvement"),
    ],
    processes=[
        Process("absorption", "D ->", "ka*D", "leaves the skin"),
        Process("uptake", "-> C", "F*ka*D", "what reaches blood of it"),
        Process("saturable_loss", "C ->", "Vmax*michaelis(c, Km)", "through the receptor"),
        Process("linear_loss", "C ->", "kel*C", "linear elimination"),
        Process("to_tissue", "C -> Q", "k12*C", "into tissue"),
        Process("from_tissue", "Q -> C", "k21*Q", "back from tissue"),
        Process("to_effect", "-> E", "kel*C", "the place of effect follows blood, and takes nothing from it"),
        Process("from_effect", "E ->", "ke0*E", "and forgets it"),
        Process("plaques_made", "-> S", "ksyn0*(1 - stopped)", "slowed by the drug"),
        Process("plaques_lost", "S ->", "ksyn0/BL*(1 + by_placebo)*S", "faster on placebo, for a while"),
    ],
    interventions=[
        Intervention("mg_70", [transfer("D", 70.0)], at_times(0, 7, 14, 28, 42, 56, 70), kind="drug",
                     direction="suppress", acts_on="signal", expects={"improvement": "up at 12 weeks"},
                     evidence="published", source="70 mg sc at weeks 0, 1, 2, then every 2 weeks", label="70 mg q2w"),
        Intervention("mg_140", [transfer("D", 140.0)], at_times(0, 7, 14, 28, 42, 56, 70), kind="drug",
                     direction="suppress", acts_on="signal", expects={"improvement": "up at 12 weeks"},
                     evidence="published", source="140 mg sc at weeks 0, 1, 2, then every 2 weeks", label="140 mg q2w"),
        Intervention("mg_210", [transfer("D", 210.0)], at_times(0, 7, 14, 28, 42, 56, 70), kind="drug",
                     direction="suppress", acts_on="signal", expects={"improvement": "up at 12 weeks"},
                     evidence="published", source="210 mg sc at weeks 0, 1, 2, then every 2 weeks", label="210 mg q2w"),
        Intervention("mg_280_q4w", [transfer("D", 280.0)], at_times(0, 28, 56), kind="drug", direction="suppress",
                     acts_on="signal", expects={"improvement": "up at 12 weeks"}, evidence="published",
                     source="280 mg sc at weeks 0, 4 and 8", label="280 mg q4w"),
        Intervention("less_sensitive", [scale("IC50", 2.6)], kind="patient", acts_on="signal", beside="mg_210",
                     expects={"improvement": "down at 12 weeks"}, evidence="published", label="2.6 times the IC50",
                     source="the paper's borderline between regions, via nlmixr2lib"),
        Intervention("much_less_sensitive", [scale("IC50", 5.4)], kind="patient", acts_on="signal", beside="mg_210",
                     expects={"improvement": "down at 12 weeks"}, evidence="published", label="5.4 times the IC50",
                     source="the paper's upper end of its range, via nlmixr2lib"),
    ],
    variability=[
        Variability("V", 0.290, source="Table S1, via nlmixr2lib"),
        Variability("ka", 0.751, source="Table S1, via nlmixr2lib"),
        Variability("Vmax", 0.315, source="Table S1, via nlmixr2lib"),
        Variability("BL", 0.216, source="Table S1, via nlmixr2lib"),
        Variability("IC50", 1.36, source="Table S1, via nlmixr2lib"),
        Variability("ke0", 0.572, source="Table S1, via nlmixr2lib"),
    ],
    observed=[
        Observed("c", additive=0.3, proportional=0.518, source="Table S1, via nlmixr2lib: 0.09 is a variance"),
        Observed("S", additive=1.145, proportional=0.0636, source="Table S1, via nlmixr2lib"),
    ],
    thresholds=[
        Threshold("PASI75", "improvement >= 75", "PASI better by 75 %", "primary endpoint of the trials"),
        Threshold("PASI90", "improvement >= 90", "PASI better by 90 %", "usual rule"),
    ],
    story=Story(
        "210 mg takes away three quarters of PASI by week 8; six weeks after the last dose a third of that is lost.",
        arms={"placebo": "", "140 mg": "mg_140", "210 mg": "mg_210"},
        panels=["c", "improvement"],
    ),
    trials=[
        Trial("Zhang 2025", "doi:10.1002/psp4.70090",
              arms={"placebo": "", "210 mg": "mg_210", "IC50 x 2.6": "mg_210 + less_sensitive",
                    "IC50 x 5.4": "mg_210 + much_less_sensitive"},
              note="the paper's own simulations; it prints the ratio of two medians, which is 0.1 from the median here",
              results=[
                  TrialResult("210 mg", "percent_change(S, 84)", -68.4, "median", used=True, measured=False),
                  TrialResult("IC50 x 2.6", "percent_change(S, 84)", -50.0, "median", used=True, measured=False),
                  TrialResult("IC50 x 5.4", "percent_change(S, 84)", -35.8, "median", used=True, measured=False),
                  TrialResult("210 mg", "percent_change(S, 112)", -48.0, "median", used=True, measured=False,
                              note="Figure 1B, week 16, about"),
                  TrialResult("IC50 x 2.6", "percent_change(S, 112)", -33.0, "median", used=True, measured=False,
                              note="Figure 1B, week 16, about"),
                  TrialResult("placebo", "peak(improvement)", 18.0, "median", used=True, measured=False,
                              note="Figure 1B, weeks 2 to 3, about"),
              ]),
        Trial("Papp 2012, brodalumab", "N Engl J Med 366:1181",
              arms={"placebo": "", "70 mg": "mg_70", "140 mg": "mg_140", "210 mg": "mg_210",
                    "280 mg q4w": "mg_280_q4w"},
              patients={"placebo": 38, "70 mg": 39, "140 mg": 39, "210 mg": 40, "280 mg q4w": 42},
              note="abstract, n = 198; sizes of arms from memory; drug A is too weak to be brodalumab",
              results=[
                  TrialResult("placebo", "percent_change(S, 84)", -16.0),
                  TrialResult("70 mg", "percent_change(S, 84)", -45.0),
                  TrialResult("140 mg", "percent_change(S, 84)", -85.9),
                  TrialResult("210 mg", "percent_change(S, 84)", -86.3),
                  TrialResult("280 mg q4w", "percent_change(S, 84)", -76.0),
                  TrialResult("140 mg", "percent_change(S, 84) <= -75", 0.77, "share"),
                  TrialResult("210 mg", "percent_change(S, 84) <= -75", 0.82, "share"),
              ]),
        Trial("AMAGINE-1, brodalumab", "AMAGINE-1, abstract",
              arms={"placebo": "", "140 mg": "mg_140", "210 mg": "mg_210"},
              patients={"placebo": 220, "140 mg": 219, "210 mg": 222}, note="dosed on the same days",
              results=[
                  TrialResult("placebo", "percent_change(S, 84) <= -75", 0.03, "share"),
                  TrialResult("140 mg", "percent_change(S, 84) <= -75", 0.60, "share"),
                  TrialResult("210 mg", "percent_change(S, 84) <= -75", 0.83, "share"),
              ]),
    ],
)
