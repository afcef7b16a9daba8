"""Acute inflammation after infection: health, sterile inflammation that does not end, or sepsis.

A pathogen grows and activates phagocytes; these kill it and damage tissue; damage activates more phagocytes; an
anti-inflammatory mediator (IL-10, TGF-beta and cortisol in one) restrains all of it. From 1 unit of pathogen the
default strain is cleared and the tissue heals, just barely: at 30 h damage stands a little below the point of no
return. Faster strains end in aseptic death (no pathogen, lasting damage) from k_pg = 0.311 per hour and in septic death
from 0.514. Anti-inflammatory treatment shows the paper's message: timing and dose matter, too much too early harms.

Judge the outcome at 4,000 h: septic if P > 0.5, otherwise aseptic death if D > 0.5, otherwise health. Plot 200 h.

The companion paper (Day et al. 2006) gives endotoxin instead of bacteria. Both are in this file: pathogen P and
endotoxin PE activate phagocytes side by side; the variant `endotoxin` starts without pathogen. Its two constants
(k_npe, mu_pe) are quoted from memory. A dose of 0.3 units and then 3 gives tolerance when 24 to 72 h lie between. One
or two hours apart they add up so much that the damage never heals here, though 10 units alone do heal.

Equations and values: curated entry BIOMD0000000714. Ours: the antibiotic (k_abx) and all sizes of treatments. `Q_half`
is the paper's 1 in Q/(1 + Q), named so that units fit. Left out: cell types, organs, single cytokines, chance.
"""

from immunode.intervention import Intervention, add, during, inhibit, scale, transfer
from immunode.model import Derived, Model, Parameter, Process, State, Story, Unit, Variant

