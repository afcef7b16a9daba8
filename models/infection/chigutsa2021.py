"""SARS-CoV-2 in the nose of outpatients under two neutralizing antibodies: early treatment matters, late hardly.

Day 0 is the onset of symptoms, and the viral load only falls from there. Bamlanivimab and etesevimab add to the
clearance of virus, each up to 0.462 per day (untreated 1.42). Both act far above the concentration of half effect for
weeks, so 700 and 7000 mg do the same: what decides is how much virus is still there on the day of treatment. The two
antibodies together lower viral load by up to 1.8 log10 from day 1, 1.1 from day 4 (typical of the trials), 0.3 from
day 10.

Chigutsa et al. 2021 (Tables 1, 2 and S2) as quoted by nlmixr2lib; the article was not read. Fitted to 17,805 viral
loads of 2970 outpatients (BLAZE-1, BLAZE-4), so both trials below helped to make the model. Its printed Table 2 (nine
cells) is met within 0.017 log10. An empirical model of decline: R0 is 4e-5, target cells play no role (399.994 of 400
are left), so don't ask it for infection before symptoms, prophylaxis or reinfection (take baccam2006). Viral load is
in millions of copies per mL, and `beta` is on that scale.

Assumed: an infusion of one hour (not published; a bolus changes the results by less than 0.001), and the spread of body
weight (its median is published). `log10VL` is 0 below one copy per mL. Ours: the four changes of host or virus that no
antibody makes. Beside the trials, bamlanivimab alone fell less there than here. Left out: resistant variants
(bamlanivimab fails against Omicron), hospital admission, age and sex (tested and not kept by the authors).
"""

from immunode.intervention import Intervention, during, scale, transfer
from immunode.model import (
    Correlation, Derived, Model, Observed, Parameter, PatientCovariate, Process, State, Story, Threshold, Trial,
    TrialResult, Unit, Variability,
)

