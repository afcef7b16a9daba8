"""`immunode validate`: models beside the trials that they declare."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pandas as pd
import pytest

import immunode as im
from immunode.catalogue import list_models, load_model
from immunode.cli import main
from immunode.cli.studies import agreement

Capture = pytest.CaptureFixture[str]
FEW = ["--patients", "200"]


def test_the_numbers_are_those_of_python(capsys: Capture) -> None:
    assert main(["validate", "ma2020", "--trial", "MOBILITY", *FEW, "--seed", "3", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["models"]
    seen = im.validate(load_model("ma2020"), "MOBILITY", patients=200, seed=3)
    assert [row["model"] for row in told["results"]] == [one.model for one in seen.verdicts]
    assert [row["verdict"] for row in told["results"]] == [one.verdict for one in seen.verdicts]
    assert told["counts"] == seen.counts()


def test_the_screen_says_all_that_is_needed_to_judge(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trial, arm, endpoint in words, both values with intervals, verdict, what made the model, notes and the rule."""
    monkeypatch.setenv("COLUMNS", "300")
    assert main(["validate", "ma2020", *FEW]) == 0
    lines = capsys.readouterr().out.splitlines()
    (line,) = [x for x in lines if "KAKEHASI" in x and "200 mg q2w" in x and "week 12" in x]
    assert "mean change of DAS28-CRP by week 12" in line
    assert "-2.3 (-2.56 to -2.04)" in line
    (share,) = [x for x in lines if "MOBILITY" in x and "placebo" in x and "share in remission at week 24" in x]
    assert "10.1" in share
    assert "%" in share
    assert "quoted from memory" in share
    assert sum("used to make the model" in x for x in lines) == 4
    assert any("doi:10.1002/art.39093; intention to treat" in x for x in lines)
    assert any(x.startswith("ma2020: of 21 published numbers") for x in lines)
    assert any(x.startswith("inside: the published value lies in") for x in lines)


@pytest.mark.slow
def test_files_hold_the_table_and_a_figure(tmp_path: Path) -> None:
    assert main(["validate", "valenzuela2025", *FEW, "-o", str(tmp_path / "out")]) == 0
    assert set(os.listdir(tmp_path / "out")) == {"table.csv", "figure.png", "figure.svg"}
    table = pd.read_csv(tmp_path / "out" / "table.csv")
    assert len(table) == 10
    assert {"trial", "arm", "reported", "published", "model", "verdict", "used"} <= set(table.columns)
    assert set(table["model name"]) == {"valenzuela2025"}


@pytest.mark.slow
def test_all_models_are_told_also_those_without_trials(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six models are all that there are; tests/docs/test_validation_page.py has what each of the package gives."""
    some = {"ma2020", "jin2025", "kuznetsov1994", "baker2013", "muellerschoell2021", "zhang2023_cdai"}
    entries = tuple(entry for entry in list_models() if entry.name in some)
    monkeypatch.setattr(agreement, "list_models", lambda: entries)
    assert main(["validate", "--all", *FEW, "-o", str(tmp_path)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    for name in some:
        assert name in printed
    assert "declare no published trials" in printed
    declaring = {m.name for m in map(load_model, some) if m.trials}
    # too few of 200 patients have what these trials asked for: it is said, and the others are told all the same
    unjudged = set(re.findall(r"(\w+): not judged\. only \d+ of 200 virtual patients", printed))
    assert unjudged == {"muellerschoell2021", "zhang2023_cdai"}
    declaring -= unjudged
    assert set(pd.read_csv(tmp_path / "table.csv")["model name"]) == declaring
    assert {f"figure_{name}.png" for name in declaring} <= set(os.listdir(tmp_path))


def test_a_model_without_trials_says_so_in_one_line(capsys: Capture) -> None:
    assert main(["validate", "kuznetsov1994"]) == 0
    told = capsys.readouterr()
    assert told.out == "kuznetsov1994 declares no published trials to compare with\n"
    assert told.err == ""


@pytest.mark.parametrize(
    ("words", "facts"),
    [
        ([], ["name one model", "--all"]),
        (["ma2020", "--all"], ["--all alone"]),
        (["ma202"], ["'ma202'", "ma2020"]),
        (["ma2020", "--trial", "MOBILTY"], ["MOBILTY", "'MOBILITY'"]),
        (["--all", "--trial", "MIRACEL"], ["MIRACEL", "'MIRACLE'"]),
        (["kuznetsov1994", "--trial", "x"], ["none is declared"]),
        (["ma2020", "--style", "slides"], ["slides", "slide"]),
        (["ma2020", "--patients", "0"], ["--patients"]),
        (["ma2020", "--patients", "20"], ["20", "200"]),
    ],
)
def test_what_can_not_be_meant_is_refused_before_anything_runs(
    words: list[str], facts: list[str], capsys: Capture
) -> None:
    assert main(["validate", *words]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    for fact in facts:
        assert fact in told.err
