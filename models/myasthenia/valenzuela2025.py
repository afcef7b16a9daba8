"""Nipocalimab in generalized myasthenia: block the receptor that recycles IgG, and the antibodies go.

The neonatal Fc receptor (FcRn) saves IgG from breakdown. Nipocalimab occupies it within an hour. The drug removes no
antibody: it stops the recycling, so IgG falls with its unprotected half-life of 3.2 days to a floor of 16 %; no dose
goes lower. The symptom score MG-ADL follows a day or two later, and half of its change is placebo.

    nipocalimab + FcRn -> complex -> removed       IgG: made -> lost (kdeg), saved by free FcRn (krec)
    fall of IgG --(a day or two)--> MG-ADL

Values of Valenzuela et al. 2025, Table 3, as quoted by nlmixr2lib; the paper itself was not open. Doses go into the
blood at once (the paper infuses for half an hour to two hours: the same after the first hours). Drug is counted per
body weight, as doses are. Assumed: shapes of the distributions of weight and MG-ADL (their means are published).

Ambiguous: the random effects of the score are printed under "CV %". Read as standard deviations, with the one of the
slope on the effect of removing all IgG, patients stay on the scale; read as variances, 29 % or more of them leave it.
That reading is our choice. The score has no floor in the equations: a change may pass the score at the start.

Finding: beside placebo MG-ADL falls in 70 % of the declared patients and rises in 29 %, while IgG falls in all: the
random effect on the slope of the score is larger than the slope, and turns its sign in some.

Finding: the phase 3 trial (Vivacity-MG3) found a difference from placebo of 1.45 points, the model gives 2.11.
Left out: plasma exchange, immunoglobulin, antibodies against the acetylcholine receptor (which fall as IgG does).
"""

from immunode.intervention import Intervention, at_times, pulses, transfer
from immunode.model import (
    Correlation, Derived, Model, Observed, Parameter, PatientCovariate, Process, State, Story, Threshold, Trial,
    TrialResult, Unit, Variability, Variant,
)

