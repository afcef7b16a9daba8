"""Mepolizumab and the eosinophils of blood: down by 84 % within a week, never to zero, back months after the last dose.

Mepolizumab takes interleukin-5 away, without which the marrow makes few eosinophils. Those in blood leave within a day,
so the count follows the drug at once. Of production, 7.5 % need no IL-5: no dose passes that floor. More drug only
buys time, as its concentration takes longer to fall below the IC50.

    skin -> plasma <-> (tight tissue, leaky tissue, lymph);   eosinophils: made at kout E0 (1 - Imax C/(IC50 + C)), lost

Minimal and ours, from published pieces, since no published model of eosinophils under an antibody could be read with
all of its numbers: the kinetics of Cao et al. 2013 (minimal PBPK, via nlmixr2lib), the structure of Smith et al. 2011
(doi:10.2165/11584340-000000000-00000), the time in blood of labeled cells of Farahi et al. 2012 (25.2 h). Two numbers
are derived: IC50 from the dose of half of the effect (11 mg at week 12, Pouliquen et al. 2015), Imax from the 84 % of
MENSA. Memory has IC50 at 0.45 in the paper of 2011; ours goes with these kinetics. Absorption is assumed, and so is all
variability: an ensemble of this model shows what is assumed, not a trial.

Don't ask it for exacerbations or FEV1: no link from eosinophils to them is published with numbers. `jin2025` and
`zhang2025_dupilumab` take the count before treatment as a property of the patient.

Left out: the way through the marrow, which would slow the onset; labeled cells go back and forth, and a study in asthma
saw longer times in blood. `depleter` is a limit (no production at all), not a benralizumab: its killing is not known.
Findings: accumulation 1.58 where the label says about 2; deeper than seen in EGPA (-89 % against -79 %).
"""

from immunode.intervention import Intervention, at_times, inhibit, pulses, transfer
from immunode.model import (
    Derived, Model, Parameter, Process, State, Story, Threshold, Trial, TrialResult, Variability,
)

