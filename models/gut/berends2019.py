"""Infliximab and TNF: why total TNF rises under a drug that removes TNF.

Infliximab binds TNF (the binding is taken to be in balance at all times); the complex is lost more slowly than free
TNF, so bound TNF piles up while free TNF falls by 98 %. Antibodies against the drug and low albumin speed up its
loss; free TNF then comes back before the next dose.

The patients had ulcerative colitis (n = 20). Values come from nlmixr2lib, a third-party encoding that cites Table 2 of
Berends et al. 2019; the paper itself was not read. kdeg was fixed in the paper by a sensitivity analysis and is
uncertain. Do not ask it about other diseases, nor about symptoms: it ends at free TNF. Differences between patients in
the paper (CV, log-normal): CL 29.2 %, Vc 22.7 %, Vp 74.2 %, B0 39.2 %. The paper prints a baseline of 19.8 pg/mL; 0.380
pM gives 19.76.

Doses are given at once into the blood (the paper infuses). Day 0, 14, 42, 98 and then every 8 weeks are events of the
model; they do nothing until an intervention sets `dose`. That of day 98 comes 0.1 s late, so that a run of 98 days ends
with the trough before it. `burden`, a factor on the baseline of TNF, is ours. Left out: effects of TNF, antibodies that
come and go.
"""

from immunode.intervention import Intervention, pulses, scale, set_to, transfer
from immunode.model import Derived, Event, Model, Parameter, Process, State, Story, Variant

