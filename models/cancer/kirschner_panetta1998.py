"""Tumor, effector cells and interleukin-2: small tumors, waves, large tumors, and two immunotherapies.

Effector cells are called up in proportion to the tumor's antigenicity `c`, divide under interleukin-2, which they make
where they meet the tumor, and kill the tumor. Antigenicity decides what happens: below 8.55e-5 per day a huge tumor;
between that and about 0.0325 lasting waves (the tumor almost vanishes and comes back, every 242 days at 0.02); above it
a small lasting tumor. Adoptive transfer of effector cells (`aci`) makes the tumor-free state stable above 540 cells a
day; interleukin-2 alone cannot clear the tumor without effector cells that grow without bound.

Left out: toxicity of interleukin-2, regulatory cells, antigen loss over time, and chance. In the troughs the tumor
falls to 1e-4 cells and, at low antigenicity, far lower. Fewer than one cell is none: read such waves as cure or as
relapse by luck (Caravagna et al. 2010, doi:10.1016/j.jtbi.2010.02.032).

Parameters: the published table as restated by Caravagna et al. 2010, equal to BIOMD0000000732. The activation term is
p1*E*I/(g1 + I) as published; the curated entry lacks `+ I`, and with it the published thresholds do not come out. Its
initial values are E = 0, I = 0; here all three start at 1. All numbers of the specification come out (see the tests),
with one remark: just below the start of the waves (c = 0.032) they still grow smaller at day 6,000.

Numerics: troughs as low as 1e-200 cells occur between 8.6e-5 and 0.02. They must be resolved relative to their own
size, or noise turns T negative and the run blows up; hence the tiny `typical` of T and I.
"""

from immunode.intervention import Intervention, scale, set_to
from immunode.model import Model, Parameter, Process, State, Story, Unit, Variant

