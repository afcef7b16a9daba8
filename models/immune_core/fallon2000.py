"""Interleukin-2, its receptor and T-cell growth: why more IL-2 stops helping, and what a better ligand saves.

IL-2 in the medium binds receptors, is taken in, and is partly destroyed, partly given back. Cells grow with the number
of complexes on their surface, from 125 per cell on. At 10 pM ligand falls and growth stops after a day; at 100 pM it
goes on for four days; 1000 pM adds only 9 % of cells, since receptors are saturated. The analog 2D1 lets go of the
receptor inside the cell, is recycled, and so lasts longer and makes more cells at 100 pM.

Fallon and Lauffenburger 2000 from the curated file BIOMD0000000665 (abstract read; DOI from memory). A cell culture
(kit-225-like), one kind of cell. One correction: the file takes the surface rate kf for binding inside the cell in the
balance of that ligand, where the two receptor equations take kfe; ligand is then not conserved, and the analog uses
up more IL-2 than the native one (42.7 against 45.1 pM left of 100), against the abstract. With kfe, as here, it uses
less (60.7 against 55.8). At 1 and 10 pM the analog makes more cells but does not save ligand, as it also binds faster
at the surface.

Take it as a receptor module, not as low-dose IL-2 treatment: no regulatory T cells, no IL-2 made by cells, no patient.
Growth is the published empirical curve, cut off at 0 below 125 complexes (a corner of the equations). The file
starts with 10 pM of IL-2; other concentrations are put in, or taken out, at the start. The block of receptors, of their
synthesis and of uptake are ours; +-30 % in samples is assumed.
"""

from immunode.intervention import Intervention, inhibit, remove, scale, set_to, transfer
from immunode.model import Derived, Model, Parameter, Process, State, Story, Unit

