"""Influenza in the mouse lung: cells infected days ago make CD8 T cells multiply now, which end it within two days.

Virus infects lung cells, which make virus after an eclipse of 6 h. Innate clearance of infected cells is slow
(`delta`, 0.24 per day), and virus stays at its plateau until effector CD8 T cells are many. They come in two ways: by
infiltration, which follows infected cells at once and slows as cells fill the lung (`xi`, `K_E`), and by expansion in
proportion to the infected cells of 3.6 days before (`delay(I2, tau_E)`), a sharp delay that a chain of compartments
would blur. Each T cell kills the faster the fewer infected cells are left (`K_delta_E`), so that the last of them go
within hours. 3.5 days after effectors, memory cells appear.

    T --virus--> I1 --k--> I2 --> V       I2 --xi--> E        I2 of tau_E ago, E --eta--> E       E --| I2
                                                              E of tau_M ago --zeta--> EM

Left out: innate cells and interferon (in `delta`), antibodies, regrowth of the lung, T cells outside the lung. Before
the infection there are no infected cells, so that both delays look back at none.

Equations and all values: Myers et al. 2021, the CD8 T cell model and its best fit to mice given 75 TCID50 of influenza
A/PR8, taken from a published implementation that cites the paper and repeats its fitted values; the table of the paper
itself was not at hand, nor were its intervals. Ours: `eps_p`, the block of production, and all interventions. Not
claimed: what a T cell does in man. In E the expansion is written per infected cell, so that `eta` is per cell and day.

Findings: clearance by T cells speeds up 45,100-fold within the fastest 2 days (paper: over 48,000; values are given to
two digits). Infected cells fall from 6.6e5 on day 7 to less than one 8 h later; virus is gone on day 8.4.
"""

from immunode.intervention import Intervention, during, scale, set_to
from immunode.model import Derived, Model, Parameter, Process, State, Story, Unit

