"""Sentences about the immune system as scenarios, in one table: what is perturbed, expected and seen, how surely.

python examples/scenarios.py [MODEL ...]     (all models: half a minute)
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

import immunode as im

Array = NDArray[np.float64]
Truth = NDArray[np.bool_]
LEAST = 1e-3
"""A difference counts as one from this part of the larger of two values on."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A sentence, and what shows it; all parameters of the model are drawn within +- `spread`.

    topic, says : the system and the sentence; "and ..." goes on with the row above.
    model : name, with a variant after a slash.
    arm, versus : what is done, and what it is compared with; "" is nothing, "+" combines, "a * 0.1" is a tenth of it.
    quantity : an endpoint as text.   expects : "up" or "down" against `versus`; or a bound, "< 10",
        or one bound for `versus` and one for `arm`: "> 100 to < 10", what escapes without and is removed with it.
    until : days, hours or minutes, whatever the model counts in.
    """

    topic: str
    says: str
    model: str
    arm: str
    quantity: str
    expects: str
    until: float
    versus: str = ""

    @property
    def spread(self) -> float:
        """20 % for a direction; 10 % for an outcome, which is all or none and near a threshold in any model."""
        return 0.1 if self.expects[0] in "<>" else 0.2

    @property
    def name(self) -> str:
        """The scenario in one line, different for each."""
        return f"{self.model}: {self.arm or 'as it is'}: {self.quantity} {self.expects}"


class Seen(NamedTuple):
    """The endpoint without and with the perturbation, whether it is as expected, and in which share of sampled sets."""

    versus: float
    seen: float
    holds: bool
    share: float


S = Scenario
TUMOR = "kosinsky2018/responder"
KIDNEY = "graft_window"
TOCI = "with_tocilizumab"
SCENARIOS = (
    S("asthma", "anti-IL-5R prevents attacks", "jin2025", "benralizumab_q8w", "final(exac)", "down", 364),
    S("asthma", "and opens the airways", "jin2025", "benralizumab_q8w", "final(FEV1)", "up", 364),
    S("asthma", "anti-IL-5 lowers eosinophils", "asthma_eos_min", "sc_100", "at(eos, 84)", "down", 364),
    S("asthma", "IL-4/IL-13 block adds FEV1", "zhang2025_dupilumab", "loading_600 + q2w_300", "final(FEV1)", "up", 84),
    S("asthma", "anti-IgE lowers free IgE", "lowe2009", "q4w_300", "trough(ige_free)", "down", 168),
    S("arthritis", "an IL-6 receptor block lowers DAS28", "ma2020", "sarilumab_200", "final(das28)", "down", 168),
    S("arthritis", "and costs neutrophils", "ma2020", "sarilumab_200", "trough(anc)", "down", 168),
    S("arthritis", "adalimumab lowers free TNF", "marcantonio2022", "standard", "final(tnf_free)", "down", 168),
    S("arthritis", "an IL-6 blocker lowers DAS28", "frey2013", "tocilizumab_8", "final(das28)", "down", 168),
    S("arthritis", "an IL-1 blocker lowers CRP", "aitoudhia2012", "canakinumab_150", "final(crp)", "down", 168),
    S("arthritis", "an IL-6 blocker beats anti-TNF", "leil2021", TOCI, "final(das28)", "down", 52, "with_adalimumab"),
    S("arthritis", "a biologic drug adds responders", "mandema2011", "with_adalimumab", "final(ACR50)", "up", 1),
    S("lupus", "B-cell depletion lowers anti-dsDNA", "lupus_minimal", "rituximab_like", "at(aab, 180)", "down", 730),
    S("lupus", "B-cell depletion lowers proteinuria", "lupus_minimal", "rituximab_like", "at(ptu, 180)", "down", 730),
    S("lupus", "anti-BAFF lowers autoreactive B cells", "lupus_minimal", "belimumab_like", "final(B)", "down", 730),
    S("lupus", "anti-BAFF lowers disease activity", "lupus_minimal", "belimumab_like", "final(SLEDAI)", "down", 730),
    S("lupus", "if all are reached, less", "lupus_minimal", "rituximab_complete", "final(aab)", "< 50", 730),
    S("lupus", "CAR-T cells clear anti-dsDNA", "lupus_minimal", "cart_cd19_like", "final(aab)", "> 200 to < 30", 730),
    S("lupus", "anti-interferon adds responders", "goteti2024", "anifrolumab_300", "final(SRI4)", "up", 52),
    S("myasthenia", "a block of FcRn lowers IgG", "lledogarcia2022", "iv_7", "at(IgG_change, 10)", "down", 84),
    S("myasthenia", "and weakness", "valenzuela2025", "q2w_60", "at(MG_ADL_change, 70)", "down", 168),
    S("CAR-T", "CAR-T cells shrink a lymphoma", "muellerschoell2021", "infusion", "final(T)", "down", 90),
    S("CAR-T", "not if few expand", "muellerschoell2021", "infusion + low_expansion", "final(T)", "up", 90, "infusion"),
    S("CAR-T", "poor lymphodepletion, less expansion", "stein2019", "poor_lymphodepletion", "peak(total)", "down", 180),
    S("CAR-T", "half the leukemia, less IL-6", "hardiansyah2019", "burden_half", "peak(il6)", "down", 14),
    S("CAR-T", "a low first dose, less release", "hibma2026", "step_up", "peak(p_crs)", "down", 14, "no_step_up"),
    S("cancer", "after ipilimumab, less so", "chatterjee2017", "ipi_experienced", "at(SLD_change, 168)", "up", 168),
    S("cancer", "checkpoint blockade cures mice", TUMOR, "anti_pdl1", "at(TVtot, 50)", "> 100 to < 10", 50),
    S("cancer", "a hundredth of the dose does not", TUMOR, "anti_pdl1 * 0.01", "at(TVtot, 50)", "> 100 to > 100", 50),
    S("cancer", "CAR-T cells remove a lymphoma in mice", "cartmath2021", "car_t", "final(T)", "> 1e6 to < 1", 200),
    S("cancer", "a tenth of them does not", "cartmath2021", "car_t * 0.1", "final(T)", "> 1e6 to > 1e6", 200),
    S("cancer", "checkpoint, in a body", "immune_balance/tumor", "checkpoint_blockade", "final(Ag)", "down", 360),
    S("cancer", "CAR-T, in a body", "immune_balance/tumor", "car_t", "final(Ag)", "down", 360),
    S("transplant", "no drug, and the graft is lost", KIDNEY, "", "final(H)", "< 0.15", 120),
    S("transplant", "a trough of 6 keeps it", KIDNEY, "trough_6", "final(H)", "< 0.15 to > 0.8", 120),
    S("transplant", "too little raises the killers", KIDNEY, "trough_6 + no_mmf", "peak(E)", "up", 365, "trough_6"),
    S("transplant", "too much lets the virus out", KIDNEY, "trough_30", "peak(V)", "< 1e3 to > 1e3", 365),
    S("transplant", "all stopped", KIDNEY, "trough_6 + stop_all", "final(H)", "> 0.8 to < 0.5", 365, "trough_6"),
    S("allergy", "anti-IgE lowers free IgE", "hayashi2007", "q4w", "final(ige_free)", "down", 168),
    S("allergy", "and lets total IgE pile up", "hayashi2007", "q4w", "final(ige_total)", "up", 168),
    S("allergy", "an IL-4 block lowers total IgE", "hayashi2007", "production_block", "final(ige_total)", "down", 168),
    S("atopy", "IL-4/IL-13 block lowers EASI", "miyano2022", "dupilumab", "final(EASI)", "down", 24, "placebo"),
    S("atopy", "IL-13 block lowers EASI", "miyano2022", "lebrikizumab", "final(EASI)", "down", 24, "placebo"),
    S("atopy", "TSLP block lowers EASI", "miyano2022", "tezepelumab", "final(EASI)", "down", 24, "placebo"),
    S("vaccination", "adjuvant raises antibody", "vaccine_minimal", "adjuvanted", "peak(A)", "up", 400),
    S("vaccination", "antiproliferative lowers it", "vaccine_minimal", "antiproliferative", "peak(A)", "down", 400),
    S("vitamin D", "a supplement raises it", "vitamin_d_minimal/deficiency", "supplement_50", "final(C25)", "up", 365),
    S("vitamin D", "and cathelicidin", "vitamin_d_minimal/deficiency", "supplement_50", "final(LL37)", "up", 365),
    S("vitamin D", "and regulatory T cells", "vitamin_d_minimal/deficiency", "supplement_50", "final(Treg)", "up", 365),
    S("zinc", "deficiency lowers naive T cells", "zinc_minimal", "depletion", "at(N, 168)", "down", 365),
    S("zinc", "deficiency raises TNF", "zinc_minimal", "depletion", "at(TNF, 168)", "up", 365),
    S("zinc", "repletion returns them", "zinc_minimal", "depletion + repletion", "at(N, 252)", "up", 365, "depletion"),
    S("zinc", "and lowers TNF", "zinc_minimal", "depletion + repletion", "at(TNF, 252)", "down", 365, "depletion"),
    S("microbiota", "fiber raises regulatory T cells", "islam2021", "fiber", "final(treg_blood)", "up", 84),
    S("microbiota", "dysbiosis lowers them", "islam2021", "antibiotic_lasting", "final(treg_blood)", "down", 84),
    S("microbiota", "fiber calms T cells", "immune_balance", "fiber", "auc(E_t)", "down", 60),
    S("microbiota", "dysbiosis does the opposite", "immune_balance", "dysbiosis", "auc(E_t)", "up", 60),
    S("exercise", "a bout raises IL-6", "exercise_minimal", "bout_30min_80", "peak(I)", "up", 1440),
    S("exercise", "a bout brings NK cells into blood", "exercise_minimal", "bout_30min_80", "peak(K_b)", "up", 1440),
    S("exercise", "lymphocytes then fall", "exercise_minimal", "bout_30min_80", "trough(lymphocytes)", "down", 1440),
    S("exercise", "training lowers inflammation", "immune_balance", "exercise", "auc(TNF)", "down", 60),
    S("exercise", "training lowers damage", "immune_balance", "exercise", "auc(D)", "down", 60),
    S("stress", "chronic stress raises cortisol", "karin2020", "chronic_stress", "at(CORT, 60)", "up", 260),
    S("stress", "the glands grow", "karin2020", "chronic_stress", "at(A, 60)", "up", 260),
    S("stress", "and ACTH is low for weeks after it", "karin2020", "chronic_stress", "at(ACTH, 90)", "down", 260),
    S("stress", "chronic stress lowers TNF", "stress_cytokine_minimal", "chronic_stress", "auc(TNF)", "down", 24),
    S("stress", "chronic stress slows clearance", "immune_balance", "chronic_stress", "auc(Ag)", "up", 60),
    S("stress", "with resistance it raises TNF", "immune_balance", "chronic_stress_resistant", "auc(TNF)", "up", 60),
    S("sleep", "one short night lowers NK activity", "sleep_minimal", "late_night", "at(NK, 32)", "down", 384),
    S("sleep", "one night repairs it", "sleep_minimal", "late_night", "at(NK, 56)", "> 0.9", 384),
    S("sleep", "one night awake leaves IL-6", "sleep_minimal", "no_sleep", "at(IL6, 36)", "> 0.99 to < 1.05", 384),
    S("sleep", "five short nights raise it", "sleep_minimal", "five_short_nights", "at(IL6, 132)", "up", 384),
    S("sleep", "and less antibody", "sleep_minimal", "sleep_4h + vaccination", "final(Ab)", "down", 345, "vaccination"),
    S("theory", "less self-drive of TNF ends inflammation", "baker2013/diseased", "anti_tnf", "final(p)", "down", 100),
    S("theory", "and damage", "baker2013/diseased", "anti_tnf", "final(damage)", "down", 100),
)  # fmt: skip


def arm(model: im.Model, text: str) -> tuple[im.Intervention | im.Drug, ...]:
    """Return the interventions that `text` names."""
    made: list[im.Intervention | im.Drug] = []
    for part in filter(None, (part.strip() for part in text.split("+"))):
        name, _, size = part.partition("*")
        declared = model.intervention(name.strip())
        made.append(declared.at(float(size)) if size else declared)
    return tuple(made)


def box(model: im.Model, spread: float) -> im.Space:
    """Return all parameters within +- spread of the declared value and inside their bounds; what is 0 stays 0."""
    made = im.Space()
    declared = {p.name: p.value for p in model.parameters}
    for axis in im.space(model, spread=spread).axes:
        value = declared[axis.name]
        ends = sorted((value * (1 - spread), value * (1 + spread)))
        low, high = max(axis.low, ends[0]), min(axis.high, ends[1])
        made = made.with_range(axis.name, low, high) if low < high else made
    return made


def holds(expects: str, seen: Array, versus: Array) -> Truth:
    """Return where `seen` is as expected; a failed run (NaN) is not."""
    before, to, after = expects.partition(" to ")
    if to:
        return holds(before, versus, versus) & holds(after, seen, versus)
    if expects[0] in "<>":
        bound = float(expects[1:])
        return np.less(seen, bound) if expects[0] == "<" else np.greater(seen, bound)
    change, small = seen - versus, LEAST * np.maximum(abs(seen), abs(versus))
    return np.less(small, change if expects == "up" else -change)


def look(scenarios: Sequence[Scenario], n: int = 0) -> dict[str, Seen]:
    """Return what each scenario shows, by name, at the declared values and in n Sobol points around them.

    Scenarios of one model, length and spread are one sweep: every parameter set in every arm.
    """
    groups: dict[tuple[str, float, float], list[Scenario]] = {}
    for one in scenarios:
        groups.setdefault((one.model, one.until, one.spread if n else 0.0), []).append(one)
    found: dict[str, Seen] = {}
    for (named, until, spread), group in groups.items():
        name, _, variant = named.partition("/")
        model = im.load_model(name, variant)
        first = model.parameters[0]
        design = im.from_table({first.name: [first.value]})
        if n:
            design += im.sobol(box(model, spread), n)
        texts = dict.fromkeys(text for one in group for text in (one.versus, one.arm))
        arms = im.Arms({text or "as it is": arm(model, text) for text in texts})
        ends = list(dict.fromkeys(one.quantity for one in group))
        result = im.sweep(model, design, until=until, arms=arms, endpoints=ends)
        order = np.argsort(result.plan.design.draw, kind="stable")
        for one in group:
            column = result.endpoint(str(im.endpoint(one.quantity)))[order]
            seen, versus = (column[result.arm[order] == (text or "as it is")] for text in (one.arm, one.versus))
            held = holds(one.expects, seen, versus)
            share = float(held[1:].mean()) if n else float("nan")
            found[one.name] = Seen(float(versus[0]), float(seen[0]), bool(held[0]), share)
    return found


def table(scenarios: Sequence[Scenario], n: int = 32) -> Table:
    """Return the table of scenarios, one row each; red where the declared values do not show what is expected."""
    seen = look(scenarios, n)
    made = Table(title=f"Seen at the declared values; holds in: share of {n} sets, all parameters within the +- told")
    for heading in ("", "scenario", "model: perturbed (against)", "expected", "seen", "+-", "holds in"):
        made.add_column(heading, justify="right" if heading in ("+-", "holds in") else "left")
    topic = ""
    for one in scenarios:
        found = seen[one.name]
        arms = (one.arm or "as it is") + (f" ({one.versus})" if one.versus else "")
        change = f"{found.seen:.3g}" if found.seen == found.versus else f"{found.versus:.3g} -> {found.seen:.3g}"
        row = (one.says, f"{one.model}: {arms}", f"{one.quantity} {one.expects}", change)
        told = (f"{one.spread:.0%}", f"{found.share:.0%}")
        made.add_row(one.topic if one.topic != topic else "", *row, *told, style=None if found.holds else "red")
        topic = one.topic
    return made


if __name__ == "__main__":
    names = sys.argv[1:]
    chosen = [one for one in SCENARIOS if not names or one.model.partition("/")[0] in names]
    Console(width=170).print(table(chosen))
