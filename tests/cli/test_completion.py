"""What the shell offers where a word is begun."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

import immunode as im
from immunode.catalogue import list_models
from immunode.cli.group import app, load_verb
from immunode.cli.words import FORMATS, KINDS

KUZNETSOV = [one.name for one in im.load_model("kuznetsov1994").interventions]


def offered(verb: str, words: list[str], incomplete: str, option: str) -> list[str]:
    """Return what completes a word after `immunode VERB WORDS`, asked for as the shell does."""
    command = load_verb(verb)
    typed = [*words, option] if option.startswith("-") else list(words)
    with command.make_context(verb, typed, resilient_parsing=True) as context:
        (parameter,) = (one for one in command.params if option in (one.name, *one.opts))
        return [item.value for item in parameter.shell_complete(context, incomplete)]


@pytest.mark.parametrize("verb", ["run", "sweep", "figure", "gallery", "atlas", "export", "check", "show", "app"])
def test_models_and_aliases_are_offered(verb: str) -> None:
    assert offered(verb, [], "kuz", "name") == ["kuznetsov1994"]
    assert "checkpoint_blockade" in offered(verb, [], "check", "name")
    assert {entry.name for entry in list_models()} <= set(offered(verb, [], "", "name"))


def test_show_offers_drugs_too() -> None:
    assert offered("show", [], "tocil", "name") == ["tocilizumab"]
    assert offered("run", [], "tocil", "name") == []


def test_files_of_models_and_figures_are_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "below").mkdir()
    for name in ("zz.json", "zz.txt", "zz.svg", "zz\x1b.xml", "below/zz.xml"):
        (tmp_path / name).write_text("")
    assert offered("run", [], "zz", "name") == ["zz.json"]
    assert offered("run", [], "below/z", "name") == ["below/zz.xml"]
    assert offered("figure", [], "zz", "name") == ["zz.json", "zz.svg"]


@pytest.mark.parametrize("verb", ["run", "sweep", "figure", "gallery", "atlas", "export", "app"])
def test_arms_are_those_of_the_model_on_the_line(verb: str) -> None:
    line = ["kuznetsov1994"]
    assert offered(verb, line, "", "--arm") == ["all", "control", *KUZNETSOV]
    assert offered(verb, line, "cyto", "--arm") == ["cytostatic"]
    assert offered(verb, line, "control,cyto", "--arm") == ["control,cytostatic"]
    assert offered(verb, line, "cytostatic+kill", "--arms") == ["cytostatic+killing_boost"]
    assert "cytostatic+cytostatic" not in offered(verb, line, "cytostatic+", "--arm")
    assert "sarilumab_200" in offered(verb, ["rheumatoid_arthritis"], "sari", "--arm")


def test_without_a_model_that_can_be_read_no_arm_is_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.json").write_text("{")
    for line in (["no_such_model"], ["broken.json"], []):
        assert offered("run", line, "", "--arm") == []


def test_completing_never_runs_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("open('ran', 'w')\n")
    for option in ("--arm", "--set", "--show", "--variant"):
        assert offered("run", ["mine.py"], "", option) == []
    assert offered("run", [], "mine", "name") == ["mine.py"]
    assert not (tmp_path / "ran").exists()


def test_what_else_a_model_declares_is_offered() -> None:
    line = ["kuznetsov1994"]
    assert offered("run", line, "large", "--variant") == ["large_tumor"]
    assert offered("run", line, "T", "--set") == ["T(0)="]
    assert "a=" in offered("sweep", line, "", "--set")
    assert offered("figure", line, "E", "--show") == ["E"]


@pytest.mark.parametrize(
    ("verb", "option", "incomplete", "expected"),
    [
        ("figure", "--kind", "", list(KINDS)),
        ("figure", "--kind", "tor", ["tornado"]),
        ("export", "--to", "", list(FORMATS)),
        ("export", "--to", "ant", ["antimony"]),
        ("gallery", "--to", "p", ["png", "pdf"]),
        ("atlas", "--measure", "m", ["mean"]),
        ("run", "--style", "p", ["paper", "poster"]),
        ("run", "--engine", "n", ["numpy"]),
        ("sweep", "--method", "r", ["rodas5p"]),
        ("new", "--like", "kuz", ["kuznetsov1994"]),
    ],
)
def test_words_of_options_are_offered(verb: str, option: str, incomplete: str, expected: list[str]) -> None:
    assert offered(verb, [], incomplete, option) == expected


def test_verbs_are_offered_with_their_help() -> None:
    group = typer.main.get_command(app)
    with group.make_context("immunode", [], resilient_parsing=True) as context:
        items = group.shell_complete(context, "s")
    assert [item.value for item in items] == ["show", "sweep"]
    assert all(item.help for item in items)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("immunode sw", ["sweep"]),
        ("immunode run kuz", ["kuznetsov1994"]),
        ("immunode run kuznetsov1994 --arm cyto", ["cytostatic"]),
        ("immunode figure kuznetsov1994 --kind work", ["work_precision"]),
    ],
)
def test_bash_gets_the_words(line: str, expected: list[str]) -> None:
    """As the script that `immunode --install-completion` writes asks for them."""
    ran = subprocess.run(
        [sys.executable, "-m", "immunode"],
        env={
            **os.environ,
            "_IMMUNODE_COMPLETE": "complete_bash",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(line.split()) - 1),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.split() == expected
    assert ran.stderr == ""
