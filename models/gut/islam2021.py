"""Butyrate from gut bacteria makes regulatory T cells, which travel from the gut by the blood to the bone.

    fiber, antibiotics --> bI (gut) --> bB (blood) --> bb (bone)      changes of butyrate from baseline
                            |            |              |
       naive T cells N -----v------------v--------------v---> Treg:  T_gut --> T_blood --> T_bone --> TGFb --> Wnt10b

At baseline 13 % of the CD4 T cells in blood and 42 % in bone are regulatory. More butyrate (fiber, a probiotic, or
butyrate itself: +0.18 uM in the gut) makes it 16 % and 48.4 %, most of it within a week in blood and a month in bone. A
week of broad-spectrum antibiotics brings blood to 11.6 %; three weeks after it is back at 13.0 %. Treg in bone raise
TGF-beta and Wnt10b, by which bone is built.

Published: Islam et al. 2021, equations and values from the authors' code (ashleefv/butyrateGutBoneAxis). Mouse data.
The 13, 42 and, with butyrate, 16 % are what it was calibrated to; the bone with butyrate is a prediction. Left out:
bone remodeling (5 more states), other products of bacteria, the bacteria themselves, inflammation.

Quirk kept: the influx of naive cells is set by the *target* of butyrate, not by its present level, so that N ends at 1.
`b_target`, a change from baseline, is the only handle for fiber, antibiotics, germ-free life; it acts within an hour.

Guarded (ours): the law of TGF-beta has a pole where Treg in bone are 48.9 % up, at +0.2955 uM in the long run, and goes
below 0 where they are 24.45 % down, beyond -0.1477 uM. Here the rise that TGF-beta sees is capped at `r_cap` of that,
and its production can't fall below 0; do not read TGFb and Wnt10b beyond -0.147 or +0.28 uM. Finding: the germ-free
-0.15 uM of the package's specification (assumed) lies just beyond; the paper's law would give TGFb = -0.010 there.
Values are calibrated together: sampled one by one, baseline is no steady state, and TGFb may sit at its cap in any arm.
"""

from immunode.intervention import Intervention, during, pulses, scale, set_to
from immunode.model import Derived, Model, Parameter, Process, State, Story

