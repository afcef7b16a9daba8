"""How a sweep was made, as plain data."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from immunode.solve.status import Status
from immunode.study.design.declared import listed_remarks
from immunode.study.ended_courses import course_remarks
from immunode.study.out_of_bounds import column_remarks, endpoint_scale_remarks, value_remarks
from immunode.study.run.passed_pulses import remarks
from immunode.study.run.plan import ArmPlan, Plan
from immunode.study.run.recipe import column_recipe, model_recipe, tolerance, variant_recipe, versions
from immunode.study.run.sweep_data import SweepData


def recipe_of(plan: Plan, data: SweepData) -> dict[str, Any]:
    """Return how a sweep was made: what was asked for, what computed it, and what to know of it."""
    design, options, computed = plan.design, plan.options, data.computed_by_arm()
    status = np.asarray(data.status)
    models = [plan.model, *(arm.model for arm in plan.arms)]
    passed = {arm: over for arm, (_, over) in computed.items() if over and over.by}

    def arm_recipe(arm: ArmPlan) -> dict[str, Any]:
        reason = computed.get(arm.name, ("", None))[0] or arm.reason
        over = {"passed over": passed[arm.name].plain()} if arm.name in passed else {}
        return {**model_recipe(arm.model, arm.functions.program.key), "engine": arm.engine, "reason": reason, **over}

    def arm_remarks(arm: ArmPlan) -> list[str]:
        who = arm.name if len(plan.arms) > 1 else ""
        ended = course_remarks(arm.model, arm.functions, float(plan.times[-1]), who, plan.design.names)
        if arm.name not in passed:
            return ended
        good = int(np.count_nonzero(status[plan.arm_of == arm.index] == Status.OK))
        return [*ended, *remarks(passed[arm.name], arm.model, good, who)]

    told = dict.fromkeys(line for arm in plan.arms for line in arm.model.remarks if line not in plan.model.remarks)
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
        "endpoints": list(plan.endpoint_names),
        "engine": ", ".join(dict.fromkeys(arm.engine for arm in plan.arms)),
        "method": options["method"],
        "methods used": methods_used(data),
        "rtol": options["rtol"],
        "atol": tolerance(options["atol"]),
        "message": data.message,
        "remarks": [
            *told,
            *value_remarks(plan.model),
            *column_remarks(models, design),
            *listed_remarks(plan.model, design.recipe),
            *endpoint_scale_remarks(
                models, [(e.name, e.subject, e.kind) for e in plan.endpoints], np.asarray(data.values)
            ),
            *(line for arm in plan.arms for line in arm_remarks(arm)),
        ],
        "versions": versions(),
        **({"store": dict(data.source)} if data.source else {}),
    }


def methods_used(data: SweepData) -> dict[str, int]:
    """Return integration method -> number of runs."""
    used = Counter(np.asarray(data.methods).tolist())
    return {name: used[name] for name in sorted(used) if name}
