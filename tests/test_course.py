"""The notebooks of the course run as scripts, their solutions are right, and a wrong answer gets its hint."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import immunode as im

ROOT = Path(__file__).resolve().parents[1]
COURSE = ROOT / "examples" / "course"
NOTEBOOKS = sorted(path for path in COURSE.glob("*.py") if path.stem not in ("exercise", "instructor"))


def run(notebook: Path, folder: Path, **environment: str) -> str:
    """Return what a notebook prints; it must end well and without warnings."""
    known = {name: value for name, value in os.environ.items() if name != "SOLUTIONS"}
    path = os.pathsep.join([str(ROOT), known.get("PYTHONPATH", "")])
    ran = subprocess.run(
        [sys.executable, "-W", "error", str(notebook)],
        env={**known, "PYTHONPATH": path, "MPLBACKEND": "Agg", "PYTHONIOENCODING": "utf-8", **environment},
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def exercises(notebook: Path) -> list[str]:
    """Return the numbers of the exercises that the text of a notebook sets."""
    return re.findall(r"## Exercise (\d\.\d)", notebook.read_text(encoding="utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_solutions_are_right(notebook: Path, tmp_path: Path) -> None:
    printed = run(notebook, tmp_path, SOLUTIONS="1")
    assert re.findall(r"Exercise (\d\.\d): right", printed) == exercises(notebook)
    assert len(exercises(notebook)) >= 4


@pytest.mark.slow
def test_a_student_s_copy_runs_without_the_instructor_s_file(tmp_path: Path) -> None:
    for path in (COURSE / "first_model.py", COURSE / "exercise.py"):
        shutil.copy(path, tmp_path)
    printed = run(tmp_path / "first_model.py", tmp_path)
    assert re.findall(r"Exercise (\d\.\d): not answered yet", printed) == ["1.1", "1.2", "1.3", "1.4"]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_broken_line_of_text_becomes_a_list(notebook: Path) -> None:
    """Markdown takes "42." at the beginning of a line for the item of a list."""
    assert not re.findall(r"^ +\d+\. .*$", notebook.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_instructor_has_an_answer_to_every_exercise_and_no_other() -> None:
    text = (COURSE / "instructor.py").read_text(encoding="utf-8")
    assert re.findall(r'"(\d\.\d)":', text) == sorted(key for path in NOTEBOOKS for key in exercises(path))


@pytest.fixture
def exercise(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.delenv("SOLUTIONS", raising=False)
    spec = importlib.util.spec_from_file_location("exercise", COURSE / "exercise.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_number_is_right_within_its_part_and_wrong_beyond(exercise: ModuleType) -> None:
    assert "right" in exercise.number("9.1", 104.9, 100.0, hint="Think.")
    assert "Think." in exercise.number("9.1", 105.1, 100.0, hint="Think.")


def test_each_wrong_choice_has_its_hint_and_what_is_no_choice_gets_the_list(exercise: ModuleType) -> None:
    hints = {"a": "Not a.", "c": "Not c."}
    assert "Not a." in exercise.choice("9.1", "a", "b", hints)
    assert "right" in exercise.choice("9.1", "b", "b", hints)
    assert "one of: a, b, c" in exercise.choice("9.1", "x", "b", hints)


def test_a_model_is_graded_with_its_marks(exercise: ModuleType) -> None:
    task = im.teaching.assignment("A", states=["T"], hints={"states": "Call it T."})
    told = exercise.model("9.1", im.Model(name="mine", states=[im.State("X", 1.0, "cell")]), task)
    assert "Call it T." in told
    assert "✗ there is a state T" in told
