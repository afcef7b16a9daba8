"""Every intervention does to a model what it says it does, at the declared values.

The sign is looked at when the expectation says; one that does not say is that of the area under the quantity over the
model's horizon. All are against the untreated model.
"""

from __future__ import annotations

import numpy as np
import pytest

from immunode.analysis.treatment.comparator import company
from immunode.analysis.treatment.expectations import check_expectations
from immunode.catalogue import list_models, load_model
from immunode.intervention.expected_changes import Expected, expected
from immunode.program.llvm.compile import available
from immunode.study import Endpoint, sweep
from immunode.study.design.design import Design
from immunode.study.endpoints import at, auc, final, peak, trough

VARIANTS = {"baker2013": ("", "diseased"), "immune_balance": ("", "self_reactive")}
# Two doses a day for a year take SciPy 5 to 9 s a run, compiled code a tenth of a second.
LONG = {("graft_window", name) for name in ("tablets_1mg", "tablets_3mg", "tablets_6mg", "azole")}
LONG |= {
    ("sove2020", it.name) for it in load_model("sove2020").interventions
}  # stiff


def _marks(name: str, intervention: str) -> tuple[pytest.MarkDecorator, ...]:
    return (pytest.mark.slow,) if (name, intervention) in LONG else ()


CASES = [
    pytest.param(entry.name, variant, intervention.name, marks=_marks(entry.name, intervention.name))
    for entry in list_models()
    for intervention in load_model(entry.name).interventions
    for variant in VARIANTS.get(entry.name, ("",))
]
ENDPOINTS = {"": auc, "mean": auc, "peak": peak, "trough": trough, "final": final}


def endpoint(quantity: str, asked: Expected) -> Endpoint:
    """Return what is compared."""
    return at(quantity, asked.time) if asked.moment == "time" else ENDPOINTS[asked.moment](quantity)


@pytest.mark.parametrize(("name", "variant", "intervention"), CASES)
def test_expected_signs_hold(name: str, variant: str, intervention: str) -> None:
    """By at least 0.1 % of what it is without it, beside what it is declared to act beside."""
    model = load_model(name, variant)
    declared = model.intervention(intervention)
    beside, others = company(model, declared)
    model = model.variant(beside) if beside else model
    claims = [(quantity, expected(text)) for quantity, text in declared.expects]
    assert claims
    ends = tuple(dict.fromkeys(endpoint(*claim) for claim in claims))
    arms = {"without": others, "with": (declared, *others)}
    engine = "compiled" if (name, intervention) in LONG and available() else "scipy"
    as_it_is = Design((), np.empty((1, 0)), "the model as it is")
    out = sweep(model, as_it_is, arms=arms, endpoints=ends, engine=engine, rtol=1e-7)
    assert out.ok.all()
    for quantity, asked in claims:
        without, with_it = out.endpoint(endpoint(quantity, asked).name)
        change = (with_it - without) / max(abs(without), 1e-12)
        holds = {"up": change > 1e-3, "down": change < -1e-3, "unchanged": abs(change) < 1e-3}[asked.sign]
        assert holds, f"{quantity}: {without:g} -> {with_it:g}, expected {asked}"


@pytest.mark.parametrize("name", ["ma2020", "jin2025"])
def test_what_is_expected_holds_in_declared_patients(name: str) -> None:
    """In 95 % of them and more: the score, the neutrophils at their lowest, exacerbations and FEV1 by week 48."""
    found = check_expectations(load_model(name), n=200)
    assert "200 virtual patients" in found.recipe
    assert all(item.over not in ("final", "mean") for item in found.items)
    assert min(item.share for item in found.items) >= 0.95


def test_nipocalimab_lowers_igg_in_all_and_the_score_in_most_declared_patients() -> None:
    """The random effect on the slope of MG-ADL is larger than the slope: its sign turns in 29 %, as the notes say."""
    model = load_model("valenzuela2025")
    found = check_expectations(model, n=400)
    assert min(item.share for item in found.items if item.quantity == "igg") == 1
    score = [item for item in found.items if item.quantity == "MG_ADL"]
    assert [item.down for item in score] == pytest.approx([0.70] * len(score), abs=0.05)
    assert [item.up for item in score] == pytest.approx([0.29] * len(score), abs=0.05)
    assert all("falls in 70 %" in it.note for it in model.interventions)
