"""PD-(L)1 blockade and radiotherapy of a mouse tumor: when the immune system is let loose, and who responds.

Dying tumor cells release antigen. Antigen draws T cells into the tumor, where they divide, mature into killers and
kill. Two brakes grow with it: killers raise PD-L1 on the tumor, and antigen calls in suppressor cells. An antibody
takes off the first brake, radiation kills and makes antigen, so that together they do what neither does alone.

    growth -> TV --radiation--> TVd -> removed           TV, TVd: living and radiation-damaged tumor (CT26 colon)
               \\-- killing -> dead cells -> antigen      antigen -> nTeff -> dTeff -> killing of TV
    dTeff -> PD-L1 --| nTeff divide and mature |-- suppressor cells <- antigen        antibody --| PD-L1

Animals differ in S_L, the antigen that half-opens the influx of T cells: SMALL is a good responder. From day 7 on,
rejection (10 uL or less at day 57) needs S_L below 0.955 untreated, 3.59 with radiation, 3.99 with antibody and 6.29
with both. Judge responders at day 50: later the deterministic tumor grows back as antibody washes out (60 % responders
to the pair at day 50, 25 % at day 57). Late starts (day 19) fail. The average mouse does not respond to one of the two:
at day 50 the share of responders over the lognormal S_L is 0.06 % untreated, 9 % with radiation, 12 % with antibody and
59 % with both. `sensitive` is a mouse with S_L 3, not a treatment, so that both kinds of mice stand in one picture.

Published (Kosinsky et al. 2018, Table 1, article read; equations from BIOMD0000000863, the printed ones in the
supplement could not be read). The curated file has two errors, not repeated here: no absorption of the antibody
(ka = 0, Table 1 says 8 per day), and repair of DNA coded as tau*U where tau is a time (here U/tau; then an acute dose
D kills the log fraction alpha*D + alpha*D**2/alpha_beta). Assumed: mouse 20 g and antibody 150 kDa, which make
10 mg/kg 444.44 nM; the days within a week of dosing; the sizes of `trafficking_block`, and T-cell depletion from day 0.
Ours: the read-outs `volume_change` and `antibody_amount`; a tumor below 1e-7 uL (a tenth of a cell of 1 pL) is gone,
for logistic growth takes a volume that rounding made negative to minus infinity (7 % of samples under antibody).

Findings: proliferation (kpro) is slower than maturation (kdif), so nTeff never multiply, as published. The paper quotes
1.77, 6.95 and 22.63 uL as percentiles of S_L; its lognormal (median 8.89, omega 0.696) has 3.64, 8.89 and 21.7. Under
both treatments the volume at day 57 is not monotone in S_L: from 3.10 to 4.18 it is 10.0 to 10.6 uL.

Left out: the lymph node, cell types other than CD8, toxicity, resistance, spread of the tumor, and chance.
"""

from immunode.intervention import Intervention, add, at_times, during, pulses, scale, set_to, transfer
from immunode.model import Derived, Model, Parameter, Process, State, Story, Threshold, Unit, Variability, Variant

