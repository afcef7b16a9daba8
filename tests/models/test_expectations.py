"""Every intervention does to a model what it says it does, at the declared values.

The sign is that of the area under the quantity over the model's horizon, against the untreated model.
"""

from __future__ import annotations

import numpy as np
import pytest

from immunode.analysis.treatment.comparator import company
from immunode.catalogue import list_models, load_model
from immunode.intervention import perturb
from immunode.model import Model
from immunode.program.llvm.compile import available
from immunode.program.model_functions import functions
from immunode.solve import solve

VARIANTS = {"baker2013": ("", "diseased"), "immune_balance": ("", "self_reactive")}
# Two doses a day for a year take SciPy 5 to 9 s a run, compiled code a tenth of a second.
LONG = ("graft_minimal",)
CASES = [
    pytest.param(entry.name, variant, intervention.name, marks=(pytest.mark.slow,) if entry.name in LONG else ())
    for entry in list_models()
    for intervention in load_model(entry.name).interventions
    for variant in VARIANTS.get(entry.name, ("",))
]


def areas(model: Model, quantities: tuple[str, ...]) -> np.ndarray:
    """Return the integral of each quantity over the model's horizon."""
    made = functions(model, quantities)
    values = np.array(made.program.values)[:, None]
    engine = "compiled" if model.name in LONG and available() else "scipy"
    batch = solve(made, values, times=np.array([model.horizon]), engine=engine, rtol=1e-7)
    assert batch.status[0] == 0
    return np.asarray(batch.y[0, -len(quantities) :, 0])


@pytest.mark.parametrize(("name", "variant", "intervention"), CASES)
def test_expected_signs_hold(name: str, variant: str, intervention: str) -> None:
    """By at least 0.1 % of the area without it, beside what it is declared to act beside."""
    model = load_model(name, variant)
    declared = model.intervention(intervention)
    beside, others = company(model, declared)
    model = model.variant(beside) if beside else model
    expects = dict(declared.expects)
    quantities = tuple(expects)
    assert quantities
    treated, control = (areas(perturb(model, *applied), quantities) for applied in ((declared, *others), others))
    for (quantity, sign), with_it, without in zip(expects.items(), treated, control, strict=True):
        change = (with_it - without) / max(abs(without), 1e-12)
        holds = {"up": change > 1e-3, "down": change < -1e-3, "unchanged": abs(change) < 1e-3}[sign]
        assert holds, f"{quantity}: {without:g} -> {with_it:g}, expected {sign}"
