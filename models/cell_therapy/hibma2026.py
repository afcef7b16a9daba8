"""Elranatamab, a bispecific antibody against myeloma: why it is started low, and what soluble target does to it.

Elranatamab ties T cells (CD3) to myeloma cells (BCMA). Its target also swims in blood, where it binds the drug. The
risk of cytokine release syndrome (CRS) after the first dose rises with the free drug on day 3, and with the burden of
disease: about 50 % after 12 mg, 95 % if the full dose of 76 mg were given at once.

    depot --> A1 (central, free and bound) <--> A2          A1 + A4 (soluble BCMA) = complex, at once in balance
    free drug on day 3 --> probability of CRS after the first dose

Values of Hibma et al. 2026 (Table 2, section 2.4, ESM Table S2) as quoted by nlmixr2lib; the printed CV % are read as
100 sqrt(omega**2), as the printed intervals ask for. The regression is a landmark: it says nothing of later doses (19 %
after the second, 7 % after the first full dose in the trial, without a relation to exposure) and nothing of severity.
95 % at 76 mg, and all but 12 mg, is an extrapolation: the trial gave 12 mg. There is no IL-6, no tocilizumab and no
premedication in it, and no T cell or myeloma cell: for cytokines see hardiansyah2019.

Random effects are wide (omega**2 of the clearance of BCMA is 20), and tails of soluble BCMA absurd: look at medians.
The bioavailability of a patient is cut at 1. Doses are counted in mg under the skin, amounts inside in nmol. The square
root of binding is written as a sum of squares, so that nothing cancels and no rounding makes it negative.

Findings: CRS after the first dose 47 % (trial: 43 %). Free drug on day 3 differs more between patients (CV 152 %) than
published (90 %). At week 24 the paper has a mean of 32,025 ng/mL; here the mean is 23,000 and a typical man has 16,600:
those who clear the drug fast left the trial. The median takes 143 days after the last dose to fall below 212 ng/mL in
the paper; a typical man takes 115 here, women, with half the clearance, longer.
"""

from immunode.intervention import Intervention, set_to
from immunode.model import (
    Derived, Event, Model, Observed, Parameter, PatientCovariate, Process, State, Story, Switch, Trial, TrialResult,
    Variability, Variant,
)

