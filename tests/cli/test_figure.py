"""`immunode figure` and `immunode gallery`: figures in one line, and how they were made."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import immunode as im
from immunode.cli import main
from immunode.cli.figures.kinds import make_drawing
from immunode.cli.figures.picks import event_ahead
from immunode.cli.figures.pictures import read_subject
from immunode.cli.words import KINDS
from immunode.errors import StudyError
from immunode.model.views.words import name_labels
from immunode.plot import read_metadata

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["png", "pdf"])
def test_running_the_script_of_a_figure_makes_the_same_figure(
    folder: Path, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    first = folder / f"a.{ending}"
    assert main(["figure", "kuznetsov1994", "--arms", "control,immunosuppression", "-o", str(first)]) == 0
    capsys.readouterr()
    assert main(["figure", str(first), "--code"]) == 0
    script = folder / "again" / "figure.py"
    script.parent.mkdir()
    script.write_text(capsys.readouterr().out, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-W", "error", script.name], cwd=script.parent, env={"PYTHONPATH": str(ROOT)}, text=True,
        capture_output=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    old, new = read_metadata(first), read_metadata(script.parent / f"a.{ending}")
    assert old["data_hash"] == new["data_hash"]
    assert old["script"] == new["script"] == script.read_text(encoding="utf-8")
    assert json.loads(old["recipe"]) == json.loads(new["recipe"])
    assert "numpy" in json.loads(old["versions"])


def test_all_arms_are_control_and_every_declared_intervention(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["figure", "checkpoint_mouse", "--arms", "all", "--code"]) == 0
    script = capsys.readouterr().out
    assert "arms = ['control', 'anti_pdl1', 'rt_5x2'" in script
    assert "'trafficking_block'" in script
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["figure", "kuznetsov1994", "--kind", "tornados"],
            "unknown kind of figure 'tornados'; did you mean 'tornado'",
        ),
        (["figure", "kuznetsov1994", "--arm", "kiling_boost"], "did you mean 'killing_boost'"),
        (["figure", "kuznetsov1994", "--show", "TT"], "unknown quantity 'TT'"),
        (["figure", "kuznetsov1994", "--style", "posters"], "did you mean 'poster'"),
        (["figure", "kuznetsov1994", "-o", "a.jpg"], "give a file that ends in .png, .svg or .pdf"),
        (["figure", "baker2013", "--kind", "phase"], "it shows models of two states"),
        (["gallery", "kuznetsov1994", "-o", "g", "--to", "bmp"], "figures are png, svg or pdf"),
    ],
)
def test_what_was_mistyped_is_told_in_one_line(
    folder: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not list(folder.iterdir())


def test_a_bifurcation_follows_the_parameter_that_the_model_names(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["figure", "baker2013", "--kind", "bifurcation", "--code"]) == 0
    script = capsys.readouterr().out
    assert "parameter = 'alpha2'\nbetween = [0.0, 50.0]\n" in script
    assert "found = im.dynamics.continuation(model, parameter, between)\n" in script


@pytest.mark.slow
def test_a_bifurcation_else_follows_what_moves_the_read_out_most(folder: Path) -> None:
    """Found by the script itself; the figure says which."""
    assert main(["figure", "kuznetsov1994", "--kind", "bifurcation", "-o", "a.svg"]) == 0
    model = im.load_model("kuznetsov1994")
    swings = im.sensitivity.tornado(model, endpoints="final(T)").table()
    most = swings.sort_values("swing", ascending=False)["input"].iloc[0]
    drawn = Path("a.svg").read_text(encoding="utf-8")
    assert "over the parameter that matters most" in drawn
    assert name_labels(model)[most] in drawn


def test_what_a_model_has_no_answer_to_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without virus, every number of target cells is a steady state of baccam2006: none can be followed."""
    assert main(["figure", "baccam2006", "--kind", "bifurcation", "-o", "a.png"]) == 2
    assert "steady states that are not isolated" in capsys.readouterr().err


