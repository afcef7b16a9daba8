"""Cytokine release after CAR-T cells in leukemia: it follows the burden of disease, not the dose of cells.

Two patients with chronic lymphocytic leukemia (CLL). CAR-T cells divide where they meet leukemic B cells, and each
encounter releases IL-6, IL-10 and interferon gamma. The leukemia is the fuel: twice the dose of cells raises the peak
of IL-6 by 1.5 %, twice the leukemia elevenfold.

    B + E --> more E, less B, IL-6, IL-10, IFN-g        E <-> tissue, E -> M (memory) <-> tissue

Default: UPN1 (4.1e9 leukemic cells; IL-6 2,750 pg/mL on day 3). Variant `UPN3` (0.9e9 cells; 49 pg/mL on day 19).
Equations 1 to 9 and Tables S1 and S2 of Hardiansyah and Ng 2019 as quoted by nlmixr2lib, with its readings of three
defects of the supplement (the gain of equation 7; h in the units of B; bG in pg). Baselines of cytokines are digitized,
+-30 %. With h as printed the recall of memory cells is nearly switched off.

Ours: the treatments of cytokine release. Tocilizumab occupies 95 % of the receptors of IL-6 for 14 days; since IL-6 is
cleared through its receptor (three quarters assumed), IL-6 in blood RISES while its signal falls, as is seen in
patients. It leaves the cells alone (as in stein2019). Steroids halve the release. All of these numbers are assumed, as
are the differences between patients: none were estimated from two of them. When the occupancy ends all at once, what is
left of the accumulated IL-6 signals again: in UPN3, treated on day 15, on day 29. That is an artifact.

Findings: peaks of IL-6, memory and B cells are within 10 % of the published curves, those of all CAR-T cells within
20 %, but IL-10 of UPN1 is 66 % too high. The paper speaks of peaks on days 15 to 23: true of UPN3 (19), not of UPN1
(3.3). UPN1 went into complete remission; here B cells fall to 0.28e9 and return. A steroid or tocilizumab given at the
peak does not lower it. Cytokines do nothing in the model: no fever, no grade of toxicity. Not a model of acute leukemia
or lymphoma, and the fold of expansion must not be compared with that of stein2019.
"""

from immunode.intervention import Intervention, during, inhibit, scale, set_to
from immunode.model import (
    Derived, Event, Model, Parameter, Process, State, Story, Trial, TrialResult, Variability, Variant,
)

