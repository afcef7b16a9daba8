"""Complement, the alternative pathway in plasma: a loop that feeds itself, held by factors H and I.

C3 turns over slowly. Its fragment C3b takes up factor B, factor D cuts the pair into a convertase, and the convertase
cuts more C3. Factor H takes the convertase apart and hands C3b to factor I, which destroys it.

    C3 -> C3b;   C3b + B <-> closed <-> open -> convertase (by factor D) -> makes more C3b
    convertase + H -> C3b;   C3b + H -> iC3b (by factor I)

The pathway is robust up to an edge: a tenth of factor H keeps C3 at 97 %; without its synthesis C3 holds for more than
a week, until H has been lost, and is then used up, with factor B. Without factor I that takes a day. Factor D is in
excess: a block of 90 or 99 % hardly acts. So it is in people: loss of H or I gives low C3 (C3 glomerulopathy, hemolytic
uremic syndrome).

Values and equations of Bakshi et al. 2020 as in the curated SBML file BIOMD0000001017; of the paper the abstract was
read. Its minute gives a loss of C3 of 2.4 % an hour, about what was measured (memory). The start is the state of rest,
computed by us for the declared values; the file starts elsewhere. With other values the first days are no rest.
Interventions are ours, by target: no dose, no drug in blood; a block never falls off. Ranges of 30 % are assumed.

Do not ask it about surfaces of cells, C5, the membrane attack complex, properdin or C3(H2O): they are not in it. Bb and
iC3b are made and never lost. Nothing was compared with patients.

Concentrations run from 1e-8 to 6 umol/L and speeds from 1e-4 to 1e3 per minute: stiff, the default method is implicit.
"""

from immunode.intervention import Intervention, inhibit, remove, scale, transfer
from immunode.model import Derived, Model, Parameter, Process, State, Story

