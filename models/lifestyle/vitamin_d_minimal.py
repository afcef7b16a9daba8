"""Vitamin D: from the capsule and the sun to 25OHD in blood, and what 25OHD does to defense and T cells.

    capsule --> gut_D3 --> D3 --> C25 (25OHD, what the laboratory measures) --> phi, its action, 0 to 1
    sun, food ------------^                |
                                           |--> LL37 (cathelicidin) up: better killing of microbes
    Ag (antigen) --> Teff (effector) --> Treg; phi holds back Teff and favors Treg, so Ag is cleared a little later

Every run starts at the steady state of the habitual 25OHD `C0` (50 nmol/L = 20 ng/mL; variants from 12.5 to 125). A
supplement adds 0.70 nmol/L per ug a day (40 IU) in the end, most of it within three months. A winter swing of 40 % in
skin synthesis gives 31 to 69 nmol/L, 24 days late. After an antigen, 25OHD of 125 instead of 25 nmol/L lowers the peak
of Teff from 0.61 to 0.37 and lets the antigen stay two days longer. All this is slow and small beside a drug.

`defense` is the link to reynolds2006: multiply its s_m by it (1 at 75 nmol/L, 0.638 at 25). At k_pg = 0.5 the largest
dose of pathogen that heals is then 0.229 at 25 and 0.517 at 75 nmol/L; health exists up to k_pg = 1.5 times `defense`.

Ours, for teaching; no published small model could be recovered (Roy 2014 and Franks 2024: abstracts only). From memory:
0.70 (Heaney 2003) and the half-life of 25OHD. Everything about immunity is assumed in size; its direction is textbook.
Valid up to 100 ug (4,000 IU) a day: it is linear, so 250 ug bring 175 nmol/L, where trials rise by about 159 (Heaney,
memory) and self-reported records by 69. After a bolus 25OHD peaks on day 8, as in huang2021, but is back near the start
after 90 days (huang2021 keeps twice the start; trials: back by 12 weeks, memory). huang2021 is the published model of
kinetics; this one is for seasons, deficiency and the immune half, whose sizes nobody measured in people: read phi,
LL37, Teff, Treg and defense as relative units, not as results. Left out: 1,25-(OH)2-D made in macrophages, calcium,
PTH, D-binding protein, and the enzyme that removes 25OHD.
Ours too: `skin`, what holds C0 (71.4 ug a day at 50), is fixed at the start and stays so if the slope is changed; the
season is `season`, a relative swing of it. `Teff_basal` is the specification's 0.5, named so that units fit.
"""

from immunode.intervention import Intervention, scale, set_to, transfer
from immunode.model import Derived, Model, Parameter, Process, State, Story, Switch, Unit, Variant