def test_work_and_precision_of_a_model_is_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Drawn by the test of the whole gallery below."""
    assert main(["figure", "baker2013", "--kind", "work_precision", "--until", "20", "--code"]) == 0
    script = capsys.readouterr().out
    assert "until = 20.0\n" in script
    assert (
        "found = im.sweeps.work_precision(model, rtols=[1e-4, 1e-6, 1e-8], n=256, seconds=0.1, until=until)" in script
    )


def test_a_figure_tells_what_it_remembers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["figure", "kuznetsov1994", "--kind", "bands", "--arm", "control", "--until", "20"]) == 0
    capsys.readouterr()
    assert main(["figure", "kuznetsov1994_bands.png"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["seed"] == "1"
    assert told["recipe"]["seed"] == 1
    assert told["script"] is True
    assert {"immunode", "versions", "data_hash"} <= told.keys()


def test_a_figure_of_a_run_tells_the_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "kuznetsov1994", "--until", "5", "-o", "out"]) == 0
    capsys.readouterr()
    assert main(["figure", "out/figure.png", "--code"]) == 0
    assert capsys.readouterr().out == "immunode run kuznetsov1994 --until 5 -o out\n"


def script_of(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main([*words, "--code"]) == 0
    return capsys.readouterr().out


def shown(file: str) -> str:
    """Return the words of an SVG, without the breaks of its lines."""
    texts = re.findall(r"<text[^>]*>([^<]*)</text>|<!-- (.*?) -->", Path(file).read_text(encoding="utf-8"), re.DOTALL)
    return " ".join(" ".join(a or b for a, b in texts).split())


@pytest.mark.slow
@pytest.mark.sampled
@pytest.mark.parametrize("kind", ["bands", "endpoints", "waterfall", "time_to_event"])
def test_declared_patients_are_drawn_and_called_so(folder: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["figure", "asthma_eos_min", "--kind", kind, "--arm", "control,sc_100", "--patients", "24", "-o", "a.svg"]
    script = script_of(words, capsys)
    assert "drawn = {'patients': 24}\n" in script
    assert main(words) == 0
    recipe = json.loads(read_metadata("a.svg")["recipe"])
    assert recipe["design"].startswith("24 virtual patients, seed 1 (")
    said = shown("a.svg")
    assert "declared patients" in said
    assert "parameter sets" not in said
    first = read_metadata("a.svg")["data_hash"]
    exec(compile(script, "script.py", "exec"), {})
    assert read_metadata("a.svg")["data_hash"] == first


@pytest.mark.parametrize("kind", ["bands", "endpoints", "waterfall", "time_to_event"])
def test_sampled_parameter_sets_are_not_called_patients(
    folder: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["figure", "kuznetsov1994", "--kind", kind, "--arm", "control,cytostatic", "--until", "20", "-o", "a.svg"]
    assert "drawn = {'n': 256}\n" in script_of(words, capsys)
    assert main(words) == 0
    said = shown("a.svg")
    assert "parameter sets, ±30 %" in said
    assert "patient" not in said


def test_an_arm_whose_drug_declares_patients_brings_them(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The model has none: a figure of control alone shows parameter sets."""
    given = im.drug("benralizumab").dose("30 mg sc q4w x 2")
    model = im.load_model("kuznetsov1994").replace(name="mine", interventions=[given], story=None)
    Path("mine.json").write_text(model.to_json(), encoding="utf-8")
    words = ["figure", "mine.json", "--kind", "endpoints"]
    assert "drawn = {'patients': 256}\n" in script_of([*words, "--arm", f"control,{given.name}"], capsys)
    assert "drawn = {'n': 256}\n" in script_of([*words, "--arm", "control"], capsys)


