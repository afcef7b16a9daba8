"""CAR-T cells and tumor in lymphoma: the tumor makes the cells expand, the cells shrink it, and some do not expand.

Axicabtagene ciloleucel: four kinds of CAR-T cells in blood and the volume of a CD19-positive tumor. Cells divide in
proportion to the volume of the tumor; naive ones turn into central memory, effector memory and short-lived effectors.

    tumor --makes divide--> TN, TCM, TEM       TN -> TCM -> TEM -> TEff       all --kill--> tumor

There are two kinds of patients: in one fifth (published share of the others: 0.803) cells divide a twelfth as fast. A
transplant of own stem cells before makes cells divide 3.5 times as fast, many CD8 cells a little faster.

Values of Mueller-Schoell et al. 2021 (equations 5 to 11, Tables 1, S1, S2) as quoted by nlmixr2lib. The population here
is the 19 patients of the paper, each with the published random effects (on division and on killing, both enormous): so
all patients of the low kind have much tumor, as they had. They are classes of a mixture, drawn with equal shares.

No tumor is ever eradicated: it falls to a few percent and creeps back with 0.0023 per day. Relapse without CD19,
cytokines and survival are left out, and no response criterion is in it: "half the tumor" is ours and no response rate.
That the volume of all tumor drives cells in blood is a simplification of the authors. Killing of three kinds, the
growth of the tumor and turnover without it are not estimated but fixed. The starting cells, 0.1 per uL of each kind,
were imputed by the authors; ten times as many change the time of the peak, hardly its height.

Finding: run for 28 days with the 19 patients but without random effects, peaks and their times are near Table S2
(12.8 beside 13.8 cells per uL, day 12 beside 12; low kind 6.4 beside 5.2, day 24.6 beside 23.5), and exposure is 30 %
too high in both kinds. The sparse sampling of the trial is not the reason: curves read on days 0, 7, 14 and 28 give
the same. With random effects the median exposure fits (172 beside 179) and the median peak is lower (9.9).
"""

from immunode.intervention import Intervention, remove, set_to, transfer
from immunode.model import (
    Derived, Model, Observed, Parameter, PatientClass, Process, State, Story, Threshold, Trial, TrialResult,
    Variability, Variant,
)

