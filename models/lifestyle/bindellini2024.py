"""ACTH and cortisol over the day, and hydrocortisone: why a tablet at breakfast comes too late for the morning surge.

    clock (surge at 6:20, a lesser one at 11:50) --> ACTH --> cortisol: free <--> bound to CBG
                                                       ^                  |
                                                       '----- free cortisol holds the surge back

In the healthy, ACTH surges before waking and cortisol follows within the half hour: 367 nmol/L at 6:50, 47 at midnight.
Only free cortisol (2 to 5 %) is cleared and feeds back. Without the adrenal enzyme (`act` 0.02, as in classic
congenital adrenal hyperplasia) ACTH surges to 1,000 pmol/L. Hydrocortisone 10, 5 and 5 mg at 7, 13 and 19 h finds that
surge at its top and leaves it as it is; the same 20 mg at 4, 12 and 20 h prevents it: the authors' own conclusion.

Equations, estimates and variances are those of the authors' final NONMEM file (30 healthy volunteers; Kloft-Lab on
GitHub); the abstract was read, not the article. Inferred by us: clock time is study time + 15 h, and `act`, the factor
on the largest secretion that stands for disease (a later paper of the group, PMC12625145, estimates such a factor). The
file writes ln N! by Stirling's formula, 4 % off at N = 2.12: here Gamma(N + 1) to 1e-11, so that the input adds up to F
times the dose. The rhythm holds from the second day on; the start is that of the file. Variation of the transit time
between occasions is used as variation between patients; ours spread a little wider than the samples of 60 and 100 of
the specification (most cortisol, 5 to 95 %: 267 to 514 nmol/L beside 278 to 473). Surges scale with weight to the power
6.53: keep 70 kg.

Cortisol made is 5.6 mg a day, where isotopes give 9.5 (memory). Left out: pulses within the hour, growth of the glands
(see karin2020: don't use this for weeks), 11-beta-HSD, androgens, intravenous doses; feedback spares the basal ACTH.
Numerics: steps of half an hour at most, since surges are 0.6 h wide; amounts below 0 count as 0 in the root and powers,
and so does the time before a tablet, whose power N may be below 1.
"""

from immunode.intervention import Intervention, set_to
from immunode.model import (
    Correlation, Derived, Event, Model, Observed, Parameter, Process, State, Story, Switch, Variability,
)

