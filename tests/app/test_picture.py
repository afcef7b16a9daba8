"""The drawing in the page is the diagram of the model; thresholds and trials stand where Python puts them."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Any

import pytest

import immunode as im
from immunode.app.bench import set_up
from immunode.app.picture import SHEETS, scenes, shapes, targets
from immunode.plot.diagrams.icons import KINDS
from tests.app.labs import load_lab


def scene(name: str, variant: str = "", sheet: str = "wide") -> dict[str, Any]:
    found: dict[str, Any] = scenes(set_up(im.load_model(name, variant)))[sheet]
    return found


@pytest.mark.parametrize("sheet", list(SHEETS))
def test_the_feedback_of_two_cytokines_is_in_the_page(sheet: str) -> None:
    drawn = scene("baker2013", "diseased", sheet)
    acting = {(t["state"], tuple(drawn["routes"][t["route"]]["makes"]), t["sign"]) for t in drawn["threads"]}
    assert {("p", ("a",), 1), ("a", ("p",), -1), ("p", ("damage",), 1)} <= acting


@pytest.mark.sampled
@pytest.mark.parametrize("name", ["kuznetsov1994", "graft_window", "immune_balance"])
def test_every_state_and_process_is_drawn_once_inside_the_sheet(name: str) -> None:
    model = im.load_model(name)
    for sheet, size in SHEETS.items():
        drawn = scene(name, sheet=sheet)
        assert [icon["name"] for icon in drawn["icons"]] == [state.name for state in model.states]
        moved = [j for route in drawn["routes"] for j in route["processes"]]
        assert sorted(moved) == list(range(len(model.processes)))
        for icon in drawn["icons"]:
            assert drawn["radius"] <= icon["at"][0] <= size[0] - drawn["radius"]
            assert drawn["radius"] <= icon["at"][1] <= size[1] - drawn["radius"]
            assert "".join(icon["label"]) or icon["symbol"]


def test_a_drug_of_the_library_acts_on_what_it_targets() -> None:
    """Put in at strength 0 it acts on nothing; the drawing shows what it does once it is on."""
    drawn = scene("karin2020")
    names = [process.name for process in im.load_model("karin2020").processes]
    acting = [t for t in drawn["threads"] if "." in t["state"]]
    assert acting
    reached = targets(set_up(im.load_model("karin2020")))["metyrapone"]
    assert [names[j] for j in reached] == ["cort_secretion"]


def test_shapes_and_colors_are_those_of_figures() -> None:
    assert set(shapes()) == set(KINDS)
    css = files("immunode.app").joinpath("static", "style.css").read_text("utf-8").partition("@media")[0]
    for kind, color in KINDS.items():
        said = re.search(rf"--k-{kind or 'other'}: (#\w+)", css)
        assert said is not None
        assert said[1].upper() == color.upper(), kind


def test_a_trial_is_a_point_where_it_was_measured() -> None:
    data = load_lab("ma2020").data
    points = [p for p in data["trials"] if p["trial"] == "KAKEHASI" and p["arm"] == "sarilumab_200"]
    assert [(p["quantity"], p["time"], p["from"], p["value"]) for p in points] == [
        ("das28", 84.0, "start", -2.3),
        ("das28", 168.0, "start", -2.8),
    ]
    # 95 %: 1.96 standard errors of 0.123
    assert points[1]["low"] == pytest.approx(-2.8 - 1.96 * 0.123, abs=1e-3)
    shares = [s for s in data["shares"] if s["threshold"] == "remission" and s["arm"] == "sarilumab_200"]
    assert {(s["trial"], s["value"]) for s in shares} == {("MOBILITY", 0.341), ("KAKEHASI", 0.4)}


def test_a_change_begins_where_the_curve_begins(node: Any) -> None:
    script = """
const state = freshState(lab), control = simulate(lab, valuesOf(lab, state, false)), treated = control;
const found = pointsFound({ lab, state, control, treated });
const start = course(lab, control, "das28")[0], mine = found.filter((p) => p.trial === "KAKEHASI");
const values = mine.filter((p) => p.quantity === "das28").map((p) => p.value);
console.log(JSON.stringify([start, values, found.every((p) => p.arm === "")]));"""
    start, values, plain = node.in_lab(load_lab("ma2020"), script)
    assert values == pytest.approx([start - 0.8, start - 1.5])
    assert plain


def test_thresholds_say_on_which_side_responders_are() -> None:
    found = {t["name"]: t for t in load_lab("ma2020").data["thresholds"]}
    assert (found["remission"]["quantity"], found["remission"]["level"], found["remission"]["below"]) == (
        "das28",
        2.6,
        True,
    )
    growth = {t["name"]: t["below"] for t in load_lab("chatterjee2017").data["thresholds"]}
    assert growth == {"response": True, "growth_20": False}
