"""Chronic stress: why hormones of the stress axis stay wrong for weeks after the stress is over.

    stress u -> CRH -> ACTH -> cortisol (CORT)      minutes to hours
                 |       |
                 v       v
                 P       A                          masses of the glands: weeks
    CORT restrains CRH (receptors MR and GR) and ACTH (receptor GR)

CRH lets the pituitary's corticotrophs (P) grow, ACTH the adrenal cortex (A). Glands grow under stress until CRH and
ACTH are back at their baseline (exact adaptation), so a long stress ends with large glands. When it stops they
shrink over weeks: cortisol returns first, while ACTH stays low and answers a new stressor weakly for months. The same
slow glands undo most drugs: only those that act on CRH lower the cortisol of a lasting stress for good. Prednisolone
does the opposite of stress: glands shrink under it, and after two months of it cortisol stays low for two months more.

Published (Karin 2020; equations and values of the notebook of Milo 2025, doi:10.1038/s44320-024-00083-0): all but the
following. Assumed, ours: exogenous glucocorticoid `c_ex` in units of cortisol at rest, which binds GR and, times
`m_ex` (1: prednisolone, hydrocortisone; 0: dexamethasone), MR; 20 mg a day of prednisolone as a constant c_ex of 4, and
its link to serum prednisolone in the Drug, whose pulses are for days, not months; `c_least`: lack of cortisol raises
the drive of CRH threefold at most; the circadian form of the drive; sizes of treatments. The variant `karin_set` has
the faster glands of a comment in the notebook; then cortisol is back in 23 days and ACTH in 65 after 60 days of stress,
with the slower glands of the default in 68 and 142. Exact adaptation holds up to 1e-6 (the limits KP and KA).

After the drug the order is that of Graber 1965 (abstract): ACTH and cortisol low, then ACTH high while cortisol is
still low, then cortisol normal, then ACTH. It is too fast: of patients diagnosed with insufficiency 41 to 61 % need
more than one or two years (Baek 2016, Leong 2018), and they are not in this model. ACTH of nine times rest after 180
days on the drug is not to be believed. Below c_ex = c0 cortisol and drug add up to c0 again (the total effect does not
change); above it there is no steady state, and glands shrink for ever. KGR does not vary between patients: the start
is the rest of KGR = 4.

Levels are relative: 1 would be the baseline without GR, so cortisol rests at c0 = 0.985. A start other than the resting
state drifts for months. Left out: pulses within the hour, immune signals (see `stress_cytokine_minimal`).
"""

from immunode.intervention import Drug, DrugEffect, Intervention, add, drug, during, scale, set_to
from immunode.model import Derived, Model, Parameter, Process, State, Story, Variability, Variant

