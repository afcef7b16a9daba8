"""Adalimumab, TNF and its receptor: how much signaling a dose leaves, and why total TNF rises.

TNF is made and lost within half an hour and binds its receptor; adalimumab under the skin reaches the blood within days
and binds TNF twice as tightly as the receptor does. The complex of drug and TNF lives as long as the drug (20 days), so
that bound TNF piles up a thousandfold while receptors with TNF fall to a tenth. More drug helps less and less: from
every second week to weekly, inhibition goes from 90 to 95 %.

Values come from nlmixr2lib, a third-party encoding of Marcantonio et al. 2022; the paper itself was not read. One
volume of 5 L; amounts in nmol. Productions of TNF and receptor are those that keep the untreated patient steady: `sL`
and `sR` follow from the baselines. Kinetics here are the paper's (half-life 20 days, F = 1 into 5 L); the library's
adalimumab has its own. `burden`, a factor on the production of TNF from day 0 on, is ours. Left out: soluble
receptors, transmembrane TNF, antibodies against the drug.
"""

from immunode.intervention import Intervention, inhibit, pulses, scale, transfer
from immunode.model import Derived, Model, Parameter, Process, State, Story, Variant

MODEL = Model(
    name="marcantonio2022",
    title="Adalimumab, TNF and TNF receptor 1: binding and turnover",
    system="rheumatoid arthritis",
    status="published",
    species="human",
    reference="doi:10.3389/fphar.2022.864768",
    time_unit="day",
    horizon=168.0,
    readouts=["inhibition", "tnf_free", "tnf_total"],
    states=[
        State("depot", 0.0, "nmol", "adalimumab under the skin", kind="drug", typical=270.0,
              source="no drug before the first dose"),
        State("Ab", 0.0, "nmol", "free adalimumab", kind="drug", typical=100.0,
              source="no drug before the first dose"),
        State("AbTNF", 0.0, "nmol", "TNF bound by adalimumab", kind="drug", typical=0.1,
              source="no drug before the first dose", label="TNF with adalimumab"),
        State("TNF", "TNF0*V", "nmol", "free TNF", kind="signal", source="baseline", label="free TNF"),
        State("TNFR1", "RT*V - kon*TNF0*V*RT/(kon*TNF0 + kon*KDR + kR)", "nmol", "free receptor", kind="signal",
              source="baseline balance"),
        State("TNFTNFR1", "kon*TNF0*V*RT/(kon*TNF0 + kon*KDR + kR)", "nmol", "receptor with TNF", kind="signal",
              source="baseline balance", label="receptor with TNF"),
    ],
    parameters=[
        Parameter("V", 5.0, "L", "volume", "nlmixr2lib", "published"),
        Parameter("ka", 0.2772588722239781, "1/day", "absorption", "nlmixr2lib: half-life 2.5 days", "published"),
        Parameter("kAb", 0.03465735902799726, "1/day", "loss of adalimumab, free or with TNF",
                  "nlmixr2lib: half-life 20 days", "published"),
        Parameter("kL", 33.27106466687737, "1/day", "loss of free TNF", "nlmixr2lib: half-life 30 minutes",
                  "published"),
        Parameter("kR", 1.8483924814931874, "1/day", "loss of receptor, free or with TNF",
                  "nlmixr2lib: half-life 9 hours", "published"),
        Parameter("kon", 86.4, "L/nmol/day", "binding of TNF, to drug and receptor", "nlmixr2lib", "published"),
        Parameter("KD", 0.0086, "nmol/L", "dissociation constant of drug and TNF", "nlmixr2lib", "published"),
        Parameter("KDR", 0.019, "nmol/L", "dissociation constant of receptor and TNF", "nlmixr2lib", "published"),
        Parameter("TNF0", 5.73e-5, "nmol/L", "free TNF of the untreated patient", "nlmixr2lib", "published"),
        Parameter("RT", 0.23, "nmol/L", "receptor of the untreated patient, free and bound", "nlmixr2lib",
                  "published"),
        Parameter("burden", 1.0, "", "factor on the production of TNF", "assumed: not in the paper", "assumed"),
    ],
    derived=[
        Derived("bound0", "kon*TNF0*V*RT/(kon*TNF0 + kon*KDR + kR)", "nmol", "receptor with TNF, untreated"),
        Derived("sL", "kon*TNF0*(RT*V - bound0) - kon*KDR*bound0 + kL*TNF0*V", "nmol/day", "production of TNF"),
        Derived("sR", "kon*TNF0*(RT*V - bound0) - kon*KDR*bound0 + kR*(RT*V - bound0)", "nmol/day",
                "production of receptor"),
        Derived("inhibition", "100*(1 - TNFTNFR1/bound0)", "", "receptors with TNF below the untreated, in percent",
                label="TNF receptor inhibition"),
        Derived("tnf_free", "TNF/(TNF0*V)", "", "free TNF, relative to the untreated"),
        Derived("tnf_total", "(TNF + AbTNF)/(TNF0*V)", "", "free and drug-bound TNF, relative to the untreated",
                label="total TNF"),
        Derived("adalimumab", "(Ab + AbTNF)/V", "nmol/L", "adalimumab in blood"),
    ],
    processes=[
        Process("absorption", "depot -> Ab", "ka*depot", "from the skin into the blood"),
        Process("drug_loss", "Ab ->", "kAb*Ab", "loss of free drug"),
        Process("capture", "Ab + TNF -> AbTNF", "kon*TNF*Ab/V", "drug binds TNF"),
        Process("release", "AbTNF -> Ab + TNF", "kon*KD*AbTNF", "drug lets TNF go"),
        Process("complex_loss", "AbTNF ->", "kAb*AbTNF", "loss of drug with TNF"),
        Process("tnf_production", "-> TNF", "sL*burden", "TNF made"),
        Process("tnf_loss", "TNF ->", "kL*TNF", "loss of free TNF"),
        Process("signaling", "TNF + TNFR1 -> TNFTNFR1", "kon*TNF*TNFR1/V", "TNF binds its receptor"),
        Process("unbinding", "TNFTNFR1 -> TNF + TNFR1", "kon*KDR*TNFTNFR1", "the receptor lets TNF go"),
        Process("receptor_production", "-> TNFR1", "sR", "receptor made"),
        Process("receptor_loss", "TNFR1 ->", "kR*TNFR1", "loss of free receptor"),
        Process("internalization", "TNFTNFR1 ->", "kR*TNFTNFR1", "loss of receptor with TNF"),
    ],
    variants=[
        Variant("high_tnf_burden", values={"TNF0": 2.865e-4}, note="five times the TNF at baseline",
                source="assumed: size"),
    ],
    interventions=[
        Intervention("standard", [transfer("depot", 40e6 / 148_000)], pulses(every=14, width=0, n=12), kind="drug",
                     direction="suppress", acts_on="signal", evidence="published",
                     expects={"inhibition": "up", "tnf_free": "down", "tnf_total": "up"},
                     source="usual regimen: 40 mg every 2 weeks (148 kDa)", label="40 mg every 2 weeks"),
        Intervention("weekly", [transfer("depot", 40e6 / 148_000)], pulses(every=7, width=0, n=24), kind="drug",
                     direction="suppress", acts_on="signal", evidence="published",
                     expects={"inhibition": "up", "tnf_free": "down", "tnf_total": "up"},
                     source="usual step up: 40 mg every week", label="40 mg every week"),
        Intervention("low_dose", [transfer("depot", 20e6 / 148_000)], pulses(every=14, width=0, n=12), kind="drug",
                     direction="suppress", acts_on="signal", evidence="published",
                     expects={"inhibition": "up", "tnf_free": "down", "tnf_total": "up"},
                     source="20 mg every 2 weeks, as computed in the paper", label="20 mg every 2 weeks"),
        Intervention("less_production", [inhibit("burden", 0.5)], kind="drug", direction="suppress",
                     acts_on="production", expects={"inhibition": "up", "tnf_free": "down", "tnf_total": "down"},
                     source="assumed: half of the TNF is made, without an antibody", evidence="assumed",
                     label="half of the TNF made"),
        Intervention("tighter_binding", [transfer("depot", 40e6 / 148_000), scale("KD", 0.1)],
                     pulses(every=14, width=14, n=12), kind="drug", direction="suppress", acts_on="signal",
                     expects={"inhibition": "up", "tnf_free": "down", "tnf_total": "up"}, evidence="assumed",
                     source="assumed: an antibody that binds ten times as tightly, 40 mg every 2 weeks",
                     label="antibody binding 10 x tighter"),
    ],
    story=Story(
        "Half the dose of adalimumab still inhibits TNF by about 80 %, though total TNF rises a thousandfold.",
        arms={"untreated": "", "40 mg every 2 weeks": "standard", "20 mg every 2 weeks": "low_dose"},
        panels=["inhibition", "tnf_total"],
    ),
)
