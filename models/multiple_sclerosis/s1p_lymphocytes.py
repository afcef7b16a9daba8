"""Fingolimod and ponesimod: lymphocytes are shut into lymph nodes, not lost. Ours, from published parts.

Cells leave nodes along S1P; both drugs take its receptor away. Blood empties within hours to days, while tissue, which
holds 98 of 100 lymphocytes, hardly notices. After the last dose they come out again as the drug leaves: in a week after
ponesimod, in weeks after fingolimod.

    drug: dose -> blood -> lost       lymphocytes: tissue -> blood (slowed by the drug) -> tissue; their sum is constant

No complete model of lymphocytes in people could be had. Ponesimod: half-life, clearance, IC50 and Imax are published
(abstracts read), absorption is ours, from the published time of the peak. Fingolimod: clearance and volume are
published; IC50 and Imax are DERIVED by us from two arms of Kovarik 2004 (-80 and -88 % at the exposures of day 7), and
near those of monkeys. The passage through blood, 0.3 an hour, is ASSUMED, between 0.12 (the slowest that agrees with
the first hours of the label) and 2.1 (cells that pass the blood in a day); it sets the first hours, not the slow times.
The normal count is assumed too. Both drugs together multiply; nobody measured that.

Variant `open` is the published form, an indirect response: blood is fed from a constant source; it differs by 0.005 of
baseline at most. A rhythm of the day (9 % published, parameter `a`) is left at 0. People differ by 22 % in exposure to
fingolimod (published); all other spreads are assumed.

Findings, beside trials: too fast back after fingolimod (57 % at two weeks, 98 % at six; one compartment, half-life 5.5
days where 8 are told); too slow in the first hours (81 % left at 5 h, the label has 60: its active phosphate is not in
it); the plateau of ponesimod is -82 % at 100 mg, where -70 % was seen; fewer people fall very low than in trials.

Do not ask it about relapses, the heart, or subsets: of B, CD4 and CD8 cells the published maxima differ. Siponimod is
left out, for its effect on lymphocytes was not recovered. Monkeys are in `li2002_fty720`.
"""

from immunode.intervention import Intervention, pulses, transfer
from immunode.model import (
    Derived, Model, Parameter, Process, State, Story, Threshold, Trial, TrialResult, Variability, Variant,
)

