"""Which numbers of a model are estimated, on which scale, and how a vector of them is read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.exponents import in_exponents
from immunode.analysis.mixed_effects.residual_error import CATEGORY, EVENT, LOGNORMAL, NORMAL, POISSON, TERMS, ErrorForm
from immunode.errors import StudyError, did_you_mean
from immunode.intervention.pharmacokinetics.occasions import OccasionVariability
from immunode.model import Model, Variability

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Follower:
    """A parameter that a random effect moves. row : among the program's values.   ratio : of its sd to the effect's."""

    row: int
    scale: str
    declared: float
    ratio: float
    low: float
    high: float
    estimated: int


@dataclass(frozen=True, slots=True)
class Fixed:
    """An estimated fixed effect. row : among the program's values.   size : one unit of it in the vector."""

    name: str
    scale: str
    row: int
    size: float
    declared: float


@dataclass(frozen=True, slots=True)
class Point:
    """Numbers at one or many points (leading axes).

    fixed : (..., n_fixed), estimated fixed effects on their scales.   omega : (..., n_effects, n_effects), covariance.
    errors : (..., n_outputs, 4), as in `residual_error.TERMS`.
    """

    fixed: Array
    omega: Array
    errors: Array

    def rows(self, which: NDArray[np.intp]) -> Point:
        """Return the points of some rows."""
        return Point(self.fixed[which], self.omega[which], self.errors[which])


@dataclass(frozen=True, slots=True)
class Structure:
    """The statistical model and its vector of estimated numbers.

    The vector holds fixed effects on their scales (in units of `Fixed.size`), then for each block of correlated random
    effects the Cholesky factor of its covariance with logarithms on the diagonal, row by row, then logarithms of the
    standard deviations of errors (the power as it is).

    effects : names of the parameters that carry a random effect of their own.
    followers : parameters moved by each effect, itself first.
    blocks : groups of correlated effects.   free_blocks : whether each is estimated.
    copies : for each block, further effects with the same covariance: those of other occasions.
    forms : errors of the outputs.   free_errors : (output, term) of each estimated one.
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
    occasions: tuple[OccasionVariability, ...] = ()

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
        return (*names, *(f"{TERMS[k]}({self.forms[o].quantity})" for o, k in self.free_errors))

    def spread_name(self, k: int) -> str:
        """Return the name of the standard deviation of an effect: "omega(CL)", "omega_occasion(CL)"."""
        name = self.effects[k]
        occasion = any(v.parameter == name and v.occasion for v in self.model.variability)
        return f"omega_occasion({occasion_base(name)})" if occasion else f"omega({name})"

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
        return Point(fixed, omega, errors)

    def natural(self, fixed: Array) -> Array:
        """Return fixed effects in their units, (..., n_fixed)."""
        columns = [from_scale(one.scale, fixed[..., k], one.declared) for k, one in enumerate(self.fixed)]
        return np.stack(columns, axis=-1) if columns else np.empty((*fixed.shape[:-1], 0))


def to_scale(scale: str, value: float) -> float:
    """Return a parameter's value on its scale."""
    if scale == "log":
        return math.log(abs(value))
    if scale == "logit":
        return math.log(value / (1 - value))
    return value


def from_scale(scale: str, value: Array, declared: float) -> Array:
    """Return the parameter's value of a number on its scale. declared : whose sign a log scale keeps."""
    if scale == "log":
        return math.copysign(1.0, declared) * np.exp(np.minimum(value, 700.0))
    if scale == "logit":
        return np.asarray(1 / (1 + np.exp(-value)))
    return np.asarray(value)


def occasion_base(name: str) -> str:
    """Return what differs between occasions: CL for its random effect CL_eta_2."""
    return name.rpartition("_")[0].removesuffix("_eta")


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
    if model.classes:
        raise StudyError(f"{model.name}: classes of patients (mixtures) can't be estimated; leave out `classes`")
    own = [v for v in model.variability if not v.shares]
    values = {p.name: p.value for p in model.parameters}
    moving = [v for v in own if not _stays(v, values[v.parameter])]
    if not moving:
        raise StudyError(f"{model.name}: no parameter differs between individuals; declare `Variability(...)`")
    rows = {p.name: i for i, p in enumerate(model.parameters)}
    held = list(fixed)
    chosen = _fixed_effects(model, moving, parameters, held, rows)
    places = {one.name: k for k, one in enumerate(chosen)}
    effects = tuple(v.parameter for v in moving)
    followers = tuple(_followers(v, model.variability, values, rows, places) for v in moving)
    omega = _omega(model, moving)
    blocks, copies = _with_copies(_blocks(omega), moving)
    spreads = [
        f"omega_occasion({occasion_base(v.parameter)})" if v.occasion else f"omega({v.parameter})" for v in moving
    ]
    free = tuple(_take(held, [spreads[i] for i in block]) for block in blocks)
    forms, errors = _errors(model, quantities, outputs)
    open_errors = [(o, k) for o, form in enumerate(forms) for k in _terms(form) if errors[o, k] > 0]
    open_errors = [(o, k) for o, k in open_errors if not _take_one(held, f"{TERMS[k]}({forms[o].quantity})")]
    asked = {str(n) for n in parameters}
    open_errors += [(o, 3) for o, form in enumerate(forms) if f"power({form.quantity})" in asked]
    start = np.array([to_scale(one.scale, values[one.name]) for one in chosen])
    if held:
        known = [*rows, *spreads, *(f"{t}({f.quantity})" for f in forms for t in TERMS)]
        raise StudyError(f"{model.name}: fixed: nothing estimated is called '{held[0]}'{did_you_mean(held[0], known)}")
    return Structure(
        model=model,
        effects=effects,
        followers=followers,
        fixed=tuple(chosen),
        blocks=blocks,
        free_blocks=free,
        copies=copies,
        forms=forms,
        free_errors=tuple(open_errors),
        declared=Point(start, omega, errors),
        occasions=occasions,
    )


