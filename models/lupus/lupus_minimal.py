"""Lupus nephritis in small: autoreactive B cells, anti-dsDNA, interferon, complement and protein in the urine.

Autoreactive B cells make anti-dsDNA antibodies; antibodies drive interferon alpha, which in turn helps B cells make
antibody; antibodies use up complement C3; low C3 and interferon let protein leak into the urine, and that adds up to
lasting damage. Untreated, everything stands still: an active patient with SLEDAI 11.4.

    B --makes--> anti-dsDNA --drives--> interferon --helps--> antibody made (a weak loop, power 0.09)
                 anti-dsDNA --uses up--> C3;   little C3 and much interferon --> protein in the urine --> damage

What it shows: depleting B cells helps as long as they are away: after a weak depletion (rituximab) the patient relapses
in half a year to two and a half years, after a deep one (CD19 CAR-T) not within this model's view. Antibody from
long-lived plasma cells (fLL), which have no CD19, caps what B-cell depletion can do (C3 633 instead of 1,112 mg/L).
Blocking the interferon receptor lowers proteinuria most and antibody little, blocking BAFF the other way round.

OURS, not a published model. Values and couplings are those of the biomarker block of Park, Mugundu & Singh 2025 (read
through nlmixr2lib); do not show these curves as theirs. Six things differ: B cells are limited at B0 (there they grow
for ever); naive B cells are there from the start and depleted too; anti-dsDNA is lost with the half-life of IgG, 21
days (assumed; there it turns over in a second); a small antibody background lets C3 saturate near 1,111 mg/L, their
plateau; CD8 and neutrophil factors are 1 at baseline; damage is added up. Assumed: kaab, fLL, the effects (0 to 1) of
all drugs but CAR-T, and the extinction of B cells below 1e-6 per uL (a few cells in the body; without it they would
return from 1e-34 after 12 years). Baselines are medians of 5 patients read off a figure. Belimumab's kinetics are in
the drug library (`drug("belimumab")`); no published link from its level to `eps_baff` is known.

Left out: T cells that learn, flares, other organs, other antibodies, immune complexes, steroids. Guards, far
beyond any run: `i_eff` and C3 in powers are held above 1e-100 and 1e-9 of baseline, and B above Bmax takes no naive B.
"""

from immunode.intervention import Intervention, during, set_to
from immunode.model import Derived, Model, Parameter, Process, State, Story