MODEL = Model(
    name="karin2020",
    title="Chronic stress: the HPA axis with glands that grow",
    system="chronic stress",
    status="published",
    species="human",
    aliases={"stress": ""},
    reference="doi:10.15252/msb.20209510",
    time_unit="day",
    horizon=260.0,
    readouts=["cortisol", "ACTH", "A", "P"],
    states=[
        State("CRH", 1.0, "1", "corticotropin-releasing hormone", "signal", source="computed: steady state of u = 1",
              label="CRH"),
        State("ACTH", 1.0, "1", "corticotropin", "signal", source="computed: steady state of u = 1",
              label="ACTH"),
        State("CORT", 0.9852751735364761, "1", "cortisol", "signal", source="computed: steady state of u = 1",
              label="cortisol"),
        State("P", 1.0149448873360645, "1", "mass of pituitary corticotrophs", "cell",
              source="computed: steady state of u = 1", label="pituitary (mass)"),
        State("A", 0.9852751735364761, "1", "mass of the adrenal cortex", "cell",
              source="computed: steady state of u = 1", label="adrenal cortex (mass)"),
    ],
    parameters=[
        Parameter("g1", 249.5329850015803, "1/day", "removal of CRH (half-life 4 min)", "Milo 2025", "published"),
        Parameter("g2", 49.90659700031606, "1/day", "removal of ACTH (20 min)", "Milo 2025", "published"),
        Parameter("g3", 12.476649250079015, "1/day", "removal of cortisol (80 min)", "Milo 2025", "published"),
        Parameter("gP", 0.03465735902799726, "1/day", "turnover of the pituitary (20 d)", "Milo 2025", "published"),
        Parameter("gA", 0.023104906018664842, "1/day", "turnover of the adrenal (30 d)", "Milo 2025", "published"),
        Parameter("KGR", 4.0, "1", "cortisol that halves a signal through GR", "Milo 2025", "published"),
        Parameter("nGR", 3.0, "1", "exponent of GR", "Milo 2025", "published"),
        Parameter("KP", 1e6, "1", "largest pituitary (no limit)", "Milo 2025", "published"),
        Parameter("KA", 1e6, "1", "largest adrenal (no limit)", "Milo 2025", "published"),
        Parameter("I1", 1.0, "1", "synthesis of CRH", "Milo 2025: handle", "published"),
        Parameter("I2", 1.0, "1", "synthesis of ACTH", "Milo 2025: handle", "published"),
        Parameter("I3", 1.0, "1", "synthesis of cortisol", "Milo 2025: handle", "published"),
        Parameter("C1", 1.0, "1", "receptor of CRH", "Milo 2025: handle", "published"),
        Parameter("C2", 1.0, "1", "receptor of ACTH", "Milo 2025: handle", "published"),
        Parameter("C3", 1.0, "1", "receptors of cortisol (GR and MR)", "Milo 2025: handle", "published"),
        Parameter("A1", 1.0, "1", "removal of CRH by an antibody", "Milo 2025: handle", "published"),
        Parameter("A2", 1.0, "1", "removal of ACTH by an antibody", "Milo 2025: handle", "published"),
        Parameter("A3", 1.0, "1", "removal of cortisol by an antibody", "Milo 2025: handle", "published"),
        Parameter("u", 1.0, "1", "stress: drive of the hypothalamus", "Milo 2025", "published"),
        Parameter("u_day", 0.0, "1", "amplitude of the drive over the day", "assumed: none", "assumed", (0.0, 1.0)),
        Parameter("u_top", 0.2916666666666667, "day", "time of day of its top (07:00)", "assumed: morning", "assumed"),
        Parameter("u_period", 1.0, "day", "its period", "definition of a day", "derived", (1.0, 1.0)),
        Parameter("c_ex", 0.0, "1", "glucocorticoid given", "assumed: none", "assumed", (0.0, 5.0)),
        Parameter("f_ex", 1.0, "1", "exposure to a dose, typical: 1", "definition", "derived", (0.3, 3.0)),
        Parameter("m_ex", 1.0, "1", "binding of it to MR, relative to cortisol",
                  "prednisolone and cortisol about equally, dexamethasone hardly (memory)", "memory", (0.0, 1.0)),
        Parameter("c_least", 0.32842505784549204, "1", "least cortisol that MR sees",
                  "assumed: a third of rest; CRH can't be driven more than threefold by lack of cortisol", "assumed"),
        Parameter("c0", 0.9852751735364761, "1", "cortisol at rest", "steady state of u = 1", "derived"),
    ],
    derived=[
        Derived("drive", "u*(1 + u_day*cos(6.283185307179586*(t - u_top)/u_period))", "1", "stress at this hour"),
        Derived("GR", "1/(1 + (C3*(CORT + f_ex*c_ex)/KGR)**nGR)", "1", "what GR lets through"),
        Derived("MR", "1/max(C3*(CORT + m_ex*f_ex*c_ex), c_least)", "1", "what MR lets through (at most 1/c_least)"),
        Derived("cortisol", "CORT/c0", "1", "cortisol relative to rest", label="cortisol"),
        Derived("total", "CORT + f_ex*c_ex", "1", "cortisol and the drug together", label="cortisol + drug"),
    ],
    processes=[
        Process("crh_secretion", "-> CRH", "g1*I1*drive*MR*GR", "hypothalamus"),
        Process("crh_removal", "CRH ->", "g1*A1*CRH", "loss of CRH"),
        Process("acth_secretion", "-> ACTH", "g2*I2*C1*CRH*P*GR", "pituitary"),
        Process("acth_removal", "ACTH ->", "g2*A2*ACTH", "loss of ACTH"),
        Process("cort_secretion", "-> CORT", "g3*I3*C2*ACTH*A", "adrenal cortex"),
        Process("cort_removal", "CORT ->", "g3*A3*CORT", "loss of cortisol"),
        Process("pituitary_growth", "-> P", "gP*P*C1*CRH*(1 - P/KP)", "CRH lets corticotrophs divide"),
        Process("pituitary_turnover", "P ->", "gP*P", "loss of corticotrophs"),
        Process("adrenal_growth", "-> A", "gA*A*C2*ACTH*(1 - A/KA)", "ACTH lets the cortex grow"),
        Process("adrenal_turnover", "A ->", "gA*A", "loss of cortex"),
    ],
    variants=[
        Variant("karin_set", {"gP": 0.09902102579427789, "gA": 0.049510512897138946},
                note="glands that turn over in 7 and 14 days", source="Karin 2020, by a comment in Milo 2025"),
        Variant("small_adrenal", {"KA": 4.0}, note="adrenal that can't grow beyond 4", source="Milo 2025: alternative"),
        Variant("weak_feedback", {"KGR": 8.0, "c0": 0.9980619718864042},
                {"CORT": 0.9980619718864042, "P": 1.0019417913598418, "A": 0.9980619718864042},
                note="GR half as sensitive, at its own rest", source="computed: steady state of KGR = 8"),
        Variant("stressed", {"u": 2.15}, {"CORT": 1.932210209854458, "P": 1.11271537073699, "A": 1.932210209854458},
                note="adapted to a lasting stress; try drugs for 1500 days",
                source="Milo 2025; computed: its steady state"),
    ],
    interventions=[
        Intervention("acute_stressor", [set_to("u", 3)], during(0, "1 h"), kind="lifestyle", direction="enhance",
                     acts_on="signal", expects={"A": "unchanged", "P": "unchanged"}, evidence="assumed",
                     source="assumed size; an hour leaves no trace in the glands", label="stressor, 1 hour"),
        Intervention("chronic_stress", [set_to("u", 3)], during(0, 60), kind="lifestyle", direction="enhance",
                     acts_on="signal",
                     expects={"A": "up on average", "P": "up on average", "CORT": "up on average"},
                     evidence="published",
                     source="Karin 2020; size and length (2 to 3, 30 to 120 d) assumed; its end is the withdrawal",
                     label="stress, 60 days"),
        Intervention("circadian", [set_to("u_day", 0.5)], kind="lifestyle", acts_on="signal",
                     expects={"A": "down"}, evidence="assumed", source="assumed: 1 + 0.5 cos, top at 07:00",
                     label="daily rhythm"),
        Intervention("gr_resistance", [scale("KGR", 2)], acts_on="signal", expects={"CORT": "up", "P": "down"},
                     evidence="published", source="Karin 2020; variant weak_feedback is adapted to it",
                     label="receptor resistance"),
        Intervention("metyrapone", [scale("I3", 0.5)], kind="drug", direction="suppress", acts_on="production",
                     expects={"ACTH": "up on average", "A": "up"}, evidence="assumed",
                     source="assumed size; Milo 2025: fails, cortisol is back in weeks", label="metyrapone"),
        Intervention("crh_antagonist", [scale("C1", 0.5)], kind="drug", direction="suppress", acts_on="signal",
                     expects={"CORT": "down", "A": "down"}, evidence="assumed", source="assumed; Milo 2025: works",
                     label="CRH antagonist"),
        Intervention("crh_antibody", [scale("A1", 2)], kind="drug", direction="suppress", acts_on="clearance",
                     expects={"CORT": "down", "A": "down"}, evidence="assumed", source="assumed; Milo 2025: works",
                     label="CRH antibody"),
        Intervention("mifepristone", [scale("C3", 0.5)], kind="drug", direction="enhance", acts_on="signal",
                     expects={"CORT": "up", "A": "up"}, evidence="assumed", source="assumed size; Milo 2025",
                     label="mifepristone"),
        Intervention("glucocorticoid", [add("c_ex", 2)], during(0, 60), kind="drug", direction="suppress",
                     acts_on="signal", expects={"CORT": "down on average", "A": "down on average"}, evidence="assumed",
                     source="assumed: twice the body's own, for 60 d", label="glucocorticoid, 60 days"),
        Intervention("prednisolone_20mg", [add("c_ex", 4)], during(0, 60), kind="drug", direction="suppress",
                     acts_on="signal",
                     expects={"CORT": "down on average", "ACTH": "down at 60 days", "A": "down on average",
                              "P": "down at 60 days"},
                     evidence="assumed", source="assumed: 20 mg a day = 80 mg of hydrocortisone, four times the body's "
                     "own, as a constant for 60 d", label="prednisolone 20 mg, 60 d"),
        Intervention("prednisolone_5mg", [add("c_ex", 1)], during(0, 60), kind="drug", direction="suppress",
                     acts_on="signal",
                     expects={"CORT": "down on average", "ACTH": "down at 60 days", "A": "down on average"},
                     evidence="assumed", source="assumed: as much as the body's own, 60 d",
                     label="prednisolone 5 mg, 60 d"),
        Intervention("prednisolone_5_days", [add("c_ex", 4)], during(0, 5), kind="drug", direction="suppress",
                     acts_on="signal", expects={"CORT": "down on average", "A": "down on average"}, evidence="assumed",
                     source="assumed: 20 mg a day for 5 d; little is left of it in ten days",
                     label="prednisolone 20 mg, 5 d"),
        Intervention("dexamethasone", [add("c_ex", 4), set_to("m_ex", 0)], during(0, 60), kind="drug",
                     direction="suppress", acts_on="signal",
                     expects={"CORT": "down on average", "A": "down on average"}, evidence="assumed",
                     source="assumed: as prednisolone 20 mg, without MR", label="dexamethasone-like, 60 d"),
        Drug("prednisolone", drug("prednisolone").pk, "20 mg po qd x 60", [
            DrugEffect("add", "c_ex", size=8, half="200 nmol/L", evidence="assumed",
                       source="assumed: link of unbound prednisolone to cortisol equivalents")],
             direction="suppress", acts_on="signal",
             expects={"CORT": "down on average", "A": "down on average"}, evidence="assumed",
             source="kinetics: library; the link to c_ex is assumed", label="prednisolone, daily doses"),
    ],
    variability=[
        Variability("gP", 0.3, source="assumed"),
        Variability("gA", 0.3, source="assumed"),
        Variability("c_least", 0.3, source="assumed"),
        Variability("f_ex", 0.4, source="assumed"),
    ],
    story=Story(
        "After two months on prednisolone: low together, then ACTH high and cortisol low, then both normal.",
        arms={"no drug": "", "20 mg, 60 days": "prednisolone_20mg",
              "dexamethasone-like": "dexamethasone"},
        panels=["cortisol", "ACTH"], until=460.0,
    ),
)