MODEL = Model(
    name="asthma_eos_min",
    title="Mepolizumab and blood eosinophils",
    system="asthma",
    status="ours",
    species="human",
    reference="ours; kinetics of doi:10.1007/s10928-013-9332-2",
    time_unit="day",
    horizon=364.0,
    readouts=["eos", "eos_change", "C"],
    states=[
        State("depot", 0.0, "mg", "mepolizumab under the skin", kind="drug", typical=100.0,
              source="no drug before the first dose"),
        State("plasma", 0.0, "mg", "mepolizumab in plasma", kind="drug", typical=50.0,
              source="no drug before the first dose"),
        State("tight", 0.0, "mg", "mepolizumab in tight tissue (muscle, skin, fat)", kind="drug", typical=50.0,
              source="no drug before the first dose"),
        State("leaky", 0.0, "mg", "mepolizumab in leaky tissue (liver, spleen, gut)", kind="drug", typical=50.0,
              source="no drug before the first dose"),
        State("lymph", 0.0, "mg", "mepolizumab in lymph", kind="drug", typical=50.0,
              source="no drug before the first dose"),
        State("eos", "E0", "cell/uL", "eosinophils in blood", kind="cell", source="made and lost in balance",
              label="blood eosinophils"),
    ],
    parameters=[
        # mepolizumab
        Parameter("CL", 0.20424, "L/day", "clearance from plasma", "Cao 2013, Table 2, model A, via nlmixr2lib",
                  "fitted"),
        Parameter("s1", 0.95, "", "reflected by the vessels of tight tissue", "Cao 2013, Table 2", "fitted",
                  (0.9, 0.99)),
        Parameter("s2", 0.75, "", "reflected by the vessels of leaky tissue", "Cao 2013, Table 2", "fitted",
                  (0.6, 0.9)),
        Parameter("sL", 0.2, "", "reflected by the vessels of lymph", "Cao 2013, Table 2", "published", (0.1, 0.4)),
        Parameter("L", 2.9, "L/day", "flow of lymph", "Cao 2013, Table 2", "published"),
        Parameter("L_tight", 0.33, "", "part of it from tight tissue", "Cao 2013", "published", (0.33, 0.33)),
        Parameter("V_plasma", 2.6, "L", "plasma", "Cao 2013", "published"),
        Parameter("V_tight", 8.112, "L", "fluid of tight tissue", "Cao 2013: 0.65 x 15.6 x 0.8", "published"),
        Parameter("V_leaky", 4.368, "L", "fluid of leaky tissue", "Cao 2013: 0.35 x 15.6 x 0.8", "published"),
        Parameter("V_lymph", 2.6, "L", "lymph", "Cao 2013", "published"),
        Parameter("F", 0.74, "", "bioavailability from the arm", "label; Pouliquen 2015", "published", (0.5, 0.95)),
        Parameter("ka", 0.26, "1/day", "absorption", "assumed: peak on day 5.4 (label: 4 to 8)", "assumed"),
        # eosinophils
        Parameter("E0", 290.0, "cell/uL", "eosinophils before treatment", "MENSA: geometric mean", "published",
                  (70.0, 1300.0)),
        Parameter("kout", 0.9523809523809523, "1/day", "loss from blood", "Farahi 2012: 25.2 h in healthy people",
                  "measured"),
        Parameter("Imax", 0.924895, "", "part of production that needs IL-5",
                  "-84 % in week 32 of 100 mg every 4 weeks (MENSA)", "derived", (0.85, 0.98)),
        Parameter("IC50", 0.809538, "mg/L", "concentration of half of the effect",
                  "trough of 11 mg at week 12 in these kinetics (Pouliquen 2015)", "derived"),
        Parameter("made", 1.0, "", "factor on production", "assumed: 1 but in the limit of a depleter", "assumed",
                  (1.0, 1.0)),
        Parameter("whole", 100.0, "percent", "all of it", "conversion of units", "derived", (100.0, 100.0)),
    ],
    derived=[
        Derived("C", "plasma/V_plasma", "mg/L", "mepolizumab in plasma", label="mepolizumab in plasma"),
        Derived("c_tight", "tight/V_tight", "mg/L", "mepolizumab in tight tissue"),
        Derived("c_leaky", "leaky/V_leaky", "mg/L", "mepolizumab in leaky tissue"),
        Derived("flow_tight", "L*L_tight", "L/day", "lymph of tight tissue"),
        Derived("flow_leaky", "L*(1 - L_tight)", "L/day", "lymph of leaky tissue"),
        Derived("inhibition", "Imax*michaelis(C, IC50)", "", "inhibited part of production"),
        Derived("eos_change", "whole*(eos/E0 - 1)", "percent", "change of eosinophils from baseline",
                label="change of eosinophils"),
    ],
    processes=[
        Process("absorption", "depot ->", "ka*depot", "leaves the skin"),
        Process("uptake", "-> plasma", "F*ka*depot", "what reaches plasma of it"),
        Process("to_tight", "plasma -> tight", "flow_tight*(1 - s1)*C", "into tight tissue"),
        Process("to_leaky", "plasma -> leaky", "flow_leaky*(1 - s2)*C", "into leaky tissue"),
        Process("from_tight", "tight -> lymph", "flow_tight*(1 - sL)*c_tight", "into lymph"),
        Process("from_leaky", "leaky -> lymph", "flow_leaky*(1 - sL)*c_leaky", "into lymph"),
        Process("return_flow", "lymph -> plasma", "L*lymph/V_lymph", "back to plasma"),
        Process("clearance", "plasma ->", "CL*C", "elimination"),
        Process("production", "-> eos", "kout*E0*made*(1 - inhibition)", "eosinophils from the marrow"),
        Process("loss", "eos ->", "kout*eos", "eosinophils leave the blood"),
    ],
    interventions=[
        Intervention("sc_100", [transfer("depot", 100.0)], pulses(every=28, width=0, n=8), kind="drug",
                     direction="suppress", acts_on="production", expects={"eos": "down at 32 weeks"},
                     evidence="published", source="MENSA, label: 100 mg sc every 4 weeks; eight doses",
                     label="100 mg sc q4w"),
        Intervention("iv_75", [transfer("plasma", 75.0)], pulses(every=28, width=0, n=8), kind="drug",
                     direction="suppress", acts_on="production", expects={"eos": "down at 32 weeks"},
                     evidence="published", source="MENSA: 75 mg iv every 4 weeks; eight doses", label="75 mg iv q4w"),
        Intervention("sc_300", [transfer("depot", 300.0)], pulses(every=28, width=0, n=8), kind="drug",
                     direction="suppress", acts_on="production", expects={"eos": "down at 32 weeks"},
                     evidence="published", source="EGPA: 300 mg sc every 4 weeks; eight doses", label="300 mg sc q4w"),
        Intervention("sc_12_5_x3", [transfer("depot", 12.5)], at_times(0, 28, 56), kind="drug", direction="suppress",
                     acts_on="production", expects={"eos": "down at 12 weeks"}, evidence="published",
                     source="Pouliquen 2015: 12.5 mg sc, three doses", label="12.5 mg sc, three doses"),
        Intervention("sc_125_x3", [transfer("depot", 125.0)], at_times(0, 28, 56), kind="drug", direction="suppress",
                     acts_on="production", expects={"eos": "down at 12 weeks"}, evidence="published",
                     source="Pouliquen 2015: 125 mg sc, three doses", label="125 mg sc, three doses"),
        Intervention("sc_250_x3", [transfer("depot", 250.0)], at_times(0, 28, 56), kind="drug", direction="suppress",
                     acts_on="production", expects={"eos": "down at 12 weeks"}, evidence="published",
                     source="Pouliquen 2015: 250 mg sc, three doses", label="250 mg sc, three doses"),
        Intervention("iv_10_single", [transfer("plasma", 10.0)], kind="drug", direction="suppress",
                     acts_on="production", expects={"eos": "down at 4 weeks"}, evidence="published",
                     source="Tsukamoto 2016: 10 mg iv once", label="10 mg iv once"),
        Intervention("iv_75_single", [transfer("plasma", 75.0)], kind="drug", direction="suppress",
                     acts_on="production", expects={"eos": "down at 12 weeks"}, evidence="published",
                     source="Tsukamoto 2016: 75 mg iv once", label="75 mg iv once"),
        Intervention("iv_250_single", [transfer("plasma", 250.0)], kind="drug", direction="suppress",
                     acts_on="production", expects={"eos": "down at 12 weeks"}, evidence="published",
                     source="Tsukamoto 2016: 250 mg iv once", label="250 mg iv once"),
        Intervention("iv_750_single", [transfer("plasma", 750.0)], kind="drug", direction="suppress",
                     acts_on="production", expects={"eos": "down at 12 weeks"}, evidence="published",
                     source="Tsukamoto 2016: 750 mg iv once", label="750 mg iv once"),
        Intervention("depleter", [inhibit("made", 1.0)], kind="drug", direction="suppress", acts_on="production",
                     expects={"eos": "down at 1 week"}, evidence="assumed",
                     source="assumed: the limit of an ideal depleter, no production from day 0",
                     label="no production at all"),
    ],
    variability=[
        Variability("E0", 0.75, source="assumed: spread of trials that ask for eosinophils"),
        Variability("CL", cv=0.25, source="assumed: 20 to 30 % in labels of the class"),
        Variability("ka", cv=0.25, source="assumed: 20 to 30 % in labels of the class"),
    ],
    thresholds=[Threshold("low_count", "eos < 150", "eosinophils below 150 per uL", "usual limit in asthma")],
    story=Story(
        "Mepolizumab, 100 mg or more, takes over 80 % of eosinophils, never all; more drug only buys time.",
        arms={"placebo": "", "100 mg sc q4w": "sc_100", "12.5 mg sc x 3": "sc_12_5_x3",
              "750 mg iv once": "iv_750_single"},
        panels=["eos"], logarithmic=["eos"],
    ),
    trials=[
        Trial("MENSA", "doi:10.1056/NEJMoa1403290", arms={"placebo": "", "100 mg sc q4w": "sc_100"},
              patients={"placebo": 191, "100 mg sc q4w": 194},
              note="numbers of patients: memory. Exacerbations -53 % (75 mg iv -47 %), FEV1 +0.09 L: not in the model",
              results=[
                  TrialResult("100 mg sc q4w", "at(eos, 223.9)", 0.16, "median", versus="placebo", compared="ratio",
                              used=True, note="made Imax; geometric means in the trial"),
              ]),
        Trial("Children, week 52", "label", arms={"100 mg sc q4w": "sc_100"},
              note="331 to 44 per uL; here adults in week 32, when doses have long been in balance. 40 mg: no such arm",
              results=[
                  TrialResult("100 mg sc q4w", "at(eos_change, 223.9)", -87.0, note="of geometric means"),
              ]),
        Trial("EGPA, week 52", "nucalahcp.com", arms={"300 mg sc q4w": "sc_300"},
              note="another disease, with prednisolone; 177 to 38 per uL; here week 32",
              results=[
                  TrialResult("300 mg sc q4w", "at(eos_change, 223.9)", -79.0, note="the model goes deeper"),
              ]),
        Trial("Pouliquen 2015", "doi:10.5414/CP202446",
              note="half of the effect at 11 mg (made IC50), 90 % at 99 mg: there by construction"),
        Trial("Tsukamoto 2016", "healthy men",
              note="75 to 750 mg iv lower eosinophils for 3 months and more, without numbers: in the model half is "
                   "back after 75 mg"),
        Trial("Label of mepolizumab", "kinetics",
              note="half-life 16 to 22 days, peak on day 4 to 8, accumulation about 2: model 18.4, 5.4, 1.58 (low)"),
    ],
)
