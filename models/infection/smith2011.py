"""Pneumococci in the lung: three lines of defense, and how many bacteria each of them can clear.

Macrophages of the alveoli take up the first bacteria, until they are overrun at about 1e4 per mL. Bacteria then stick
to the epithelium, which calls neutrophils by cytokines; debris of dead cells slows the macrophages. Monocyte-derived
macrophages follow half a day later and clear what is left. Between clearance and a full lung (2.3e8 CFU/mL) lies a
sharp threshold of the inoculum: 9.95e3 with the first line alone (variant `stage1`), 2.13e4 with neutrophils
(`stage2`), 1.02e5 with all three. Try 1e3, 1e4, 2e4, 3e4 and 1e5 in each stage.

    P --om--> EA --> C --> N --(tau)--> M        MA, N, M kill P;  dead N and EA --> D --| MA
Left out: antibodies and T cells, invasion of the blood, strains, places in the lung, chance. MA is a constant.

Equations and values: accepted manuscript (equations 1 to 18, Tables T1 to T3) and BIOMD0000000924. Other than in that
entry, neutrophils inhibit all cytokine made by macrophages (equation 9; the entry misplaces a parenthesis), and KP is
2.3e8 (one version has 3.418e8). The scanned Table 2 prints dNP 2.5e-7, r1 0.1, dD 2.5e-6, with which neutrophils add
nothing; both SBML versions have the values used here. The delay tau is a chain of 12 stages here, not a sharp delay.

Findings: the paper's threshold with neutrophils (3.98e4) is not met; the other two (9.99e3 and 9.97e4) are. In `stage2`
1e4 bacteria peak early (P 13.7 h, paper 16; C 16.2, paper 24; N 28.7, paper 36) and 79 % of the epithelium is lost
(paper 65 %). The 12 stages just clear 1e5; the paper and 60 stages do not. EA counts cells: `al`, `r3` are per mL.
"""

from immunode.intervention import Intervention, add, during, inhibit, scale
from immunode.model import Derived, Model, Parameter, Process, State, Story, Unit, Variant, transit_chain

DELAY = transit_chain("N", 12, "tau", follows="N", unit="cell/mL", kind="cell", typical=1e4,
                      meaning="neutrophils, delayed", source="the delay of Smith 2011 as a chain")
