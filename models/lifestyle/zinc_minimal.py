"""Zinc: how a diet with too little of it empties the pool, and in which direction T cells and TNF move.

    intake --> Zpool --> (loss)        z = Zpool/Z_ref
                 |---> Thymus --> N (naive T cells) --> M (Th1, IL-2)
                 '---> TNF (up when zinc is low)

Diets of 3.3 mg a day bring the exchangeable pool from 157 to 86 mg over months; 37 mg a day fill it in four weeks.
Absorption saturates: three times the zinc eaten gives 1.39 times the pool.

Two parts of different worth. The pool is published: absorption is a saturating curve through two points of the dietary
reference intakes (IOM 2001: 9.4 mg eaten, 3.84 absorbed; 6.8 and 3.30), and the size of the pool lies in the measured
range (75 to 280 mg). Kinetic models with 14 compartments exist (Miller 2000, Wastney 1988); their parameters could not
be read. Loss is a constant share; the body lowers it in deficiency, so the pool falls too far here.

The immune half is ours, and NO SIZE OF AN IMMUNE EFFECT HERE IS MEASURED: Thymus, N, M and TNF are in an arbitrary
unit, 1 on the reference diet. Only directions come from trials: 45 mg a day for a year in 50 people of 55 to 87 years
gave fewer infections, less TNF and more IL-2 (Prasad 2007); less hormone of the thymus and a Th2 shift in deficiency,
both reversible (Haase & Rink 2009); Prasad's depletion studies (memory). Half activation at 60 % of the pool and all
turnovers are assumed: don't draw TNF beside data.

1 mg of zinc is 15.295 umol; 150 umol is 9.8 mg. People differ in pool and absorption, and each is in balance on the
reference diet; the variant `elderly` rests on 6.5 mg a day. Left out: zinc in plasma (which hardly shows deficiency),
metallothionein, acute-phase shift of zinc, NK cells, copper.
"""

from immunode.intervention import Intervention, add, during, scale, set_to
from immunode.model import (
    Derived, Model, Parameter, Process, State, Story, Switch, Unit, Variability, Variant,
)

