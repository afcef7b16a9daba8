"""A kidney graft between rejection and virus: how much tacrolimus is enough, and how much is too much.

Alloreactive T cells kill the graft; others keep BK virus from destroying it. Tacrolimus holds back both of them.
Too little and the graft is rejected; too much and the virus takes it. Between the efficacies 0.639 and 0.833 it lives.

    tacrolimus --| EK --kills--> H, I      H: healthy graft cells, I: infected ones (H + V -> I -> more V)
    tacrolimus --| EV --kills--> I         H --clears--> creatinine C

The patient of this file takes 3 mg twice a day (level 8.8 to 14.8 ng/mL) and keeps 94 % of the graft for a year. All
treatments are changes of that: without drug 4.5 % is left, with 1 mg 24 %, with 8 mg 44 % (virus). An azole antifungal
at day 60 raises the level fivefold unless the dose is cut to 0.5 mg. Mycophenolate rescues 1 mg (91 %) and is too much
on top of 3 mg (50 %). Judge graft at day 364.875, 9 h after a dose; levels swing within a day, and V with them.

OURS, not a published model. Idea, states and units are those of the renal transplant models of Banks, Murad and others
(doi:10.3934/dcdsb.2018274); their tables could not be read, and the values remembered destroy the graft at nearly any
dose. So the immune values are chosen to leave a therapeutic window; nothing quantitative of theirs is claimed.
Published: kinetics of tacrolimus (Kirubakaran 2023, heart transplants) and half-life of the virus (Funk 2006).
`eps_fixed` is an efficacy that acts beside the drug's, for sweeps without drug. One virion is used up per infection.
`mmf` acts on the division of T cells, not on their inflow. Left out: antibodies, regulatory T cells, toxicity, chance.
"""

from immunode.intervention import Intervention, during, set_to
from immunode.model import Derived, Event, Model, Parameter, Process, State, Story, Variant

