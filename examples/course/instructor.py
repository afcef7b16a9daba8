"""The instructor's answers. Leave this file out of what students get."""

from __future__ import annotations

import immunode as im

LOGISTIC_HALF = 9.19  # log((K - N0)/N0)/r = log(99)/0.5

PREDATOR = im.Model(
    name="solution",
    time_unit="day",
    horizon=200.0,
    states=[
        im.State("T", 1e6, "cell", "tumor cells", kind="cell"),
        im.State("E", 1e5, "cell", "effector cells", kind="cell"),
    ],
    parameters=[
        im.Parameter("a", 0.18, "1/day", "growth of the tumor", source="assumed: exercise"),
        im.Parameter("K", 5e8, "cell", "carrying capacity", source="assumed: exercise"),
        im.Parameter("n", 1.1e-7, "1/(cell*day)", "killing", source="assumed: exercise"),
        im.Parameter("s", 1.3e4, "cell/day", "influx of effector cells", source="assumed: exercise"),
        im.Parameter("d", 0.0412, "1/day", "death of effector cells", source="assumed: exercise"),
        im.Parameter("p", 0.1245, "1/day", "recruitment", source="assumed: exercise"),
        im.Parameter("g", 2e7, "cell", "tumor that gives half of it", source="assumed: exercise"),
    ],
    processes=[
        im.Process("growth", "-> T", "a*T*(1 - T/K)"),
        im.Process("killing", "T ->", "n*E*T"),
        im.Process("influx", "-> E", "s"),
        im.Process("death", "E ->", "d*E"),
        im.Process("recruitment", "-> E", "p*E*T/(g + T)"),
    ],
    interventions=[im.Intervention("transfer", [im.transfer("E", 1e6)], im.schedules.at_times(5))],
)

ANSWERS = {
    # first_model.py
    "1.1": LOGISTIC_HALF,
    "1.2": "1/(cell*day)",
    "1.3": PREDATOR,
    "1.4": "start",
    # anti_tnf.py
    "2.1": 0.91,
    "2.2": "placebo",
    "2.3": 2,
    "2.4": 7.33,
    "2.5": 0.267,
    "2.6": "weak",
    "2.7": im.Intervention("cure", [im.inhibit("alpha2", 0.6)], im.during(14, 28)),
    # checkpoint_and_car_t.py
    "3.1": "before",
    "3.2": "anti_pdl1+rt_5x2",
    "3.3": 4.0,
    "3.4": 9.3,
    "3.5": 2.53e5,
    "3.6": "memory",
    # sleep_stress_vaccination.py
    "4.1": 52.0,
    "4.2": 0.59,
    "4.3": "glands",
    "4.4": 2.1,
    # population.py
    "5.1": 21.5,
    "5.2": "V",
    "5.3": "additive",
    "5.4": 300.0,
    "5.5": "lower",
    "5.6": 1600.0,
}
