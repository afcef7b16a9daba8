"""Some runs of a sweep, picked by a condition, to be looked at or computed again."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.errors import StudyError
from immunode.study.result.row_condition import rows_that
from immunode.study.run.plan import keeping, rows_of

if TYPE_CHECKING:
    import pandas as pd

    from immunode.study.result.sweep_result import SweepResult


@dataclass(frozen=True, eq=False, repr=False)
class Selection:
    """Runs of a sweep. result : all of it.   condition : what picked them.   rows : shape (n,), their rows in order."""

    result: SweepResult
    condition: str
    rows: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"{len(self):,} of {len(self.result):,} runs of {self.result.plan.model.label} where {self.condition}"

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
    ) -> SweepResult:
        """Return a sweep of these runs alone, with the same bits, and what `keep` asks for kept.

        Rows keep their order and get new numbers; `table()` tells the old ones. Parameters as in `sweep`.

        Raises
        ------
        StudyError : nothing was selected, or `keep` names what is no quantity.
        """
        from immunode.study.sweep import run_plan

        if not len(self):
            raise StudyError(f"no run has {self.condition}; there is nothing to run again")
        whole = self.result.plan
        part = rows_of(keeping(whole, keep), self.rows)
        recipe = f"{len(self)} of {whole.design.recipe}, where {self.condition}"
        return run_plan(_renumbered(part, recipe), store=store, executor=executor, progress=progress)


def _renumbered(plan: Any, recipe: str) -> Any:
    """Return a plan of some rows as one of its own: arms counted from 0, and a recipe that says where it comes from."""
    from dataclasses import replace

    new = {arm.index: i for i, arm in enumerate(plan.arms)}
    arm_of = np.array([new[int(i)] for i in plan.arm_of], np.intp)
    labels = tuple(arm.name for arm in plan.arms)
    design = replace(plan.design, recipe=recipe, labels=labels, arm=arm_of)
    arms = tuple(replace(arm, index=i) for i, arm in enumerate(plan.arms))
    return replace(plan, design=design, arms=arms, arm_of=arm_of)


def select(result: SweepResult, condition: str) -> Selection:
    """Return the runs for which a condition holds. Parameters and errors as in `SweepResult.select`."""
    columns = dict(zip(result.plan.design.names, result.inputs().T, strict=True))
    ends = dict(zip(result.endpoints, result.values.T, strict=True))
    for one in result.plan.endpoints:
        about = [e for e in result.plan.endpoints if e.subject == one.subject]
        # a bare quantity means its only endpoint
        if len(about) == 1 and one.subject not in columns:
            columns.setdefault(one.subject, ends[one.name])
    holds = rows_that(condition, columns | ends, what="select") & (result.codes == 0)
    return Selection(result, condition, np.flatnonzero(holds))
