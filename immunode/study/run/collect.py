"""Blocks put together to a result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from immunode.solve.status import Status
from immunode.study.result.sweep_result import NOT_RUN, SweepResult
from immunode.study.run.execution import Portion
from immunode.study.run.passed_pulses import Passed, remarks, together
from immunode.study.run.plan import ArmPlan, Plan
from immunode.study.run.recipe import column_recipe, model_recipe, tolerance, variant_recipe, versions


class Gathered:
    """The arrays of a result while blocks arrive. kept : whether trajectories are gathered too."""

    def __init__(self, plan: Plan, *, kept: bool = True) -> None:
        n = len(plan.design)
        self.plan = plan
        self.status = np.full(n, NOT_RUN, np.int16)
        self.values = np.full((n, len(plan.endpoints)), np.nan)
        self.kept = {name: np.full((n, len(plan.times)), np.nan) for name in plan.keep} if kept else {}
        self.reached = np.full(n, np.nan)
        self.methods = np.full(n, "", object)
        self.reasons: dict[int, str] = {}
        self.why: dict[int, dict[str, str]] = {}
        self.passed: dict[str, list[Passed]] = {}
        self.finished = 0

    def put(self, rows: slice, done: Portion) -> None:
        """Put in what the given rows gave; each row comes once."""
        self.values[rows], self.reached[rows], self.methods[rows] = done.values, done.reached, done.methods
        for name in self.kept:
            self.kept[name][rows] = done.kept[name]
        self.reasons.update((rows.start + row, text) for row, text in done.reasons.items())
        self.why[rows.start] = done.why
        for arm, passed in done.passed.items():
            self.passed.setdefault(arm, []).append(passed)
        self.status[rows] = done.status
        self.finished += len(done.status)

    def unfinished(self, wanted: Sequence[int]) -> str:
        """Return what to know of a sweep that is not whole; "" where it is. wanted : first rows of its blocks."""
        if self.finished == len(self.status):
            return ""
        counts = f"{self.finished:,} of {len(self.status):,} runs are finished; the others have the status 'not run'"
        missing = (self.status[list(wanted)] == NOT_RUN).any()
        return f"interrupted: {counts}" if missing else f"only a part was asked for: {counts}"

    def result(self, message: str = "", kept: Mapping[str, Any] | None = None, **recipe: Any) -> SweepResult:
        """Return the result. kept : trajectories that lie elsewhere.   recipe : more to know."""
        # reasons in the order of rows, whatever the order in which blocks arrived
        reasons = dict(sorted(self.reasons.items()))
        why: dict[str, str] = {}
        for _, told in sorted(self.why.items()):
            for arm, text in told.items():
                why.setdefault(arm, text)
        told_recipe = {**self._recipe(why, message), **recipe}
        return SweepResult(
            self.plan,
            self.status,
            self.values,
            self.kept if kept is None else kept,
            self.reached,
            self.methods,
            reasons,
            told_recipe,
            message,
        )

    def _recipe(self, why: Mapping[str, str], message: str) -> dict[str, Any]:
        plan, options = self.plan, self.plan.options
        used = Counter(self.methods)

        passed = {arm: whole for arm, parts in self.passed.items() if (whole := together(parts)) and whole.by}

        def arm_recipe(arm: ArmPlan) -> dict[str, Any]:
            told = why.get(arm.name) or arm.why
            over = {"passed over": passed[arm.name].plain()} if arm.name in passed else {}
            named = model_recipe(arm.model, arm.functions.program.key)
            return {**named, "engine": arm.engine, "reason": told, **over}

        def arm_remarks(arm: ArmPlan) -> list[str]:
            if arm.name not in passed:
                return []
            good = int(np.count_nonzero(self.status[plan.arm_of == arm.index] == Status.OK))
            return remarks(passed[arm.name], arm.model, good, arm.name if len(plan.arms) > 1 else "")

        return {
            "model": plan.model.name,
            **variant_recipe(plan.model),
            "reference": plan.model.reference,
            "arms": {arm.name: arm_recipe(arm) for arm in plan.arms},
            "design": plan.design.recipe,
            "columns": column_recipe(plan.design),
            "seed": plan.design.seed,
            "runs": len(plan.design),
            "until": float(plan.times[-1]),
            "time unit": plan.model.time_unit,
            "times": len(plan.times),
            "endpoints": [one.name for one in plan.endpoints],
            "engine": ", ".join(dict.fromkeys(arm.engine for arm in plan.arms)),
            "method": options["method"],
            "methods used": {name: used[name] for name in sorted(used) if name},
            "rtol": options["rtol"],
            "atol": tolerance(options["atol"]),
            "message": message,
            "remarks": [line for arm in plan.arms for line in arm_remarks(arm)],
            "versions": versions(),
        }
