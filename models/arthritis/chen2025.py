"""Methotrexate alone in rheumatoid arthritis: DAS28, ACR20 and ACR50 over a year, from 69 trials.

A trial-level model: a run is a trial's arm under methotrexate, not a patient. Patients had not had methotrexate or
responded to it. A fifth improvement (ACR20) comes within weeks, a half (ACR50) takes months; no dose between those
studied did more or less, so there is no dose in the model.

Chen et al. 2025, Table 2, as quoted by nlmixr2lib; the article was not read. There is no placebo arm in it: the curves
hold all that happened under methotrexate, what placebo would have brought included, and the run without it, `baseline`,
is the score before treatment and no forecast. Nothing is known of stopping; a run never goes back.

Ours: a clock that runs while methotrexate is given stands for the time of the closed form. The published terms of a
trial's arm (5.14 % of DAS28's change; 1.41 and 1.76 points) and the residual errors, which shrink with the root of the
patients, are one error of an arm's mean, of 100 patients.

Findings: a year of methotrexate gave an ACR50 of 46 % in PREMIER, where the typical trial of the model has 32 %; trials
differ that much. In the best of drawn trials ACR50 passes 100 %, since the published spread knows no bound: shares of
responders end at 1, the percentages are shown as they come.
"""

from immunode.intervention import Intervention, set_to
from immunode.model import (
    Derived, Model, Observed, Parameter, Process, State, Story, Trial, TrialResult, Unit, Variability,
)

MODEL = Model(
    name="chen2025",
    title="Methotrexate alone in rheumatoid arthritis: DAS28 and ACR response, from trials",
    system="rheumatoid arthritis",
    status="published",
    species="human",
    level="study",
    reference="doi:10.1002/jcph.70039",
    time_unit="week",
    horizon=52.0,
    readouts=["das28", "ACR20", "ACR50"],
    units=[Unit("point", "one point of DAS28")],
    states=[State("tau", 0.0, "week", "time on methotrexate", typical=10.0, source="not yet given")],
    parameters=[
        Parameter("base", 5.78, "point", "mean DAS28 before treatment", "Table 2, via nlmixr2lib", "published"),
        Parameter("Emax_das28", 54.90, "percent", "largest fall of DAS28", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("T_das28", 20.60, "week", "time to half of it", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("Emax_ACR20", 70.30, "percent", "largest share with ACR20", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("T_ACR20", 6.69, "week", "time to half of it", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("Emax_ACR50", 49.4, "percent", "largest share with ACR50", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("T_ACR50", 27.3, "week", "time to half of it", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("MTX", 0.0, "", "methotrexate is given: 1, is not: 0", "none unless given", "published", (0.0, 1.0)),
        Parameter("whole", 100.0, "percent", "all of it", "conversion of units", "derived", (100.0, 100.0)),
    ],
    derived=[
        Derived("das28_fall", "Emax_das28*michaelis(tau, T_das28)", "percent", "fall of DAS28 from baseline",
                label="fall of DAS28"),
        Derived("das28", "base*(1 - das28_fall/whole)", "point", "mean DAS28 of the arm", label="mean DAS28"),
        Derived("ACR20", "Emax_ACR20*michaelis(tau, T_ACR20)", "percent", "patients with 20 % improvement",
                label="ACR20"),
        Derived("ACR50", "Emax_ACR50*michaelis(tau, T_ACR50)", "percent", "patients with 50 % improvement",
                label="ACR50"),
        Derived("share20", "min(ACR20/whole, 1)", "", "the same as a share", label="20 % improvement"),
        Derived("share50", "min(ACR50/whole, 1)", "", "the same as a share", label="50 % improvement"),
    ],
    processes=[Process("on_methotrexate", "-> tau", "MTX", "time on methotrexate")],
    interventions=[
        Intervention("methotrexate", [set_to("MTX", 1.0)], kind="drug", direction="suppress", acts_on="growth",
                     expects={"das28": "down at 24 weeks", "ACR20": "up at 24 weeks", "ACR50": "up at 24 weeks"},
                     evidence="published", source="the doses studied, any alike", label="methotrexate"),
    ],
    variability=[  # between trials
        Variability("Emax_das28", 0.374, source="Table 2, via nlmixr2lib"),
        Variability("Emax_ACR20", 0.089, source="Table 2, via nlmixr2lib"),
        Variability("Emax_ACR50", 0.454, source="Table 2, via nlmixr2lib"),
    ],
    observed=[
        Observed("das28_fall", proportional=0.0515, source="Table 2, via nlmixr2lib: 5.14 % and 3.67 % over root 100"),
        Observed("ACR20", additive=1.417, source="Table 2, via nlmixr2lib: 1.41 and 1.38 over root 100"),
        Observed("ACR50", additive=1.793, source="Table 2, via nlmixr2lib: 1.76 and 3.44 over root 100"),
    ],
    story=Story(
        "Under methotrexate half of the ACR20 responses come within 7 weeks, of the ACR50 responses within 27.",
        arms={"baseline": "", "methotrexate": "methotrexate"},
        panels=["das28", "ACR20", "ACR50"],
    ),
    trials=[
        Trial("PREMIER", "week 52", arms={"methotrexate": "methotrexate"}, patients={"methotrexate": 266},
              note="799 patients in three arms, divided evenly by us",
              results=[TrialResult("methotrexate", "at(share50, 52 weeks)", 0.46, "share")]),
        Trial("AMBITION", "PMC3389389, Table 3", arms={"methotrexate": "methotrexate"},
              results=[
                  TrialResult("methotrexate", "at(share20, 24 weeks)", 0.53, "share"),
                  TrialResult("methotrexate", "at(share50, 24 weeks)", 0.34, "share"),
              ]),
    ],
)