def test_figures_show_the_patients_of_a_sweep(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same numbers as `im.sweep(model, patients=256)`, which differ from those of parameter sets.

    In jin2025, the median patient has 0.77 exacerbations a year, the median parameter set 1.48.
    """
    words = ["figure", "jin2025", "--kind", "endpoints", "--arm", "control", "--show", "rate_year"]
    medians = {}
    for name, more in (("patients", []), ("sets", ["--runs", "256"])):
        space: dict[str, Any] = {}
        exec(compile(script_of([*words, *more], capsys), "script.py", "exec"), space)
        medians[name] = float(np.median(space["out"].endpoint("final(rate_year)")))
    swept = im.sweep(im.load_model("jin2025"), patients=256, seed=1, endpoints="final(rate_year)")
    assert medians["patients"] == pytest.approx(float(np.median(swept.endpoint("final(rate_year)"))), rel=1e-12)
    assert medians["patients"] == pytest.approx(0.7727, abs=1e-4)
    assert medians["sets"] == pytest.approx(1.4752, abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["kuznetsov1994", "--patients", "9"], "--patients: it declares no population; --runs 9 samples"),
        (["asthma_eos_min", "--patients", "9", "--runs", "9"], "leave out --runs"),
        (["zhang2025_pasi", "--show", "c"], "has no % change from 0 or less, as it is in every run of control"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_a_figure_of_many_that_can_not_be_says_what_to_do(
    folder: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["figure", *words, "--kind", "waterfall"]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not list(folder.iterdir())


def test_an_arm_that_is_control_again_makes_no_waterfall() -> None:
    out = im.sweep(im.load_model("chatterjee2017"), arms=["control", "q3w_2"], patients=9, endpoints="auc(SLD)")
    with pytest.raises(StudyError, match=r"auc\(SLD\) is the same as in control in every run of q3w_2"):
        out.plot.waterfall("auc(SLD)", baseline="control")


def test_what_is_drawn_for_each_patient_can_not_be_set_in_a_figure(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["figure", "ma2020", "--kind", "bands", "--set", "weight=90"]
    assert main([*words, "--code"]) == 2
    assert "--set weight: it is drawn for each patient" in capsys.readouterr().err
    assert "drawn = {'n': 8}\n" in script_of([*words, "--runs", "8"], capsys)


@pytest.mark.slow
def test_a_waterfall_takes_an_arm_and_a_quantity_that_say_something(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The drug of zhang2025_pasi is 0 in control; the first arm of chatterjee2017 is the regimen of control."""
    assert "quantity = 'S'\n" in script_of(["figure", "zhang2025_pasi", "--kind", "waterfall"], capsys)
    script = script_of(["figure", "chatterjee2017", "--kind", "waterfall"], capsys)
    assert "arms = ['control', 'q3w_10'" in script
    assert "'q3w_2'" not in script
    assert "quantity = 'SLD'\n" in script
    # every arm that was asked for with a quantity is drawn
    words = ["figure", "kuznetsov1994", "--kind", "waterfall", "--show", "T", "--arm", "all"]
    assert script_of(words, capsys).count("'") > 2 * len(im.load_model("kuznetsov1994").interventions)


def test_patients_change_from_their_start_and_parameter_sets_from_control(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 'baseline=f"at({quantity}, 0)"' in script_of(["figure", "ma2020", "--kind", "waterfall"], capsys)
    assert 'baseline="control"' in script_of(["figure", "kuznetsov1994", "--kind", "waterfall"], capsys)


def test_the_event_is_a_threshold_that_the_model_declares(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["figure", "ma2020", "--kind", "time_to_event"]
    # the typical patient meets the threshold of low activity in some arm, that of remission in none
    assert "condition = 'das28 < 3.2'\n" in script_of(words, capsys)
    assert "condition = 'anc < 1.5'\n" in script_of([*words, "--show", "anc"], capsys)


def test_published_points_are_drawn_unless_asked_not_to(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["figure", "frey2013"], ["figure", "frey2013", "--kind", "bands"]):
        assert "data = True\n" in script_of(words, capsys)
        assert "data = False\n" in script_of([*words, "--no-data"], capsys)
    assert main(["figure", "frey2013", "-o", "with.svg"]) == 0
    assert main(["figure", "frey2013", "--no-data", "-o", "without.svg"]) == 0
    assert "published means" in " ".join(shown("with.svg").split())
    assert "published" not in shown("without.svg")


def test_bands_show_all_quantities_that_are_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "quantities = ['das28']\n" in script_of(["figure", "ma2020", "--kind", "bands"], capsys)
    words = ["figure", "ma2020", "--kind", "bands", "--show", "das28", "--show", "anc"]
    assert "quantities = ['das28', 'anc']\n" in script_of(words, capsys)


def test_responders_are_those_past_a_declared_threshold(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["figure", "ma2020", "--kind", "responders", "--arm", "control,sarilumab_200", "--patients", "40"]
    script = script_of(words, capsys)
    assert "rule = 'remission'\n" in script  # trials reported it for most arms
    assert "endpoint = 'final(das28)'\n" in script
    assert main([*words, "-o", "a.svg"]) == 0
    out = im.sweep(
        im.load_model("ma2020"), arms=["control", "sarilumab_200"], patients=40, seed=1, endpoints=[im.final("das28")]
    )
    share = 100 * (out.endpoint("final(das28)")[out.arm_of == 1] < 2.6).mean()
    assert f"{share:.3g} %" in shown("a.svg")
    assert main(["figure", "kuznetsov1994", "--kind", "responders"]) == 2
    assert "the model declares no threshold that says who responds" in capsys.readouterr().err


@pytest.mark.sampled
@pytest.mark.parametrize("name", ["kuznetsov1994", "immune_balance", "baker2013"])
def test_an_event_without_a_threshold_lies_ahead_of_the_start_and_tells_arms_apart(name: str) -> None:
    subject = read_subject(name)
    condition = event_ahead(subject)
    out = im.sweep(subject.model, arms=list(subject.arms), endpoints=[im.time_to(condition)], until=subject.until)
    times = out.endpoint(f"time_to({condition})")
    assert (times > 0).all()
    assert len(np.unique(times)) > 1
    assert np.isfinite(times).any()


@pytest.mark.slow
def test_a_gallery_holds_every_figure_that_fits_and_a_page(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gallery", "kuznetsov1994", "-o", "g", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    made = {row["kind"] for row in told["figures"] if row["file"]}
    # two states, many interventions: every kind fits, but there is no threshold that says who responds
    assert made == KINDS.keys() - {"responders"}
    page = (folder / "g" / "index.html").read_text(encoding="utf-8")
    assert all(f'src="{kind}.png"' in page for kind in made)
    assert sorted(p.name for p in (folder / "g").iterdir()) == sorted([*(f"{kind}.png" for kind in made), "index.html"])


def test_figures_without_named_arms_show_the_variant_of_the_story() -> None:
    """In health no treatment of baker2013 does anything: its gallery would be a row of flat lines."""
    assert read_subject("baker2013").variant == "diseased"
    assert read_subject("baker2013", arms=["all"]).model.variant_name == "diseased"
    assert "load_model('baker2013', variant='diseased')" in make_drawing("courses", read_subject("baker2013")).script(
        "x"
    )
    assert read_subject("baker2013", arms=["control"]).variant == ""
    assert read_subject("baker2013", variant="aging").variant == "aging"
