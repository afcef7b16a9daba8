"""Self-tolerance or chronic autoimmunity: what regulatory T cells decide, and what they do not.

Antigen-presenting cells that show a self-antigen call up effector T cells; these damage tissue, which sets free more of
the antigen. One number, R0, says whether this circle closes: how many presenting cells one presenting cell makes in the
end. Below 1 every episode ends (tolerance); above 1 the disease settles at a lasting level. Regulatory T cells (Tregs)
of OTHER specificity, b1, are part of R0: enough of them cure. The SPECIFIC Tregs that the disease itself calls up are
not: they make it smaller but never end it.

    self-antigen G --uptake--> presenting cells A --> effectors E --damage--> more G        (the circle: R0)
                                A, and E with A --> specific Tregs R --| A                  (the size of disease)
                                Tregs of other specificity (b1) -----------| A              (part of R0)

The default has R0 = 0.7996: a burst of antigen makes E peak at 6,979 cells on day 4.5 and fade. The variant `disease`
has R0 = 1.2 and starts in its lasting state (E = 39,819): try treatments there. R0 falls to 1 at b1 = 0.35 (x1.4),
muE = 0.30 (x1.2) or lambdaE x0.8333; doubling the activation or strength of specific Tregs only lowers E to 74 % and
67 %. An infusion of Tregs helps for weeks. Follow a run for 4,000 to 6,000 days to see where it settles; plot 300.

Published (Alexander & Wahl 2011): System 1, equations and values of the curated entry BIOMD0000000289, abstract read;
every claim of the abstract comes out. The variant `system2` is BIOMD0000000290, where uptake of antigen saturates: one
process more stands in this file, with v_max = 0 in System 1. The paper shows R0 = 0.8 in its figure 2. Assumed: every
treatment and its size, and which value of f makes the disease case. Ours: the read-outs `R0` and `treg_share`.

Left out: Tregs that act on effectors (the paper's Systems 3 and 4), organs, cytokines, and chance. Below R0 = 1 the
last cells fade without end here; the paper treats that end by chance.
"""

from immunode.intervention import Intervention, during, remove, scale, transfer
from immunode.model import Derived, Model, Parameter, Process, State, Story, Unit, Variant

