"""A switch between two cytokines: why rheumatoid inflammation, once on, stays on, and what can turn it off.

A theory, not a patient: two cytokines without units, in a time without a calendar (its unit is the lifetime of `a`),
and treatments that are moves on the map, none of them a drug's regimen. For patients with a score and drugs that have
doses, take `ma2020`, `leil2021` or `chen2025`.

A pro-inflammatory cytokine `p` (think of TNF) drives its own production and that of an anti-inflammatory one `a`, which
restrains it. Between alpha2 = 7.33 and 15.67 a healthy and a diseased state exist side by side: the same person can be
in either. The variant `diseased` (alpha2 = 10) starts in the diseased one, a weakly damped spiral; a treatment cures
when it throws the system over the border, and then it can stop. Above 15.67 only disease exists and every transient
treatment is followed by relapse. The variant `aging` lets alpha2 rise fifty-fold with age, and disease appears late.

Published (Baker et al. 2013; values of the curated entries BIOMD0000000550 and, for aging, 549): the equations of a and
p, all values of theirs, the use of alpha2 as susceptibility, bistability and waves. The paper's text could not be read,
so its own drug terms are unknown: no treatment here reproduces the paper. Assumed, ours: every treatment and its size,
and the inputs `a_input`, `D` and `drug`.

`damage` is ours too: joint damage is not in the paper. It adds up p (k_J = 1 is a free scale) and never heals.

Finding: waves at alpha4 = 7 begin and end at alpha2 = 10.8021 and 20.8332 (eigenvalues); the package's specification
has 10.804 and 20.843. All its other numbers come out.

Left out: cells, the joint, and all other cytokines. Pulses of a drug act through `drug`, which decays and is never cut
off (the specification cuts it 60 units after the last pulse, when 1e-13 of it is left).
"""

from immunode.intervention import Intervention, during, inhibit, pulses, scale, set_to, transfer
from immunode.model import Derived, Model, Parameter, Process, State, Story, Variant

