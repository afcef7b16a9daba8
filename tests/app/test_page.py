"""The page is one file that asks the network for nothing and takes no text of a model for markup."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import immunode as im
from immunode.app.lab import make_lab
from immunode.app.web_page import MOST_BYTES, SCRIPTS, json_for_script, page, scenarios
from immunode.cli import main
from tests.app.labs import load_lab, scenario_labs


def strings() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(
        files("immunode.app").joinpath("static", "strings.json").read_text("utf-8")
    )
    return found


@pytest.mark.slow
def test_the_page_of_all_scenarios_is_small_and_names_no_other_resource() -> None:
    text = page(scenario_labs())
    assert len(text.encode()) < MOST_BYTES
    markup = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", markup)
    assert "@import" not in text
    assert "url(" not in re.findall(r"<style>.*?</style>", text, flags=re.DOTALL)[0]
    assert "fetch(" not in text
    assert "XMLHttpRequest" not in text
    assert "default-src 'none'" in text


def test_bundled_code_comes_with_its_license() -> None:
    static = files("immunode.app").joinpath("static")
    assert "Leon Sorokin" in static.joinpath("uplot-LICENSE.txt").read_text("utf-8")
    assert static.joinpath("uplot.js").read_text("utf-8").startswith("/*! https://github.com/leeoniya/uPlot")


def test_words_of_a_model_never_become_markup() -> None:
    evil = '</script><script>alert(1)</script><!-- & "'
    model = im.Model(
        name="evil",
        title=evil,
        time_unit="",
        description=evil,
        states=[im.State("x", 1.0, "", evil, source=f"assumed: {evil}")],
        parameters=[im.Parameter("k", 1.0, "", evil, f"assumed: {evil}")],
        processes=[im.Process("loss", "x ->", "k*x", evil)],
        interventions=[im.Intervention("less", im.scale("k", 0.5), source=f"assumed: {evil}", note=evil)],
    )
    plain, text = page([make_lab(model.replace(title="t"))]), page([make_lab(model)])
    for found in (plain, text):
        assert found.count("<script") == found.count("</script>") == 3
        assert "alert(1)</" not in found
        assert found.count("<!--") == 0
    data = re.search(r'id="data">(.*?)</script>', text, re.DOTALL)
    assert data is not None
    assert json.loads(data[1])["labs"][0]["title"] == evil


def test_the_title_names_model_and_variant() -> None:
    text = page([make_lab(im.load_model("baker2013", variant="diseased"))])
    assert "two cytokines and a switch (baker2013, variant diseased)</title>" in text


def test_json_that_is_no_json_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        json_for_script({"a": float("nan")})


def test_both_languages_say_everything() -> None:
    found = strings()
    assert set(found) == {"en", "de"}
    assert found["en"].keys() == found["de"].keys()
    for key, text in found["en"].items():
        assert set(re.findall(r"{\d}", text)) == set(re.findall(r"{\d}", found["de"][key])), key
    static = files("immunode.app").joinpath("static")
    used = {
        key for name in SCRIPTS[1:] for key in re.findall(r'\bL\("(\w+)"', static.joinpath(name).read_text("utf-8"))
    }
    assert used <= found["en"].keys()


@pytest.mark.slow
def test_the_cards_of_the_scenarios_are_read_in_german(node: Any) -> None:
    rows = sorted(
        {
            text
            for lab in scenario_labs()
            for it in lab.data["interventions"]
            for word, told in it["rows"]
            for text in (word, "" if word in ("source", "note", "beside", "dose") else told, *it["labels"].split(", "))
        }
    )
    texts = rows + [lab.data["title"] for lab in scenario_labs()]
    phrases = files("immunode.app").joinpath("static", "phrases.json").read_text("utf-8")
    said = node.run(f"console.log(JSON.stringify({json.dumps(texts)}.map((t) => sayIn({phrases}.de, t))));")
    english = r"\b(by|to|into|every|from|time|pulses?|up|down|unchanged|always|hours?|of|and|the|sets|adds|puts)\b"
    for text, german in zip(texts, said, strict=True):
        assert not re.search(english, german), german
        assert re.findall(r"\d+", text) == re.findall(r"\d+", german), german
    # names are no phrases, and what is not known stays
    assert node.run(f"console.log(JSON.stringify(sayIn({phrases}.de, 'a sentence nobody has put into words')))") == (
        "a sentence nobody has put into words"
    )


def shown_words(data: dict[str, Any]) -> set[str]:
    """Return the texts of a model that the page shows, besides names, units and where numbers come from."""
    texts = {data["title"], *data["limits"]}
    for kind in ("quantities", "processes", "parameters", "thresholds"):
        texts |= {one["meaning"] for one in data[kind]}
    texts |= {one["label"] for kind in ("quantities", "interventions") for one in data[kind]}
    for it in data["interventions"]:
        texts |= {meaning for _, meaning, *_ in it["changes"]}
    return texts - {""}


def test_a_model_that_is_offered_in_german_says_everything_in_german(node: Any) -> None:
    phrases = json.loads(files("immunode.app").joinpath("static", "phrases.json").read_text("utf-8"))["de"]
    assert phrases["complete"] == ["baker2013"]
    one = next(s for s in scenarios() if s["model"] == "baker2013")
    lab = load_lab("baker2013", one["variant"], with_story=True)
    told = {scenario[key]["en"] for scenario in lab.scenarios for key in ("title", "story")}
    texts = sorted(shown_words(lab.data) | told)
    said = node.run(f"console.log(JSON.stringify({json.dumps(texts)}.map((t) => sayIn({json.dumps(phrases)}, t))));")
    assert len(texts) > 50
    assert [text for text, german in zip(texts, said, strict=True) if german == text] == []


@pytest.mark.slow
def test_scenarios_name_what_there_is() -> None:
    labs = {lab.data["id"]: lab for lab in scenario_labs()}
    assert len(scenarios()) == 13
    for one in scenarios():
        data = labs[one["model"]].data
        assert set(one["on"]) <= {it["name"] for it in data["interventions"]}, one["id"]
        assert set(one["show"]) <= {q["name"] for q in data["quantities"]}, one["id"]
        assert set(one["title"]) == set(one["story"]) == set(strings())


@pytest.mark.slow
def test_every_scenario_runs_and_its_treatment_is_seen(node: Any) -> None:
    """What it shows differs from untreated by 2 % somewhere; patients come before theory."""
    labs = {lab.data["id"]: lab for lab in scenario_labs()}
    for one in scenarios():
        script = f"""const state = freshState(lab), it = (name) => lab.place.get(name);