def _stays(one: Variability, typical: float) -> bool:
    return (one.scale == "log" and typical == 0) or (one.scale == "logit" and typical in (0, 1))


def _take_one(held: list[str], name: str) -> bool:
    """Remove a name from what is held; return whether it was there."""
    if name in held:
        held.remove(name)
        return True
    return False


def _take(held: list[str], block: list[str]) -> bool:
    """Return whether a block of random effects is estimated; it is held where one of its names is."""
    taken = [_take_one(held, name) for name in block]
    return not any(taken)


def _fixed_effects(
    model: Model,
    moving: Sequence[Variability],
    parameters: Sequence[str] | Mapping[str, str],
    held: list[str],
    rows: Mapping[str, int],
) -> list[Fixed]:
    values = {p.name: p.value for p in model.parameters}
    scales = {v.parameter: v.scale for v in moving}
    wanted: dict[str, str] = {}
    for v in moving:
        # a random effect around 0 is one that expressions add: it has no typical value to estimate
        pure = v.scale == "linear" and values[v.parameter] == 0
        if not _take_one(held, v.parameter) and not pure:
            wanted[v.parameter] = v.scale
    further = parameters if isinstance(parameters, Mapping) else dict.fromkeys(parameters, "")
    exponents = in_exponents(model) if further else set()
    for name, scale in further.items():
        if name.startswith("power("):
            continue
        if name not in rows:
            raise StudyError(f"{model.name}: parameters: unknown name '{name}'{did_you_mean(name, rows)}")
        signed = values[name] <= 0 or name in exponents
        scale = scales.get(name) or scale or ("linear" if signed else "log")
        if scale not in ("log", "logit", "linear"):
            raise StudyError(f"{model.name}: parameters: the scale of '{name}' is log, logit or linear, got '{scale}'")
        wanted[name] = scale
    chosen = []
    for name, scale in wanted.items():
        size = max(abs(values[name]), 0.1) if scale == "linear" else 1.0
        chosen.append(Fixed(name, scale, rows[name], size, values[name]))
    return chosen


def _followers(
    leader: Variability,
    variability: Sequence[Variability],
    values: Mapping[str, float],
    rows: Mapping[str, int],
    places: Mapping[str, int],
) -> tuple[Follower, ...]:
    moved = [leader, *(v for v in variability if v.shares == leader.parameter and not _stays(v, values[v.parameter]))]
    return tuple(
        Follower(
            row=rows[v.parameter],
            scale=v.scale,
            declared=values[v.parameter],
            ratio=v.spread / leader.spread,
            low=-math.inf if v.low is None else v.low,
            high=math.inf if v.high is None else v.high,
            estimated=places.get(v.parameter, -1),
        )
        for v in moved
    )


def _omega(model: Model, moving: Sequence[Variability]) -> Array:
    omega = np.diag([v.spread**2 for v in moving])
    at = {v.parameter: i for i, v in enumerate(moving)}
    for one in model.correlations:
        if one.first in at and one.second in at:
            i, j = at[one.first], at[one.second]
            omega[i, j] = omega[j, i] = one.value * math.sqrt(omega[i, i] * omega[j, j])
    return omega


def _blocks(omega: Array) -> tuple[tuple[int, ...], ...]:
    """Return groups of effects that are correlated, directly or through others."""
    todo, blocks = list(range(len(omega))), []
    while todo:
        block, reach = [], [todo[0]]
        while reach:
            i = reach.pop()
            if i in todo:
                todo.remove(i)
                block.append(i)
                reach += [j for j in todo if omega[i, j] != 0]
        blocks.append(tuple(sorted(block)))
    return tuple(blocks)


def _with_copies(
    blocks: tuple[tuple[int, ...], ...], moving: Sequence[Variability]
) -> tuple[tuple[tuple[int, ...], ...], tuple[tuple[tuple[int, ...], ...], ...]]:
    """Return the blocks without those of later occasions, and for each block the latter that share its covariance."""
    leaders: dict[str, int] = {}
    kept: list[tuple[int, ...]] = []
    copies: list[tuple[tuple[int, ...], ...]] = []
    for block in blocks:
        first = moving[block[0]]
        if first.occasion:
            base = occasion_base(first.parameter)
            if base in leaders:
                copies[leaders[base]] = (*copies[leaders[base]], block)
                continue
            leaders[base] = len(kept)
        kept.append(block)
        copies.append(())
    return tuple(kept), tuple(copies)


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