MODEL = Model(
    name="bakshi2020",
    title="Complement: the alternative pathway in plasma",
    system="blood",
    status="published",
    species="human",
    reference="doi:10.1007/s11538-020-00708-z",
    time_unit="minute",
    horizon=40320.0,
    readouts=["C3_left", "CV", "B", "H"],
    states=[
        State("C3", 6.418918553851771, "umol/L", "C3", kind="signal", source="at rest, computed"),
        State("C3b", 1.7362119939717621e-06, "umol/L", "active fragment of C3", kind="signal",
              source="at rest, computed"),
        State("BC", 4.6435396769767133e-07, "umol/L", "C3b with factor B, closed", kind="signal",
              source="at rest, computed", label="C3b with factor B, closed"),
        State("BO", 1.0530838936153884e-08, "umol/L", "C3b with factor B, open", kind="signal",
              source="at rest, computed", label="C3b with factor B, open"),
        State("CV", 3.382610720908545e-08, "umol/L", "convertase, C3bBb", kind="signal", source="at rest, computed",
              label="convertase"),
        State("CVH", 1.6412512791546797e-07, "umol/L", "convertase with factor H", kind="signal",
              source="at rest, computed"),
        State("Bb", 0.0, "umol/L", "fragment of factor B, never lost", kind="signal", source="counted from the start"),
        State("H", 3.0454545454545454, "umol/L", "factor H", kind="signal", source="at rest, computed",
              label="factor H"),
        State("B", 2.368912576229003, "umol/L", "factor B", kind="signal", source="at rest, computed",
              label="factor B"),
        State("CH", 5.15863149892853e-06, "umol/L", "C3b with factor H", kind="signal", source="at rest, computed",
              label="C3b with factor H"),
        State("iC3b", 0.0, "umol/L", "dead C3b, never lost", kind="signal", source="counted from the start"),
    ],
    parameters=[
        Parameter("k1", 1e-4, "1/minute", "spontaneous activation of C3", "BIOMD0000001017", "published"),
        Parameter("k2", 107.0, "1/minute", "C3 cut by the convertase", "BIOMD0000001017", "published"),
        Parameter("k3", 5.86, "umol/L", "C3 of half of that", "BIOMD0000001017", "published"),
        Parameter("k4", 0.816, "L/umol/minute", "C3b takes up factor B", "BIOMD0000001017", "published"),
        Parameter("k5", 6.9, "1/minute", "and lets it go", "BIOMD0000001017", "published"),
        Parameter("k6", 0.46, "1/minute", "decay of the convertase", "BIOMD0000001017", "published"),
        Parameter("k7", 130.0, "1/minute", "factor D cuts factor B", "BIOMD0000001017", "published"),
        Parameter("k8", 0.72, "umol/L", "open pair of half of that", "BIOMD0000001017", "published"),
        Parameter("k9", 0.33, "1/minute", "the pair opens", "BIOMD0000001017", "published"),
        Parameter("k10", 0.1068, "1/minute", "the pair closes", "BIOMD0000001017", "published"),
        Parameter("k15", 312.0, "L/umol/minute", "factor H takes C3b", "BIOMD0000001017", "published"),
        Parameter("k25", 312.0, "L/umol/minute", "factor H takes the convertase", "BIOMD0000001017", "published"),
        Parameter("k16", 195.0, "1/minute", "factor H lets go", "BIOMD0000001017", "published"),
        Parameter("k19", 78.0, "1/minute", "factor I destroys C3b", "BIOMD0000001017", "published"),
        Parameter("k20", 0.25, "umol/L", "C3b with H of half of that", "BIOMD0000001017", "published"),
        Parameter("k21", 0.832, "1/minute", "factor H takes the convertase apart", "BIOMD0000001017", "published"),
        Parameter("ks1", 0.00316, "umol/L/minute", "synthesis of C3", "BIOMD0000001017", "published"),
        Parameter("ks2", 0.000789, "umol/L/minute", "synthesis of factor B", "BIOMD0000001017", "published"),
        Parameter("ks3", 0.00067, "umol/L/minute", "synthesis of factor H", "BIOMD0000001017", "published"),
        Parameter("d1", 0.000392, "1/minute", "loss of C3", "BIOMD0000001017", "published"),
        Parameter("d2", 0.000333, "1/minute", "loss of factor B", "BIOMD0000001017", "published"),
        Parameter("d3", 0.00022, "1/minute", "loss of factor H", "BIOMD0000001017", "published"),
        Parameter("FD", 0.08, "umol/L", "factor D, constant", "BIOMD0000001017", "published"),
        Parameter("FI", 0.4, "umol/L", "factor I, constant", "BIOMD0000001017", "published"),
        Parameter("C3_rest", 6.418918553851771, "umol/L", "C3 at rest", "computed at the declared values", "derived",
                  (6.418918553851771, 6.418918553851771)),
        Parameter("whole", 100.0, "percent", "all of it", "conversion of units", "derived", (100.0, 100.0)),
    ],
    derived=[
        Derived("C3_left", "whole*C3/C3_rest", "percent", "C3, of that at rest", label="C3, % of normal"),
    ],
    processes=[
        Process("tick_over", "C3 -> C3b", "k1*C3", "spontaneous activation"),
        Process("amplification", "C3 -> C3b", "k2*CV*michaelis(C3, k3)", "C3 cut by the convertase"),
        Process("binding_B", "C3b + B -> BC", "k4*C3b*B", "C3b takes up factor B"),
        Process("losing_B", "BC -> C3b + B", "k5*BC", "and lets it go"),
        Process("opening", "BC -> BO", "k9*BC", "the pair opens"),
        Process("closing", "BO -> BC", "k10*BO", "the pair closes"),
        Process("cutting", "BO -> CV", "k7*FD*michaelis(BO, k8)", "factor D makes the convertase"),
        Process("gripping", "CV + H -> CVH", "k25*CV*H", "factor H takes the convertase"),
        Process("slipping", "CVH -> CV + H", "k16*CVH", "and lets it go"),
        Process("tearing", "CVH -> C3b + Bb + H", "k21*CVH", "factor H takes it apart"),
        Process("decay", "CV -> C3b + Bb", "k6*CV", "the convertase falls apart"),
        Process("holding", "C3b + H -> CH", "k15*C3b*H", "factor H takes C3b"),
        Process("letting_go", "CH -> C3b + H", "k16*CH", "and lets it go"),
        Process("ending", "CH -> iC3b + H", "k19*FI*michaelis(CH, k20)", "factor I destroys C3b"),
        Process("C3_made", "-> C3", "ks1", "synthesis"),
        Process("B_made", "-> B", "ks2", "synthesis"),
        Process("H_made", "-> H", "ks3", "synthesis"),
        Process("C3_lost", "C3 ->", "d1*C3", "loss"),
        Process("B_lost", "B ->", "d2*B", "loss"),
        Process("H_lost", "H ->", "d3*H", "loss"),
    ],
    interventions=[
        Intervention("factor_h_half", [scale("ks3", 0.5)], kind="disease", direction="enhance", acts_on="production",
                     expects={"H": "down at 28 days"}, source="assumed: half the synthesis", label="half of factor H"),
        Intervention("factor_h_tenth", [scale("ks3", 0.1)], kind="disease", direction="enhance", acts_on="production",
                     expects={"C3": "down at 28 days"}, source="assumed: a tenth of the synthesis",
                     label="a tenth of factor H"),
        Intervention("factor_h_none", [inhibit("ks3", 1.0)], kind="disease", direction="enhance",
                     acts_on="production", expects={"C3": "down at 28 days", "B": "down at 28 days"},
                     source="assumed: no synthesis", label="no factor H"),
        Intervention("factor_i_tenth", [scale("FI", 0.1)], kind="disease", direction="enhance", acts_on="clearance",
                     expects={"C3b": "up at 28 days"}, source="assumed: a tenth", label="a tenth of factor I"),
        Intervention("factor_i_none", [inhibit("FI", 1.0)], kind="disease", direction="enhance", acts_on="clearance",
                     expects={"C3": "down at 1 days", "B": "down at 28 days"}, source="assumed: none",
                     label="no factor I"),
        Intervention("block_d_90", [scale("k7", 0.1)], kind="drug", direction="suppress", acts_on="activation",
                     expects={"CV": "down at 7 days"}, source="assumed: 90 % of factor D, as danicopan may",
                     label="factor D blocked, 90 %"),
        Intervention("block_d_99", [scale("k7", 0.01)], kind="drug", direction="suppress", acts_on="activation",
                     expects={"CV": "down at 7 days"}, source="assumed: 99 % of factor D, as danicopan may",
                     label="factor D blocked, 99 %"),
        Intervention("block_b_90", [scale("k4", 0.1)], kind="drug", direction="suppress", acts_on="activation",
                     expects={"CV": "down at 7 days"}, source="assumed: 90 % of factor B, as iptacopan may",
                     label="factor B blocked, 90 %"),
        Intervention("block_b_99", [scale("k4", 0.01)], kind="drug", direction="suppress", acts_on="activation",
                     expects={"CV": "down at 7 days"}, source="assumed: 99 % of factor B, as iptacopan may",
                     label="factor B blocked, 99 %"),
        Intervention("block_c3_90", [scale("k1", 0.1), scale("k2", 0.1)], kind="drug", direction="suppress",
                     acts_on="activation", expects={"C3": "up at 28 days"},
                     source="assumed: 90 % of the activation of C3, as pegcetacoplan may", label="C3 blocked, 90 %"),
        Intervention("trigger", [transfer("C3b", 0.1)], kind="infection", direction="enhance", acts_on="activation",
                     expects={"CV": "up at its peak"}, source="assumed: 0.1 umol/L of C3b", label="a burst of C3b"),
        Intervention("factor_h_lost", [remove("H", 0.9)], kind="procedure", direction="enhance", acts_on="lifespan",
                     expects={"C3": "down at its lowest"}, source="assumed: nine tenths gone at once",
                     label="factor H removed once"),
    ],
    story=Story(
        "A tenth of factor H keeps C3; without any most is used up in two weeks, later if factor B is blocked.",
        arms={"healthy": "", "a tenth of factor H": "factor_h_tenth", "no factor H": "factor_h_none",
              "none, factor B blocked": "factor_h_none + block_b_99"},
        panels=["C3_left"],
    ),
)
