"""Lupus nephritis in small: autoreactive B cells, anti-dsDNA, interferon, complement and protein in the urine.

Autoreactive B cells make anti-dsDNA antibodies; antibodies drive interferon alpha, which in turn helps B cells make
antibody; antibodies use up complement C3; low C3 and interferon let protein leak into the urine, and that adds up to
lasting damage. Untreated, everything stands still: an active patient with SLEDAI 15.9.

    B --makes--> anti-dsDNA --drives--> interferon --helps--> antibody made (a weak loop, power 0.09)
                 anti-dsDNA --uses up--> C3;   little C3 and much interferon --> protein in the urine --> damage

What it shows: CAR-T cells empty the tissue of autoreactive B cells, and antibody, complement and urine become normal;
rituximab reaches a fifth of them (`reach`, assumed; `rituximab_complete` all), helps by 2.8 points at one year and is
forgotten at two: little, as LUNAR and EXPLORER found. Blocking the interferon receptor lowers proteinuria most and
antibody little, blocking BAFF the other way round.

OURS, not a published model. Values and couplings are those of the biomarker block of Park, Mugundu & Singh 2025 (read
through nlmixr2lib); do not show these curves as theirs. Seven things differ: B cells are limited at B0 (there they grow
for ever); naive B cells are there from the start and depleted too; anti-dsDNA is lost with the half-life of IgG, 21
days (assumed; there it turns over in a second); a small antibody background lets C3 saturate near 1,111 mg/L, their
plateau; CD8 and neutrophil factors are 1 at baseline; damage is added up; 1 % of the antibody comes from long-lived
plasma cells without CD19 (fLL: the largest part at which C3 becomes normal after CAR-T, as in all of Mackensen's
patients). Assumed: kaab, fLL, reach, the effects of all drugs but CAR-T, and the extinction of B cells below 1e-6 per
uL (without it they return from 1e-34 after 12 years). Baselines are medians of 5 patients read off a figure; the
population is ours, but for the spreads of k0, Bmax and kifn.

The score: Park's three regressions (from C3, interferon, anti-dsDNA) say 11.4, 5.9 and 30.5 at baseline, for they are
regressions across patients, each with its own intercept; SLEDAI is their mean (ours), SLEDAI_low and SLEDAI_high are
the ends. It cannot reach remission (0): no treatment takes it below 5.68. Look at its change, or at `SLEDAI_items`, the
renal and immunologic items of SLEDAI-2K, 0 to 8. The units of the anti-dsDNA regression are unresolved: the line in its
figure is 100 times steeper.

Findings: SLEDAI-2K was 0 three to six months after CAR-T cells; the items here reach 0 on day 235, for antibody has a
half-life of 21 days and complement and urine lag. C3 moves far too little under rituximab (LUNAR, from memory: 116 mg/L
more than placebo; here 23), and B cells in blood do not vanish, since the autoreactive ones are counted there too.
Left out: placebo response, T cells that learn, flares, other organs, immune complexes, steroids. Guards, far beyond any
run: `i_eff` and C3 in powers are held above 1e-100 and 1e-9 of baseline, and B above Bmax takes no naive B.
"""

from immunode.intervention import Intervention, during, pulses, set_to
from immunode.model import (
    Derived, Model, Parameter, Process, State, Story, Threshold, Trial, TrialResult, Unit, Variability,
)