MODEL = Model(
    name="valenzuela2025",
    title="Nipocalimab in generalized myasthenia: FcRn, IgG and MG-ADL",
    system="myasthenia",
    status="published",
    species="human",
    reference="doi:10.1002/psp4.70109",
    time_unit="day",
    horizon=168.0,
    aliases={"myasthenia": ""},
    readouts=["C", "FcRn_free", "IgG_change", "MG_ADL_change"],
    units=[Unit("point", "one point of MG-ADL")],
    states=[
        State("central", 0.0, "mg/kg", "nipocalimab in serum, free and bound", kind="drug", typical=30.0,
              source="no drug before the first dose"),
        State("periph", 0.0, "mg/kg", "nipocalimab in tissue", kind="drug", typical=1.0,
              source="no drug before the first dose"),
        State("fcrn", "F0*FRmax", "nmol/L", "accessible FcRn, free and bound", kind="signal", source="no drug before"),
        State("igg", "IgG0*0.777**gMG", "g/L", "IgG in serum", kind="signal", source="made and lost in balance",
              label="IgG"),
        State("igg_felt", "IgG0*0.777**gMG", "g/L", "IgG that the score follows, a day or two behind", kind="signal",
              source="made and lost in balance"),
    ],
    parameters=[
        Parameter("CL", 0.655, "L/day", "clearance of free drug", "Table 3, via nlmixr2lib", "fitted"),
        Parameter("Vc", 3.23, "L", "volume of serum", "Table 3, via nlmixr2lib", "fitted"),
        Parameter("Q", 0.250, "L/day", "exchange with tissue", "Table 3, via nlmixr2lib", "fitted"),
        Parameter("Vp", 0.622, "L", "volume of tissue", "Table 3, via nlmixr2lib", "fitted"),
        Parameter("F0", 143.0, "nmol/L", "FcRn in all", "Table 3, via nlmixr2lib", "fitted"),
        Parameter("FRmax", 0.947, "", "part of it that the drug reaches", "Table 3, via nlmixr2lib", "fitted"),
        Parameter("Kss", 6.05, "mg/L", "quasi-steady-state constant of binding", "Table 3, via nlmixr2lib", "fitted"),
        Parameter("kint", 62.4, "1/day", "internalization of the complex", "Table 3, via nlmixr2lib", "fitted"),
        Parameter("kdeg", 1.3, "1/day", "turnover of FcRn", "Table 3, via nlmixr2lib: fixed", "published"),
        Parameter("IgG0", 11.4, "g/L", "IgG of the healthy", "Table 3, via nlmixr2lib", "fitted"),
        Parameter("kdeg_igg", 0.217, "1/day", "loss of IgG without FcRn", "Table 3, via nlmixr2lib", "fitted"),
        Parameter("IgK", 5.08, "", "saved over lost IgG", "Table 3, via nlmixr2lib", "fitted"),
        Parameter("ke0", 0.414, "1/day", "speed at which the score follows IgG", "Table 3, via nlmixr2lib", "fitted"),
        Parameter("S100", -2.16, "point", "change of the score without IgG, at MG-ADL 7",
                  "Table 3, via nlmixr2lib: -0.216 per 10 % of IgG", "fitted"),
        Parameter("IDec", -1.08, "point", "sudden placebo change, at MG-ADL 7", "Table 3, via nlmixr2lib", "fitted"),
        Parameter("Spl", -0.0594, "point", "placebo change per week", "Table 3, via nlmixr2lib", "fitted"),
        # the patient
        Parameter("weight", 75.0, "kg", "body weight", "typical patient", "published", (45.0, 188.0)),
        Parameter("MGADL", 9.8, "point", "MG-ADL before treatment", "mean of the trial", "published", (6.0, 24.0)),
        Parameter("gMG", 1.0, "", "generalized myasthenia: 1, healthy: 0", "patients of the trial", "published",
                  (1.0, 1.0)),
        Parameter("weight_ref", 75.0, "kg", "reference weight", "Table 3, via nlmixr2lib", "published", (75.0, 75.0)),
        Parameter("MGADL_ref", 7.0, "point", "reference score", "Table 3, via nlmixr2lib", "published", (7.0, 7.0)),
        Parameter("week", 7.0, "day", "a week", "conversion of units", "derived", (7.0, 7.0)),
        Parameter("nmol", 7.042253521126761, "nmol/mg", "nmol in one mg", "142 kDa: 1125 mg are 7.92 umol", "derived",
                  (7.042253521126761, 7.042253521126761)),
        Parameter("whole", 100.0, "percent", "all of it", "conversion of units", "derived", (100.0, 100.0)),
    ],
    derived=[
        Derived("size", "weight/weight_ref", "", "weight over the reference weight"),
        Derived("CL_w", "CL*size**0.75", "L/day", "clearance of the patient"),
        Derived("Q_w", "Q*size**0.75", "L/day", "exchange of the patient"),
        Derived("Vc_w", "Vc*size", "L", "serum of the patient"),
        Derived("Vp_w", "Vp*size", "L", "tissue of the patient"),
        Derived("kss", "Kss*nmol", "nmol/L", "constant of binding"),
        Derived("ctot", "central*weight*nmol/Vc_w", "nmol/L", "drug in serum, free and bound"),
        Derived("excess", "ctot - fcrn - kss", "nmol/L", "term of the binding equation"),
        Derived("cfree", "2*kss*ctot/(sqrt(excess**2 + 4*kss*ctot) - excess)", "nmol/L", "free drug in serum"),
        Derived("complex", "fcrn*cfree/(kss + cfree)", "nmol/L", "FcRn bound by drug"),
        Derived("free", "(fcrn - complex)/(F0*FRmax)", "", "free part of the accessible FcRn"),
        Derived("krec", "kdeg_igg*IgK/(1 + IgK)", "1/day", "IgG saved by FcRn"),
        Derived("IgG_start", "IgG0*0.777**gMG", "g/L", "IgG before treatment"),
        Derived("C", "ctot/nmol", "mg/L", "nipocalimab in serum", label="nipocalimab in serum"),
        Derived("FcRn_free", "whole*(fcrn - complex + F0*(1 - FRmax))/F0", "percent", "free FcRn", label="free FcRn"),
        Derived("IgG_change", "whole*(igg/IgG_start - 1)", "percent", "change of IgG from baseline",
                label="change of IgG"),
        Derived("effect", "1 - igg_felt/IgG_start", "", "delayed fall of IgG, 0 to 1"),
        Derived("mg_placebo", "piecewise(gMG*(IDec*(MGADL/MGADL_ref)**1.23 + Spl*t/week), t > 0, 0*Spl)", "point",
                "placebo change of MG-ADL"),
        Derived("mg_drug", "gMG*S100*effect*(MGADL/MGADL_ref)**0.871", "point", "change of MG-ADL by the drug"),
        Derived("MG_ADL_change", "mg_placebo + mg_drug", "point", "change of MG-ADL from baseline",
                label="change of MG-ADL"),
        Derived("MG_ADL", "MGADL + MG_ADL_change", "point", "MG-ADL", label="MG-ADL", limits=(0.0, 24.0)),
    ],
    processes=[
        Process("elimination", "central ->", "CL_w*cfree/(weight*nmol)", "elimination of free drug"),
        Process("internalization", "central ->", "kint*Vc_w*complex/(weight*nmol)", "drug lost with the receptor"),
        Process("to_tissue", "central -> periph", "Q_w*cfree/(weight*nmol)", "free drug into tissue"),
        Process("from_tissue", "periph -> central", "Q_w/Vp_w*periph", "back from tissue"),
        Process("fcrn_synthesis", "-> fcrn", "kdeg*F0*FRmax", "FcRn made"),
        Process("fcrn_loss", "fcrn ->", "kdeg*fcrn + (kint - kdeg)*complex", "FcRn lost, free and bound"),
        Process("igg_synthesis", "-> igg", "(kdeg_igg - krec)*IgG_start", "IgG made"),
        Process("igg_loss", "igg ->", "(kdeg_igg - krec*free)*igg", "IgG lost that no FcRn saves"),
        Process("felt_rise", "-> igg_felt", "ke0*igg", "the score follows IgG"),
        Process("felt_fall", "igg_felt ->", "ke0*igg_felt", "and forgets it"),
    ],
    variants=[
        Variant("healthy", values={"gMG": 0.0}, note="healthy adult: more IgG, and no score", source="Table 3"),
    ],
    interventions=[
        Intervention("loading_30", [transfer("central", 30.0)], kind="drug", direction="suppress", acts_on="lifespan",
                     expects={"igg": "down at 2 weeks", "MG_ADL": "down at 2 weeks"}, evidence="published",
                     source="label: first dose, 30 mg/kg", label="30 mg/kg once",
                     note="MG-ADL falls in 70 % of declared patients"),
        Intervention("maintenance_15", [transfer("central", 15.0)], pulses(every=14, width=0, n=12, start=14),
                     kind="drug", direction="suppress", acts_on="lifespan",
                     expects={"igg": "down at 24 weeks", "MG_ADL": "down at 24 weeks"},
                     evidence="published", source="label: 15 mg/kg every 2 weeks after the first dose",
                     label="15 mg/kg q2w from week 2", note="MG-ADL falls in 70 % of declared patients"),
        Intervention("q4w_5", [transfer("central", 5.0)], at_times(0, 28, 56), kind="drug", direction="suppress",
                     acts_on="lifespan",
                     expects={"igg": "down at 8 weeks", "MG_ADL": "down at 8 weeks"}, evidence="published",
                     source="Vivacity-MG: 5 mg/kg every 4 weeks", label="5 mg/kg q4w",
                     note="MG-ADL falls in 70 % of declared patients"),
        Intervention("q4w_30", [transfer("central", 30.0)], at_times(0, 28, 56), kind="drug", direction="suppress",
                     acts_on="lifespan",
                     expects={"igg": "down at 8 weeks", "MG_ADL": "down at 8 weeks"}, evidence="published",
                     source="Vivacity-MG: 30 mg/kg every 4 weeks", label="30 mg/kg q4w",
                     note="MG-ADL falls in 70 % of declared patients"),
        Intervention("single_60", [transfer("central", 60.0)], kind="drug", direction="suppress", acts_on="lifespan",
                     expects={"igg": "down at 8 weeks", "MG_ADL": "down at 8 weeks"}, evidence="published",
                     source="Vivacity-MG: 60 mg/kg once", label="60 mg/kg once",
                     note="MG-ADL falls in 70 % of declared patients"),
        Intervention("q2w_60", [transfer("central", 60.0)], pulses(every=14, width=0, n=5), kind="drug",
                     direction="suppress", acts_on="lifespan",
                     expects={"igg": "down at 8 weeks", "MG_ADL": "down at 8 weeks"},
                     evidence="published", source="Vivacity-MG: 60 mg/kg every 2 weeks, five doses",
                     label="60 mg/kg q2w", note="MG-ADL falls in 70 % of declared patients"),
        Intervention("q2w_15", [transfer("central", 15.0)], pulses(every=14, width=0, n=13), kind="drug",
                     direction="suppress", acts_on="lifespan",
                     expects={"igg": "down at 24 weeks", "MG_ADL": "down at 24 weeks"},
                     evidence="published", source="the paper's steady state: 15 mg/kg every 2 weeks",
                     label="15 mg/kg q2w", note="MG-ADL falls in 70 % of declared patients"),
    ],
    variability=[
        Variability("CL", cv=0.241, source="Table 3, via nlmixr2lib"),
        Variability("Vc", cv=0.150, source="Table 3, via nlmixr2lib"),
        Variability("F0", cv=0.250, source="Table 3, via nlmixr2lib"),
        Variability("IgG0", cv=0.219, source="Table 3, via nlmixr2lib"),
        Variability("kdeg_igg", cv=0.169, source="Table 3, via nlmixr2lib"),
        Variability("IgK", cv=0.263, source="Table 3, via nlmixr2lib"),
        Variability("IDec", 1.89, "linear", source="Table 3, via nlmixr2lib: read as a standard deviation"),
        Variability("S100", 3.76, "linear", source="Table 3, via nlmixr2lib: read as that of the effect of all IgG"),
        Variability("Spl", 0.125, "linear", source="Table 3, via nlmixr2lib: read as a standard deviation"),
    ],
    correlations=[Correlation("IDec", "S100", -0.733, "Table 3, via nlmixr2lib")],
    covariates=[
        PatientCovariate("weight", "lognormal", median=73.58, sd=0.2490, low=45, high=188,
                         source="assumed: shape; mean 75.9 and SD 19.2 kg are published"),
        PatientCovariate("MGADL", "normal", mean=9.8, sd=2.5, low=6, high=24, step=1,
                         source="assumed: SD; mean 9.8 and range are published"),
    ],
    observed=[
        Observed("C", additive=0.004828, proportional=0.367, source="Table 3: phase 2, ECLIA, via nlmixr2lib"),
        Observed("FcRn_free", additive=2.98, proportional=0.227, source="Table 3, via nlmixr2lib"),
        Observed("igg", proportional=0.0858, source="Table 3, via nlmixr2lib"),
        Observed("MG_ADL", additive=1.50, source="Table 3, via nlmixr2lib"),
    ],
    thresholds=[
        Threshold("responder", "MG_ADL_change <= -2", "MG-ADL better by two points", "usual rule"),
    ],
    story=Story(
        "The drug stops the recycling of IgG, which falls to a floor that no dose passes; symptoms follow.",
        arms={"placebo": "", "30, then 15 mg/kg q2w": "loading_30 + maintenance_15",
              "60 mg/kg q2w, five doses": "q2w_60"},
        panels=["FcRn_free", "IgG_change", "MG_ADL_change"],
    ),
    trials=[
        Trial("Vivacity-MG", "phase 2, NCT03772587 (neuro.wiki)",
              arms={"placebo": "", "5 mg/kg q4w": "q4w_5", "30 mg/kg q4w": "q4w_30", "60 mg/kg once": "single_60",
                    "60 mg/kg q2w": "q2w_60"},
              patients={"placebo": 14, "5 mg/kg q4w": 14, "30 mg/kg q4w": 13, "60 mg/kg once": 13, "60 mg/kg q2w": 14},
              note="the model was made with this trial; day 57 is 56 days after the first dose",
              results=[
                  TrialResult("placebo", "at(MG_ADL_change, 56)", -1.8, used=True),
                  TrialResult("5 mg/kg q4w", "at(MG_ADL_change, 56)", -2.5, used=True),
                  TrialResult("30 mg/kg q4w", "at(MG_ADL_change, 56)", -3.9, used=True),
                  TrialResult("60 mg/kg q2w", "at(MG_ADL_change, 56)", -3.9, used=True),
                  TrialResult("60 mg/kg once", "at(MG_ADL_change, 56)", -1.4, used=True,
                              note="least-squares mean; the model is 1.3 points too good"),
                  TrialResult("60 mg/kg q2w", "trough(IgG_change)", -83.0, used=True, note="up to"),
              ]),
        Trial("Vivacity-MG3", "phase 3, NCT04951622",
              arms={"placebo": "", "30, then 15 mg/kg q2w": "loading_30 + maintenance_15"},
              patients={"placebo": 76, "30, then 15 mg/kg q2w": 77}, note="weeks 22 to 24; day 161 stands for them",
              results=[
                  TrialResult("placebo", "at(MG_ADL_change, 23 weeks)", -3.25, seen="memory"),
                  TrialResult("30, then 15 mg/kg q2w", "at(MG_ADL_change, 23 weeks)", -4.70, seen="memory"),
                  TrialResult("30, then 15 mg/kg q2w", "at(MG_ADL_change, 23 weeks)", -1.45, versus="placebo",
                              compared="difference", seen="memory",
                              note="the model's difference is 45 % larger"),
                  TrialResult("30, then 15 mg/kg q2w", "trough(IgG_change)", -75.0, note="up to (press)"),
              ]),
    ],
)
