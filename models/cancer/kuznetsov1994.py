"""Effector cells against an immunogenic tumor: dormancy, escape, and what moves the border between them.

Effector cells enter the tumor's site, are drawn there by it, kill it, and are inactivated by contact with it. With the
published values (BCL1 lymphoma in the spleen of mice) the tumor either settles at about 8 million cells, held by the
immune system (dormancy, reached in slow waves of about 99 days), or escapes to about 447 million cells. Which of the
two depends on where it starts: with 3.2e5 effector cells the largest tumor that is still held has 6.56e7 cells.

Left out: where cells are, antigen loss, helper and regulatory cells, cytokines and drugs (an intervention changes a
rate directly), and the chance events that decide the fate of a few cells.

Values and equations come from the curated entry BIOMD0000000762; the paper's text could not be read. Its
dimensionless set and steady states, quoted from memory, are met to three digits (it prints alpha 1.636 and delta
0.3743, the values here give 1.635 and 0.3742: rounding). The initial tumor of 5e5 cells is the paper's, from memory;
the curated entry starts at 5e6 (variant `curated`). "Sneaking through" of very small tumors was not checked.

Follow an outcome for 3,000 to 4,000 days: the approach to dormancy is damped by 0.0055 per day only.
"""

from immunode.intervention import Intervention, scale, transfer
from immunode.model import Model, Parameter, Process, State, Story, Variant

MODEL = Model(
    name="kuznetsov1994",
    title="Effector cells against an immunogenic tumor",
    system="cancer",
    status="published",
    species="mouse",
    reference="doi:10.1007/BF02460644",
    time_unit="day",
    horizon=500.0,
    readouts=["T", "E"],
    states=[
        State("E", 3.2e5, "cell", "effector cells at the site of the tumor", kind="cell",
              source="BIOMD0000000762; close to s/d, the tumor-free state", label="effector cells"),
        State("T", 5e5, "cell", "tumor cells (BCL1 lymphoma, mouse spleen)", kind="cell",
              source="Kuznetsov 1994, from memory", label="tumor cells"),
    ],
    parameters=[
        Parameter("s", 1.3e4, "cell/day", "constant influx of effector cells",
                  source="BIOMD0000000762, fit to BCL1 data", evidence="fitted"),
        Parameter("p", 0.1245, "1/day", "maximal accumulation of effector cells driven by the tumor",
                  source="BIOMD0000000762, fit to BCL1 data", evidence="fitted", label="recruitment of effector cells"),
        Parameter("g", 2.019e7, "cell", "tumor cells that give half of this accumulation",
                  source="BIOMD0000000762, fit to BCL1 data", evidence="fitted", label="tumor at half the recruitment"),
        Parameter("m", 3.422e-10, "1/(cell*day)", "inactivation of effector cells by the tumor (exhaustion)",
                  source="BIOMD0000000762, fit to BCL1 data", evidence="fitted"),
        Parameter("d", 0.0412, "1/day", "death of effector cells",
                  source="BIOMD0000000762, fit to BCL1 data", evidence="fitted"),
        Parameter("a", 0.18, "1/day", "growth of the tumor",
                  source="BIOMD0000000762, fit to BCL1 data", evidence="fitted"),
        Parameter("b", 2.0e-9, "1/cell", "1 / carrying capacity of the tumor (5e8 cells)",
                  source="BIOMD0000000762, fit to BCL1 data", evidence="fitted", label="1 / carrying capacity"),
        Parameter("n", 1.101e-7, "1/(cell*day)", "killing of tumor cells by effector cells",
                  source="BIOMD0000000762, fit to BCL1 data", evidence="fitted"),
    ],
    processes=[
        Process("influx", "-> E", "s", "effector cells that come whether or not there is a tumor"),
        Process("recruitment", "-> E", "p*E*T/(g + T)", "effector cells that the tumor draws or makes divide"),
        Process("inactivation", "E ->", "m*E*T", "effector cells switched off by contact with the tumor"),
        Process("effector_death", "E ->", "d*E", "natural death of effector cells"),
        Process("tumor_growth", "-> T", "a*T*(1 - b*T)", "logistic growth of the tumor"),
        Process("tumor_kill", "T ->", "n*E*T", "killing of tumor cells by effector cells"),
    ],
    variants=[
        Variant("curated", initial={"T": 5e6}, note="initial tumor of the curated entry; dormancy",
                source="BIOMD0000000762"),
        Variant("large_tumor", initial={"E": 3.2e5, "T": 1e8}, note="treated too late: escapes without treatment",
                source="assumed: a start just beyond the border of dormancy, for trying treatments"),
        Variant("escaping", initial={"E": 1e4, "T": 1e8}, note="few effector cells and a large tumor: escapes",
                source="assumed: a start far beyond the border of dormancy"),
    ],
    interventions=[
        Intervention("adoptive_transfer", [scale("s", 3)], kind="cell therapy", direction="enhance",
                     acts_on="production", expects={"E": "up on average", "T": "down"}, evidence="assumed",
                     source="assumed: lasting infusion that triples the influx",
                     note="from x1.638 on there is no escape; x6 makes the tumor-free state stable",
                     label="cell transfer, lasting"),
        Intervention("adoptive_transfer_bolus", [transfer("E", 1e5)], kind="cell therapy", direction="enhance",
                     acts_on="production", expects={"E": "up", "T": "down on average"}, evidence="assumed",
                     source="assumed: a dose just above the 9.21e4 cells that rescue the variant large_tumor",
                     label="cell transfer, once"),
        Intervention("immunosuppression", [scale("s", 0.5)], kind="drug", direction="suppress",
                     acts_on="production", expects={"E": "down on average", "T": "up on average"}, evidence="assumed",
                     source="assumed: half the influx of effector cells", label="immunosuppression"),
        Intervention("recruitment_block", [scale("p", 0.5)], kind="drug", direction="suppress",
                     acts_on="activation", expects={"E": "down on average", "T": "up"}, evidence="assumed",
                     source="assumed: half the immunogenicity; below p = 0.06933 there is no dormancy",
                     label="recruitment halved"),
        Intervention("recruitment_boost", [scale("p", 1.5)], kind="vaccine", direction="enhance",
                     acts_on="activation", expects={"E": "up on average", "T": "down"}, evidence="assumed",
                     source="assumed: cytokine or vaccine that raises recruitment by half", label="recruitment raised"),
        Intervention("checkpoint_blockade", [scale("m", 0.1)], kind="drug", direction="enhance",
                     acts_on="lifespan", expects={"E": "up at its peak", "T": "down on average"}, evidence="assumed",
                     source="assumed: a tenth of the exhaustion; no checkpoint molecule is in the model",
                     label="checkpoint blockade"),
        Intervention("killing_boost", [scale("n", 2)], kind="drug", direction="enhance",
                     acts_on="clearance", expects={"E": "down", "T": "down"}, evidence="assumed",
                     source="assumed: killing twice as fast; fewer effector cells then hold the smaller tumor",
                     label="killing doubled"),
        Intervention("cytostatic", [scale("a", 0.5)], kind="drug", acts_on="growth",
                     expects={"E": "down", "T": "down on average"}, evidence="assumed",
                     source="assumed: half the growth of the tumor", label="cytostatic"),
    ],
    story=Story(
        "Effector cells hold the tumor dormant; with half of their recruitment it escapes.",
        arms={"untreated": "", "adoptive transfer": "adoptive_transfer", "half the recruitment": "recruitment_block"},
        panels=["T", "E"], logarithmic=["T"],
    ),
)
