"""Around a sweep: its cost, adaptive designs, stores, parts of its result."""

# names only, to import and to complete; what they stand for is in study/

from __future__ import annotations

from immunode.analysis.precision import WorkPoint, WorkPrecision, work_precision
from immunode.study.adaptive_points import adaptive
from immunode.study.design.ranges import Axis
from immunode.study.result.paired_differences import Contrast
from immunode.study.result.selection import Selection
from immunode.study.result.simulation import Comparison, Simulation
from immunode.study.result.sweep_result import SweepResult
from immunode.study.result.switch_table import switch_log
from immunode.study.run.costs import Estimate
from immunode.study.stores import merge_stores
from immunode.study.sweeps import SweepOptions, plan_sweep

__all__ = [
    "plan_sweep", "SweepOptions", "Estimate", "work_precision", "WorkPrecision", "WorkPoint", "adaptive", "Axis",
    "merge_stores", "Selection", "Contrast", "switch_log",
    "Simulation", "SweepResult", "Comparison",
]  # fmt: skip
