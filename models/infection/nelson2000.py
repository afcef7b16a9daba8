"""HIV under inhibitors of reverse transcriptase and protease: what the fall of virus in the first weeks tells.

Virus infects CD4 T cells; infected cells make virus until they die. A patient starts in the untreated balance of all
three. A protease inhibitor lets infected cells make particles that cannot infect; an inhibitor of reverse transcriptase
prevents infection. Known of a patient is the virus before treatment, `V0`; the source of target cells, `lam`, follows
from it at the start and keeps its value through the run, so that a drug does not change it. Thus every patient is
infected: R = 1 + k V0/d without drugs. Measured is all virus, of both kinds (`virus`). Its slope after a few days is
about delta times the efficacy, so half-lives of infected cells were first read from patients: ln(virus) falls by 0.225,
0.383 and 0.500 per day at a protease efficacy of 0.5, 0.8 and 1. Each of the two drugs multiplies what the other
leaves.

    lam -> T --infection (RTI -|)--> I --production--> V_I   (PI: V_NI instead)

Left out: the delay inside the cell (the paper's subject), latent and long-lived infected cells, resistance, drug levels
in blood, killing by T cells. So it clears HIV above a total efficacy of 0.3065: no clinical claim, but a consequence of
R = N k lam/(d c) = 1.4419, which rests on the assumed death rate d of target cells. Do not ask it how a patient without
HIV fares, nor for cure.

Published (Nelson et al. 2000, text and BIOMD0000000875): delta, c, k, N and the protease term. The term of the
inhibitor of reverse transcriptase is the standard extension. Assumed, from memory: d = 0.01 per day (the curated entry
has lambda 10 and d 0.03 in cells per uL, which fits nothing else). The published pre-treatment T of 1.8e5 and virus of
1.34e5 are near, not at, a steady state: they give lam = 2627.316, and the balance at that lam has V0 = 128,825. All
numbers of the specification come out.
"""

from immunode.intervention import Intervention, set_to
from immunode.model import Derived, Model, Parameter, Process, State, Story, Switch, Unit