MODEL = Model(
    name="muellerschoell2021",
    title="Axicabtagene ciloleucel in lymphoma: kinds of CAR-T cells and tumor volume",
    system="cancer",
    status="published",
    species="human",
    reference="doi:10.3390/cancers13112782",
    time_unit="day",
    horizon=90.0,
    readouts=["cart", "T", "tumor_change"],
    states=[
        State("TN", 0.0, "cell/uL", "naive CAR-T cells in blood", kind="cell", typical=0.1, source="none before",
              label="naive"),
        State("TCM", 0.0, "cell/uL", "central memory CAR-T cells in blood", kind="cell", typical=0.1,
              source="none before", label="central memory"),
        State("TEM", 0.0, "cell/uL", "effector memory CAR-T cells in blood", kind="cell", typical=0.1,
              source="none before", label="effector memory"),
        State("TEff", 0.0, "cell/uL", "effector CAR-T cells in blood", kind="cell", typical=0.1, source="none before",
              label="effector"),
        State("T", "MTV", "mL", "metabolic volume of CD19-positive tumor", kind="cell", typical=1.0,
              source="baseline of the patient", label="tumor volume"),
        State("AUC", 0.0, "cell*day/uL", "exposure: area under all CAR-T cells", typical=10.0,
              source="counted from day 0", label="exposure"),
    ],
    parameters=[
        Parameter("Vmax1_ref", 0.00846, "cell/(uL*day*mL)", "division per volume of tumor", "Table 1, via nlmixr2lib",
                  "fitted"),
        Parameter("Vmax1_low", 0.000700, "cell/(uL*day*mL)", "the same in patients of low expansion",
                  "Table 1, via nlmixr2lib", "fitted"),
        Parameter("f_ASCT", 2.53, "", "added to it after a transplant, as a part", "Table 1, via nlmixr2lib", "fitted"),
        Parameter("f_ratio", -0.385, "", "power of CD4/CD8 on it", "Table 1, via nlmixr2lib", "fitted"),
        Parameter("KM1", 1.13, "cell/uL", "cells that divide half as fast as they can", "Table 1", "fitted"),
        Parameter("k12", 0.140, "1/day", "naive to central memory", "Table 1, via nlmixr2lib", "fitted"),
        Parameter("k23", 0.191, "1/day", "central to effector memory", "Table 1, via nlmixr2lib", "fitted"),
        Parameter("k34", 0.355, "1/day", "effector memory to effector", "Table 1, via nlmixr2lib", "fitted"),
        Parameter("ke", 0.0104, "1/day", "death of all but effectors", "0.02 of effectors, Stein 2019", "published"),
        Parameter("ke4", 0.518, "1/day", "death of effectors", "Table 1, via nlmixr2lib", "fitted"),
        Parameter("kp1", 0.0005, "1/day", "division of naive cells without tumor", "Table 1: fixed", "published"),
        Parameter("kp2", 0.007, "1/day", "the same of central memory", "Table 1: fixed", "published"),
        Parameter("kp3", 0.007, "1/day", "the same of effector memory", "Table 1: fixed", "published"),
        Parameter("q1", 2.57, "mL*uL/(day*cell)", "killing by naive cells", "Table 1: fixed", "published"),
        Parameter("q2", 4.04, "mL*uL/(day*cell)", "killing by central memory", "Table 1, via nlmixr2lib", "fitted"),
        Parameter("q3", 3.78, "mL*uL/(day*cell)", "killing by effector memory", "Table 1: fixed", "published"),
        Parameter("q4", 4.24, "mL*uL/(day*cell)", "killing by effectors", "Table 1: fixed", "published"),
        Parameter("KM5", 276.0, "mL", "tumor that is killed half as fast as it can be", "Table 1", "fitted"),
        Parameter("k5", 0.0023, "1/day", "growth of the tumor", "Table 1: fixed", "published"),
        Parameter("K0", 5000.0, "mL", "largest tumor", "Table 1: fixed", "published"),
        # the patient
        Parameter("MTV", 85.7, "mL", "tumor before the infusion", "Table S1: a median patient", "published",
                  (2.54, 3555.0)),
        Parameter("ASCT", 0.0, "", "own stem cells transplanted before: 1, not: 0", "reference patient", "published",
                  (0.0, 1.0)),
        Parameter("ratio", 1.0, "", "CD4 over CD8 of CAR-T cells on day 7", "reference patient", "published",
                  (0.0512, 8.94)),
        Parameter("low", 0.0, "", "low expansion: 1, reference kind: 0", "reference patient", "published", (0.0, 1.0)),
        Parameter("whole", 100.0, "percent", "all of it", "conversion of units", "derived", (100.0, 100.0)),
    ],
    derived=[
        Derived("Vmax1", "(low*Vmax1_low + (1 - low)*Vmax1_ref*ratio**f_ratio)*(1 + f_ASCT*ASCT)", "cell/(uL*day*mL)",
                "division per volume of tumor in the patient"),
        Derived("cart", "TN + TCM + TEM + TEff", "cell/uL", "CAR-T cells in blood", label="CAR-T cells"),
        Derived("killing", "(q1*TN + q2*TCM + q3*TEM + q4*TEff)/(KM5 + T)", "1/day", "killing of the tumor"),
        Derived("tumor_change", "whole*(T/MTV - 1)", "percent", "change of tumor volume", label="change of tumor"),
    ],
    processes=[
        Process("expand_TN", "-> TN", "Vmax1*T*TN/(KM1 + TN)", "division driven by the tumor"),
        Process("expand_TCM", "-> TCM", "Vmax1*T*TCM/(KM1 + TCM)", "division driven by the tumor"),
        Process("expand_TEM", "-> TEM", "Vmax1*T*TEM/(KM1 + TEM)", "division driven by the tumor"),
        Process("renew_TN", "-> TN", "kp1*TN", "division without tumor"),
        Process("renew_TCM", "-> TCM", "kp2*TCM", "division without tumor"),
        Process("renew_TEM", "-> TEM", "kp3*TEM", "division without tumor"),
        Process("to_TCM", "TN -> TCM", "k12*TN", "naive to central memory"),
        Process("to_TEM", "TCM -> TEM", "k23*TCM", "central to effector memory"),
        Process("to_TEff", "TEM -> TEff", "k34*TEM", "effector memory to effector"),
        Process("death_TN", "TN ->", "ke*TN", "death"),
        Process("death_TCM", "TCM ->", "ke*TCM", "death"),
        Process("death_TEM", "TEM ->", "ke*TEM", "death"),
        Process("death_TEff", "TEff ->", "ke4*TEff", "death of effectors"),
        Process("tumor_growth", "-> T", "k5*T*(1 - T/K0)", "growth of the tumor"),
        Process("tumor_kill", "T ->", "killing*T", "killing by CAR-T cells"),
        Process("exposure", "-> AUC", "cart", "area under CAR-T cells"),
    ],
    variants=[
        Variant("bulky", values={"MTV": 500.0}, note="much tumor: cells expand more, and it shrinks more",
                source="specification of the package"),
    ],
    interventions=[
        Intervention("infusion", [transfer("TN", 0.1), transfer("TCM", 0.1), transfer("TEM", 0.1),
                                  transfer("TEff", 0.1)],
                     kind="cell therapy", direction="enhance", acts_on="production",
                     expects={"T": "down", "cart": "up at its peak"}, evidence="published",
                     source="Mueller-Schoell 2021: 2e6 cells per kg after fludarabine and cyclophosphamide",
                     label="CAR-T cells"),
        Intervention("infusion_x10", [transfer("TN", 1.0), transfer("TCM", 1.0), transfer("TEM", 1.0),
                                      transfer("TEff", 1.0)],
                     kind="cell therapy", direction="enhance", acts_on="production",
                     expects={"T": "down", "cart": "up at its peak"}, evidence="published",
                     source="Mueller-Schoell 2021: ten times the cells at the start", label="ten times the cells"),
        Intervention("prior_transplant", [set_to("ASCT", 1)], kind="cell therapy", direction="enhance",
                     acts_on="growth", expects={"T": "down", "cart": "up at its peak"}, evidence="published",
                     beside="infusion", source="Table 1: own stem cells before", label="after a transplant",
                     note="nothing in the seven of 19 patients who had one"),
        Intervention("low_expansion", [set_to("low", 1)], kind="cell therapy", direction="suppress",
                     acts_on="growth", expects={"T": "up", "cart": "down on average"}, evidence="published",
                     beside="infusion", source="Table 1: the kind of patients of low expansion",
                     label="low expansion", note="nothing in the four of 19 patients of this kind"),
        Intervention("many_cd8", [set_to("ratio", 0.1)], kind="cell therapy", direction="enhance", acts_on="growth",
                     expects={"T": "down", "cart": "up at its peak"}, evidence="published", beside="infusion",
                     source="Table 1: CD4/CD8 of 0.1 on day 7", label="CD4/CD8 of 0.1",
                     note="the other way where it was below 0.1; nothing in patients of low expansion"),
        Intervention("debulking", [remove("T", 0.5)], kind="drug", direction="suppress", acts_on="lifespan",
                     expects={"T": "down"}, source="assumed: half the tumor removed on day 0",
                     label="half the tumor removed"),
    ],
    variability=[
        Variability("Vmax1_ref", cv=1.5, source="Table 1: CV 150 %, via nlmixr2lib; not in patients of low expansion"),
        Variability("q2", cv=3.07, source="Table 1: CV 307 %, via nlmixr2lib"),
    ],
    classes=[
        PatientClass("patient 1", 0.05263157894736842, {"MTV": 894.0, "ASCT": 0.0, "ratio": 8.94, "low": 0.0},
                     source="Table S1, via nlmixr2lib"),
        PatientClass("patient 2", 0.05263157894736842, {"MTV": 102.0, "ASCT": 0.0, "ratio": 0.357, "low": 0.0},
                     source="Table S1, via nlmixr2lib"),
        PatientClass("patient 3", 0.05263157894736842, {"MTV": 13.0, "ASCT": 1.0, "ratio": 0.126, "low": 0.0},
                     source="Table S1, via nlmixr2lib"),
        PatientClass("patient 4", 0.05263157894736842, {"MTV": 264.0, "ASCT": 0.0, "ratio": 4.01, "low": 1.0},
                     source="Table S1, via nlmixr2lib"),
        PatientClass("patient 5", 0.05263157894736842, {"MTV": 14.2, "ASCT": 1.0, "ratio": 1.34, "low": 0.0},
                     source="Table S1, via nlmixr2lib"),
        PatientClass("patient 6", 0.05263157894736842, {"MTV": 70.5, "ASCT": 1.0, "ratio": 0.364, "low": 0.0},
                     source="Table S1, via nlmixr2lib"),
        PatientClass("patient 7", 0.05263157894736842, {"MTV": 13.1, "ASCT": 1.0, "ratio": 3.56, "low": 0.0},
                     source="Table S1, via nlmixr2lib"),
        PatientClass("patient 8", 0.05263157894736842, {"MTV": 142.0, "ASCT": 0.0, "ratio": 0.405, "low": 0.0},
                     source="Table S1, via nlmixr2lib"),
        PatientClass("patient 9", 0.05263157894736842, {"MTV": 1118.0, "ASCT": 0.0, "ratio": 0.413, "low": 1.0},
                     source="Table S1, via nlmixr2lib"),
        PatientClass("patient 10", 0.05263157894736842, {"MTV": 305.0, "ASCT": 0.0, "ratio": 0.549, "low": 1.0},
                     source="Table S1, via nlmixr2lib"),
        PatientClass("patient 11", 0.05263157894736842, {"MTV": 479.0, "ASCT": 0.0, "ratio": 0.223, "low": 0.0},
                     source="Table S1, via nlmixr2lib"),
        PatientClass("patient 12", 0.05263157894736842, {"MTV": 2.54, "ASCT": 1.0, "ratio": 0.0512, "low": 0.0},
                     source="Table S1, via nlmixr2lib"),
        PatientClass("patient 13", 0.05263157894736842, {"MTV": 34.2, "ASCT": 0.0, "ratio": 4.53, "low": 0.0},
                     source="Table S1, via nlmixr2lib"),
        PatientClass("patient 14", 0.05263157894736842, {"MTV": 85.7, "ASCT": 1.0, "ratio": 0.13, "low": 0.0},
                     source="Table S1, via nlmixr2lib"),
        PatientClass("patient 15", 0.05263157894736842, {"MTV": 64.1, "ASCT": 0.0, "ratio": 0.0845, "low": 0.0},
                     source="Table S1, via nlmixr2lib"),
        PatientClass("patient 16", 0.05263157894736842, {"MTV": 663.0, "ASCT": 0.0, "ratio": 0.764, "low": 0.0},
                     source="Table S1, via nlmixr2lib"),
        PatientClass("patient 17", 0.05263157894736842, {"MTV": 3555.0, "ASCT": 1.0, "ratio": 0.0866, "low": 1.0},
                     source="Table S1, via nlmixr2lib"),
        PatientClass("patient 18", 0.05263157894736842, {"MTV": 20.0, "ASCT": 0.0, "ratio": 0.182, "low": 0.0},
                     source="Table S1, via nlmixr2lib"),
        PatientClass("patient 19", 0.05263157894736842, {"MTV": 32.5, "ASCT": 0.0, "ratio": 0.126, "low": 0.0},
                     source="Table S1, via nlmixr2lib"),
    ],
    observed=[
        Observed("TN", lognormal=0.5473, source="Table 1, via nlmixr2lib"),
        Observed("TCM", lognormal=0.7434, source="Table 1, via nlmixr2lib"),
        Observed("TEM", lognormal=0.9445, source="Table 1, via nlmixr2lib"),
        Observed("TEff", lognormal=0.6359, source="Table 1, via nlmixr2lib"),
        Observed("T", lognormal=0.9180, source="Table 1, via nlmixr2lib"),
    ],
    thresholds=[
        Threshold("half", "tumor_change < -50", "a tumor half as large", "ours; not a response criterion"),
    ],
    story=Story(
        "The tumor makes CAR-T cells expand, and they shrink it to a tenth; where few expand, it grows on.",
        arms={"untreated": "", "CAR-T cells": "infusion", "after a transplant": "infusion + prior_transplant",
              "low expansion": "infusion + low_expansion"},
        panels=["cart", "T"], logarithmic=["T"],
    ),
    trials=[
        Trial("MD Anderson, reference kind", "doi:10.3390/cancers13112782", arms={"CAR-T cells": "infusion"},
              patients={"CAR-T cells": 15}, only="low < 0.5",
              note="Table S2: medians that the authors' model gives for these patients",
              results=[
                  TrialResult("CAR-T cells", "peak(cart)", 13.8, statistic="median", used=True),
                  TrialResult("CAR-T cells", "time_of_peak(cart)", 12.0, statistic="median", used=True),
                  TrialResult("CAR-T cells", "at(AUC, 28)", 179.0, statistic="median", used=True,
                              note="without random effects the model gives 232"),
              ]),
        Trial("MD Anderson, low expansion", "doi:10.3390/cancers13112782", arms={"CAR-T cells": "infusion"},
              patients={"CAR-T cells": 4}, only="low > 0.5",
              note="Table S2: medians that the authors' model gives for these patients",
              results=[
                  TrialResult("CAR-T cells", "peak(cart)", 5.231, statistic="median", used=True),
                  TrialResult("CAR-T cells", "time_of_peak(cart)", 23.5, statistic="median", used=True),
                  TrialResult("CAR-T cells", "at(AUC, 28)", 94.0, statistic="median", used=True),
              ]),
    ],
)
