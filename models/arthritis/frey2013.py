"""Tocilizumab by vein in rheumatoid arthritis: dose, concentration and the disease score DAS28-ESR.

Tocilizumab blocks the receptor of IL-6. At low concentrations the receptor takes it away fast, so 4 mg/kg every four
weeks fall below the half-maximal concentration (EC50) before the next dose and 8 mg/kg do not. The effect lowers the
production of DAS28, whose half-life is 18 days. Patients with much IL-6 gain more from the drug and less from placebo.

Equations and values are published: Frey et al. 2010 (doi:10.1177/0091270009350623, Tables II and III) for the drug and
Levi, Grange and Frey 2013 (Tables 1 and 2) for the score, as quoted by nlmixr2lib; of the papers only the abstract of
2013 was read. An empirical model: no cell and no cytokine moves in it; IL-6 is what was measured before treatment.
Spreads of the covariates (IL-6, scores, weight) are assumed. Of the covariates of the drug only sex is kept.

Background drugs act as a constant concentration `DMARD` from day 0 on, in every arm; without them (`no_background`) an
untreated patient stays at baseline. DAS28-ESR is not DAS28-CRP, on which ma2020 and leil2021 stand: never on one axis.
The variant `reference` has every covariate factor at 1, as in the published tables; it is no person, since its score is
a woman's and its clearance a man's. The default is a woman of 70 kg.

Findings. The authors' simulation, 38 and 24 % in remission at 8 and 4 mg/kg, does not come out (30 and 11 % here, with
the error of measurement); what OPTION, TOWARD and RADIATE found under the drug does. The placebo arm falls less than
the trials', whose patients could leave for rescue, and TOWARD's 3 % in remission on placebo is 1 % here. A second
half-year adds nothing here, though LITHE found more in remission after a year. Not for injections under the skin, nor
for ACR20, 50 and 70: the paper's relations were not recovered.

Where a concentration would fall below 0 by rounding it counts as 0, since the Hill exponent is below 1.
"""

from immunode.intervention import Intervention, pulses, set_to
from immunode.model import (
    Correlation, Derived, Model, Observed, Parameter, PatientCovariate, Process, State, Story, Threshold, Trial,
    TrialResult, Unit, Variability, Variant,
)