MODEL = Model(
    name="vitamin_d_minimal",
    title="Vitamin D up to 4,000 IU a day: 25OHD, cathelicidin, T cells",
    system="vitamin D",
    status="ours",
    species="human",
    reference="dose and 25OHD: Heaney 2003, Am J Clin Nutr 77:204, from memory",
    time_unit="day",
    horizon=365.0,
    readouts=["C25", "LL37", "Teff", "Treg"],
    units=[
        Unit("LL37_unit", "cathelicidin, 1 at full action of 25OHD"),
        Unit("Teff_unit", "effector T cells, relative"),
        Unit("Treg_unit", "regulatory T cells, relative"),
        Unit("Ag_unit", "antigen, relative"),
    ],
    states=[
        State("gut_D3", 0.0, "nmol", "oral vitamin D3 not yet absorbed", typical=100.0, source="no capsule before",
              label="vitamin D3 in the gut"),
        State("D3", "nmol_per_ug*C0/(slope*k25)", "nmol", "vitamin D3 in the body", source="steady state of C0",
              label="vitamin D3"),
        State("C25", "C0", "nmol/L", "25-hydroxyvitamin D in blood", kind="signal", source="habitual level",
              label="25OHD in blood"),
        State("LL37", "L0 + L1*hill(C0, K, h)", "LL37_unit", "cathelicidin", "signal", source="steady state of C0",
              label="cathelicidin (LL-37)"),
        State("Teff", 0.0, "Teff_unit", "effector T cells", kind="cell", typical=0.1, source="none without antigen",
              label="effector T cells"),
        State("Treg", "sG*(1 + cG*hill(C0, K, h))/dG", "Treg_unit", "regulatory T cells", "cell",
              source="steady state of C0", label="regulatory T cells"),
        State("Ag", 0.0, "Ag_unit", "antigen", kind="pathogen", typical=1.0, source="none before the challenge",
              label="antigen"),
    ],
    switches=[
        Switch("skin", "C0/slope", "ug/day", "sun and food that hold C0, as an oral dose (never switched)"),
    ],
    parameters=[
        Parameter("C0", 50.0, "nmol/L", "habitual 25OHD", "assumed: border of deficiency", "assumed", (12.5, 125.0)),
        Parameter("dose", 0.0, "ug/day", "supplement (1 ug = 40 IU)", "input: none", "derived"),
        Parameter("season", 0.0, "", "relative swing of skin over the year", "input: none", "derived"),
        Parameter("sun_peak", 200.0, "day", "day of most sun", "assumed: July", "assumed", (200.0, 200.0)),
        Parameter("year", 365.0, "day", "length of a year", "calendar", "derived", (365.0, 365.0)),
        Parameter("nmol_per_ug", 2.6, "nmol/ug", "D3 in a ug", "molar mass 384.6 g/mol", "derived", (2.6, 2.6)),
        Parameter("slope", 0.70, "nmol*day/(L*ug)", "final rise of 25OHD per daily ug", "Heaney 2003", "memory"),
        Parameter("kel", 0.046209812037329684, "1/day", "elimination of 25OHD", "half-life 15 days, memory", "memory"),
        Parameter("k25", 0.34657359027997264, "1/day", "D3 into 25OHD", "assumed: half-life 2 days", "assumed"),
        Parameter("k_abs", 1.3862943611198906, "1/day", "absorption", "assumed: half-life 12 hours", "assumed"),
        Parameter("K", 50.0, "nmol/L", "25OHD of half action", "assumed: cut-off of deficiency", "assumed"),
        Parameter("h", 2.0, "", "steepness of action", "assumed: moderate", "assumed"),
        Parameter("L0", 0.4, "LL37_unit", "cathelicidin without 25OHD", "assumed: falls below 50 to 75", "assumed"),
        Parameter("L1", 0.6, "LL37_unit", "cathelicidin by 25OHD", "assumed: falls below 50 to 75", "assumed"),
        Parameter("kL", 0.5, "1/day", "turnover of cathelicidin", "assumed: days", "assumed"),
        Parameter("bE", 0.5, "", "held back of priming at full action", "assumed: half", "assumed", (0.25, 0.75)),
        Parameter("cG", 0.5, "", "more Treg at full action", "assumed: half", "assumed"),
        Parameter("sE", 1.0, "Teff_unit/day", "priming of Teff", "assumed: scale of Teff", "assumed"),
        Parameter("dE", 0.5, "1/day", "loss of Teff", "assumed: days", "assumed"),
        Parameter("sG", 0.05, "Treg_unit/day", "production of Treg", "assumed: scale of Treg", "assumed"),
        Parameter("gG", 0.3, "Treg_unit/(Teff_unit*day)", "Treg made in answer to Teff", "assumed: scale", "assumed"),
        Parameter("dG", 0.1, "1/day", "loss of Treg", "assumed: ten days", "assumed"),
        Parameter("G0", 1.0, "Treg_unit", "Treg that halve priming", "assumed: scale of Treg", "assumed"),
        Parameter("kA", 0.3, "1/(Teff_unit*day)", "removal of antigen", "assumed: scale", "assumed"),
        Parameter("KA", 1.0, "Ag_unit", "antigen of half priming", "assumed: scale of Ag", "assumed"),
        Parameter("Teff_basal", 0.5, "Teff_unit", "removal without Teff", "assumed: innate", "assumed"),
        Parameter("C_ref", 75.0, "nmol/L", "25OHD at which defense is 1", "assumed: ample", "assumed", (75.0, 75.0)),
        Parameter("per_ng", 0.4006, "ng*L/(nmol*mL)", "ng/mL in a nmol/L", "molar mass 400.6 g/mol", "derived",
                  (0.4006, 0.4006)),
    ],
    derived=[
        Derived("Vapp", "nmol_per_ug/(slope*kel)", "L", "apparent volume of 25OHD"),
        Derived("phi", "hill(C25, K, h)", "", "action of 25OHD, 0 to 1"),
        Derived("presented", "Ag/(KA + Ag)", "", "antigen seen by T cells, 0 to 1"),
        Derived("C25_ng", "C25*per_ng", "ng/mL", "25OHD in ng/mL"),
        Derived("balance", "Teff/Treg", "Teff_unit/Treg_unit", "effector over regulatory T cells"),
        Derived("defense", "(L0 + L1*phi)/(L0 + L1*hill(C_ref, K, h))", "", "factor on s_m of reynolds2006"),
    ],
    processes=[
        Process("intake", "-> gut_D3", "nmol_per_ug*dose", "capsules"),
        Process("absorption", "gut_D3 -> D3", "k_abs*gut_D3", "absorption"),
        Process("skin_synthesis", "-> D3", "nmol_per_ug*skin*(1 + season*cos(2*3.141592653589793*(t - sun_peak)/year))",
                "D3 by sun and food"),
        Process("hydroxylation", "D3 ->", "k25*D3", "D3 turned into 25OHD by the liver"),
        Process("C25_formation", "-> C25", "k25*D3/Vapp", "the same, as it enters the blood"),
        Process("elimination", "C25 ->", "kel*C25", "loss of 25OHD"),
        Process("cathelicidin", "-> LL37", "kL*(L0 + L1*phi - LL37)", "cathelicidin follows 25OHD"),
        Process("Teff_priming", "-> Teff", "sE*presented*(1 - bE*phi)/(1 + Treg/G0)", "priming by antigen"),
        Process("Teff_loss", "Teff ->", "dE*Teff", "loss of effector T cells"),
        Process("Treg_production", "-> Treg", "(sG + gG*Teff)*(1 + cG*phi)", "regulatory T cells made"),
        Process("Treg_loss", "Treg ->", "dG*Treg", "loss of regulatory T cells"),
        Process("antigen_loss", "Ag ->", "kA*Ag*(Teff_basal + Teff)", "removal of antigen"),
    ],
    variants=[
        Variant("severe_deficiency", values={"C0": 12.5}, note="rickets", source="assumed: habitual level"),
        Variant("deficiency", values={"C0": 25.0}, note="common in winter", source="assumed: habitual level"),
        Variant("sufficiency", values={"C0": 75.0}, note="ample", source="assumed: habitual level"),
        Variant("summer", values={"C0": 100.0}, note="much sun", source="assumed: habitual level"),
        Variant("high", values={"C0": 125.0}, note="much sun, or supplements", source="assumed: habitual level"),
    ],
    interventions=[
        Intervention("supplement_10", [set_to("dose", 10)], kind="nutrition", acts_on="production", evidence="assumed",
                     expects={"C25": "up", "LL37": "up", "Treg": "up"}, source="assumed: 400 IU a day",
                     label="400 IU a day"),
        Intervention("supplement_25", [set_to("dose", 25)], kind="nutrition", acts_on="production", evidence="assumed",
                     expects={"C25": "up", "LL37": "up", "Treg": "up"}, source="assumed: 1,000 IU a day",
                     label="1,000 IU a day"),
        Intervention("supplement_50", [set_to("dose", 50)], kind="nutrition", acts_on="production", evidence="assumed",
                     expects={"C25": "up", "LL37": "up", "Treg": "up"}, source="assumed: 2,000 IU a day",
                     label="2,000 IU a day"),
        Intervention("supplement_100", [set_to("dose", 100)], kind="nutrition", acts_on="production",
                     evidence="assumed", expects={"C25": "up", "LL37": "up"}, source="assumed: 4,000 IU a day",
                     label="4,000 IU a day"),
        Intervention("supplement_250", [set_to("dose", 250)], kind="nutrition", acts_on="production",
                     evidence="assumed", expects={"C25": "up", "LL37": "up"}, source="assumed: 10,000 IU a day",
                     note="beyond what is valid: linear; trials rise by about 159 (memory), records by 69; here 175",
                     label="10,000 IU a day (beyond what is valid)"),
        Intervention("bolus", [transfer("gut_D3", 6500)], kind="nutrition", acts_on="production", evidence="assumed",
                     expects={"C25": "up at its peak", "LL37": "up at its peak"},
                     source="assumed: 100,000 IU (2.5 mg) at once", label="100,000 IU once"),
        Intervention("seasons", [set_to("season", 0.4)], acts_on="production", expects={"C25": "up on average"},
                     evidence="assumed", source="assumed: 40 % more in July, 40 % less in January",
                     note="up in the mean of the first year, which begins at C0 in January; later years average C0",
                     label="seasons"),
        Intervention("antigen_challenge", [transfer("Ag", 5)], acts_on="activation", evidence="assumed",
                     expects={"Teff": "up on average", "Treg": "up at its peak"},
                     source="assumed: infection or vaccine; follow it 60 days", label="antigen challenge"),
        Intervention("obesity", [scale("slope", 0.6666666666666666)], acts_on="production", evidence="assumed",
                     expects={"C25": "down", "LL37": "down"}, source="assumed: volume x 1.5; C25 goes to C0/1.5",
                     label="obesity"),
    ],
    story=Story(
        "From 25 nmol/L, 1,000 IU a day does not end the deficiency; 4,000 IU reaches 95, mostly in two months.",
        arms={"no supplement": "", "1,000 IU a day": "supplement_25", "4,000 IU a day": "supplement_100"},
        panels=["C25", "LL37"], variant="deficiency",
    ),
)
