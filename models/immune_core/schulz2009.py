"""How a T cell becomes Th1: T-bet in two waves, the first by interferon-gamma, the second by interleukin-12.

While antigen is seen, interferon-gamma and T-bet drive each other, and the receptor for IL-12 is kept down. When
antigen is gone (half at 34 h) that receptor rises, and IL-12 keeps T-bet up without antigen. Without interferon the
first wave is missing (44.5 against 250 at 24 h); without IL-12 the second (45 against 287 at 96 h). The size of the
second wave, and so how lasting Th1 is, hangs on when antigen ends.

Schulz et al. 2009, T cells of mice in culture, from the curated file BIOMD0000000215, made by the first author
(abstract read; pages and DOI from memory). Its three claims hold: interferon makes the first wave, antigen holds the
IL-12 receptor down until it ends, IL-12 keeps T-bet up late. Amounts are arbitrary. All interventions are ours.

Don't run it beyond 120 h: after antigen the loop of T-bet and IL-12 receptor is linear, with a gain of 1.43, so it
grows without bound (T-bet 1265 at 168 h, 78,000 at 400 h) unless a3 is below 0.70 of its value; samples of +-30 %
(assumed) lie on both sides. Left out: Th2 and GATA-3, how many cells there are, the amount of IL-12 itself.
"""

from immunode.intervention import Intervention, inhibit, scale, set_to
from immunode.model import Derived, Model, Parameter, Process, State, Story