MODEL = Model(
    name="reynolds2006",
    title="Acute inflammation: pathogen, phagocytes, damage, anti-inflammatory mediator",
    system="acute inflammation",
    status="published",
    aliases={"inflammation": ""},
    reference="doi:10.1016/j.jtbi.2006.02.016",
    time_unit="hour",
    horizon=200.0,
    readouts=["P", "N", "D", "C"],
    units=[
        Unit("P_unit", "pathogen, 1e6 per cc"),
        Unit("PE_unit", "endotoxin"),
        Unit("N_unit", "activated phagocytes, about 1e7 per cc"),
        Unit("D_unit", "tissue damage"),
        Unit("C_unit", "anti-inflammatory mediator"),
        Unit("M_unit", "local non-specific response"),
    ],
    states=[
        State("P", 1.0, "P_unit", "pathogen", kind="pathogen", source="Reynolds 2006, varied there from 0.1 to 10",
              label="pathogen"),
        State("N", 0.0, "N_unit", "activated phagocytes", kind="cell", typical=0.1, source="BIOMD0000000714",
              label="activated phagocytes"),
        State("D", 0.0, "D_unit", "tissue damage", kind="damage", typical=1.0, source="BIOMD0000000714",
              label="tissue damage"),
        State("C", "s_c/mu_c", "C_unit", "anti-inflammatory mediator", kind="signal", source="BIOMD0000000714"),
        State("PE", 0.0, "PE_unit", "endotoxin, given by an intervention", kind="pathogen", typical=1.0,
              source="Day 2006, doi:10.1016/j.jtbi.2006.02.015, from memory"),
    ],
    parameters=[
        Parameter("k_pm", 0.6, "1/(M_unit*hour)", "killing by the local response", "BIOMD0000000714", "published"),
        Parameter("k_mp", 0.01, "1/(P_unit*hour)", "use of local response by pathogen", "BIOMD0000000714", "published"),
        Parameter("s_m", 0.005, "M_unit/hour", "source of the local response", "BIOMD0000000714", "published"),
        Parameter("mu_m", 0.002, "1/hour", "decay of the local response", "BIOMD0000000714", "published"),
        Parameter("k_pg", 0.3, "1/hour", "growth of the pathogen (decides the outcome)",
                  "BIOMD0000000714; the paper's range 0.021 to 2.44 from memory", "published", bounds=(0.021, 2.44)),
        Parameter("p_inf", 20.0, "P_unit", "carrying capacity of the pathogen", "BIOMD0000000714", "published"),
        Parameter("k_pn", 1.8, "1/(N_unit*hour)", "killing by activated phagocytes", "BIOMD0000000714", "published"),
        Parameter("k_np", 0.1, "1/(P_unit*hour)", "activation by pathogen", "BIOMD0000000714", "published"),
        Parameter("k_nn", 0.01, "1/(N_unit*hour)", "activation by their own cytokines", "BIOMD0000000714", "published"),
        Parameter("k_nd", 0.02, "1/(D_unit*hour)", "activation by damage", "BIOMD0000000714", "published"),
        Parameter("s_nr", 0.08, "N_unit/hour", "source of resting phagocytes", "BIOMD0000000714", "published"),
        Parameter("mu_nr", 0.12, "1/hour", "decay of resting phagocytes", "BIOMD0000000714", "published"),
        Parameter("mu_n", 0.05, "1/hour", "decay of activated phagocytes", "BIOMD0000000714", "published"),
        Parameter("k_dn", 0.35, "D_unit/hour", "maximal rate of damage", "BIOMD0000000714", "published"),
        Parameter("x_dn", 0.06, "N_unit", "phagocytes that do half of this damage", "BIOMD0000000714", "published"),
        Parameter("mu_d", 0.02, "1/hour", "repair", "BIOMD0000000714", "published"),
        Parameter("c_inf", 0.28, "C_unit", "mediator that halves a response (lower is stronger)",
                  "BIOMD0000000714", "published"),
        Parameter("s_c", 0.0125, "C_unit/hour", "constant source of mediator", "BIOMD0000000714", "published"),
        Parameter("k_cn", 0.04, "C_unit/hour", "maximal induced production", "BIOMD0000000714", "published"),
        Parameter("k_cnd", 48.0, "N_unit/D_unit", "weight of damage in it", "BIOMD0000000714", "published"),
        Parameter("Q_half", 1.0, "N_unit", "stimulus for half of it", "BIOMD0000000714", "published", (1.0, 1.0)),
        Parameter("mu_c", 0.1, "1/hour", "decay of mediator", "BIOMD0000000714", "published"),
        Parameter("k_npe", 9.0, "1/(PE_unit*hour)", "activation by endotoxin", "Day 2006, from memory", "memory"),
        Parameter("mu_pe", 3.0, "1/hour", "decay of endotoxin", "Day 2006, from memory", "memory"),
        Parameter("k_abx", 0.0, "1/hour", "killing by an antibiotic", "assumed: not in the paper", "assumed"),
    ],
    derived=[
        Derived("restraint", "1 + (C/c_inf)**2", "", "by what the mediator divides every response"),
        Derived("N_acting", "N/restraint", "N_unit", "phagocytes that act"),
        Derived("R", "(k_nn*N + k_np*P + k_npe*PE + k_nd*D)/restraint", "1/hour", "activation of resting phagocytes"),
        Derived("Q", "(N + k_cnd*D)/restraint", "N_unit", "stimulus to produce mediator"),
    ],
    processes=[
        Process("growth", "-> P", "k_pg*P*(1 - P/p_inf)", "logistic growth of the pathogen"),
        Process("local_kill", "P ->", "k_pm*s_m*P/(mu_m + k_mp*P)", "killing by the local response"),
        Process("phago_kill", "P ->", "k_pn*N_acting*P", "killing by phagocytes"),
        Process("antibiotic_kill", "P ->", "k_abx*P", "killing by an antibiotic (ours)"),
        Process("recruit", "-> N", "s_nr*R/(mu_nr + R)", "activation of phagocytes"),
        Process("n_loss", "N ->", "mu_n*N", "decay of activated phagocytes"),
        Process("damage", "-> D", "k_dn*hill(N_acting, x_dn, 6)", "damage done by phagocytes"),
        Process("repair", "D ->", "mu_d*D", "healing"),
        Process("c_basal", "-> C", "s_c", "mediator always made"),
        Process("c_prod", "-> C", "k_cn*Q/(Q_half + Q)", "mediator made in response"),
        Process("c_loss", "C ->", "mu_c*C", "decay of mediator"),
        Process("pe_decay", "PE ->", "mu_pe*PE", "decay of endotoxin"),
    ],
    variants=[
        Variant("aseptic", values={"k_pg": 0.4}, note="pathogen cleared, damage stays", source="default arm"),
        Variant("septic", values={"k_pg": 0.6}, note="pathogen and damage stay", source="default arm"),
        Variant("high_tone", values={"s_c": 0.02}, note="more mediator all along, from the start",
                source="assumed: top of the range 0.005 to 0.02 to try"),
        Variant("endotoxin", initial={"P": 0.0}, note="no pathogen; give endotoxin", source="Day 2006, from memory"),
    ],
    interventions=[
        Intervention("virulent_strain", [scale("k_pg", 2)],
                     expects={"P": "up on average", "D": "up on average"}, acts_on="growth",
                     evidence="assumed", source="assumed: a strain that grows twice as fast (septic death)",
                     label="virulent strain"),
        Intervention("inoculum", [transfer("P", 1.0)],
                     expects={"P": "up on average", "D": "up on average"}, acts_on="production",
                     evidence="assumed", source="assumed: one more unit at 0 h; beyond 1.0357 in all, health is lost",
                     label="large inoculum"),
        Intervention("anti_inflammatory", [scale("s_c", 2)], during(0, 24), kind="drug", direction="suppress",
                     acts_on="production", expects={"N": "down", "D": "down"}, evidence="assumed",
                     source="assumed: twice the source of mediator for a day; rescues k_pg = 0.35",
                     label="anti-inflammatory mediator"),
        Intervention("steroid", [scale("c_inf", 0.5)], during(0, 24), kind="drug", direction="suppress",
                     acts_on="signal",
                     expects={"N": "down", "D": "down on average", "P": "up on average"}, evidence="assumed",
                     source="assumed: mediator acts at half its level for a day", label="steroid, 1 day"),
        Intervention("immunodeficiency", [scale("s_nr", 0.5)], direction="suppress", acts_on="production",
                     expects={"N": "down", "P": "up on average"},
                     evidence="assumed", source="assumed: half the phagocytes", label="immunodeficiency"),
        Intervention("killing_defect", [scale("k_pn", 0.5)], direction="suppress", acts_on="clearance",
                     expects={"P": "up on average", "D": "up"}, evidence="assumed", source="assumed: killing halved",
                     label="killing defect"),
        Intervention("antibiotic", [add("k_abx", 1.0)], during(2, 74), kind="drug", acts_on="clearance",
                     expects={"P": "down on average", "D": "down"}, evidence="assumed",
                     source="assumed: 1 per hour for 72 h; at k_pg = 0.6 it rescues when started by 2 h, not at 4 h",
                     label="antibiotic"),
        Intervention("local_defense", [scale("s_m", 1.2)], kind="nutrition", direction="enhance", acts_on="clearance",
                     expects={"P": "down on average", "D": "down"}, evidence="assumed",
                     source="assumed: barrier, vitamin D or zinc; range 0.5 to 1.2", label="stronger local defense"),
        Intervention("anti_damp", [inhibit("k_nd", 0.5)], during(0, 72), kind="drug", direction="suppress",
                     acts_on="signal", expects={"N": "down on average", "D": "down"}, evidence="assumed",
                     source="assumed: half of the danger signal of damaged tissue blocked for three days",
                     label="danger signal blocked"),
        Intervention("endotoxin_predose", [transfer("PE", 0.3)], acts_on="activation",
                     expects={"PE": "up", "N": "up", "D": "up on average"},
                     evidence="memory", source="Day 2006, from memory", label="endotoxin, first dose"),
        Intervention("endotoxin_challenge", [transfer("PE", 3.0)], during(start=24), acts_on="activation",
                     expects={"PE": "up", "N": "up", "D": "up"}, evidence="memory", source="Day 2006, from memory",
                     label="endotoxin, second dose"),
    ],
    story=Story(
        "A strain that grows twice as fast ends in sepsis; an antibiotic from hour 2 prevents it.",
        arms={"usual strain": "", "virulent strain": "virulent_strain",
              "with an antibiotic": "virulent_strain + antibiotic"},
        panels=["P", "N", "D"],
    ),
)