MODEL = Model(
    name="bindellini2024",
    title="ACTH, cortisol and hydrocortisone over the day",
    system="chronic stress",
    status="published",
    species="human",
    reference="doi:10.1007/s10928-024-09934-7",
    time_unit="hour",
    horizon=72.0,
    max_step=0.5,
    readouts=["ACTH", "total", "free", "made"],
    states=[
        State("depot", 0.0, "nmol", "hydrocortisone absorbed from transit", "drug", typical=1000.0, source="no tablet",
              label="hydrocortisone in the gut"),
        State("ACTH", "BASE", "pmol/L", "corticotropin", "signal", source="NONMEM file: BASE", label="ACTH"),
        State("A", "A0", "nmol", "cortisol in the central volume, bound and free", "signal", typical=100.0,
              source="NONMEM file: estimated"),
        State("Ap", 0.0, "nmol", "free cortisol in the periphery", "signal", typical=100.0, source="NONMEM file"),
    ],
    switches=[Switch("today", 0.0, "hour", "midnight of this day; the surges jump there a little")],
    events=[
        Event("midnight", {"today": "today + day"}, at="day", every="day", count=1000, meaning="a new day"),
    ],
    parameters=[
        Parameter("SA1", 1300.0, "pmol/(L*hour)", "height of the morning surge of ACTH made", "NONMEM file", "fitted"),
        Parameter("W1", 0.606, "hour", "half its width", "NONMEM file", "fitted"),
        Parameter("P1", 6.3, "hour", "clock time of its top",
                  "NONMEM file: 15.3 h of study time; clock inferred", "fitted"),
        Parameter("SA2", 50.0, "pmol/(L*hour)", "height of the second surge", "NONMEM file", "fitted"),
        Parameter("W2", 2.33, "hour", "half its width", "NONMEM file", "fitted"),
        Parameter("P2", 11.8, "hour", "clock time of its top",
                  "NONMEM file: 20.8 h of study time; clock inferred", "fitted"),
        Parameter("Kout", 0.613, "1/hour", "loss of ACTH", "NONMEM file", "fitted"),
        Parameter("BASE", 1.29, "pmol/L", "ACTH without surges", "NONMEM file", "fitted"),
        Parameter("Imax", 0.999, "", "largest inhibition of surges by free cortisol",
                  "NONMEM file", "fitted", (0.9, 1.0)),
        Parameter("IC50", 4.6, "nmol/L", "free cortisol of half of it", "NONMEM file", "fitted"),
        Parameter("gI", 5.33, "", "steepness of it", "NONMEM file", "fitted"),
        Parameter("Emax", 5400.0, "nmol/hour", "largest secretion of cortisol", "NONMEM file", "fitted"),
        Parameter("EC50", 6.63, "pmol/L", "ACTH of half of it", "NONMEM file", "fitted"),
        Parameter("gE", 2.94, "", "steepness of it", "NONMEM file", "fitted"),
        Parameter("CBG", 430.77, "nmol/L", "binding globulin (22.4 mg/L), one site", "NONMEM file", "fitted"),
        Parameter("KD", 9.71, "nmol/L", "its dissociation constant", "NONMEM file", "fitted"),
        Parameter("NS", 4.15, "", "cortisol bound without saturation, per free", "NONMEM file", "fitted"),
        Parameter("CL", 106.0, "L/hour", "clearance of free cortisol, 70 kg", "NONMEM file", "fitted"),
        Parameter("V2", 2.15, "L", "central volume, 70 kg", "NONMEM file", "fitted"),
        Parameter("Q", 89.9, "L/hour", "exchange of free cortisol, 70 kg", "NONMEM file", "fitted"),
        Parameter("V3", 61.7, "L", "peripheral volume, 70 kg", "NONMEM file", "fitted"),
        Parameter("A0", 15.7, "nmol", "cortisol at midnight of the first day", "NONMEM file", "fitted"),
        Parameter("ka", 24.0, "1/hour", "absorption from the depot", "NONMEM file", "fitted"),
        Parameter("N", 2.12, "", "transit steps", "NONMEM file", "fitted"),
        Parameter("MTT", 0.868, "hour", "mean transit of 5 mg", "NONMEM file", "fitted"),
        Parameter("F", 0.344, "", "bioavailability", "NONMEM file", "fitted"),
        Parameter("dex", 0.0, "", "surges suppressed by dexamethasone: 1", "input: none", "derived", (0.0, 1.0)),
        Parameter("act", 1.0, "", "activity of the adrenal enzyme",
                  "inferred: factor on Emax; healthy", "derived", (0.0, 1.0)),
        Parameter("BW", 70.0, "kg", "body weight", "reference", "published", (60.0, 80.0)),
        Parameter("BW_ref", 70.0, "kg", "reference weight", "NONMEM file", "published", (70.0, 70.0)),
        Parameter("mg1", 0.0, "mg", "hydrocortisone, tablet 1 of a day", "input: none", "derived", (0.0, 100.0)),
        Parameter("h1", 7.0, "hour", "time of tablet 1, first day", "input", "derived", (0.0, 72.0)),
        Parameter("mg2", 0.0, "mg", "hydrocortisone, tablet 2 of a day", "input: none", "derived", (0.0, 100.0)),
        Parameter("h2", 13.0, "hour", "time of tablet 2, first day", "input", "derived", (0.0, 72.0)),
        Parameter("mg3", 0.0, "mg", "hydrocortisone, tablet 3 of a day", "input: none", "derived", (0.0, 100.0)),
        Parameter("h3", 19.0, "hour", "time of tablet 3, first day", "input", "derived", (0.0, 72.0)),
        Parameter("mg4", 0.0, "mg", "hydrocortisone, tablet 4 of a day", "input: none", "derived", (0.0, 100.0)),
        Parameter("h4", 1.0, "hour", "time of tablet 4, first day", "input", "derived", (0.0, 72.0)),
        Parameter("days", 1000.0, "", "days on which they are taken", "input", "derived", (1.0, 1000.0)),
        Parameter("mg_ref", 5.0, "mg", "tablet of which MTT is told", "NONMEM file", "published", (5.0, 5.0)),
        Parameter("least", 0.001, "mg", "guard: transit of a tablet of nothing", "numerics", "derived", (0.001, 0.001)),
        Parameter("day", 24.0, "hour", "length of a day", "definition", "derived", (24.0, 24.0)),
        Parameter("MW", 0.00036246, "mg/nmol", "molar mass of cortisol",
                  "362.46 g/mol", "derived", (0.00036246, 0.00036246)),
        Parameter("day_length", 24.0, "hour/day", "hours of a day", "definition", "derived", (24.0, 24.0)),
    ],
    derived=[
        Derived("clock", "t - today", "hour", "time of day"),
        Derived("size", "BW/BW_ref", "", "weight over the reference"),
        Derived("V", "V2*size", "L", "central volume of the patient"),
        Derived("surge", "SA1*size**6.53/(1 + ((clock - P1)/W1)**4) + SA2/(1 + ((clock - P2)/W2)**4)", "pmol/(L*hour)",
                "surges of ACTH made without cortisol; not carried over midnight"),
        # binding: n Au^2 - q Au - K A = 0, by the root that does not cancel
        Derived("bound_K", "KD*V", "nmol", "dissociation constant as an amount"),
        Derived("q", "A - bound_K*(1 + NS) - CBG*V", "nmol", "help of the binding equation"),
        Derived("Au", "2*bound_K*max(A, 0)/(sqrt(q**2 + 4*bound_K*max(A, 0)*(1 + NS)) - q)", "nmol",
                "free cortisol in the central volume"),
        Derived("free", "Au/V", "nmol/L", "free cortisol", label="free cortisol"),
        Derived("total", "A/V", "nmol/L", "cortisol, bound and free", label="cortisol"),
        Derived("feedback", "1 - Imax*hill(free, IC50, gI)", "", "what free cortisol leaves of the surges"),
        Derived("secretion", "act*Emax*hill(max(ACTH, 0), EC50, gE)", "nmol/hour", "cortisol made"),
        Derived("made", "secretion*MW*day_length", "mg/day", "cortisol made", label="cortisol made"),
        # tablets: Gamma(N + 1) = Gamma(N + 6)/((N + 1)...(N + 5)), the former by Stirling's series
        Derived("z", "N + 6", "", "help of the Gamma function"),
        Derived("gamma_N", "exp((z - 0.5)*log(z) - z + 0.9189385332046727 + 1/(12*z) - 1/(360*z**3) + 1/(1260*z**5)"
                " - 1/(1680*z**7) + 1/(1188*z**9))/((N + 1)*(N + 2)*(N + 3)*(N + 4)*(N + 5))", "", "Gamma(N + 1)"),
        Derived("x1", "max(t - h1, 0) - day*min(floor(max(t - h1, 0)/day), days - 1)", "hour",
                "time since tablet 1 was last taken (0 before the first)"),
        Derived("k1", "(N + 1)/(MTT*(max(mg1, least)/mg_ref)**0.179)", "1/hour", "transit of tablet 1"),
        Derived("x2", "max(t - h2, 0) - day*min(floor(max(t - h2, 0)/day), days - 1)", "hour",
                "time since tablet 2 was last taken (0 before the first)"),
        Derived("k2", "(N + 1)/(MTT*(max(mg2, least)/mg_ref)**0.179)", "1/hour", "transit of tablet 2"),
        Derived("x3", "max(t - h3, 0) - day*min(floor(max(t - h3, 0)/day), days - 1)", "hour",
                "time since tablet 3 was last taken (0 before the first)"),
        Derived("k3", "(N + 1)/(MTT*(max(mg3, least)/mg_ref)**0.179)", "1/hour", "transit of tablet 3"),
        Derived("x4", "max(t - h4, 0) - day*min(floor(max(t - h4, 0)/day), days - 1)", "hour",
                "time since tablet 4 was last taken (0 before the first)"),
        Derived("k4", "(N + 1)/(MTT*(max(mg4, least)/mg_ref)**0.179)", "1/hour", "transit of tablet 4"),
        Derived("transit", "F/(MW*gamma_N)*(mg1*k1*max(k1*x1, 1e-30)**N*exp(-k1*x1)"
                " + mg2*k2*max(k2*x2, 1e-30)**N*exp(-k2*x2) + mg3*k3*max(k3*x3, 1e-30)**N*exp(-k3*x3)"
                " + mg4*k4*max(k4*x4, 1e-30)**N*exp(-k4*x4))", "nmol/hour",
                "hydrocortisone that leaves the transit steps (guarded: patients with N < 1)"),
    ],
    processes=[
        Process("ACTH_basal", "-> ACTH", "BASE*Kout", "ACTH made without surges"),
        Process("ACTH_surge", "-> ACTH", "surge*(1 - dex)*feedback", "surges, held back by free cortisol"),
        Process("ACTH_loss", "ACTH ->", "Kout*ACTH", "loss of ACTH"),
        Process("cortisol_made", "-> A", "secretion", "secretion by the adrenal"),
        Process("cortisol_cleared", "A ->", "CL*size**0.75*free", "clearance of free cortisol"),
        Process("exchange", "A -> Ap", "Q*size**0.75*(free - Ap/(V3*size))", "net exchange of free cortisol"),
        Process("transit_input", "-> depot", "transit", "hydrocortisone from the transit steps"),
        Process("absorption", "depot -> A", "ka*depot", "hydrocortisone absorbed"),
    ],
    interventions=[
        Intervention("enzyme_deficiency", [set_to("act", 0.02)], direction="suppress", acts_on="production",
                     expects={"total": "down on average", "ACTH": "up on average"}, evidence="published",
                     source="activity 1 to 2 % in classic disease: the paper's introduction", label="enzyme 2 %"),
        Intervention("mild_deficiency", [set_to("act", 0.35)], direction="suppress", acts_on="production",
                     expects={"total": "down on average", "ACTH": "up on average"}, evidence="published",
                     source="activity 20 to 50 % in mild disease: the paper's introduction", label="enzyme 35 %"),
        Intervention("adrenal_insufficiency", [set_to("act", 0)], direction="suppress", acts_on="production",
                     expects={"total": "down on average", "ACTH": "up on average"}, evidence="assumed",
                     source="assumed: none made", label="no cortisol made"),
        Intervention("metyrapone", [set_to("act", 0.3)], kind="drug", direction="suppress", acts_on="production",
                     expects={"total": "down on average", "ACTH": "up on average"}, evidence="assumed",
                     source="assumed: 70 % of the enzyme blocked", label="metyrapone"),
        Intervention("dexamethasone", [set_to("dex", 1)], kind="drug", direction="suppress", acts_on="signal",
                     expects={"total": "down on average", "ACTH": "down on average"}, evidence="published",
                     source="NONMEM file: all surges gone", label="dexamethasone"),
        Intervention("hydrocortisone_7_13_19", [set_to("mg1", 10), set_to("mg2", 5), set_to("mg3", 5)], kind="drug",
                     direction="enhance", acts_on="production", beside="enzyme_deficiency",
                     expects={"total": "up on average"}, evidence="published",
                     source="usual replacement: 10, 5, 5 mg", label="hydrocortisone at 7, 13, 19 h"),
        Intervention("hydrocortisone_4_12_20", [set_to("mg1", 10), set_to("mg2", 5), set_to("mg3", 5), set_to("h1", 4),
                     set_to("h2", 12), set_to("h3", 20)], kind="drug", direction="enhance", acts_on="production",
                     beside="enzyme_deficiency", expects={"total": "up on average", "ACTH": "down on average"},
                     evidence="published", source="the paper's conclusion: before the surge",
                     label="hydrocortisone at 4, 12, 20 h"),
        Intervention("hydrocortisone_20_at_7", [set_to("mg1", 20), set_to("h1", 55), set_to("days", 1)], kind="drug",
                     direction="enhance", acts_on="production", expects={"total": "up on average"}, evidence="assumed",
                     source="assumed: 20 mg at 7 h of the third day", label="20 mg at 7 h, third day"),
        Intervention("hydrocortisone_20_at_8", [set_to("mg1", 20), set_to("h1", 56), set_to("days", 1)], kind="drug",
                     direction="enhance", acts_on="production", expects={"total": "up on average"}, evidence="assumed",
                     source="assumed: 20 mg at 8 h of the third day", label="20 mg at 8 h, third day"),
        Intervention("hydrocortisone_20_at_22", [set_to("mg1", 20), set_to("h1", 46), set_to("days", 1)], kind="drug",
                     direction="enhance", acts_on="production",
                     expects={"total": "up on average", "ACTH": "down on average"}, evidence="assumed",
                     source="assumed: 20 mg at 22 h of the second day", label="20 mg at 22 h, second day"),
    ],
    variability=[
        Variability("SA1", 0.4290, source="NONMEM file: variance 0.184"),
        Variability("Kout", 0.5030, source="NONMEM file: variance 0.253"),
        Variability("BASE", 0.2427, source="NONMEM file: variance 0.0589"),
        Variability("EC50", 0.2713, source="NONMEM file: variance 0.0736"),
        Variability("CBG", 0.2214, source="NONMEM file: variance 0.049"),
        Variability("CL", 0.1140, source="NONMEM file: variance 0.013"),
        Variability("V3", 0.1217, source="NONMEM file: variance 0.0148"),
        Variability("N", 0.4123, source="NONMEM file: variance 0.17"),
        Variability("F", 0.4550, "logit", source="NONMEM file: variance 0.207"),
        Variability("MTT", 0.2805, source="NONMEM file: variance 0.0787, of an occasion"),
        Variability("A0", 0.3017, source="NONMEM file: variance 0.091"),
    ],
    correlations=[Correlation("BASE", "EC50", 0.9508, source="NONMEM file: covariance 0.0626")],
    observed=[
        Observed("ACTH", proportional=0.252, source="NONMEM file"),
        Observed("total", proportional=0.146, source="NONMEM file"),
        Observed("free", additive=1.38, proportional=0.267, source="NONMEM file"),
    ],
    story=Story(
        "Hydrocortisone at 7 h comes after the surge of ACTH and leaves it; the same dose from 4 h on prevents it.",
        arms={"healthy": "", "no enzyme": "enzyme_deficiency",
              "tablets at 7, 13, 19 h": "enzyme_deficiency + hydrocortisone_7_13_19",
              "tablets at 4, 12, 20 h": "enzyme_deficiency + hydrocortisone_4_12_20"},
        panels=["ACTH", "total"], logarithmic=["ACTH"],
    ),
)