MODEL = Model(
    name="zinc_minimal",
    title="Zinc: the exchangeable pool; T cells and TNF by direction only",
    system="zinc",
    status="ours",
    species="human",
    reference="absorption: IOM 2001, doi:10.17226/10026; directions: doi:10.1186/1742-4933-6-9; the rest is ours",
    time_unit="day",
    horizon=365.0,
    readouts=["pool_mg", "N", "M", "TNF"],
    units=[Unit("arbitrary", "relative to the reference diet, size assumed; direction from trials")],
    states=[
        State("Zpool", "Z_ref*intake*(K + intake_ref)/(intake_ref*(K + intake))", "umol", "exchangeable zinc",
              source="balance at the intake of this person", label="exchangeable zinc"),
        State("Thymus", 1.0, "arbitrary", "thymulin; no size of an immune effect is measured", "signal",
              source="definition", label="thymulin"),
        State("N", 1.0, "arbitrary", "naive T cells; direction only, size not measured", "cell",
              source="definition", label="naive T cells"),
        State("M", 1.0, "arbitrary", "Th1 capacity (IL-2); direction only", "cell", source="definition",
              label="Th1 capacity"),
        State("TNF", 1.0, "arbitrary", "TNF made on stimulation; direction only", "signal", source="definition",
              label="TNF"),
    ],
    switches=[
        Switch("loss_ref", "Amax*intake_ref/(K + intake_ref)", "umol/day",
               "loss that keeps this person's pool on the reference diet (never switched)"),
    ],
    parameters=[
        Parameter("intake", 150.0, "umol/day", "zinc eaten (9.8 mg)", "reference intake", "published"),
        Parameter("intake_ref", 150.0, "umol/day", "zinc eaten on the reference diet", "reference intake", "published",
                  (150.0, 150.0)),
        Parameter("Amax", 102.6, "umol/day", "most that is absorbed (6.71 mg)",
                  "IOM 2001, p. 473: 9.4 mg eaten, 3.84 absorbed; 6.8 and 3.30", "published"),
        Parameter("K", 107.5, "umol/day", "intake of half absorption (7.03 mg)", "IOM 2001, the same", "published"),
        Parameter("Z_ref", 2400.0, "umol", "exchangeable zinc at the reference (157 mg)",
                  "measured range 75 to 280 mg in adults (abstract)", "published", (1147.0, 4283.0)),
        Parameter("size", 1.0, "arbitrary", "read-outs on the reference diet", "definition", "derived", (1.0, 1.0)),
        Parameter("per_mg", 15.295, "umol/mg", "zinc in a mg", "molar mass 65.38 g/mol", "derived", (15.295, 15.295)),
        Parameter("Zh", 0.6, "", "pool of half action on thymus and T cells", "assumed: fall below 60 %", "assumed"),
        Parameter("h", 4.0, "", "steepness of it", "assumed: steep", "assumed"),
        Parameter("ZT", 0.6, "", "pool of half action on TNF", "assumed: the same for TNF", "assumed"),
        Parameter("hT", 4.0, "", "steepness of it", "assumed: the same for TNF", "assumed"),
        Parameter("kTh", 0.049510512897138946, "1/day", "turnover of thymulin", "assumed: half-life 14 d", "assumed"),
        Parameter("dN", 0.02, "1/day", "turnover of naive T cells", "assumed: 50 days", "assumed"),
        Parameter("theta", 0.5, "", "part of N that comes from the thymus", "assumed: half", "assumed"),
        Parameter("pN", 0.5, "", "part of N that divides, given zinc", "assumed: half", "assumed"),
        Parameter("aM", 0.05, "1/day", "growth of Th1 capacity", "assumed: equal to its loss", "assumed"),
        Parameter("dM", 0.05, "1/day", "loss of Th1 capacity", "assumed: 20 days", "assumed"),
        Parameter("kT", 2.0, "1/day", "turnover of TNF", "assumed: hours", "assumed"),
        Parameter("bT", 0.25, "", "zinc on TNF", "assumed: strength", "assumed"),
        Parameter("cT", 0.25, "", "saturation of it", "assumed: at most doubled", "assumed"),
    ],
    derived=[
        Derived("z", "Zpool/Z_ref", "", "pool relative to the reference"),
        Derived("pool_mg", "Zpool/per_mg", "mg", "exchangeable zinc", label="exchangeable zinc"),
        Derived("absorbed_mg", "Amax*intake/(K + intake)/per_mg", "mg/day", "zinc absorbed", label="zinc absorbed"),
        Derived("k_loss", "loss_ref/Z_ref", "1/day", "share lost, 0.0249 (half-life 28 d)"),
        Derived("g", "hill(z, Zh, h)/hill(1, Zh, h)", "", "action of zinc on thymus and T cells, 1 at the reference"),
        Derived("inf", "(1 - hill(z, ZT, hT))/(1 - hill(1, ZT, hT))", "", "lack of zinc for TNF, 1 at the reference"),
    ],
    processes=[
        Process("absorption", "-> Zpool", "Amax*intake/(K + intake)", "zinc absorbed"),
        Process("zinc_loss", "Zpool ->", "loss_ref*z", "zinc lost: a constant share of the pool"),
        Process("thymus", "-> Thymus", "kTh*(size*g - Thymus)", "thymulin follows zinc"),
        Process("naive_turnover", "-> N", "dN*(theta*Thymus + pN*size*g - N)", "naive T cells by thymus and division"),
        Process("Th1_growth", "-> M", "aM*N*(0.5 + 0.5*g)", "Th1 capacity from naive T cells, with zinc"),
        Process("Th1_loss", "M ->", "dM*M", "loss of Th1 capacity"),
        Process("TNF_turnover", "-> TNF", "kT*(size*(1 + bT*(inf - 1)/(1 + cT*(inf - 1))) - TNF)",
                "TNF rises as zinc falls"),
    ],
    variants=[
        Variant("elderly", {"intake": 100.0},
                {"Thymus": 0.8848144775094728, "N": 0.8848144775094728, "M": 0.8338555685599172,
                 "TNF": 1.1817994862599617},
                note="rests on 6.5 mg a day", source="assumed; computed: its steady state"),
    ],
    interventions=[
        Intervention("mild_deficiency", [set_to("intake", 50)], kind="nutrition", direction="suppress",
                     acts_on="production", expects={"Zpool": "down", "Thymus": "down", "N": "down", "M": "down",
                     "TNF": "up"}, source="Prasad: 3 to 5 mg a day for 24 weeks, from memory", evidence="memory",
                     label="mild deficiency"),
        Intervention("severe_deficiency", [set_to("intake", 20)], kind="nutrition", direction="suppress",
                     acts_on="production", expects={"Zpool": "down", "Thymus": "down", "N": "down", "M": "down",
                     "TNF": "up"}, source="assumed: 1.3 mg a day", evidence="assumed", label="severe deficiency"),
        Intervention("high_intake", [set_to("intake", 460)], kind="nutrition", direction="enhance",
                     acts_on="production", expects={"Zpool": "up", "N": "up", "M": "up", "TNF": "down"},
                     source="assumed: 30 mg a day", evidence="assumed", label="high intake"),
        Intervention("depletion", [set_to("intake", 50)], during(0, 168), kind="nutrition", direction="suppress",
                     acts_on="production",
                     expects={"Zpool": "down on average", "N": "down", "M": "down", "TNF": "up on average"},
                     source="Prasad: 3 to 5 mg a day for 24 weeks, from memory", evidence="memory", label="depletion"),
        Intervention("repletion", [set_to("intake", 565)], during(168, 252), kind="nutrition", direction="enhance",
                     acts_on="production", expects={"Zpool": "up", "N": "up", "M": "up", "TNF": "down"},
                     source="assumed: 27 mg on top of the reference intake; give it with `depletion`",
                     evidence="assumed", label="repletion"),
        Intervention("phytate", [scale("Amax", 0.6)], kind="nutrition", direction="suppress", acts_on="production",
                     expects={"Zpool": "down", "N": "down", "M": "down", "TNF": "up"}, evidence="assumed",
                     source="assumed: grains and beans bind 40 %; the pool settles at 0.6",
                     label="phytate in the diet"),
        Intervention("elderly_supplement", [add("intake", 688)], during(0, 365), kind="nutrition", direction="enhance",
                     acts_on="production", beside="elderly", expects={"Zpool": "up", "M": "up", "TNF": "down"},
                     source="Prasad 2007: 45 mg a day for a year, 55 to 87 years", evidence="published",
                     label="45 mg a day for a year"),
    ],
    variability=[
        Variability("Z_ref", 0.27, source="assumed: so that 95 % lie between 92 and 267 mg, inside what is measured"),
        Variability("Amax", 0.2, source="assumed"),
    ],
    story=Story(
        "24 weeks on a third of the zinc nearly halve the pool; the immune curves show directions, not sizes.",
        arms={"usual intake": "", "24 weeks of deficiency": "depletion", "then repletion": "depletion + repletion"},
        panels=["pool_mg", "N", "TNF"],
    ),
)
