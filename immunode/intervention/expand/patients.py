"""A patient's covariates written out as knobs and as effects on the numbers of a drug."""

from __future__ import annotations

from collections.abc import Sequence

from immunode.intervention.expand.contribution import Draft
from immunode.intervention.pharmacokinetics.covariates import Covariate, Patient
from immunode.model.records import Effect


def add_covariates(draft: Draft, covariates: Sequence[Covariate], patient: Patient) -> None:
    """Add the knobs of a patient and the effects on the drug's numbers."""
    there = {p.name for p in draft.parameters}
    for c in covariates:
        value = dict(patient)[c.name]
        if f"{draft.name}.{c.name}" not in there:
            bounds = (0.0, 1.0) if c.reference is None else None
            full = draft.knob(c.name, value, c.unit, c.meaning or f"{c.name} of the patient", bounds=bounds)
            draft.within([full], 0, 1) if c.reference is None else draft.above_zero(full)
        if c.reference is not None:
            fixed = (c.reference, c.reference)
            draft.knob(f"{c.name}_ref", c.reference, c.unit, f"{c.name} of the typical patient", bounds=fixed,
                source=c.source, evidence=c.evidence)  # fmt: skip
        for target, size in c.on:
            words = "factor on" if c.reference is None else "power in"
            meaning = f"{c.name}: {words} {target}"
            draft.knob(f"{c.name}_on_{target}", size, "", meaning, source=c.source, evidence=c.evidence)
            draft.effects.append(Effect(f"{draft.name}.{target}", "scale", c.factor(draft.name, target), by=draft.name))