MODEL = Model(
    name="lupus_minimal",
    title="Lupus nephritis: autoreactive B cells, anti-dsDNA, interferon, C3, proteinuria",
    system="lupus",
    status="ours",
    species="human",
    aliases={"lupus": ""},
    reference="values from doi:10.1111/cts.70146",
    time_unit="day",
    horizon=730.0,
    readouts=["SLEDAI", "SLEDAI_items", "aab", "c3", "ptu", "dmg"],
    units=[Unit("point", "one point of SLEDAI")],
    states=[
        State("B", "B0", "cell/uL", "autoreactive CD19+ B cells", kind="cell", source="Park 2025: baseline",
              extinct_below=1e-6, label="autoreactive B cells"),
        State("Bn", "max(Bmax - B0, 0)", "cell/uL", "naive, not autoreactive B cells", kind="cell",
              source="Park 2025: Bmax - B0; none is left where B0 is more", label="naive B cells"),
        State("aab", "aab0", "IU/mL", "anti-dsDNA antibody", kind="signal", source="Park 2025: baseline",
              label="anti-dsDNA"),
        State("ifn", "ifn0", "pg/mL", "interferon alpha", kind="signal", source="Park 2025: baseline",
              label="interferon alpha"),
        State("c3", "c30", "mg/L", "complement C3", kind="signal", source="Park 2025: baseline", label="C3"),
        State("ptu", "ptu0", "mg/g", "proteinuria, mg per g creatinine", kind="damage",
              source="Park 2025: baseline", label="proteinuria"),
        State("dmg", 0.0, "year", "kidney damage so far, in years at baseline proteinuria (ours)", kind="damage",
              typical=1.0, source="assumed: counted from the start", label="kidney damage"),
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
        Parameter("fLL", 0.01, "", "part of the antibody from long-lived plasma cells",
                  "assumed: the most that Mackensen's CAR-T patients allow", "assumed", bounds=(0.0, 0.05)),
        Parameter("reach", 1.0, "", "part of a depletion that reaches the autoreactive B cells, which sit in tissue",
                  "assumed: all, as by CAR-T cells", "assumed", bounds=(0.0, 1.0)),
        Parameter("T4", 1.0, "", "activity of helper T cells, baseline 1", "assumed: baseline", "assumed"),
        Parameter("T8", 1.0, "", "activity of CD8 T cells, baseline 1", "assumed: baseline", "assumed"),
        Parameter("NT", 1.0, "", "activity of neutrophils, baseline 1", "assumed: baseline", "assumed"),
        Parameter("eps_baff", 0.0, "", "block of BAFF, below 1", "assumed: no treatment", "assumed"),
        Parameter("eps_ifnar", 0.0, "", "block of the interferon receptor", "assumed: no treatment", "assumed"),
        Parameter("eps_pdc", 0.0, "", "block of the release of interferon", "assumed: no treatment", "assumed"),
        Parameter("kdep", 0.0, "1/day", "depletion of B cells", "assumed: no treatment", "assumed"),
        Parameter("k_ivig", 0.0, "1/day", "further removal of antibody", "assumed: no treatment", "assumed"),
        # the score
        Parameter("s_c3", 16.99, "point", "SLEDAI without C3", "Park 2025: regression", "published"),
        Parameter("b_c3", 0.01, "point*L/mg", "fall of SLEDAI with C3", "Park 2025: regression", "published"),
        Parameter("s_ifn", 4.21, "point", "SLEDAI without interferon", "Park 2025: regression", "published"),
        Parameter("b_ifn", 0.08, "point*mL/pg", "rise of SLEDAI with interferon", "Park 2025: regression", "published"),
        Parameter("s_dsdna", 6.96, "point", "SLEDAI without anti-dsDNA", "Park 2025: regression", "published"),
        Parameter("b_dsdna", 0.05, "point*mL/IU", "rise of SLEDAI with anti-dsDNA",
                  "Park 2025: as printed, units unresolved", "published"),
        Parameter("renal_item", 4.0, "point", "weight of proteinuria", "SLEDAI-2K", "memory", (4.0, 4.0)),
        Parameter("blood_item", 2.0, "point", "weight of anti-dsDNA, and of low complement", "SLEDAI-2K", "memory",
                  (2.0, 2.0)),
        Parameter("ptu_cut", 500.0, "mg/g", "proteinuria that counts", "SLEDAI-2K: 0.5 g", "memory", (500.0, 500.0)),
        Parameter("aab_cut", 30.0, "IU/mL", "antibody that counts", "baricitinib, phase 2", "published", (30.0, 30.0)),
        Parameter("c3_cut", 900.0, "mg/L", "C3 that is low", "baricitinib, phase 2", "published", (900.0, 900.0)),
        Parameter("per_year", 365.0, "day/year", "days in a year", "conversion of units", "derived", (365.0, 365.0)),
    ],
    derived=[
        Derived("i_eff", "max(ifn/ifn0*(1 - eps_ifnar), 1e-100)", "", "interferon that is seen, relative to baseline"),
        Derived("aab_drive", "(aab + aabbg)/(aab0 + aabbg)", "", "antibody that uses up C3, relative to baseline"),
        Derived("B_all", "B + Bn", "cell/uL", "B cells, autoreactive and naive", label="all B cells"),
        Derived("sledai_c3", "s_c3 - b_c3*c3", "point", "disease activity, from C3"),
        Derived("sledai_ifn", "s_ifn + b_ifn*ifn*(1 - eps_ifnar)", "point",
                "disease activity, from interferon that is seen (the factor is ours: a receptor block leaves serum)"),
        Derived("sledai_dsdna", "s_dsdna + b_dsdna*aab", "point", "disease activity, from anti-dsDNA"),
        Derived("SLEDAI", "(sledai_c3 + sledai_ifn + sledai_dsdna)/3", "point",
                "disease activity, mean of three regressions (ours)", label="SLEDAI, mean of three"),
        Derived("SLEDAI_low", "min(sledai_c3, sledai_ifn, sledai_dsdna)", "point", "the lowest of the three"),
        Derived("SLEDAI_high", "max(sledai_c3, sledai_ifn, sledai_dsdna)", "point", "the highest of the three"),
        Derived("SLEDAI_items",
                "piecewise(renal_item, ptu > ptu_cut, 0*renal_item)"
                " + piecewise(blood_item, aab > aab_cut, 0*blood_item)"
                " + piecewise(blood_item, c3 < c3_cut, 0*blood_item)", "point",
                "renal and immunologic items of SLEDAI-2K, 0 to 8", label="SLEDAI items"),
    ],
    processes=[
        Process("B_renewal", "-> B", "kg*B*(1 - B/(B0*(1 - eps_baff)))", "growth up to what BAFF supports"),
        Process("B_depletion", "B ->", "reach*kdep*B", "depletion by treatment, in tissue"),
        Process("naive_supply", "-> Bn", "k0*(max(1 - B/Bmax, 0) - Bn/Bmax)", "naive B cells from the marrow"),
        Process("Bn_depletion", "Bn ->", "kdep*Bn", "depletion by treatment, in blood"),
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
                     expects={"B": "down at 52 weeks", "aab": "down at 52 weeks", "c3": "up at 52 weeks",
                              "ptu": "down at 52 weeks", "SLEDAI": "down at 52 weeks"},
                     evidence="assumed", source="assumed: half of the BAFF support blocked", label="belimumab-like"),
        Intervention("anifrolumab_like", [set_to("eps_ifnar", 0.9)], kind="drug", direction="suppress",
                     acts_on="signal", evidence="assumed", label="anifrolumab-like",
                     expects={"B": "unchanged at 52 weeks", "aab": "down at 52 weeks", "ptu": "down at 52 weeks",
                              "SLEDAI": "down at 52 weeks"},
                     source="assumed: 90 % of the interferon receptor blocked"),
        Intervention("belimumab_plus_anifrolumab", [set_to("eps_baff", 0.5), set_to("eps_ifnar", 0.9)], kind="drug",
                     direction="suppress", acts_on="lifespan, signal", evidence="assumed",
                     expects={"B": "down at 52 weeks", "aab": "down at 52 weeks", "c3": "up at 52 weeks",
                              "ptu": "down at 52 weeks", "SLEDAI": "down at 52 weeks"},
                     source="assumed: both sizes as alone", label="both biologics"),
        Intervention("hydroxychloroquine_like", [set_to("eps_pdc", 0.5)], kind="drug", direction="suppress",
                     acts_on="production", evidence="assumed", label="hydroxychloroquine-like",
                     expects={"ifn": "down at 52 weeks", "aab": "down at 52 weeks", "ptu": "down at 52 weeks",
                              "SLEDAI": "down at 52 weeks"},
                     source="assumed: half of the release of interferon blocked"),
        Intervention("rituximab_like", [set_to("kdep", 0.15), set_to("reach", 0.2)], pulses(every=168, width=60, n=2),
                     kind="drug", direction="suppress", acts_on="lifespan", label="rituximab-like",
                     expects={"B": "down at 26 weeks", "Bn": "down at its lowest", "aab": "down at 52 weeks",
                              "c3": "up at 52 weeks", "ptu": "down at 52 weeks", "SLEDAI": "down at 52 weeks"},
                     evidence="assumed", note="two courses as in LUNAR and EXPLORER; relapse",
                     source="assumed: 0.15 per day for 60 days a course, a fifth of it in tissue"),
        Intervention("rituximab_complete", [set_to("kdep", 0.15)], pulses(every=168, width=60, n=2),
                     kind="drug", direction="suppress", acts_on="lifespan", label="rituximab, if it reached all",
                     expects={"B": "down at 52 weeks", "Bn": "down at its lowest", "aab": "down at 52 weeks",
                              "c3": "up at 52 weeks", "ptu": "down at 52 weeks", "SLEDAI": "down at 52 weeks"},
                     evidence="assumed", source="assumed: 0.15 per day for 60 days a course, in tissue as in blood"),
        Intervention("cart_cd19_like", [set_to("kdep", 2.76)], during(0, 30), kind="cell therapy", direction="suppress",
                     acts_on="lifespan", label="CD19 CAR-T cells",
                     expects={"B": "down at 52 weeks", "Bn": "down at its lowest", "aab": "down at 52 weeks",
                              "c3": "up at 52 weeks", "ptu": "down at 52 weeks", "SLEDAI": "down at 52 weeks"},
                     evidence="published", source="Park 2025: maximal rate of killing; 30 days are assumed"),
        Intervention("long_lived_plasma_cells", [set_to("fLL", 0.3)], direction="enhance", acts_on="lifespan",
                     expects={"aab": "up at 52 weeks", "c3": "down at 52 weeks", "ptu": "up at 52 weeks",
                              "SLEDAI": "up at 52 weeks"},
                     evidence="assumed", beside="cart_cd19_like", label="many long-lived plasma cells",
                     source="assumed: 30 % of the antibody; a patient, not a treatment, seen only when B cells go"),
        Intervention("helper_t_block", [set_to("T4", 0.3)], kind="drug", direction="suppress", acts_on="activation",
                     expects={"aab": "down at 52 weeks", "c3": "up at 52 weeks", "ptu": "down at 52 weeks",
                              "SLEDAI": "down at 52 weeks"},
                     evidence="assumed", label="T help blocked",
                     source="assumed: mycophenolate, cyclophosphamide or a block of T help, 30 % left"),
        Intervention("plasma_exchange", [set_to("k_ivig", 0.1)], kind="procedure", direction="suppress",
                     acts_on="clearance", evidence="assumed", label="plasma exchange",
                     expects={"aab": "down at 52 weeks", "c3": "up at 52 weeks", "ptu": "down at 52 weeks",
                              "SLEDAI": "down at 52 weeks"},
                     source="assumed: or a block of FcRn; 0.1 per day all along"),
    ],
    variability=[
        Variability("k0", sd=1.04, source="Park 2025, via nlmixr2lib"),
        Variability("Bmax", sd=0.81, low=160, source="Park 2025, via nlmixr2lib; more than B0 (ours)"),
        Variability("kifn", sd=0.2, source="Park 2025, via nlmixr2lib"),
        Variability("ptu0", sd=1.9, low=75, high=8100, source="assumed: as its five patients, 75 to 8,100 mg/g (ours)"),
        Variability("ifn0", sd=1.0, low=0.3, high=105, source="assumed: inside the range of its patients (ours)"),
        Variability("aab0", cv=0.6, source="assumed (ours)"),
        Variability("c30", cv=0.25, low=200, high=1100, source="assumed (ours)"),
    ],
    thresholds=[
        Threshold("anti-dsDNA normal", "aab < 30", "normal anti-dsDNA", "phase 2 of baricitinib"),
        Threshold("C3 normal", "c3 > 900", "normal complement C3", "phase 2 of baricitinib"),
        Threshold("below 0.5 g", "ptu < 500", "proteinuria below 0.5 g/g", "SLEDAI-2K, memory"),
        Threshold("no items", "SLEDAI_items < 1", "none of the renal and immunologic items", "SLEDAI-2K, memory"),
    ],
    story=Story(
        "Rituximab reaches too few B cells and is forgotten in two years; after CAR-T cells the blood stays normal.",
        arms={"untreated": "", "belimumab-like": "belimumab_like", "anifrolumab-like": "anifrolumab_like",
              "rituximab-like": "rituximab_like", "CAR-T cells": "cart_cd19_like"},
        panels=["SLEDAI", "aab", "c3", "ptu"],
    ),
    trials=[
        Trial("Mackensen 2022", "doi:10.1038/s41591-022-02017-5",
              arms={"CAR-T cells": "cart_cd19_like"}, patients={"CAR-T cells": 5},
              note="SLEDAI of the trial has 24 items; here the mean of three regressions, which cannot reach 0",
              results=[
                  TrialResult("CAR-T cells", "at(SLEDAI, 0)", 16.0, "median", used=True,
                              note="a coincidence, not a fit, and no test: the baseline is that of five such patients"),
                  TrialResult("CAR-T cells", "at(SLEDAI, 90)", 0.0, "median", note="never below 5.68 here"),
                  TrialResult("CAR-T cells", "at(SLEDAI_items, 90)", 0.0, "median",
                              note="too slow: 0 from day 235; the trial's whole score was 0"),
              ]),
        Trial("Mueller 2024", "doi:10.1056/NEJMoa2308917",
              arms={"CAR-T cells": "cart_cd19_like"}, patients={"CAR-T cells": 8},
              note="SLEDAI-2K was 0 in all at six months, and still at two years",
              results=[
                  TrialResult("CAR-T cells", "no items at 26 weeks", 1.0, "share", note="too slow"),
                  TrialResult("CAR-T cells", "no items at 104 weeks", 1.0, "share"),
              ]),
        Trial("LUNAR", "doi:10.1002/art.34359; PMC6218830",
              arms={"placebo": "", "rituximab": "rituximab_like"}, patients={"placebo": 72, "rituximab": 72},
              note="renal response at week 52 was 56.9 % against 45.8 % (p 0.18), for which this model has no rule; "
                   "all patients had mycophenolate and steroids, which it lacks, so only arms are compared",
              results=[
                  TrialResult("rituximab", "at(aab, 52 weeks)", 0.62, versus="placebo", compared="ratio",
                              seen="memory", note="-69 against -50 %"),
                  TrialResult("rituximab", "change(c3, 52 weeks)", 116.0, versus="placebo", compared="difference",
                              seen="memory", note="+375 against +259 mg/L: C3 moves far too little here"),
                  TrialResult("rituximab", "trough(B_all) < 20", 0.986, "share",
                              note="71 of 72 were depleted; 20 per uL is our reading of that"),
              ]),
        Trial("belimumab, phase 3", "an earlier review of SELENA-SLEDAI",
              arms={"belimumab": "belimumab_like"},
              note="about -5 points, with placebo's share in it; this model has no placebo response",
              results=[TrialResult("belimumab", "change(SLEDAI, 52 weeks)", -5.0, seen="memory")]),
        Trial("TULIP-1 and TULIP-2", "lupus.bmj.com 7/Suppl 1/A120.3",
              note="BICLA 47.5 % under anifrolumab against 30.8 %: this model has no BICLA; its SLEDAI falls by 2.2"),
    ],
)
