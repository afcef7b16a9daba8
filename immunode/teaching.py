"""The story that a model shows first, and assignments that grade what a model does."""

# names only, to import and to complete; what they stand for is in analysis/teaching/

from __future__ import annotations

from immunode.analysis.teaching.assignments import Assignment, Grade, Mark, assignment
from immunode.analysis.teaching.properties import Wanted
from immunode.study.stories import run_story

__all__ = [
    "run_story", "assignment", "Assignment", "Grade", "Mark", "Wanted",
]  # fmt: skip
