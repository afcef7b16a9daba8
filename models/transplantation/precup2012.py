"""After a bone-marrow transplant: do donor cells take over, or do host and leukemia win?

Three kinds of blood-forming cells share the marrow: normal host cells, leukemic ones and donor cells. They crowd each
other, and they attack each other: donor cells hold back host (graft versus host) and leukemia (graft versus leukemia),
host and leukemic cells hold back donor cells (rejection).

    host x, leukemia y --rejection h--| donor z        donor z --g--| x,  --G--| y        all three crowd all

Either donor cells fill the marrow (1e9) or leukemia does (2e9); both ends are stable, and the start decides. A marrow
of host cells alone is not stable: leukemia invades it. The default graft of 4e8 cells engrafts, just barely: with 2e8
host and 1e8 leukemic cells at least 3.916e8 are needed; 2.89e8 under immunosuppression (h = 1), 5.37e8 in a sensitized
host (h = 4), a tenth after conditioning that leaves a tenth of the host. Without leukemia the larger side wins when
g = h. Weakening graft versus host AND versus leukemia (prophylaxis) raises the need to 8.7e8.

Judge the outcome at 6,000 days or later by z > x + y, for runs near the border linger; plot 1,000.

Published (Precup, Arghirescu, Cucuianu & Serban 2012, Int J Biomath; authors and journal from memory, DOI not
recovered): equations, values and starts of the curated entry BIOMD0000000800. The paper's text was not read: the
thresholds are computed, not quoted. Assumed: every treatment and its size. Ours: the read-out `chimerism`.

Left out: immune cells, drugs' kinetics, time of engraftment of other lines, infections, and chance; a losing population
falls towards 0 for ever, read fewer than one cell as none.
"""

from immunode.intervention import Intervention, during, remove, set_to, transfer
from immunode.model import Derived, Model, Parameter, Process, State, Story, Variant