MODEL = Model(
    name="lupus_minimal",
    title="Lupus nephritis: autoreactive B cells, anti-dsDNA, interferon, C3, proteinuria",
    system="lupus",
    status="ours",
    species="human",
    aliases={"lupus": ""},
    reference="values from doi:10.1002/cts.70146",
    time_unit="day",
    horizon=730.0,
    readouts=["aab", "c3", "ptu", "SLEDAI", "dmg"],
    states=[
        State("B", "B0", "cell/uL", "autoreactive CD19+ B cells", kind="cell", source="Park 2025: baseline",
              extinct_below=1e-6),
        State("Bn", "Bmax - B0", "cell/uL", "naive, not autoreactive B cells", kind="cell",
              source="Park 2025: Bmax - B0"),
        State("aab", "aab0", "IU/mL", "anti-dsDNA antibody", kind="signal", source="Park 2025: baseline"),
        State("ifn", "ifn0", "pg/mL", "interferon alpha", kind="signal", source="Park 2025: baseline"),
        State("c3", "c30", "mg/L", "complement C3", kind="signal", source="Park 2025: baseline"),
        State("ptu", "ptu0", "mg/g", "proteinuria, mg per g creatinine", kind="damage", source="Park 2025: baseline"),
        State("dmg", 0.0, "year", "kidney damage so far, in years at baseline proteinuria (ours)", kind="damage",
              typical=1.0, source="assumed: counted from the start"),
    ],
    parameters=[
        Parameter("kg", 0.0193, "1/day", "growth of autoreactive B cells", "Park 2025, Table 1", "published"),
        Parameter("B0", 143.0, "cell/uL", "autoreactive B cells at baseline, their capacity", "Park 2025", "published"),
        Parameter("Bmax", 449.0, "cell/uL", "capacity of all B cells", "Park 2025", "published"),
        Parameter("k0", 1.58, "cell/(uL*day)", "naive B cells made", "Park 2025", "published"),
        Parameter("kaab", 0.033007008598092627, "1/day", "loss of anti-dsDNA", "assumed: ln 2/21 d, half-life of IgG",
                  "assumed"),
        Parameter("aab0", 470.0, "IU/mL", "anti-dsDNA at baseline",
                  "Park 2025: digitized median of 5 patients, uncertain", "published"),
        Parameter("ifn0", 21.0, "pg/mL", "interferon alpha at baseline",
                  "Park 2025: digitized median of 5 patients, uncertain", "published"),
        Parameter("c30", 555.0, "mg/L", "C3 at baseline",
                  "Park 2025: digitized median of 5 patients, uncertain", "published"),
        Parameter("ptu0", 3060.0, "mg/g", "proteinuria at baseline",
                  "Park 2025: digitized median of 5 patients, uncertain", "published"),
        Parameter("kifn", 23.04, "1/day", "turnover of interferon", "Park 2025", "published"),
        Parameter("vc3", 504.0, "mg/(L*day)", "C3 made", "Park 2025: 1.5 mg/kg/h * 24 h * 70 kg / 5 L", "published"),
        Parameter("gc3", 0.1, "", "power of antibody in the use of C3", "Park 2025", "published"),
        Parameter("gptu", 1.09, "", "power of C3 in proteinuria", "Park 2025", "published"),
        Parameter("gi4", 0.09, "", "power of interferon in antibody made", "Park 2025", "published"),
        Parameter("gi8", 0.8, "", "power of interferon in proteinuria", "Park 2025", "published"),
        Parameter("vptu", 59.523809523809526, "mg/(g*day)", "turnover of proteinuria",
                  "Park 2025, control stream: 1000/16.8 (the table prints 100)", "published"),
        Parameter("aabbg", 0.452882, "IU/mL", "background in the use of C3",
                  "plateau of C3 in the full model of Park 2025", "derived"),
        Parameter("fLL", 0.0, "", "part of the antibody from long-lived plasma cells",
                  "assumed: none; try 0 to 0.5", "assumed", bounds=(0.0, 0.5)),
        Parameter("T4", 1.0, "", "activity of helper T cells, baseline 1", "assumed: baseline", "assumed"),
        Parameter("T8", 1.0, "", "activity of CD8 T cells, baseline 1", "assumed: baseline", "assumed"),
        Parameter("NT", 1.0, "", "activity of neutrophils, baseline 1", "assumed: baseline", "assumed"),
        Parameter("eps_baff", 0.0, "", "block of BAFF, below 1", "assumed: no treatment", "assumed"),
        Parameter("eps_ifnar", 0.0, "", "block of the interferon receptor", "assumed: no treatment", "assumed"),
        Parameter("eps_pdc", 0.0, "", "block of the release of interferon", "assumed: no treatment", "assumed"),
        Parameter("kdep", 0.0, "1/day", "depletion of B cells", "assumed: no treatment", "assumed"),
        Parameter("k_ivig", 0.0, "1/day", "further removal of antibody", "assumed: no treatment", "assumed"),
        Parameter("sledai0", 16.99, "", "SLEDAI without C3", "Park 2025: regression", "published"),
        Parameter("sledai_c3", 0.01, "L/mg", "fall of SLEDAI with C3", "Park 2025: regression", "published"),
        Parameter("per_year", 365.0, "day/year", "days in a year", "conversion of units", "derived", (365.0, 365.0)),
    ],
    derived=[
        Derived("i_eff", "max(ifn/ifn0*(1 - eps_ifnar), 1e-100)", "", "interferon that is seen, relative to baseline"),
        Derived("aab_drive", "(aab + aabbg)/(aab0 + aabbg)", "", "antibody that uses up C3, relative to baseline"),
        Derived("SLEDAI", "sledai0 - sledai_c3*c3", "", "disease activity, from C3 alone"),
    ],
    processes=[
        Process("B_renewal", "-> B", "kg*B*(1 - B/(B0*(1 - eps_baff)))", "growth up to what BAFF supports"),
        Process("B_depletion", "B ->", "kdep*B", "depletion by treatment"),
        Process("naive_supply", "-> Bn", "k0*(max(1 - B/Bmax, 0) - Bn/Bmax)", "naive B cells from the marrow"),
        Process("Bn_depletion", "Bn ->", "kdep*Bn", "depletion by treatment"),
        Process("aab_production", "-> aab", "kaab*aab0*((1 - fLL)*B/B0*T4 + fLL)*i_eff**gi4",
                "antibody from B cells with T help, and from long-lived plasma cells"),
        Process("aab_loss", "aab ->", "(kaab + k_ivig)*aab", "loss of antibody"),
        Process("ifn_release", "-> ifn", "kifn*ifn0*aab/aab0*NT*(1 - eps_pdc)",
                "release by plasmacytoid dendritic cells"),
        Process("ifn_loss", "ifn ->", "kifn*ifn", "loss of interferon"),
        Process("c3_synthesis", "-> c3", "vc3", "C3 from the liver"),
        Process("c3_consumption", "c3 ->", "vc3*c3/c30*aab_drive**gc3", "C3 used up by immune complexes"),
        Process("ptu_leak", "-> ptu", "vptu*max(c3/c30, 1e-9)**(-gptu)*i_eff**gi8*exp(T8 - 1)*exp(NT - 1)",
                "protein that leaks through the inflamed kidney"),
        Process("ptu_clearance", "ptu ->", "vptu*ptu/ptu0", "end of the leak"),
        Process("damage", "-> dmg", "ptu/ptu0/per_year", "damage left behind (ours)"),
    ],
    interventions=[
        Intervention("belimumab_like", [set_to("eps_baff", 0.5)], kind="drug", direction="suppress", acts_on="lifespan",
                     expects={"B": "down", "aab": "down", "c3": "up", "ptu": "down", "SLEDAI": "down"},
                     evidence="assumed", source="assumed: half of the BAFF support blocked"),
        Intervention("anifrolumab_like", [set_to("eps_ifnar", 0.9)], kind="drug", direction="suppress",
                     acts_on="signal", evidence="assumed",
                     expects={"B": "unchanged", "aab": "down", "ptu": "down", "SLEDAI": "down"},
                     source="assumed: 90 % of the interferon receptor blocked"),
        Intervention("belimumab_plus_anifrolumab", [set_to("eps_baff", 0.5), set_to("eps_ifnar", 0.9)], kind="drug",
                     direction="suppress", acts_on="lifespan, signal", evidence="assumed",
                     expects={"B": "down", "aab": "down", "c3": "up", "ptu": "down", "SLEDAI": "down"},
                     source="assumed: both sizes as alone"),
        Intervention("hydroxychloroquine_like", [set_to("eps_pdc", 0.5)], kind="drug", direction="suppress",
                     acts_on="production", expects={"ifn": "down", "aab": "down", "ptu": "down"}, evidence="assumed",
                     source="assumed: half of the release of interferon blocked"),
        Intervention("rituximab_like", [set_to("kdep", 0.15)], during(0, 60), kind="drug", direction="suppress",
                     acts_on="lifespan",
                     expects={"B": "down on average", "Bn": "down at its lowest",
                              "aab": "down", "c3": "up on average", "ptu": "down"},
                     evidence="assumed", source="assumed: depletion at 0.15 per day for 60 days; relapse"),
        Intervention("cart_cd19_like", [set_to("kdep", 2.76)], during(0, 30), kind="cell therapy", direction="suppress",
                     acts_on="lifespan",
                     expects={"B": "down", "Bn": "down at its lowest", "aab": "down", "c3": "up", "ptu": "down"},
                     evidence="published", source="Park 2025: maximal rate of killing; 30 days are assumed"),
        Intervention("long_lived_plasma_cells", [set_to("fLL", 0.3)], direction="enhance", acts_on="lifespan",
                     expects={"aab": "up", "c3": "down", "ptu": "up"}, evidence="assumed", beside="cart_cd19_like",
                     source="assumed: 30 % of the antibody; a patient, not a treatment, seen only when B cells go"),
        Intervention("helper_t_block", [set_to("T4", 0.3)], kind="drug", direction="suppress", acts_on="activation",
                     expects={"aab": "down", "c3": "up", "ptu": "down", "SLEDAI": "down"}, evidence="assumed",
                     source="assumed: mycophenolate, cyclophosphamide or a block of T help, 30 % left"),
        Intervention("plasma_exchange", [set_to("k_ivig", 0.1)], kind="procedure", direction="suppress",
                     acts_on="clearance", expects={"aab": "down", "c3": "up", "ptu": "down"}, evidence="assumed",
                     source="assumed: or a block of FcRn; 0.1 per day all along"),
    ],
    story=Story(
        "After B-cell depletion for two months antibodies come back; after CAR-T cells they do not in two years.",
        arms={"untreated": "", "BAFF blocked by half": "belimumab_like", "depletion, 60 days": "rituximab_like",
              "CAR-T cells": "cart_cd19_like"},
        panels=["aab", "SLEDAI"],
    ),
)
