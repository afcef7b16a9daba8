"""Influenza A in the nose: virus grows until it runs out of cells, and when a drug can still help.

Virus infects cells of the upper airway; after an eclipse of 6 h they make virus; 5 h later they die. One infected cell
infects 21.8 others at first, so virus rises a thousandfold a day, peaks at 7.7e5 on day 2.3 and is gone on day 6.3,
because target cells are used up: no immune response is in the model. A neuraminidase inhibitor that blocks more than
0.954 (1 - 1/R0) of production aborts the infection, but only early: from day 1 virus just falls, on day 3 the peak is
already over and nothing is gained there.

    T --virus--> E --k--> I --delta--> dead          I --p--> V --c--> cleared

Left out: interferon, antibodies, T cells, regrowth of the epithelium, drug levels. The virus that enters cells is not
subtracted. Variant `no_eclipse` is the paper's first model (target cells go straight to I), with its own values.

Values: a third party's notes on the paper's table, second-hand; R0 21.8 (published about 22), the eclipse of 6 h, the
life of 5 h and the half-life of virus of 3 h agree with the abstract. From memory: the initial virus, and all values of
`no_eclipse`. Confidence intervals of beta (6e-6 to 1.7e-4) and p (1.2e-2 to 1.7e-1) are wide: only their product is
known well. eps_p, the block of production, is ours. The paper's interferon model is not here: its values could not be
recovered. All numbers of the specification come out.
"""

from immunode.intervention import Intervention, during, set_to
from immunode.model import Derived, Model, Parameter, Process, State, Story, Unit, Variant

MODEL = Model(
    name="baccam2006",
    title="Influenza A limited by target cells, with a neuraminidase inhibitor",
    system="viruses",
    status="published",
    species="human",
    reference="doi:10.1128/JVI.01623-05",
    time_unit="day",
    horizon=12.0,
    readouts=["V", "T", "I"],
    units=[Unit("TCID50", "virus that infects half of the cultures")],
    states=[
        State("T", "T_0", "cell", "target cells of the upper airway", kind="cell", source="Baccam 2006",
              label="target cells"),
        State("E", 0.0, "cell", "infected cells in eclipse", kind="cell", typical=1e6, source="Baccam 2006",
              label="infected cells in eclipse"),
        State("I", 0.0, "cell", "infected cells that make virus", kind="cell", typical=1e6, source="Baccam 2006",
              label="cells making virus"),
        State("V", 7.5e-2, "TCID50/mL", "virus in nasal wash", kind="pathogen", source="Baccam 2006, from memory",
              label="virus in nasal wash"),
    ],
    parameters=[
        Parameter("T_0", 4e8, "cell", "target cells at first", "Baccam 2006, second-hand", "published"),
        Parameter("beta", 3.2e-5, "mL/(TCID50*day)", "infection", "Baccam 2006, second-hand", "published",
                  (6e-6, 1.7e-4)),
        Parameter("k", 4.0, "1/day", "end of eclipse", "Baccam 2006, second-hand", "published"),
        Parameter("delta", 5.2, "1/day", "death of cells that make virus", "Baccam 2006, second-hand", "published"),
        Parameter("p", 4.6e-2, "TCID50/(mL*cell*day)", "virus made", "Baccam 2006, second-hand", "published",
                  (1.2e-2, 1.7e-1)),
        Parameter("c", 5.2, "1/day", "clearance of virus", "Baccam 2006, second-hand", "published"),
        Parameter("eclipse", 1.0, "", "part of infected cells that pass the eclipse (0 in `no_eclipse`)",
                  "choice of the paper's model", "derived", (0.0, 1.0)),
        Parameter("eps_p", 0.0, "", "blocked part of virus production", "assumed: ours, none untreated", "assumed",
                  (0.0, 1.0)),
    ],
    derived=[
        Derived("R0", "(1 - eps_p)*beta*p*T_0/(c*delta)", "", "cells that one infected cell infects, at first"),
    ],
    processes=[
        Process("infection", "T -> E", "eclipse*beta*T*V", "infection, into eclipse"),
        Process("infection_direct", "T -> I", "(1 - eclipse)*beta*T*V", "infection without eclipse"),
        Process("eclipse_end", "E -> I", "k*E", "cells begin to make virus"),
        Process("i_death", "I ->", "delta*I", "death of infected cells"),
        Process("production", "-> V", "(1 - eps_p)*p*I", "virus made"),
        Process("clearance", "V ->", "c*V", "clearance of virus"),
    ],
    variants=[
        Variant("no_eclipse", values={"beta": 2.7e-5, "delta": 4.0, "p": 1.2e-2, "c": 3.0, "eclipse": 0.0},
                initial={"V": 9.3e-2}, note="the paper's model without eclipse", source="Baccam 2006, from memory"),
    ],
    interventions=[
        Intervention("neuraminidase_inhibitor", [set_to("eps_p", 0.97)], during(start=1), kind="drug",
                     direction="suppress", acts_on="production",
                     expects={"V": "down on average", "T": "up"}, evidence="assumed",
                     source="assumed: efficacy of 0.97 from day 1; aborts the infection",
                     label="inhibitor (97 %) from day 1"),
        Intervention("neuraminidase_inhibitor_prophylaxis", [set_to("eps_p", 0.97)], during(start=0), kind="drug",
                     direction="suppress", acts_on="production",
                     expects={"V": "down on average", "T": "up"}, evidence="assumed",
                     source="assumed: efficacy of 0.97 from the start", label="inhibitor (97 %) from the start"),
        Intervention("neuraminidase_inhibitor_weaker", [set_to("eps_p", 0.9)], during(start=1), kind="drug",
                     direction="suppress", acts_on="production",
                     expects={"V": "down on average", "T": "up"}, evidence="assumed",
                     source="assumed: efficacy of 0.9, below the critical 0.954", label="inhibitor (90 %) from day 1"),
        Intervention("neuraminidase_inhibitor_weakest", [set_to("eps_p", 0.5)], during(start=1), kind="drug",
                     direction="suppress", acts_on="production", expects={"V": "down on average"}, evidence="assumed",
                     source="assumed: efficacy of 0.5", label="inhibitor (50 %) from day 1"),
        Intervention("neuraminidase_inhibitor_day_2", [set_to("eps_p", 0.97)], during(start=2), kind="drug",
                     direction="suppress", acts_on="production",
                     expects={"V": "down on average", "T": "up at the end"}, evidence="assumed",
                     source="assumed: efficacy of 0.97 from day 2", label="inhibitor (97 %) from day 2"),
        Intervention("neuraminidase_inhibitor_day_3", [set_to("eps_p", 0.97)], during(start=3), kind="drug",
                     direction="suppress", acts_on="production", expects={"V": "down"}, evidence="assumed",
                     source="assumed: efficacy of 0.97 from day 3, after the peak",
                     label="inhibitor (97 %) from day 3"),
    ],
    story=Story(
        "A neuraminidase inhibitor stops influenza on day 1, halves its peak on day 2, and comes too late on day 3.",
        arms={"untreated": "", "from day 1": "neuraminidase_inhibitor", "from day 2": "neuraminidase_inhibitor_day_2",
              "from day 3": "neuraminidase_inhibitor_day_3"},
        panels=["V", "T"], until=8.0, logarithmic=["V"],
    ),
)
