"""Benralizumab in severe eosinophilic asthma: fewer exacerbations, better FEV1, and no more from a double dose.

Benralizumab depletes eosinophils. Its concentration lowers the expected rate of exacerbations by up to 40 %, with half
of the effect at 1.8 ng/mL, a hundredth of the concentrations reached: eight-weekly and four-weekly doses do the same.
FEV1 rises in everybody in the trials (the placebo gain, 172 mL), and by about 100 mL more under benralizumab.

Values of Jin et al. 2025 (supplement, Resources 4, 10 and 17) as quoted by nlmixr2lib; the article was not read. An
empirical model: there is no eosinophil in it, and the blood count `EOS` acts on FEV1 only, not on the rate.

The gain of FEV1 is driven by time since the first dose, not by concentration: it does not fade after the last dose, so
don't run the model past the treatment. Stated by the authors: 30 mg, average above 500 and trough above 50 ng/mL; not
for finding doses, since EC50 has a standard error of 180 %. The drug's gain of FEV1 is spread so widely (SD of the
logarithm 1.16) that its mean is twice the typical one: look at medians.

Assumed here, since not published for this analysis: the distributions of weight (moments of pooled adults), past
exacerbations, steroid users, Eastern European sites and eosinophils. Terms of age and height on FEV1 are left out (not
recovered). Expected and observed differ: `exac` is the expected number, and counts are Poisson around it.
"""

from immunode.intervention import Intervention, at_times, pulses, transfer
from immunode.model import (
    Derived, Model, Observed, Parameter, PatientCovariate, Process, State, Story, Trial, TrialResult, Unit, Variability,
    Variant,
)