MODEL = Model(
    name="frey2013",
    title="Tocilizumab in rheumatoid arthritis: concentration and DAS28-ESR",
    system="rheumatoid arthritis",
    status="published",
    species="human",
    reference="doi:10.1177/0091270012437585",
    time_unit="day",
    horizon=168.0,
    readouts=["das28", "C"],
    units=[Unit("point", "one point of DAS28-ESR")],
    states=[
        State("central", 0.0, "mg", "tocilizumab in the central volume", kind="drug", typical=300.0,
              source="no drug before the first dose", label="tocilizumab in serum"),
        State("periph", 0.0, "mg", "tocilizumab in the peripheral volume", kind="drug", typical=200.0,
              source="no drug before the first dose", label="tocilizumab in tissue"),
        State("das28", "BASE*(max(HAQ, 0.01)/1.6)**0.043*(log(IL6/IL6_unit)/9.9)**0.13*(max(PAIN, PAIN_low)"
              "/PAIN_ref)**0.062*(PHYVAS/PHYVAS_ref)**0.13", "point", "disease activity score DAS28-ESR",
              source="before treatment", label="DAS28-ESR", limits=(0.0, 9.4)),
    ],
    parameters=[
        # the drug
        Parameter("CL", 0.3, "L/day", "linear clearance of a man", "Frey 2010, Table II, via nlmixr2lib", "fitted"),
        Parameter("CL_female", 0.84, "", "factor on clearance in women", "Frey 2010, Table III, via nlmixr2lib",
                  "fitted"),
        Parameter("V1", 3.5, "L", "central volume", "Frey 2010, Table II, via nlmixr2lib", "fitted"),
        Parameter("Q", 0.2, "L/day", "exchange between the volumes", "Frey 2010, Table II, via nlmixr2lib", "fitted"),
        Parameter("V2", 2.9, "L", "peripheral volume", "Frey 2010, Table II, via nlmixr2lib", "fitted"),
        Parameter("Vmax", 7.5, "mg/day", "largest loss through the receptor", "Frey 2010, Table II, via nlmixr2lib",
                  "fitted"),
        Parameter("Km", 2.7, "mg/L", "concentration of half that loss", "Frey 2010, Table II, via nlmixr2lib",
                  "fitted"),
        Parameter("dose", 0.0, "mg/kg", "dose that is being infused", "no drug unless an intervention gives it",
                  "published", (0.0, 0.0)),
        Parameter("most", 800.0, "mg", "largest dose", "label of tocilizumab", "published", (800.0, 800.0)),
        Parameter("infusion_time", 0.041666666666666664, "day", "length of an infusion, one hour",
                  "label of tocilizumab", "published", (0.041666666666666664, 0.041666666666666664)),
        # disease activity
        Parameter("BASE", 6.8, "point", "DAS28-ESR of the reference patient", "Levi 2013, Table 1, via nlmixr2lib",
                  "fitted"),
        Parameter("Emax", 0.73, "", "largest inhibition, in women", "Levi 2013, Table 1, via nlmixr2lib", "fitted"),
        Parameter("EC50", 3.7, "mg/L", "concentration of half of it", "Levi 2013, Table 1, via nlmixr2lib", "fitted"),
        Parameter("g", 0.64, "", "Hill exponent of it", "Levi 2013, Table 1, via nlmixr2lib", "fitted"),
        Parameter("Kout", 0.038, "1/day", "turnover of DAS28-ESR", "Levi 2013, Table 1, via nlmixr2lib", "fitted"),
        Parameter("DMARD", 0.30, "mg/L", "background drugs and placebo, as tocilizumab",
                  "Levi 2013, Table 1, via nlmixr2lib", "fitted"),
        # the patient
        Parameter("weight", 70.0, "kg", "body weight", "reference patient", "published", (38.0, 150.0)),
        Parameter("female", 1.0, "", "woman: 1, man: 0", "reference patient", "published", (0.0, 1.0)),
        Parameter("other_race", 0.0, "", "Asian, American Indian or other: 1, else 0", "reference patient",
                  "published", (0.0, 1.0)),
        Parameter("IL6", 20.0, "pg/mL", "interleukin-6 in serum before treatment", "reference patient", "published",
                  (0.7, 1000.0)),
        Parameter("HAQ", 1.6, "", "disability index (HAQ) before treatment", "reference patient", "published",
                  (0.01, 3.0)),
        Parameter("PAIN", 60.0, "mm", "pain before treatment", "reference patient", "published", (1.0, 100.0)),
        Parameter("PHYVAS", 65.0, "mm", "physician's global assessment before treatment", "reference patient",
                  "published", (10.0, 100.0)),
        Parameter("IL6_unit", 0.001, "pg/mL", "unit inside the logarithm of IL-6", "Levi 2013, Table 2", "published",
                  (0.001, 0.001)),
        Parameter("PAIN_ref", 60.0, "mm", "reference pain", "Levi 2013, Table 2", "published", (60.0, 60.0)),
        Parameter("PAIN_low", 0.01, "mm", "least pain that counts", "Levi 2013, Table 2", "published", (0.01, 0.01)),
        Parameter("PHYVAS_ref", 65.0, "mm", "reference assessment", "Levi 2013, Table 2", "published", (65.0, 65.0)),
        Parameter("whole", 100.0, "percent", "all of it", "conversion of units", "derived", (100.0, 100.0)),
    ],
    derived=[
        Derived("il6_factor", "log(IL6/IL6_unit)/9.9", "", "logarithm of IL-6 over that of the reference patient"),
        Derived("clearance", "CL*CL_female**female", "L/day", "linear clearance of the patient"),
        Derived("EC50_patient", "EC50*il6_factor**(-4.4)", "mg/L", "half-maximal concentration of the patient"),
        Derived("DMARD_patient", "DMARD*il6_factor**(-6.4)", "mg/L", "background of the patient, as tocilizumab"),
        Derived("Emax_patient", "min(Emax*1.11**(1 - female), 1)", "", "largest inhibition in the patient"),
        Derived("turnover", "Kout*0.75**other_race", "1/day", "turnover of the score of the patient"),
        Derived("das28_start", "BASE*(max(HAQ, 0.01)/1.6)**0.043*il6_factor**0.13*(max(PAIN, PAIN_low)/PAIN_ref)**0.062"
                "*(PHYVAS/PHYVAS_ref)**0.13", "point", "DAS28-ESR before treatment"),
        Derived("C", "central/V1", "mg/L", "tocilizumab in serum", label="tocilizumab in serum"),
        Derived("inhibition", "Emax_patient*hill(max(C, 0*C) + DMARD_patient, EC50_patient, g)", "",
                "inhibited part of the score's production"),
        Derived("das28_change", "das28 - das28_start", "point", "change of DAS28-ESR from baseline",
                label="change of DAS28-ESR"),
        Derived("das28_fall", "whole*(1 - das28/das28_start)", "percent", "fall of DAS28-ESR from baseline",
                label="fall of DAS28-ESR"),
    ],
    processes=[
        Process("infusion", "-> central", "min(dose*weight, most)/infusion_time", "what is infused, 800 mg at most"),
        Process("linear_loss", "central ->", "clearance*C", "linear elimination"),
        Process("saturable_loss", "central ->", "Vmax*michaelis(C, Km)", "elimination through the receptor"),
        Process("distribution", "central -> periph", "Q*(C - periph/V2)", "net exchange with the periphery"),
        Process("das28_production", "-> das28", "turnover*das28_start*(1 - inhibition)", "disease activity arises"),
        Process("das28_loss", "das28 ->", "turnover*das28", "disease activity fades"),
    ],
    variants=[
        Variant("reference", values={"IL6": 19.930370438230298, "CL_female": 1.0},
                note="every covariate factor at 1, as in the published tables: no person", source="Levi 2013, Table 1"),
        Variant("low_il6", values={"IL6": 2.0}, note="little IL-6 before treatment", source="assumed: size"),
        Variant("high_il6", values={"IL6": 500.0}, note="much IL-6 before treatment", source="assumed: size"),
    ],
    interventions=[
        Intervention("tocilizumab_4", [set_to("dose", 4.0)], pulses(every=28, width="1 hour", n=6), kind="drug",
                     direction="suppress", acts_on="signal",
                     expects={"das28": "down at 24 weeks", "C": "up at its peak"},
                     evidence="published", source="label: 4 mg/kg every 4 weeks", label="4 mg/kg q4w"),
        Intervention("tocilizumab_8", [set_to("dose", 8.0)], pulses(every=28, width="1 hour", n=6), kind="drug",
                     direction="suppress", acts_on="signal",
                     expects={"das28": "down at 24 weeks", "C": "up at its peak"},
                     evidence="published", source="label: 8 mg/kg every 4 weeks, 800 mg at most", label="8 mg/kg q4w"),
        Intervention("stopped_after_3", [set_to("dose", 8.0)], pulses(every=28, width="1 hour", n=3), kind="drug",
                     direction="suppress", acts_on="signal",
                     expects={"das28": "down at 12 weeks", "C": "up at its peak"},
                     evidence="assumed", source="assumed: 8 mg/kg every 4 weeks, three infusions, then none",
                     label="8 mg/kg, three infusions"),
        Intervention("tocilizumab_4_year", [set_to("dose", 4.0)], pulses(every=28, width="1 hour", n=13), kind="drug",
                     direction="suppress", acts_on="signal",
                     expects={"das28": "down at 24 weeks", "C": "up at its peak"},
                     evidence="published", source="label: 4 mg/kg every 4 weeks", label="4 mg/kg q4w for a year"),
        Intervention("tocilizumab_8_year", [set_to("dose", 8.0)], pulses(every=28, width="1 hour", n=13), kind="drug",
                     direction="suppress", acts_on="signal",
                     expects={"das28": "down at 24 weeks", "C": "up at its peak"},
                     evidence="published", source="label: 8 mg/kg every 4 weeks, 800 mg at most",
                     label="8 mg/kg q4w for a year"),
        Intervention("rescue_week_16", [set_to("dose", 8.0)], pulses(every=28, width="1 hour", n=2, start=112),
                     kind="drug", direction="suppress", acts_on="signal",
                     expects={"das28": "down at 24 weeks", "C": "up at its peak"}, evidence="memory",
                     source="OPTION: 8 mg/kg from week 16 for those without 20 % improvement; here for all",
                     label="8 mg/kg from week 16"),
        Intervention("no_background", [set_to("DMARD", 0.0)], kind="drug", direction="enhance", acts_on="signal",
                     expects={"das28": "up at 24 weeks"}, evidence="assumed",
                     source="assumed: neither placebo effect nor background drug, as in monotherapy",
                     label="no background drug"),
    ],
    variability=[
        Variability("CL", cv=0.39, source="Frey 2010, Table II, via nlmixr2lib"),
        Variability("V1", cv=0.37, source="Frey 2010, Table II, via nlmixr2lib"),
        Variability("V2", cv=0.66, source="Frey 2010, Table II, via nlmixr2lib"),
        Variability("Vmax", cv=0.54, source="Frey 2010, Table II, via nlmixr2lib"),
        Variability("EC50", cv=1.70, source="Levi 2013, Table 1, via nlmixr2lib"),
        Variability("Emax", cv=0.11, source="Levi 2013, Table 1, via nlmixr2lib"),
        Variability("Kout", cv=0.60, source="Levi 2013, Table 1, via nlmixr2lib"),
        Variability("BASE", cv=0.094, source="Levi 2013, Table 1, via nlmixr2lib"),
        Variability("DMARD", cv=1.93, source="Levi 2013, Table 1, via nlmixr2lib"),
    ],
    correlations=[
        Correlation("EC50", "Emax", 0.44, "Levi 2013, Table 1, via nlmixr2lib"),
        Correlation("CL", "V1", 0.6, "Frey 2010, Table II, via nlmixr2lib"),
        Correlation("CL", "V2", -0.1, "Frey 2010, Table II, via nlmixr2lib"),
        Correlation("CL", "Vmax", -0.5, "Frey 2010, Table II, via nlmixr2lib"),
        Correlation("V1", "V2", 0.5, "Frey 2010, Table II, via nlmixr2lib"),
        Correlation("V1", "Vmax", 0.2, "Frey 2010, Table II, via nlmixr2lib"),
        Correlation("V2", "Vmax", 0.2, "Frey 2010, Table II, via nlmixr2lib"),
    ],
    covariates=[  # medians published, spreads ours, all independent
        PatientCovariate("IL6", "lognormal", median=20, sd=1.0, low=0.7, high=1000, source="assumed: spread"),
        PatientCovariate("female", "share", share=0.82, source="Levi 2013, via nlmixr2lib"),
        PatientCovariate("other_race", "share", share=0.24, source="Levi 2013, via nlmixr2lib"),
        PatientCovariate("HAQ", "normal", mean=1.55, sd=0.65, low=0, high=3, source="assumed: spread"),
        PatientCovariate("PAIN", "normal", mean=60, sd=20, low=0, high=100, source="assumed: spread"),
        PatientCovariate("PHYVAS", "normal", mean=65, sd=18, low=10, high=100, source="assumed: spread"),
        PatientCovariate("weight", "lognormal", median=70, sd=0.25, low=38, high=150, source="assumed: spread"),
    ],
    observed=[
        Observed("C", additive=2.4, proportional=0.22, source="Frey 2010, Table II, via nlmixr2lib"),
        Observed("das28", additive=0.68, source="Levi 2013, Table 1, via nlmixr2lib"),
    ],
    thresholds=[
        Threshold("remission", "das28 < 2.6", "remission", "American College of Rheumatology"),
        Threshold("low_activity", "das28 <= 3.2", "low disease activity", "American College of Rheumatology"),
        Threshold("half_effect", "C > 3.7", "half of the largest effect (EC50)", "Levi 2013, typical patient"),
    ],
    story=Story(
        "At 4 mg/kg the drug falls below its EC50 every month, at 8 mg/kg it does not: a point of DAS28 apart.",
        arms={"placebo": "", "4 mg/kg q4w": "tocilizumab_4", "8 mg/kg q4w": "tocilizumab_8"},
        panels=["das28", "C"],
        logarithmic=["C"],
    ),
    trials=[
        Trial("OPTION", "BioMed Res Int 2014:698313, Table 1",
              arms={"placebo": "", "4 mg/kg": "tocilizumab_4", "8 mg/kg": "tocilizumab_8"},
              patients={"placebo": 204, "4 mg/kg": 214, "8 mg/kg": 205}, note="on methotrexate",
              results=[
                  TrialResult("placebo", "remission at 24 weeks", 0.01, "share"),
                  TrialResult("4 mg/kg", "remission at 24 weeks", 0.13, "share"),
                  TrialResult("8 mg/kg", "remission at 24 weeks", 0.27, "share"),
                  TrialResult("placebo", "change(das28, 24 weeks)", -1.5, seen="memory",
                              note="the model falls less; in the trial those who did badly could leave for rescue"),
                  TrialResult("4 mg/kg", "change(das28, 24 weeks)", -2.7, seen="memory"),
                  TrialResult("8 mg/kg", "change(das28, 24 weeks)", -3.4, seen="memory"),
              ]),
        Trial("TOWARD", "BioMed Res Int 2014:698313, Table 1",
              arms={"placebo": "", "8 mg/kg": "tocilizumab_8"}, patients={"placebo": 413, "8 mg/kg": 803},
              note="on conventional drugs",
              results=[
                  TrialResult("placebo", "remission at 24 weeks", 0.03, "share"),
                  TrialResult("8 mg/kg", "remission at 24 weeks", 0.30, "share"),
              ]),
        Trial("RADIATE", "BioMed Res Int 2014:698313, Table 1",
              arms={"placebo": "", "4 mg/kg": "tocilizumab_4", "8 mg/kg": "tocilizumab_8"},
              patients={"placebo": 158, "4 mg/kg": 161, "8 mg/kg": 170},
              note="after failure of TNF blockers, which the model does not know; DAS28 6.8 before",
              results=[
                  TrialResult("placebo", "remission at 24 weeks", 0.02, "share", seen="memory"),
                  TrialResult("4 mg/kg", "remission at 24 weeks", 0.08, "share"),
                  TrialResult("8 mg/kg", "remission at 24 weeks", 0.30, "share"),
              ]),
        Trial("AMBITION", "BioMed Res Int 2014:698313, Table 1",
              arms={"8 mg/kg alone": "tocilizumab_8 + no_background"}, patients={"8 mg/kg alone": 286},
              note="without methotrexate: background and placebo effect off; methotrexate alone is not modeled",
              results=[TrialResult("8 mg/kg alone", "remission at 24 weeks", 0.34, "share")]),
        Trial("LITHE", "BioMed Res Int 2014:698313, Table 1",
              arms={"placebo": "", "4 mg/kg": "tocilizumab_4_year", "8 mg/kg": "tocilizumab_8_year"},
              patients={"placebo": 393, "4 mg/kg": 399, "8 mg/kg": 398}, note="on methotrexate, a year",
              results=[
                  TrialResult("placebo", "remission at 52 weeks", 0.08, "share"),
                  TrialResult("4 mg/kg", "remission at 52 weeks", 0.30, "share",
                              note="too few: in the model nothing is gained in the second half-year"),
                  TrialResult("8 mg/kg", "remission at 52 weeks", 0.47, "share", note="too few, as above"),
              ]),
        Trial("Levi 2013, abstract", "doi:10.1177/0091270012437585",
              arms={"4 mg/kg": "tocilizumab_4", "8 mg/kg": "tocilizumab_8"},
              note="the authors' simulation in a large population that is not described; it does not come out",
              results=[
                  TrialResult("4 mg/kg", "remission at 24 weeks", 0.24, "share", used=True),
                  TrialResult("8 mg/kg", "remission at 24 weeks", 0.38, "share", used=True),
              ]),
    ],
)
