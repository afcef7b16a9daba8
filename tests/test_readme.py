"""What the README shows works as it is written there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

from immunode.catalogue import list_models
from immunode.cli import main
from immunode.study import SweepResult
from immunode.treatments import list_drugs

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
SHELL = [line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
COMMANDS = [line for line in SHELL if line.startswith("immunode ")]


@pytest.mark.parametrize("block", PYTHON, ids=range(len(PYTHON)))
def test_python_block_runs(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each makes a sweep without a failed run, or a figure with something in it."""
    monkeypatch.chdir(tmp_path)
    matplotlib.use("Agg")
    names: dict[str, object] = {"__name__": "readme"}
    exec(compile(block, "README.md", "exec"), names)
    sweeps = [it for it in names.values() if isinstance(it, SweepResult)]
    figures = [it for it in names.values() if isinstance(it, Figure)]
    assert sweeps or figures
    assert all(sweep.ok.all() for sweep in sweeps)
    assert all(axes.has_data() for figure in figures for axes in figure.axes)
    plt.close("all")


@pytest.mark.slow
def test_shell_commands_run_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(COMMANDS) >= 5
    for command in COMMANDS:
        assert main(shlex.split(command)[1:]) == 0, command
    assert {path.suffix for path in (tmp_path / "out").iterdir()} >= {".png", ".svg", ".csv"}


def test_the_two_commands_are_there_literally() -> None:
    install = "python3 -m venv .venv && .venv/bin/pip install -e "
    first = ".venv/bin/immunode validate ma2020 -o out"
    assert f'{install}".[all]" && {first}' in SHELL
    assert f'{install}".[all,test]" && .venv/bin/pytest' in SHELL


def test_ci_takes_its_test_command_from_the_readme() -> None:
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert """grep -m 1 -F 'pip install -e ".[all,test]"' README.md""" in ci


@pytest.mark.slow
def test_the_first_command_shows_a_model_beside_its_trials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Change of DAS28-CRP, shares in remission with intervals, published values, verdicts; a table and a figure."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    (line,) = (line for line in SHELL if ".venv/bin/immunode " in line)
    assert main(shlex.split(line.split(".venv/bin/immunode ")[1])) == 0
    printed = capsys.readouterr().out
    (remission,) = (x for x in printed.splitlines() if "MOBILITY" in x and "200 mg" in x and "share in remission" in x)
    assert re.search(r"34\.1 +\d[\d.]* \(\d[\d.]* to \d[\d.]*\) +(inside|near|off)", remission)
    for text in ("mean change of DAS28-CRP by week 24", "KAKEHASI", "10,000 virtual patients"):
        assert text in printed
    assert {path.suffix for path in (tmp_path / "out").iterdir()} >= {".png", ".svg", ".csv"}


@pytest.mark.parametrize("target", re.findall(r"\]\((?!http)([^)#]+)\)", README))
def test_linked_files_are_there(target: str) -> None:
    assert (ROOT / target).is_file()


def test_the_table_names_every_model_and_every_alias_beside_its_model() -> None:
    rows = [line for line in README.splitlines() if line.startswith("| ") and "`" in line]
    named = {model for row in rows for model in re.findall(r"`(\w+)`", row)}
    for entry in list_models():
        assert entry.name in named
    aliases = {alias: entry.name for entry in list_models() for alias, _ in entry.aliases}
    for row in rows:
        for name, alias in re.findall(r"`(\w+)` \(`(\w+)`", row):
            assert aliases[alias] == name


def test_the_number_of_drugs_is_that_of_the_library() -> None:
    assert f"lists {len(list_drugs())} published drugs" in README
