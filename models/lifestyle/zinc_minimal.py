"""Zinc: what a diet with too little of it does to the thymus, T cells and TNF, and how repletion brings them back.

    intake --> Zpool --> (loss)        z = Zpool/Z_ref
                 |---> Thymus --> N (naive T cells) --> M (Th1, IL-2)
                 '---> TNF (up when zinc is low)

Diets of 3 mg a day empty the exchangeable pool to 56 % of the reference over months; the hormone of the thymus and
naive T cells fall to half, the Th1 capacity to a third, and TNF rises by half. 37 mg a day then restores the thymus in
8 weeks, naive T cells to 91 % in 12, and lowers TNF below the reference. Absorption saturates: three times the zinc
eaten gives 1.37 times the pool.

Ours, for teaching; there is no published small model. From memory: the saturable absorption (order of Miller 2007) and
the directions, of Prasad's depletion and repletion in people (Haase & Rink 2009: abstract read). Assumed: the size of
the pool, half activation at 60 % of it, and all turnovers. 1 mg of zinc is 15.3 umol; 150 umol is 9.8 mg.
Left out: zinc in plasma (which hardly shows deficiency), metallothionein, acute-phase shift of zinc, NK cells, copper.
"""

from immunode.intervention import Intervention, during, scale, set_to
from immunode.model import Derived, Model, Parameter, Process, State, Story

MODEL = Model(
    name="zinc_minimal",
    title="Zinc: pool, thymus, naive and Th1 cells, TNF",
    system="zinc",
    status="ours",
    species="human",
    reference="directions: Haase & Rink 2009, doi:10.1186/1742-4933-6-9",
    time_unit="day",
    horizon=365.0,
    readouts=["z", "N", "M", "TNF"],
    states=[
        State("Zpool", "Z_ref", "umol", "exchangeable zinc", source="balance at the reference intake"),
        State("Thymus", 1.0, "1", "thymulin and output of the thymus, relative", "signal", source="definition"),
        State("N", 1.0, "1", "naive T cells, relative", "cell", source="definition"),
        State("M", 1.0, "1", "Th1 capacity (IL-2), relative", "cell", source="definition"),
        State("TNF", 1.0, "1", "TNF, relative", "signal", source="definition"),
    ],
    parameters=[
        Parameter("intake", 150.0, "umol/day", "zinc eaten (9.8 mg)", "reference intake", "published"),
        Parameter("Amax", 130.0, "umol/day", "most that is absorbed", "order of Miller 2007, from memory", "memory"),
        Parameter("K", 100.0, "umol/day", "intake of half absorption", "order of Miller 2007, from memory", "memory"),
        Parameter("k_loss", 0.0325, "1/day", "loss", "balance: 130*150/(100 + 150)/2400", "derived"),
        Parameter("Z_ref", 2400.0, "umol", "exchangeable zinc at the reference", "assumed: a tenth of all", "assumed"),
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
        Derived("g", "hill(z, Zh, h)/hill(1, Zh, h)", "", "action of zinc on thymus and T cells, 1 at the reference"),
        Derived("inf", "(1 - hill(z, ZT, hT))/(1 - hill(1, ZT, hT))", "", "lack of zinc for TNF, 1 at the reference"),
    ],
    processes=[
        Process("absorption", "-> Zpool", "Amax*intake/(K + intake)", "zinc absorbed"),
        Process("zinc_loss", "Zpool ->", "k_loss*Zpool", "zinc lost"),
        Process("thymus", "-> Thymus", "kTh*(g - Thymus)", "thymulin follows zinc"),
        Process("naive_turnover", "-> N", "dN*(theta*Thymus + pN*g - N)", "naive T cells by thymus and division"),
        Process("Th1_growth", "-> M", "aM*N*(0.5 + 0.5*g)", "Th1 capacity from naive T cells, with zinc"),
        Process("Th1_loss", "M ->", "dM*M", "loss of Th1 capacity"),
        Process("TNF_turnover", "-> TNF", "kT*(1 + bT*(inf - 1)/(1 + cT*(inf - 1)) - TNF)", "TNF rises as zinc falls"),
    ],
    interventions=[
        Intervention("mild_deficiency", [set_to("intake", 50)], kind="nutrition", direction="suppress",
                     acts_on="production", expects={"Zpool": "down", "Thymus": "down", "N": "down", "M": "down",
                     "TNF": "up"}, source="Prasad: 3 to 5 mg a day for 24 weeks, from memory", evidence="memory"),
        Intervention("severe_deficiency", [set_to("intake", 20)], kind="nutrition", direction="suppress",
                     acts_on="production", expects={"Zpool": "down", "Thymus": "down", "N": "down", "M": "down",
                     "TNF": "up"}, source="assumed: 1.3 mg a day", evidence="assumed"),
        Intervention("high_intake", [set_to("intake", 460)], kind="nutrition", direction="enhance",
                     acts_on="production", expects={"Zpool": "up", "N": "up", "M": "up", "TNF": "down"},
                     source="assumed: 30 mg a day", evidence="assumed"),
        Intervention("depletion", [set_to("intake", 50)], during(0, 168), kind="nutrition", direction="suppress",
                     acts_on="production",
                     expects={"Zpool": "down on average", "N": "down", "M": "down", "TNF": "up on average"},
                     source="Prasad: 3 to 5 mg a day for 24 weeks, from memory", evidence="memory"),
        Intervention("repletion", [set_to("intake", 565)], during(168, 252), kind="nutrition", direction="enhance",
                     acts_on="production", expects={"Zpool": "up", "N": "up", "M": "up", "TNF": "down"},
                     source="assumed: 27 mg on top of the reference intake; give it with `depletion`",
                     evidence="assumed"),
        Intervention("phytate", [scale("Amax", 0.6)], kind="nutrition", direction="suppress", acts_on="production",
                     expects={"Zpool": "down", "N": "down", "M": "down", "TNF": "up"}, evidence="assumed",
                     source="assumed: grains and beans bind 40 %; the pool settles at 0.6"),
    ],
    story=Story(
        "24 weeks of zinc deficiency nearly halve naive T cells and raise TNF by half; repletion mends it sooner.",
        arms={"usual intake": "", "24 weeks of deficiency": "depletion", "then repletion": "depletion + repletion"},
        panels=["z", "N", "TNF"],
    ),
)
