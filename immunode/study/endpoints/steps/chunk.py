"""Steps of many runs with all that endpoints ask of them, computed once for all endpoints."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from immunode.language.evaluation import evaluate
from immunode.language.expression import names, parse
from immunode.study.endpoints.steps.course import (
    NODES,
    Compound,
    Condition,
    Course,
    Flags,
    SampledCourse,
    StateCourse,
    Threshold,
    Upended,
)
from immunode.study.endpoints.steps.inside import (
    Array,
    CompoundInside,
    ComputedInside,
    Inside,
    Lanes,
    Margin,
    compute,
    judge,
)
from immunode.study.lanes import widened

if TYPE_CHECKING:
    from immunode.program.numpy.quantities import Watched
    from immunode.solve.tape import Steps

Made = TypeVar("Made")


class Chunk:
    """Steps of many runs, those of one run in order of time.

    states : name -> row.   watched : name -> what computes a quantity that is no state.
    constants : declared parameters, name -> (n_runs,).   rtol : the relative tolerance of the runs.
    n_runs : of the batch; arrays of what was found have one place more, for the gaps (run -1) between steps.
    """

    def __init__(
        self,
        steps: Steps,
        states: Mapping[str, int],
        watched: Mapping[str, Watched],
        constants: Mapping[str, Array],
        rtol: float,
        n_runs: int,
    ) -> None:
        self.steps, self.states, self.watched, self.constants, self.rtol = steps, states, watched, constants, rtol
        self.n_runs = n_runs
        self._known: dict[Hashable, Any] = {}

    @cached_property
    def there(self) -> Flags:
        """Where there is a step, and no gap, (n_steps,)."""
        return self.steps.run >= 0

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what `make` returns, which is called once for all who ask with this key."""
        if key not in self._known:
            self._known[key] = make()
        return cast(Made, self._known[key])

    def quantity(self, name: str) -> Course:
        """Return a quantity over the steps."""
        row = self.states.get(name)
        if row is not None:
            return self._state(row)
        return self.once(("quantity", name), lambda: self._sampled(name))

    def is_polynomial(self, name: str) -> bool:
        """Return whether a quantity is a quartic in every step."""
        return name in self.states or self.watched[name].affine

    def _state(self, row: int) -> StateCourse:
        steps = self.steps
        return self.once(
            ("state", row), lambda: StateCourse(lambda k: steps.row(row, k), lambda which: steps.gather(row, which))
        )

    def _sampled(self, name: str) -> Course:
        watched, steps = self.watched[name], self.steps
        prepared = watched.prepare(widened(steps.p))[:, : steps.p.shape[1]]
        wide = widened(prepared.take(steps.column, axis=1, mode="wrap"))
        if watched.affine:
            return self._affine(watched, wide)
        rows = [self._state(state).nodes for state in watched.states]
        nodes = [compute(watched, steps.t + x * steps.h, [r[k] for r in rows], wide) for k, x in enumerate(NODES)]

        def inside(which: Lanes) -> Inside:
            states = [self._state(state).inside(which) for state in watched.states]
            c = prepared.take(steps.column[which], axis=1)
            return ComputedInside(watched, steps.t[which], steps.h[which], states, c)

        return SampledCourse(nodes, inside, self.rtol)

    def _affine(self, watched: Watched, wide: Array) -> Course:
        """Return a quantity that is as much a quartic as the states: it is computed of their coefficients."""
        steps = self.steps
        states = [self._state(state) for state in watched.states]
        t, h = steps.t, steps.h / 4
        b = [compute(watched, t + k * h, [state.row(k) for state in states], wide) for k in range(5)]

        def row(k: int) -> Array:
            if k < 5:
                return b[k]
            pick = np.maximum if k == 5 else np.minimum
            most = pick(b[0], b[4])
            for one in b[1:4]:
                pick(most, one, out=most)
            return np.asarray(most)

        return StateCourse(row, lambda which: np.stack([one.take(which) for one in b]))

    def condition(self, text: str) -> Condition:
        """Return a condition over the steps."""
        return self.once(("condition", text), lambda: self._condition(parse(text)))

    def _condition(self, expression: tuple[Any, ...]) -> Condition:
        if expression[0] == "compare":
            relation, *sides = expression[1:]
            for position, side in enumerate(sides):
                other = sides[1 - position]
                if side[0] == "name" and self._is_quantity(side[1]) and self._is_constant(other):
                    course, level = self.quantity(side[1]), self._level(other)
                    if (relation[0] == ">") != (position == 0):
                        course, level = Upended(course), -level
                    return Threshold(course, level, strict=len(relation) == 1)
        return self._compound(expression)

    def _compound(self, expression: tuple[Any, ...]) -> Condition:
        steps, used = self.steps, sorted(names(expression))
        courses = {name: self.quantity(name) for name in used if self._is_quantity(name)}
        constants = {name: self.constants[name][steps.run] for name in used if name not in courses}
        assert all(isinstance(course, StateCourse | SampledCourse) for course in courses.values())
        nodes = []
        for k, x in enumerate(NODES):
            values = {name: course.nodes[k] for name, course in courses.items()}  # type: ignore[attr-defined]
            nodes.append(judge(expression, {**constants, **values}, steps.t + x * steps.h))

        def inside(which: Lanes) -> Margin:
            quantities = {name: course.inside(which) for name, course in courses.items()}
            fixed = {name: value[which] for name, value in constants.items()}
            return CompoundInside(expression, quantities, fixed, steps.t[which], steps.h[which])

        return Compound(nodes, inside, self.rtol)

    def _is_quantity(self, name: str) -> bool:
        return name in self.states or name in self.watched

    def _is_constant(self, expression: tuple[Any, ...]) -> bool:
        if expression[0] == "time" or (expression[0] == "name" and self._is_quantity(expression[1])):
            return False
        return all(self._is_constant(part) for part in expression[1:] if isinstance(part, tuple))

    def _level(self, expression: tuple[Any, ...]) -> Array:
        """Return the value of an expression of constants, (n_steps,)."""
        value = evaluate(expression, {name: widened(self.constants[name]) for name in names(expression)})
        level = np.broadcast_to(value, (self.n_runs + -self.n_runs % 8,))[: self.n_runs]
        return level.take(self.steps.run, mode="wrap")
