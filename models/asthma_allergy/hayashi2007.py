"""Omalizumab and IgE: why free IgE falls by 97 % while total IgE rises fivefold.

Omalizumab binds IgE in the blood (the binding is in balance at all times). The complex is lost more slowly than free
IgE, so that total IgE piles up while free IgE, the part that arms mast cells, falls. Free IgE stays low only as long as
the drug outnumbers IgE: patients with more IgE or more weight need larger doses, which is the published dosing table.
When production of IgE falls (less allergen, a block of IL-4), free IgE falls with it, without a drug.

Values are the typical ones of Hayashi et al. 2007, read in its abstract; powers of weight and IgE, `ka`, the binding
constant and its power were read in nlmixr2lib, which cites Table 3. The binding constant changes with the ratio of drug
to IgE: Kd = Kd0 (X/E)^alpha. Patients differ by (CV, log-normal): ka 39.9 %, CLX 20.3 %, dCLC 34.9 %, CLE 25.3 %, VX =
VE 13.0 %, VC 25.0 %, PE 23.1 %.

A patient starts with the IgE observed (482.4 ng/mL, reference) or, in the variant `model_steady`, at the model's own
balance of production and loss (426.8, 12 % lower: inherent in the paper). Below `X_least` the ratio X/E is held, where
so little drug binds nothing that counts. Left out: mast cells, basophils, symptoms, and IgE made anew under treatment.
"""

from immunode.intervention import Intervention, pulses, scale, set_to, transfer
from immunode.model import Derived, Model, Parameter, Process, State, Story, Variant

