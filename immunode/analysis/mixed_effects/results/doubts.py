"""What an estimate owes to bounds, chance or nothing, in words: one line each."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.residual_error import DISCRETE, NORMAL, TERMS, variance
from immunode.analysis.mixed_effects.results.estimate_words import HOPELESS
from immunode.analysis.mixed_effects.results.fitted_occasions import beginnings
from immunode.analysis.mixed_effects.results.population_fit import PopulationFit

Array = NDArray[np.float64]
NEAR = " is near 0"
UNCERTAIN = 100.0
"""Relative standard error, in percent, above which a number is named."""
ABSENT = 1e-3
"""Part of an error's variance, at the observation where it is largest, below which a term of it counts as absent."""
AT_END = 1e-3
"""Distance to a bound, as a part of the range, that counts as being there."""
ONE = 0.99
"""Correlation from which two random effects are one."""
HUGE = 3.0
"""Standard deviation of a random effect on a log or logit scale at which individuals differ by decades."""
RATIO = 1000.0
"""Ratio to the initial value that is told."""


def doubts_about(fit: PopulationFit, told: Sequence[str] = ()) -> list[str]:
    """Return what a user should look at before believing a fit, in words. told : what was said already."""
    errors = list(_errors(fit))
    absent = {note.partition(NEAR)[0] for note in (*told, *errors) if NEAR in note}
    uncertain = _uncertain(fit, absent)
    return [*uncertain, *errors, *_at_bounds(fit), *_spreads(fit), *_far_off(fit), *_occasions(fit)]


def _uncertain(fit: PopulationFit, absent: Collection[str]) -> Iterator[str]:
    """Numbers that the data fix badly or not at all; what is absent is told as that, and a singular matrix too."""
    with np.errstate(all="ignore"):
        rse = 100 * fit.standard_errors / np.abs(fit.values)
    scales = {one.name: one.scale for one in fit.predict.structure.fixed}
    found = []
    for name, size in zip(fit.names, rse, strict=True):
        # around 0 a relative error has no meaning: of a correlation, a slope or a shift
        relative = not name.startswith("corr(") and scales.get(name) != "linear"
        if np.isfinite(size) and relative and name not in absent:
            found.append((name, size))
    lost = [name for name, size in found if size >= HOPELESS]
    poor = [f"{name} ({size:.0f} %)" for name, size in found if UNCERTAIN <= size < HOPELESS]
    if lost:
        yield f"the data do not fix {', '.join(lost)}; hold it with fixed=, or give a prior"
    if poor:
        yield f"relative standard error of 100 % or more: {', '.join(poor)}"


def _errors(fit: PopulationFit) -> Iterator[str]:
    """Terms of an error that are absent, or that say that the model does not describe the data."""
    p, s = fit.predict, fit.predict.structure
    o = p.observed(fit.modes.who, fit.point)
    with np.errstate(all="ignore"):
        total = variance(o, fit.modes.f)[0]
    for output, k in s.free_errors:
        form, size = s.forms[output], float(fit.point.errors[output, k])
        if form.kind != NORMAL or TERMS[k] not in ("additive", "proportional"):
            continue
        name = f"{TERMS[k]}({form.quantity})"
        here = p.table.used & (p.table.output == output) & (p.table.censored == 0) & np.isfinite(total) & (total > 0)
        if not here.any():
            continue
        own = size**2 * (np.ones_like(total) if k == 0 else fit.modes.f**2)
        largest = float(np.max(p.table.y[here] ** 2))
        share = float(np.max(own[here] / total[here]))
        if share < ABSENT or (k == 0 and size**2 < 1e-12 * largest):
            yield f"{name}{NEAR}: the data show no such error; its interval means nothing"
        elif k == 1 and size > 1:
            yield f"{name} is {100 * size:.0f} %: the errors are larger than the predictions, which describe little"


def _at_bounds(fit: PopulationFit) -> Iterator[str]:
    """Typical values at or beyond a bound of their parameter, at the end of their scale, or far from their start."""
    s = fit.predict.structure
    bounds = {p.name: p.bounds for p in s.model.parameters if p.bounds}
    for one, value in zip(s.fixed, s.natural(fit.point.fixed), strict=True):
        low, high = bounds.get(one.name) or (-math.inf, math.inf)
        if one.scale == "logit":
            low, high = max(low, 0.0), min(high, 1.0)
        width = high - low if math.isfinite(high - low) else abs(value)
        near = [end for end in (low, high) if math.isfinite(end) and abs(value - end) <= AT_END * width and end != 0]
        if one.scale == "logit" and value <= AT_END:
            near = [0.0]
        if not low <= value <= high:
            yield f"{one.name} is {value:.4g}, outside its bounds {low:g} to {high:g}"
        elif near:
            yield f"{one.name} is at its bound {near[0]:g}: the best value lies beyond, or the data do not fix it"
        elif one.scale == "log" and not 1 / RATIO < value / one.declared < RATIO:
            yield f"{one.name} is {value / one.declared:.2g} times its initial value: look at what it stands for"


def _spreads(fit: PopulationFit) -> Iterator[str]:
    """Random effects that are one, or that differ by decades."""
    s, sd = fit.predict.structure, np.sqrt(np.diag(fit.point.omega))
    for block in s.blocks:
        for a, i in enumerate(block):
            if s.followers[i][0].scale != "linear" and sd[i] > HUGE:
                yield f"{s.spread_name(i)} is {sd[i]:.3g}: individuals would differ by decades"
            for j in block[:a]:
                r = fit.point.omega[i, j] / (sd[i] * sd[j])
                if abs(r) > ONE:
                    yield f"corr({s.effects[j]}, {s.effects[i]}) is {r:.3f}: the two random effects are one"


def _far_off(fit: PopulationFit) -> Iterator[str]:
    """Outputs whose individual predictions are not of the size of the data."""
    t, f = fit.predict.table, fit.modes.f
    for k, form in enumerate(fit.predict.structure.forms):
        here = t.used & (t.output == k) & (t.censored == 0) & (t.y > 0)
        if form.kind >= DISCRETE or form.discrete or not here.any():
            continue
        with np.errstate(all="ignore"):
            gap = np.abs(np.log10(f[here] / t.y[here]))
        middle = float(np.median(np.where(np.isnan(gap), np.inf, gap)))
        if middle > 1:
            how = f"{middle:.1f} decades" if math.isfinite(middle) else "0 or below where the data are above"
            yield f"individual predictions of {form.quantity} are off by {how} (median): check units and doses"


def _occasions(fit: PopulationFit) -> Iterator[str]:
    """Occasions that the fitted model can't begin where each individual's do."""
    p = fit.predict
    for one in p.structure.occasions:
        begins, alike = beginnings(p.structure.model, p.data, one)
        if not alike:
            times = ", ".join(f"{time:g}" for time, _ in begins)
            yield (
                f"occasions of {one.number} begin at different times: in fit.model() at the medians, {times} "
                f"{p.structure.model.axis_unit}".rstrip()
            )
