"""CAR-T cells in children and young adults with leukemia: 3,900-fold in nine days, then weeks down, then years.

Tisagenlecleucel is given once. Its cells double every 0.78 days until day 9.3 (`Tmax`), contract with a half-life of
4.3 days, and 0.8 % of the peak goes into a phase with a half-life of 217 days. Tocilizumab and steroids, given against
the release of cytokines, do not stop the expansion: that is what the paper was made to show.

    E --doubles until Tmax--> E       then: E --contracts--> gone, M (persisting cells) appears and fades slowly

Cells are counted by their gene, in copies per ug of DNA. Values of Stein et al. 2019, Table 1, as quoted by nlmixr2lib,
with the half-lives of its abstract. An empirical curve: no tumor, no cytokine, and no dose is in it (in the patients
exposure hardly depends on dose), and response or toxicity must not be read off it. See muellerschoell2021 for the
tumor, hardiansyah2019 for cytokines. The last half-life is an extrapolation: patients were followed for a year.

The random effects are printed without saying what they are. Read as variances here; read as standard deviations the
tails of Tmax and of the exposure are narrower (95th percentile of Tmax 17.6 instead of 26 days), and those of the fold
wider. Evidence for variances: the exposure of the same patients varied by 178 % (model 143 %; 99 % as SDs). Against:
the fold. For the other reading give each `Variability` its sd squared.

No correlations were published; drawn without them, 0.2 % of patients contract more slowly than the slow phase lasts:
these form no persisting cells here (alpha - beta is cut at 0; elsewhere they are drawn anew).

Ours: exposure as a state of its own, and the arm `poor_lymphodepletion`, in which the cells reach 1 % of their fold.
The effect of tocilizumab (1.2 on the growth rate) is published as not significant; typical patients gain 90 % at the
peak by it, those past their peak by then (a fifth) nothing. So it is left out of the first picture.
PCR still sees the cells on day 180 in the typical patient and in 70 % of the declared ones.
Findings: responders had a 74 % higher peak than the others (Mueller 2018); response is not in the model, so that this
can't be compared. The peak of the model lies between the geometric means of both.
"""

from immunode.intervention import Intervention, during, scale, set_to
from immunode.model import (
    Derived, Event, Model, Observed, Parameter, Process, State, Story, Switch, Threshold, Trial, TrialResult, Unit,
    Variability,
)

