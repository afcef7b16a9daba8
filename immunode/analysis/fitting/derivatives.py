"""Derivatives of the predictions of a fit: integrated along with the runs, or by differences of runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.fitting.problem import ArmProblem, Problem
from immunode.analysis.sensitivity.forward_batch import Differentiated, differentiated
from immunode.solve import solve
from immunode.study.run.recorder import Recorder

Array = NDArray[np.float64]
STEP = 1e-4
"""Step of the central differences, as a part of the box's edge."""


@dataclass(frozen=True, slots=True)
class Looks:
    """What answers the searches of a fit: predictions at points of the box, with derivatives. Made by `make_looks`.

    arms : the models of the arms with derivatives; None where differences are taken.
    """

    problem: Problem
    arms: tuple[Differentiated, ...] | None

    def __call__(self, asked: Array) -> Array:
        """Return predictions, as `Problem.predict`, and their derivatives by the box, (n, n_values, 1 + n_parameters).

        asked : (n, 2 n_parameters), points of the unit box, and 1 where a derivative is wanted, else 0; then it is 0.
            A prediction is NaN where a run failed; derivatives are finite.
        """
        u, wanted = np.split(asked, 2, axis=1)
        if self.arms is None:
            found = self._by_differences(u, wanted > 0)
        else:
            found = self._exact(u, wanted > 0, self.arms)
        found[..., 1:] = np.nan_to_num(found[..., 1:], nan=0.0, posinf=0.0, neginf=0.0)
        return found

    def _by_differences(self, u: Array, wanted: NDArray[np.bool_]) -> Array:
        rows, columns = np.nonzero(wanted)
        low, high = u[rows], u[rows]
        place = np.arange(len(rows)), columns
        low[place], high[place] = np.clip(low[place] - STEP, 0.0, 1.0), np.clip(high[place] + STEP, 0.0, 1.0)
        answers = self.problem.predict(np.concatenate([u, low, high]))
        found = np.zeros((len(u), answers.shape[1], 1 + u.shape[1]))
        found[..., 0] = answers[: len(u)]
        below, above = np.split(answers[len(u) :], 2)
        with np.errstate(all="ignore"):
            found[rows, :, 1 + columns] = (above - below) / (high[place] - low[place])[:, None]
        return found

    def _exact(self, u: Array, wanted: NDArray[np.bool_], arms: Sequence[Differentiated]) -> Array:
        problem = self.problem
        values = problem.values(u)
        stretch = np.stack([axis.slope(values[:, j]) for j, axis in enumerate(problem.box.axes)], axis=1)
        found = [self._of_arm(arm, ready, values) for arm, ready in zip(problem.arms, arms, strict=True)]
        out, sizes = problem.gathered(found)
        with np.errstate(all="ignore"):
            logs = np.where(problem.lognormal[:, None], out[..., :1], 1.0)
            out[..., 1:] /= logs
            out[..., 0] = problem.scaled(out[..., 0])
        whole = np.concatenate([out, sizes], axis=1)
        whole[..., 1:] *= np.where(wanted, stretch, 0.0)[:, None]
        return whole

    def _of_arm(self, arm: ArmProblem, ready: Differentiated, values: Array) -> tuple[Array, NDArray[np.bool_]]:
        """Return quantities with derivatives by all parameters of the fit, and whether runs succeeded."""
        p, initial = self.problem.inputs(arm, values)
        recorder = Recorder(ready.functions, p, arm.times, ready.recorded, both_sides=False)
        batch = solve(
            ready.functions,
            p,
            times=arm.times,
            initial=None if initial is None else ready.begun(initial),
            engine=arm.engine,
            rtol=self.problem.rtol,
            on_jump=recorder.on_jump,
            on_restart=recorder.on_restart,
        )
        course, slopes = ready.read(recorder.grid(batch.y))
        grid = np.zeros((len(values), len(arm.quantities), len(arm.times), 1 + values.shape[1]))
        grid[..., 0] = course.transpose(0, 2, 1)
        columns = [1 + self.problem.names.index(name) for name in ready.parameters]
        grid[..., columns] = slopes.transpose(0, 2, 1, 3)
        return grid, batch.status == 0


def make_looks(problem: Problem) -> Looks:
    """Return what answers the searches of a fit, as its `derivatives` says.

    Raises
    ------
    ModelError : exact ones are asked for, and are not known.
    """
    if problem.derivatives != "exact":
        return Looks(problem, None)
    return Looks(problem, tuple(_differentiated(problem, arm) for arm in problem.arms))


def _differentiated(problem: Problem, arm: ArmProblem) -> Differentiated:
    rows = zip(problem.names, arm.columns, arm.initial, strict=True)
    mine = tuple(name for name, row, state in rows if row >= 0 or state >= 0)
    return differentiated(arm.model, mine, arm.quantities, own=False)