MODEL = Model(
    name="alexander2010",
    title="Regulatory T cells between self-tolerance and chronic autoimmunity",
    system="autoimmune regulation",
    status="published",
    reference="doi:10.1007/s11538-010-9519-2",
    time_unit="day",
    horizon=300.0,
    readouts=["E", "R", "A", "treg_share"],
    units=[Unit("item", "pieces of self-antigen")],
    states=[
        State("A", 1.0, "cell", "mature antigen-presenting cells that show the self-antigen", kind="cell",
              source="BIOMD0000000289", label="antigen-presenting cells"),
        State("R", 0.0, "cell", "regulatory T cells specific for it", kind="cell", typical=100.0,
              source="BIOMD0000000289", label="specific Treg"),
        State("E", 0.0, "cell", "autoreactive effector T cells", kind="cell", typical=100.0, source="BIOMD0000000289",
              label="autoreactive T cells"),
        State("G", 1e8, "item", "free self-antigen", kind="signal", source="BIOMD0000000289", label="self-antigen"),
    ],
    parameters=[
        Parameter("v", 0.0025, "1/day", "uptake of antigen, System 1 (0 in System 2)", "BIOMD0000000289", "published"),
        Parameter("v_max", 0.0, "item/day", "largest uptake, System 2 (0 in System 1)", "BIOMD0000000290", "published"),
        Parameter("k", 5e7, "item", "antigen that gives half of v_max", "BIOMD0000000290", "published"),
        Parameter("f", 1e-4, "cell/item", "presenting cells made per piece taken up", "BIOMD0000000289", "published"),
        Parameter("gamma", 2000.0, "item/(cell*day)", "antigen freed by an effector", "BIOMD0000000289", "published"),
        Parameter("beta", 200.0, "1/day", "Tregs called up by a presenting cell", "BIOMD0000000289", "published"),
        Parameter("pi1", 0.016, "1/(cell*day)", "Tregs called up with help of effectors",
                  "BIOMD0000000289", "published"),
        Parameter("lambdaE", 1000.0, "1/day", "effectors made by a presenting cell", "BIOMD0000000289", "published"),
        Parameter("muA", 0.25, "1/day", "death of presenting cells", "BIOMD0000000289", "published"),
        Parameter("muR", 0.25, "1/day", "death of Tregs", "BIOMD0000000289", "published"),
        Parameter("muE", 0.25, "1/day", "death of effectors", "BIOMD0000000289", "published"),
        Parameter("muG", 5.0, "1/day", "clearance of antigen", "BIOMD0000000289", "published"),
        Parameter("b1", 0.25, "1/day", "suppression by Tregs of other specificity", "BIOMD0000000289", "published"),
        Parameter("sigma1", 3e-6, "1/(cell*day)", "suppression by a specific Treg", "BIOMD0000000289", "published"),
    ],
    derived=[
        Derived("v0", "v + v_max/k", "1/day", "uptake while there is little antigen"),
        Derived("R0", "f*v0*lambdaE*gamma/((muG + v0)*(muA + b1)*muE)", "", "presenting cells made by one, in the end"),
        Derived("treg_share", "piecewise(R/(R + E), R + E > 0, 0)", "", "Tregs among the antigen's T cells (ours)",
                label="share of Treg"),
    ],
    processes=[
        Process("antigen_uptake", "G ->", "v*G + v_max*G/(k + G)", "antigen taken up by immature presenting cells"),
        Process("apc_maturation", "-> A", "f*(v*G + v_max*G/(k + G))", "presenting cells that mature by it"),
        Process("antigen_release", "-> G", "gamma*E", "antigen from tissue damaged by effectors"),
        Process("antigen_clearance", "G ->", "muG*G", "antigen cleared without a response"),
        Process("treg_activation_A", "-> R", "beta*A", "Tregs called up by presenting cells"),
        Process("treg_activation_AE", "-> R", "pi1*E*A", "Tregs called up with interleukin-2 of effectors"),
        Process("effector_generation", "-> E", "lambdaE*A", "effectors called up by presenting cells"),
        Process("apc_death", "A ->", "muA*A", "death of presenting cells"),
        Process("treg_death", "R ->", "muR*R", "death of Tregs"),
        Process("effector_death", "E ->", "muE*E", "death of effectors"),
        Process("suppression_nonspecific", "A ->", "b1*A", "presenting cells switched off by other Tregs"),
        Process("suppression_specific", "A ->", "sigma1*A*R", "presenting cells switched off by specific Tregs"),
    ],
    variants=[
        Variant("disease", values={"f": 1.50075e-4},
                initial={"A": 9.95486686848748, "R": 33333.3333333333, "E": 39819.4674739499, "G": 15919827.0760419},
                note="R0 = 1.2, in the lasting disease", source="computed: closed form; this f is assumed"),
        Variant("system2", values={"v": 0.0, "v_max": 125000.0}, note="uptake of antigen saturates; R0 as before",
                source="BIOMD0000000290"),
    ],
    interventions=[
        Intervention("nonspecific_treg", [scale("b1", 1.3)], kind="drug", direction="suppress", acts_on="signal",
                     expects={"E": "down on average", "A": "down on average", "R0": "down"}, evidence="assumed",
                     source="assumed: low-dose interleukin-2, 30 % more suppression by all Tregs",
                     note="in `disease` E falls to 44 %; from x1.4 on it cures", label="all Treg stronger"),
        Intervention("specific_treg_help", [scale("pi1", 2)], kind="drug", direction="suppress", acts_on="activation",
                     expects={"R": "up on average", "E": "down", "R0": "unchanged"}, evidence="assumed",
                     source="assumed: twice the activation of specific Tregs", note="in `disease` E falls to 74 %",
                     label="more specific Treg"),
        Intervention("specific_treg_potency", [scale("sigma1", 2)], kind="drug", direction="suppress", acts_on="signal",
                     expects={"E": "down on average", "R0": "unchanged"}, evidence="assumed",
                     source="assumed: specific Tregs twice as strong",
                     note="in `disease` E falls to 67 %; x10 to 24 %", label="specific Treg stronger"),
        Intervention("loss_of_suppression", [scale("sigma1", 0.001)], direction="enhance", acts_on="signal",
                     expects={"E": "up on average", "R0": "unchanged"}, evidence="assumed",
                     source="assumed: specific Tregs without strength", note="in `disease` E rises 36-fold",
                     label="no specific suppression"),
        Intervention("treg_infusion", [transfer("R", 1e5)], during(start=0), kind="cell therapy", direction="suppress",
                     acts_on="production", expects={"R": "up", "E": "down on average"}, evidence="assumed",
                     source="assumed: 1e5 specific Tregs on day 0", note="helps for weeks", label="Treg infusion"),
        Intervention("costimulation_block", [scale("lambdaE", 0.9)], kind="drug", direction="suppress",
                     acts_on="activation", expects={"E": "down on average", "R0": "down"}, evidence="assumed",
                     source="assumed: CTLA4-Ig, 10 % fewer effectors", note="in `disease` E falls to 55 %; x0.8 cures",
                     label="costimulation block"),
        Intervention("effector_depletion", [scale("muE", 1.3)], kind="drug", direction="suppress", acts_on="lifespan",
                     expects={"E": "down on average", "R0": "down"}, evidence="assumed",
                     source="assumed: effectors die 30 % faster; cures `disease`", label="effector depletion"),
        Intervention("apc_depletion", [scale("muA", 1.5)], kind="drug", direction="suppress", acts_on="lifespan",
                     expects={"A": "down on average", "E": "down on average", "R0": "down"}, evidence="assumed",
                     source="assumed: presenting cells die 50 % faster", label="depletion of presenting cells"),
        Intervention("tissue_protection", [scale("gamma", 0.8)], kind="drug", acts_on="production",
                     expects={"G": "down on average", "E": "down on average", "R0": "down"}, evidence="assumed",
                     source="assumed: effectors set free 20 % less antigen", label="tissue protection"),
        Intervention("antigen_injury", [remove("G", 1.0), transfer("G", 1e9)], during(start=0), acts_on="production",
                     expects={"G": "up on average", "E": "up on average"}, evidence="assumed",
                     source="assumed: injury, antigen stands at 1e9 on day 0", label="injury sets antigen free"),
    ],
    story=Story(
        "Infused regulatory T cells restrain autoimmunity for weeks only; depleting effector cells ends it.",
        arms={"untreated": "", "Treg infusion": "treg_infusion", "low-dose IL-2": "nonspecific_treg",
              "effector depletion": "effector_depletion"},
        panels=["E", "R"], variant="disease",
    ),
)
