"""Some runs of a sweep, picked by a condition, to be looked at or computed again."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from immunode.errors import StudyError
from immunode.study.computation import compute
from immunode.study.result.row_condition import rows_that
from immunode.study.result.rows import Rows
from immunode.study.run.plan import Plan, rows_of
from immunode.study.run.plan_checks import keeping

if TYPE_CHECKING:
    import pandas as pd

Result = TypeVar("Result", bound=Rows)


@dataclass(frozen=True, eq=False, repr=False)
class Selection(Generic[Result]):
    """Runs of a sweep. `result`: all of it. `condition`: what picked them. `rows`: shape (n,), their rows in order."""

    result: Result
    condition: str
    rows: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"{len(self):,} of {len(self.result):,} runs of {self.result.model_name} where {self.condition}"

    def table(self) -> pd.DataFrame:
        """Return their rows of the sweep's table."""
        return self.result.table().iloc[self.rows].reset_index(drop=True)

    def rerun(
        self,
        *,
        keep: str | Sequence[str] = "trajectories",
        store: str | os.PathLike[str] | None = None,
        executor: Any = None,
        progress: Callable[[int, int], object] | bool | None = None,
    ) -> Result:
        """Return a sweep of these runs alone, with the same bits, and what `keep` asks for kept.

        Rows keep their order and get new numbers; `table()` tells the old ones. Parameters as in `sweep`.

        Raises
        ------
        StudyError
            nothing was selected, or `keep` names what is no quantity.
        """
        if not len(self):
            raise StudyError(f"no run has {self.condition}; there is nothing to run again")
        whole = self.result.plan
        part = rows_of(keeping(whole, keep), self.rows)
        recipe = f"{len(self)} of {whole.design.recipe}, where {self.condition}"
        part = _renumbered(part, recipe)
        return type(self.result)(part, compute(part, store=store, executor=executor, progress=progress))


def _renumbered(plan: Plan, recipe: str) -> Plan:
    """Return a plan of some rows as one of its own: arms counted from 0, and a recipe that says where it comes from."""
    new = {arm.index: i for i, arm in enumerate(plan.arms)}
    arm_of = np.array([new[int(i)] for i in plan.arm_of], np.intp)
    labels = tuple(arm.name for arm in plan.arms)
    design = replace(plan.design, recipe=recipe, labels=labels, arm=arm_of)
    arms = tuple(replace(arm, index=i) for i, arm in enumerate(plan.arms))
    return replace(plan, design=design, arms=arms, arm_of=arm_of)


def select(result: Result, condition: str) -> Selection[Result]:
    """Return the runs for which a condition holds. Parameters and errors as in `SweepResult.select`."""
    columns = dict(zip(result.columns, result.inputs().T, strict=True))
    ends = dict(zip(result.endpoints, result.values.T, strict=True))
    subjects = result.asked.endpoint_subjects
    for name, subject in subjects.items():
        # a bare quantity means its only endpoint
        if list(subjects.values()).count(subject) == 1 and subject not in columns:
            columns.setdefault(subject, ends[name])
    holds = rows_that(condition, columns | ends, what="select") & result.ok
    return Selection(result, condition, np.flatnonzero(holds))
