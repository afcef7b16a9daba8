"""`list`, `show`, `check`, `new` and `--version`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from immunode.catalogue import list_models, load_model
from immunode.cli import main
from immunode.intervention import LIBRARY, Drug, drug, list_drugs
from immunode.model import Event, Model, State
from immunode.model.records import pairs
from immunode.model.serial import from_json
from immunode.version import __version__

Capture = pytest.CaptureFixture[str]

FAULTY = """
from immunode.model import Model, Parameter, Process, State

MODEL = Model(
    name="faulty",
    time_unit="day",
    states=[State("A", 1.0)],
    parameters=[Parameter("k", 0.5, "1/day"), Parameter("unused", 1.0, source="assumed: a test")],
    processes=[Process("loss", "A ->", "k*A")],
)
"""


def test_version_is_printed(capsys: Capture) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"immunode {__version__}\n"


def test_list_prints_every_model_on_a_line(capsys: Capture) -> None:
    assert main(["list"]) == 0
    printed = capsys.readouterr().out
    for entry in list_models():
        assert any(line.split()[:1] == [entry.name] for line in printed.splitlines())


def test_list_groups_models_by_system(capsys: Capture) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    first = [line.strip() for line in lines].index("cancer")
    expected = [entry.name for entry in list_models() if entry.system == "cancer"]
    words = [line.split()[0] for line in lines[first + 1 :] if line.split()]
    names = {entry.name for entry in list_models()}
    assert [word for word in words if word in names][: len(expected)] == expected


def test_list_as_json_has_the_catalogue(capsys: Capture) -> None:
    assert main(["list", "--json"]) == 0
    records = json.loads(capsys.readouterr().out)
    assert [record["name"] for record in records] == [entry.name for entry in list_models()]
    assert {record["name"]: record["n_states"] for record in records}["kuznetsov1994"] == 2


def test_show_tells_reference_states_sources_equations_interventions_and_variants(capsys: Capture) -> None:
    assert main(["show", "kuznetsov1994"]) == 0
    printed = capsys.readouterr().out
    for text in (
        "doi:10.1007/BF02460644",
        "effector cells",
        "BIOMD0000000762",
        "dE/dt",
        "checkpoint_blockade",
        "large_tumor",
    ):
        assert text in printed, text


@pytest.mark.parametrize("name", [entry.name for entry in list_models()])
def test_show_works_for(name: str, capsys: Capture) -> None:
    assert main(["show", name]) == 0
    printed = capsys.readouterr().out
    assert all(parameter.name in printed for parameter in load_model(name).parameters)


def test_show_tells_patients_story_and_trials(capsys: Capture) -> None:
    assert main(["show", "jin2025"]) == 0
    printed = capsys.readouterr().out
    for text in ("Differences between patients", "18 % of patients", "counts of events (Poisson)", "Trial: MIRACLE",
                 "40 % fewer exacerbations", "variant chinese", "0.26 (0.19"):  # fmt: skip
        assert text in printed, text


def test_show_tells_when_events_come_and_which_goes_first(tmp_path: Path, capsys: Capture) -> None:
    model = Model(
        name="alarm",
        states=[State("x", 1.0)],
        events=[Event("ring", {"x": "0"}, when="x > 2", delay="1 + x", priority="7", persistent=False)],
    )
    (tmp_path / "alarm.json").write_text(model.to_json(), encoding="utf-8")
    assert main(["show", str(tmp_path / "alarm.json")]) == 0
    told = " ".join(capsys.readouterr().out.split())
    for part in ("x > 2", "delay 1 + x", "priority 7", "called off"):
        assert part in told


def test_show_as_json_gives_the_model_back(capsys: Capture) -> None:
    from immunode.model import Model

    assert main(["show", "kuznetsov1994", "--json"]) == 0
    assert Model.from_json(capsys.readouterr().out) == load_model("kuznetsov1994")


def test_show_of_a_variant_has_its_values(capsys: Capture) -> None:
    assert main(["show", "kuznetsov1994", "--variant", "large_tumor", "--json"]) == 0
    states = json.loads(capsys.readouterr().out)["states"]
    assert [state["initial"] for state in states if state["name"] == "T"] == [1e8]


@pytest.mark.sampled
@pytest.mark.parametrize("name", [entry.name for entry in list_models()])
def test_every_model_of_the_package_passes_its_check(name: str, capsys: Capture) -> None:
    assert main(["check", name]) == 0, capsys.readouterr().out


def test_check_of_a_faulty_model_says_what_and_exits_with_1(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "faulty.py").write_text(FAULTY)
    assert main(["check", str(tmp_path / "faulty.py")]) == 1
    printed = capsys.readouterr().out
    assert "unused" in printed
    assert "k" in printed


def test_check_reports_a_variant_that_outgrows_any_body(tmp_path: Path, capsys: Capture) -> None:
    """A lymphoma of mice that doubles for 500 days; within the 14 days of its experiment it is no finding."""
    text = (
        load_model("cartmath2021")
        .replace(variants=[replace(v, horizon=None) for v in load_model("cartmath2021").variants])
        .to_json()
    )
    (tmp_path / "endless.json").write_text(text)
    assert main(["check", str(tmp_path / "endless.json")]) == 1
    printed = " ".join(capsys.readouterr().out.split())
    assert "state 'T', variant 'raji'" in printed
    assert "4.1e+116 at the horizon, 500 day" in printed
    assert printed.count("more than a body can hold") == 3
    assert main(["check", str(tmp_path / "endless.json"), "--variant", "raji"]) == 1
    assert main(["check", "cartmath2021"]) == 0


def test_check_as_json_says_whether_it_is_ok(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "faulty.py").write_text(FAULTY)
    assert main(["check", str(tmp_path / "faulty.py"), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is False
    assert any("unused" in finding["where"] + finding["message"] for finding in report["findings"])


def test_check_of_a_file_that_is_broken_is_a_finding(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "broken.py").write_text("MODEL = (\n")
    assert main(["check", str(tmp_path / "broken.py")]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "line 1" in error


@pytest.mark.parametrize("command", ["show", "check", "run", "sweep"])
def test_an_unknown_model_is_a_usage_error_in_one_line_with_the_nearest(command: str, capsys: Capture) -> None:
    assert main([command, "kuznetzov1994"]) == 2
    assert capsys.readouterr().err == "immunode: no model is named 'kuznetzov1994'; did you mean 'kuznetsov1994'?\n"


def test_an_unknown_variant_is_a_usage_error(capsys: Capture) -> None:
    assert main(["show", "kuznetsov1994", "--variant", "lage_tumor"]) == 2
    assert "'large_tumor'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["lst"], ["show"], ["list", "--jason"], ["sweep", "kuznetsov1994", "--runs", "none"]]
)
def test_a_wrong_word_is_a_usage_error(arguments: list[str], capsys: Capture) -> None:
    assert main(arguments) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_new_makes_a_copy_that_checks_and_runs(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "mine.py"
    assert main(["new", str(path), "--like", "kuznetsov1994"]) == 0
    assert str(path) in capsys.readouterr().out
    assert main(["check", str(path)]) == 0
    assert main(["run", str(path), "--until", "10 days"]) == 0


def test_new_never_overwrites(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "mine.py"
    path.write_text("mine")
    assert main(["new", str(path), "--like", "kuznetsov1994"]) == 2
    assert "exists already" in capsys.readouterr().err
    assert path.read_text() == "mine"


def test_new_like_an_alias_names_its_variant(tmp_path: Path, capsys: Capture) -> None:
    assert main(["new", str(tmp_path), "--like", "exercise"]) == 0
    assert "exercise_minimal.py --variant cycling`" in capsys.readouterr().out


def test_a_terminal_that_knows_no_greek_gets_question_marks() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "immunode.cli", "show", "baker2013"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert b"dp/dt = " in ran.stdout


def test_drugs_are_listed_by_target(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")  # no line is folded
    assert main(["drugs"]) == 0
    lines = capsys.readouterr().out.splitlines()
    first = [line.split()[0] for line in lines if line.split()]
    assert [word for word in first if word in LIBRARY] == [entry.name for entry in list_drugs()]
    (row,) = (line for line in lines if line.split()[:1] == ["guselkumab"])
    assert " ".join(row.split()) == "guselkumab antibody IL-23 p19 sc 100 mg sc at week 0, 4 then q8w"


def test_drugs_as_json_have_half_lives_and_sources(capsys: Capture) -> None:
    assert main(["drugs", "--json"]) == 0
    records = {record["name"]: record for record in json.loads(capsys.readouterr().out)}
    assert records.keys() == set(LIBRARY)
    assert records["guselkumab"]["half_life"] == pytest.approx(18.13, abs=0.005)
    assert "Yao 2018" in records["guselkumab"]["source"]
    assert records["alemtuzumab"]["half_life"] is None


@pytest.mark.sampled
@pytest.mark.parametrize("name", sorted(LIBRARY))
def test_show_prints_the_card_of_a_drug(name: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")  # no line is folded
    assert main(["show", name]) == 0
    printed = capsys.readouterr().out
    chosen = drug(name)
    words = [chosen.source, *(c.name for c in chosen.pk.covariates), *(c.name for c in chosen.pk.constants)]
    words += [f"{v.spread:.4g}" for v in chosen.variability] + [f"{c.value:g}" for c in chosen.correlations]
    assert chosen.profile is not None
    words += [*chosen.profile.warnings, *(text for _, text in pairs(chosen.profile.regimens))]
    for word in words:
        assert word in printed, word


def test_show_of_a_drug_as_json_gives_it_back(capsys: Capture) -> None:
    assert main(["show", "siponimod", "--json"]) == 0
    assert from_json(Drug, capsys.readouterr().out) == drug("siponimod")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("adalimumb", "'adalimumab'"), ("omalizumab", "'hayashi2007'"), ("secukinumab", "'ixekizumab'")],
)
def test_a_drug_that_is_not_there_is_answered_with_the_nearest(typed: str, meant: str, capsys: Capture) -> None:
    assert main(["show", typed]) == 2
    assert meant in capsys.readouterr().err