MODEL = Model(
    name="smith2011",
    title="Pneumococci in the lung against three stages of innate defense",
    system="bacteria and macrophages",
    status="published",
    species="mouse",
    reference="doi:10.1016/j.jtbi.2011.01.052",
    time_unit="hour",
    horizon=240.0,
    readouts=["P", "N", "M", "epithelium_lost"],
    units=[Unit("CFU", "bacteria that form a colony")],
    states=[
        State("P", 1e4, "CFU/mL", "pneumococci", kind="pathogen", source="Smith 2011: 1e3 to 1e5 are given"),
        State("EU", "epithelium", "cell", "epithelium without bacteria", kind="cell", source="Smith 2011",
              label="healthy epithelium"),
        State("EA", 0.0, "cell", "epithelium with bacteria attached", kind="cell", typical=1e6, source="Smith 2011",
              label="infected epithelium"),
        State("C", 0.0, "pg/mL", "pro-inflammatory cytokine", kind="signal", typical=1e4, source="Smith 2011",
              label="cytokine"),
        State("N", 0.0, "cell/mL", "neutrophils", kind="cell", typical=1e4, source="Smith 2011"),
        State("D", 0.0, "cell/mL", "debris of dead cells", kind="damage", typical=1e3, source="Smith 2011",
              label="cell debris"),
        State("M", 0.0, "cell/mL", "monocyte-derived macrophages", kind="cell", typical=1e4, source="Smith 2011",
              label="monocyte macrophages"),
        *DELAY.states,
    ],
    parameters=[
        Parameter("r", 1.13, "1/hour", "growth of bacteria", "Smith 2011, T1", "published"),
        Parameter("KP", 2.3e8, "CFU/mL", "carrying capacity for bacteria", "Smith 2011, T1", "published"),
        Parameter("gMA", 5.6e-6, "mL/(cell*hour)", "phagocytosis by macrophages", "Smith 2011, T1", "published"),
        Parameter("n", 5.0, "CFU/mL", "bacteria that macrophages can take up", "Smith 2011, T1", "published"),
        Parameter("x", 2.0, "", "steepness of their being overrun", "Smith 2011, T1", "published"),
        Parameter("MA", 1e6, "cell/mL", "alveolar macrophages", "Smith 2011, T1", "published"),
        Parameter("MA_one", 1.0, "cell/mL", "unit of MA in uptake", "conversion of units", "derived", (1.0, 1.0)),
        Parameter("epithelium", 1e8, "cell", "epithelium at first", "Smith 2011, T1", "published"),
        Parameter("d", 1e-3, "1/hour", "death of macrophages", "Smith 2011, T2", "published"),
        Parameter("kap", 0.042, "1/hour", "loss of activation", "Smith 2011, T2", "published"),
        Parameter("thM", 4.2e-8, "mL/(CFU*hour)", "activation by bacteria", "Smith 2011, T2", "published"),
        Parameter("gN", 1e-5, "mL/(cell*hour)", "killing by neutrophils", "Smith 2011, T2", "published"),
        Parameter("om", 2.1e-8, "mL/(CFU*hour)", "adherence to epithelium", "Smith 2011, T2", "published"),
        Parameter("dE", 0.167, "1/hour", "death of epithelium with bacteria", "Smith 2011, T2", "published"),
        Parameter("al", 0.021, "pg/(mL*cell*hour)", "cytokine from EA", "Smith 2011, T2", "published"),
        Parameter("nu", 0.029, "pg/(cell*hour)", "cytokine from active macrophages", "Smith 2011, T2", "published"),
        Parameter("kn", 1.4e-5, "mL/cell", "inhibition of both by neutrophils", "Smith 2011, T2", "published"),
        Parameter("dC", 0.83, "1/hour", "decay of cytokine", "Smith 2011, T2", "published"),
        Parameter("eta", 1.33, "cell/(pg*hour)", "recruitment of neutrophils", "Smith 2011, T2", "published"),
        Parameter("Nmax", 1.8e5, "cell/mL", "most neutrophils possible", "Smith 2011, T2", "published"),
        Parameter("dN", 0.063, "1/hour", "death of neutrophils", "Smith 2011, T2", "published"),
        Parameter("dNP", 1.76e-7, "mL/(CFU*hour)", "their death by pneumolysin", "BIOMD0000000924", "published"),
        Parameter("r1", 0.15, "", "debris per neutrophil killed by bacteria", "BIOMD0000000924", "published"),
        Parameter("r2", 1e-3, "", "debris per neutrophil that dies", "Smith 2011, T2", "published"),
        Parameter("r3", 1e-5, "1/mL", "debris per epithelial cell that dies", "Smith 2011, T2", "published"),
        Parameter("dD", 1.4e-7, "mL/(cell*hour)", "clearing of debris by macrophages", "BIOMD0000000924", "published"),
        Parameter("kd", 5e-9, "(mL/cell)**2", "inhibition of phagocytosis by debris", "Smith 2011, T2", "published"),
        Parameter("gm", 3.2e-5, "mL/(cell*hour)", "killing by M", "Smith 2011, T3", "published"),
        Parameter("Mmax", 1.8e5, "cell/mL", "most M possible", "Smith 2011, T3", "published"),
        Parameter("zeta", 3.8e-3, "1/hour", "recruitment of M per neutrophil", "Smith 2011, T3", "published"),
        Parameter("dm", 1.9e-3, "1/hour", "death of M", "Smith 2011, T3", "published"),
        Parameter("tau", 12.0, "hour", "from neutrophils to M", "Smith 2011, T3", "published"),
        Parameter("k_abx", 0.0, "1/hour", "killing by an antibiotic", "assumed: not in the paper", "assumed"),
    ],
    derived=[
        Derived("f", "MA/(MA + MA_one*(max(P, 0)/n)**x)", "", "uptake, which falls as bacteria overrun macrophages"),
        Derived("MA_active", "MA*thM*P/(d + kap + thM*P)", "cell/mL", "activated alveolar macrophages"),
        Derived("epithelium_lost", "1 - (EU + EA)/epithelium", "", "part of the epithelium lost",
                label="epithelium lost"),
    ],
    processes=[
        Process("growth", "-> P", "r*P*(1 - P/KP)", "growth of bacteria"),
        Process("am_phagocytosis", "P ->", "gMA*f*MA*P/(1 + kd*D*MA)", "uptake by alveolar macrophages"),
        Process("neutrophil_kill", "P ->", "gN*N*P", "killing by neutrophils"),
        Process("mdm_kill", "P ->", "gm*M*P", "killing by monocyte-derived macrophages"),
        Process("antibiotic_kill", "P ->", "k_abx*P", "killing by an antibiotic (ours)"),
        Process("adherence", "EU -> EA", "om*P*EU", "bacteria stick to epithelium"),
        Process("ea_death", "EA ->", "dE*EA", "death of epithelium with bacteria"),
        Process("c_production", "-> C", "(al*EA + nu*MA_active)/(1 + kn*N)", "cytokine made"),
        Process("c_loss", "C ->", "dC*C", "decay of cytokine"),
        Process("recruitment", "-> N", "eta*C*(1 - N/Nmax)", "neutrophils called by cytokine"),
        Process("n_death_by_P", "N ->", "dNP*N*P", "neutrophils killed by bacteria"),
        Process("n_death", "N ->", "dN*N", "natural death of neutrophils"),
        Process("debris_production", "-> D", "r1*dNP*N*P + r2*dN*N + r3*dE*EA", "debris made"),
        Process("efferocytosis", "D ->", "dD*D*MA", "debris cleared by macrophages"),
        Process("mdm_recruitment", "-> M", "zeta*N12*(1 - M/Mmax)", "macrophages called by neutrophils"),
        Process("mdm_death", "M ->", "dm*M", "death of monocyte-derived macrophages"),
        *DELAY.processes,
    ],
    variants=[
        Variant("stage1", values={"om": 0.0, "eta": 0.0, "zeta": 0.0}, note="alveolar macrophages only",
                source="Smith 2011, stage 1"),
        Variant("stage2", values={"zeta": 0.0}, note="and neutrophils", source="Smith 2011, stage 2"),
    ],
    interventions=[
        Intervention("am_depletion", [inhibit("MA", 0.5)], direction="suppress", acts_on="production",
                     expects={"P": "up on average", "epithelium_lost": "up"}, evidence="assumed",
                     source="assumed: half the alveolar macrophages; threshold 4.30e3",
                     label="fewer alveolar macrophages"),
        Intervention("am_boost", [scale("gMA", 2)], direction="enhance", acts_on="clearance",
                     expects={"P": "down", "epithelium_lost": "down"}, evidence="assumed",
                     source="assumed: uptake by alveolar macrophages twice as fast", label="macrophages twice as fast"),
        Intervention("neutropenia", [inhibit("Nmax", 0.5)], direction="suppress", acts_on="production",
                     expects={"P": "up", "N": "down on average"}, evidence="assumed",
                     source="assumed: half the neutrophils; threshold 9.95e3", label="neutropenia"),
        Intervention("anti_cytokine", [inhibit("al", 0.5), inhibit("nu", 0.5)], kind="drug", direction="suppress",
                     acts_on="production", expects={"P": "up", "N": "down at its peak"}, evidence="assumed",
                     source="assumed: half the cytokine made; threshold 9.95e3", label="anti-cytokine"),
        Intervention("adherence_block", [scale("om", 0.3)], kind="drug", direction="suppress", acts_on="signal",
                     expects={"P": "up", "N": "down on average"}, evidence="assumed",
                     source="assumed: less contact, so less alarm: threshold 9.95e3", label="adherence block"),
        Intervention("efferocytosis_boost", [scale("dD", 3)], kind="drug", direction="enhance", acts_on="clearance",
                     expects={"D": "down"}, evidence="assumed",
                     source="assumed: debris cleared three times as fast", label="faster debris clearance"),
        Intervention("neutrophil_killing_boost", [scale("gN", 2)], kind="drug", direction="enhance",
                     acts_on="clearance", expects={"P": "down", "epithelium_lost": "down"}, evidence="assumed",
                     source="assumed: killing twice as fast; clears 3e6", label="killing doubled"),
        Intervention("g_csf", [scale("eta", 2)], kind="drug", direction="enhance", acts_on="production",
                     expects={"P": "down"}, evidence="assumed",
                     source="assumed: twice the neutrophils called; clears 3e6", label="G-CSF"),
        Intervention("bacteriostatic", [scale("r", 0.7)], kind="drug", direction="suppress", acts_on="growth",
                     expects={"P": "down on average", "epithelium_lost": "down"}, evidence="assumed",
                     source="assumed: growth of bacteria 0.7 times; clears 3e6", label="bacteriostatic drug"),
        Intervention("pneumolysin_neutralized", [scale("dNP", 0.3)], kind="drug", direction="enhance",
                     acts_on="lifespan", expects={"P": "down", "D": "down"}, evidence="assumed",
                     source="assumed: bacteria kill 0.3 times as many neutrophils", label="pneumolysin neutralized"),
        Intervention("bactericidal", [add("k_abx", 1.0)], during(6, 78), kind="drug", acts_on="clearance",
                     expects={"P": "down", "epithelium_lost": "down"}, evidence="assumed",
                     source="assumed: 1 per hour for three days from 6 h on", label="bactericidal drug"),
        Intervention("viral_coinfection", [inhibit("gMA", 0.5)], direction="suppress", acts_on="clearance",
                     expects={"P": "up", "epithelium_lost": "up"}, evidence="assumed",
                     source="assumed: influenza halves uptake by alveolar macrophages", label="viral coinfection"),
    ],
    story=Story(
        "With half the neutrophils, pneumococci take all of the epithelium, not three quarters; a drug saves it.",
        arms={"full defense": "", "half the neutrophils": "neutropenia",
              "same, with drug": "neutropenia + bactericidal"},
        panels=["P", "epithelium_lost"], until=72.0, logarithmic=["P"],
    ),
)