MODEL = Model(
    name="chigutsa2021",
    title="SARS-CoV-2 load in outpatients under bamlanivimab and etesevimab",
    system="viruses",
    status="published",
    species="human",
    reference="doi:10.1002/cpt.2420",
    time_unit="day",
    horizon=30.0,
    readouts=["log10VL", "Cb", "Ce"],
    units=[Unit("Mcopies", "a million copies of viral RNA"), Unit("Mcell", "a million cells")],
    states=[
        State("Bc", 0.0, "mg", "bamlanivimab in serum", kind="drug", typical=100.0, source="no drug before the dose"),
        State("Bp", 0.0, "mg", "bamlanivimab in tissue", kind="drug", typical=100.0, source="no drug before the dose"),
        State("Ec", 0.0, "mg", "etesevimab in serum", kind="drug", typical=100.0, source="no drug before the dose"),
        State("Ep", 0.0, "mg", "etesevimab in tissue", kind="drug", typical=100.0, source="no drug before the dose"),
        State("V", "V0", "Mcopies/mL", "virus in a swab of the nasopharynx", kind="pathogen", typical=1e-6,
              source="Table 2, via nlmixr2lib", label="virus in nasal swab"),
        State("T", "T0", "Mcell", "target cells", kind="cell", source="Table 2, via nlmixr2lib"),
        State("I", 0.0, "Mcell", "infected cells", kind="cell", typical=1e-3, source="Table 2, via nlmixr2lib"),
    ],
    parameters=[
        # pharmacokinetics
        Parameter("CLb", 0.231, "L/day", "clearance of bamlanivimab", "Table 1, via nlmixr2lib", "fitted"),
        Parameter("V1b", 2.68, "L", "volume of serum for bamlanivimab", "Table 1, via nlmixr2lib", "fitted"),
        Parameter("Qb", 0.281, "L/day", "exchange of bamlanivimab with tissue", "Table 1, via nlmixr2lib", "fitted"),
        Parameter("V2b", 2.68, "L", "volume of tissue for bamlanivimab", "Table 1, via nlmixr2lib", "fitted"),
        Parameter("CLe", 0.111, "L/day", "clearance of etesevimab", "Table 1, via nlmixr2lib", "fitted"),
        Parameter("V1e", 2.45, "L", "volume of serum for etesevimab", "Table 1, via nlmixr2lib", "fitted"),
        Parameter("Qe", 0.308, "L/day", "exchange of etesevimab with tissue", "Table 1, via nlmixr2lib", "fitted"),
        Parameter("V2e", 2.18, "L", "volume of tissue for etesevimab", "Table 1, via nlmixr2lib", "fitted"),
        # virus
        Parameter("V0", 39.810717055349734, "Mcopies/mL", "virus at the onset of symptoms, 7.60 log10 copies/mL",
                  "Table 2, via nlmixr2lib", "fitted"),
        Parameter("T0", 400.0, "Mcell", "target cells at the onset", "Table 2, via nlmixr2lib", "published"),
        Parameter("beta", 5.23e-7, "mL/(Mcopies*day)", "infection", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("p", 0.0844, "Mcopies/(mL*Mcell*day)", "virus made", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("c", 1.42, "1/day", "clearance of virus", "Table 2, via nlmixr2lib", "fitted"),
        Parameter("delta", 0.290, "1/day", "death of infected cells", "Table 2, via nlmixr2lib", "fitted"),
        # antibodies against virus
        Parameter("Emax", 0.462, "1/day", "largest neutralization by one antibody", "Table 2, via nlmixr2lib",
                  "fitted"),
        Parameter("EC50", 0.467, "mg/L", "bamlanivimab of half of its neutralization", "Table 2, via nlmixr2lib",
                  "fitted"),
        Parameter("ratio", 3.0, "", "etesevimab of half effect over bamlanivimab of half effect",
                  "Table 2, via nlmixr2lib: fixed", "published"),
        # the patient
        Parameter("weight", 70.0, "kg", "body weight", "reference patient", "published", (41.4, 220.0)),
        Parameter("weight_ref", 70.0, "kg", "reference weight", "Table 1", "published", (70.0, 70.0)),
        Parameter("copies", 1e6, "mL/Mcopies", "copies per mL in a million", "conversion of units", "derived",
                  (1e6, 1e6)),
    ],
    derived=[
        Derived("size", "weight/weight_ref", "", "weight over the reference weight"),
        Derived("Cb", "Bc/(V1b*size)", "mg/L", "bamlanivimab in serum", label="bamlanivimab"),
        Derived("Ce", "Ec/(V1e*size)", "mg/L", "etesevimab in serum", label="etesevimab"),
        Derived("neutralization", "Emax*Cb/(EC50 + Cb) + Emax*Ce/(ratio*EC50 + Ce)", "1/day",
                "rate at which antibodies neutralize virus", label="neutralization by antibodies"),
        Derived("log10VL", "log(max(copies*V, 1))/log(10)", "", "log10 of copies per mL, 0 below one copy",
                label="log10 viral load"),
        Derived("IC90b", "9*EC50", "mg/L", "bamlanivimab of 90 % of its effect"),
        Derived("IC90e", "9*ratio*EC50", "mg/L", "etesevimab of 90 % of its effect"),
        Derived("R0", "p*beta*T0/(c*delta)", "", "cells that one infected cell infects, at first"),
    ],
    processes=[
        Process("b_elimination", "Bc ->", "CLb*size**0.81*Cb", "elimination of bamlanivimab"),
        Process("b_distribution", "Bc -> Bp", "Qb*size**0.81*(Cb - Bp/(V2b*size))", "net exchange with tissue"),
        Process("e_elimination", "Ec ->", "CLe*size**0.81*Ce", "elimination of etesevimab"),
        Process("e_distribution", "Ec -> Ep", "Qe*size**0.81*(Ce - Ep/(V2e*size))", "net exchange with tissue"),
        Process("infection", "T -> I", "beta*T*V", "infection of target cells"),
        Process("i_death", "I ->", "delta*I", "death of infected cells"),
        Process("production", "-> V", "p*I", "virus made"),
        Process("clearance", "V ->", "c*V", "clearance of virus"),
        Process("neutralized", "V ->", "neutralization*V", "virus neutralized by antibodies"),
    ],
    interventions=[
        Intervention("combo_day1", [transfer("Bc", 700.0, over="1 h"), transfer("Ec", 1400.0, over="1 h")], during(1),
                     kind="drug", direction="enhance", acts_on="clearance", expects={"log10VL": "down at 7 days"},
                     evidence="published", source="authorized dose: 700 and 1400 mg, once", label="both on day 1"),
        Intervention("combo_day4", [transfer("Bc", 700.0, over="1 h"), transfer("Ec", 1400.0, over="1 h")], during(4),
                     kind="drug", direction="enhance", acts_on="clearance", expects={"log10VL": "down at 7 days"},
                     evidence="published", source="authorized dose, on the typical day of the trials",
                     label="both on day 4"),
        Intervention("combo_day10", [transfer("Bc", 700.0, over="1 h"), transfer("Ec", 1400.0, over="1 h")],
                     during(10), kind="drug", direction="enhance", acts_on="clearance",
                     expects={"V": "down at 12 days"}, evidence="published",
                     source="authorized dose, on the last day that was allowed", label="both on day 10"),
        Intervention("combo_2800", [transfer("Bc", 2800.0, over="1 h"), transfer("Ec", 2800.0, over="1 h")],
                     during(4), kind="drug", direction="enhance", acts_on="clearance",
                     expects={"log10VL": "down at 7 days"}, evidence="published",
                     source="dose of BLAZE-1: 2800 mg of each", label="2800 mg of both on day 4"),
        Intervention("combo_350", [transfer("Bc", 350.0, over="1 h"), transfer("Ec", 700.0, over="1 h")], during(4),
                     kind="drug", direction="enhance", acts_on="clearance", expects={"log10VL": "down at 7 days"},
                     evidence="published", source="half the authorized dose", label="half the dose on day 4"),
        Intervention("combo_175", [transfer("Bc", 175.0, over="1 h"), transfer("Ec", 350.0, over="1 h")], during(4),
                     kind="drug", direction="enhance", acts_on="clearance", expects={"log10VL": "down at 7 days"},
                     evidence="published", source="a quarter of the authorized dose",
                     label="a quarter of the dose on day 4"),
        Intervention("bam_700_day1", [transfer("Bc", 700.0, over="1 h")], during(1), kind="drug", direction="enhance",
                     acts_on="clearance", expects={"log10VL": "down at 7 days"}, evidence="published",
                     source="700 mg of bamlanivimab alone, once", label="bamlanivimab on day 1"),
        Intervention("bam_700", [transfer("Bc", 700.0, over="1 h")], during(4), kind="drug", direction="enhance",
                     acts_on="clearance", expects={"log10VL": "down at 7 days"}, evidence="published",
                     source="BLAZE-1: 700 mg of bamlanivimab alone", label="bamlanivimab on day 4"),
        Intervention("bam_700_day10", [transfer("Bc", 700.0, over="1 h")], during(10), kind="drug",
                     direction="enhance", acts_on="clearance", expects={"V": "down at 12 days"},
                     evidence="published", source="700 mg of bamlanivimab alone, once",
                     label="bamlanivimab on day 10"),
        Intervention("bam_2800", [transfer("Bc", 2800.0, over="1 h")], during(4), kind="drug", direction="enhance",
                     acts_on="clearance", expects={"log10VL": "down at 7 days"}, evidence="published",
                     source="BLAZE-1: 2800 mg of bamlanivimab alone", label="bamlanivimab 2800 mg"),
        Intervention("bam_7000", [transfer("Bc", 7000.0, over="1 h")], during(4), kind="drug", direction="enhance",
                     acts_on="clearance", expects={"log10VL": "down at 7 days"}, evidence="published",
                     source="BLAZE-1: 7000 mg of bamlanivimab alone", label="bamlanivimab 7000 mg"),
        Intervention("mucosal_clearance", [scale("c", 1.5)], direction="enhance", acts_on="clearance",
                     expects={"log10VL": "down at 7 days"}, evidence="assumed",
                     source="assumed: half as much clearance again", label="faster clearance"),
        Intervention("killing", [scale("delta", 2)], direction="enhance", acts_on="lifespan",
                     expects={"V": "down at 14 days", "I": "down"}, evidence="assumed",
                     source="assumed: T and NK cells kill infected cells twice as fast", label="killing of cells",
                     note="small until day 12: virus is then mostly what was there at the start"),
        Intervention("entry_block", [scale("beta", 0.1)], kind="drug", direction="suppress", acts_on="growth",
                     expects={"V": "down at 14 days", "I": "down"}, evidence="assumed",
                     source="assumed: a tenth of the infection of cells", label="entry block",
                     note="small until day 12: virus is then mostly what was there at the start"),
        Intervention("replication_block", [scale("p", 0.1)], kind="drug", direction="suppress", acts_on="production",
                     expects={"V": "down at 14 days"}, evidence="assumed",
                     source="assumed: a nucleoside analog that leaves a tenth of production",
                     label="replication block",
                     note="small until day 12: virus is then mostly what was there at the start"),
    ],
    variability=[
        Variability("CLb", 0.2471841, source="Table 1, via nlmixr2lib: variance 0.0611"),
        Variability("V1b", 0.2831960, source="Table 1, via nlmixr2lib: variance 0.0802"),
        Variability("CLe", 0.2785678, source="Table 1, via nlmixr2lib: variance 0.0776"),
        Variability("V1e", 0.3001666, source="Table 1, via nlmixr2lib: variance 0.0901"),
        Variability("V0", 0.15, source="Table 2, via nlmixr2lib: fixed"),
        Variability("beta", 2.5416530, source="Table 2, via nlmixr2lib: variance 6.460"),
        Variability("p", 0.4484417, source="Table 2, via nlmixr2lib: variance 0.2011"),
        Variability("c", 0.7400676, source="Table 2, via nlmixr2lib: variance 0.5477"),
        Variability("delta", 0.15, source="Table 2, via nlmixr2lib: fixed"),
        Variability("Emax", 0.15, source="Table 2, via nlmixr2lib: fixed"),
        Variability("EC50", 0.15, source="Table 2, via nlmixr2lib: fixed"),
    ],
    correlations=[
        Correlation("beta", "p", 0.9390, "Table 2, via nlmixr2lib: covariance 1.0703"),
        Correlation("beta", "c", 0.3440, "Table 2, via nlmixr2lib: covariance 0.6471"),
        Correlation("p", "c", 0.3590, "Table 2, via nlmixr2lib: covariance 0.11916"),
    ],
    covariates=[
        PatientCovariate("weight", "lognormal", median=87.8, sd=0.25, low=41.4, high=220.0,
                         source="assumed: spread; median and range are published"),
    ],
    observed=[
        Observed("log10VL", additive=0.939, source="Table 2, via nlmixr2lib"),
        Observed("Cb", proportional=0.190, source="Table 1, via nlmixr2lib"),
        Observed("Ce", proportional=0.183, source="Table 1, via nlmixr2lib"),
    ],
    thresholds=[
        Threshold("high viral load", "log10VL > 5.27", "persistently high viral load, on day 7 after the dose",
                  "BLAZE-1, BLAZE-4"),
    ],
    story=Story(
        "Antibodies on day 1 lower viral load up to 65-fold, on day 10 hardly: most virus is gone by then.",
        arms={"placebo": "", "both on day 1": "combo_day1", "both on day 4": "combo_day4",
              "both on day 10": "combo_day10"},
        panels=["log10VL", "neutralization"], until=21.0,
    ),
    trials=[
        Trial("BLAZE-1, phase 2", "doi:10.1001/jama.2021.0202",
              arms={"placebo": "", "700 mg": "bam_700", "2800 mg": "bam_2800", "7000 mg": "bam_7000",
                    "both 2800 mg": "combo_2800"},
              patients={"placebo": 156, "700 mg": 101, "2800 mg": 107, "7000 mg": 101, "both 2800 mg": 112},
              note="11 days after a dose on day 4; arms are alike before it, so change and level differ alike; "
                   "numbers of patients: memory",
              results=[
                  TrialResult("both 2800 mg", "at(log10VL, 15)", -0.57, versus="placebo", compared="difference",
                              low=-1.00, high=-0.14, used=True, note="the model is stronger, within the interval"),
                  TrialResult("700 mg", "at(log10VL, 15)", 0.09, versus="placebo", compared="difference", low=-0.35,
                              high=0.52, seen="memory", used=True, note="the model is stronger than the trial"),
                  TrialResult("2800 mg", "at(log10VL, 15)", -0.27, versus="placebo", compared="difference", low=-0.71,
                              high=0.16, seen="memory", used=True, note="the model is stronger, within its spread"),
                  TrialResult("7000 mg", "at(log10VL, 15)", 0.31, versus="placebo", compared="difference", low=-0.13,
                              high=0.76, seen="memory", used=True, note="the model is stronger than the trial"),
              ]),
        Trial("BLAZE-1, phase 3", "abstract, Conference on Retroviruses and Opportunistic Infections 2021",
              arms={"placebo": "", "both 2800 mg": "combo_2800"}, patients={"placebo": 517, "both 2800 mg": 518},
              note="7 days after a dose on day 4; numbers of patients: memory",
              results=[
                  TrialResult("both 2800 mg", "at(log10VL, 11)", -1.20, versus="placebo", compared="difference",
                              low=-1.46, high=-0.94, used=True),
              ]),
    ],
)
