"""Assignments that grade what a model does."""

from __future__ import annotations

from immunode.analysis.teaching.assignments import Assignment, Grade, Mark, assignment
from immunode.analysis.teaching.properties import Wanted

__all__ = [
    "assignment", "Assignment", "Grade", "Mark", "Wanted",
]  # fmt: skip