MODEL = Model(
    name="berends2019",
    title="Infliximab and TNF in ulcerative colitis: binding and turnover",
    system="gut",
    status="published",
    species="human",
    reference="doi:10.1007/s10928-019-09652-5",
    time_unit="day",
    horizon=98.0,
    readouts=["infliximab", "tnf_free", "tnf_total"],
    states=[
        State("A", 0.0, "mg", "infliximab in the central volume (free + bound)", kind="drug", typical=350.0,
              source="no drug before the first dose", label="infliximab, central"),
        State("X", 0.0, "mg", "infliximab in the peripheral volume", kind="drug", typical=100.0,
              source="no drug before the first dose", label="infliximab, peripheral"),
        State("R", "B0", "mg/L", "total TNF (free + bound), as the mass of infliximab that binds it", kind="signal",
              source="baseline", label="total TNF"),
    ],
    parameters=[
        Parameter("CL_ref", 0.404, "L/day", "clearance of free drug at reference albumin, without antibodies",
                  "nlmixr2lib, Table 2", "fitted"),
        Parameter("ADA", 0.0, "", "anti-drug antibodies present (1) or not (0)", "nlmixr2lib: covariate", "published"),
        Parameter("CL_ADA", 2.15, "", "factor on clearance with antibodies", "nlmixr2lib, Table 2", "fitted"),
        Parameter("ALB", 38.0, "g/L", "serum albumin", "nlmixr2lib: reference patient", "published"),
        Parameter("ALB_ref", 38.0, "g/L", "reference albumin", "nlmixr2lib, Table 2", "published", (38.0, 38.0)),
        Parameter("CL_ALB", -1.13, "", "power of albumin in clearance", "nlmixr2lib, Table 2", "fitted"),
        Parameter("Vc", 3.18, "L", "central volume", "nlmixr2lib, Table 2", "fitted"),
        Parameter("Vp", 1.64, "L", "peripheral volume", "nlmixr2lib, Table 2", "fitted"),
        Parameter("Q", 0.344, "L/day", "exchange between the volumes", "nlmixr2lib, Table 2", "fitted"),
        Parameter("Kss", 2.0264, "mg/L", "quasi-steady-state constant of binding",
                  "nlmixr2lib, Table 2: 13.6 nM at 149 kDa", "fitted"),
        Parameter("B0", 5.662e-5, "mg/L", "baseline TNF, as the mass of infliximab that binds it",
                  "nlmixr2lib, Table 2: 0.380 pM at 149 kDa", "fitted"),
        Parameter("burden", 1.0, "", "factor on baseline TNF, from day 0 on", "assumed: not in the paper", "assumed"),
        Parameter("kint", 0.984, "1/day", "loss of the complex", "nlmixr2lib, Table 2", "fitted"),
        Parameter("kdeg", 5.12, "1/day", "loss of free TNF",
                  "nlmixr2lib, Table 2: fixed by sensitivity analysis, uncertain", "published"),
        Parameter("mass_TNF", 52.0, "kDa", "mass of the TNF trimer", "nlmixr2lib", "published", (52.0, 52.0)),
        Parameter("mass_drug", 149.0, "kDa", "mass of infliximab", "nlmixr2lib", "published", (149.0, 149.0)),
        Parameter("per_pg", 1e6, "pg*L/(mL*mg)", "pg/mL in one mg/L", "conversion of units", "derived", (1e6, 1e6)),
        Parameter("weight", 70.0, "kg", "body weight, for the dose only", "assumed: reference patient", "assumed"),
        Parameter("dose", 0.0, "mg/kg", "dose at week 0, 2, 6, 14 and every 8 weeks", "assumed: none", "assumed"),
    ],
    derived=[
        Derived("CL", "CL_ref*CL_ADA**ADA*(ALB/ALB_ref)**CL_ALB", "L/day", "clearance of free drug"),
        Derived("infliximab", "A/Vc", "mg/L", "total infliximab in blood", label="infliximab in blood"),
        Derived("excess", "infliximab - R - Kss", "mg/L", "term of the binding equation"),
        Derived("drug_free", "(excess + sqrt(excess**2 + 4*Kss*infliximab))/2", "mg/L", "free infliximab"),
        Derived("complex", "R*drug_free/(Kss + drug_free)", "mg/L", "TNF bound by infliximab"),
        Derived("tnf_free", "(R - complex)*mass_TNF/mass_drug*per_pg", "pg/mL", "free TNF"),
        Derived("tnf_total", "R*mass_TNF/mass_drug*per_pg", "pg/mL", "total TNF (free + bound)"),
    ],
    processes=[
        Process("elimination", "A ->", "CL*drug_free", "loss of free drug"),
        Process("distribution", "A -> X", "Q*drug_free - Q/Vp*X", "net exchange of drug with the periphery"),
        Process("drug_internalization", "A ->", "kint*Vc*complex", "drug lost with the complex"),
        Process("tnf_synthesis", "-> R", "kdeg*B0*burden", "TNF made"),
        Process("tnf_degradation", "R ->", "kdeg*(R - complex)", "loss of free TNF"),
        Process("complex_loss", "R ->", "kint*complex", "TNF lost with the complex"),
    ],
    events=[
        Event("more_tnf", {"R": "R*burden"}, at=0, meaning="TNF stands at its raised baseline"),
        Event("dose_week_0", {"A": "A + dose*weight"}, at=0, meaning="first dose"),
        Event("dose_week_2", {"A": "A + dose*weight"}, at=14, meaning="second dose"),
        Event("dose_week_6", {"A": "A + dose*weight"}, at=42, meaning="third dose"),
        Event("maintenance", {"A": "A + dose*weight"}, at=98.000001, every=56, count=50, meaning="every 8 weeks"),
    ],
    variants=[
        Variant("ada_positive", values={"ADA": 1.0}, note="patient with antibodies against infliximab"),
        Variant("low_albumin", values={"ALB": 25.0}, note="patient with low albumin"),
        Variant("high_tnf_burden", values={"burden": 5.0}, note="five times the TNF", source="assumed: size"),
    ],
    interventions=[
        Intervention("standard", [set_to("dose", 5.0)], kind="drug", direction="suppress", acts_on="clearance",
                     expects={"tnf_free": "down", "tnf_total": "up", "infliximab": "up"}, evidence="published",
                     source="usual regimen: 5 mg/kg at week 0, 2, 6 and every 8 weeks", label="5 mg/kg every 8 weeks"),
        Intervention("high_dose", [set_to("dose", 10.0)], kind="drug", direction="suppress", acts_on="clearance",
                     expects={"tnf_free": "down", "tnf_total": "up", "infliximab": "up"}, evidence="assumed",
                     source="assumed: twice the standard dose", label="10 mg/kg every 8 weeks"),
        Intervention("ada_positive", [set_to("dose", 5.0), set_to("ADA", 1.0)], kind="drug", direction="suppress",
                     acts_on="clearance",
                     expects={"tnf_free": "down on average", "tnf_total": "up on average", "infliximab": "up"},
                     evidence="published", source="usual regimen; factor of antibodies on clearance: Berends 2019",
                     label="with anti-drug antibodies"),
        Intervention("low_albumin", [set_to("dose", 5.0), set_to("ALB", 25.0)], kind="drug", direction="suppress",
                     acts_on="clearance", expects={"tnf_free": "down", "tnf_total": "up", "infliximab": "up"},
                     evidence="published", source="usual regimen; power of albumin: Berends 2019; 25 g/L is assumed",
                     label="with low albumin"),
        Intervention("high_tnf_burden", [set_to("dose", 5.0), scale("burden", 5.0)], kind="drug",
                     direction="suppress", acts_on="clearance", expects={"tnf_total": "up", "infliximab": "up"},
                     evidence="assumed", source="assumed: five times the TNF (at day 0 too), standard doses",
                     label="with five times the TNF"),
        Intervention("short_interval", [transfer("A", 350.0)], pulses(every=28, width=0, n=26), kind="drug",
                     direction="suppress", acts_on="clearance", evidence="assumed",
                     expects={"tnf_free": "down", "tnf_total": "up", "infliximab": "up"},
                     source="assumed: 350 mg every 4 weeks", label="350 mg every 4 weeks"),
    ],
    story=Story(
        "Infliximab binds nearly all TNF at first; antibodies to it bring free TNF back two weeks earlier.",
        arms={"untreated": "", "5 mg/kg": "standard", "5 mg/kg, antibodies": "ada_positive"},
        panels=["infliximab", "tnf_free"],
    ),
)
