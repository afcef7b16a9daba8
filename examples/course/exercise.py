"""Checks of the exercises in these notebooks: an answer is right, wrong with a hint, or not given yet.

With SOLUTIONS=1 in the environment the answers of instructor.py stand in for the student's, and a wrong one is an
error. Hand out the folder without instructor.py.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from typing import Any

import immunode as im

SHOWN = os.environ.get("SOLUTIONS") == "1"


def equations(shown: im.Model) -> str:
    """Return the equations of a model as Markdown, one below the other."""
    return "\n\n".join(f"$$\n{line}\n$$" for line in shown.equations("latex").splitlines())


def answer(key: str, given: Any) -> Any:
    """Return the answer to check: the student's, or the instructor's in the instructor's version."""
    if not SHOWN:
        return given
    return importlib.import_module("instructor").ANSWERS[key]


def number(key: str, given: float | None, truth: float, *, within: float = 0.05, hint: str = "") -> str:
    """Return what to say about a number, which may be off by the part `within`."""
    told = answer(key, given)
    right = told is not None and abs(told - truth) <= within * abs(truth)
    return say(key, told, right, hint)


def choice(key: str, given: str | None, truth: str, hints: Mapping[str, str]) -> str:
    """Return what to say about one of several words; each wrong word has its own hint."""
    told = answer(key, given)
    if told is not None and told != truth and told not in hints:
        return say(key, told, False, f"Choose one of: {', '.join(sorted({truth, *hints}))}.")
    return say(key, told, told == truth, hints.get(told, "") if told else "")


def model(key: str, given: im.Model | None, task: im.teaching.Assignment) -> str:
    """Return what to say about a model of the student's, graded by an assignment."""
    told = answer(key, given)
    if told is None:
        return say(key, None, False, "")
    grade = task.grade(told)
    rows = "\n".join(f"- {'✓' if m.passed else '✗'} {m.asked}: {m.found}" for m in grade.marks)
    return say(key, told.name, grade.passed, "; ".join(grade.hints)) + f"\n\n{rows}"


def say(key: str, told: Any, right: bool, hint: str) -> str:
    """Return the line under an exercise, and print it for those who run the file as a script."""
    if told is None:
        text = f"**Exercise {key}**: not answered yet."
    elif right:
        text = f"**Exercise {key}**: right ({told})."
    else:
        text = f"**Exercise {key}**: {told} is not it. {hint}"
    if SHOWN and not right:
        raise AssertionError(text)
    print(text.replace("**", ""))
    return text
