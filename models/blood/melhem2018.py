"""Neutrophils under chemotherapy: ten injections of filgrastim, or one of pegfilgrastim, bring them back.

Both are G-CSF. Neutrophils carry its receptor and clear it: while they are few the drug stays, and as they return it
goes. So one dose of the slow form works until it is no longer needed. Cells are counted by their receptors.

    marrow: made -> dividing -> two steps of ripening -> blood -> lost    G-CSF: skin -> blood -> lost, also with cells
    bound receptors: more is made, all steps are faster    chemotherapy kills the dividing    a steroid acts as if bound

Values of Melhem et al. 2018 (Table 2; 110 healthy adults, 593 patients in their first cycle) as quoted by nlmixr2lib;
the paper itself was not open. The drug's parameters are those of filgrastim; after an injection of pegfilgrastim they
are multiplied, so patients differ alike; do not give both to one person. The molar mass of pegfilgrastim is that of the
label. Time 0 is the corticosteroid, chemotherapy comes at 24 h. Doses of both are proxies: the steroid's 1 mg saturates
at once and has no dose-response; the size of the dose of chemotherapy was NOT RECOVERED. It is 60 here, as in
nlmixr2lib, since with it the days of neutropenia are those of docetaxel and doxorubicin; with 1 there are none. So
those days test nothing.

Findings. Do not compare depths: without G-CSF the lowest count is higher here (0.41) than with it (0.18), because a
faster passage empties the marrow sooner; trials say the opposite. So the picture has no arm without G-CSF. The gain
that can be read is the recovery, on day 8.6 (ten injections) or 8.9 (one) for 13.7. It's then that they differ: ten
injections overshoot to 26 on day 12, when there are 5 after one. The steroid alone is far too strong (+12 to +18, where
prednisone gave +4.6), G-CSF beside it in healthy people too weak (5-fold, 13-fold in a trial), and the return after one
dose is slow.

Patients differ normally on the log scale; the paper drew from a t distribution with 5 degrees of freedom. Weight acts
on volume and clearance; its distribution is not published. Left out: children, later cycles, doses into a vein.

Numerics: killing can reach a million per hour in the population, so an implicit method is needed (the default chooses
one). The bound part of receptors is taken from free drug, which holds when hardly a cell is left.
"""

from immunode.intervention import Intervention, at_times, pulses, set_to, transfer
from immunode.model import (
    Correlation, Derived, Event, Model, Observed, Parameter, Process, State, Story, Threshold, Trial, TrialResult,
    Unit, Variability, Variant,
)