MODEL = Model(
    name="kirschner_panetta1998",
    title="Tumor, effector cells and interleukin-2, with adoptive transfer and IL-2 therapy",
    system="cancer",
    status="published",
    species="human",
    reference="doi:10.1007/s002850050127",
    time_unit="day",
    horizon=1000.0,
    readouts=["T", "E", "I"],
    units=[Unit("IL2_unit", "units of interleukin-2 per volume, scale not stated in the paper")],
    states=[
        State("E", 1.0, "cell", "activated effector cells (per volume)", kind="cell", typical=1e-3,
              source="specification of the package; BIOMD0000000732 has 0", label="effector cells"),
        State("T", 1.0, "cell", "tumor cells (per volume)", kind="cell", typical=1e-200, source="BIOMD0000000732"),
        State("I", 1.0, "IL2_unit", "interleukin-2 at the tumor", kind="signal", typical=1e-200,
              source="specification of the package; BIOMD0000000732 has 0", label="IL-2"),
    ],
    parameters=[
        Parameter("c", 0.035, "1/day", "antigenicity of the tumor", bounds=(0.0, 0.05),
                  source="Caravagna 2010 restating the paper, which studies 0 to 0.05", evidence="published"),
        Parameter("mu2", 0.03, "1/day", "death of effector cells",
                  source="Caravagna 2010 = BIOMD0000000732", evidence="published"),
        Parameter("p1", 0.1245, "1/day", "maximal proliferation driven by interleukin-2",
                  source="Caravagna 2010 = BIOMD0000000732", evidence="published"),
        Parameter("g1", 2e7, "IL2_unit", "interleukin-2 that gives half of this proliferation",
                  source="Caravagna 2010 = BIOMD0000000732", evidence="published"),
        Parameter("r2", 0.18, "1/day", "growth of the tumor",
                  source="Caravagna 2010 = BIOMD0000000732", evidence="published"),
        Parameter("b", 1e-9, "1/cell", "1 / carrying capacity of the tumor",
                  source="Caravagna 2010 = BIOMD0000000732", evidence="published"),
        Parameter("a", 1.0, "1/day", "strength of killing",
                  source="Caravagna 2010 = BIOMD0000000732", evidence="published"),
        Parameter("g2", 1e5, "cell", "tumor cells at which killing is half saturated",
                  source="Caravagna 2010 = BIOMD0000000732", evidence="published"),
        Parameter("p2", 5.0, "IL2_unit/(cell*day)", "maximal production of interleukin-2",
                  source="Caravagna 2010 = BIOMD0000000732", evidence="published"),
        Parameter("g3", 1e3, "cell", "tumor cells at which this production is half saturated",
                  source="Caravagna 2010 = BIOMD0000000732", evidence="published"),
        Parameter("mu3", 10.0, "1/day", "loss of interleukin-2",
                  source="Caravagna 2010 = BIOMD0000000732", evidence="published"),
        Parameter("s1", 0.0, "cell/day", "adoptive transfer of effector cells (0 without treatment)",
                  source="Caravagna 2010 = BIOMD0000000732", evidence="published"),
        Parameter("s2", 0.0, "IL2_unit/day", "infusion of interleukin-2 (0 without treatment)",
                  source="Caravagna 2010 = BIOMD0000000732", evidence="published"),
    ],
    processes=[
        Process("antigen_recruitment", "-> E", "c*T", "effector cells called up by the tumor's antigens"),
        Process("il2_proliferation", "-> E", "p1*E*I/(g1 + I)", "division of effector cells under interleukin-2"),
        Process("effector_death", "E ->", "mu2*E", "natural death of effector cells"),
        Process("aci_influx", "-> E", "s1", "effector cells given as treatment"),
        Process("tumor_growth", "-> T", "r2*T*(1 - b*T)", "logistic growth of the tumor"),
        Process("tumor_kill", "T ->", "a*E*T/(g2 + T)", "killing of tumor cells by effector cells"),
        Process("il2_production", "-> I", "p2*E*T/(g3 + T)", "interleukin-2 made by effector cells at the tumor"),
        Process("il2_loss", "I ->", "mu3*I", "loss of interleukin-2"),
        Process("il2_infusion", "-> I", "s2", "interleukin-2 given as treatment"),
    ],
    variants=[
        Variant("waves", values={"c": 0.02}, note="lasting waves of about 242 days", source="Kirschner 1998"),
        Variant("low_antigenicity", values={"c": 5e-5}, note="the tumor is not seen and grows to 9.9e8 cells",
                source="Kirschner 1998"),
    ],
    interventions=[
        Intervention("aci", [set_to("s1", 550)], kind="cell therapy", direction="enhance", acts_on="production",
                     expects={"T": "down on average"}, evidence="published",
                     source="Kirschner 1998; tumor-free state stable above r2*g2*mu2/a = 540 cells/day",
                     label="cell transfer"),
        Intervention("il2", [set_to("s2", 1e7)], kind="drug", direction="enhance", acts_on="growth",
                     expects={"I": "up", "T": "down on average"}, evidence="published",
                     source="Kirschner 1998; beyond 6.349e7 per day effector cells grow without bound", label="IL-2"),
        Intervention("vaccine", [scale("c", 1.4)], kind="vaccine", direction="enhance", acts_on="activation",
                     expects={"T": "down on average"}, evidence="assumed",
                     source="assumed: antigenicity raised by 40 %, to nearly the top of the published range",
                     label="vaccine"),
        Intervention("antigen_loss", [scale("c", 0.6)], direction="suppress", acts_on="activation",
                     expects={"T": "up on average"},
                     evidence="assumed", source="assumed: antigenicity lowered by 40 %", label="antigen loss"),
        Intervention("immunosuppression", [scale("mu2", 1.5)], kind="drug", direction="suppress", acts_on="lifespan",
                     expects={"T": "up on average"},
                     evidence="assumed", source="assumed: effector cells die 1.5 times as fast",
                     label="immunosuppression"),
    ],
    story=Story(
        "Transferred effector cells keep the peak of the tumor 400 times lower; interleukin-2 alone hardly changes it.",
        arms={"untreated": "", "effector cells": "aci", "interleukin-2": "il2"},
        panels=["T", "E"], until=400.0, logarithmic=["T"],
    ),
)