MODEL = Model(
    name="myers2021",
    title="Influenza in the lung, ended by CD8 T cells that expand after a delay",
    system="viruses",
    status="published",
    species="mouse",
    reference="doi:10.7554/eLife.68864",
    time_unit="day",
    horizon=12.0,
    readouts=["V", "I2", "CD8"],
    units=[Unit("TCID50", "virus that infects half of the cultures")],
    states=[
        State("T", "T_0", "cell", "lung cells that can be infected", kind="cell", source="Myers 2021",
              label="target cells"),
        State("I1", 75.0, "cell", "infected cells in eclipse", kind="cell", typical=1e6, source="Myers 2021",
              label="infected cells in eclipse"),
        State("I2", 0.0, "cell", "infected cells that make virus", kind="cell", typical=1e6, source="Myers 2021",
              label="cells making virus"),
        State("V", 0.0, "TCID50", "virus in the lung", kind="pathogen", typical=1e6, source="Myers 2021",
              label="virus in the lung"),
        State("E", 0.0, "cell", "effector CD8 T cells", kind="cell", typical=1e6, source="Myers 2021",
              label="effector CD8 T cells"),
        State("EM", 0.0, "cell", "memory CD8 T cells", kind="cell", typical=1e5, source="Myers 2021",
              label="memory CD8 T cells"),
    ],
    parameters=[
        Parameter("T_0", 1e7, "cell", "target cells at first", "Myers 2021, second-hand", "published"),
        Parameter("beta", 6.2e-5, "1/(TCID50*day)", "infection", "Myers 2021, second-hand", "fitted"),
        Parameter("k", 4.0, "1/day", "end of eclipse", "Myers 2021, second-hand", "published"),
        Parameter("p", 1.0, "TCID50/(cell*day)", "virus made", "Myers 2021, second-hand", "fitted"),
        Parameter("c", 9.4, "1/day", "clearance of virus", "Myers 2021, second-hand", "fitted"),
        Parameter("delta", 0.24, "1/day", "clearance of infected cells without T cells", "Myers 2021, second-hand",
                  "fitted"),
        Parameter("delta_E", 1.9, "1/day", "killing of infected cells by an effector", "Myers 2021, second-hand",
                  "fitted"),
        Parameter("K_delta_E", 430.0, "cell", "infected cells at which an effector kills half as fast",
                  "Myers 2021, second-hand", "fitted"),
        Parameter("xi", 2.6e4, "cell/day", "infiltration of effectors, per infected cell", "Myers 2021, second-hand",
                  "fitted"),
        Parameter("K_E", 8.1e5, "cell", "effectors at which infiltration is half", "Myers 2021, second-hand",
                  "fitted"),
        Parameter("eta", 2.5e-7, "1/(cell*day)", "expansion of effectors, per cell infected tau_E ago",
                  "Myers 2021, second-hand", "fitted"),
        Parameter("tau_E", 3.6, "day", "delay of the expansion", "Myers 2021, second-hand", "fitted",
                  label="delay of the expansion"),
        Parameter("d_E", 1.0, "1/day", "loss of effectors", "Myers 2021, second-hand", "fitted"),
        Parameter("zeta", 0.22, "1/day", "effectors that become memory", "Myers 2021, second-hand", "fitted"),
        Parameter("tau_M", 3.5, "day", "delay of memory", "Myers 2021, second-hand", "fitted"),
        Parameter("E_0", 4.2e5, "cell", "resident CD8 T cells of other specificities", "Myers 2021, second-hand",
                  "fitted"),
        Parameter("eps_p", 0.0, "", "blocked part of virus production", "assumed: ours, none untreated", "assumed",
                  (0.0, 1.0)),
    ],
    derived=[
        Derived("CD8", "E + EM + E_0", "cell", "all CD8 T cells in the lung", label="CD8 T cells in the lung"),
        Derived("clearance_CD8", "delta_E*E/(K_delta_E + I2)", "1/day", "clearance of infected cells by T cells",
                label="clearance by CD8 T cells"),
    ],
    processes=[
        Process("infection", "T -> I1", "beta*T*V", "infection, into eclipse"),
        Process("eclipse_end", "I1 -> I2", "k*I1", "cells begin to make virus"),
        Process("innate_clearance", "I2 ->", "delta*I2", "clearance without T cells"),
        Process("killing", "I2 ->", "clearance_CD8*I2", "killing by effectors"),
        Process("production", "-> V", "(1 - eps_p)*p*I2", "virus made"),
        Process("clearance", "V ->", "c*V", "clearance of virus"),
        Process("infiltration", "-> E", "xi*I2/(K_E + E)", "effectors come in"),
        Process("expansion", "-> E", "eta*E*delay(I2, tau_E)", "effectors multiply, as infected cells were then"),
        Process("effector_loss", "E ->", "d_E*E", "loss of effectors"),
        Process("memory", "-> EM", "zeta*delay(E, tau_M)", "memory cells appear"),
    ],
    interventions=[
        Intervention("antiviral", [set_to("eps_p", 0.95)], during(start=1), kind="drug", direction="suppress",
                     acts_on="production", expects={"V": "down on average", "T": "up"}, evidence="assumed",
                     source="assumed: efficacy of 0.95 from day 1", label="antiviral (95 %) from day 1"),
        Intervention("cd8_depletion", [scale("xi", 0.1), scale("eta", 0.1)], kind="drug", direction="suppress",
                     acts_on="growth", expects={"V": "up at the end", "E": "down on average"}, evidence="assumed",
                     source="assumed: a tenth of infiltration and expansion; the paper gives antibodies against CD8",
                     label="depletion of CD8 T cells"),
        Intervention("late_expansion", [set_to("tau_E", 5)], kind="patient", direction="suppress", acts_on="growth",
                     expects={"E": "down on average"}, evidence="assumed",
                     source="assumed: expansion a day and a half later, as in old age",
                     label="expansion after 5 days"),
    ],
    story=Story(
        "Virus stays until CD8 T cells have expanded, and then goes within two days; without them it stays.",
        arms={"infected": "", "expansion after 5 days": "late_expansion", "CD8 T cells depleted": "cd8_depletion"},
        panels=["V", "CD8"], logarithmic=["V", "CD8"],
    ),
)
