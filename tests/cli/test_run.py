"""`immunode run`: one curve an arm."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from immunode.catalogue import load_model
from immunode.cli import main
from immunode.cli.studies.tables import without_noise
from immunode.plot import read_metadata
from immunode.study import simulate

Capture = pytest.CaptureFixture[str]
RUN = ["run", "kuznetsov1994", "--until", "30 days"]


def test_the_table_says_what_simulate_gives(capsys: Capture) -> None:
    assert main([*RUN, "--arm", "control", "--arm", "cytostatic", "--engine", "scipy", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    model = load_model("kuznetsov1994")
    ends = {row["arm"]: row["end"] for row in rows if row["quantity"] == "T"}
    assert ends["control"] == simulate(model, "30 days", engine="scipy").final("T")
    assert ends["cytostatic"] == simulate(model, "30 days", interventions="cytostatic", engine="scipy").final("T")


def test_what_is_no_different_from_0_is_printed_as_0(capsys: Capture) -> None:
    """The free drug falls to 0 in days; what is left are errors of the solver, of either sign. JSON keeps them."""
    assert main(["run", "lledogarcia2022"]) == 0
    table = capsys.readouterr().out.rpartition("engine")[0]
    assert "e-" not in table
    assert " -0 " not in table
    assert main(["run", "lledogarcia2022", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert any(0 < abs(row["end"]) < 1e-9 for row in rows)


def test_only_noise_is_taken_for_0() -> None:
    rows = [{"quantity": "V", "end": end} for end in (1e7, 0.02, 0.005, -0.005, float("nan"))]
    shown = [row["end"] for row in without_noise(rows, ["end"], 1e-6)]
    assert shown[:4] == [1e7, 0.02, 0.0, 0.0]
    assert np.isnan(shown[4])


def test_the_arm_control_is_the_model_as_it_is(capsys: Capture) -> None:
    assert main([*RUN, "--arm", "control"]) == 0
    printed = capsys.readouterr().out
    assert "control" in printed
    assert "0 to 30 day" in printed


def test_interventions_joined_by_plus_are_one_arm(capsys: Capture) -> None:
    assert main([*RUN, "--arm", "cytostatic+killing_boost", "--engine", "scipy", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    both = simulate(load_model("kuznetsov1994"), 30, interventions=["cytostatic", "killing_boost"], engine="scipy")
    assert [row["end"] for row in rows if row["quantity"] == "T"] == [both.final("T")]


def test_settings_reach_parameters_knobs_and_initial_values(capsys: Capture) -> None:
    settings = ["--set", "a=0.1", "--set", "cytostatic.strength=0", "--set", "T(0)=1e6"]
    assert main([*RUN, "--arm", "control", "--arm", "cytostatic", *settings, "--json"]) == 0
    rows = [row for row in json.loads(capsys.readouterr().out)["rows"] if row["quantity"] == "T"]
    assert [row["start"] for row in rows] == [1e6, 1e6]
    model = load_model("kuznetsov1994").with_values(a=0.1).with_initial(T=1e6)
    expected = simulate(model, 30, rtol=1e-9).final("T")
    # both arms are the same system, solved at the default rtol of 1e-6
    assert [row["end"] for row in rows] == pytest.approx([expected, expected], rel=1e-4)


def test_files_hold_figure_curves_and_recipe(tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "a" / "b"
    words = [*RUN, "--arm", "control", "--arm", "cytostatic", "-o", str(out)]
    assert main(words) == 0
    assert sorted(os.listdir(out)) == ["curves.csv", "figure.png", "figure.svg", "recipe.json"]
    curves = pd.read_csv(out / "curves.csv", index_col=["arm", "time"])
    assert set(curves.index.get_level_values("arm")) == {"control", "cytostatic"}
    assert {"E", "T"} <= set(curves.columns)
    assert set(json.loads((out / "recipe.json").read_text())["arms"]) == {"control", "cytostatic"}
    assert read_metadata(out / "figure.png")["recipe"] == shlex.join(["immunode", *words])
    assert "figure.png" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--arm", "cytostatik"], "'cytostatic'"),
        (["--arm", "control", "--arm", "control"], "twice"),
        (["--set", "q=1"], "'q' is no parameter"),
        (["--set", "T=1"], "T(0)"),
        (["--set", "a"], "name=number"),
        (["--set", "a=x"], "not a number"),
        (["--set", "a=1", "--set", "a=2"], "twice"),
        (["--set", "cytostatic.strength=1"], "cytostatic.strength"),
        (["--until", "30 kg"], "kg"),
        (["--until", "soon"], "soon"),
        (["--until", "-3"], "-3"),
        (["--until", "nan"], "nan"),
        (["--engine", "nump"], "nump"),
        (["--method", "tsit"], "tsit"),
        (["--rtol", "-1"], "--rtol"),
        (["--show", "U"], "unknown quantity 'U'"),
        (["--style", "slides"], "slides"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error_in_one_line(
    words: list[str], message: str, tmp_path: Path, capsys: Capture
) -> None:
    assert main(["run", "kuznetsov1994", *words, "-o", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert "Traceback" not in error


def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_computed(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")

    def never(*_: object, **__: object) -> None:
        raise AssertionError("computed")

    monkeypatch.setattr("immunode.cli.studies.courses.simulate", never)
    for folder in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nowhere")):
        assert main([*RUN, "-o", str(folder)]) == 2
        error = capsys.readouterr().err
        assert str(folder) in error
        assert error.count("\n") == 1


def test_a_run_that_fails_is_one_line_with_its_time_and_exits_with_1(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "burst.py").write_text(
        "from immunode.model import Model, Process, State\n"
        "MODEL = Model(name='burst', states=[State('x', 1.0)], processes=[Process('p', '-> x', 'x**2')])\n"
    )
    assert main(["run", str(tmp_path / "burst.py"), "--until", "2"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("immunode: burst")
    assert "t = 1" in error or "t = 0.99" in error  # x = 1/(1 - t)
    assert error.count("\n") == 1


@pytest.mark.slow
def test_the_tables_name_model_and_variant(tmp_path: Path, capsys: Capture) -> None:
    line = ["baker2013", "--variant", "diseased", "--until", "7", "-o"]
    assert main(["run", *line, str(tmp_path / "run")]) == 0
    assert main(["sweep", *line, str(tmp_path / "sweep"), "--runs", "4"]) == 0
    for file in ("run/curves.csv", "sweep/table.csv", "sweep/summary.csv"):
        table = pd.read_csv(tmp_path / file)
        assert set(table["model"]) == {"baker2013"}, file
        assert set(table["variant"]) == {"diseased"}, file
    assert main(["check", "baker2013", "--variant", "diseased", "--json"]) == 0
    assert '"variant": "diseased"' in capsys.readouterr().out


def test_an_interrupt_keeps_the_arms_that_are_finished(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = simulate, []

    def second_is_interrupted(*words: object, **named: object) -> object:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*words, **named)  # type: ignore[call-overload]

    monkeypatch.setattr("immunode.cli.studies.courses.simulate", second_is_interrupted)
    assert main([*RUN, "--arm", "control", "--arm", "cytostatic", "-o", str(tmp_path)]) == 130
    assert "finished and kept: control" in capsys.readouterr().err
    assert set(pd.read_csv(tmp_path / "curves.csv")["arm"]) == {"control"}


@pytest.mark.slow
def test_without_arms_the_story_of_the_model_is_told(tmp_path: Path, capsys: Capture) -> None:
    assert main(["run", "ma2020", "--json", "-o", str(tmp_path / "out")]) == 0
    told = json.loads(capsys.readouterr().out)
    story = load_model("ma2020").story
    assert story is not None
    assert told["story"] == story.sentence
    assert told["arms"] == list(dict(story.arms))
    assert list(dict.fromkeys(row["quantity"] for row in told["rows"])) == list(story.panels)
    svg = (tmp_path / "out" / "figure.svg").read_text(encoding="utf-8")
    assert "The larger dose buys" in svg


@pytest.mark.slow
def test_a_story_that_is_told_with_other_numbers_has_no_sentence(capsys: Capture) -> None:
    for words in (["--set", "BASE=5"], ["--until", "4 weeks"], ["--show", "das28"]):
        assert main(["run", "ma2020", *words, "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["story"] == ""
        assert "200 mg q2w" in told["arms"]


def test_a_story_is_told_in_its_variant(capsys: Capture) -> None:
    assert main(["run", "baker2013", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["variant"] == "diseased"


def test_arms_of_the_story_are_named_as_they_are_shown(capsys: Capture) -> None:
    words = ["--arm", "200 mg q2w, 12 weeks", "--arm", "placebo,150 mg q2w", "--until", "2 weeks"]
    assert main(["run", "ma2020", *words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["arms"] == ["200 mg q2w, 12 weeks", "placebo", "150 mg q2w"]
    assert told["story"] == ""


def test_the_table_tells_the_lowest_value_of_the_run_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "ma2020", "--arm", "sarilumab_200", "--show", "anc", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    run = simulate(load_model("ma2020"), interventions="sarilumab_200", times=np.linspace(0, 168, 20_001))
    assert row["lowest"] == pytest.approx(run["anc"].min(), rel=1e-5)
    assert row["lowest"] < row["end"] < row["start"]


@pytest.mark.parametrize("width", [80, 100, 160])
def test_numbers_and_words_of_the_table_are_whole(width: int, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    assert main([*RUN, "--arms", "control,cytostatic", "--engine", "scipy"]) == 0
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= width
    words = printed.split()
    assert words.count("control") == words.count("cytostatic") == 2
    assert words.count("2.87e+07") >= 2
    assert ("tumor cells" in printed) == (width > 110)
