"""A patient's covariates written out as knobs and as effects on the numbers of a drug, and how patients differ."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace

from immunode.errors import ModelError, did_you_mean
from immunode.intervention.expand.contribution import Draft
from immunode.intervention.pharmacokinetics.covariates import Covariate, Patient
from immunode.model.patients import Correlation, PatientCovariate, Variability
from immunode.model.records import Derived, Effect


def add_covariates(
    draft: Draft,
    covariates: Sequence[Covariate],
    patient: Patient,
    linked: Mapping[str, str],
    formulas: Container[str] = (),
    constants: Iterable[str] = (),
) -> dict[str, list[str]]:
    """Add the knobs of a patient and the effects on the drug's numbers; a covariate without a value has none.

    linked : covariates that are those of the model's patient, as texts in their units; they are quantities, no knobs.
    formulas : numbers that are no knobs; the factors on them are returned, by number.
    constants : further numbers that become knobs.
    """
    values = dict(patient)
    there = {p.name for p in draft.parameters} | {f"{draft.name}.{constant}" for constant in constants}
    factors: dict[str, list[str]] = {}
    for c in covariates:
        full = f"{draft.name}.{c.name}"
        if c.name in linked:
            if all(one.name != full for one in draft.derived):
                meaning = f"{c.meaning or c.name} of the model's patient"
                draft.derived.append(Derived(full, linked[c.name], c.unit, meaning))
        elif c.name not in values:
            continue
        elif full not in there:
            value = values[c.name]
            bounds = (0.0, 1.0) if c.reference is None else None
            full = draft.knob(c.name, value, c.unit, c.meaning or f"{c.name} of the patient", bounds=bounds)
            if c.reference is None:
                draft.within([full], 0, 1)
            elif c.from_zero:
                draft.within([full], 0)
            else:
                draft.above_zero(full)
            there.add(full)
        if c.reference is not None and c.on and f"{draft.name}.{c.name}_ref" not in there:
            there.add(f"{draft.name}.{c.name}_ref")
            fixed = (c.reference, c.reference)
            draft.knob(f"{c.name}_ref", c.reference, c.unit, f"{c.name} of the typical patient", bounds=fixed,
                source=c.source, evidence=c.evidence)  # fmt: skip
        word = "factor on" if c.reference is None else "power in" if not c.form else f"{c.form} in"
        for label, sizes in (("", c.on), ("above_", c.above)):
            for target, size in sizes:
                what = f"{c.name}: {word} {target}" + (f", above {c.typical:g}" if label else "")
                knob = f"{c.name}_{label}on_{target}"
                draft.knob(knob, size, c.size_unit, what, source=c.source, evidence=c.evidence)
        for target, _ in c.on:
            factor = c.factor(draft.name, target)
            if f"{draft.name}.{target}" not in there and target not in formulas:
                continue  # a number that these doses do not need, such as ka where all are given by vein
            if target in formulas:
                factors.setdefault(target, []).append(factor)
            else:
                draft.effects.append(Effect(f"{draft.name}.{target}", "scale", factor, by=draft.name))
    return factors


def add_variability(
    draft: Draft,
    variability: Sequence[Variability],
    correlations: Sequence[Correlation],
    people: Sequence[PatientCovariate],
    absent: Container[str] = (),
    said: Container[str] = (),
) -> None:
    """Add how a drug's numbers and covariates differ between patients.

    people : distributions of covariates; those whose knobs the drug does not have, since its patient is the typical
        one, are left out.
    absent : numbers of the drug that these doses do not need, such as ka where all are given by vein.
    said : covariates that somebody stated: the same in every patient, so that they are not drawn.

    Raises
    ------
    ModelError : a number of the drug that differs between patients does not exist.
    """
    name = draft.name
    knobs = {p.name.removeprefix(f"{name}.") for p in draft.parameters}
    there = {one.parameter for one in variability if one.parameter in knobs}
    for one in variability:
        if one.parameter not in knobs:
            if one.parameter in absent:
                continue
            hint = did_you_mean(one.parameter, sorted(knobs))
            raise ModelError(f"drug '{name}': variability of '{one.parameter}', which it does not have{hint}")
        shares = f"{name}.{one.shares}" if one.shares and (one.shares in there or one.shares not in absent) else ""
        draft.variability.append(replace(one, parameter=f"{name}.{one.parameter}", shares=shares))
    stated = {covariate.parameter for covariate in people if covariate.parameter in said}
    for pair in correlations:
        if not stated & {pair.first, pair.second} and not any(
            end in absent and end not in there for end in (pair.first, pair.second)
        ):
            draft.correlations.append(replace(pair, first=f"{name}.{pair.first}", second=f"{name}.{pair.second}"))
    for covariate in people:
        if covariate.parameter in knobs and covariate.parameter not in stated:
            draft.covariates.append(replace(covariate, parameter=f"{name}.{covariate.parameter}"))
