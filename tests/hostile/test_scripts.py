"""Figures of files that mean harm run none of it, and the scripts that they remember hold it as text alone."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import immunode as im
from immunode.cli import main
from immunode.cli.figures.kinds import fits, make_drawing
from immunode.cli.figures.pictures import read_subject
from immunode.cli.figures.script import literal
from immunode.cli.words import KINDS
from immunode.model import Model
from immunode.plot import read_metadata, save
from tests.hostile.texts import F_STRING, HOSTILE, NAMES, assert_harmless_html, evil, written

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".json", ".xml", ".omex"])
def test_a_figure_of_a_hostile_file_runs_none_of_it(key: str, ending: str) -> None:
    file = written(evil(key), ending)
    assert im.load_model(file).name == NAMES[key]
    assert main(["figure", file, "--kind", "bifurcation", "-o", "a.svg"]) == 0
    assert main(["figure", file, "--kind", "equations", "-o", "b.png"]) == 0
    assert main(["figure", "a.svg", "--code"]) == 0


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".json", ".xml", ".omex"])
def test_a_gallery_of_a_hostile_file_runs_none_of_it(ending: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(evil("f-string"), ending)
    assert main(["gallery", file, "-o", "g", "--json"]) == 0
    made = {row["kind"] for row in json.loads(capsys.readouterr().out)["figures"] if row["file"]}
    assert {"bifurcation", "bands", "heat", "why", "courses", "equations", "timeline"} <= made
    assert_harmless_html(Path("g/index.html").read_text(encoding="utf-8"), scripts=0)


def test_a_file_with_a_hostile_name_of_its_own_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    file = f"{F_STRING}'\\.json"
    Path(file).write_text(evil("f-string").to_json(), encoding="utf-8")
    assert main(["figure", file, "--kind", "courses", "-o", f"{F_STRING}'.png"]) == 0
    assert main(["figure", f"{F_STRING}'.png", "--code"]) == 0
    assert f"model = im.load_model({file!r})" in capsys.readouterr().out


@pytest.mark.sampled
@pytest.mark.parametrize(
    "name", ["../hacked", "/hacked", "a/../../hacked", "..\\hacked", ".hacked", "-o", "C:hacked", ".."]
)
def test_a_name_that_looks_like_a_path_names_a_file_in_this_folder(folder: Path, name: str) -> None:
    inside = folder / "inside"
    inside.mkdir()
    os.chdir(inside)
    Path("a.json").write_text(evil("f-string").replace(name=name).to_json(), encoding="utf-8")
    assert main(["figure", "a.json", "--kind", "equations"]) == 0
    assert main(["export", "a.json", "--to", "markdown"]) == 0
    assert {file.suffix for file in inside.iterdir()} == {".json", ".png", ".md"}
    assert not [file for file in inside.iterdir() if file.name.startswith((".", "-"))]
    assert {file.name for file in folder.iterdir()} == {"inside"}


def subject(model: Model, file: str) -> Any:
    Path(file).write_text(model.to_json(), encoding="utf-8")
    return read_subject(file)


@pytest.mark.sampled
def test_in_a_script_a_text_is_a_constant_and_nothing_else(key: str) -> None:
    """Every script of a hostile model has the syntax tree of the same figure of a model that means well."""
    good = evil("f-string").replace(name="good", title="good", interventions=evil(key).interventions)
    asked, plain = subject(evil(key), f"{NAMES[key].replace('/', '')}.json"), subject(good, "good.json")
    drawn = [kind for kind in KINDS if not fits(kind, asked)]
    assert len(drawn) >= 15
    for kind in drawn:
        trees = [ast.parse(make_drawing(kind, one).script(name)) for one, name in ((asked, NAMES[key]), (plain, "a"))]
        for tree in trees:
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    node.value = ""
        assert ast.dump(trees[0]) == ast.dump(trees[1]), kind


@pytest.mark.parametrize("between", ["from e to 1", "from 1e999 to 2", "from 0.2 to 0.7"])
def test_a_range_in_a_text_counts_where_two_numbers_stand_there(between: str) -> None:
    good = evil("f-string")
    told = replace(good.parameters[0], meaning=f"bifurcation parameter {between}")
    drawing = make_drawing("bifurcation", subject(good.replace(parameters=[told, *good.parameters[1:]]), "a.json"))
    assert drawing.values["between"] == ([0.2, 0.7] if "0.2" in between else [0.1, 0.8])


def test_only_plain_values_have_a_text_in_a_script() -> None:
    class Evil(str):
        def __repr__(self) -> str:
            return "__import__('os').system('touch hacked')"

    for value in (Evil("x"), [Evil("x")], object(), {"a": Evil("x")}, {Evil("a"): 1.0}, {"a": {1: Evil("x")}}):
        with pytest.raises(TypeError, match="has no text in a script"):
            literal(value)
    for text in HOSTILE.values():
        assert ast.literal_eval(literal(["\x1b\u202e" + text, 1.5, None])) == ["\x1b\u202e" + text, 1.5, None]
        assert literal("\x1b\u202e").isprintable()


def by_hand(script: str, file: str) -> dict[str, str]:
    """Return what a figure remembers that a script draws in a process of its own."""
    Path("script.py").write_text(script, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-W", "error", "script.py"], env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True,
        capture_output=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return read_metadata(file)


@pytest.mark.slow
# work_precision shows times; of responders nobody is told without a threshold
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("work_precision", "responders")])
def test_a_script_run_by_hand_draws_the_figure_that_was_drawn(kind: str) -> None:
    asked = read_subject("kuznetsov1994", until="20")
    drawing = make_drawing(kind, asked)
    save(drawing.figure(), "drawn.png", script=drawing.script("drawn.png"))
    drawn, again = read_metadata("drawn.png"), by_hand(drawing.script("again.png"), "again.png")
    assert again["data_hash"] == drawn["data_hash"]
    assert drawn["script"] == drawing.script("drawn.png")


@pytest.mark.slow
def test_the_script_of_a_hostile_model_draws_it_too_and_runs_none_of_it() -> None:
    drawing = make_drawing(
        "bifurcation", subject(evil("quotes").replace(interventions=[], story=None, trials=[]), "a'b.json")
    )
    save(drawing.figure(), "drawn.png", script="")
    assert by_hand(drawing.script("again.png"), "again.png")["data_hash"] == read_metadata("drawn.png")["data_hash"]