MODEL = Model(
    name="hayashi2007",
    title="Omalizumab and IgE: binding and turnover",
    system="allergy",
    status="published",
    species="human",
    reference="doi:10.1111/j.1365-2125.2006.02803.x",
    time_unit="day",
    horizon=336.0,
    aliases={"allergy": ""},
    readouts=["ige_free", "ige_total", "omalizumab"],
    states=[
        State("depot", 0.0, "mg", "omalizumab under the skin", kind="drug", typical=150.0,
              source="no drug before the first dose"),
        State("X", 0.0, "nmol", "omalizumab in the body, free and bound", kind="drug", typical=1000.0,
              source="no drug before the first dose", label="omalizumab (amount)"),
        State("E", "IGE0/mass_IgE*V_ref*(WT/WT_ref)**V_WT", "nmol", "IgE in the body, free and bound", kind="signal",
              source="the IgE observed before treatment", label="IgE (amount)"),
    ],
    parameters=[
        Parameter("WT", 61.1, "kg", "body weight", "Hayashi 2007: typical patient", "published"),
        Parameter("WT_ref", 61.1, "kg", "reference weight", "nlmixr2lib, Table 3", "published", (61.1, 61.1)),
        Parameter("IGE0", 482.4, "ng/mL", "IgE before treatment", "Hayashi 2007: typical patient", "published"),
        Parameter("IGE_ref", 482.4, "ng/mL", "reference IgE", "nlmixr2lib, Table 3", "published", (482.4, 482.4)),
        Parameter("ka", 0.48, "1/day", "absorption", "nlmixr2lib, Table 3: 0.0200 per hour", "fitted"),
        Parameter("CLX_ref", 0.17568, "L/day", "clearance of free omalizumab", "abstract: 7.32 mL/h", "fitted"),
        Parameter("CLX_WT", 0.911, "", "power of weight in it", "nlmixr2lib, Table 3", "fitted"),
        Parameter("dCLC", 0.14064, "L/day", "clearance of the complex above that of omalizumab",
                  "abstract: 5.86 mL/h", "fitted"),
        Parameter("CLE_ref", 1.704, "L/day", "clearance of free IgE", "abstract: 71.0 mL/h", "fitted"),
        Parameter("CLE_IGE", -0.281, "", "power of IgE in it", "nlmixr2lib, Table 3", "fitted"),
        Parameter("V_ref", 5.9, "L", "volume of free omalizumab and of free IgE", "abstract", "fitted"),
        Parameter("V_WT", 0.658, "", "power of weight in it", "nlmixr2lib, Table 3", "fitted"),
        Parameter("VC", 3.63, "L", "volume of the complex", "abstract", "fitted"),
        Parameter("PE_ref", 3.828, "nmol/day", "production of IgE", "abstract: 0.1595 nmol/h (30.3 ug/h)", "fitted"),
        Parameter("PE_IGE", 0.657, "", "power of IgE in it", "nlmixr2lib, Table 3", "fitted"),
        Parameter("PE_mult", 1.0, "", "factor on the production of IgE", "assumed: not in the paper", "assumed"),
        Parameter("Kd0", 1.07, "nmol/L", "binding constant at as much drug as IgE", "abstract", "fitted"),
        Parameter("alpha", 0.157, "", "power of X/E in the binding constant", "nlmixr2lib, Table 3", "fitted"),
        Parameter("X_least", 1e-6, "nmol", "drug below which X/E is held", "assumed: for X = 0", "assumed",
                  (1e-6, 1e-6)),
        Parameter("mass_drug", 0.15, "mg/nmol", "mass of omalizumab", "150 kDa", "published", (0.15, 0.15)),
        Parameter("mass_IgE", 190.0, "ng/mL/(nmol/L)", "mass of IgE", "190 kDa", "published", (190.0, 190.0)),
    ],
    derived=[
        Derived("V", "V_ref*(WT/WT_ref)**V_WT", "L", "volume of free omalizumab and of free IgE"),
        Derived("CLX", "CLX_ref*(WT/WT_ref)**CLX_WT", "L/day", "clearance of free omalizumab"),
        Derived("CLE", "CLE_ref*(IGE0/IGE_ref)**CLE_IGE", "L/day", "clearance of free IgE"),
        Derived("PE", "PE_ref*(IGE0/IGE_ref)**PE_IGE", "nmol/day", "production of IgE"),
        Derived("Kd", "Kd0*(max(X, X_least)/E)**alpha", "nmol/L", "binding constant"),
        Derived("S", "X + E + Kd*V*V/VC", "nmol", "term of the binding equation"),
        Derived("complex", "2*X*E/(S + sqrt(S**2 - 4*X*E))", "nmol", "omalizumab with IgE"),
        Derived("drug_free", "(X - complex)/V", "nmol/L", "free omalizumab"),
        Derived("ige", "(E - complex)/V", "nmol/L", "free IgE"),
        Derived("bound", "complex/VC", "nmol/L", "complex"),
        Derived("ige_free", "mass_IgE*ige", "ng/mL", "free IgE"),
        Derived("ige_total", "mass_IgE*(ige + bound)", "ng/mL", "free and bound IgE", label="total IgE"),
        Derived("omalizumab", "mass_drug*(drug_free + bound)", "mg/L", "free and bound omalizumab (mg/L = ug/mL)",
                label="total omalizumab"),
    ],
    processes=[
        Process("absorption", "depot ->", "ka*depot", "from the skin"),
        Process("uptake", "-> X", "ka*depot/mass_drug", "into the blood, in nmol"),
        Process("drug_clearance", "X ->", "CLX*drug_free", "loss of free omalizumab"),
        Process("complex_clearance", "X + E ->", "(CLX + dCLC)*bound", "loss of the complex"),
        Process("IgE_production", "-> E", "PE*PE_mult", "IgE made"),
        Process("IgE_clearance", "E ->", "CLE*ige", "loss of free IgE"),
    ],
    variants=[
        Variant("model_steady", note="IgE starts where its production and loss are in balance", source="Hayashi 2007",
                initial={"E": "PE_ref*(IGE0/IGE_ref)**(PE_IGE - CLE_IGE)/CLE_ref*V_ref*(WT/WT_ref)**V_WT"}),
    ],
    interventions=[
        Intervention("single_dose", [transfer("depot", 150.0)], kind="drug", direction="suppress", acts_on="signal",
                     expects={"ige_free": "down at its lowest", "ige_total": "up at its peak"}, evidence="published",
                     source="150 mg once (also 75, 300 and 375 mg in the paper)", label="150 mg once"),
        Intervention("q4w", [transfer("depot", 300.0)], pulses(every=28, width=0, n=12), kind="drug",
                     direction="suppress", acts_on="signal", expects={"ige_free": "down", "ige_total": "up"},
                     evidence="published", source="usual regimen: 300 mg every 4 weeks", label="300 mg every 4 weeks"),
        Intervention("q2w", [transfer("depot", 375.0)], pulses(every=14, width=0, n=24), kind="drug",
                     direction="suppress", acts_on="signal", expects={"ige_free": "down", "ige_total": "up"},
                     evidence="published", source="usual regimen for more IgE or weight: 375 mg every 2 weeks",
                     label="375 mg every 2 weeks"),
        Intervention("higher_affinity", [transfer("depot", 300.0), scale("Kd0", 0.2)],
                     pulses(every=28, width=28, n=12), kind="drug", direction="suppress", acts_on="signal",
                     expects={"ige_free": "down", "ige_total": "up"}, evidence="assumed",
                     source="assumed: binds five times as tightly, 300 mg every 4 weeks",
                     label="antibody binding 5 x tighter"),
        Intervention("production_block", [set_to("PE_mult", 0.5)], kind="drug", direction="suppress",
                     acts_on="production", expects={"ige_free": "down", "ige_total": "down"}, evidence="assumed",
                     source="assumed: half of the IgE is made (allergen avoidance, a block of IL-4)",
                     label="half of the IgE made"),
    ],
    story=Story(
        "Omalizumab every 4 weeks takes some 95 % of free IgE away; total IgE rises almost fivefold: complexes stay.",
        arms={"untreated": "", "150 mg once": "single_dose", "300 mg every 4 weeks": "q4w"},
        panels=["ige_free", "ige_total"], until=224.0,
    ),
)