MODEL = Model(
    name="baker2013",
    title="A theory of rheumatoid arthritis: two cytokines and a switch",
    system="rheumatoid arthritis",
    status="published",
    species="human",
    reference="doi:10.1093/imammb/dqs028",
    time_unit="",
    horizon=100.0,
    readouts=["p", "a", "damage"],
    states=[
        State("a", 0.00577667577789773, "", "anti-inflammatory cytokine level", kind="signal",
              source="BIOMD0000000550; the healthy state at alpha2 = 1", label="anti-inflammatory cytokine"),
        State("p", 0.0203298264712407, "", "pro-inflammatory cytokine level (TNF-like)", kind="signal",
              source="BIOMD0000000550; the healthy state at alpha2 = 1", label="pro-inflammatory cytokine"),
        State("damage", 0.0, "", "joint damage so far (ours)", kind="damage", typical=1.0,
              source="assumed: none at first", label="joint damage"),
        State("drug", 0.0, "", "extra loss rate of p from pulses of a drug (ours)", kind="drug", typical=1.0,
              source="assumed: none at first", label="drug given in pulses"),
    ],
    parameters=[
        Parameter("alpha1", 0.025, "", "background production of p", "BIOMD0000000550", "published"),
        Parameter("alpha2", 1.0, "", "strength of the feedback of p on itself (susceptibility)",
                  "BIOMD0000000550; bifurcation parameter, studied from 0 to 50", "published"),
        Parameter("alpha3", 0.5, "", "p that gives half of the production of a", "BIOMD0000000550", "published"),
        Parameter("alpha4", 3.5, "", "maximal production of a", "BIOMD0000000550 (7 in 549)", "published"),
        Parameter("gamma", 1.25, "", "loss of p relative to loss of a", "BIOMD0000000550", "published"),
        Parameter("aging", 0.0, "", "relative rise of alpha2 in old age (49 in the variant `aging`)",
                  "BIOMD0000000549: from alpha2_min 1 to alpha2_max 50; 0 in 550", "published"),
        Parameter("alpha2_T", 15.0, "", "age at which half of this rise is reached", "BIOMD0000000549", "published"),
        Parameter("a_input", 0.0, "", "anti-inflammatory cytokine given", "assumed: treatment input", "assumed"),
        Parameter("D", 0.0, "", "extra loss rate of p by treatment", "assumed: treatment input", "assumed"),
        Parameter("k_drug", 0.5, "", "decay of `drug` between pulses", "assumed: half-life of 1.4", "assumed"),
        Parameter("k_J", 1.0, "", "damage per p and time", "assumed: free scale of `damage`", "assumed", (1.0, 1.0)),
    ],
    derived=[
        Derived("feedback", "alpha2*(1 + aging*t**2/(alpha2_T**2 + t**2))", "", "alpha2 at this age",
                source="BIOMD0000000549"),
    ],
    processes=[
        Process("anti_production", "-> a", "alpha4*p**2/(alpha3**2 + p**2)", "a made in answer to p",
                label="anti-inflammatory, made"),
        Process("anti_input", "-> a", "a_input", "a given as treatment (ours)", label="anti-inflammatory, given"),
        Process("anti_loss", "a ->", "a", "loss of a, which sets the unit of time", label="anti-inflammatory, lost"),
        Process("pro_background", "-> p", "alpha1/(1 + a**2)", "p always made", label="pro-inflammatory, always made"),
        Process("pro_self_amplification", "-> p", "feedback*p**2/(1 + p**2)/(1 + a**2)", "p made in answer to p",
                label="pro-inflammatory, self-amplified"),
        Process("pro_loss", "p ->", "gamma*p", "loss of p", label="pro-inflammatory, lost"),
        Process("drug_removal", "p ->", "(D + drug)*p", "p removed by treatment (ours)",
                label="pro-inflammatory, removed"),
        Process("damage_accumulation", "-> damage", "k_J*p", "joint damage (ours)", label="damage done"),
        Process("drug_decay", "drug ->", "k_drug*drug", "decay of the drug given in pulses (ours)", label="drug lost"),
    ],
    variants=[
        Variant("diseased", values={"alpha2": 10.0}, initial={"a": 1.328406941933037, "p": 0.3910626601920651},
                note="reference patient, in the diseased steady state", source="computed: steady state at alpha2 = 10"),
        Variant("aging", values={"aging": 49.0, "alpha4": 7.0}, note="alpha2 rises with age; follow it to 50",
                source="BIOMD0000000549"),
    ],
    interventions=[
        Intervention("anti_tnf", [inhibit("alpha2", 0.5)], kind="drug", direction="suppress", acts_on="signal",
                     expects={"p": "down", "damage": "down"}, evidence="assumed",
                     source="assumed: half of the pro-inflammatory feedback neutralized, for good",
                     label="feedback halved"),
        Intervention("anti_tnf_clearance", [set_to("D", 1.0)], during(0, 1), kind="drug", direction="suppress",
                     acts_on="clearance", expects={"p": "down at its lowest", "damage": "down"}, evidence="assumed",
                     source="assumed: extra loss 1 for 1 unit of time; 0.746 is enough to cure alpha2 = 10",
                     label="cytokine removed, for a while"),
        Intervention("anti_tnf_clearance_permanent", [scale("gamma", 1.2)], kind="drug", direction="suppress",
                     acts_on="clearance", expects={"p": "down", "damage": "down"}, evidence="assumed",
                     source="assumed: loss of p 1.2 times as fast, for good; cures from 1.1159",
                     label="cytokine lost faster, for good"),
        Intervention("anti_tnf_pulses", [transfer("drug", 0.35)], pulses(every=2, width=0, n=4), kind="drug",
                     direction="suppress", acts_on="clearance", expects={"p": "down on average", "damage": "down"},
                     evidence="assumed", source="assumed: four pulses of 0.35; a total of 1.319 is enough to cure",
                     label="cytokine removed in pulses"),
        Intervention("il10_supplement", [set_to("a_input", 0.5)], kind="drug", direction="suppress",
                     acts_on="production", expects={"p": "down", "damage": "down"}, evidence="assumed",
                     source="assumed: cures; 0.2 only improves",
                     label="anti-inflammatory cytokine given"),
        Intervention("corticosteroid", [scale("alpha4", 1.2), scale("alpha2", 0.8)], kind="drug", direction="suppress",
                     acts_on="production", expects={"p": "down", "damage": "down"}, evidence="assumed",
                     source="assumed: 20 % more anti-inflammatory production and 20 % less pro-inflammatory feedback",
                     label="corticosteroid-like"),
        Intervention("susceptibility", [set_to("alpha2", 20.0)], direction="enhance", acts_on="production",
                     expects={"p": "up", "damage": "up"}, evidence="assumed",
                     source="assumed size: beyond 15.67, where only disease exists; the use of alpha2 is published",
                     label="more feedback"),
    ],
    story=Story(
        "In this theory a short treatment is enough: inflammation does not return, damage stays below a tenth.",
        arms={"untreated": "", "lasting block": "anti_tnf", "short block": "anti_tnf_clearance"},
        panels=["p", "damage"], variant="diseased",
    ),
)