MODEL = Model(
    name="s1p_lymphocytes",
    title="Lymphocytes under fingolimod and ponesimod",
    system="multiple_sclerosis",
    status="ours",
    species="human",
    reference="ponesimod doi:10.1007/s10928-014-9362-4, fingolimod doi:10.1177/0091270004264165",
    time_unit="hour",
    horizon=4320.0,
    readouts=["lymphocytes", "tissue_change", "c_fingolimod", "c_ponesimod"],
    states=[
        State("D_fingolimod", 0.0, "ug", "fingolimod in the gut", kind="drug", typical=100.0, source="none before"),
        State("C_fingolimod", 0.0, "ug", "fingolimod in the body", kind="drug", typical=1000.0, source="none before"),
        State("D_ponesimod", 0.0, "ug", "ponesimod in the gut", kind="drug", typical=1e4, source="none before"),
        State("C_ponesimod", 0.0, "ug", "ponesimod in the body", kind="drug", typical=1e4, source="none before"),
        State("L", "whole", "percent", "lymphocytes in blood, of those before", kind="cell",
              source="in balance before treatment", label="share of baseline"),
        State("S", "whole*S0", "percent", "lymphocytes in tissue, of those in blood before", kind="cell",
              source="in balance before treatment"),
    ],
    parameters=[
        Parameter("ka_f", 0.35, "1/hour", "absorption of fingolimod", "assumed: gives the published peak at 12 h"),
        Parameter("F_f", 0.94, "", "part of fingolimod absorbed", "oral and iv study, abstract", "published",
                  (0.7, 1.0)),
        Parameter("CL_f", 6.3, "L/hour", "clearance of fingolimod", "oral and iv study, abstract", "published"),
        Parameter("V_f", 1199.0, "L", "volume of fingolimod", "oral and iv study, abstract", "published"),
        Parameter("Imax_f", 0.914, "", "largest part of the exit that fingolimod stops",
                  "two arms of Kovarik 2004", "derived", (0.85, 0.98)),
        Parameter("IC50_f", 0.65, "ug/L", "fingolimod of half of that", "two arms of Kovarik 2004", "derived"),
        Parameter("ka_p", 0.8, "1/hour", "absorption of ponesimod", "assumed: gives the published peak at 2 to 4 h"),
        Parameter("CL_p", 5.52, "L/hour", "clearance of ponesimod, over its bioavailability", "PMID 33914285, abstract",
                  "published"),
        Parameter("V_p", 262.8, "L", "volume of ponesimod", "from the published half-life of 33 h", "derived"),
        Parameter("Imax_p", 0.88, "", "largest part of the exit that ponesimod stops", "PMID 33914285, abstract",
                  "published", (0.8, 0.95)),
        Parameter("IC50_p", 54.9, "ug/L", "ponesimod of half of that", "PMID 33914285, abstract", "published"),
        Parameter("kout", 0.3, "1/hour", "passage from blood into tissue", "assumed: see above", "assumed",
                  (0.12, 2.1)),
        Parameter("S0", 49.0, "", "tissue holds as many times the lymphocytes of blood",
                  "Westermann and Pabst 1992 (BioNumbers 111621): 2 % in blood", "published"),
        Parameter("base", 1.9, "cell/nL", "lymphocytes in blood before treatment", "assumed: a normal count",
                  label="lymphocytes before treatment"),
        Parameter("a", 0.0, "", "rhythm of the exit", "assumed: none; 0.09 is published", "assumed", (0.0, 0.0)),
        Parameter("phase", 1.0, "hour", "time of the most exit", "Krause 2014, abstract", "published", (1.0, 1.0)),
        Parameter("day", 24.0, "hour", "a day", "conversion of units", "derived", (24.0, 24.0)),
        Parameter("open", 0.0, "", "1: blood is fed from a constant source", "assumed: 0, 1 in the variant", "assumed",
                  (0.0, 0.0)),
        Parameter("whole", 100.0, "percent", "all of it", "conversion of units", "derived", (100.0, 100.0)),
    ],
    derived=[
        Derived("c_fingolimod", "C_fingolimod/V_f", "ug/L", "fingolimod in blood (ug/L = ng/mL)", label="fingolimod"),
        Derived("c_ponesimod", "C_ponesimod/V_p", "ug/L", "ponesimod in blood (ug/L = ng/mL)", label="ponesimod"),
        Derived("by_f", "Imax_f*michaelis(c_fingolimod, IC50_f)", "", "part of the exit that fingolimod stops"),
        Derived("by_p", "Imax_p*michaelis(c_ponesimod, IC50_p)", "", "part of the exit that ponesimod stops"),
        Derived("stopped", "1 - (1 - by_f)*(1 - by_p)", "", "part of the exit that is stopped", label="exit stopped"),
        Derived("exit", "kout*(1 - stopped)*(1 + a*cos(6.283185307179586*(t - phase)/day))", "1/hour",
                "exit from tissue, times the balance of tissue and blood"),
        Derived("lymphocytes", "base*L/whole", "cell/nL", "lymphocytes in blood (cell/nL = 1e9/L)",
                label="lymphocytes in blood"),
        Derived("tissue_change", "S/S0 - whole", "percent", "change of lymphocytes in tissue",
                label="change in tissue"),
    ],
    processes=[
        Process("f_absorption", "D_fingolimod ->", "ka_f*D_fingolimod", "leaves the gut"),
        Process("f_uptake", "-> C_fingolimod", "F_f*ka_f*D_fingolimod", "what is absorbed"),
        Process("f_loss", "C_fingolimod ->", "CL_f*c_fingolimod", "elimination"),
        Process("p_absorption", "D_ponesimod -> C_ponesimod", "ka_p*D_ponesimod", "absorption"),
        Process("p_loss", "C_ponesimod ->", "CL_p*c_ponesimod", "elimination"),
        Process("egress", "S -> L", "(1 - open)*exit*S/S0", "cells leave nodes"),
        Process("homing", "L -> S", "(1 - open)*kout*L", "cells enter nodes"),
        Process("supply", "-> L", "open*exit*whole", "the same from a constant source (variant open)"),
        Process("leaving", "L ->", "open*kout*L", "the same to nowhere (variant open)"),
    ],
    variants=[
        Variant("open", {"open": 1.0}, note="published form: an indirect response, tissue stays as it is",
                source="Krause 2014, abstract"),
    ],
    interventions=[
        Intervention("fingolimod_05", [transfer("D_fingolimod", 500.0)], pulses(every=24, width=0, n=84), kind="drug",
                     direction="redirect", acts_on="signal", expects={"lymphocytes": "down at 12 weeks"},
                     evidence="published", source="label: 0.5 mg a day; 84 days of it", label="fingolimod 0.5 mg"),
        Intervention("fingolimod_125_week", [transfer("D_fingolimod", 1250.0)], pulses(every=24, width=0, n=7),
                     kind="drug", direction="redirect", acts_on="signal", expects={"lymphocytes": "down at 7 days"},
                     evidence="published", source="Kovarik 2004: 1.25 mg a day", label="fingolimod 1.25 mg, 7 days"),
        Intervention("fingolimod_5_week", [transfer("D_fingolimod", 5000.0)], pulses(every=24, width=0, n=7),
                     kind="drug", direction="redirect", acts_on="signal", expects={"lymphocytes": "down at 7 days"},
                     evidence="published", source="Kovarik 2004: 5 mg a day", label="fingolimod 5 mg, 7 days"),
        Intervention("fingolimod_once", [transfer("D_fingolimod", 1250.0)], kind="drug", direction="redirect",
                     acts_on="signal", expects={"lymphocytes": "down at 1 days"}, evidence="published",
                     source="1.25 mg once, n = 11", label="fingolimod 1.25 mg once"),
        Intervention("ponesimod_20", [transfer("D_ponesimod", 20000.0)], pulses(every=24, width=0, n=84), kind="drug",
                     direction="redirect", acts_on="signal", expects={"lymphocytes": "down at 12 weeks"},
                     evidence="published", source="label: 20 mg a day; 84 days of it", label="ponesimod 20 mg"),
        Intervention("ponesimod_75_once", [transfer("D_ponesimod", 75000.0)], kind="drug", direction="redirect",
                     acts_on="signal", expects={"lymphocytes": "down at 1 days"}, evidence="published",
                     source="first in people: 75 mg once", label="ponesimod 75 mg once"),
        Intervention("ponesimod_step_10", [transfer("D_ponesimod", 10000.0)], pulses(every=24, width=0, n=3),
                     kind="drug", direction="redirect", acts_on="signal", expects={"lymphocytes": "down at 3 days"},
                     evidence="published", source="Jurcevic: 10 mg on days 1 to 3", label="ponesimod 10 mg, 3 days"),
        Intervention("ponesimod_step_20", [transfer("D_ponesimod", 20000.0)],
                     pulses(every=24, width=0, n=3, start=72), kind="drug", direction="redirect", acts_on="signal",
                     expects={"lymphocytes": "down at 6 days"}, evidence="published",
                     source="Jurcevic: 20 mg on days 4 to 6", label="then 20 mg, 3 days"),
        Intervention("ponesimod_step_40", [transfer("D_ponesimod", 40000.0)],
                     pulses(every=24, width=0, n=3, start=144), kind="drug", direction="redirect", acts_on="signal",
                     expects={"lymphocytes": "down at 9 days"}, evidence="published",
                     source="Jurcevic: 40 mg on days 7 to 9", label="then 40 mg, 3 days"),
        Intervention("ponesimod_100", [transfer("D_ponesimod", 100000.0)], pulses(every=24, width=0, n=14),
                     kind="drug", direction="redirect", acts_on="signal", expects={"lymphocytes": "down at 14 days"},
                     evidence="published", source="the top of a titration: 100 mg a day", label="ponesimod 100 mg"),
    ],
    variability=[
        Variability("CL_f", cv=0.22, source="spread of the exposure, published"),
        Variability("CL_p", 0.30, source="assumed"),
        Variability("IC50_f", 0.30, source="assumed"),
        Variability("IC50_p", 0.30, source="assumed"),
        Variability("base", 0.28, source="assumed"),
    ],
    thresholds=[
        Threshold("low", "lymphocytes < 1.0", "lymphocytes below normal", "usual rule"),
        Threshold("grade 3", "lymphocytes < 0.5", "grade 3 lymphopenia", "CTCAE"),
    ],
    story=Story(
        "Lymphocytes are not lost, they hide in nodes: back in a week after ponesimod, in weeks after fingolimod.",
        arms={"untreated": "", "ponesimod": "ponesimod_20", "fingolimod": "fingolimod_05"},
        panels=["lymphocytes", "tissue_change"],
        until=3360.0,
    ),
    trials=[
        Trial("Ponesimod in multiple sclerosis", "PMID 33914285, abstract", arms={"20 mg": "ponesimod_20"},
              note="the source of IC50 and Imax; normal within one week of the last dose, here 94 %",
              results=[TrialResult("20 mg", "at(L, 672)", 41.0, "median", used=True)]),
        Trial("Ponesimod, first in people", "abstract", arms={"75 mg once": "ponesimod_75_once"},
              note="every dose from 1 to 75 mg: normal within 96 h; number of people not recovered",
              results=[TrialResult("75 mg once", "at(lymphocytes, 96) >= 1.0", 1.0, "share",
                                   note="typically 1.18 here")]),
        Trial("Jurcevic, ponesimod", "abstract", patients={"10, 20, 40 mg": 12},
              arms={"10, 20, 40 mg": "ponesimod_step_10 + ponesimod_step_20 + ponesimod_step_40"},
              note="three days each, placebo +0.275; 0.340 is read as a standard deviation",
              results=[TrialResult("10, 20, 40 mg", "change(lymphocytes, 216)", -1.292, se=0.098)]),
        Trial("Ponesimod titrated to 100 mg", "abstract", arms={"100 mg": "ponesimod_100"}, patients={"100 mg": 12},
              note="the same plateau from 40 mg on, which the model misses",
              results=[TrialResult("100 mg", "percent_change(lymphocytes, 336)", -70.0)]),
        Trial("Label of fingolimod", "label", arms={"0.5 mg": "fingolimod_05"}, patients={"0.5 mg": 12},
              note="about 60 % after 4 to 6 h, about 30 % after two weeks",
              results=[
                  TrialResult("0.5 mg", "at(L, 5)", 60.0, note="71 with the fastest passage"),
                  TrialResult("0.5 mg", "at(L, 336)", 30.0),
              ]),
        Trial("FREEDOMS", "n = 425, abstract", arms={"0.5 mg": "fingolimod_05"}, patients={"0.5 mg": 425},
              note="24 to 30 % of baseline from week 2; below 0.2 at least once in two years, here in 12 weeks",
              results=[
                  TrialResult("0.5 mg", "at(L, 336)", 27.0, low=24.0, high=30.0),
                  TrialResult("0.5 mg", "trough(lymphocytes) < 0.2", 0.18, "share", note="the spread is too small"),
              ]),
        Trial("After fingolimod", "abstract", arms={"0.5 mg": "fingolimod_05"},
              note="normal at 6 to 8 weeks in most; number of people not recovered",
              results=[TrialResult("0.5 mg", "at(lymphocytes, 4176) >= 1.0", 0.80, "share", note="three months")]),
        Trial("Kovarik 2004", "doi:10.1177/0091270004264165",
              arms={"1.25 mg": "fingolimod_125_week", "5 mg": "fingolimod_5_week"},
              note="falls of 80 and 88 % made IC50 and Imax; day 35 is four weeks after the last dose",
              results=[
                  TrialResult("1.25 mg", "trough(L)", 20.0, used=True),
                  TrialResult("5 mg", "trough(L)", 12.0, used=True),
                  TrialResult("1.25 mg", "at(L, 816)", 75.0),
                  TrialResult("5 mg", "at(L, 816)", 50.0),
              ]),
        Trial("Fingolimod 1.25 mg once", "abstract", arms={"once": "fingolimod_once"}, patients={"once": 11},
              note="normal by day 15", results=[TrialResult("once", "trough(lymphocytes)", 0.74)]),
    ],
)
