"""A patient's covariates written out as knobs and as effects on the numbers of a drug, and how patients differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from immunode.errors import ModelError, did_you_mean
from immunode.intervention.expand.contribution import Draft
from immunode.intervention.pharmacokinetics.covariates import Covariate, Patient
from immunode.model.patients import Correlation, PatientCovariate, Variability
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


def add_variability(
    draft: Draft,
    variability: Sequence[Variability],
    correlations: Sequence[Correlation],
    people: Sequence[PatientCovariate],
) -> None:
    """Add how a drug's numbers and covariates differ between patients.

    people : distributions of covariates; those whose knobs the drug does not have, since its patient is the typical
        one, are left out.

    Raises
    ------
    ModelError : a number of the drug that differs between patients does not exist.
    """
    name = draft.name
    knobs = {p.name.removeprefix(f"{name}.") for p in draft.parameters}
    for one in variability:
        if one.parameter not in knobs:
            hint = did_you_mean(one.parameter, sorted(knobs))
            raise ModelError(f"drug '{name}': variability of '{one.parameter}', which it does not have{hint}")
        draft.variability.append(replace(one, parameter=f"{name}.{one.parameter}"))
    for pair in correlations:
        draft.correlations.append(replace(pair, first=f"{name}.{pair.first}", second=f"{name}.{pair.second}"))
    for covariate in people:
        if covariate.parameter in knobs:
            draft.covariates.append(replace(covariate, parameter=f"{name}.{covariate.parameter}"))