MODEL = Model(
    name="kosinsky2018",
    title="PD-(L)1 blockade and radiotherapy of CT26 colon carcinoma in mice",
    system="cancer",
    status="published",
    species="mouse",
    aliases={"checkpoint_mouse": ""},
    reference="doi:10.1186/s40425-018-0327-9",
    time_unit="day",
    horizon=57.0,
    readouts=["TVtot", "dTeff", "PDL1", "mAb"],
    units=[Unit("DSB", "DNA double-strand breaks in a cell")],
    states=[
        State("TV", 15.0, "uL", "volume of living tumor", kind="cell", source="BIOMD0000000863, day of implantation",
              extinct_below=1e-7),
        State("TVd", 0.0, "uL", "volume of tumor damaged by radiation", kind="cell", typical=1.0,
              source="BIOMD0000000863", label="damaged tumor"),
        State("U", 0.0, "DSB", "double-strand breaks in a cell", kind="damage", typical=1.0, source="BIOMD0000000863",
              label="DNA double-strand breaks"),
        State("nTeff", 0.0, "cell", "T cells in the tumor, not yet mature", kind="cell", typical=10.0,
              source="BIOMD0000000863"),
        State("dTeff", 0.0, "cell", "killer T cells in the tumor", kind="cell", typical=10.0, source="BIOMD0000000863",
              label="killer T cells in the tumor"),
        State("PDL1", 0.0, "1", "PD-L1 on the tumor, from 0 to 1", kind="signal", typical=1e-3,
              source="BIOMD0000000863", label="PD-L1"),
        State("mAb_ip", 0.0, "nmol/L", "antibody in the abdomen, as the blood level it makes", kind="drug", typical=1.0,
              source="assumed: none at first"),
        State("mAb", 0.0, "nmol/L", "antibody in blood", kind="drug", typical=1.0, source="assumed: none at first",
              label="antibody in blood"),
    ],
    parameters=[
        Parameter("r", 0.4, "1/day", "growth of the tumor", "Kosinsky 2018, Table 1", "published"),
        Parameter("TVmax", 2500.0, "uL", "carrying capacity", "Kosinsky 2018, Table 1", "published"),
        Parameter("d0", 0.01, "1/day", "death of tumor without T cells", "Kosinsky 2018, Table 1", "published"),
        Parameter("e", 0.001, "1/(day*cell)", "killing by one killer T cell", "Kosinsky 2018, Table 1", "published"),
        Parameter("mu", 0.1725, "1/day", "removal of damaged tumor", "Kosinsky 2018, Table 1", "published"),
        Parameter("kLN", 279.0, "cell/day", "largest influx of T cells", "Kosinsky 2018, Table 1", "fitted"),
        Parameter("S_L", 8.89, "uL", "antigen of half that influx; smaller is a better responder",
                  "Kosinsky 2018, Table 1: lognormal between animals, omega 0.696", "fitted", bounds=(1.77, 22.63)),
        Parameter("kpro", 3.0, "1/day", "proliferation of nTeff", "Kosinsky 2018, Table 1", "published"),
        Parameter("kdif", 3.2, "1/day", "maturation of nTeff to dTeff", "Kosinsky 2018, Table 1", "published"),
        Parameter("kel", 0.2, "1/day", "loss of nTeff", "Kosinsky 2018, Table 1", "published"),
        Parameter("kapo", 2.0, "1/day", "death of dTeff", "Kosinsky 2018, Table 1", "published"),
        Parameter("Kpdl", 478.0, "cell", "dTeff that give half of PD-L1", "Kosinsky 2018, Table 1", "fitted"),
        Parameter("kpdl", 1.0, "1/day", "turnover of PD-L1", "Kosinsky 2018, Table 1", "published"),
        Parameter("Ktcd", 0.2, "1/day", "tumor death that gives half of the presentation of antigen",
                  "Kosinsky 2018, Table 1", "published"),
        Parameter("S_R", 30.5, "uL", "antigen of half of the suppression", "Kosinsky 2018, Table 1", "fitted"),
        Parameter("alpha", 0.146, "1/Gy", "linear radiosensitivity", "Kosinsky 2018, Table 1", "fitted"),
        Parameter("alpha_beta", 10.0, "Gy", "linear over quadratic radiosensitivity",
                  "BIOMD0000000863: the factor 0.2 = 2/alpha_beta", "published"),
        Parameter("delta", 19.0, "DSB/Gy", "breaks made by radiation", "Kosinsky 2018, Table 1", "published"),
        Parameter("tau", 0.02, "day", "time of repair", "Kosinsky 2018, Table 1", "published"),
        Parameter("R_t", 0.0, "Gy/day", "dose rate of radiation", "assumed: none without treatment", "assumed"),
        Parameter("ka", 8.0, "1/day", "absorption of antibody", "Kosinsky 2018, Table 1 (0 in the file)", "published"),
        Parameter("kel_mAb", 0.15, "1/day", "elimination of antibody", "Kosinsky 2018, Table 1", "published"),
        Parameter("Vd", 0.003, "L", "volume of distribution of antibody", "Kosinsky 2018, Table 1", "published"),
        Parameter("K_D", 30.0, "nmol/L", "antibody that binds half of PD-L1", "Kosinsky 2018, Table 1", "published"),
        Parameter("TV0", 15.0, "uL", "tumor that volume_change refers to", "BIOMD0000000863: initial", "published"),
    ],
    derived=[
        Derived("TVtot", "TV + TVd", "uL", "tumor volume as measured", label="tumor volume"),
        Derived("TCD", "mu*piecewise(TVd/TVtot, TVtot > 0, 0) + e*dTeff + d0", "1/day",
                "tumor death that releases antigen"),
        Derived("DCm", "TCD**2/(TCD**2 + Ktcd**2)", "", "mature dendritic cells, from 0 to 1"),
        Derived("Ag", "DCm*TVtot", "uL", "antigen presented"),
        Derived("ISC", "Ag/(Ag + S_R)", "", "suppressor cells, from 0 to 1"),
        Derived("PDL1free", "PDL1/(1 + mAb/K_D)", "", "PD-L1 not bound by antibody"),
        Derived("IAR", "(1 - PDL1free)*(1 - ISC)", "", "immune activation left by both brakes"),
        Derived("volume_change", "100*(TVtot/TV0 - 1)", "", "change of tumor volume since implantation, % (ours)"),
        Derived("antibody_amount", "mAb*Vd", "nmol", "antibody in blood (ours)"),
    ],
    processes=[
        Process("growth", "-> TV", "r*TV*(1 - TV/TVmax)", "logistic growth of living tumor"),
        Process("damage", "TV -> TVd", "TV*(alpha*R_t + 2*alpha*U**2/(alpha_beta*tau*delta**2))",
                "damage by radiation: single hits, and pairs of breaks"),
        Process("death", "TV ->", "(e*dTeff + d0)*TV", "killing by T cells, and death without them"),
        Process("removal", "TVd ->", "mu*TVd", "removal of damaged tumor"),
        Process("dsb_induction", "-> U", "delta*R_t", "breaks made by radiation"),
        Process("dsb_repair", "U ->", "U/tau", "repair of breaks"),
        Process("infiltration", "-> nTeff", "kLN*Ag/(Ag + S_L)", "T cells that come from the lymph node"),
        Process("proliferation", "-> nTeff", "kpro*IAR*nTeff", "division of T cells in the tumor"),
        Process("differentiation", "nTeff -> dTeff", "kdif*IAR*nTeff", "maturation to killers"),
        Process("n_loss", "nTeff ->", "kel*nTeff", "loss of T cells"),
        Process("d_apoptosis", "dTeff ->", "kapo*dTeff", "death of killers"),
        Process("pdl1_turnover", "-> PDL1", "kpdl*(dTeff/(Kpdl + dTeff) - PDL1)", "PD-L1 follows the killers"),
        Process("absorption", "mAb_ip -> mAb", "ka*mAb_ip", "absorption of antibody"),
        Process("mab_loss", "mAb ->", "kel_mAb*mAb", "elimination of antibody"),
    ],
    variants=[
        Variant("responder", values={"S_L": 1.77}, note="good responder", source="Kosinsky 2018: 5th percentile"),
        Variant("non_responder", values={"S_L": 22.63}, note="poor responder", source="Kosinsky 2018: 95th percentile"),
    ],
    interventions=[
        Intervention("anti_pdl1", [transfer("mAb_ip", 444.44)], at_times(7, 9, 11, 14, 16, 18, 21, 23, 25), kind="drug",
                     direction="enhance", acts_on="signal", expects={"mAb": "up", "PDL1free": "down on average",
                     "dTeff": "up on average", "TVtot": "down on average"}, evidence="published",
                     source="Kosinsky 2018: 10 mg/kg ip three times a week, 3 weeks; days, 20 g, 150 kDa assumed",
                     label="anti-PD-L1"),
        Intervention("rt_5x2", [add("R_t", 200.0)], pulses(every=1, width=0.01, n=5, start=7), kind="radiotherapy",
                     acts_on="lifespan", expects={"TV": "down on average", "TVtot": "down"}, evidence="published",
                     source="Kosinsky 2018: 2 Gy on five days; pulses of 0.01 day", label="radiation 5 x 2 Gy"),
        Intervention("rt_1x7", [add("R_t", 700.0)], pulses(every=1, width=0.01, n=1, start=7), kind="radiotherapy",
                     acts_on="lifespan", expects={"TV": "down on average", "TVtot": "down"}, evidence="published",
                     source="Kosinsky 2018: 7 Gy once; pulse of 0.01 day", label="radiation 1 x 7 Gy"),
        Intervention("rt_1x10", [add("R_t", 1000.0)], pulses(every=1, width=0.01, n=1, start=7), kind="radiotherapy",
                     acts_on="lifespan", expects={"TV": "down on average", "TVtot": "down"}, evidence="published",
                     source="Kosinsky 2018: 10 Gy once; pulse of 0.01 day", label="radiation 1 x 10 Gy"),
        Intervention("rt_3x4", [add("R_t", 400.0)], pulses(every=1, width=0.01, n=3, start=7), kind="radiotherapy",
                     acts_on="lifespan", expects={"TV": "down on average", "TVtot": "down"}, evidence="published",
                     source="Kosinsky 2018: 4 Gy on three days; pulses of 0.01 day", label="radiation 3 x 4 Gy"),
        Intervention("cd8_depletion", [set_to("kLN", 0.0)], during(start=0), kind="drug", direction="suppress",
                     acts_on="production", expects={"dTeff": "down", "TVtot": "up"}, evidence="assumed",
                     source="assumed: no T cells enter, from day 0", label="CD8 depletion"),
        Intervention("killing_block", [set_to("e", 0.0)], during(start=0), direction="suppress", acts_on="clearance",
                     expects={"TVtot": "up"}, evidence="assumed", source="assumed: T cells kill nothing, from day 0",
                     label="killing block"),
        Intervention("trafficking_block", [scale("S_L", 3.0)], kind="drug", direction="suppress",
                     acts_on="production", expects={"dTeff": "down", "TVtot": "up on average"}, evidence="assumed",
                     source="assumed: fingolimod; three times the antigen for half the influx",
                     label="trafficking block"),
        Intervention("sensitive", [set_to("S_L", 3.0)], kind="patient", direction="enhance", acts_on="production",
                     expects={"dTeff": "up at the end", "TVtot": "down on average"}, evidence="assumed",
                     source="assumed: a mouse that responds; 6 % have a smaller S_L", note="a mouse, not a treatment",
                     label="sensitive mouse"),
    ],
    variability=[Variability("S_L", 0.696, source="Kosinsky 2018, Table 1: lognormal between animals")],
    thresholds=[Threshold("rejection", "TVtot <= 10", "rejection", "Kosinsky 2018, read as 10 uL or less")],
    story=Story(
        "The average mouse does not respond to anti-PD-L1, one in eight does; with radiation six in ten do.",
        arms={"untreated": "", "anti-PD-L1, average": "anti_pdl1", "anti-PD-L1, responder": "anti_pdl1 + sensitive",
              "both, average": "anti_pdl1 + rt_5x2"},
        panels=["TVtot", "dTeff"], until=50.0,
    ),
)
