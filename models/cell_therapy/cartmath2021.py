"""Mouse model: infused CAR-T cells hardly multiply (at most 1.4 times the dose); in patients 3,900-fold: see stein2019.

CAR-T cells divide, kill the tumor, are inhibited by it, and leave long-lived memory cells behind; memory cells turn
back into killers where they meet the tumor.

    CT --kills--> T --inhibits--| CT       CT --leaves--> CM --meets T--> CT

Default: HDLM-2 (Hodgkin lymphoma) and CAR-T 123, treated on day 42. 2e6 cells clear the tumor in days and a second one
on day 250 (rechallenge); 5e5 leave about 1,000 tumor cells held for good; 2e5 fail. The smallest dose that cures or
holds is 2.53e5 (paper: about 2.6e5). Doses split over weeks leave 8 to 14 % more memory on day 200. Variant `raji`:
RAJI lymphoma and CAR-T 19, which double in two days; 1e7 cells on day 7 only slow it (5.7e8 cells on day 14), less so
with the checkpoint IDO (`raji_ido`: 1.7e9), and better again with its inhibitor (`raji_ido_1mt`: 7.0e8). These three
end on day 14, as the experiment did: no limit to the growth of RAJI was published.

Published (Barros et al. 2021, article and both curated files read; BIOMD0000001019 and 1020, the first of which gives
its dose on day 45 where the paper says 42). The authors tuned phi, rho, eps, theta and mu by hand and say that other
values would do as well. As published, a population below 1e-6 cells is gone (`extinct_below`); without that the tumor
always comes back. rho stands for death and for turning into memory, so that memory formation takes no more from CT.

Findings: 5e5 cells leave 1,034 tumor cells on day 500, on the way to the steady state of 1,091 (paper: 1,089). Killers
of the variant raji peak at 27.75 % above the dose (specification of the package: 27.6 %; paper: about 30 %), memory at
2.66e6 on day 78 (specification: about 2.5e6 near day 100, which is its value on day 100).

Left out: loss of the target, other immune cells, cytokine release, chemotherapy before the cells, and chance: fewer
than one cell is no cell, and a tumor held at 1,000 cells may die out or escape in an animal.
"""

from immunode.intervention import Intervention, at_times, during, scale, transfer
from immunode.model import Derived, Model, Parameter, Process, State, Story, Variant