const bare = simulate(lab, valuesOf(lab, state, false), treatmentOf(lab, state));
for (const name of {json.dumps(list(one["on"]))}) {{
  state.on.set(name, new Map(it(name).knobs.map((k) => [k, lab.parameters[lab.row.get(k)].full])));
}}
const run = simulate(lab, valuesOf(lab, state), treatmentOf(lab, state));
console.log(JSON.stringify([bare.status, run.status, ...{json.dumps(one["show"])}.map((name) => {{
  const [a, b] = [bare, run].map((r) => ENDPOINTS.mean(course(lab, r, name)));
  return Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b));
}})]));"""
        before, status, *changes = node.in_lab(labs[one["model"]], script)
        assert before == status == "ok", one["id"]
        assert max(changes) > 0.02, one["id"]
    models = [im.load_model(one["model"]) for one in scenarios()]
    assert [model.species for model in models[:6]] == ["human"] * 6
    assert models[-1].name == "baker2013"


def test_the_limits_of_a_model_are_those_of_its_file() -> None:
    limits = load_lab("transplant").data["limits"]
    assert any("OURS, calibrated at the level of a virtual trial: NOT a published model" in text for text in limits)
    assert "parameters are assumed" in limits[0]


def test_a_page_needs_models_and_each_once() -> None:
    with pytest.raises(im.errors.ModelError, match="at least one model"):
        page([])
    lab = load_lab("kuznetsov1994")
    with pytest.raises(im.errors.ModelError, match="each model once"):
        page([lab, lab])


def test_a_model_with_events_on_states_says_that_the_page_cannot_run_it() -> None:
    model = im.Model(
        name="trap",
        time_unit="",
        states=[im.State("x", 1.0, source="assumed: test")],
        parameters=[im.Parameter("k", 1.0, source="assumed: test")],
        processes=[im.Process("loss", "x ->", "k*x")],
        events=[im.Event("refill", {"x": "1"}, when="x < 0.5")],
    )
    with pytest.raises(im.errors.ModelError, match=r"trap: 'refill': .*can't be run in the page"):
        make_lab(model)


def test_export_writes_a_page_that_opens_with_an_arm(tmp_path: Path) -> None:
    path = tmp_path / "lab.html"
    assert (
        main(["export", "kuznetsov1994", "--to", "html", "--arm", "cytostatic", "--set", "a=0.2", "-o", str(path)]) == 0
    )
    data = json.loads(re.findall(r'id="data">(.*?)</script>', path.read_text("utf-8"), re.DOTALL)[0])
    assert data["labs"][0]["on"] == ["cytostatic"]
    assert data["labs"][0]["call"] == "im.load_model('kuznetsov1994').with_values({'a': 0.2})"
    assert path.stat().st_size < MOST_BYTES


def test_export_of_two_arms_or_an_unknown_one_says_what_would_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["export", "kuznetsov1994", "--to", "html", "-o", str(tmp_path / "x.html")]
    assert main([*command, "--arm", "control", "--arm", "cytostatic"]) == 2
    assert "one --arm" in capsys.readouterr().err
    assert main([*command, "--arm", "cytostatik"]) == 2
    assert "did you mean 'cytostatic'?" in capsys.readouterr().err


def test_write_page_returns_where_it_wrote(tmp_path: Path) -> None:
    path = im.io.write_page(im.load_model("kuznetsov1994"), tmp_path / "one.html", on=["cytostatic"])
    assert path.read_text("utf-8").startswith("<!doctype html>")
    with pytest.raises(im.errors.ModelError, match="did you mean 'cytostatic'"):
        im.io.write_page(im.load_model("kuznetsov1994"), tmp_path / "two.html", on=["cytostatics"])
    assert not (tmp_path / "two.html").exists()


def test_the_arms_of_a_story_are_ready_to_be_opened() -> None:
    lab = load_lab("kuznetsov1994", with_story=True)
    story = im.load_model("kuznetsov1994").story
    assert story is not None
    treated = {arm: text for arm, text in dict(story.arms).items() if text}
    assert {one["title"]["en"]: "+".join(one["on"]) for one in lab.scenarios} == treated
    data = re.search(r'id="data">(.*?)</script>', page([lab]), re.DOTALL)
    assert data is not None
    first = json.loads(data[1])["scenarios"][0]
    assert first["story"]["en"] == story.sentence
    assert first["show"] == list(story.panels)