MODEL = Model(
    name="jin2025",
    title="Benralizumab in severe eosinophilic asthma: exacerbations and FEV1",
    system="asthma",
    status="published",
    species="human",
    reference="doi:10.1007/s40262-025-01538-9",
    time_unit="day",
    horizon=364.0,
    aliases={"asthma": ""},
    readouts=["exac", "FEV1"],
    units=[Unit("event", "an exacerbation"), Unit("patient_year", "a year of one patient, 365 days")],
    states=[
        State("depot", 0.0, "mg", "benralizumab under the skin", kind="drug", typical=30.0,
              source="no drug before the first dose"),
        State("central", 0.0, "mg", "benralizumab in serum", kind="drug", typical=10.0,
              source="no drug before the first dose"),
        State("peripheral", 0.0, "mg", "benralizumab in tissue", kind="drug", typical=10.0,
              source="no drug before the first dose"),
        State("given", 0.0, "mg", "benralizumab injected so far", kind="drug", typical=30.0,
              source="no drug before the first dose"),
        State("exac", 0.0, "event", "expected exacerbations since day 0", typical=1.0, source="counted from day 0",
              label="exacerbations"),
    ],
    parameters=[
        # pharmacokinetics (Resource 10)
        Parameter("CL", 0.269, "L/day", "clearance", "Resource 10, via nlmixr2lib", "fitted"),
        Parameter("V", 3.02, "L", "volume of serum", "Resource 10, via nlmixr2lib", "fitted"),
        Parameter("Q", 1.05, "L/day", "exchange with tissue", "Resource 10, via nlmixr2lib", "fitted"),
        Parameter("V3", 2.67, "L", "volume of tissue", "Resource 10, via nlmixr2lib", "fitted"),
        Parameter("ka", 0.22951893396, "1/day", "absorption", "Resource 10: half-life 3.02 days", "fitted"),
        Parameter("F", 0.539, "", "bioavailability", "Resource 10, via nlmixr2lib", "fitted"),
        # exacerbations (Resource 17)
        Parameter("log_rate", -6.64, "", "logarithm of the rate without past exacerbations, per day",
                  "Resource 17, via nlmixr2lib", "fitted"),
        Parameter("b_past", 0.17, "", "added to it per exacerbation in the past year", "Resource 17", "fitted"),
        Parameter("b_OCS", 0.345, "", "added to it under oral steroids", "Resource 17", "fitted"),
        Parameter("b_EE", -0.329, "", "added to it at Eastern European sites", "Resource 17", "fitted"),
        Parameter("Emax", -0.51, "", "largest effect of the drug on it", "Resource 17", "fitted"),
        Parameter("EC50", 0.00176, "mg/L", "concentration of half of that", "Resource 17: RSE 180 %", "fitted"),
        Parameter("b_Chinese", 1.27, "", "part by which it is larger in Chinese patients", "Resource 17", "fitted"),
        # FEV1 (Resource 4)
        Parameter("FEVB", 1710.0, "mL", "FEV1 of a man before treatment", "Resource 4, via nlmixr2lib", "fitted"),
        Parameter("Pmax", 172.0, "mL", "gain under placebo", "Resource 4, via nlmixr2lib", "fitted"),
        Parameter("kpl", 0.0356, "1/day", "speed of that gain", "Resource 4, via nlmixr2lib", "fitted"),
        Parameter("EmaxF", 104.0, "mL", "largest further gain under the drug", "Resource 4, via nlmixr2lib", "fitted"),
        Parameter("T50", 9.21, "day", "time to half of it", "Resource 4, via nlmixr2lib", "fitted"),
        # the patient
        Parameter("weight", 70.0, "kg", "body weight", "reference patient", "published", (40.0, 204.0)),
        Parameter("past", 3.0, "", "exacerbations in the past year", "reference patient", "published", (2.0, 8.0)),
        Parameter("EOS", 380.0, "1/uL", "eosinophils in blood", "reference patient", "published", (20.0, 5000.0)),
        Parameter("female", 0.0, "", "woman: 1, man: 0", "reference patient", "published", (0.0, 1.0)),
        Parameter("OCS", 0.0, "", "maintenance oral steroid: 1, none: 0", "reference patient", "published", (0.0, 1.0)),
        Parameter("EE", 0.0, "", "Eastern European site: 1, other: 0", "reference patient", "published", (0.0, 1.0)),
        Parameter("theophylline", 0.0, "", "theophylline: 1, none: 0", "reference patient", "published", (0.0, 1.0)),
        Parameter("Asian", 0.0, "", "Asian: 1, other: 0", "reference patient", "published", (0.0, 1.0)),
        Parameter("Chinese", 0.0, "", "Chinese: 1 (then Asian too), other: 0", "reference patient", "published",
                  (0.0, 1.0)),
        Parameter("ADA", 0.0, "", "antibodies against the drug: 1, none: 0", "reference patient", "published",
                  (0.0, 1.0)),
        Parameter("weight_ref", 70.0, "kg", "reference weight", "Resource 10", "published", (70.0, 70.0)),
        Parameter("EOS_ref", 380.0, "1/uL", "reference eosinophils", "Resource 4", "published", (380.0, 380.0)),
        Parameter("once_daily", 1.0, "event/day", "unit of the rate", "conversion of units", "derived", (1.0, 1.0)),
        Parameter("year", 365.0, "day/patient_year", "days of a year", "conversion of units", "derived",
                  (365.0, 365.0)),
        Parameter("ng", 1000.0, "ng*L/(mL*mg)", "ng/mL in one mg/L", "conversion of units", "derived",
                  (1000.0, 1000.0)),
    ],
    derived=[
        Derived("size", "weight/weight_ref", "", "weight over the reference weight"),
        Derived("clearance", "CL*size**0.849*exp(0.0952*Asian + 0.762*ADA)", "L/day", "clearance of the patient"),
        Derived("V_serum", "V*size**0.799", "L", "volume of serum of the patient"),
        Derived("V_tissue", "V3*size**0.639", "L", "volume of tissue of the patient"),
        Derived("C", "central/V_serum", "mg/L", "benralizumab in serum"),
        Derived("C_ng", "ng*C", "ng/mL", "benralizumab in serum", label="benralizumab in serum"),
        Derived("drug_effect", "Emax*(1 + b_Chinese*Chinese)*michaelis(C, EC50)", "",
                "change of the logarithm of the rate"),
        Derived("rate", "once_daily*exp(log_rate + b_past*past + b_OCS*OCS + b_EE*EE + drug_effect)", "event/day",
                "expected exacerbations per day"),
        Derived("rate_year", "year*rate", "event/patient_year", "expected exacerbations per year",
                label="exacerbations per year"),
        Derived("treated", "piecewise(1, given > 0, 0)", "", "1 once benralizumab was given, else 0"),
        Derived("FEV1_start", "FEVB*exp(-0.09*female - 0.089*theophylline)", "mL", "FEV1 before treatment"),
        Derived("FEV1_placebo", "Pmax*(1 - exp(-kpl*t))", "mL", "gain of FEV1 under placebo"),
        Derived("FEV1_drug", "EmaxF*(EOS/EOS_ref)**0.699*t/(T50 + t)", "mL", "further gain of FEV1 under the drug"),
        Derived("FEV1", "FEV1_start + FEV1_placebo + treated*FEV1_drug", "mL", "FEV1 before bronchodilator",
                label="FEV1", limits=(0.0, 7000.0)),
        Derived("FEV1_change", "FEV1_placebo + treated*FEV1_drug", "mL", "change of FEV1 from baseline",
                label="change of FEV1"),
    ],
    processes=[
        Process("absorption", "depot ->", "ka*depot", "leaves the skin"),
        Process("uptake", "-> central", "F*ka*depot", "what reaches serum of it"),
        Process("elimination", "central ->", "clearance*C", "elimination"),
        Process("distribution", "central -> peripheral", "Q*(C - peripheral/V_tissue)", "net exchange with tissue"),
        Process("exacerbation", "-> exac", "rate", "expected exacerbations"),
    ],
    variants=[
        Variant("chinese", values={"Chinese": 1.0, "Asian": 1.0}, note="Chinese patient", source="Resource 17"),
    ],
    interventions=[
        Intervention("benralizumab_q8w", [transfer("depot", 30.0), transfer("given", 30.0)],
                     at_times(0, 28, 56, 112, 168, 224, 280, 336), kind="drug", direction="suppress",
                     acts_on="lifespan",
                     expects={"exac": "down at 48 weeks", "FEV1": "up at 48 weeks"}, evidence="published",
                     source="label: 30 mg at weeks 0, 4 and 8, then every 8 weeks", label="benralizumab every 8 weeks"),
        Intervention("benralizumab_q4w", [transfer("depot", 30.0), transfer("given", 30.0)],
                     pulses(every=28, width=0, n=13), kind="drug", direction="suppress", acts_on="lifespan",
                     expects={"exac": "down at 48 weeks", "FEV1": "up at 48 weeks"}, evidence="published",
                     source="studied regimen: 30 mg every 4 weeks", label="benralizumab every 4 weeks"),
    ],
    variability=[
        Variability("CL", 0.232, source="Resource 10, via nlmixr2lib"),
        Variability("V", 0.278, source="Resource 10, via nlmixr2lib"),
        Variability("Q", 0.089, source="Resource 10, via nlmixr2lib"),
        Variability("V3", 0.429, source="Resource 10, via nlmixr2lib"),
        Variability("ka", 0.707, source="Resource 10, via nlmixr2lib"),
        Variability("F", 0.274, source="Resource 10, via nlmixr2lib"),
        Variability("log_rate", 1.04, "linear", source="Resource 17, via nlmixr2lib: read as a standard deviation"),
        Variability("FEVB", 0.267, source="Resource 4, via nlmixr2lib"),
        Variability("Pmax", 292.0, "linear", source="Resource 4, via nlmixr2lib"),
        Variability("kpl", 1.32, source="Resource 4, via nlmixr2lib"),
        Variability("EmaxF", 1.16, source="Resource 4, via nlmixr2lib"),
    ],
    covariates=[
        PatientCovariate("weight", "lognormal", median=75.29, sd=0.2403, low=40, high=204,
                         source="assumed: shape; mean 77.5 and SD 18.9 kg of the pooled adults are published"),
        PatientCovariate("female", "share", share=0.605, source="pooled adults"),
        PatientCovariate("past", "poisson", mean=0.8, shift=2, source="assumed: trials required two or more"),
        PatientCovariate("OCS", "share", share=0.18, source="assumed"),
        PatientCovariate("EE", "share", share=0.25, source="assumed"),
        PatientCovariate("EOS", "lognormal", median=380, sd=0.75, low=20, high=5000, source="assumed"),
    ],
    observed=[
        Observed("C", lognormal=0.367, source="Resource 10: phase 3, via nlmixr2lib"),
        Observed("FEV1", additive=137.0, proportional=0.0883, source="Resource 4, via nlmixr2lib"),
        Observed("exac", counts="poisson", source="Resource 17: counts of events"),
    ],
    story=Story(
        "40 % fewer exacerbations, and 100 mL of FEV1 beyond the placebo gain; twice the doses bring nothing more.",
        arms={"placebo": "", "every 8 weeks": "benralizumab_q8w", "every 4 weeks": "benralizumab_q4w"},
        panels=["exac", "FEV1"],
    ),
    trials=[
        Trial("Jin 2025, Figure 6", "doi:10.1007/s40262-025-01538-9",
              arms={"placebo": "", "every 8 weeks": "benralizumab_q8w"},
              patients={"placebo": 1068, "every 8 weeks": 1068}, note="patients outside China; about a third an arm",
              results=[
                  TrialResult("every 8 weeks", "final(exac)", 0.64, versus="placebo", compared="ratio", low=0.60,
                              high=0.71, used=True),
              ]),
        Trial("Jin 2025, Figure 6, China", "doi:10.1007/s40262-025-01538-9", variant="chinese",
              arms={"placebo": "", "every 8 weeks": "benralizumab_q8w"},
              patients={"placebo": 237, "every 8 weeks": 236}, note="at steady state; numbers of patients: MIRACLE",
              results=[
                  TrialResult("every 8 weeks", "final(exac)", 0.38, versus="placebo", compared="ratio", low=0.32,
                              high=0.45, used=True,
                              note="too strong, just outside what was published"),
              ]),
        Trial("SIROCCO and CALIMA, high-dose inhaled steroid", "European Respiratory Journal, indirect comparison",
              arms={"placebo": "", "every 8 weeks": "benralizumab_q8w"},
              patients={"placebo": 515, "every 8 weeks": 506}, note="numbers of patients: memory",
              results=[
                  TrialResult("every 8 weeks", "final(exac)", 0.54, versus="placebo", compared="ratio", low=0.47,
                              high=0.61,
                              note="eosinophils are no covariate of the rate, which misses such subgroups"),
                  TrialResult("every 8 weeks", "change(FEV1, 48 weeks)", 110.0, versus="placebo",
                              compared="difference", low=50.0, high=180.0,
                              note="the typical gain, 101 mL, fits; the mean is led by few patients"),
              ]),
        Trial("SIROCCO", "doi:10.1016/S0140-6736(16)31324-1",
              arms={"placebo": "", "every 8 weeks": "benralizumab_q8w"},
              patients={"placebo": 267, "every 8 weeks": 267}, only="EOS >= 300",
              results=[
                  TrialResult("placebo", "at(rate_year, 24 weeks)", 1.33, seen="memory", measured=False),
                  TrialResult("every 8 weeks", "final(exac)", 0.49, versus="placebo", compared="ratio", seen="memory",
                              note="too weak on the rate"),
                  TrialResult("every 8 weeks", "change(FEV1, 48 weeks)", 159.0, versus="placebo",
                              compared="difference", seen="memory"),
              ]),
        Trial("CALIMA", "doi:10.1016/S0140-6736(16)31322-8",
              arms={"placebo": "", "every 8 weeks": "benralizumab_q8w"},
              patients={"placebo": 248, "every 8 weeks": 239}, only="EOS >= 300",
              results=[
                  TrialResult("placebo", "at(rate_year, 24 weeks)", 0.93, seen="memory", measured=False),
                  TrialResult("every 8 weeks", "final(exac)", 0.72, versus="placebo", compared="ratio", seen="memory",
                              note="between the two trials"),
                  TrialResult("every 8 weeks", "change(FEV1, 52 weeks)", 116.0, versus="placebo",
                              compared="difference", seen="memory"),
              ]),
        Trial("MIRACLE", "MIRACLE, EOS of 300 and more, week 48", variant="chinese",
              arms={"placebo": "", "every 8 weeks": "benralizumab_q8w"},
              patients={"placebo": 237, "every 8 weeks": 236}, only="EOS >= 300",
              results=[
                  TrialResult("every 8 weeks", "at(exac, 48 weeks)", 0.26, versus="placebo", compared="ratio", low=0.19,
                              high=0.36),
                  TrialResult("every 8 weeks", "change(FEV1, 48 weeks)", 250.0, versus="placebo",
                              compared="difference", low=170.0, high=340.0,
                              note="only as a mean: the typical gain is 139 mL"),
              ]),
    ],
)
