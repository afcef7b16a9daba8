"""A bout of exercise: IL-6 from working muscle, lymphocytes called into the blood and sent away again.

Catecholamines and shear (`A`, within a minute) shake lymphocytes off the vessel walls, NK cells most of all. They rise
steeply with intensity (as its cube), so the harder the bout the higher the wave: lymphocytes 1.3 times rest after 45
min at 50 % of the maximum, 2.1 times at 80 %, NK cells 2 and 4 times. Then cells go back to the walls within minutes,
and a later signal like cortisol (`H1` to `H3`, an hour) sends them into tissue: 0.59 of rest an hour after 45 min at 80
%. While catecholamines are high that signal cannot pull cells out of the blood. Working muscle releases IL-6, up to
twentyfold in blood after 5 h: duration and muscle drive it. IL-6 raises an anti-inflammatory tone `X` (IL-10).

    intensity E --> A --> marginal pool <--> blood <--> tissue      (NK cells K, other lymphocytes L; each conserved)
              |---> H1 -> H2 -> H3 -------------^
              '---> M --> IL-6 (I) --> X --> less TNF made (read-out `tnf_factor`)

Ours, for teaching; no published model could be recovered (Morettini 2017: abstract only). The release of IL-6 is from
Steensberg 2000. That the waves grow with intensity is measured (Nieman 1993, 1994; Kendall 1990: abstracts, without
numbers); the cube and the half-effect `KA` are assumed, and the seven values kb, a, bT, kt are fitted to ten numbers,
some of them from memory. bT_K and kb_L lie at bounds of the fit: they CAN'T be read as rates that were measured.

Where it misses: after 30 min at 80 % lymphocytes leave by 11, 24 and 35 % in 2, 5 and 10 min (measured 14, 23, 28); one
hour after, 0.68 of rest (0.64); no lymphopenia after 50 %, where trials find a mild one (cortisol starts abruptly at
50 % here); NK cells rise 2.8-fold within 30 s of a maximal bout (Nieman 1992), here in a minute or two.

`m_act`, the working muscle, belongs to person and bout and holds for the whole run, since release fades for hours:
2.5 kg for one knee, 6 in the variant `cycling` (the alias `exercise`), 8 in `long_bout`. `carbohydrate` and
`beta_blocker` change what exercise does and nothing at rest: give them beside a bout or on the variant `steady_work`.
Left out: neutrophils, muscle damage, fitness that grows with training (bouts only add up), T and B cells apart.
A of half a minute: a bout begins and ends at breaks of the integration, so no solver can step over it.
"""

from immunode.intervention import Intervention, add, at_times, bouts, during, scale, set_to
from immunode.model import (
    Derived, Model, Parameter, Process, State, Story, Switch, Trial, TrialResult, Variability, Variant,
)