MODEL = Model(
    name="melhem2018",
    title="Neutrophils, chemotherapy and G-CSF",
    system="blood",
    status="published",
    species="human",
    reference="doi:10.1111/bcp.13504",
    time_unit="hour",
    horizon=672.0,
    readouts=["ANC", "gcsf", "x", "MT"],
    units=[Unit("injection", "one injection of the drug")],
    states=[
        State("A", 0.0, "nmol", "G-CSF at the place of injection, as injected", kind="drug", typical=1.0,
              source="no drug before the first dose", label="G-CSF under the skin"),
        State("D", 0.0, "nmol", "G-CSF in blood, free and bound", kind="drug", typical=0.1,
              source="no drug before the first dose"),
        State("SM", "KP/KTR", "nmol/L", "receptors of stem cells", kind="cell", source="made and lost in balance"),
        State("MT", "KP/KTR", "nmol/L", "receptors of dividing cells", kind="cell", source="made and lost in balance",
              label="dividing cells"),
        State("P1", "KP/KTR", "nmol/L", "receptors of ripening cells, first step", kind="cell",
              source="made and lost in balance", label="receptors, ripening cells 1"),
        State("P2", "KP/KTR", "nmol/L", "receptors of ripening cells, second step", kind="cell",
              source="made and lost in balance", label="receptors, ripening cells 2"),
        State("RB", "KP/KC", "nmol/L", "receptors of neutrophils in blood", kind="cell",
              source="made and lost in balance", label="receptors of neutrophils"),
        State("CRT", 0.0, "mg", "corticosteroid, a proxy", kind="drug", typical=0.01, source="none before"),
        State("CHM", 0.0, "mg", "chemotherapy, a proxy", kind="drug", typical=0.1, source="none before"),
        State("slow", 0.0, "injection", "injections of pegfilgrastim so far", typical=1.0, source="none before",
              label="pegfilgrastim injections"),
    ],
    parameters=[
        Parameter("FSC", 1.0, "", "part of a dose that reaches blood", "Table 2, via nlmixr2lib: fixed", "published"),
        Parameter("KSC", 0.123, "1/hour", "absorption", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("VD", 3.12, "L", "volume of blood", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("CLD", 0.833, "L/hour", "linear clearance of free drug", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("KD", 0.0237, "nmol/L", "dissociation constant of drug and receptor", "Table 2, via nlmixr2lib",
                  "fitted"),
        Parameter("slow_FSC", 0.646, "", "FSC of pegfilgrastim, over that of filgrastim", "Table 2, via nlmixr2lib",
                  "fitted"),
        Parameter("slow_KSC", 0.15284552845528454, "", "KSC of pegfilgrastim, over that of filgrastim",
                  "Table 2, via nlmixr2lib: 0.0188 over 0.123 per hour", "fitted"),
        Parameter("slow_VD", 1.8461538461538463, "", "VD of pegfilgrastim, over that of filgrastim",
                  "Table 2, via nlmixr2lib: 5.76 over 3.12 L", "fitted"),
        Parameter("slow_CLD", 0.4345738295318127, "", "CLD of pegfilgrastim, over that of filgrastim",
                  "Table 2, via nlmixr2lib: 0.362 over 0.833 L/hour", "fitted"),
        Parameter("slow_KD", 4.0464135021097047, "", "KD of pegfilgrastim, over that of filgrastim",
                  "Table 2, via nlmixr2lib: 0.0959 over 0.0237 nmol/L", "fitted"),
        Parameter("KINT", 0.113, "1/hour", "drug taken up by cells", "Table 2, via nlmixr2lib: patients", "fitted"),
        Parameter("KP", 0.0276, "nmol/L/hour", "cells made", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("KTR", 0.03333333333333333, "1/hour", "passage from step to step",
                  "Table 2, via nlmixr2lib: fixed, 4/120", "published"),
        Parameter("KC", 0.12, "1/hour", "loss of neutrophils from blood", "Table 2, via nlmixr2lib: fixed",
                  "published"),
        Parameter("SR", 0.059, "nmol*nL/L/cell", "receptors of a count of 1 cell/nL", "Table 2, via nlmixr2lib: fixed",
                  "published"),
        Parameter("STM1", 7.53, "", "rise of making, all receptors bound", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("STM2", 3.89, "", "rise of passage, all receptors bound", "Table 2, via nlmixr2lib: patients",
                  "fitted"),
        Parameter("BSLD", 0.003, "nmol/L", "own G-CSF, in the read-out only", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("KCRT", 0.2, "1/hour", "loss of the corticosteroid", "Table 2, via nlmixr2lib: fixed", "published"),
        Parameter("CRT50", 0.0015, "mg/hour", "its loss at half of its effect", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("LAG8", 16.3, "hour", "delay of the corticosteroid", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("KCHM", 0.0724, "1/hour", "loss of the chemotherapy", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("CHMSL", 668.0, "1/mg", "killing of dividing cells, per loss of chemotherapy",
                  "Table 2, via nlmixr2lib", "fitted"),
        Parameter("LAG9", 66.2, "hour", "delay of the chemotherapy", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("weight", 70.0, "kg", "body weight", "typical adult", "published", (45.0, 120.0)),
        Parameter("weight_ref", 70.0, "kg", "reference weight", "via nlmixr2lib", "published", (70.0, 70.0)),
        Parameter("steroid", 0.0, "mg", "dose of the corticosteroid at time 0", "assumed: none", bounds=(0.0, 1.0)),
        Parameter("chemo", 0.0, "mg", "dose of the chemotherapy", "assumed: none", bounds=(0.0, 60.0)),
        Parameter("chemo_time", 24.0, "hour", "time of the chemotherapy", "via nlmixr2lib", "published", (24.0, 24.0)),
    ],
    derived=[
        Derived("FSC_d", "FSC*piecewise(slow_FSC, slow > 0, 1)", "", "part of a dose of the drug that reaches blood"),
        Derived("KSC_d", "KSC*piecewise(slow_KSC, slow > 0, 1)", "1/hour", "absorption of the drug"),
        Derived("VD_w", "VD*piecewise(slow_VD, slow > 0, 1)*(weight/weight_ref)**0.943", "L",
                "volume of blood of drug and patient"),
        Derived("CLD_w", "CLD*piecewise(slow_CLD, slow > 0, 1)*(weight/weight_ref)**0.641", "L/hour",
                "clearance of drug and patient"),
        Derived("KD_d", "KD*piecewise(slow_KD, slow > 0, 1)", "nmol/L", "dissociation constant of the drug"),
        Derived("td", "D/VD_w", "nmol/L", "drug in blood, free and bound"),
        Derived("excess", "td - RB - KD_d", "nmol/L", "term of the binding equation"),
        Derived("fd", "max(excess, 0*KD_d) + 2*KD_d*td/(sqrt(excess**2 + 4*KD_d*td) + abs(excess))", "nmol/L",
                "free drug in blood"),
        Derived("rd", "td - fd", "nmol/L", "receptors of blood with drug"),
        Derived("c", "michaelis(KCRT*CRT, CRT50)", "", "effect of the corticosteroid"),
        Derived("x", "(1 - c)*michaelis(fd, KD_d) + c", "", "part of the receptors that count as bound",
                label="receptors bound"),
        Derived("k", "KTR*(1 + STM2*x)", "1/hour", "passage from step to step"),
        Derived("ANC", "RB/SR", "cell/nL", "absolute neutrophil count (cell/nL = 1e9/L)", label="neutrophils"),
        Derived("gcsf", "fd + BSLD", "nmol/L", "G-CSF in serum", label="G-CSF"),
    ],
    processes=[
        Process("absorption", "A ->", "KSC_d*A", "leaves the skin"),
        Process("uptake", "-> D", "FSC_d*KSC_d*A", "what reaches blood of it"),
        Process("clearance", "D ->", "CLD_w*fd", "linear clearance"),
        Process("internalization", "D ->", "KINT*rd*VD_w", "drug taken up by neutrophils"),
        Process("production", "-> SM", "KP*(1 + STM1*x)", "cells made"),
        Process("to_dividing", "SM -> MT", "k*SM", "passage"),
        Process("to_ripening", "MT -> P1", "k*MT", "passage"),
        Process("ripening", "P1 -> P2", "k*P1", "passage"),
        Process("release", "P2 -> RB", "k*P2", "into blood"),
        Process("killing", "MT ->", "CHMSL*KCHM*CHM*MT", "by chemotherapy"),
        Process("neutrophil_loss", "RB ->", "KC*RB", "loss from blood"),
        Process("steroid_loss", "CRT ->", "KCRT*CRT", "loss"),
        Process("chemo_loss", "CHM ->", "KCHM*CHM", "loss"),
    ],
    events=[
        Event("steroid_acts", {"CRT": "CRT + steroid"}, at="LAG8", meaning="the corticosteroid begins to act"),
        Event("chemo_acts", {"CHM": "CHM + chemo"}, at="chemo_time + LAG9", meaning="chemotherapy begins to act"),
    ],
    variants=[
        Variant("healthy", {"STM2": 5.21, "KINT": 0.197}, note="healthy adult", source="Table 2, via nlmixr2lib"),
    ],
    interventions=[
        Intervention("steroid_1", [set_to("steroid", 1.0)], kind="drug", direction="enhance", acts_on="production",
                     expects={"ANC": "up at its peak"}, evidence="published", label="corticosteroid",
                     source="via nlmixr2lib: a proxy of premedication, 24 h before chemotherapy"),
        Intervention("chemotherapy", [set_to("chemo", 60.0)], kind="drug", direction="suppress", acts_on="growth",
                     expects={"ANC": "down at its lowest"}, label="chemotherapy",
                     source="assumed: the dose was not recovered; 60 as in nlmixr2lib"),
        Intervention("filgrastim", [transfer("A", 18.617021276595743)], pulses(every=24, width=0, n=10, start=48),
                     kind="drug", direction="enhance", acts_on="production", expects={"ANC": "up at its peak"},
                     evidence="published", source="5 ug/kg (350 ug) sc a day from the day after chemotherapy",
                     label="filgrastim 5 ug/kg x 10"),
        Intervention("pegfilgrastim", [transfer("A", 153.84615384615384), transfer("slow", 1.0)], at_times(48),
                     kind="drug", direction="enhance", acts_on="production",
                     expects={"ANC": "up at its peak"}, evidence="published",
                     source="6 mg sc on the day after chemotherapy",
                     label="pegfilgrastim 6 mg, day after"),
        Intervention("pegfilgrastim_same_day", [transfer("A", 153.84615384615384), transfer("slow", 1.0)],
                     at_times(24), kind="drug", direction="enhance", acts_on="production",
                     expects={"ANC": "up at its peak"}, evidence="published", source="6 mg sc with chemotherapy",
                     label="pegfilgrastim 6 mg, same day"),
        Intervention("pegfilgrastim_at_start", [transfer("A", 153.84615384615384), transfer("slow", 1.0)],
                     kind="drug", direction="enhance", acts_on="production", expects={"ANC": "up at its peak"},
                     evidence="published", source="6 mg sc, of healthy adults", label="pegfilgrastim 6 mg"),
        Intervention("filgrastim_75_daily", [transfer("A", 3.9893617021276597)], pulses(every=24, width=0, n=10),
                     kind="drug", direction="enhance", acts_on="production", expects={"ANC": "up at its peak"},
                     evidence="published", source="75 ug sc a day, of healthy adults", label="filgrastim 75 ug x 10"),
        Intervention("filgrastim_300_daily", [transfer("A", 15.957446808510639)], pulses(every=24, width=0, n=10),
                     kind="drug", direction="enhance", acts_on="production", expects={"ANC": "up at its peak"},
                     evidence="published", source="300 ug sc a day, of healthy adults", label="filgrastim 300 ug x 10"),
        Intervention("filgrastim_300", [transfer("A", 15.957446808510639)], kind="drug", direction="enhance",
                     acts_on="production", expects={"ANC": "up at its peak"}, evidence="published",
                     source="300 ug sc once, of healthy adults", label="filgrastim 300 ug"),
        Intervention("filgrastim_450", [transfer("A", 23.93617021276596)], kind="drug", direction="enhance",
                     acts_on="production", expects={"ANC": "up at its peak"}, evidence="published",
                     source="450 ug sc once, of healthy adults", label="filgrastim 450 ug"),
    ],
    variability=[
        Variability("FSC", 0.440, source="Table 2, via nlmixr2lib"),
        Variability("KSC", 0.225, source="Table 2, via nlmixr2lib"),
        Variability("VD", 0.282, source="Table 2, via nlmixr2lib"),
        Variability("CLD", 0.370, source="Table 2, via nlmixr2lib"),
        Variability("KP", 0.265, source="Table 2, via nlmixr2lib"),
        Variability("KD", 0.726, source="Table 2, via nlmixr2lib"),
        Variability("STM1", 0.315, source="Table 2, via nlmixr2lib"),
        Variability("STM2", 0.273, source="Table 2, via nlmixr2lib"),
        Variability("KINT", 0.570, source="Table 2, via nlmixr2lib"),
        Variability("BSLD", 0.260, source="Table 2, via nlmixr2lib"),
        Variability("LAG8", 0.698, source="Table 2, via nlmixr2lib"),
        Variability("LAG9", 0.110, source="Table 2, via nlmixr2lib"),
        Variability("CRT50", 1.180, source="Table 2, via nlmixr2lib"),
        Variability("KCHM", 0.259, source="Table 2, via nlmixr2lib"),
        Variability("CHMSL", 2.28, source="Table 2, via nlmixr2lib"),
    ],
    correlations=[Correlation("KCHM", "CHMSL", 0.731, "Table 2, via nlmixr2lib")],
    observed=[
        Observed("gcsf", lognormal=0.537, source="Table 2, via nlmixr2lib"),
        Observed("ANC", lognormal=0.298, source="Table 2, via nlmixr2lib"),
    ],
    thresholds=[
        Threshold("grade 4", "ANC < 0.5", "grade 4 neutropenia", "CTCAE"),
        Threshold("recovered", "ANC >= 2", "recovery of neutrophils", "usual rule of trials"),
    ],
    story=Story(
        "One injection of pegfilgrastim brings neutrophils back almost as soon as ten of filgrastim; these overshoot.",
        arms={"filgrastim x 10": "steroid_1 + chemotherapy + filgrastim",
              "pegfilgrastim once": "steroid_1 + chemotherapy + pegfilgrastim"},
        panels=["gcsf", "ANC"],
        until=504.0,
        logarithmic=["gcsf", "ANC"],
    ),
    trials=[
        Trial("Green 2003", "PMC8776647, table",
              arms={"filgrastim x 10": "steroid_1 + chemotherapy + filgrastim",
                    "pegfilgrastim once": "steroid_1 + chemotherapy + pegfilgrastim"},
              patients={"filgrastim x 10": 75, "pegfilgrastim once": 77},
              note="days below 0.5 in cycle 1 of doxorubicin and docetaxel, 1.6 and 1.8, as parts of 28 days; the dose "
                   "of chemotherapy was chosen by them; sizes of arms from memory",
              results=[
                  TrialResult("filgrastim x 10", "fraction_of_time(ANC < 0.5)", 0.0571, used=True, measured=False),
                  TrialResult("pegfilgrastim once", "fraction_of_time(ANC < 0.5)", 0.0643, used=True, measured=False),
              ]),
        Trial("Holmes 2002", "PMC8776647, table",
              arms={"filgrastim x 10": "steroid_1 + chemotherapy + filgrastim",
                    "pegfilgrastim once": "steroid_1 + chemotherapy + pegfilgrastim"},
              patients={"filgrastim x 10": 147, "pegfilgrastim once": 149},
              note="as Green 2003, 1.8 and 1.7 days; sizes of arms from memory",
              results=[
                  TrialResult("filgrastim x 10", "fraction_of_time(ANC < 0.5)", 0.0643, used=True, measured=False),
                  TrialResult("pegfilgrastim once", "fraction_of_time(ANC < 0.5)", 0.0607, used=True, measured=False),
              ]),
        Trial("Lenograstim once", "mdl 22072548", variant="healthy", arms={"6 ug/kg": "filgrastim_450"},
              patients={"6 ug/kg": 13}, note="another G-CSF; filgrastim 450 ug here; patients from 16.6 to 32.8",
              results=[TrialResult("6 ug/kg", "at(ANC, 12)", 22.7)]),
        Trial("G-CSF and dexamethasone", "PMID 10864982", variant="healthy",
              arms={"450 ug + 8 mg": "filgrastim_450 + steroid_1"}, patients={"450 ug + 8 mg": 5},
              note="from 2.8 to 37.9; every arm with G-CSF rose more than tenfold",
              results=[TrialResult("450 ug + 8 mg", "percent_change(ANC, 12)", 1254.0, note="5-fold here")]),
        Trial("Prednisone 40 mg", "JCI108159", variant="healthy", arms={"prednisone": "steroid_1"},
              patients={"prednisone": 14}, note="rise of 4.61; its time was not recovered, here 24 h",
              results=[TrialResult("prednisone", "change(ANC, 24)", 4.61, se=0.36, note="a saturated proxy here")]),
        Trial("Aarts 2013", "47 patients, docetaxel",
              note="lowest count 7.1 with G-CSF, 0.1 without: not run, the model does not tell depths"),
    ],
)
