"""Around a sweep: its cost, adaptive designs, stores, parts of its result."""

from __future__ import annotations

from immunode.analysis.precision import WorkPoint, WorkPrecision, work_precision
from immunode.study.design.adaptive_points import adaptive
from immunode.study.design.ranges import Axis
from immunode.study.result.contrast import Contrast
from immunode.study.result.selection import Selection
from immunode.study.result.switching import switch_log
from immunode.study.run.estimate import Estimate, plan_sweep
from immunode.study.store.merging import merge_stores
from immunode.study.store.reading import StoredSweep

__all__ = [
    "StoredSweep", "plan_sweep", "Estimate", "work_precision", "WorkPrecision", "WorkPoint", "adaptive", "Axis",
    "merge_stores", "Selection", "Contrast", "switch_log",
]  # fmt: skip
