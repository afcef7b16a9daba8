"""Naive T cells over a human life: thymus, division, death, and why children recover faster than adults.

The thymus exports cells, by 4.4 % less each year; naive T cells divide and die, and die faster where they are many
(they compete for IL-7). The body fills to 1.4e11 cells at the age of 21 and then slowly empties, to a quarter at 80.
Without a thymus at one year, a ninth of the usual cells is there at 10. A depletion to a tenth at the age of 30 is
half made good after 20 years, at 5 after 4, at 60 after 27.

Lewkiewicz, Chuang and Chou 2019 from the curated file BIOMD0000000824 (abstract of the preprint read; volume and DOI
from memory). One state: the smallest model here of growth and lifespan, for teaching, and a source of age for others.
An adult has about 1e11 naive T cells (Blood 2009;113:5480): met. Recovery is faster in children: right in kind, but
real children recover in one or two years (memory). All interventions are ours, +-30 % in samples is assumed.

Time is age in years from birth. Left out: memory cells, CD4 and CD8, the signals themselves, and the paper's diversity
(sizes of clones), which the file has not.
"""

from immunode.intervention import Intervention, add, during, inhibit, remove, scale
from immunode.model import Derived, Model, Parameter, Process, State, Story

MODEL = Model(
    name="lewkiewicz2019",
    title="Naive T cells over a human life",
    system="immune core",
    status="published",
    species="human",
    reference="doi:10.1007/s11538-019-00630-z",
    time_unit="year",
    horizon=100.0,
    readouts=["N", "export"],
    states=[
        State("N", 1.0, "cell", "naive T cells in the whole body", kind="cell", source="BIOMD0000000824",
              label="naive T cells"),
    ],
    parameters=[
        Parameter("g0", 1.8e10, "cell/year", "export of the thymus at birth", "BIOMD0000000824", "published"),
        Parameter("a", 0.044, "1/year", "loss of thymic export with age (half in 15.75 years)", "BIOMD0000000824",
                  "published"),
        Parameter("p", 0.17, "1/year", "division", "BIOMD0000000824", "published"),
        Parameter("m0", 0.18, "1/year", "death where cells are few", "BIOMD0000000824", "published"),
        Parameter("m1", 0.04, "1/year", "death added where cells are many", "BIOMD0000000824", "published"),
        Parameter("K", 1e10, "cell", "cells at which half of that is added", "BIOMD0000000824", "published"),
    ],
    derived=[
        Derived("export", "g0*exp(-a*t)", "cell/year", "cells that the thymus exports", label="export of the thymus"),
        Derived("death_rate", "m0 + m1*N**2/(N**2 + K**2)", "1/year", "death, faster where cells are many"),
    ],
    processes=[
        Process("thymus", "-> N", "export", "cells that leave the thymus"),
        Process("division", "-> N", "p*N", "division in the periphery"),
        Process("death", "N ->", "death_rate*N", "death"),
    ],
    interventions=[
        Intervention("thymectomy_1y", [inhibit("g0", 1)], during(1), direction="suppress", acts_on="production",
                     expects={"N": "down"}, evidence="assumed", source="assumed: thymus taken out at 1 year, as in "
                     "surgery of the heart", label="no thymus from age 1"),
        Intervention("thymectomy_30y", [inhibit("g0", 1)], during(30), direction="suppress", acts_on="production",
                     expects={"N": "down at the end"}, evidence="assumed",
                     source="assumed: thymus taken out at 30 years", label="no thymus from 30 years"),
        Intervention("slow_involution", [scale("a", 0.5)], direction="enhance", acts_on="production",
                     expects={"N": "up"}, evidence="assumed", source="assumed: thymus ages half as fast",
                     label="thymus ages half as fast"),
        Intervention("no_involution", [inhibit("a", 1)], direction="enhance", acts_on="production",
                     expects={"N": "up"}, evidence="assumed", source="assumed: thymus does not age",
                     label="thymus does not age"),
        Intervention("less_division", [scale("p", 0.9)], direction="suppress", acts_on="growth",
                     expects={"N": "down"}, evidence="assumed", source="assumed: a tenth less division",
                     label="less division"),
        Intervention("more_death", [scale("m0", 1.1)], direction="suppress", acts_on="lifespan",
                     expects={"N": "down"}, evidence="assumed", source="assumed: death faster by a tenth",
                     label="shorter life of cells"),
        Intervention("il7_at_60", [add("p", 0.3)], during(60, 61), kind="drug", direction="enhance",
                     acts_on="growth", expects={"N": "up at 70 years"}, evidence="assumed",
                     source="assumed: IL-7 for a year adds 0.3 divisions per year", label="IL-7 for a year at 60"),
        Intervention("depletion_at_30", [remove("N", 0.9)], during(30), kind="drug", direction="suppress",
                     acts_on="lifespan", expects={"N": "down at 40 years"}, evidence="assumed",
                     source="assumed: a tenth is left, after antithymocyte globulin or chemotherapy",
                     label="depletion at 30"),
        Intervention("depletion_at_5", [remove("N", 0.9)], during(5), kind="drug", direction="suppress",
                     acts_on="lifespan", expects={"N": "down at 10 years"}, evidence="assumed",
                     source="assumed: a tenth is left, in a child", label="depletion at 5"),
        Intervention("depletion_at_60", [remove("N", 0.9)], during(60), kind="drug", direction="suppress",
                     acts_on="lifespan", expects={"N": "down at 70 years"}, evidence="assumed",
                     source="assumed: a tenth is left, in the old", label="depletion at 60"),
    ],
    story=Story(
        "Without a thymus in childhood naive T cells never fill up; after depletion at 30 they need decades.",
        arms={"usual life": "", "no thymus": "thymectomy_1y", "depletion at 30": "depletion_at_30",
              "IL-7 for a year at 60": "il7_at_60"},
        panels=["N"],
    ),
)
