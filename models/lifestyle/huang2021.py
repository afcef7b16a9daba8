"""Vitamin D3 to 25OHD in healthy adults: what a daily dose brings in months, and where it saturates.

    capsule --> depot --> liver D3 <--> blood, rest of the body       (D3: cleared within days)
    sun, food -------------^  |
                              '--> liver 25OHD <--> blood, rest       (25OHD: weeks; what the laboratory measures)
                                       '--> cleared, steeply more above 50 to 90 nmol/L

From 50 nmol/L, 1,000, 2,000 and 4,000 IU a day bring 25OHD to 79, 93 and 125 nmol/L, most of it in three months. Half
of the gain is lost 7.6, 5.7 and 4.3 weeks after stopping: the more, the faster. After half a year 17, 13 and 9 % of it
are left. A single 100,000 IU peaks at 96 on day 6.

Equations and values of Huang & You 2021 (155 trial arms, 6,484 people, 10 to 1,250 ug a day) as quoted by nlmixr2lib;
the numbers of the authors' own script are met to all digits. The article was not read. 1 ug is 40 IU.
Clearance of D3 is 0.21 L/h under daily dosing and 0.32 after a single dose, as published and for no stated reason: the
variant `single_dose` has the latter for the whole run; give `bolus` with it.

Don't ask it for seasons or for the making of a deficiency: clearance of 25OHD is nearly zero below 50 nmol/L (half-life
820 days at 50, 39,000 at 25), so nothing falls there; vitamin_d_minimal is for that. Above 120 nmol/L it is linear
again: 10,000 IU bring +226 nmol/L, where Heaney 2003 found +159 (memory) and 22,214 self-reported records +69 (Ekwaru
2014): show that dose only with this sentence. Against trials up to 4,000 IU the typical person is 8 to 9 % low (BEST-D)
or right (VITAL, memory); means of patients lie above the typical person, since clearance is so steep. The records are
missed at every dose. No immune effect is in it.

Assumed by us, since only means of arms were fitted: the spread between people (baseline as in BEST-D). Obesity (volume
of the rest x 1.5) is ours too; BMI is not in the model. Doses are a steady intake here, since a capsule each midnight
makes a year 500 times slower to solve (blood flows are stiff) and 25OHD is the same within 1 nmol/L.
"""

from immunode.intervention import Intervention, add, at_times, during, scale, transfer
from immunode.model import (
    Derived, Model, Parameter, Process, State, Story, Trial, TrialResult, Variability, Variant,
)

