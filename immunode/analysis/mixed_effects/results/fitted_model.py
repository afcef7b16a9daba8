"""The model with the estimates as its numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from immunode.analysis.mixed_effects.structure import Point, Structure
from immunode.intervention.pharmacokinetics.occasions import OccasionVariability
from immunode.model import Correlation, Model
from immunode.model.records import pairs


def with_estimates(s: Structure, point: Point) -> Model:
    """Return the model with typical values, variability, correlations, errors and classes of a point."""
    values = dict(zip((one.name for one in s.fixed), s.natural(point.fixed), strict=True))
    sd = dict(zip(s.effects, np.sqrt(np.diag(point.omega)), strict=True))
    old = {v.parameter: v.spread for v in s.model.variability}
    added = {f"{one.number}_eta_{k}" for one in s.occasions for k in range(1, len(s.effects) + 1)}
    variability = []
    for v in s.model.variability:
        if v.parameter in added:
            continue
        leader = v.shares or v.parameter
        ratio = v.spread / old[leader] if leader in sd else 1.0
        variability.append(replace(v, sd=float(sd[leader] * ratio), cv=0.0) if leader in sd else v)
    errors = {form.quantity: point.errors[o] for o, form in enumerate(s.forms)}
    observed = [
        o if o.quantity not in errors or o.counts or o.discrete else replace(
            o, additive=float(errors[o.quantity][0]), proportional=float(errors[o.quantity][1]),
            lognormal=float(errors[o.quantity][2]), power=float(errors[o.quantity][3]),
        )
        for o in s.model.observed
    ]  # fmt: skip
    correlations = [c for c in s.model.correlations if c.first not in sd or c.second not in sd]
    spread = np.sqrt(np.diag(point.omega))
    correlations_of = point.omega / np.outer(spread, spread)
    for block in (block for group in zip(s.blocks, s.copies, strict=True) for block in (group[0], *group[1])):
        correlations += [
            Correlation(s.effects[j], s.effects[i], float(correlations_of[i, j]))
            for a, i in enumerate(block)
            for j in block[:a]
            if s.effects[i] not in added
        ]
    classes = [
        replace(
            one,
            share=float(share),
            values={k: float(values.get(f"{k}[{one.name}]", v)) for k, v in dict(one.values).items()},
        )
        for one, share in zip(s.model.classes, point.shares, strict=False)
    ]
    values = {name: value for name, value in values.items() if "[" not in name}
    fitted = s.model.with_values({name: float(value) for name, value in values.items()})
    return fitted.replace(
        parameters=[p for p in fitted.parameters if p.name not in added],
        variability=variability,
        correlations=correlations,
        classes=classes,
        observed=observed,
    )


def fitted_occasions(s: Structure, point: Point) -> tuple[OccasionVariability, ...]:
    """Return the differences between occasions that were asked for, with what was estimated of them."""
    sd = np.sqrt(np.diag(point.omega))
    place = {one.number: s.effects.index(f"{one.number}_eta_1") for one in s.occasions}
    fitted = []
    for one in s.occasions:
        i = place[one.number]
        known = {
            other: float(point.omega[i, place[other]] / (sd[i] * sd[place[other]]))
            for other, _ in pairs(one.correlations)
        }
        fitted.append(replace(one, sd=float(sd[i]), cv=0.0, correlations=known))
    return tuple(fitted)