MODEL = Model(
    name="islam2021",
    title="Gut microbiota: butyrate and regulatory T cells in gut, blood and bone",
    system="gut microbiota",
    status="published",
    species="human",
    aliases={"microbiota": ""},
    reference="doi:10.1021/acs.iecr.1c02949",
    time_unit="day",
    horizon=84.0,
    readouts=["treg_gut", "treg_blood", "treg_bone", "TGFb"],
    states=[
        State("bI", 0.0, "uM", "change of butyrate in the gut", "signal", typical=0.1, source="baseline",
              label="butyrate, gut (change)"),
        State("bB", 0.0, "uM", "change of butyrate in blood", "signal", typical=0.1, source="baseline",
              label="butyrate, blood (change)"),
        State("bb", 0.0, "uM", "change of butyrate in bone", "signal", typical=0.1, source="baseline",
              label="butyrate, bone (change)"),
        State("N_gut", 1.0, "1", "naive CD4 T cells in the gut, baseline 1", "cell", source="definition",
              label="naive CD4 T cells, gut"),
        State("N_blood", 1.0, "1", "naive CD4 T cells in blood, baseline 1", "cell", source="definition",
              label="naive CD4 T cells, blood"),
        State("N_bone", 1.0, "1", "naive CD4 T cells in bone, baseline 1", "cell", source="definition",
              label="naive CD4 T cells, bone"),
        State("T_gut", "T_gut0", "1", "Treg in the gut per naive cell at baseline", "cell", source="baseline",
              label="Treg in the gut"),
        State("T_blood", "T_blood0", "1", "Treg in blood per naive cell at baseline", "cell", source="baseline",
              label="Treg in blood"),
        State("T_bone", "T_bone0", "1", "Treg in bone per naive cell at baseline", "cell", source="baseline",
              label="Treg in bone"),
        State("TGFb", 1.0, "1", "TGF-beta in bone, relative", "signal", source="definition"),
        State("Wnt10b", 1.0, "1", "Wnt10b in bone, relative", "signal", source="definition"),
    ],
    parameters=[
        Parameter("b_target", 0.0, "uM", "change of butyrate in the gut that is aimed at (the handle)", "input: none",
                  "derived"),
        Parameter("b_minus", 0.1718, "1/day", "naive to Treg without butyrate, in vitro", "authors' code", "fitted"),
        Parameter("gamma", 0.119199981459, "", "the same in vivo over in vitro", "authors' code", "fitted"),
        Parameter("b_plus", 0.0230969487133, "1/(uM*day)", "naive to Treg by butyrate", "authors' code", "fitted"),
        Parameter("mig", 0.173105042856, "1/day", "Treg on their way gut, blood, bone", "authors' code", "fitted"),
        Parameter("muN", 0.02, "1/day", "loss of naive cells", "authors' code", "published"),
        Parameter("muT", 0.064, "1/day", "loss of Treg", "authors' code", "published"),
        Parameter("muB", 166.3, "1/day", "elimination of butyrate", "authors' code", "published"),
        Parameter("AB12", 535.8555555555556, "1/day", "butyrate from gut to blood",
                  "authors' code: (muB + AB23)*0.29/0.18", "fitted"),
        Parameter("AB23", 166.3, "1/day", "butyrate from blood to bone", "authors' code: equal to muB", "fitted"),
        Parameter("muTGF", 2.0, "1/day", "loss of TGF-beta", "authors' code", "published"),
        Parameter("VTGF", 6.0, "1/day", "production of TGF-beta by more Treg", "authors' code", "published"),
        Parameter("kTGF", 0.489, "", "relative rise of Treg at the pole", "authors' code", "published"),
        Parameter("r_cap", 0.96, "", "largest rise that TGF-beta sees, part of kTGF", "assumed: short of the pole",
                  "assumed", (0.96, 0.96)),
        Parameter("muW", 2.0, "1/day", "loss of Wnt10b", "authors' code", "published"),
        Parameter("rhoW", 1.64, "1/day", "production of Wnt10b by TGF-beta", "authors' code", "published"),
        Parameter("T_gut0", 0.08636913229674899, "", "baseline Treg in the gut", "b_minus*gamma/(mig + muT)",
                  "derived", (0.08636913229674899, 0.08636913229674899)),
        Parameter("T_blood0", 0.14942528735632185, "", "baseline Treg in blood", "data: 13 %, 0.13/0.87", "measured",
                  (0.14942528735632185, 0.14942528735632185)),
        Parameter("T_bone0", 0.7241379310344828, "", "baseline Treg in bone", "data: 42 %, 0.42/0.58", "measured",
                  (0.7241379310344828, 0.7241379310344828)),
    ],
    derived=[
        Derived("k0", "b_minus*gamma", "1/day", "naive to Treg without butyrate, in vivo"),
        Derived("target_blood", "AB12*b_target/(muB + AB23)", "uM", "change of butyrate in blood that is aimed at"),
        Derived("target_bone", "AB23*target_blood/muB", "uM", "change of butyrate in bone that is aimed at"),
        Derived("r", "T_bone/T_bone0 - 1", "", "relative rise of Treg in bone"),
        Derived("r_seen", "min(r, r_cap*kTGF)", "", "the same as TGF-beta sees it (guard, ours)"),
        Derived("treg_gut", "100*T_gut/(T_gut + N_gut)", "", "Treg in the gut, % of CD4 T cells"),
        Derived("treg_blood", "100*T_blood/(T_blood + N_blood)", "", "Treg in blood, % of CD4 T cells"),
        Derived("treg_bone", "100*T_bone/(T_bone + N_bone)", "", "Treg in bone, % of CD4 T cells"),
    ],
    processes=[
        Process("but_form", "-> bI", "(muB + AB12)*b_target", "butyrate made in the gut"),
        Process("but_decay_gut", "bI ->", "muB*bI", "elimination from the gut"),
        Process("but_decay_blood", "bB ->", "muB*bB", "elimination from blood"),
        Process("but_decay_bone", "bb ->", "muB*bb", "elimination from bone"),
        Process("but_gut_blood", "bI -> bB", "AB12*bI", "butyrate from gut to blood"),
        Process("but_blood_bone", "bB -> bb", "AB23*bB", "butyrate from blood to bone"),
        Process("naive_in_gut", "-> N_gut", "k0 + muN + b_plus*b_target", "naive cells arrive"),
        Process("naive_in_blood", "-> N_blood", "k0 + muN + b_plus*target_blood", "naive cells arrive"),
        Process("naive_in_bone", "-> N_bone", "k0 + muN + b_plus*target_bone", "naive cells arrive"),
        Process("diff_gut", "N_gut -> T_gut", "(k0 + b_plus*bI)*N_gut", "naive cells become Treg"),
        Process("diff_blood", "N_blood -> T_blood", "(k0 + b_plus*bB)*N_blood", "naive cells become Treg"),
        Process("diff_bone", "N_bone -> T_bone", "(k0 + b_plus*bb)*N_bone", "naive cells become Treg"),
        Process("naive_death_gut", "N_gut ->", "muN*N_gut", "loss of naive cells"),
        Process("naive_death_blood", "N_blood ->", "muN*N_blood", "loss of naive cells"),
        Process("naive_death_bone", "N_bone ->", "muN*N_bone", "loss of naive cells"),
        Process("mig_gut_blood", "T_gut -> T_blood", "mig*T_gut", "Treg go from gut to blood"),
        Process("mig_blood_bone", "T_blood -> T_bone", "mig*T_blood", "Treg go from blood to bone"),
        Process("treg_death_gut", "T_gut ->", "muT*T_gut", "loss of Treg"),
        Process("treg_death_blood", "T_blood ->", "muT*T_blood", "loss of Treg"),
        Process("treg_death_bone", "T_bone ->", "muT*T_bone", "loss of Treg"),
        Process("tgf_relax", "-> TGFb", "muTGF*(1 - TGFb)", "TGF-beta returns to baseline"),
        Process("tgf_prod", "-> TGFb", "max(VTGF*r_seen/(kTGF - r_seen), -muTGF)", "TGF-beta by more Treg (guarded)"),
        Process("wnt_relax", "-> Wnt10b", "muW*(1 - Wnt10b)", "Wnt10b returns to baseline"),
        Process("wnt_prod", "-> Wnt10b", "rhoW*(TGFb - 1)", "Wnt10b by TGF-beta"),
    ],
    interventions=[
        Intervention("fiber", [set_to("b_target", 0.18)], kind="nutrition", direction="suppress", acts_on="production",
                     expects={"treg_gut": "up", "treg_blood": "up", "treg_bone": "up",
                              "TGFb": "up on average", "Wnt10b": "up on average"},
                     source="Islam 2021: butyrate at the calibrated dose; fiber or a probiotic: 0.05 to 0.18, assumed",
                     evidence="published", label="fiber"),
        Intervention("fiber_course", [set_to("b_target", 0.18)], during(0, 28), kind="nutrition", direction="suppress",
                     acts_on="production",
                     expects={"treg_blood": "up on average", "treg_bone": "up", "TGFb": "up on average"},
                     source="assumed: four weeks of it", evidence="assumed", label="fiber, 4 weeks"),
        Intervention("fiber_by_day", [set_to("b_target", 0.18)], pulses(every=1, width=0.5, n=120), kind="nutrition",
                     direction="suppress", acts_on="production", expects={"treg_blood": "up", "TGFb": "up on average"},
                     source="assumed: for the first half of every day", evidence="assumed", label="fiber, by day only"),
        Intervention("antibiotic", [set_to("b_target", -0.11)], during(0, 7), kind="drug", direction="enhance",
                     acts_on="production",
                     expects={"treg_blood": "down on average", "treg_bone": "down on average",
                              "TGFb": "down on average"},
                     source="Islam 2021: broad-spectrum antibiotics; a week is assumed (7 to 14 days)",
                     evidence="published", label="antibiotic, 1 week"),
        Intervention("antibiotic_lasting", [set_to("b_target", -0.11)], kind="drug", direction="enhance",
                     acts_on="production",
                     expects={"treg_blood": "down", "treg_bone": "down", "TGFb": "down on average"},
                     source="Islam 2021: broad-spectrum antibiotics", evidence="published",
                     label="antibiotic, lasting"),
        Intervention("germ_free", [set_to("b_target", -0.15)], direction="enhance", acts_on="production",
                     expects={"treg_blood": "down", "treg_bone": "down", "TGFb": "down on average"}, evidence="assumed",
                     source="assumed: a little below antibiotics; TGFb reaches its guard at 0", label="germ-free"),
        Intervention("treg_block", [scale("b_minus", 0.5), scale("b_plus", 0.5)], kind="drug", direction="enhance",
                     acts_on="activation",
                     expects={"treg_blood": "down", "treg_bone": "down", "TGFb": "down on average"},
                     evidence="assumed", source="assumed: half as many naive cells become Treg", label="Treg block"),
    ],
    story=Story(
        "Butyrate from fiber raises regulatory T cells in blood by nearly a quarter; antibiotics lower them.",
        arms={"usual diet": "", "fiber": "fiber", "antibiotic for a week": "antibiotic",
              "antibiotic all along": "antibiotic_lasting"},
        panels=["treg_blood", "TGFb"],
    ),
)
