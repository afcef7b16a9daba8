"""A vaccine under chronic stress: cortisol, and the drug that resembles it, hold back what antigen sets off.

    stress --> CRH --> ACTH --> cortisol                          karin2020, as `stress`
                                   |     \\
    prednisolone ------------------+-----> glucocorticoid receptor (GR)
                                                 | lets through less
    antigen --> activation of B cells and help --+--> antibody    vaccine_minimal, as `vaccine`

Two models of the catalogue and one line between them. What activates naive cells, memory cells and T help is multiplied
by what GR lets through, relative to rest: the same receptor, with the same sensitivity, that restrains CRH in karin2020
(half at four times the cortisol of rest, exponent 3). Nothing is fitted. At rest the vaccine is that of vaccine_minimal
to the last digit.

Two months of stress around both doses leave 88 % of the titer a year after the second; 20 mg of prednisolone a day over
the same time leave 55 %, and five days of it around the first dose alone 82 %: what was not activated then is missed by
the second dose too. Stress that begins a month after the second dose finds the response made.

OURS. That stressed people make less antibody is published (Pedersen 2009, a meta-analysis of influenza vaccines, from
memory: d = -0.37, a small effect), and so is that steroids do in the dose (memory); that activation is the step, and
that it has the receptor's sensitivity of the stress axis, is assumed. So the order of the arms is a result of the two
models, and the sizes are not. Left out: sympathetic nerves, sleep (see `sleep_minimal`), T cells in blood (see
`gc_immune`), what antigen does to the stress axis.
"""

from immunode.catalogue import load_model
from immunode.intervention import Intervention, add, during, join, set_to
from immunode.model import Story

MODEL = join(
    load_model("karin2020").replace(name="stress"),
    load_model("vaccine_minimal").replace(name="vaccine"),
    connect={
        # as in vaccine_minimal, times what GR lets through of what it lets through at rest
        "vaccine.act": "(1 + vaccine.EJ*vaccine.J/(vaccine.J50 + vaccine.J))"
                       "*stress.GR*(1 + (stress.c0/stress.KGR)**stress.nGR)",
    },
).replace(
    name="stress_vaccine",
    title="Chronic stress and a vaccine: less antibody under cortisol and prednisolone",
    system="vaccination",
    status="ours",
    species="human",
    reference="parts: doi:10.15252/msb.20209510, doi:10.1128/JVI.00579-19; their connection is ours",
    horizon=730.0,
    readouts=["vaccine.A", "vaccine.M", "stress.cortisol", "stress.total"],
    variants=[],
    interventions=[
        Intervention("chronic_stress", [set_to("stress.u", 3)], during(0, 60), kind="lifestyle", direction="suppress",
                     acts_on="signal", expects={"stress.CORT": "up on average", "vaccine.A": "down"},
                     evidence="assumed", source="assumed: size and length of karin2020, around both doses",
                     label="stress, day 0 to 60"),
        Intervention("stress_later", [set_to("stress.u", 3)], during(90, 150), kind="lifestyle", direction="suppress",
                     acts_on="signal", expects={"stress.CORT": "up on average", "vaccine.A": "unchanged"},
                     evidence="assumed", source="assumed: the same, a month after the second dose",
                     label="stress, day 90 to 150"),
        Intervention("prednisolone_20mg", [add("stress.c_ex", 4)], during(0, 60), kind="drug", direction="suppress",
                     acts_on="signal", expects={"stress.CORT": "down on average", "vaccine.A": "down"},
                     evidence="assumed", source="assumed: 20 mg a day as in karin2020, around both doses",
                     label="prednisolone 20 mg, 60 d"),
        Intervention("prednisolone_5mg", [add("stress.c_ex", 1)], during(0, 60), kind="drug", direction="suppress",
                     acts_on="signal", expects={"stress.CORT": "down on average", "vaccine.A": "down"},
                     evidence="assumed", source="assumed: 5 mg a day, as much as the body's own",
                     label="prednisolone 5 mg, 60 d"),
        Intervention("prednisolone_5_days", [add("stress.c_ex", 4)], during(0, 5), kind="drug", direction="suppress",
                     acts_on="signal", expects={"stress.CORT": "down on average", "vaccine.A": "down on average"},
                     evidence="assumed", source="assumed: 20 mg a day for the first five days",
                     label="prednisolone 20 mg, 5 d"),
        Intervention("adjuvanted", [set_to("vaccine.adjuvant", 1.0)], kind="vaccine", direction="enhance",
                     acts_on="activation", expects={"vaccine.A": "up", "vaccine.M": "up"}, evidence="assumed",
                     source="assumed: one dose of adjuvant with both doses, as in vaccine_minimal"),
    ],
    story=Story(
        "Stress around both doses costs an eighth of the titer, 20 mg of prednisolone a day almost half.",
        arms={"two doses": "", "under stress": "chronic_stress", "on prednisolone": "prednisolone_20mg"},
        panels=["vaccine.A", "stress.total"],
    ),
)
