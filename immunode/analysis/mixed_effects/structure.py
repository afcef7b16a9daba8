"""Which numbers of a model are estimated, on which scale, and how a vector of them is read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.effects.random_effects import (
    Follower,
    correlated_blocks,
    declared_covariance,
    followers_of,
    occasion_base,
)
from immunode.analysis.mixed_effects.effects.typical_values import (
    Fixed,
    Typical,
    declared_typicals,
    from_scale,
    moves,
    take_one,
    to_scale,
)
from immunode.analysis.mixed_effects.residual_error import CATEGORY, EVENT, LOGNORMAL, NORMAL, POISSON, TERMS, ErrorForm
from immunode.errors import StudyError, did_you_mean
from immunode.intervention.pharmacokinetics.occasions import OccasionVariability
from immunode.model import Model

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Point:
    """Numbers at one or many points (leading axes).

    fixed : (..., n_fixed), estimated fixed effects on their scales.   omega : (..., n_effects, n_effects), covariance.
    errors : (..., n_outputs, 4), as in `residual_error.TERMS`.   shares : (..., n_classes), of classes of individuals.
    """

    fixed: Array
    omega: Array
    errors: Array
    shares: Array

    def rows(self, which: NDArray[np.intp]) -> Point:
        """Return the points of some rows."""
        return Point(self.fixed[which], self.omega[which], self.errors[which], self.shares[which])


@dataclass(frozen=True, slots=True)
class Structure:
    """The statistical model and its vector of estimated numbers.

    The vector holds fixed effects on their scales (in units of `Fixed.size`), then for each block of correlated random
    effects the Cholesky factor of its covariance with logarithms on the diagonal, row by row, then logarithms of the
    standard deviations of errors (the power as it is), then logarithms of ratios of the shares of classes to the last.

    effects : names of the parameters that carry a random effect of their own.
    followers : parameters moved by each effect, itself first.
    blocks : groups of correlated effects.   free_blocks : whether each is estimated.
    copies : for each block, further effects with the same covariance: those of other occasions.
    forms : errors of the outputs.   free_errors : (output, term) of each estimated one.
    typical : typical values of all parameters that are estimated, moved, or differ between classes of individuals.
    free_shares : whether the shares of classes are estimated.
    """

    model: Model
    effects: tuple[str, ...]
    followers: tuple[tuple[Follower, ...], ...]
    fixed: tuple[Fixed, ...]
    blocks: tuple[tuple[int, ...], ...]
    free_blocks: tuple[bool, ...]
    copies: tuple[tuple[tuple[int, ...], ...], ...]
    forms: tuple[ErrorForm, ...]
    free_errors: tuple[tuple[int, int], ...]
    declared: Point
    typical: tuple[Typical, ...]
    free_shares: bool
    occasions: tuple[OccasionVariability, ...] = ()

    @property
    def n_classes(self) -> int:
        """Number of classes of individuals; 1 where none are declared."""
        return len(self.declared.shares)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes, in order; none where there is one only."""
        return tuple(one.name for one in self.model.classes)

    @property
    def share_names(self) -> tuple[str, ...]:
        """Names of the estimated shares: of all classes but the last, which has what is left."""
        return tuple(f"share({name})" for name in self.class_names[:-1]) if self.free_shares else ()

    @property
    def n_effects(self) -> int:
        """Number of random effects."""
        return len(self.effects)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the numbers of the vector."""
        names = [one.name for one in self.fixed]
        for block, free in zip(self.blocks, self.free_blocks, strict=True):
            if free:
                names += [
                    self.spread_name(i) if i == j else f"cov({self.effects[i]}, {self.effects[j]})"
                    for a, i in enumerate(block)
                    for j in block[: a + 1]
                ]
        return (*names, *self.error_names, *self.share_names)

    @property
    def error_names(self) -> tuple[str, ...]:
        """Names of the estimated numbers of errors."""
        return tuple(f"{TERMS[k]}({self.forms[o].quantity})" for o, k in self.free_errors)

    def spread_name(self, k: int) -> str:
        """Return the name of the standard deviation of an effect: "omega(CL)", "omega_occasion(CL)"."""
        name = self.effects[k]
        occasion = any(v.parameter == name and v.occasion for v in self.model.variability)
        return f"omega_occasion({occasion_base(name)})" if occasion else f"omega({name})"

    def correlation_name(self, i: int, j: int) -> str:
        """Return the name of the correlation of two effects: "corr(CL, V)", "corr_occasion(CL, V)"."""
        first, second = self.effects[i], self.effects[j]
        if self.spread_name(i).startswith("omega_occasion"):
            return f"corr_occasion({occasion_base(first)}, {occasion_base(second)})"
        return f"corr({first}, {second})"

    def block_name(self, block: tuple[int, ...]) -> str:
        """Return the name of the covariance of a block: "omega(CL, V)", "omega_occasion(CL, V)"."""
        names = [self.spread_name(k) for k in block]
        return f"{names[0].partition('(')[0]}({', '.join(name.partition('(')[2][:-1] for name in names)})"

    def vector(self, point: Point) -> Array:
        """Return the vector of a single point."""
        parts = [point.fixed[k] / one.size for k, one in enumerate(self.fixed)]
        for block, free in zip(self.blocks, self.free_blocks, strict=True):
            if free:
                root = np.linalg.cholesky(point.omega[np.ix_(block, block)])
                parts += [
                    math.log(root[a, a]) if a == b else root[a, b] for a in range(len(block)) for b in range(a + 1)
                ]
        parts += [
            point.errors[o, k] if TERMS[k] == "power" else math.log(point.errors[o, k]) for o, k in self.free_errors
        ]
        if self.free_shares:
            parts += list(np.log(point.shares[:-1] / point.shares[-1]))
        return np.array(parts, float)

    def point(self, x: Array) -> Point:
        """Return the numbers of vectors, x (..., n)."""
        lead = x.shape[:-1]
        sizes = np.array([one.size for one in self.fixed])
        n = len(self.fixed)
        fixed = x[..., :n] * sizes
        d = self.n_effects
        omega = np.array(np.broadcast_to(self.declared.omega, (*lead, d, d)))
        at = n
        for block, copies, free in zip(self.blocks, self.copies, self.free_blocks, strict=True):
            if not free:
                continue
            root = np.zeros((*lead, len(block), len(block)))
            for a in range(len(block)):
                for b in range(a + 1):
                    root[..., a, b] = np.exp(x[..., at]) if a == b else x[..., at]
                    at += 1
            square = root @ np.swapaxes(root, -1, -2)
            for group in (block, *copies):
                for a, i in enumerate(group):
                    for b, j in enumerate(group):
                        omega[..., i, j] = square[..., a, b]
        errors = np.array(np.broadcast_to(self.declared.errors, (*lead, *self.declared.errors.shape)))
        for o, k in self.free_errors:
            errors[..., o, k] = x[..., at] if TERMS[k] == "power" else np.exp(x[..., at])
            at += 1
        shares = np.array(np.broadcast_to(self.declared.shares, (*lead, self.n_classes)))
        if self.free_shares:
            logs = np.concatenate([x[..., at:], np.zeros((*lead, 1))], axis=-1)
            shares = np.exp(logs - logs.max(axis=-1, keepdims=True))
            shares /= shares.sum(axis=-1, keepdims=True)
        return Point(fixed, omega, errors, shares)

    def natural(self, fixed: Array) -> Array:
        """Return fixed effects in their units, (..., n_fixed)."""
        columns = [from_scale(one.scale, fixed[..., k], one.declared) for k, one in enumerate(self.fixed)]
        return np.stack(columns, axis=-1) if columns else np.empty((*fixed.shape[:-1], 0))


def make_structure(
    model: Model,
    parameters: Sequence[str] | Mapping[str, str],
    fixed: Sequence[str],
    quantities: Sequence[str],
    outputs: Sequence[str],
    occasions: tuple[OccasionVariability, ...] = (),
) -> Structure:
    """Return what is estimated.

    parameters : further fixed effects, without a random effect; name -> scale, or names (log where above 0
        and not in an exponent).
    fixed : names as in `Structure.names` that stay as declared.   quantities : what the data hold.
    outputs : for each of these, the quantity that is computed: another one for parts of events and categories.

    Raises
    ------
    StudyError : nothing varies, an output has no declared error, or an unknown name.
    """
    moving = [v for v in model.variability if not v.shares and moves(v, model)]
    if not moving:
        raise StudyError(f"{model.name}: no parameter differs between individuals; declare `Variability(...)`")
    held = list(fixed)
    chosen, typical = declared_typicals(model, moving, parameters, held)
    by_row = {one.row: one for one in typical}
    omega = declared_covariance(model, moving)
    blocks, copies = correlated_blocks(omega, moving)
    spreads = [
        f"omega_occasion({occasion_base(v.parameter)})" if v.occasion else f"omega({v.parameter})" for v in moving
    ]
    free = tuple(_take(held, [spreads[i] for i in block]) for block in blocks)
    forms, errors = _errors(model, quantities, outputs)
    open_errors = [(o, k) for o, form in enumerate(forms) for k in _terms(form) if errors[o, k] > 0]
    open_errors = [(o, k) for o, k in open_errors if not take_one(held, f"{TERMS[k]}({forms[o].quantity})")]
    asked = {str(n) for n in parameters}
    open_errors += [(o, 3) for o, form in enumerate(forms) if f"power({form.quantity})" in asked]
    start = np.array([to_scale(one.scale, one.declared) for one in chosen])
    shares = [f"share({one.name})" for one in model.classes]
    free_shares = _take(held, shares) and bool(shares)
    if held:
        known = [*(p.name for p in model.parameters), *(one.name for one in chosen), *spreads, *shares]
        known += [f"{t}({f.quantity})" for f in forms for t in TERMS]
        raise StudyError(f"{model.name}: fixed: nothing estimated is called '{held[0]}'{did_you_mean(held[0], known)}")
    return Structure(
        model=model,
        effects=tuple(v.parameter for v in moving),
        followers=tuple(followers_of(v, model, by_row) for v in moving),
        fixed=tuple(chosen),
        blocks=blocks,
        free_blocks=free,
        copies=copies,
        forms=forms,
        free_errors=tuple(open_errors),
        declared=Point(start, omega, errors, np.array([one.share for one in model.classes] or [1.0])),
        typical=tuple(typical),
        free_shares=free_shares,
        occasions=occasions,
    )


def _take(held: list[str], block: list[str]) -> bool:
    """Return whether a block of random effects is estimated; it is held where one of its names is."""
    taken = [take_one(held, name) for name in block]
    return not any(taken)


def _errors(model: Model, quantities: Sequence[str], outputs: Sequence[str]) -> tuple[tuple[ErrorForm, ...], Array]:
    declared = {o.quantity: o for o in model.observed}
    forms, errors = [], []
    for name, output in zip(quantities, outputs, strict=True):
        if name not in declared:
            raise StudyError(
                f"{model.name}: '{name}' has no declared error of measurement{did_you_mean(name, declared)}; declare "
                f"Observed('{name}', ...), or say which quantity the data hold with outputs="
            )
        o = declared[name]
        kind = POISSON if o.counts else LOGNORMAL if o.lognormal else CATEGORY if o.categories else NORMAL
        if o.events:
            kind = EVENT if output == name else POISSON
        forms.append(ErrorForm(name, kind, o.combined == "sds", o.discrete))
        errors.append([o.additive, o.proportional, o.lognormal, o.power])
    return tuple(forms), np.array(errors, float)


def _terms(form: ErrorForm) -> tuple[int, ...]:
    return {NORMAL: (0, 1), LOGNORMAL: (2,)}.get(form.kind, ())