MODEL = Model(
    name="schulz2009",
    title="Th1 differentiation: T-bet, interferon-gamma and the receptor for interleukin-12",
    system="immune core",
    status="published",
    species="mouse",
    reference="doi:10.1016/j.immuni.2009.03.013",
    time_unit="hour",
    horizon=96.0,
    readouts=["T", "I", "R"],
    states=[
        State("Tm", 0.044, "AU", "T-bet mRNA", kind="signal", source="BIOMD0000000215"),
        State("T", 44.0, "AU", "T-bet", kind="signal", source="BIOMD0000000215", label="T-bet"),
        State("Im", 0.0, "AU", "interferon-gamma mRNA", kind="signal", typical=1e-2, source="BIOMD0000000215"),
        State("I", 0.0, "AU", "interferon-gamma", kind="signal", typical=1.0, source="BIOMD0000000215",
              label="interferon-gamma"),
        State("Rm", 0.0, "AU", "mRNA of the IL-12 receptor (beta 2)", kind="signal", typical=1e-2,
              source="BIOMD0000000215", label="IL-12 receptor mRNA"),
        State("R", 0.0, "AU", "IL-12 receptor (beta 2)", kind="signal", typical=1.0, source="BIOMD0000000215",
              label="IL-12 receptor"),
    ],
    parameters=[
        Parameter("a1", 0.044, "AU/hour", "T-bet mRNA made at rest", "BIOMD0000000215", "published"),
        Parameter("a2", 0.42, "AU/hour", "T-bet mRNA made by antigen and interferon", "BIOMD0000000215", "published"),
        Parameter("K1", 0.46, "", "antigen of half of that effect", "BIOMD0000000215", "published"),
        Parameter("K2", 2.1, "AU", "interferon of half of that effect", "BIOMD0000000215", "published"),
        Parameter("a3", 5.1e-4, "1/hour", "T-bet mRNA made by IL-12, per receptor", "BIOMD0000000215", "published"),
        Parameter("a4", 2.8e-3, "1/hour", "mRNA of the IL-12 receptor made, per T-bet", "BIOMD0000000215",
                  "published"),
        Parameter("K4", 0.013, "", "antigen that halves that", "BIOMD0000000215", "published"),
        Parameter("a5", 3.7, "AU/hour", "interferon mRNA made", "BIOMD0000000215", "published"),
        Parameter("K5", 0.029, "AU", "T-bet of half of that", "BIOMD0000000215", "published"),
        Parameter("K6", 66.0, "AU", "IL-12 receptor of half of that", "BIOMD0000000215", "published"),
        Parameter("K7", 0.014, "", "antigen of half of that", "BIOMD0000000215", "published"),
        Parameter("b", 100.0, "1/hour", "protein made per mRNA", "BIOMD0000000215", "published"),
        Parameter("gm", 1.0, "1/hour", "decay of mRNA", "BIOMD0000000215", "published"),
        Parameter("dT", 0.1, "1/hour", "decay of T-bet", "BIOMD0000000215", "published"),
        Parameter("dR", 0.1, "1/hour", "decay of the IL-12 receptor", "BIOMD0000000215", "published"),
        Parameter("dI", 1.0, "1/hour", "loss of interferon", "BIOMD0000000215", "published"),
        Parameter("t_off", 34.0, "hour", "time at which half of the antigen signal is gone", "BIOMD0000000215",
                  "published"),
        Parameter("steep", 10.0, "", "steepness of its end", "BIOMD0000000215", "published"),
        Parameter("Ag_0", 1.0, "", "antigen signal at first", "BIOMD0000000215", "published"),
    ],
    derived=[
        Derived("Ag", "Ag_0/(1 + (t/t_off)**steep)", "", "signal of the T-cell receptor", label="antigen signal"),
        Derived("gain", "a3*a4*b**2/(gm**2*dT*dR)", "", "gain of the loop of T-bet and IL-12 receptor, no antigen"),
    ],
    processes=[
        Process("tm_rest", "-> Tm", "a1", "T-bet mRNA made at rest"),
        Process("tm_interferon", "-> Tm", "a2*michaelis(Ag, K1)*michaelis(I, K2)",
                "T-bet mRNA made by antigen and interferon"),
        Process("tm_il12", "-> Tm", "a3*R", "T-bet mRNA made by IL-12"),
        Process("tm_decay", "Tm ->", "gm*Tm", "decay of T-bet mRNA"),
        Process("t_made", "-> T", "b*Tm", "T-bet made"),
        Process("t_decay", "T ->", "dT*T", "decay of T-bet"),
        Process("im_made", "-> Im", "a5*michaelis(T, K5)*michaelis(R, K6)*michaelis(Ag, K7)",
                "interferon mRNA made by T-bet, IL-12 and antigen"),
        Process("im_decay", "Im ->", "gm*Im", "decay of interferon mRNA"),
        Process("i_made", "-> I", "b*Im", "interferon made"),
        Process("i_loss", "I ->", "dI*I", "loss of interferon"),
        Process("rm_made", "-> Rm", "a4*T*K4/(K4 + Ag)", "receptor mRNA made by T-bet, held down by antigen"),
        Process("rm_decay", "Rm ->", "gm*Rm", "decay of receptor mRNA"),
        Process("r_made", "-> R", "b*Rm", "receptor made"),
        Process("r_decay", "R ->", "dR*R", "decay of the receptor"),
    ],
    interventions=[
        Intervention("anti_ifng", [inhibit("a2", 1)], kind="drug", direction="suppress", acts_on="signal",
                     expects={"T": "down at 24 hours", "I": "down at its peak"}, evidence="assumed",
                     source="assumed: interferon has no effect on T-bet", label="without interferon"),
        Intervention("anti_il12", [inhibit("a3", 1)], kind="drug", direction="suppress", acts_on="signal",
                     expects={"T": "down at 96 hours", "R": "down at 96 hours"}, evidence="assumed",
                     source="assumed: no effect of IL-12, in the manner of ustekinumab", label="without IL-12"),
        Intervention("anti_il12_half", [scale("a3", 0.5)], kind="drug", direction="suppress", acts_on="signal",
                     expects={"T": "down at 96 hours", "R": "down at 96 hours"}, evidence="assumed",
                     source="assumed: half the effect of IL-12", label="half the IL-12"),
        Intervention("jak_inhibitor", [scale("a2", 0.5), scale("a3", 0.5)], kind="drug", direction="suppress",
                     acts_on="signal", expects={"T": "down at 24 hours", "R": "down at 96 hours"},
                     evidence="assumed", source="assumed: half the effects of interferon and IL-12",
                     label="JAK inhibitor"),
        Intervention("short_antigen", [set_to("t_off", 20.0)], direction="enhance", acts_on="signal",
                     expects={"T": "up at 96 hours", "R": "up at 96 hours"}, evidence="assumed",
                     source="assumed: antigen for 20 h", label="antigen for 20 h",
                     note="earlier end, more time for IL-12 alone: more T-bet at 96 h"),
        Intervention("long_antigen", [set_to("t_off", 72.0)], direction="suppress", acts_on="signal",
                     expects={"R": "down at 96 hours"}, evidence="assumed",
                     source="assumed: antigen for 72 h", label="antigen for 72 h",
                     note="T-bet at 96 h falls too, but in two thirds of samples only"),
        Intervention("weak_antigen", [scale("Ag_0", 0.1)], direction="suppress", acts_on="signal",
                     expects={"T": "down at 24 hours"}, evidence="assumed",
                     source="assumed: a tenth of the antigen", label="a tenth of the antigen"),
        Intervention("receptor_lifespan", [scale("dR", 2)], direction="suppress", acts_on="lifespan",
                     expects={"R": "down at 96 hours", "T": "down at 96 hours"}, evidence="assumed",
                     source="assumed: the IL-12 receptor lives half as long", label="short-lived receptor"),
    ],
    story=Story(
        "T-bet comes in two waves: the first needs interferon-gamma, the second IL-12, after antigen is gone.",
        arms={"both signals": "", "without interferon": "anti_ifng", "without IL-12": "anti_il12"},
        panels=["T", "R", "Ag"],
    ),
)