MODEL = Model(
    name="cartmath2021",
    title="CAR-T cells against human lymphoma cell lines in immunodeficient mice",
    system="cancer",
    status="published",
    species="mouse",
    aliases={"car_t_mouse": ""},
    reference="doi:10.3390/cancers13122941",
    time_unit="day",
    horizon=500.0,
    readouts=["T", "CT", "CM"],
    states=[
        State("CT", 0.0, "cell", "effector CAR-T cells", kind="cell", typical=1.0, source="BIOMD0000001019",
              extinct_below=1e-6),
        State("CM", 0.0, "cell", "memory CAR-T cells", kind="cell", typical=1.0, source="BIOMD0000001019",
              extinct_below=1e-6),
        State("T", 2e6, "cell", "tumor cells", kind="cell", typical=1e-3, source="BIOMD0000001019",
              extinct_below=1e-6),
    ],
    parameters=[
        Parameter("phi", 0.265, "1/day", "division of CAR-T cells", "Barros 2021, tuned by hand", "fitted"),
        Parameter("rho", 0.35, "1/day", "death of CAR-T cells and turning into memory",
                  "Barros 2021, tuned by hand (`pi` in the curated file)", "fitted"),
        Parameter("eps", 0.15, "1/day", "memory cells formed", "Barros 2021, tuned by hand", "fitted"),
        Parameter("theta", 6.0e-6, "1/(cell*day)", "memory cells that turn back into killers at the tumor",
                  "Barros 2021, tuned by hand", "fitted"),
        Parameter("alpha", 4.5e-8, "1/(cell*day)", "inhibition of CAR-T cells by the tumor (checkpoints, IDO)",
                  "Barros 2021, tuned by hand", "fitted"),
        Parameter("mu", 5.0e-3, "1/day", "death of memory cells", "Barros 2021, tuned by hand", "fitted"),
        Parameter("r", 5.650026e-2, "1/day", "growth of the tumor",
                  "Barros 2021, calibrated (`rho` in the curated file)", "fitted"),
        Parameter("b", 1.404029e-12, "1/cell", "1 / carrying capacity", "Barros 2021, calibrated", "fitted"),
        Parameter("gamma", 3.715843e-6, "1/(cell*day)", "killing by CAR-T cells", "Barros 2021, calibrated", "fitted"),
    ],
    derived=[Derived("car_t_cells", "CT + CM", "cell", "CAR-T cells in all: expansion and persistence")],
    processes=[
        Process("expansion", "-> CT", "phi*CT", "division of CAR-T cells"),
        Process("effector_loss", "CT ->", "rho*CT", "death and turning into memory"),
        Process("memory_formation", "-> CM", "eps*CT", "memory cells formed (their loss from CT is in rho)"),
        Process("memory_death", "CM ->", "mu*CM", "death of memory cells"),
        Process("recall", "CM -> CT", "theta*T*CM", "memory cells that turn back into killers"),
        Process("inhibition", "CT ->", "alpha*T*CT", "CAR-T cells lost to the tumor's defense"),
        Process("tumor_growth", "-> T", "r*T*(1 - b*T)", "growth of the tumor"),
        Process("tumor_kill", "T ->", "gamma*CT*T", "killing by CAR-T cells"),
    ],
    variants=[
        Variant("raji", values={"phi": 0.83, "rho": 0.8300536, "eps": 1.59795, "theta": 2.3e-4, "alpha": 1.248506e-8,
                                "mu": 6.89e-7, "r": 0.5071721, "b": 0.0, "gamma": 3.365388e-8}, initial={"T": 3e6},
                note="RAJI and CAR-T 19; the experiment lasted 14 days", source="Barros 2021, BIOMD0000001020",
                horizon=14.0),
        Variant("raji_ido", values={"phi": 0.83, "rho": 0.8300536, "eps": 1.59795, "theta": 2.3e-4,
                                    "alpha": 1.461699e-8, "mu": 6.89e-7, "r": 0.5071721, "b": 0.0,
                                    "gamma": 3.365388e-8}, initial={"T": 3e6},
                note="RAJI with the checkpoint IDO", source="Barros 2021, BIOMD0000001020", horizon=14.0),
        Variant("raji_ido_1mt", values={"phi": 0.83, "rho": 0.8300536, "eps": 1.59795, "theta": 2.3e-4,
                                        "alpha": 1.26166e-8, "mu": 6.89e-7, "r": 0.5071721, "b": 0.0,
                                        "gamma": 3.365388e-8}, initial={"T": 3e6},
                note="RAJI with IDO and its inhibitor 1-MT", source="Barros 2021, BIOMD0000001020", horizon=14.0),
        Variant("cured", initial={"T": 0.0, "CM": 1.54e6}, note="memory only, 158 days after a cure; for a rechallenge",
                source="computed: day 200 after 2e6 cells on day 42"),
    ],
    interventions=[
        Intervention("car_t", [transfer("CT", 2e6)], during(start=42), kind="cell therapy", direction="enhance",
                     acts_on="production",
                     expects={"T": "down", "CT": "up at its peak", "CM": "up"}, evidence="published",
                     source="Barros 2021", note="cures from 2.53e5 cells on", label="CAR-T cells, once"),
        Intervention("car_t_raji", [transfer("CT", 1e7)], during(start=7), kind="cell therapy", direction="enhance",
                     acts_on="production",
                     expects={"T": "down", "CT": "up at its peak", "CM": "up"}, evidence="published",
                     source="Barros 2021: dose for the variants raji", label="CAR-T cells, dose for Raji"),
        Intervention("car_t_weekly", [transfer("CT", 5e5)], at_times(42, 49, 56, 63), kind="cell therapy",
                     direction="enhance", acts_on="production", expects={"T": "down", "CM": "up"},
                     evidence="published", source="Barros 2021", label="CAR-T cells, weekly"),
        Intervention("car_t_fortnightly", [transfer("CT", 5e5)], at_times(42, 56, 70, 84), kind="cell therapy",
                     direction="enhance", acts_on="production", expects={"T": "down", "CM": "up"},
                     evidence="published", source="Barros 2021", label="CAR-T cells, fortnightly"),
        Intervention("car_t_first_10_percent", [transfer("CT", 2e5)], during(start=42), kind="cell therapy",
                     direction="enhance", acts_on="production",
                     expects={"CT": "up on average", "CM": "up on average"}, evidence="published",
                     source="Barros 2021: of 2e6 in three days", note="alone it fails", label="CAR-T, first 10 %"),
        Intervention("car_t_then_30_percent", [transfer("CT", 6e5)], during(start=43), kind="cell therapy",
                     direction="enhance", acts_on="production", expects={"T": "down on average", "CM": "up on average"},
                     evidence="published", source="Barros 2021: of 2e6 in three days", label="CAR-T, then 30 %"),
        Intervention("car_t_then_60_percent", [transfer("CT", 1.2e6)], during(start=44), kind="cell therapy",
                     direction="enhance", acts_on="production", expects={"T": "down", "CM": "up"},
                     evidence="published", source="Barros 2021: of 2e6 in three days", label="CAR-T, then 60 %"),
        Intervention("checkpoint_inhibitor", [scale("alpha", 0.8631462)], kind="drug", direction="enhance",
                     acts_on="lifespan", expects={"CT": "up on average"}, evidence="published", beside="car_t",
                     source="Barros 2021: 1-MT, from 1.461699e-8 to 1.26166e-8; acts on CAR-T cells only",
                     label="1-MT (checkpoint)"),
        Intervention("rechallenge", [transfer("T", 1e6)], during(start=250), acts_on="growth",
                     expects={"T": "up on average", "CT": "up"},
                     evidence="published", source="Barros 2021", beside="cured", label="tumor given again"),
        Intervention("tumor_burden", [transfer("T", 2e6)], during(start=0), acts_on="growth",
                     expects={"T": "up on average"},
                     evidence="assumed", source="assumed: twice the tumor at first", label="twice the tumor"),
    ],
    story=Story(
        "One dose of CAR-T cells clears the tumor of a mouse in a week and leaves memory; a tenth of it does not.",
        arms={"untreated": "", "CAR-T on day 42": "car_t", "a tenth of the dose": "car_t_first_10_percent"},
        panels=["T", "CM"], until=120.0, logarithmic=["T"],
    ),
)
