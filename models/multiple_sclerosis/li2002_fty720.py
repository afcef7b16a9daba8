"""Monkeys under FTY720 (fingolimod): lymphocytes, B and T cells leave the blood and come back.

The drug stops a part of what feeds blood. Cells of blood also exchange with a pool, large and slow for T cells, small
and faster for B cells: it refills the B cells of blood for a while, so they fall less, and sink for two days.

    drug: dose -> blood -> lost
    source (stopped in part by the drug) -> cells of blood -> lost;   cells of blood <-> pool

All values of cells are those of the abstract of Li et al. 2002 (authors and DOI from memory); the equations are our
reading of its "indirect response model with a distribution pool". Of the drug clearance, half-life and bioavailability
are published; one compartment and the absorption are ours, the paper has three compartments. The printed rates of
production are means of animals and differ a little from the balance; the model starts in balance.

All three kinds of cells are fits of their own: B and T cells do not add up to lymphocytes under the drug. No curve of
the paper could be read, so nothing here is compared with data; do not ask it about people (`s1p_lymphocytes`).
"""

from immunode.intervention import Intervention, transfer
from immunode.model import Derived, Model, Parameter, Process, State, Story

MODEL = Model(
    name="li2002_fty720",
    title="Lymphocytes, B and T cells under FTY720",
    system="multiple_sclerosis",
    status="published",
    species="monkey",
    reference="doi:10.1124/jpet.301.2.519",
    time_unit="hour",
    horizon=672.0,
    readouts=["lymphocytes", "B", "T", "c"],
    states=[
        State("D", 0.0, "ug/kg", "drug in the gut", kind="drug", typical=10.0, source="none before"),
        State("C", 0.0, "ug/kg", "drug in the body", kind="drug", typical=10.0, source="none before"),
        State("lymphocytes", "R_L", "cell/uL", "lymphocytes in blood", kind="cell", source="in balance before"),
        State("pool_L", "kcp_L*R_L/kpc_L", "cell/uL", "lymphocytes of the pool", kind="cell",
              source="in balance before", label="pool of lymphocytes"),
        State("B", "R_B", "cell/uL", "B cells in blood", kind="cell", source="in balance before", label="B cells"),
        State("pool_B", "kcp_B*R_B/kpc_B", "cell/uL", "B cells of the pool", kind="cell", source="in balance before",
              label="pool of B cells"),
        State("T", "R_T", "cell/uL", "T cells in blood", kind="cell", source="in balance before", label="T cells"),
        State("pool_T", "kcp_T*R_T/kpc_T", "cell/uL", "T cells of the pool", kind="cell", source="in balance before",
              label="pool of T cells"),
    ],
    parameters=[
        Parameter("ka", 0.3, "1/hour", "absorption", "assumed: one compartment"),
        Parameter("F", 0.38, "", "part absorbed", "Li 2002, abstract", "published", (0.25, 0.55)),
        Parameter("CL", 0.53, "L/hour/kg", "clearance", "Li 2002, abstract", "published"),
        Parameter("V", 23.703, "L/kg", "volume", "from the published half-life of 31 h", "derived"),
        Parameter("IC50", 0.48, "ug/L", "drug that stops half of what can be stopped", "Li 2002, abstract", "fitted"),
        Parameter("R_L", 7650.0, "cell/uL", "lymphocytes before", "Li 2002, abstract", "fitted"),
        Parameter("Imax_L", 0.88, "", "largest part stopped, lymphocytes", "Li 2002, abstract", "fitted", (0.8, 0.95)),
        Parameter("kout_L", 0.798, "1/hour", "loss, lymphocytes", "Li 2002, abstract", "fitted"),
        Parameter("kcp_L", 0.134, "1/hour", "into the pool, lymphocytes", "Li 2002, abstract", "fitted"),
        Parameter("kpc_L", 3.9e-4, "1/hour", "out of the pool, lymphocytes", "Li 2002, abstract", "fitted"),
        Parameter("R_B", 2100.0, "cell/uL", "B cells before", "Li 2002, abstract", "fitted"),
        Parameter("Imax_B", 0.85, "", "largest part stopped, B cells", "Li 2002, abstract", "fitted", (0.75, 0.95)),
        Parameter("kout_B", 0.555, "1/hour", "loss, B cells", "Li 2002, abstract", "fitted"),
        Parameter("kcp_B", 0.192, "1/hour", "into the pool, B cells", "Li 2002, abstract", "fitted"),
        Parameter("kpc_B", 0.016, "1/hour", "out of the pool, B cells", "Li 2002, abstract", "fitted"),
        Parameter("R_T", 5250.0, "cell/uL", "T cells before", "Li 2002, abstract", "fitted"),
        Parameter("Imax_T", 0.91, "", "largest part stopped, T cells", "Li 2002, abstract", "fitted", (0.8, 0.98)),
        Parameter("kout_T", 1.08, "1/hour", "loss, T cells", "Li 2002, abstract", "fitted"),
        Parameter("kcp_T", 0.082, "1/hour", "into the pool, T cells", "Li 2002, abstract", "fitted"),
        Parameter("kpc_T", 8.9e-6, "1/hour", "out of the pool, T cells", "Li 2002, abstract", "fitted"),
        Parameter("whole", 100.0, "percent", "all of it", "conversion of units", "derived", (100.0, 100.0)),
    ],
    derived=[
        Derived("c", "C/V", "ug/L", "drug in blood", label="drug in blood"),
        Derived("effect", "michaelis(c, IC50)", "", "part of the largest effect"),
        Derived("B_left", "whole*B/R_B", "percent", "B cells in blood, of those before", label="B cells left"),
        Derived("T_left", "whole*T/R_T", "percent", "T cells in blood, of those before", label="T cells left"),
    ],
    processes=[
        Process("absorption", "D ->", "ka*D", "leaves the gut"),
        Process("uptake", "-> C", "F*ka*D", "what is absorbed"),
        Process("elimination", "C ->", "CL*c", "elimination"),
        Process("L_fed", "-> lymphocytes", "kout_L*R_L*(1 - Imax_L*effect)", "stopped in part by the drug"),
        Process("L_lost", "lymphocytes ->", "kout_L*lymphocytes", "loss"),
        Process("L_to_pool", "lymphocytes -> pool_L", "kcp_L*lymphocytes", "into the pool"),
        Process("L_from_pool", "pool_L -> lymphocytes", "kpc_L*pool_L", "out of the pool"),
        Process("B_fed", "-> B", "kout_B*R_B*(1 - Imax_B*effect)", "stopped in part by the drug"),
        Process("B_lost", "B ->", "kout_B*B", "loss"),
        Process("B_to_pool", "B -> pool_B", "kcp_B*B", "into the pool"),
        Process("B_from_pool", "pool_B -> B", "kpc_B*pool_B", "out of the pool"),
        Process("T_fed", "-> T", "kout_T*R_T*(1 - Imax_T*effect)", "stopped in part by the drug"),
        Process("T_lost", "T ->", "kout_T*T", "loss"),
        Process("T_to_pool", "T -> pool_T", "kcp_T*T", "into the pool"),
        Process("T_from_pool", "pool_T -> T", "kpc_T*pool_T", "out of the pool"),
    ],
    interventions=[
        Intervention("mg_01", [transfer("D", 100.0)], kind="drug", direction="redirect", acts_on="signal",
                     expects={"B": "down at its lowest", "T": "down at its lowest"},
                     evidence="published", source="Li 2002: 0.1 mg/kg by mouth", label="0.1 mg/kg once"),
        Intervention("mg_1", [transfer("D", 1000.0)], kind="drug", direction="redirect", acts_on="signal",
                     expects={"B": "down at its lowest", "T": "down at its lowest"},
                     evidence="published", source="Li 2002: 1 mg/kg by mouth", label="1 mg/kg once"),
    ],
    story=Story(
        "Monkeys: T cells leave blood within hours; B cells, refilled from a pool, fall less and sink for two days.",
        arms={"untreated": "", "0.1 mg/kg": "mg_01", "1 mg/kg": "mg_1"},
        panels=["T_left", "B_left"],
        until=336.0,
    ),
)