MODEL = Model(
    name="hardiansyah2019",
    title="CAR-T cells, leukemia and cytokine release in two patients",
    system="cancer",
    status="published",
    species="human",
    reference="doi:10.1111/cts.12636",
    time_unit="day",
    horizon=60.0,
    aliases={"cytokine_release": ""},
    readouts=["cart_blood", "B", "il6", "crs_signal"],
    states=[
        State("B", "B0", "Gcell", "leukemic B cells in blood", kind="cell", typical=0.1,
              source="Hardiansyah 2019: first count of the patient", label="leukemic B cells"),
        State("E", 0.0, "Gcell", "effector CAR-T cells in blood", kind="cell", typical=0.01, source="none before",
              label="effectors in blood"),
        State("Et", 0.0, "Gcell", "effector CAR-T cells in tissue", kind="cell", typical=0.01, source="none before",
              label="effectors in tissue"),
        State("M", 0.0, "Gcell", "memory CAR-T cells in blood", kind="cell", typical=1e-4, source="none before",
              label="memory cells in blood"),
        State("Mt", 0.0, "Gcell", "memory CAR-T cells in tissue", kind="cell", typical=1e-3, source="none before",
              label="memory cells in tissue"),
        State("il6", "b6", "pg/mL", "IL-6 in serum", kind="signal", typical=1.0, source="baseline", label="IL-6"),
        State("il10", "b10", "pg/mL", "IL-10 in serum", kind="signal", typical=1.0, source="baseline", label="IL-10"),
        State("ifng", "bg", "pg/mL", "interferon gamma in serum", kind="signal", typical=1.0, source="baseline",
              label="IFN-gamma"),
    ],
    parameters=[
        Parameter("d6", 3.96, "1/day", "loss of IL-6", "Table S1, via nlmixr2lib", "published"),
        Parameter("d10", 4.68, "1/day", "loss of IL-10", "Table S1, via nlmixr2lib", "published"),
        Parameter("dg", 1.51, "1/day", "loss of IFN-gamma", "Table S1, via nlmixr2lib", "published"),
        Parameter("aG", 0.59, "", "release of IFN-gamma left under much IL-10", "Table S1", "published"),
        Parameter("bG", 650.0, "pg/mL", "IL-10 that inhibits half of the rest", "Table S1: printed in ng", "published"),
        Parameter("rM", 0.0509, "1/day", "division of memory cells", "Table S1, via nlmixr2lib", "published"),
        Parameter("dM", 0.408, "1/day", "death of memory cells", "Table S1, via nlmixr2lib", "published"),
        Parameter("aM", 1.0, "1/day", "recall of memory cells", "Table S1, via nlmixr2lib", "published"),
        Parameter("kin", 76.78, "1/day", "from blood into tissue", "Table S1, via nlmixr2lib", "published"),
        Parameter("kout", 1.84, "1/day", "from tissue into blood", "Table S1, via nlmixr2lib", "published"),
        Parameter("h", 1e5, "Gcell", "B cells of half the recall", "Table S1: printed in cells/mL", "published"),
        Parameter("rB", 0.0093, "1/day", "division of leukemic cells", "Table S1, via nlmixr2lib", "published"),
        Parameter("dB", 0.0076, "1/day", "death of leukemic cells", "Table S1, via nlmixr2lib", "published"),
        Parameter("p6", 1800.0, "pg/(mL*Gcell**2*day)", "release of IL-6 an encounter",
                  "Table S2: 1.8e-3 pg/uL per 1e15 cells**2", "fitted"),
        Parameter("p10", 700.0, "pg/(mL*Gcell**2*day)", "release of IL-10 an encounter",
                  "Table S2: 0.7e-3 pg/uL per 1e15 cells**2", "fitted"),
        Parameter("pg", 300.0, "pg/(mL*Gcell**2*day)", "release of IFN-gamma an encounter",
                  "Table S2: 0.3e-3 pg/uL per 1e15 cells**2", "fitted"),
        Parameter("rE", 16.16, "1/(Gcell*day)", "division of effectors an encounter", "Table S2", "fitted"),
        Parameter("dE", 23.04, "1/day", "death of effectors", "Table S2, via nlmixr2lib", "fitted"),
        Parameter("aE", 0.024, "1/day", "effectors that become memory cells", "Table S2, via nlmixr2lib", "fitted"),
        Parameter("kBC", 0.19, "1/(Gcell*day)", "killing of leukemic cells", "Table S2, via nlmixr2lib", "fitted"),
        Parameter("b6", 1.7, "pg/mL", "IL-6 before", "digitized, +-30 %", "measured"),
        Parameter("b10", 4.5, "pg/mL", "IL-10 before", "digitized, +-30 %", "measured"),
        Parameter("bg", 2.3, "pg/mL", "IFN-gamma before", "digitized, +-30 %", "measured"),
        # the patient and what is given
        Parameter("B0", 4.14, "Gcell", "leukemic cells before", "Hardiansyah 2019, via nlmixr2lib", "measured"),
        Parameter("burden", 1.0, "", "leukemia, times that of the patient", "the patient's own", "published",
                  (1.0, 1.0)),
        Parameter("dose", 1.1, "Gcell", "CAR-T cells in three days", "Kalos 2011: UPN1", "measured"),
        Parameter("first", 0.1, "", "part of it on day 0", "Kalos 2011", "published", (0.1, 0.1)),
        Parameter("second", 0.3, "", "part of it on day 1", "Kalos 2011", "published", (0.3, 0.3)),
        Parameter("third", 0.6, "", "part of it on day 2", "Kalos 2011", "published", (0.6, 0.6)),
        Parameter("ro", 0.0, "", "occupied receptors of IL-6", "none without tocilizumab", "published", (0.0, 0.0)),
        Parameter("via_receptor", 0.75, "", "part of the loss of IL-6 through its receptor", "assumed: most of it",
                  "assumed", (0.5, 0.9)),
        Parameter("release", 1.0, "", "release of cytokines under a steroid, times", "none given", "published",
                  (1.0, 1.0)),
    ],
    events=[
        Event("burden_set", {"B": "B*burden"}, at=0, meaning="the burden stands at its changed size"),
        Event("dose_day_0", {"E": "E + first*dose"}, at=0, meaning="first cells"),
        Event("dose_day_1", {"E": "E + second*dose"}, at=1, meaning="second cells"),
        Event("dose_day_2", {"E": "E + third*dose"}, at=2, meaning="third cells"),
    ],
    derived=[
        Derived("f", "B/(B + h)", "", "leukemia that memory cells notice"),
        Derived("damp", "aG + (1 - aG)*bG/(il10 + bG)", "", "release of IFN-gamma left by IL-10"),
        Derived("cart_blood", "E + M", "Gcell", "CAR-T cells in blood", label="CAR-T cells in blood"),
        Derived("crs_signal", "il6*(1 - ro)", "pg/mL", "IL-6 that finds a free receptor", label="IL-6 signal"),
    ],
    processes=[
        Process("leukemia_growth", "-> B", "rB*B", "division of leukemic cells"),
        Process("leukemia_death", "B ->", "dB*B", "death of leukemic cells"),
        Process("leukemia_kill", "B ->", "kBC*E*B", "killing by effectors"),
        Process("expansion", "-> E", "rE*E*B", "division of effectors that meet leukemia"),
        Process("effector_death", "E ->", "dE*E", "death of effectors"),
        Process("effector_in", "E -> Et", "kin*E", "into tissue"),
        Process("effector_out", "Et -> E", "kout*Et", "back into blood"),
        Process("to_memory", "E -> M", "aE*E*(1 - f)", "effectors that become memory cells"),
        Process("recall", "M -> E", "aM*M*f", "memory cells that become effectors"),
        Process("memory_growth", "-> M", "rM*M", "division of memory cells"),
        Process("memory_death", "M ->", "dM*M", "death of memory cells"),
        Process("memory_in", "M -> Mt", "kin*M", "into tissue"),
        Process("memory_out", "Mt -> M", "kout*Mt", "back into blood"),
        Process("il6_made", "-> il6", "d6*b6 + release*p6*B*E", "IL-6 made, at rest and by encounters"),
        Process("il6_lost", "il6 ->", "d6*(1 - via_receptor*ro)*il6", "IL-6 lost, mostly through its receptor"),
        Process("il10_made", "-> il10", "d10*b10 + release*p10*B*E", "IL-10 made"),
        Process("il10_lost", "il10 ->", "d10*il10", "IL-10 lost"),
        Process("ifng_made", "-> ifng", "dg*bg + release*pg*B*E*damp", "IFN-gamma made, inhibited by IL-10"),
        Process("ifng_lost", "ifng ->", "dg*ifng", "IFN-gamma lost"),
    ],
    variants=[
        Variant("UPN3", values={"p6": 6000.0, "p10": 17000.0, "pg": 6000.0, "rE": 14.40, "dE": 1.44, "aE": 0.12,
                                "kBC": 2.21, "b6": 1.0, "b10": 0.5, "bg": 1.7, "B0": 0.93, "dose": 0.014},
                note="little leukemia, few cells: late and mild release", source="Tables S1 and S2, via nlmixr2lib"),
    ],
    interventions=[
        Intervention("no_cells", [inhibit("dose", 1)], kind="cell therapy", direction="suppress",
                     acts_on="production", expects={"il6": "down on average", "B": "up"}, evidence="published",
                     source="Hardiansyah 2019: no infusion", label="no CAR-T cells"),
        Intervention("single_dose", [set_to("first", 1), set_to("second", 0), set_to("third", 0)],
                     kind="cell therapy", direction="redirect", acts_on="production",
                     expects={"cart_blood": "up at 0.5 days"}, source="assumed: all cells on day 0",
                     label="all on day 0",
                     note="in a quarter of virtual patients, with much leukemia, cells have peaked by then"),
        Intervention("dose_half", [scale("dose", 0.5)], kind="cell therapy", direction="suppress",
                     acts_on="production", expects={"il6": "down at its peak"},
                     source="assumed: half of each of the three", label="half the dose",
                     note="by 0.6 %; in UPN3, as in 30 % of virtual patients, up by as little"),
        Intervention("dose_double", [scale("dose", 2.0)], kind="cell therapy", direction="enhance",
                     acts_on="production", expects={"il6": "up at its peak"},
                     source="assumed: twice each of the three", label="twice the dose",
                     note="by 1.5 %; in UPN3, as in 30 % of virtual patients, down by as little"),
        Intervention("burden_half", [scale("burden", 0.5)], kind="drug", direction="suppress", acts_on="growth",
                     expects={"il6": "down at its peak", "cart_blood": "down at its peak"},
                     source="assumed: half the leukemia before the infusion", label="half the leukemia"),
        Intervention("burden_double", [scale("burden", 2.0)], acts_on="growth",
                     expects={"il6": "up at its peak", "cart_blood": "up at its peak"},
                     source="assumed: twice the leukemia before the infusion", label="twice the leukemia"),
        Intervention("tocilizumab", [set_to("ro", 0.95)], during(2, 16), kind="drug", direction="suppress",
                     acts_on="signal", expects={"il6": "up on average", "crs_signal": "down on average",
                              "cart_blood": "unchanged at its peak"},
                     source="assumed: 8 mg/kg on day 2 occupy 95 % of receptors for 14 days",
                     label="tocilizumab on day 2", note="given at the peak or after it lowers no peak"),
        Intervention("steroid", [scale("release", 0.5)], during(1.25, 8.25), kind="drug", direction="suppress",
                     acts_on="production", expects={"il6": "down on average", "cart_blood": "unchanged at its peak"},
                     source="assumed: half the release for 7 days from day 1.25", label="steroid from day 1.25"),
        Intervention("steroid_strong", [scale("release", 0.1)], during(1.25, 8.25), kind="drug",
                     direction="suppress", acts_on="production",
                     expects={"il6": "down on average", "cart_blood": "unchanged at its peak"},
                     source="assumed: a tenth of the release for 7 days", label="strong steroid"),
        Intervention("steroid_on_cells", [scale("release", 0.5), scale("rE", 0.7)], during(1.25, 8.25), kind="drug",
                     direction="suppress", acts_on="production, growth",
                     expects={"il6": "down at its peak", "cart_blood": "down at its peak", "B": "up on average"},
                     source="assumed: half the release and 70 % of the division for 7 days",
                     label="steroid that slows cells",
                     note="nothing where the peak was before day 1.25, or comes late"),
    ],
    variability=[
        Variability("B0", cv=0.5, source="ours, for illustration: not estimated"),
        Variability("rE", cv=0.5, source="ours, for illustration: not estimated"),
        Variability("p6", cv=0.3, source="ours, for illustration: not estimated"),
    ],
    story=Story(
        "IL-6 follows the leukemia, not the dose of cells; tocilizumab lets it rise and blocks its signal.",
        arms={"infusion": "", "twice the dose": "dose_double", "half the leukemia": "burden_half",
              "tocilizumab": "tocilizumab"},
        panels=["il6", "crs_signal"], until=14.0, logarithmic=["il6", "crs_signal"],
    ),
    trials=[
        Trial("Kalos 2011, UPN1", "doi:10.1126/scitranslmed.3002842", arms={"infusion": ""}, patients={"infusion": 1},
              note="one patient, who made the model; digitized; the bands are our assumed differences",
              results=[
                  TrialResult("infusion", "peak(cart_blood)", 2.3, statistic="median", used=True),
                  TrialResult("infusion", "peak(M)", 7.0e-3, statistic="median", used=True),
                  TrialResult("infusion", "peak(il6)", 2800.0, statistic="median", used=True),
                  TrialResult("infusion", "peak(il10)", 550.0, statistic="median", used=True,
                              note="the patient's own values give 915"),
                  TrialResult("infusion", "peak(ifng)", 700.0, statistic="median", used=True),
                  TrialResult("infusion", "at(B, 50)", 0.30, statistic="median", used=True),
                  TrialResult("infusion", "at(B, 350)", 0.45, statistic="median", used=True),
              ]),
        Trial("Kalos 2011, UPN3", "doi:10.1126/scitranslmed.3002842", variant="UPN3", arms={"infusion": ""},
              patients={"infusion": 1},
              note="one patient, who made the model; digitized; the bands are our assumed differences",
              results=[
                  TrialResult("infusion", "peak(cart_blood)", 0.12, statistic="median", used=True),
                  TrialResult("infusion", "peak(M)", 7.5e-3, statistic="median", used=True),
                  TrialResult("infusion", "peak(il6)", 50.0, statistic="median", used=True),
                  TrialResult("infusion", "peak(il10)", 150.0, statistic="median", used=True),
                  TrialResult("infusion", "peak(ifng)", 110.0, statistic="median", used=True),
              ]),
    ],
)
