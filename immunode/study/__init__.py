"""Designs, arms, endpoints, and the two verbs that run models: `simulate` and `sweep`."""

from __future__ import annotations

from immunode.study.adaptive_points import adaptive
from immunode.study.arms import Arms
from immunode.study.design.design import Design, grid, latin_hypercube, sobol
from immunode.study.design.from_tables import from_table
from immunode.study.design.ranges import Axis, Space, space
from immunode.study.endpoints import (
    Endpoint,
    at,
    auc,
    change,
    endpoint,
    final,
    fraction_of_time,
    peak,
    percent_change,
    time_of_peak,
    time_to,
    trough,
)
from immunode.study.result.paired_differences import Contrast
from immunode.study.result.selection import Selection
from immunode.study.result.simulation import Comparison, Simulation
from immunode.study.result.sweep_result import SweepResult
from immunode.study.result.switch_table import switch_log
from immunode.study.run.costs import Estimate
from immunode.study.simulations import simulate
from immunode.study.stores import merge_stores, open_store
from immunode.study.sweeps import plan_sweep, sweep

__all__ = [
    "Arms",
    "Axis",
    "Comparison",
    "Contrast",
    "Design",
    "Endpoint",
    "Estimate",
    "Selection",
    "Simulation",
    "Space",
    "SweepResult",
    "adaptive",
    "at",
    "auc",
    "change",
    "endpoint",
    "final",
    "fraction_of_time",
    "from_table",
    "grid",
    "latin_hypercube",
    "merge_stores",
    "open_store",
    "peak",
    "percent_change",
    "plan_sweep",
    "simulate",
    "sobol",
    "space",
    "sweep",
    "switch_log",
    "time_of_peak",
    "time_to",
    "trough",
]
