"""`immunode export`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import immunode as im
from immunode.cli import main
from immunode.cli.studies.targets import TARGETS

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize("to", [name for name in TARGETS if name not in ("petab", "html")])
def test_every_format_is_written_under_the_models_name(
    to: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    if to == "antimony":
        pytest.importorskip("antimony")
    monkeypatch.chdir(tmp_path)
    assert main(["export", "kuznetsov1994", "--to", to]) == 0
    name = f"kuznetsov1994{TARGETS[to].ending}"
    assert f"wrote {name}" in capsys.readouterr().err
    assert (tmp_path / name).stat().st_size > 500


def test_an_arm_and_settings_are_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    command = ["export", "kuznetsov1994", "--to", "json", "--arm", "cytostatic", "--set", "cytostatic.scale=0.25"]
    assert main([*command, "--set", "T(0)=1e7", "-o", str(path)]) == 0
    model = im.Model.from_json(path.read_text())
    assert model.applied == ("cytostatic",)
    assert {p.name: p.value for p in model.parameters}["cytostatic.scale"] == 0.25
    assert {s.name: s.initial for s in model.states}["T"] == 1e7


def test_a_variant_and_a_folder(tmp_path: Path, capsys: Capture) -> None:
    assert (
        main(["export", "kuznetsov1994", "--to", "json", "--variant", "large_tumor", "-o", str(tmp_path), "--json"])
        == 0
    )
    told = json.loads(capsys.readouterr().out)
    assert told["files"] == [str(tmp_path / "kuznetsov1994.json")]
    assert im.load_model(tmp_path / "kuznetsov1994.json") == im.load_model("kuznetsov1994", variant="large_tumor")


def test_petab_takes_measurements_from_a_table(tmp_path: Path) -> None:
    pytest.importorskip("yaml")
    (tmp_path / "data.csv").write_text("arm,observable,time,value\ncontrol,T,10,1e6\ncytostatic,T,10,7e5\n")
    command = ["export", "kuznetsov1994", "--to", "petab", "--data", str(tmp_path / "data.csv")]
    assert main([*command, "--arm", "control", "--arm", "cytostatic", "-o", str(tmp_path / "problem")]) == 0
    pytest.importorskip("libsbml")
    back = im.io.read_petab(tmp_path / "problem" / "problem.yaml")
    assert list(back.arms) == ["control", "cytostatic"]
    assert back.data["value"].to_list() == [1e6, 7e5]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "sbm"], "--to sbm: no such format; did you mean 'sbml'?"),
        (["--to", "sbml", "--arm", "cytostatc"], "did you mean 'cytostatic'?"),
        (["--to", "sbml", "--arm", "control", "--arm", "cytostatic"], "--to sbml holds one arm"),
        (["--to", "sbml", "--set", "aa=3"], "--set: 'aa' is no parameter"),
        (["--to", "sbml", "--data", "x.csv"], "--data goes with --to petab"),
        (["--to", "petab"], "--to petab needs measurements"),
        (["--to", "petab", "--data", "missing.csv"], "--data missing.csv: it can't be read"),
        (["--to", "json", "-o", "/missing/folder/x.json"], "it can't be written"),
    ],
)
def test_what_can_not_be_meant_is_said_in_one_line(arguments: list[str], message: str, capsys: Capture) -> None:
    assert main(["export", "kuznetsov1994", *arguments]) != 0
    told = capsys.readouterr().err.strip()
    assert message in " ".join(told.split())
    assert len(told.splitlines()) <= 2
