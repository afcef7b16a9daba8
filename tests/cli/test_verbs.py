"""A verb is one file, and the verbs share their words."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

import immunode as im
from immunode.cli import main, verbs
from immunode.cli.group import load_verb
from immunode.cli.words import ENGINES, FORMATS, KINDS, LOGARITHMIC, MEASURES, METHODS, STYLES
from immunode.solve.numpy.engine import NumpyEngine

Capture = pytest.CaptureFixture[str]
FOLDER = Path(verbs.__path__[0])
VERBS = sorted(file.stem for file in FOLDER.glob("[!_]*.py"))
STUDIES = ("run", "sweep", "figure", "gallery", "atlas")

GREET = '''"""Say hello to a model.

Nothing is computed.
"""

from __future__ import annotations

from immunode.cli import options
from immunode.cli.output import say


def command(name: options.Name, arm: options.Arm = None) -> int:
    say(f"hello {name} in {arm}")
    return 7
'''


def spellings(verb: str) -> dict[str, Any]:
    """Return each spelling of an option -> the help of the option."""
    return {word: option.help for option in load_verb(verb).params for word in option.opts if word.startswith("-")}


def test_adding_a_verb_is_adding_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    (tmp_path / "say_hello.py").write_text(GREET, encoding="utf-8")
    monkeypatch.setattr(verbs, "__path__", [*verbs.__path__, str(tmp_path)])
    assert main(["--help"]) == 0
    assert "Say hello to a model." in capsys.readouterr().out
    assert main(["say-hello", "--help"]) == 0
    assert "Nothing is computed." in capsys.readouterr().out
    assert main(["say-hello", "kuznetsov1994", "--arm", "a", "--arms", "b"]) == 7
    assert capsys.readouterr().out == "hello kuznetsov1994 in ['a', 'b']\n"


def test_the_help_lists_every_verb_and_imports_none(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    for verb in VERBS:
        monkeypatch.delitem(sys.modules, f"immunode.cli.verbs.{verb}", raising=False)
    assert main([]) == 0
    shown = capsys.readouterr().out
    for verb in VERBS:
        assert f" {verb} " in shown
        assert f"immunode.cli.verbs.{verb}" not in sys.modules


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_and_every_option_has_a_help(verb: str, capsys: Capture) -> None:
    assert main([verb, "--help"]) == 0
    assert " ".join(load_verb(verb).help.split())[:20] in " ".join(capsys.readouterr().out.split())
    assert [option.name for option in load_verb(verb).params if not option.help] == []


@pytest.mark.parametrize("verb", STUDIES)
def test_studies_take_the_same_words(verb: str) -> None:
    shared = {"--arm", "--arms", "--until", "--set", "--variant", "--show", "--style", "-o", "--out"}
    assert shared <= spellings(verb).keys()


@pytest.mark.parametrize("verb", ["run", "sweep", "figure", "gallery"])
def test_log_is_an_axis_everywhere(verb: str) -> None:
    assert spellings(verb)["--log"] == spellings("run")["--log"]


def test_one_word_means_one_thing_in_all_verbs() -> None:
    """Only `-o` (a file or a folder), `--to` and `--runs` are told in words of the verb."""
    meanings: dict[str, set[str]] = {}
    for verb in VERBS:
        for word, text in spellings(verb).items():
            meanings.setdefault(word, set()).add(text)
    assert {word for word, texts in meanings.items() if len(texts) > 1} <= {"-o", "--out", "--to", "--runs"}


def test_words_are_those_that_the_code_obeys() -> None:
    from immunode.analysis.treatment.intervention_atlas import MEASURES as measures
    from immunode.cli.figures.kinds import CHOICES, fits, make_drawing
    from immunode.cli.figures.pictures import read_subject
    from immunode.cli.studies.targets import TARGETS
    from immunode.plot import STYLES as looks
    from immunode.solve import ENGINES as engines
    from immunode.solve.compiled.engine import CompiledEngine
    from immunode.solve.numpy.engine import NumpyEngine
    from immunode.solve.scipy.engine import ScipyEngine

    assert set(STYLES) == set(looks)
    assert set(ENGINES) == set(engines)
    assert set(METHODS) == {"auto", *NumpyEngine.methods, *CompiledEngine.methods, *ScipyEngine.methods}
    assert tuple(MEASURES) == tuple(measures)
    assert list(FORMATS) == list(TARGETS)
    assert list(KINDS) == list(CHOICES)
    subject = read_subject("kuznetsov1994")
    fitting = [kind for kind in KINDS if not fits(kind, subject)]
    assert set(KINDS) - set(fitting) == {"responders"}
    assert tuple(kind for kind in fitting if "log" in make_drawing(kind, subject).values) == LOGARITHMIC


@pytest.mark.parametrize("method", METHODS)
def test_every_method_that_is_offered_runs(method: str) -> None:
    model = im.load_model("kuznetsov1994")
    engine = "auto" if method == "auto" else "numpy" if method in NumpyEngine.methods else "scipy"
    assert im.simulate(model, 1, engine=engine, method=method).final("T") > 0


def table(words: list[str], capsys: Capture) -> Any:
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.slow
@pytest.mark.parametrize(
    "arms",
    [
        ["--arm", "control", "--arm", "cytostatic", "--arm", "cytostatic+killing_boost"],
        ["--arms", "control,cytostatic,cytostatic+killing_boost"],
        ["--arm", "control, cytostatic", "--arms", "cytostatic+killing_boost"],
    ],
)
def test_arms_are_repeated_or_joined_by_commas(arms: list[str], capsys: Capture) -> None:
    names = ["control", "cytostatic", "cytostatic+killing_boost"]
    assert table(["run", "kuznetsov1994", "--until", "2", *arms], capsys)["arms"] == names
    swept = table(["sweep", "kuznetsov1994", "--runs", "2", "--until", "2", *arms], capsys)
    assert list(swept["status"]) == names
    rows = table(["atlas", "kuznetsov1994", "--until", "2", *arms], capsys)["rows"]
    assert {row["intervention"] for row in rows} == set(names[1:])
    assert main(["figure", "kuznetsov1994", *arms, "--code"]) == 0
    assert f"arms = {names}" in capsys.readouterr().out


@pytest.mark.slow
def test_all_arms_are_control_and_what_is_declared(capsys: Capture) -> None:
    declared = [one.name for one in im.load_model("kuznetsov1994").interventions]
    words = ["kuznetsov1994", "--until", "2", "--arms", "all"]
    assert table(["run", *words], capsys)["arms"] == ["control", *declared]
    assert list(table(["sweep", *words, "--runs", "2"], capsys)["status"]) == ["control", *declared]
    assert {row["intervention"] for row in table(["atlas", *words], capsys)["rows"]} == set(declared)
    assert table(["run", *words, "--arm", "cytostatic+killing_boost"], capsys)["arms"][-1] == "cytostatic+killing_boost"


def test_settings_reach_atlas_and_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["kuznetsov1994", "--set", "a=0.1", "--set", "T(0)=1e6", "--until", "5"]
    rows = table(["atlas", *words, "--arm", "cytostatic"], capsys)["rows"]
    model = im.load_model("kuznetsov1994").with_values({"a": 0.1}).with_initial({"T": 1e6})
    folds = im.treatments.atlas(model, ["cytostatic"], until=5).fold
    assert [row["log2_fold"] for row in rows] == folds.ravel().tolist()
    assert main(["figure", *words, "--arm", "control", "--code"]) == 0
    script = capsys.readouterr().out
    assert "im.load_model('kuznetsov1994').with_values({'a': 0.1}).with_initial({'T': 1000000.0})\n" in script
    space: dict[str, Any] = {}
    exec(compile(script, "script.py", "exec"), space)
    assert space["model"] == model
    assert space["runs"]["control"]["T"][0] == 1e6


@pytest.mark.slow
def test_log_draws_quantities_on_logarithmic_axes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    for word, scale in (("--log", "log"), ("--no-log", "linear"), ("", "log")):
        # T are tumor cells that arms change by decades, which is found where nothing is said
        assert main(["figure", "kuznetsov1994", "--show", "T", "--code", *[word] * bool(word)]) == 0
        space: dict[str, Any] = {}
        exec(compile(capsys.readouterr().out, "script.py", "exec"), space)
        capsys.readouterr()  # the script prints where it wrote its figure
        assert {ax.get_yscale() for ax in space["figure"].axes} == {scale}
    assert main(["figure", "kuznetsov1994", "--log", "--no-log"]) == 2
    assert "give one of them" in capsys.readouterr().err
    assert main(["figure", "kuznetsov1994", "--kind", "tornado", "--log"]) == 2
    assert "--log goes with the kinds courses" in capsys.readouterr().err


def test_runs_and_seed_reach_a_figure_of_patients(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["figure", "kuznetsov1994", "--kind", "endpoints", "--arm", "control", "--until", "5"]
    assert main([*words, "--runs", "16", "--seed", "3", "--code"]) == 0
    space: dict[str, Any] = {}
    exec(compile(capsys.readouterr().out, "script.py", "exec"), space)
    assert len(space["out"]) == 16
    assert space["out"].recipe["seed"] == 3


@pytest.mark.parametrize("verb", STUDIES)
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--arm", "cytostatik"], "did you mean 'cytostatic'"),
        (["--arm", "cytostatic,kiling_boost"], "did you mean 'killing_boost'"),
        (["--show", "TT"], "unknown quantity 'TT'; did you mean 'T'"),
        (["--variant", "lage_tumor"], "'large_tumor'"),
        (["--until", "30 kg"], "kg"),
        (["--until", "30 dais"], "day"),
        (["--style", "posters"], "did you mean 'poster'"),
        (["--set", "aa=1"], "'aa' is no parameter"),
        (["--armz", "all"], "--arms"),
        (["--util", "5"], "--until"),
    ],
)
def test_a_mistyped_word_is_one_line_with_the_nearest(
    verb: str, words: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([verb, "kuznetsov1994", *words, "-o", "out.png" if verb == "figure" else "out"]) == 2
    told = capsys.readouterr()
    assert message in told.err
    assert told.err.startswith("immunode: ")
    assert told.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("verb", ["run", "sweep", "atlas"])
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--engine", "scypi"], "did you mean 'scipy'"),
        (["--method", "rodas"], "did you mean 'rodas5p'"),
        (["--rtol", "7"], "from 1e-14 to 0.1"),
    ],
)
def test_how_runs_are_computed_is_checked_before_anything_is_written(
    verb: str, words: list[str], message: str, tmp_path: Path, capsys: Capture
) -> None:
    assert main([verb, "kuznetsov1994", *words, "-o", str(tmp_path / "out")]) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["kuznetsov1994", "--arm", "cytostatik"], "did you mean 'cytostatic'"),
        (["kuznetsov1994", "--arm", "control,cytostatic"], "the page opens with one arm"),
        (["--arm", "cytostatic"], "--arm goes with a model"),
        (["--variant", "diseased"], "--variant goes with a model"),
    ],
)
def test_the_lab_opens_with_one_arm_of_a_model(words: list[str], message: str, capsys: Capture) -> None:
    assert main(["app", "--no-browser", *words]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["figure", "gallery", "atlas"])
def test_a_knob_is_set_where_arms_are_run(verb: str, tmp_path: Path, capsys: Capture) -> None:
    words = [verb, "kuznetsov1994", "--arm", "cytostatic", "--set", "cytostatic.scale=0.5"]
    assert main([*words, "-o", str(tmp_path / "a.png")]) == 2
    assert "`run` and `sweep`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["swep"], "no command is called 'swep'; did you mean 'sweep'"),
        (["run"], "Missing argument"),
        (["export", "kuznetsov1994"], "--to"),
        (["figure", "kuznetsov1994", "--kind", "tornados"], "did you mean 'tornado'"),
        (["export", "kuznetsov1994", "--to", "latx"], "did you mean 'latex'"),
        (["atlas", "kuznetsov1994", "--measure", "finl"], "did you mean 'final'"),
        (["new", "a.py", "--like", "kuznetzov1994"], "did you mean 'kuznetsov1994'"),
        (["check", "kuznetsov1994", "--variant", "lage_tumor"], "'large_tumor'"),
        (["sweep", "kuznetsov1994", "--runs", "many"], "'--runs'"),
        (["run", "kuznetsov1994", "--engine", "nump"], "did you mean 'numpy'"),
        (["run", "kuznetsov1994", "--method", "radu"], "did you mean 'Radau'"),
    ],
)
def test_any_other_mistake_is_one_line_too(words: list[str], message: str, capsys: Capture) -> None:
    assert main(words) == 2
    told = capsys.readouterr()
    assert message in told.err
    assert told.err.count("\n") == 1
    assert told.out == ""