MODEL = Model(
    name="nelson2000",
    title="HIV with inhibitors of reverse transcriptase and protease",
    system="viruses",
    status="published",
    species="human",
    reference="doi:10.1016/S0025-5564(99)00055-3",
    time_unit="day",
    horizon=28.0,
    readouts=["virus", "T", "I"],
    units=[Unit("virion", "virus particle")],
    states=[
        State("T", "c/(N*k)", "cell/mL", "target CD4 T cells", kind="cell", source="untreated steady state",
              label="target CD4 T cells"),
        State("I", "c*V0/(N*delta)", "cell/mL", "infected cells that make virus", kind="cell",
              source="untreated steady state", label="cells making virus"),
        State("V_I", "V0", "virion/mL", "infectious virus", kind="pathogen", source="untreated steady state"),
        State("V_NI", 0.0, "virion/mL", "non-infectious virus", kind="pathogen", typical=1e4,
              source="untreated steady state"),
    ],
    switches=[
        Switch("lam", "c/(N*k)*(d + k*V0)", "cell/(mL*day)",
               "source of target cells: what the untreated balance at V0 needs, held through the run"),
    ],
    parameters=[
        Parameter("k", 3.43e-8, "mL/(virion*day)", "infection", "Nelson 2000", "published"),
        Parameter("delta", 0.5, "1/day", "death of infected cells", "Nelson 2000", "published"),
        Parameter("N", 480.0, "virion/cell", "virus made by one infected cell", "Nelson 2000", "published"),
        Parameter("c", 3.0, "1/day", "clearance of virus", "Nelson 2000", "published"),
        Parameter("d", 0.01, "1/day", "death of target cells", "assumed: from memory; decides R", "assumed"),
        Parameter("V0", 128825.37049562682, "virion/mL", "virus before treatment",
                  "balance at lam = d*1.8e5 + k*1.34e5*1.8e5, of published pre-treatment T and virus", "derived",
                  label="virus before treatment"),
        Parameter("e_rt", 0.0, "", "efficacy of the inhibitor of reverse transcriptase",
                  "assumed: none untreated", "assumed", (0.0, 1.0)),
        Parameter("e_pi", 0.0, "", "efficacy of the protease inhibitor", "Nelson 2000: none untreated", "published",
                  (0.0, 1.0)),
    ],
    derived=[
        Derived("virus", "V_I + V_NI", "virion/mL", "all virus, as measured", label="virus"),
        Derived("R", "(1 - e_rt)*(1 - e_pi)*N*k*lam/(d*c)", "", "cells that one infected cell infects, at first"),
    ],
    processes=[
        Process("t_source", "-> T", "lam", "new target cells"),
        Process("t_death", "T ->", "d*T", "death of target cells"),
        Process("infection", "T -> I", "(1 - e_rt)*k*V_I*T", "infection"),
        Process("i_death", "I ->", "delta*I", "death of infected cells"),
        Process("production", "-> V_I", "(1 - e_pi)*N*delta*I", "infectious virus made"),
        Process("production_ni", "-> V_NI", "e_pi*N*delta*I", "non-infectious virus made under a protease inhibitor"),
        Process("clearance", "V_I ->", "c*V_I", "clearance of infectious virus"),
        Process("clearance_ni", "V_NI ->", "c*V_NI", "clearance of non-infectious virus"),
    ],
    interventions=[
        Intervention("protease_inhibitor", [set_to("e_pi", 0.8)], kind="drug", direction="suppress",
                     acts_on="production", expects={"virus": "down", "V_I": "down", "T": "up"}, evidence="published",
                     source="Nelson 2000: efficacy studied", label="protease inhibitor"),
        Intervention("protease_inhibitor_half", [set_to("e_pi", 0.5)], kind="drug", direction="suppress",
                     acts_on="production", expects={"virus": "down", "V_I": "down", "T": "up"}, evidence="published",
                     source="Nelson 2000: efficacy studied", label="protease inhibitor, 50 %"),
        Intervention("protease_inhibitor_full", [set_to("e_pi", 1)], kind="drug", direction="suppress",
                     acts_on="production", expects={"virus": "down", "V_I": "down", "T": "up"}, evidence="published",
                     source="Nelson 2000: efficacy studied", label="protease inhibitor, 100 %"),
        Intervention("protease_inhibitor_weak", [set_to("e_pi", 0.2)], kind="drug", direction="suppress",
                     acts_on="production", expects={"virus": "down", "V_I": "down", "T": "up"}, evidence="assumed",
                     source="assumed: too weak to clear; virus rebounds to a lower level",
                     label="protease inhibitor, too weak"),
        Intervention("rt_inhibitor", [set_to("e_rt", 0.9)], kind="drug", direction="suppress", acts_on="growth",
                     expects={"virus": "down", "I": "down", "T": "up"}, evidence="assumed",
                     source="assumed: efficacy of 0.9", label="RT inhibitor, 90 %"),
        Intervention("rt_inhibitor_half", [set_to("e_rt", 0.5)], kind="drug", direction="suppress", acts_on="growth",
                     expects={"virus": "down", "I": "down", "T": "up"}, evidence="assumed",
                     source="assumed: efficacy of 0.5", label="RT inhibitor, 50 %"),
        Intervention("both_inhibitors", [set_to("e_rt", 0.9), set_to("e_pi", 0.9)], kind="drug", direction="suppress",
                     acts_on="growth, production", expects={"virus": "down", "V_I": "down", "T": "up"},
                     evidence="assumed", source="assumed: efficacy of 0.9 of each", label="both inhibitors, 90 %"),
    ],
    story=Story(
        "A strong protease inhibitor lowers HIV over ten-thousandfold in four weeks, a weak one less than tenfold.",
        arms={"untreated": "", "strong inhibitor": "protease_inhibitor", "weak inhibitor": "protease_inhibitor_weak"},
        panels=["virus", "T"], logarithmic=["virus"],
    ),
)