MODEL = Model(
    name="huang2021",
    title="Vitamin D3 and 25OHD in healthy adults",
    system="vitamin D",
    status="published",
    species="human",
    reference="doi:10.1002/psp4.12640",
    time_unit="hour",
    horizon=8760.0,
    readouts=["C25", "D3"],
    states=[
        State("depot", 0.0, "nmol", "vitamin D3 in the gut", "drug", typical=100.0, source="no capsule before"),
        State("DV", "(CLmax*hill(B, C50, g)*B/fm/CLH)*Vven", "nmol", "vitamin D3 in venous blood", "signal",
              source="steady state of B"),
        State("DL", "(CLmax*hill(B, C50, g)*B/fm/CLH)*Vl*KplD", "nmol", "vitamin D3 in the liver", "signal",
              source="steady state of B"),
        State("DO", "(CLmax*hill(B, C50, g)*B/fm/CLH)*Vrb*KprbD", "nmol", "vitamin D3 in the rest of the body",
              "signal",
              source="steady state of B", label="vitamin D3, rest of the body"),
        State("DR", "(CLmax*hill(B, C50, g)*B/fm/CLH)*Vart", "nmol", "vitamin D3 in arterial blood", "signal",
              source="steady state of B"),
        State("HV", "B*Vven", "nmol", "25OHD in venous blood", "signal",
              source="steady state of B"),
        State("HL", "B*Vl*KplH", "nmol", "25OHD in the liver", "signal",
              source="steady state of B"),
        State("HO", "B*Vrb*KprbH", "nmol", "25OHD in the rest of the body", "signal",
              source="steady state of B", label="25OHD, rest of the body"),
        State("HR", "B*Vart", "nmol", "25OHD in arterial blood", "signal",
              source="steady state of B"),
    ],
    parameters=[
        Parameter("B", 50.0, "nmol/L", "25OHD before any dose", "assumed: usual; BEST-D", "assumed", (10.0, 100.0)),
        Parameter("intake", 0.0, "nmol/hour", "steady intake of vitamin D3", "input: none", "derived", (0.0, 30.0)),
        Parameter("Qco", 312.0, "L/hour", "cardiac output", "via nlmixr2lib", "published"),
        Parameter("Ql", 70.824, "L/hour", "blood flow of the liver", "via nlmixr2lib", "published"),
        Parameter("Vven", 4.2, "L", "venous blood", "via nlmixr2lib", "published"),
        Parameter("Vl", 1.8, "L", "liver", "via nlmixr2lib", "published"),
        Parameter("Vrb", 62.6, "L", "rest of the body", "via nlmixr2lib", "published"),
        Parameter("Vart", 1.4, "L", "arterial blood", "via nlmixr2lib", "published"),
        Parameter("KplD", 1.0, "", "partition of D3, liver to blood", "via nlmixr2lib", "published"),
        Parameter("KprbD", 0.09, "", "partition of D3, rest to blood", "via nlmixr2lib", "published"),
        Parameter("KplH", 1.0, "", "partition of 25OHD, liver to blood", "via nlmixr2lib", "published"),
        Parameter("KprbH", 0.54, "", "partition of 25OHD, rest to blood", "via nlmixr2lib", "published"),
        Parameter("ka", 0.19, "1/hour", "absorption", "via nlmixr2lib", "fitted"),
        Parameter("CLH", 0.21, "L/hour", "clearance of D3 by the liver, daily dosing", "via nlmixr2lib", "fitted"),
        Parameter("fm", 0.3333333333333333, "", "part of it that becomes 25OHD", "via nlmixr2lib", "fitted",
                  (0.25, 0.5)),
        Parameter("CLmax", 0.033, "L/hour", "largest clearance of 25OHD", "via nlmixr2lib", "fitted"),
        Parameter("C50", 86.3, "nmol/L", "25OHD of half of it", "via nlmixr2lib", "fitted"),
        Parameter("g", 5.64, "", "steepness of it", "via nlmixr2lib", "fitted"),
        Parameter("per_ng", 0.40064, "ng*L/(nmol*mL)", "ng/mL in a nmol/L", "molar mass 400.64 g/mol", "derived",
                  (0.40064, 0.40064)),
    ],
    derived=[
        Derived("Qrb", "Qco - Ql", "L/hour", "blood flow of the rest"),
        Derived("ENDOG", "CLmax*hill(B, C50, g)*B/fm", "nmol/hour", "D3 by sun and food, which holds B"),
        Derived("cDL", "DL/(Vl*KplD)", "nmol/L", "D3 that leaves the liver"),
        Derived("cDO", "DO/(Vrb*KprbD)", "nmol/L", "D3 that leaves the rest"),
        Derived("D3", "DV/Vven", "nmol/L", "D3 in blood", label="vitamin D3"),
        Derived("cHL", "HL/(Vl*KplH)", "nmol/L", "25OHD that leaves the liver"),
        Derived("cHO", "HO/(Vrb*KprbH)", "nmol/L", "25OHD that leaves the rest"),
        Derived("C25", "HV/Vven", "nmol/L", "25OHD in blood", label="25OHD"),
        Derived("C25_ng", "C25*per_ng", "ng/mL", "25OHD in blood", label="25OHD"),
        Derived("C25_rise", "C25 - B", "nmol/L", "25OHD above the baseline", label="rise of 25OHD"),
        Derived("CL25", "CLmax*hill(max(cHL, 0), C50, g)", "L/hour", "clearance of 25OHD"),
    ],
    processes=[
        Process("eaten", "-> depot", "intake", "steady intake"),
        Process("absorption", "depot -> DL", "ka*depot", "absorbed into the liver"),
        Process("sun_and_food", "-> DL", "ENDOG", "D3 of sun and food, as if made in the liver"),
        Process("D_heart", "DV -> DR", "Qco*D3", "D3 through heart and lungs"),
        Process("D_to_liver", "DR -> DL", "Ql*DR/Vart", "D3 to the liver"),
        Process("D_from_liver", "DL -> DV", "Ql*cDL", "D3 from the liver"),
        Process("D_to_rest", "DR -> DO", "Qrb*DR/Vart", "D3 to the rest"),
        Process("D_from_rest", "DO -> DV", "Qrb*cDO", "D3 from the rest"),
        Process("D_cleared", "DL ->", "CLH*cDL", "D3 cleared by the liver"),
        Process("hydroxylation", "-> HL", "fm*CLH*cDL", "the part of it that becomes 25OHD"),
        Process("H_heart", "HV -> HR", "Qco*C25", "25OHD through heart and lungs"),
        Process("H_to_liver", "HR -> HL", "Ql*HR/Vart", "25OHD to the liver"),
        Process("H_from_liver", "HL -> HV", "Ql*cHL", "25OHD from the liver"),
        Process("H_to_rest", "HR -> HO", "Qrb*HR/Vart", "25OHD to the rest"),
        Process("H_from_rest", "HO -> HV", "Qrb*cHO", "25OHD from the rest"),
        Process("H_cleared", "HL ->", "CL25*cHL", "25OHD cleared"),
    ],
    variants=[
        Variant("single_dose", {"CLH": 0.32}, note="after one dose only", source="via nlmixr2lib: SCLH"),
        Variant("deficiency", {"B": 25.0}, note="low; without a dose nothing moves", source="assumed: habitual level"),
        Variant("sufficiency", {"B": 74.4}, note="as in VITAL", source="VITAL, memory: 29.8 ng/mL"),
    ],
    interventions=[
        Intervention("iu_400", [add("intake", 1.0832640044370494)], kind="nutrition", direction="enhance",
                     acts_on="production", expects={"C25": "up at 26 weeks"}, evidence="published",
                     source="10 ug a day", label="400 IU a day"),
        Intervention("iu_600", [add("intake", 1.6248960066555742)], kind="nutrition", direction="enhance",
                     acts_on="production", expects={"C25": "up at 26 weeks"}, evidence="published",
                     source="15 ug a day", label="600 IU a day"),
        Intervention("iu_1000", [add("intake", 2.7081600110926236)], kind="nutrition", direction="enhance",
                     acts_on="production", expects={"C25": "up at 26 weeks"}, evidence="published",
                     source="25 ug a day", label="1,000 IU a day"),
        Intervention("iu_2000", [add("intake", 5.416320022185247)], kind="nutrition", direction="enhance",
                     acts_on="production", expects={"C25": "up at 26 weeks"}, evidence="published",
                     source="50 ug a day", label="2,000 IU a day"),
        Intervention("iu_4000", [add("intake", 10.832640044370494)], kind="nutrition", direction="enhance",
                     acts_on="production", expects={"C25": "up at 26 weeks"}, evidence="published",
                     source="100 ug a day", label="4,000 IU a day"),
        Intervention("iu_10000", [add("intake", 27.081600110926235)], kind="nutrition", direction="enhance",
                     acts_on="production", expects={"C25": "up at 26 weeks"}, evidence="published",
                     source="250 ug a day; too high above 4,000 IU, see the docstring", label="10,000 IU a day"),
        Intervention("iu_1000_half_year", [add("intake", 2.7081600110926236)], during(0, 4368), kind="nutrition",
                     direction="enhance", acts_on="production", expects={"C25": "up at 26 weeks"},
                     evidence="published", source="25 ug a day for 182 days", label="1,000 IU, half a year"),
        Intervention("iu_2000_half_year", [add("intake", 5.416320022185247)], during(0, 4368), kind="nutrition",
                     direction="enhance", acts_on="production", expects={"C25": "up at 26 weeks"},
                     evidence="published", source="50 ug a day for 182 days", label="2,000 IU, half a year"),
        Intervention("iu_4000_half_year", [add("intake", 10.832640044370494)], during(0, 4368), kind="nutrition",
                     direction="enhance", acts_on="production", expects={"C25": "up at 26 weeks"},
                     evidence="published", source="100 ug a day for 182 days", label="4,000 IU, half a year"),
        Intervention("bolus", [transfer("depot", 6499.584)], at_times(0), kind="nutrition", direction="enhance",
                     acts_on="production", beside="single_dose", expects={"C25": "up at its peak"},
                     evidence="published", source="2,500 ug at once", label="100,000 IU once"),
        Intervention("obesity", [scale("Vrb", 1.5)], acts_on="production", expects={"C25": "down"}, evidence="assumed",
                     source="assumed: volume of the rest x 1.5; the same amount in more room", label="obesity"),
    ],
    variability=[
        Variability("B", 0.36, source="assumed: BEST-D, 50 +- 18 nmol/L"),
        Variability("CLmax", 0.25, source="assumed"),
        Variability("C50", 0.15, source="assumed"),
    ],
    story=Story(
        "Twice the dose brings less than twice the gain in 25OHD; half of it is lost 4 to 8 weeks after stopping.",
        arms={"no dose": "", "1,000 IU a day": "iu_1000_half_year", "2,000 IU a day": "iu_2000_half_year",
              "4,000 IU a day": "iu_4000_half_year"},
        panels=["C25"],
    ),
    trials=[
        Trial("BEST-D", "BEST-D, 12 months (abstract); 305 people in three arms",
              arms={"placebo": "", "2,000 IU": "iu_2000", "4,000 IU": "iu_4000"},
              patients={"placebo": 101, "2,000 IU": 102, "4,000 IU": 102}, note="people per arm: a third each, assumed",
              results=[
                  TrialResult("placebo", "at(C25, 8760 hours)", 53.0),
                  TrialResult("2,000 IU", "at(C25, 8760 hours)", 102.0,
                              note="93 for the typical person, 8 % low; the spread of baselines lifts the mean"),
                  TrialResult("4,000 IU", "at(C25, 8760 hours)", 137.0,
                              note="125 for the typical person, 9 % low"),
              ]),
        Trial("VITAL", "from memory: 29.8 to 41.8 ng/mL in a year", variant="sufficiency",
              arms={"2,000 IU": "iu_2000"},
              results=[
                  TrialResult("2,000 IU", "at(C25, 8760 hours)", 104.3, seen="memory",
                              note="104 for the typical person; the assumed spread of baselines lifts the mean"),
              ]),
        Trial("Ekwaru 2014", "doi:10.1371/journal.pone.0111265", note="self-reported doses, 22,214 records",
              arms={"none": "", "1,000 IU": "iu_1000", "2,000 IU": "iu_2000", "4,000 IU": "iu_4000",
                    "10,000 IU": "iu_10000"},
              results=[
                  TrialResult("1,000 IU", "at(C25_rise, 8760 hours)", 12.0, versus="none", compared="difference"),
                  TrialResult("2,000 IU", "at(C25_rise, 8760 hours)", 22.0, versus="none", compared="difference"),
                  TrialResult("4,000 IU", "at(C25_rise, 8760 hours)", 39.0, versus="none", compared="difference"),
                  TrialResult("10,000 IU", "at(C25_rise, 8760 hours)", 69.0, versus="none", compared="difference",
                              note="the model is linear again above 120 nmol/L"),
              ]),
        Trial("Heaney 2003", "from memory: +159 nmol/L at 10,000 IU a day",
              arms={"none": "", "10,000 IU": "iu_10000"},
              results=[
                  TrialResult("10,000 IU", "at(C25_rise, 8760 hours)", 159.0, versus="none", compared="difference",
                              seen="memory", note="too high above 4,000 IU"),
              ]),
    ],
)
