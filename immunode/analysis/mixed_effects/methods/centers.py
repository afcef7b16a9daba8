"""Where individual parameters are centered: typical values moved by covariates, so that means of them give estimates.

A random effect on P that the model uses only as `P*g` (log scale) or `P + g` (linear scale), with g of covariates and
fixed effects, makes P*g the individual parameter whose mean is modelled (mu-referencing).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.effects.typical_values import from_scale
from immunode.analysis.mixed_effects.observation_table import given_covariates
from immunode.analysis.mixed_effects.records.course_slots import varying_covariates
from immunode.analysis.mixed_effects.records.individual_records import IndividualData
from immunode.analysis.mixed_effects.structure import Structure
from immunode.language.evaluation import evaluate
from immunode.language.expression import Expression, parse
from immunode.language.tree import names, uses_time
from immunode.model import Model

Array = NDArray[np.float64]
Part = tuple[Expression, int]


@dataclass(frozen=True, slots=True)
class Centers:
    """Centers of the random effects' scales as functions of fixed effects.

    Rows are individuals in classes, as in `Predictions.rows`.

    n_rows : of them.   own : (n_effects, n_rows), the place of the typical value among the fixed effects, or -1.
    parts : for each effect, factors (log scale) or terms that move it, each with an exponent or sign of 1 or -1.
    inside : places of fixed effects that occur in `parts` and nowhere else.
    left : places of fixed effects that no center tells of.
    """

    structure: Structure
    n_rows: int
    own: NDArray[np.intp]
    parts: tuple[tuple[Part, ...], ...]
    inside: tuple[int, ...]
    left: tuple[int, ...]
    constants: dict[str, Array | float]

    @property
    def moved(self) -> tuple[int, ...]:
        """Places of the fixed effects that the centers tell of."""
        return tuple(sorted({*(int(k) for k in np.unique(self.own) if k >= 0), *self.inside}))

    def values(self, fixed: Array) -> Array:
        """Return typical value plus covariate part, (n_rows, n_effects). fixed : (n_fixed,).

        What is not estimated counts as 0: only differences matter.
        """
        s = self.structure
        known = dict(self.constants)
        for k in self.inside:
            known[s.fixed[k].name] = float(from_scale(s.fixed[k].scale, fixed[k], s.fixed[k].declared))
        result = np.zeros((self.n_rows, s.n_effects))
        for k in range(s.n_effects):
            told = self.own[k] >= 0
            result[told, k] += fixed[self.own[k][told]]
            log = s.followers[k][0].scale == "log"
            for expression, sign in self.parts[k]:
                value = np.asarray(evaluate(expression, known), float)
                with np.errstate(all="ignore"):
                    result[:, k] += sign * (np.log(value) if log else value)
        return result

    def slopes(self, fixed: Array) -> Array:
        """Return derivatives of `values` by the fixed effects in `moved`, (n_rows, n_effects, n_moved)."""
        columns = []
        for k in self.moved:
            step = np.zeros(len(fixed))
            step[k] = 1e-6 * max(self.structure.fixed[k].size, abs(fixed[k]) * 1e-3)
            columns.append((self.values(fixed + step) - self.values(fixed - step)) / (2 * step[k]))
        return np.stack(columns, axis=-1) if columns else np.empty((self.n_rows, self.structure.n_effects, 0))


def make_centers(structure: Structure, data: IndividualData) -> Centers:
    """Return the centers of a model's random effects for the covariates of the data."""
    model, n_classes = structure.model, structure.n_classes
    fixed = [one.name for one in structure.fixed]
    leaders = set(structure.effects)
    places = [followers[0].typical.places for followers in structure.followers]
    own = np.repeat(np.array(places, np.intp).reshape(-1, n_classes), len(data), axis=1)
    covariates = given_covariates(model, data)
    constants: dict[str, Array | float] = {p.name: p.value for p in model.parameters}
    for one in structure.typical:
        if one.differs:  # as declared in each class
            constants[model.parameters[one.row].name] = np.repeat(np.array(one.values), len(data))
    constants.update({name: np.tile(values, n_classes) for name, values in covariates.items()})
    for name in varying_covariates(model, data):
        constants.pop(name)  # what changes in time tells of no mean
    of_classes = {one.parameter for one in structure.fixed if one.name != one.parameter}
    parts: list[tuple[Part, ...]] = []
    for k in range(structure.n_effects):
        parts.append(_parts(model, structure, k, constants))
    # what is estimated for single classes without a random effect is left to other steps
    uses: dict[str, list[Expression]] = {name: [] for name in {*fixed, *of_classes}}
    for expression in _expressions(model):
        for name in names(expression) & uses.keys():
            uses[name].append(expression)
    inside, parameter_names = set(), {p.name for p in model.parameters}
    for name in fixed:
        if name in leaders or name in of_classes or name not in parameter_names:
            continue
        here = sum(name in names(e) for group in parts for e, _ in group)
        if here and len(uses[name]) == here:
            inside.add(name)
    # a part with a fixed effect that occurs elsewhere too does not tell of it
    outside = {*fixed, *of_classes} - inside
    kept = tuple(group if not any(names(e) & outside for e, _ in group) else () for group in parts)
    inside = {name for name in inside if any(name in names(e) for group in kept for e, _ in group)}
    told = {*(int(k) for k in np.unique(own) if k >= 0), *(fixed.index(name) for name in inside)}
    return Centers(
        structure=structure,
        n_rows=n_classes * len(data),
        own=own,
        parts=kept,
        inside=tuple(sorted(fixed.index(name) for name in inside)),
        left=tuple(k for k in range(len(fixed)) if k not in told),
        constants=constants,
    )