MODEL = Model(
    name="fallon2000",
    title="Interleukin-2, its receptor and T-cell growth in culture",
    system="immune core",
    status="published",
    species="human",
    reference="doi:10.1021/bp000097t",
    time_unit="minute",
    horizon=5760.0,
    readouts=["L", "Y", "Cs"],
    units=[Unit("molecule", "a molecule of receptor or ligand")],
    states=[
        State("Rs", 1500.0, "molecule/cell", "free receptors on the surface", kind="signal", source="BIOMD0000000665"),
        State("Cs", 1.0, "molecule/cell", "complexes on the surface", kind="signal", source="BIOMD0000000665",
              label="complexes on the surface"),
        State("Ri", 300.0, "molecule/cell", "free receptors in endosomes", kind="signal", source="BIOMD0000000665"),
        State("Ci", 1.0, "molecule/cell", "complexes in endosomes", kind="signal", source="BIOMD0000000665"),
        State("Li", 0.01, "pM", "IL-2 in endosomes", kind="signal", source="BIOMD0000000665"),
        State("Ld", 1.0, "molecule/cell", "IL-2 destroyed", kind="signal", source="BIOMD0000000665"),
        State("L", 10.0, "pM", "IL-2 in the medium", kind="signal", source="BIOMD0000000665",
              label="IL-2 in the medium"),
        State("Y", 2.5e8, "cell/L", "T cells", kind="cell", source="BIOMD0000000665", label="T cells"),
    ],
    parameters=[
        Parameter("kr", 0.0138, "1/minute", "release at the surface", "BIOMD0000000665", "published"),
        Parameter("kf", 0.0012432432432432432, "1/(pM*minute)", "binding at the surface", "BIOMD0000000665: kr/11.1",
                  "published"),
        Parameter("kre", 0.1104, "1/minute", "release in endosomes", "BIOMD0000000665: 8 kr", "published"),
        Parameter("kfe", 0.0001104, "1/(pM*minute)", "binding in endosomes", "BIOMD0000000665: kre/1000",
                  "published"),
        Parameter("kt", 0.007, "1/minute", "uptake of free receptors", "BIOMD0000000665", "published"),
        Parameter("Vs", 11.0, "molecule/(cell*minute)", "receptors made without IL-2", "BIOMD0000000665", "published"),
        Parameter("ksyn", 0.0011, "1/minute", "receptors made per complex", "BIOMD0000000665", "published"),
        Parameter("ke", 0.04, "1/minute", "uptake of complexes", "BIOMD0000000665", "published"),
        Parameter("kx", 0.15, "1/minute", "return of IL-2 from endosomes to the medium", "BIOMD0000000665",
                  "published"),
        Parameter("kh", 0.035, "1/minute", "destruction in endosomes", "BIOMD0000000665", "published"),
        Parameter("v", 6.022e-3, "molecule/(cell*pM)", "molecules in the endosomes of a cell at 1 pM",
                  "BIOMD0000000665: 1e-14 L", "published"),
        Parameter("NA", 6.022e11, "molecule/(L*pM)", "molecules in a liter at 1 pM", "conversion of units", "derived",
                  (6.022e11, 6.022e11)),
        Parameter("g_max", 6e5, "cell/(L*minute)", "cells added by saturated receptors", "BIOMD0000000665",
                  "published"),
        Parameter("g_half", 250.0, "molecule/cell", "complexes at which half of them are added", "BIOMD0000000665",
                  "published"),
        Parameter("g_loss", 2e5, "cell/(L*minute)", "cells lost without IL-2, no more than are added",
                  "BIOMD0000000665", "published"),
    ],
    derived=[
        Derived("bound", "kf*L*Rs - kr*Cs", "molecule/(cell*minute)", "net binding at the surface"),
        Derived("bound_inside", "kfe*Li*Ri - kre*Ci", "molecule/(cell*minute)", "net binding in endosomes"),
        Derived("growth", "max(g_max*Cs/(g_half + Cs) - g_loss, 0)", "cell/(L*minute)", "cells added",
                label="growth of T cells"),
    ],
    processes=[
        Process("binding", "Rs -> Cs", "bound", "net binding at the surface"),
        Process("synthesis", "-> Rs", "Vs + ksyn*Cs", "receptors made"),
        Process("r_uptake", "Rs -> Ri", "kt*Rs", "uptake of free receptors"),
        Process("c_uptake", "Cs -> Ci", "ke*Cs", "uptake of complexes"),
        Process("binding_inside", "Ri -> Ci", "bound_inside", "net binding in endosomes"),
        Process("r_destruction", "Ri ->", "kh*Ri", "receptors destroyed"),
        Process("c_destruction", "Ci -> Ld", "kh*Ci", "complexes destroyed"),
        Process("li_binding", "Li ->", "bound_inside/v", "ligand that binds in endosomes"),
        Process("recycling", "Li ->", "kx*Li", "ligand that leaves endosomes"),
        Process("depletion", "L ->", "bound*Y/NA", "ligand that binds at the surface of all cells"),
        Process("return_", "-> L", "kx*Li*v*Y/NA", "ligand that comes back from all cells"),
        Process("division", "-> Y", "growth", "cells added"),
    ],
    interventions=[
        Intervention("il2_1", [remove("L", 0.9)], kind="drug", direction="suppress", acts_on="signal",
                     expects={"L": "down", "Cs": "down"}, evidence="published",
                     source="1 pM at the start: nine tenths of 10 pM are taken out", label="IL-2 1 pM"),
        Intervention("il2_100", [transfer("L", 90.0)], kind="drug", direction="enhance", acts_on="signal",
                     expects={"L": "up", "Y": "up"}, evidence="published",
                     source="100 pM at the start: 90 more than 10", label="IL-2 100 pM"),
        Intervention("il2_1000", [transfer("L", 990.0)], kind="drug", direction="enhance", acts_on="signal",
                     expects={"L": "up", "Y": "up"}, evidence="published",
                     source="1000 pM at the start: 990 more than 10", label="IL-2 1000 pM"),
        Intervention("analog_2d1",
                     [set_to("kf", 0.0016829268292682927), set_to("kre", 0.069), set_to("kfe", 2.3e-5)],
                     kind="drug", direction="enhance", acts_on="signal",
                     expects={"L": "up at the end", "Y": "up at the end"}, evidence="published",
                     source="BIOMD0000000665: kf = kr/8.2, kre = 5 kr, kfe = kre/3000", label="analog 2D1",
                     beside="il2_100"),
        Intervention("receptor_block", [scale("kf", 0.1)], kind="drug", direction="suppress", acts_on="signal",
                     expects={"L": "up", "Y": "down"}, evidence="assumed",
                     source="assumed: a tenth of binding, in the manner of basiliximab", label="receptor block",
                     beside="il2_100"),
        Intervention("no_new_receptors", [inhibit("Vs", 1), inhibit("ksyn", 1)], direction="suppress",
                     acts_on="production", expects={"L": "up", "Y": "down"}, evidence="assumed",
                     source="assumed: no receptor is made", label="no new receptors",
                     beside="il2_100"),
        Intervention("slow_uptake", [scale("ke", 0.5)], direction="enhance", acts_on="lifespan",
                     expects={"Cs": "up", "Y": "up"}, evidence="assumed",
                     source="assumed: complexes stay twice as long on the surface", label="slow uptake",
                     beside="il2_100"),
    ],
    story=Story(
        "At 10 pM of IL-2 T cells soon stop dividing; 1000 pM hardly beats 100; the analog is used up more slowly.",
        arms={"10 pM": "", "100 pM": "il2_100", "1000 pM": "il2_1000", "100 pM, analog": "il2_100 + analog_2d1"},
        panels=["L", "Y"], logarithmic=["L"],
    ),
)