MODEL = Model(
    name="precup2012",
    title="Host, leukemic and donor cells after bone-marrow transplantation",
    system="organ transplantation",
    status="published",
    species="human",
    reference="Precup et al. 2012, Int J Biomath; BIOMD0000000800",
    time_unit="day",
    horizon=1000.0,
    readouts=["x", "y", "z", "chimerism"],
    states=[
        State("x", 2e8, "cell", "normal host cells", kind="cell", source="BIOMD0000000800", label="host blood cells"),
        State("y", 1e8, "cell", "leukemic host cells", kind="cell", source="BIOMD0000000800", label="leukemic cells"),
        State("z", 4e8, "cell", "donor cells", kind="cell", source="BIOMD0000000800", label="donor cells"),
    ],
    parameters=[
        Parameter("a", 0.23, "1/day", "growth of normal host and donor cells", "BIOMD0000000800", "published"),
        Parameter("A", 0.45, "1/day", "growth of leukemic cells", "BIOMD0000000800", "published"),
        Parameter("b", 2.2e-8, "1/cell", "crowding felt by host and donor cells", "BIOMD0000000800", "published"),
        Parameter("B", 2.2e-8, "1/cell", "crowding felt by leukemic cells", "BIOMD0000000800", "published"),
        Parameter("c", 0.01, "1/day", "death of normal host and donor cells", "BIOMD0000000800", "published"),
        Parameter("C", 0.01, "1/day", "death of leukemic cells", "BIOMD0000000800", "published"),
        Parameter("eps", 1.0, "cell", "keeps fractions from 0/0", "BIOMD0000000800", "published", bounds=(1.0, 1.0)),
        Parameter("g", 2.0, "", "effect of donor on normal host cells (graft versus host)",
                  "BIOMD0000000800", "published"),
        Parameter("G", 2.0, "", "effect of donor on leukemic cells (graft versus leukemia)",
                  "BIOMD0000000800", "published"),
        Parameter("h", 2.0, "", "effect of host and leukemic on donor cells (rejection)",
                  "BIOMD0000000800", "published"),
    ],
    derived=[
        Derived("w", "x + y", "cell", "all cells of the host"),
        Derived("n", "x + y + z", "cell", "all cells"),
        Derived("chimerism", "z/(n + eps)", "", "part of donor cells in the blood-forming cells (ours)",
                label="donor share (chimerism)"),
    ],
    processes=[
        Process("host_growth", "-> x", "a/(1 + b*n)*(w + eps)/(w + eps + g*z)*x", "growth of normal host cells"),
        Process("leukemia_growth", "-> y", "A/(1 + B*n)*(w + eps)/(w + eps + G*z)*y", "growth of leukemic cells"),
        Process("donor_growth", "-> z", "a/(1 + b*n)*(z + eps)/(z + eps + h*w)*z", "growth of donor cells"),
        Process("host_death", "x ->", "c*x", "death of normal host cells"),
        Process("leukemia_death", "y ->", "C*y", "death of leukemic cells"),
        Process("donor_death", "z ->", "c*z", "death of donor cells"),
    ],
    variants=[
        Variant("small_graft", initial={"z": 3e8}, note="graft too small: rejected, leukemia returns",
                source="assumed: for trying treatments"),
        Variant("no_leukemia", initial={"x": 3e8, "y": 0.0}, note="as many host cells, none leukemic",
                source="assumed: for comparison"),
    ],
    interventions=[
        Intervention("immunosuppression", [set_to("h", 1.0)], kind="drug", direction="suppress", acts_on="signal",
                     expects={"z": "up on average", "y": "down on average"}, evidence="assumed",
                     source="assumed: rejection halved; 0.5 for more", label="rejection halved"),
        Intervention("sensitized_host", [set_to("h", 4.0)], direction="enhance", acts_on="signal",
                     expects={"z": "down", "y": "up on average"},
                     evidence="assumed", source="assumed: rejection doubled", label="rejection doubled"),
        Intervention("conditioning", [remove("x", 0.9), remove("y", 0.9)], during(start=0), kind="drug",
                     direction="suppress", acts_on="lifespan",
                     expects={"x": "down", "y": "down", "chimerism": "up on average"},
                     evidence="assumed", source="assumed: chemotherapy leaves a tenth of the host's cells at day 0",
                     label="conditioning"),
        Intervention("graft_versus_leukemia", [set_to("G", 4.0)], direction="enhance", acts_on="signal",
                     expects={"y": "down", "z": "up on average"},
                     evidence="assumed", source="assumed: twice as strong", label="graft vs leukemia doubled"),
        Intervention("strong_graft", [set_to("g", 4.0), set_to("G", 4.0)], direction="enhance", acts_on="signal",
                     expects={"x": "down", "y": "down", "z": "up on average"}, evidence="assumed",
                     source="assumed: graft versus host and versus leukemia twice as strong", label="strong graft"),
        Intervention("gvhd_prophylaxis", [set_to("g", 0.5), set_to("G", 0.5)], kind="drug", direction="suppress",
                     acts_on="signal",
                     expects={"x": "up on average", "y": "up on average", "z": "down"}, evidence="assumed",
                     source="assumed: graft versus host and versus leukemia at a quarter; the graft is lost",
                     label="GvHD prophylaxis"),
        Intervention("donor_lymphocyte_infusion", [transfer("z", 2e8)], during(start=30), kind="cell therapy",
                     direction="enhance", acts_on="production",
                     expects={"z": "up on average", "y": "down"}, evidence="assumed",
                     source="assumed: 2e8 cells on day 30; rescues a graft of 3e8, 1e8 do not",
                     label="donor lymphocytes, day 30"),
        Intervention("graft_dose", [transfer("z", 2e8)], during(start=0), kind="cell therapy",
                     direction="enhance", acts_on="production",
                     expects={"z": "up on average", "y": "down"}, evidence="assumed",
                     source="assumed: 2e8 donor cells more on day 0", label="larger graft"),
    ],
    story=Story(
        "The graft wins and the leukemia goes, unless a sensitized host rejects it; conditioning speeds it up.",
        arms={"transplant": "", "after conditioning": "conditioning", "sensitized host": "sensitized_host"},
        panels=["y", "z"],
    ),
)