def _parts(model: Model, structure: Structure, k: int, constants: dict[str, Array | float]) -> tuple[Part, ...]:
    """Return what moves the individual parameter of an effect; nothing where the model uses it in another way."""
    followers = structure.followers[k]
    name, scale = structure.effects[k], followers[0].scale
    if len(followers) > 1 or scale == "logit" or np.isfinite([followers[0].low, followers[0].high]).any():
        return ()
    using = [e for e in _expressions(model) if name in names(e)]
    derived = [parse(d.expression) for d in model.derived if name in names(parse(d.expression))]
    if len(using) != 1 or len(derived) != 1:
        return ()
    found = _split(derived[0], name, ("mul", "div") if scale == "log" else ("add", "sub"))
    if found is None or any(uses_time(e) or names(e) - constants.keys() for e, _ in found):
        return ()
    return tuple(found)


def _split(expression: Expression, name: str, kinds: tuple[str, str]) -> list[Part] | None:
    """Return the other factors (or terms) of an expression in which `name` is one; None where it is not."""
    if expression == ("name", name):
        return []
    if expression[0] not in kinds:
        return None
    first, second = expression[1], expression[2]
    in_first, in_second = name in names(first), name in names(second)
    if in_first and in_second:
        return None
    if in_first:
        inner = _split(first, name, kinds)
        return None if inner is None else [*inner, (second, 1 if expression[0] == kinds[0] else -1)]
    if expression[0] != kinds[0]:
        return None
    inner = _split(second, name, kinds)
    return None if inner is None else [*inner, (first, 1)]


def _expressions(model: Model) -> Iterator[Expression]:
    """Yield every expression of a model in which parameters may occur."""
    texts: list[str] = [d.expression for d in model.derived] + [p.rate for p in model.processes]
    texts += [str(s.initial) for s in model.states] + [str(s.initial) for s in model.switches]
    texts += [str(c.volume) for c in model.compartments]
    for event in model.events:
        texts += [str(x) for x in (event.at, event.every, event.count, event.delay) if x is not None]
        texts += [value for _, value in (*event.changes, *event.sizes)]
        texts += [x for x in (event.when, event.priority) if x]
    for effect in model.effects:
        texts += [effect.value, effect.weight, effect.target]
    texts += [r.condition for r in model.requirements]
    texts += [text for o in model.observed for text in o.categories]
    for text in texts:
        yield parse(text)