MODEL = Model(
    name="graft_minimal",
    title="Kidney graft between rejection and BK virus under tacrolimus",
    system="organ transplantation",
    status="ours",
    species="human",
    aliases={"transplant": ""},
    reference="kinetics: doi:10.1111/bcp.15566",
    time_unit="day",
    horizon=365.0,
    readouts=["graft", "C", "V", "EK", "EV", "conc"],
    states=[
        State("H", "kapH", "cell/mL", "healthy cells of the graft", kind="cell", source="assumed: intact graft"),
        State("I", 0.0, "cell/mL", "infected cells of the graft", kind="cell", typical=10.0, source="assumed: none"),
        State("V", 1000.0, "copy/mL", "BK virus in blood", kind="pathogen", source="assumed: reactivated at day 0"),
        State("EV", 10.0, "cell/mL", "CD8 T cells against the virus", kind="cell", source="assumed: few"),
        State("EK", 10.0, "cell/mL", "CD8 T cells against the graft", kind="cell", source="assumed: few"),
        State("C", 1.0, "mg/dL", "creatinine in serum", kind="damage", source="assumed: normal"),
        State("depot", 0.0, "mg", "tacrolimus in the gut", kind="drug", typical=1.0, source="assumed: none before"),
        State("cent", 0.0, "mg", "tacrolimus in blood", kind="drug", typical=1.0, source="assumed: none before day 0"),
        State("peri", 0.0, "mg", "tacrolimus in tissue", kind="drug", typical=1.0, source="assumed: none before day 0"),
    ],
    parameters=[
        Parameter("lamH", 0.03, "1/day", "repair of the graft", "Murad, from memory, low confidence", "memory"),
        Parameter("kapH", 1025.0, "cell/mL", "cells of an intact graft", "Murad, from memory, low", "memory"),
        Parameter("beta", 4e-7, "mL/(copy*day)", "infection", "assumed: chosen, virus R0 = 3.20", "assumed"),
        Parameter("uptake", 1.0, "copy/cell", "virions used up by an infection", "assumed: one", "assumed", (1.0, 1.0)),
        Parameter("dI", 0.1, "1/day", "death of infected cells", "assumed: chosen", "assumed"),
        Parameter("rhoV", 4300.0, "copy/cell", "virions of an infected cell", "Murad, from memory, low", "memory"),
        Parameter("dV", 0.55, "1/day", "clearance of virus", "Funk 2006: half-life 20 to 38 h (30 h)", "published"),
        Parameter("kEI", 5e-3, "mL/(cell*day)", "killing of infected cells by EV", "assumed: chosen", "assumed"),
        Parameter("kEH", 2.5e-4, "mL/(cell*day)", "killing of graft cells by EK", "assumed: chosen", "assumed"),
        Parameter("lamEV", 1.0, "cell/(mL*day)", "inflow of EV", "assumed: chosen", "assumed"),
        Parameter("lamEK", 1.0, "cell/(mL*day)", "inflow of EK", "assumed: chosen", "assumed"),
        Parameter("rhoEV", 0.6, "1/day", "division of EV", "assumed: chosen", "assumed"),
        Parameter("rhoEK", 0.6, "1/day", "division of EK", "assumed: chosen", "assumed"),
        Parameter("kapV", 1e3, "copy/mL", "virus of half of the division of EV", "assumed: chosen", "assumed"),
        Parameter("kapKH", 85.0, "cell/mL", "graft of half of the division of EK", "Murad, from memory, low", "memory"),
        Parameter("dEV", 0.1, "1/day", "death of EV", "assumed: chosen", "assumed"),
        Parameter("dEK", 0.2, "1/day", "death of EK", "assumed: chosen", "assumed"),
        Parameter("KEV", 2000.0, "cell/mL", "capacity of EV", "assumed: chosen", "assumed"),
        Parameter("KEK", 2000.0, "cell/mL", "capacity of EK", "assumed: chosen", "assumed"),
        Parameter("lamC", 0.5, "mg/(dL*day)", "creatinine made", "assumed: C = 1 when intact", "assumed"),
        Parameter("dC0", 0.7, "1/day", "largest clearance of creatinine", "assumed: C = 1 when intact", "assumed"),
        Parameter("kapCH", 410.0, "cell/mL", "graft of half of that", "assumed: C = 1 when intact", "assumed"),
        Parameter("EC50", 3.5, "ng/mL", "level of half of the effect", "assumed: chosen", "assumed"),
        Parameter("eps_max", 1.0, "", "largest efficacy", "assumed: chosen", "assumed", bounds=(0.8, 1.0)),
        Parameter("hill_e", 1.0, "", "steepness of the effect", "assumed: chosen", "assumed"),
        Parameter("eps_fixed", 0.0, "", "efficacy beside tacrolimus, for sweeps", "assumed: none", "assumed"),
        Parameter("mmf", 0.0, "", "block of division (mycophenolate)", "assumed: none", "assumed"),
        Parameter("depl", 0.0, "1/day", "depletion of EK (induction)", "assumed: none", "assumed"),
        Parameter("dose", 3.0, "mg", "tacrolimus every 12 h", "assumed: reference patient", "assumed"),
        Parameter("azole", 0.0, "", "1 with an azole antifungal", "assumed: none", "assumed"),
        Parameter("ka", 12.192, "1/day", "absorption", "Kirubakaran 2023, Table 3: 0.508 per h", "published"),
        Parameter("CL", 506.4, "L/day", "apparent clearance", "Kirubakaran 2023, Table 3: 21.1 L/h", "published"),
        Parameter("CL_azole", 100.8, "L/day", "the same with an azole", "Kirubakaran 2023: 4.2 L/h", "published"),
        Parameter("Q", 1320.0, "L/day", "apparent exchange", "Kirubakaran 2023, Table 3: 55 L/h", "published"),
        Parameter("V2", 197.0, "L", "apparent central volume", "Kirubakaran 2023, Table 3", "published"),
        Parameter("V3", 297.0, "L", "apparent peripheral volume", "Kirubakaran 2023, Table 3", "published"),
        Parameter("per_mg", 1e3, "ng*L/(mL*mg)", "ng/mL in one mg/L", "conversion of units", "derived", (1e3, 1e3)),
    ],
    derived=[
        Derived("conc", "per_mg*cent/V2", "ng/mL", "tacrolimus level in whole blood"),
        Derived("s", "(1 - eps_max*hill(conc, EC50, hill_e))*(1 - eps_fixed)", "", "response that is left"),
        Derived("clearance", "CL + azole*(CL_azole - CL)", "L/day", "clearance of tacrolimus now"),
        Derived("graft", "H/kapH", "", "part of the graft that is healthy"),
        Derived("graft_function", "H/(H + kapCH)*(kapH + kapCH)/kapH", "", "clearance of creatinine, 1 when intact"),
    ],
    processes=[
        Process("graft_repair", "-> H", "lamH*H*(1 - (H + I)/kapH)", "repair up to the intact graft"),
        Process("infection", "H -> I", "beta*H*V", "infection of graft cells"),
        Process("allo_kill_H", "H ->", "kEH*EK*H", "rejection: killing of healthy graft cells"),
        Process("allo_kill_I", "I ->", "kEH*EK*I", "rejection: killing of infected graft cells"),
        Process("infected_death", "I ->", "dI*I", "death of infected cells, which burst"),
        Process("antiviral_kill", "I ->", "kEI*EV*I", "killing of infected cells before they burst"),
        Process("virus_release", "-> V", "rhoV*dI*I", "virus from burst cells"),
        Process("virus_clearance", "V ->", "dV*V", "clearance of virus"),
        Process("virus_uptake", "V ->", "uptake*beta*H*V", "virus that enters cells"),
        Process("EV_input", "-> EV", "s*lamEV", "inflow of T cells against the virus"),
        Process("EV_expansion", "-> EV", "s*(1 - mmf)*rhoEV*V/(V + kapV)*EV*(1 - EV/KEV)", "division driven by virus"),
        Process("EV_death", "EV ->", "dEV*EV", "death"),
        Process("EK_input", "-> EK", "s*lamEK*H/kapH", "inflow of T cells against the graft"),
        Process("EK_expansion", "-> EK", "s*(1 - mmf)*rhoEK*H/(H + kapKH)*EK*(1 - EK/KEK)", "division driven by graft"),
        Process("EK_death", "EK ->", "(dEK + depl)*EK", "death, and depletion by induction"),
        Process("creatinine_input", "-> C", "lamC", "creatinine from muscle"),
        Process("creatinine_clearance", "C ->", "dC0*H/(H + kapCH)*C", "creatinine cleared by the graft"),
        Process("absorption", "depot -> cent", "ka*depot", "absorption of tacrolimus"),
        Process("elimination", "cent ->", "clearance/V2*cent", "elimination of tacrolimus"),
        Process("distribution", "cent -> peri", "Q/V2*cent - Q/V3*peri", "net exchange with tissue"),
    ],
    events=[Event("twice_daily", {"depot": "depot + dose"}, at=0, every=0.5, count=730, meaning="a dose every 12 h")],
    variants=[Variant("no_virus", initial={"V": 0.0}, note="BK virus absent", source="assumed: for comparison")],
    interventions=[
        Intervention("no_drug", [set_to("dose", 0.0)], direction="enhance", acts_on="activation", evidence="assumed",
                     expects={"EK": "up", "graft": "down", "C": "up"}, source="assumed: no tacrolimus from the start"),
        Intervention("tac_1mg", [set_to("dose", 1.0)], direction="enhance", acts_on="activation", evidence="assumed",
                     expects={"EK": "up", "graft": "down", "C": "up"}, source="assumed: too little; rejection"),
        Intervention("tac_3mg", [set_to("dose", 3.0)], acts_on="activation", evidence="assumed",
                     expects={"graft": "unchanged"}, source="assumed: the dose of the reference patient, no change"),
        Intervention("tac_8mg", [set_to("dose", 8.0)], kind="drug", direction="suppress", acts_on="activation",
                     expects={"conc": "up", "V": "up", "graft": "down"}, evidence="assumed",
                     source="assumed: too much; the virus takes the graft"),
        Intervention("tac_3mg_azole", [set_to("azole", 1.0)], during(start=60), kind="drug", direction="suppress",
                     acts_on="clearance", expects={"conc": "up", "V": "up", "graft": "down"}, evidence="published",
                     source="Kirubakaran 2023: clearance with an azole; from day 60 and dose kept (assumed)"),
        Intervention("tac_azole_dose_cut", [set_to("azole", 1.0), set_to("dose", 0.5)], during(start=60), kind="drug",
                     acts_on="clearance", expects={"conc": "down"}, evidence="published",
                     source="Kirubakaran 2023: clearance with an azole; from day 60 and 0.5 mg (assumed)"),
        Intervention("tac_withdrawal", [set_to("dose", 0.0)], during(start=120), direction="enhance",
                     acts_on="activation", expects={"EK": "up on average", "graft": "down", "C": "up"},
                     evidence="assumed", source="assumed: last dose on day 119.5"),
        Intervention("induction", [set_to("depl", 0.5)], during(0, 14), kind="drug", direction="suppress",
                     acts_on="lifespan", expects={"EK": "down on average"}, evidence="assumed",
                     source="assumed: antithymocyte globulin, 14 days; the arm adds tac_1mg and only delays rejection"),
        Intervention("mmf_1mg", [set_to("dose", 1.0), set_to("mmf", 0.4)], kind="drug", acts_on="growth",
                     expects={"conc": "down"}, evidence="assumed", source="assumed: 40 % less division, 1 mg"),
        Intervention("mmf_3mg", [set_to("mmf", 0.4)], kind="drug", direction="suppress", acts_on="growth",
                     expects={"V": "up", "graft": "down"}, evidence="assumed",
                     source="assumed: 40 % less division on top of 3 mg tacrolimus; too much"),
        Intervention("reduction_on_viremia", [set_to("dose", 8.0)], during(0, 100), kind="drug", direction="suppress",
                     acts_on="activation", expects={"conc": "up at its peak", "V": "up on average"}, evidence="assumed",
                     source="assumed: 8 mg, and 3 mg from day 100 on, when virus is found"),
        Intervention("fixed_efficacy", [set_to("dose", 0.0), set_to("eps_fixed", 0.7)], acts_on="activation",
                     expects={"conc": "down"}, evidence="assumed", source="assumed: no tacrolimus; sweep 0 to 0.99"),
    ],
    story=Story(
        "Too little tacrolimus, and the graft is rejected; too much, and BK virus takes it; a window lies between.",
        arms={"3 mg": "", "1 mg": "tac_1mg", "8 mg": "tac_8mg"},
        panels=["graft", "EK", "V"], until=180.0, logarithmic=["EK", "V"],
    ),
)