MODEL = Model(
    name="exercise_minimal",
    title="Exercise: muscle IL-6, NK cells and lymphocytes in blood",
    system="physical activity",
    status="ours",
    species="human",
    aliases={"exercise": "cycling"},
    reference="IL-6: doi:10.1111/j.1469-7793.2000.00237.x; lymphocytes: doi:10.1016/j.bbi.2017.07.113",
    time_unit="min",
    horizon=1440.0,
    readouts=["I", "lymphocytes", "K_b", "X"],
    states=[
        State("A", 0.0, "1", "tone of catecholamines and shear, 0 to 1", "signal", typical=1.0, source="rest",
              label="catecholamines and shear"),
        State("H1", 0.0, "1", "signal like cortisol, first of three stages", "signal", typical=1.0, source="rest",
              label="cortisol-like signal 1"),
        State("H2", 0.0, "1", "the same, second stage", "signal", typical=1.0, source="rest",
              label="cortisol-like signal 2"),
        State("H3", 0.0, "1", "the same, third stage, which acts", "signal", typical=1.0, source="rest",
              label="cortisol-like signal 3"),
        State("M", 0.0, "1", "release of IL-6 by muscle, 0 to 1", "signal", typical=1.0, source="rest",
              label="IL-6 release by muscle"),
        State("I", "r_rest/(V*k_I)", "pg/mL", "IL-6 in plasma", "signal", source="steady state of rest, 0.6",
              label="IL-6"),
        State("K_b", 1.0, "1", "NK cells in blood, relative to rest", "cell", source="definition",
              label="NK cells"),
        State("K_m", "f_K", "1", "NK cells in the marginal pool", "cell", source="steady state of rest",
              label="NK cells, marginal"),
        State("K_t", "kt/kr", "1", "NK cells in tissue, able to return", "cell", source="steady state of rest"),
        State("L_b", 1.0, "1", "other lymphocytes in blood, relative to rest", "cell", source="definition"),
        State("L_m", "f_L", "1", "other lymphocytes in the marginal pool", "cell", source="steady state of rest",
              label="other lymphocytes, marginal"),
        State("L_t", "kt/kr", "1", "other lymphocytes in tissue", "cell", source="steady state of rest"),
        State("X", 1.0, "1", "anti-inflammatory tone (IL-10, IL-1ra), relative to rest", "signal", source="definition"),
    ],
    switches=[
        Switch("I0", "r_rest/(V*k_I)", "pg/mL", "IL-6 of this person at rest, whatever is done (never switched)"),
    ],
    parameters=[
        Parameter("E", 0.0, "1", "intensity of exercise, part of the maximum", "input: rest", "derived"),
        Parameter("r_rest", 0.9, "ng/min", "release of IL-6 at rest", "gives 0.6 pg/mL", "derived"),
        Parameter("V", 3.0, "L", "volume of plasma", "assumed: textbook size of an adult", "assumed"),
        Parameter("k_I", 0.5, "1/min", "clearance of IL-6", "Steensberg 2000: half the content per minute", "measured"),
        Parameter("r_max", 6.8, "ng/(min*kg)", "release by working muscle at full", "Steensberg 2000", "measured"),
        Parameter("m_act", 2.5, "kg", "working muscle", "Steensberg 2000: one knee; variants assumed", "measured"),
        Parameter("inf_I", 0.0, "ng/min", "infusion of recombinant IL-6", "input: none", "derived"),
        Parameter("tau_up", 70.0, "min", "rise of release", "assumed: slow rise", "assumed"),
        Parameter("tau_dn", 60.0, "min", "fall of release", "assumed: hours to fall", "assumed"),
        Parameter("tau_A", 0.5, "min", "rise and fall of tone", "assumed: catecholamines act at once", "assumed"),
        Parameter("tau_H", 20.0, "min", "each of the three stages of delay", "assumed: an hour in all", "assumed"),
        Parameter("thr_H", 0.5, "1", "intensity from which cortisol responds", "assumed: 50 to 60 % VO2max", "assumed"),
        Parameter("nE", 3.0, "1", "steepness of tone in intensity", "assumed: steep above 50 to 60 %", "assumed"),
        Parameter("KA", 0.1, "1", "tone that halves the pull of cortisol", "assumed: no trough while running",
                  "assumed"),
        Parameter("kb_K", 0.29451, "1/min", "NK cells from blood to vessel walls", "fit to 10 numbers", "fitted"),
        Parameter("aK", 10.601703, "1", "tone on NK cells leaving the walls", "fit to 10 numbers", "fitted"),
        Parameter("bT_K", 120.0, "1", "cortisol on NK cells into tissue", "fit, at its bound", "fitted"),
        Parameter("kb_L", 0.01, "1/min", "other lymphocytes to vessel walls", "fit, at its bound", "fitted"),
        Parameter("aL", 5.401662, "1", "tone on others leaving the walls", "fit to 10 numbers", "fitted"),
        Parameter("bT_L", 27.292499, "1", "cortisol on others into tissue", "fit to 10 numbers", "fitted"),
        Parameter("kt", 0.003234, "1/min", "from blood into tissue at rest", "fit to 10 numbers", "fitted"),
        Parameter("f_K", 10.0, "1", "marginal NK cells over those in blood", "assumed: tenfold", "assumed"),
        Parameter("f_L", 10.0, "1", "marginal other lymphocytes over those in blood", "assumed: tenfold", "assumed"),
        Parameter("kr", 0.004, "1/min", "return from tissue", "assumed: hours", "assumed"),
        Parameter("k_X", 0.01155245, "1/min", "turnover of the tone X", "assumed: half-life of an hour", "assumed"),
        Parameter("gX", 0.05, "1", "IL-6 on X", "assumed: X doubles at 21 times the IL-6 of rest", "assumed"),
        Parameter("share_K", 0.15, "1", "NK cells among lymphocytes in blood at rest", "assumed: textbook", "assumed"),
    ],
    derived=[
        Derived("stress", "max(E - thr_H, 0)/(1 - thr_H)", "1", "intensity above the threshold of cortisol"),
        Derived("pull", "H3/(1 + A/KA)", "1", "pull of cortisol on blood, less while catecholamines are high"),
        Derived("release_per_kg", "r_max*M", "ng/(min*kg)", "release of IL-6 by a kg of working muscle"),
        Derived("release_share", "release_per_kg*m_act/(V*I)", "1/min", "that release over the content of plasma"),
        Derived("lymphocytes", "share_K*K_b + (1 - share_K)*L_b", "1", "all lymphocytes in blood, relative to rest",
                label="lymphocytes"),
        Derived("tnf_factor", "1/X", "1", "factor on TNF made in response to endotoxin, for a coupled model (ours)"),
    ],
    processes=[
        Process("tone", "-> A", "(E**nE - A)/tau_A", "tone follows intensity, steeply"),
        Process("delay_1", "-> H1", "(stress - H1)/tau_H", "first stage follows intensity above the threshold"),
        Process("delay_2", "-> H2", "(H1 - H2)/tau_H", "second stage follows the first"),
        Process("delay_3", "-> H3", "(H2 - H3)/tau_H", "third stage follows the second"),
        Process("release_state", "-> M", "(E - M)/piecewise(tau_up, E > M, tau_dn)", "release rises and falls slowly"),
        Process("IL6_release", "-> I", "(r_rest + release_per_kg*m_act + inf_I)/V", "IL-6 into plasma"),
        Process("IL6_clearance", "I ->", "k_I*I", "clearance of IL-6"),
        Process("mobilization_K", "K_m -> K_b", "kb_K/f_K*(1 + aK*A)*K_m", "NK cells leave the vessel walls"),
        Process("margination_K", "K_b -> K_m", "kb_K*K_b", "NK cells go to the vessel walls"),
        Process("redistribution_K", "K_b -> K_t", "kt*(1 + bT_K*pull)*K_b", "NK cells go into tissue"),
        Process("return_K", "K_t -> K_b", "kr*K_t", "NK cells return"),
        Process("mobilization_L", "L_m -> L_b", "kb_L/f_L*(1 + aL*A)*L_m", "other lymphocytes leave the walls"),
        Process("margination_L", "L_b -> L_m", "kb_L*L_b", "other lymphocytes go to the walls"),
        Process("redistribution_L", "L_b -> L_t", "kt*(1 + bT_L*pull)*L_b", "other lymphocytes go into tissue"),
        Process("return_L", "L_t -> L_b", "kr*L_t", "other lymphocytes return"),
        Process("counter_regulation", "-> X", "k_X*(1 + gX*(I/I0 - 1) - X)", "IL-6 raises the anti-inflammatory tone"),
    ],
    variants=[
        Variant("cycling", values={"m_act": 6.0}, note="both legs", source="assumed: 6 kg of working muscle"),
        Variant("long_bout", values={"m_act": 8.0}, note="hard or long", source="assumed: 8 kg of working muscle"),
        Variant("steady_work", values={"m_act": 6.0, "E": 0.4}, source="assumed: 40 % from time 0 on, without a pause",
                note="for trying what changes the response to exercise"),
    ],
    interventions=[
        Intervention("knee_extension", [set_to("E", 1.0)], during(0, 300), kind="lifestyle", acts_on="production",
                     expects={"I": "up at its peak", "X": "up at its peak"},
                     source="Steensberg 2000", evidence="published", label="knee extension, 3 h"),
        Intervention("bout_30min_80", [set_to("E", 0.8)], during(0, 30), kind="lifestyle", acts_on="production",
                     expects={"I": "up at its peak", "X": "up at its peak", "K_t": "up"},
                     source="doi:10.1016/j.bbi.2017.07.113",
                     evidence="published", note="lymphocytes: up, then below rest, then a little above it",
                     label="30 min at 80 %"),
        Intervention("bout_45min_50", [set_to("E", 0.5)], during(0, 45), kind="lifestyle", acts_on="production",
                     expects={"I": "up at its peak", "lymphocytes": "up at its peak", "K_b": "up at its peak"},
                     source="Nieman 1993, 1994: doi:10.1055/s-2007-1021047", evidence="published",
                     label="45 min at 50 %"),
        Intervention("bout_45min_80", [set_to("E", 0.8)], during(0, 45), kind="lifestyle", acts_on="production",
                     expects={"I": "up at its peak", "lymphocytes": "up at its peak", "K_b": "up at its peak"},
                     source="Nieman 1993, 1994: doi:10.1055/s-2007-1021047", evidence="published",
                     label="45 min at 80 %"),
        Intervention("bout_15min_100", [set_to("E", 1.0)], during(0, 15), kind="lifestyle", acts_on="production",
                     expects={"I": "up at its peak", "lymphocytes": "up at its peak", "K_b": "up at its peak"},
                     source="PMC3665937: brief maximal running", evidence="published", label="15 min at 100 %"),
        Intervention("bout_60min_60", [set_to("E", 0.6)], during(0, 60), kind="lifestyle", acts_on="production",
                     expects={"I": "up at its peak", "X": "up at its peak"},
                     source="assumed: usual bout", evidence="assumed", label="60 min at 60 %"),
        Intervention("bout_60min_40", [set_to("E", 0.4)], during(0, 60), kind="lifestyle", acts_on="production",
                     expects={"I": "up at its peak", "lymphocytes": "up on average"},
                     source="assumed: easy bout", evidence="assumed", label="60 min at 40 %"),
        Intervention("bout_120min_70", [set_to("E", 0.7)], during(0, 120), kind="lifestyle", acts_on="production",
                     expects={"I": "up at its peak", "K_t": "up"}, source="assumed: long bout", evidence="assumed",
                     label="120 min at 70 %"),
        Intervention("two_bouts", [set_to("E", 0.75)], at_times(0, 240, lasting=60), kind="lifestyle",
                     acts_on="production", expects={"I": "up at its peak", "K_t": "up"}, evidence="assumed",
                     source="assumed: two hard bouts with 3 h of rest between", label="two hard bouts"),
        Intervention("training", [set_to("E", 0.6)], bouts("3 per week", "60 min", weeks=8), kind="lifestyle",
                     acts_on="production", expects={"I": "up at its peak", "X": "up at its peak"}, evidence="assumed",
                     source="assumed: an hour at 60 % on days 0, 2 and 4 of each week", label="training, 3 h a week"),
        Intervention("carbohydrate", [scale("r_max", 0.5)], kind="nutrition", direction="suppress", evidence="assumed",
                     acts_on="production",
                     expects={"I": "down on average", "X": "down on average"}, beside="bout_60min_60",
                     source="assumed: sugar during exercise halves the release of IL-6", label="carbohydrate"),
        Intervention("beta_blocker", [scale("aK", 0.4), scale("aL", 0.4)], kind="drug", direction="suppress",
                     acts_on="signal", expects={"K_b": "down on average", "lymphocytes": "down"}, evidence="assumed",
                     source="assumed: 60 % less effect of tone on the vessel walls", beside="bout_60min_60",
                     label="beta blocker"),
        Intervention("rhIL6", [add("inf_I", 15.0)], during(0, 180), kind="drug", direction="enhance",
                     acts_on="production", expects={"I": "up at its peak", "X": "up at its peak"}, evidence="assumed",
                     source="assumed: plateau of 10.6 pg/mL, as in exercise; X is linear, so don't go far beyond",
                     label="IL-6 infusion"),
    ],
    variability=[
        Variability("aK", 0.3, source="assumed"),
        Variability("aL", 0.3, source="assumed"),
        Variability("bT_K", 0.4, source="assumed"),
        Variability("bT_L", 0.4, source="assumed"),
        Variability("r_max", 0.4, source="assumed"),
        Variability("r_rest", 0.5, source="assumed: so that IL-6 of rest spreads by it"),
        Variability("share_K", 0.05, "linear", low=0.02, high=0.4, source="assumed: 15 +- 5 %"),
    ],
    story=Story(
        "The harder the bout, the more cells enter the blood; IL-6 and the trough after it need time as well.",
        arms={"rest": "", "45 min at 50 %": "bout_45min_50", "45 min at 80 %": "bout_45min_80",
              "15 min at 100 %": "bout_15min_100"},
        panels=["K_b", "lymphocytes", "I"], until=240.0, variant="cycling",
    ),
    trials=[
        Trial("Steensberg 2000", "doi:10.1111/j.1469-7793.2000.00237.x", arms={"rest": "", "knee": "knee_extension"},
              note="five hours of knee extension",
              results=[
                  TrialResult("knee", "at(I, 300 min)", 19.0, versus="rest", compared="ratio", used=True),
              ]),
        Trial("Nieman 1992", "36 % below rest after an hour, from an abstract", variant="cycling",
              arms={"30 min at 80 %": "bout_30min_80"},
              results=[
                  TrialResult("30 min at 80 %", "at(lymphocytes, 90 min)", 0.64, used=True),
              ]),
        Trial("30 min at 80 % of peak power", "doi:10.1016/j.bbi.2017.07.113", variant="cycling",
              arms={"30 min at 80 %": "bout_30min_80"},
              note="14, 23 and 28 % below the end of the bout after 2, 5, 10 min, here of the twofold rise of the fit",
              results=[
                  TrialResult("30 min at 80 %", "at(lymphocytes, 32 min)", 1.72, used=True),
                  TrialResult("30 min at 80 %", "at(lymphocytes, 35 min)", 1.54, used=True),
                  TrialResult("30 min at 80 %", "at(lymphocytes, 40 min)", 1.44, used=True,
                              note="cells leave too fast"),
              ]),
        Trial("Brief maximal running", "PMC3665937", variant="cycling", arms={"15 min at 100 %": "bout_15min_100"},
              results=[
                  TrialResult("15 min at 100 %", "peak(K_b)", 6.0, used=True),
              ]),
        Trial("45 min at 50 %", "from memory: about +35 %", variant="cycling", arms={"45 min at 50 %": "bout_45min_50"},
              results=[
                  TrialResult("45 min at 50 %", "at(lymphocytes, 45 min)", 1.35, seen="memory", used=True),
              ]),
        Trial("45 min at 80 %", "from memory: about twofold", variant="cycling",
              arms={"45 min at 80 %": "bout_45min_80"},
              results=[
                  TrialResult("45 min at 80 %", "at(lymphocytes, 45 min)", 2.0, seen="memory", used=True,
                              note="about twofold; the fit takes it after 30 min"),
              ]),
    ],
)