MODEL = Model(
    name="hibma2026",
    title="Elranatamab in myeloma: free drug, soluble BCMA and cytokine release",
    system="cancer",
    status="published",
    species="human",
    reference="doi:10.1007/s40262-026-01663-z",
    time_unit="day",
    horizon=168.0,
    aliases={"bispecific": ""},
    readouts=["free", "sbcma_free", "p_crs"],
    states=[
        State("depot", 0.0, "mg", "elranatamab under the skin", kind="drug", typical=10.0,
              source="no drug before the first dose"),
        State("A1", 0.0, "nmol", "elranatamab in blood, free and bound", kind="drug", typical=100.0,
              source="no drug before the first dose"),
        State("A2", 0.0, "nmol", "free elranatamab in tissue", kind="drug", typical=100.0,
              source="no drug before the first dose"),
        State("A4", "B0*Vt", "nmol", "soluble BCMA, free and bound", kind="signal", typical=10.0,
              source="made and lost in balance"),
    ],
    parameters=[
        Parameter("CL", 0.324, "L/day", "clearance of free drug in a man", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("CL_female", -0.492, "", "change of it in a woman, as a part", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("Vc", 4.777, "L", "volume of drug in blood", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("Vc_weight", 1.017, "", "power of weight on it", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("Vp", 2.83, "L", "volume of tissue", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("Q", 0.225, "L/day", "exchange with tissue", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("ka", 0.287, "1/day", "absorption", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("ka_age", -1.459, "", "power of age on it", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("F", 0.562, "", "bioavailability", "Table 2, via nlmixr2lib", "fitted", (0.4, 0.7)),
        Parameter("CLt", 0.273, "L/day", "clearance of free soluble BCMA", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("Vt", 15.418, "L", "volume of soluble BCMA", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("B0", 6.914, "nmol/L", "soluble BCMA before", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("CLx", 0.164, "L/day", "clearance of the complex", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("Vx", 3.802, "L", "volume of the complex", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("Kd", 3.138, "nmol/L", "constant of binding", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("b_0", -7.65, "", "log odds of CRS at 1 ng/mL", "ESM Table S2, via nlmixr2lib", "fitted"),
        Parameter("b_high", 1.14, "", "added to it at a high burden", "ESM Table S2, via nlmixr2lib", "fitted"),
        Parameter("b_free", 1.35, "", "added to it per logarithm of free drug", "ESM Table S2, via nlmixr2lib",
                  "fitted"),
        # doses
        Parameter("dose_0", 0.0, "mg", "dose on day 0", "none at first", "published", (0.0, 76.0)),
        Parameter("dose_3", 0.0, "mg", "dose on day 3", "none at first", "published", (0.0, 76.0)),
        Parameter("weekly", 0.0, "mg", "doses from day 7 to 161, every week", "none at first", "published",
                  (0.0, 76.0)),
        Parameter("later", 0.0, "mg", "doses from day 168 on, every 2, from day 336 every 4 weeks", "none at first",
                  "published", (0.0, 76.0)),
        # the patient
        Parameter("weight", 71.45, "kg", "body weight", "reference patient", "published", (36.5, 159.6)),
        Parameter("age", 66.0, "year", "age", "reference patient", "published", (36.0, 89.0)),
        Parameter("female", 0.0, "", "woman: 1, man: 0", "reference patient", "published", (0.0, 1.0)),
        Parameter("high", 0.0, "", "high burden of myeloma: 1, low: 0", "reference patient", "published", (0.0, 1.0)),
        Parameter("weight_ref", 71.45, "kg", "reference weight", "Table 2", "published", (71.45, 71.45)),
        Parameter("age_ref", 66.0, "year", "reference age", "Table 2", "published", (66.0, 66.0)),
        Parameter("nmol", 6.756756756756757, "nmol/mg", "nmol in one mg", "148 kDa", "derived",
                  (6.756756756756757, 6.756756756756757)),
        Parameter("ng", 148.0, "ng*L/(mL*nmol)", "ng/mL in one nmol/L", "148 kDa", "derived", (148.0, 148.0)),
        Parameter("one_ng", 1.0, "ng/mL", "unit of the logarithm", "conversion of units", "derived", (1.0, 1.0)),
        Parameter("whole", 100.0, "percent", "all of it", "conversion of units", "derived", (100.0, 100.0)),
    ],
    switches=[Switch("landmark", 0.0, "ng/mL", "free drug on day 3, just before the second dose; 0 before")],
    events=[
        Event("day_0", {"depot": "depot + dose_0"}, at=0, meaning="first dose"),
        Event("day_3", {"depot": "depot + dose_3", "landmark": "free"}, at=3, meaning="second dose; the landmark"),
        Event("weeks", {"depot": "depot + weekly"}, at=7, every=7, count=23, meaning="weekly to day 161"),
        Event("two_weeks", {"depot": "depot + later"}, at=168, every=14, count=12, meaning="to day 322"),
        Event("four_weeks", {"depot": "depot + later"}, at=336, every=28, count=13, meaning="to day 672"),
    ],
    derived=[
        Derived("CL_i", "CL*(1 + CL_female*female)", "L/day", "clearance of the patient"),
        Derived("Vc_i", "Vc*(weight/weight_ref)**Vc_weight", "L", "volume of drug in the patient's blood"),
        Derived("ka_i", "ka*(age/age_ref)**ka_age", "1/day", "absorption of the patient"),
        Derived("K", "Kd*Vc_i*Vt/Vx", "nmol", "constant of binding, as an amount"),
        Derived("X", "2*A1*A4/(K + A1 + A4 + sqrt((A1 - A4)**2 + K*(2*(A1 + A4) + K)))", "nmol", "complex"),
        Derived("Cf", "(A1 - X)/Vc_i", "nmol/L", "free drug"),
        Derived("Sf", "(A4 - X)/Vt", "nmol/L", "free soluble BCMA"),
        Derived("Cx", "X/Vx", "nmol/L", "complex"),
        Derived("free", "ng*Cf", "ng/mL", "free elranatamab in serum", label="free elranatamab"),
        Derived("total", "ng*(Cf + Cx)", "ng/mL", "elranatamab in serum, free and bound", label="total elranatamab"),
        Derived("sbcma_free", "Sf", "nmol/L", "free soluble BCMA in serum", label="free soluble BCMA"),
        Derived("sbcma_total", "Sf + Cx", "nmol/L", "soluble BCMA, free and bound", label="total soluble BCMA"),
        Derived("odds", "exp(b_0 + b_high*high)*(max(landmark, 0*one_ng)/one_ng)**b_free", "",
                "odds of CRS after the first dose"),
        Derived("p_crs", "whole*odds/(1 + odds)", "percent", "probability of CRS after the first dose, from day 3 on",
                label="risk of CRS after dose 1"),
        Derived("log_landmark", "log(max(landmark, 1e-6*one_ng)/one_ng)", "", "logarithm of free drug on day 3",
                label="ln free drug on day 3"),
    ],
    processes=[
        Process("absorption", "depot ->", "ka_i*depot", "leaves the skin"),
        Process("uptake", "-> A1", "nmol*F*ka_i*depot", "what reaches blood of it"),
        Process("to_tissue", "A1 -> A2", "Q*Cf", "free drug into tissue"),
        Process("from_tissue", "A2 -> A1", "Q/Vp*A2", "back from tissue"),
        Process("drug_loss", "A1 ->", "CL_i*Cf", "elimination of free drug"),
        Process("complex_loss", "A1 + A4 ->", "CLx*Cx", "elimination of the complex"),
        Process("bcma_made", "-> A4", "CLt*B0", "soluble BCMA shed"),
        Process("bcma_lost", "A4 ->", "CLt*Sf", "elimination of free soluble BCMA"),
    ],
    variants=[
        Variant("woman", values={"female": 1.0}, note="half the clearance", source="Table 2, via nlmixr2lib"),
    ],
    interventions=[
        Intervention("step_up", [set_to("dose_0", 12), set_to("dose_3", 32), set_to("weekly", 76)], kind="drug",
                     direction="redirect", acts_on="signal",
                     expects={"free": "up at 24 weeks", "sbcma_free": "down at 24 weeks", "p_crs": "up at 1 week"},
                     evidence="published", source="label: 12 mg, on day 3 32 mg, from day 7 76 mg every week",
                     label="step-up 12, 32, 76 mg"),
        Intervention("step_up_4_20", [set_to("dose_0", 4), set_to("dose_3", 20), set_to("weekly", 76)], kind="drug",
                     direction="redirect", acts_on="signal",
                     expects={"free": "up at 24 weeks", "sbcma_free": "down at 24 weeks", "p_crs": "up at 1 week"},
                     evidence="published", source="MagnetisMM-9: 4 mg, on day 3 20 mg, from day 7 76 mg every week",
                     label="step-up 4, 20, 76 mg"),
        Intervention("single_priming", [set_to("dose_0", 44), set_to("weekly", 76)], kind="drug",
                     direction="redirect", acts_on="signal",
                     expects={"free": "up at 24 weeks", "sbcma_free": "down at 24 weeks", "p_crs": "up at 1 week"},
                     evidence="published", source="studied: 44 mg, from day 7 76 mg every week",
                     label="44 mg, then 76 mg"),
        Intervention("no_step_up", [set_to("dose_0", 76), set_to("weekly", 76)], kind="drug",
                     direction="redirect", acts_on="signal",
                     expects={"free": "up at 24 weeks", "sbcma_free": "down at 24 weeks", "p_crs": "up at 1 week"},
                     source="assumed: 76 mg every week from day 0; never given so", label="76 mg at once"),
        Intervention("q2w_after_24w", [set_to("dose_0", 12), set_to("dose_3", 32), set_to("weekly", 76),
                                       set_to("later", 76)],
                     kind="drug", direction="redirect", acts_on="signal",
                     expects={"free": "up at 24 weeks", "sbcma_free": "down at 24 weeks", "p_crs": "up at 1 week"},
                     evidence="published", source="label: responders every 2 weeks from week 24, every 4 from week 48",
                     label="less often after 24 weeks"),
    ],
    variability=[
        Variability("CL", 1.000999500499376, source="Table 2, via nlmixr2lib: omega**2 1.0020"),
        Variability("Vc", 0.6856019253181834, source="Table 2, via nlmixr2lib: omega**2 0.47005"),
        Variability("Vp", 0.14832396974191325, source="Table 2, via nlmixr2lib: omega**2 0.022, fixed"),
        Variability("Q", 0.14832396974191325, source="Table 2, via nlmixr2lib: omega**2 0.022, fixed"),
        Variability("ka", 0.684097946203612, source="Table 2, via nlmixr2lib: omega**2 0.46799"),
        Variability("F", 0.14832396974191325, high=1.0, source="Table 2, via nlmixr2lib: omega**2 0.022, fixed"),
        Variability("CLt", 4.480703069831787, source="Table 2, via nlmixr2lib: omega**2 20.0767"),
        Variability("Vt", 1.3598014560957052, source="Table 2, via nlmixr2lib: omega**2 1.84906"),
        Variability("B0", 1.3461017792128498, source="Table 2, via nlmixr2lib: omega**2 1.81199"),
        Variability("CLx", 0.7918017428624415, source="Table 2, via nlmixr2lib: omega**2 0.62695"),
        Variability("Vx", 0.7006996503495632, source="Table 2, via nlmixr2lib: omega**2 0.49098"),
        Variability("Kd", 0.14832396974191325, source="Table 2, via nlmixr2lib: omega**2 0.022, fixed"),
    ],
    covariates=[
        PatientCovariate("female", "share", share=0.48, source="the trials, via nlmixr2lib"),
        PatientCovariate("weight", "lognormal", median=71.5, sd=0.23659, low=36.5, high=159.6,
                         source="the trials, via nlmixr2lib: CV 24 %"),
        PatientCovariate("age", "normal", mean=65.3, sd=9.7, low=36, high=89, source="the trials, via nlmixr2lib"),
        PatientCovariate("high", "share", share=0.22485, source="38 of 169 patients with a known burden"),
    ],
    observed=[
        Observed("free", proportional=0.347, source="Table 2, via nlmixr2lib"),
        Observed("total", proportional=0.422, source="Table 2, via nlmixr2lib"),
        Observed("sbcma_free", proportional=0.518, source="Table 2, via nlmixr2lib"),
        Observed("sbcma_total", proportional=0.347, source="Table 2, via nlmixr2lib"),
    ],
    story=Story(
        "A low first dose cuts the risk of cytokine release from 95 to 50 %, and costs a fifth of free drug on day 14.",
        arms={"12, 32, then 76 mg": "step_up", "76 mg at once": "no_step_up"},
        panels=["free", "p_crs"], until=14.0, logarithmic=["free"],
    ),
    trials=[
        Trial("MagnetisMM-3", "doi:10.1007/s40262-026-01663-z", arms={"12, 32, then 76 mg": "step_up"},
              patients={"12, 32, then 76 mg": 183},
              results=[
                  TrialResult("12, 32, then 76 mg", "at(p_crs, 1 week)", 43.2, low=36.1, high=50.4, used=True,
                              note="79 of 183 patients; the interval is that of a share (Wilson)"),
                  TrialResult("12, 32, then 76 mg", "at(log_landmark, 1 week)", 5.3566, used=True,
                              note="212 ng/mL, geometric mean of the highest after dose 1; model on day 3: 8 % less"),
                  TrialResult("12, 32, then 76 mg", "at(log_landmark, 1 week)", 0.770, statistic="sd", used=True,
                              note="CV 90 %; too wide in the model"),
                  TrialResult("12, 32, then 76 mg", "at(free, 24 weeks)", 32025.0, used=True,
                              note="the paper's steady state; patients who clear the drug fast had left"),
              ]),
    ],
)