MODEL = Model(
    name="stein2019",
    title="Tisagenlecleucel in leukemia: expansion, contraction and persistence of CAR-T cells",
    system="cancer",
    status="published",
    species="human",
    reference="doi:10.1002/psp4.12388",
    time_unit="day",
    horizon=365.0,
    aliases={"car_t": ""},
    readouts=["total", "AUC", "persisting"],
    units=[Unit("copy", "a copy of the transgene, one or more a CAR-T cell")],
    states=[
        State("E", "Cmax/foldx", "copy/ug", "CAR-T cells that expand and contract", kind="cell", typical=100.0,
              source="Table 1: peak over fold expansion", label="expanding cells"),
        State("M", 0.0, "copy/ug", "CAR-T cells that persist", kind="cell", typical=1.0, source="none at the infusion",
              label="persisting cells"),
        State("AUC", 0.0, "copy*day/ug", "exposure: area under CAR-T cells since the infusion", typical=1000.0,
              source="counted from day 0", label="exposure"),
    ],
    parameters=[
        Parameter("foldx", 3900.0, "", "fold expansion", "Table 1, via nlmixr2lib", "fitted"),
        Parameter("Tmax", 9.3, "day", "end of expansion", "Table 1, via nlmixr2lib", "fitted"),
        Parameter("Cmax", 24000.0, "copy/ug", "peak", "Table 1, via nlmixr2lib", "fitted"),
        Parameter("alpha", 0.16, "1/day", "contraction", "Table 1, via nlmixr2lib", "fitted"),
        Parameter("FB", 0.0079, "", "part of the peak that persists", "Table 1, via nlmixr2lib", "fitted"),
        Parameter("beta", 0.0032, "1/day", "loss of persisting cells", "Table 1, via nlmixr2lib", "fitted"),
        Parameter("Ftoci", 1.2, "", "growth rate after tocilizumab, times; not significant", "Table 1, via nlmixr2lib",
                  "fitted", (1.2, 1.2)),
        Parameter("Fster", 1.0, "", "growth rate after a steroid, times; not significant", "Table 1, via nlmixr2lib",
                  "fitted", (1.0, 1.0)),
        Parameter("toci", 0.0, "", "tocilizumab given: 1, not: 0", "none at first", "published", (0.0, 1.0)),
        Parameter("steroid", 0.0, "", "steroid given: 1, not: 0", "none at first", "published", (0.0, 1.0)),
        Parameter("reach", 1.0, "", "part of the fold that is reached", "the paper's patients", "published",
                  (1.0, 1.0)),
        Parameter("copy_unit", 1.0, "copy/ug", "unit of the logarithms", "conversion of units", "derived", (1.0, 1.0)),
        Parameter("trace", 1e-6, "copy/ug", "fewer cells than any assay sees; keeps logarithms finite",
                  "assumed: a millionth of a copy", "assumed", (1e-6, 1e-6)),
        Parameter("least", 1.0, "copy*day/ug", "smallest exposure of which the logarithm is shown",
                  "conversion of units", "derived", (1.0, 1.0)),
    ],
    switches=[Switch("expanding", 1.0, "", "1 until Tmax, then 0")],
    events=[Event("peak", {"expanding": "0"}, at="Tmax", meaning="the end of expansion, a kink")],
    derived=[
        Derived("rho", "log(foldx*reach)/Tmax*Ftoci**toci*Fster**steroid", "1/day", "growth rate until Tmax"),
        Derived("total", "E + M", "copy/ug", "CAR-T cells in blood", label="CAR-T cells"),
        Derived("persisting", "M/max(total, trace)", "", "part of the cells that persist", label="persisting part"),
        Derived("log_total", "log(max(total, trace)/copy_unit)/log(10)", "", "CAR-T cells, decimal logarithm",
                label="log10 CAR-T cells"),
        Derived("log_AUC", "log(max(AUC, least)/least)", "", "exposure, natural logarithm",
                label="ln exposure"),
        Derived("doubling", "log(2)/rho", "day", "doubling time", label="doubling time"),
        Derived("half_fast", "log(2)/alpha", "day", "half-life of contraction", label="first half-life"),
        Derived("half_slow", "log(2)/beta", "day", "half-life of persistence", label="last half-life"),
    ],
    processes=[
        Process("expansion", "-> E", "expanding*rho*E", "division of CAR-T cells until Tmax"),
        Process("contraction", "E ->", "(1 - expanding)*alpha*E", "contraction after Tmax"),
        Process("memory_formation", "-> M", "(1 - expanding)*FB*max(alpha - beta, 0*beta)*E",
                "cells that persist (their loss from E is in alpha)"),
        Process("memory_loss", "M ->", "(1 - expanding)*beta*M", "loss of persisting cells"),
        Process("exposure", "-> AUC", "total", "area under the cells"),
    ],
    interventions=[
        Intervention("tocilizumab", [set_to("toci", 1)], during(start=5.7), kind="drug", direction="redirect",
                     acts_on="signal", expects={"total": "up at its peak"}, evidence="published",
                     source="Stein 2019: 8 to 12 mg/kg once, in 36 % of patients, median day 5.7 (1 to 27)",
                     label="tocilizumab on day 5.7",
                     note="not significant; nothing in patients past their peak, a fifth"),
        Intervention("corticosteroid", [set_to("steroid", 1)], during(start=7.5), kind="drug", direction="suppress",
                     acts_on="growth", expects={"total": "unchanged at its peak"}, evidence="published",
                     source="Stein 2019: in 26 % of patients, median day 7.5 (0.1 to 170)",
                     label="steroid from day 7.5"),
        Intervention("poor_lymphodepletion", [scale("reach", 0.01)], kind="cell therapy", direction="suppress",
                     acts_on="growth", expects={"total": "down at its peak", "M": "down at the end"},
                     source="assumed: 1 % of the fold expansion, to show cells that find no room",
                     label="poor lymphodepletion"),
    ],
    variability=[
        Variability("foldx", 1.5491933384829668, source="Table 1: 2.4, read as a variance"),
        Variability("Tmax", 0.6164414002968976, source="Table 1: 0.38, read as a variance"),
        Variability("Cmax", 0.8062257748298549, source="Table 1: 0.65, read as a variance"),
        Variability("alpha", 0.9539392014169457, source="Table 1: 0.91, read as a variance"),
        Variability("FB", 0.8944271909999159, source="Table 1: 0.80, read as a variance"),
        Variability("beta", 0.9273618495495703, source="Table 1: 0.86, read as a variance"),
    ],
    observed=[Observed("total", lognormal=0.56, source="Table 1, via nlmixr2lib")],
    thresholds=[
        Threshold("detectable", "total > 50", "detection by PCR", "memory: 50 copies per ug"),
    ],
    story=Story(
        "CAR-T cells multiply 3,900-fold in nine days, fall for weeks; if they found room, some are seen for months.",
        arms={"infusion": "", "no room: poor lymphodepletion": "poor_lymphodepletion"},
        panels=["total"], until=180.0, logarithmic=["total"],
    ),
    trials=[
        Trial("ELIANA and ENSIGN, model", "doi:10.1002/psp4.12388", arms={"infusion": ""}, patients={"infusion": 90},
              note="typical values of the abstract, beside medians of the population",
              results=[
                  TrialResult("infusion", "final(doubling)", 0.78, statistic="median", used=True),
                  TrialResult("infusion", "final(half_fast)", 4.3, statistic="median", used=True),
                  TrialResult("infusion", "final(half_slow)", 220.0, statistic="median", used=True),
              ]),
        Trial("ELIANA and ENSIGN, responders", "doi:10.1158/1078-0432.CCR-18-0758", arms={"infusion": ""},
              patients={"infusion": 62},
              note="of the patients that made the model; all virtual patients count, since it knows no response",
              results=[
                  TrialResult("infusion", "time_of_peak(total)", 9.9, statistic="median", seen="memory", used=True,
                              measured=False),
                  TrialResult("infusion", "peak(log_total)", 4.5403, seen="memory", used=True,
                              note="34,700, the geometric mean; 20,000 (4.30) in non-responders; the model is between"),
                  TrialResult("infusion", "at(log_AUC, 28)", 1.196, statistic="sd", seen="memory", used=True,
                              note="geometric CV 178 %; the model gives 143 % with variances and 99 % with SDs"),
              ]),
    ],
)
