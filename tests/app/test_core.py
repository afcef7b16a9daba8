"""The lab without a page: links, Python code, tables, scores, the class."""

from __future__ import annotations

import base64
import csv
import io
import json
from typing import Any

import numpy as np
import pytest

import immunode as im
from immunode.app.lab import load_lab

ON = """
const put = (state, name, changed = {}) => {
  const it = lab.place.get(name), full = (k) => lab.parameters[lab.row.get(k)].full;
  state.on.set(name, new Map(it.knobs.map((k) => [k, own(changed, k) ? changed[k] : full(k)])));
};
const state = freshState(lab);
"""
ANTI_TNF = 'put(state, "anti_tnf", { "anti_tnf.strength": 0.7, "anti_tnf.start": 5, "anti_tnf.stop": 40 });'


def link_of(data: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")


def opened(node: Any, links: list[str]) -> list[Any]:
    """Return what the page makes of each link: null, or its controls."""
    script = f"""
console.log(JSON.stringify({json.dumps(links)}.map((link) => {{
  const found = fromLink([lab], link);
  return found && {{ on: Array.from(found.state.on, ([n, k]) => [n, Array.from(k)]), p: Array.from(found.state.values),
    q: found.state.shown, l: found.language }};
}})));"""
    found: list[Any] = node.in_lab(load_lab("rheumatoid_arthritis"), script)
    return found


def test_a_link_brings_the_controls_back(node: Any) -> None:
    script = f"""{ON}{ANTI_TNF} state.values.set("alpha3", 0.6); state.shown = ["damage", "p"];
const back = fromLink([lab], toLink(state, "de"));
console.log(JSON.stringify([toLink(back.state, back.language) === toLink(state, "de"), back.language]));"""
    assert node.in_lab(load_lab("rheumatoid_arthritis"), script) == [True, "de"]


def test_a_link_holds_every_intervention_of_the_largest_model(node: Any) -> None:
    script = f"""{ON} lab.interventions.forEach((it) => put(state, it.name));
console.log(JSON.stringify([fromLink([lab], toLink(state, "en")).state.on.size, lab.interventions.length]));"""
    kept, there = node.in_lab(load_lab("immune_balance"), script)
    assert kept == there > 20


def test_what_a_link_may_not_say_is_dropped(node: Any) -> None:
    knobs = [
        ["anti_tnf.strength", 7],
        ["anti_tnf.start", -1e9],
        ["anti_tnf.stop", "40"],
        ["alpha2", 3],
        ["__proto__", 1],
    ]
    links = [
        link_of({"v": 1, "m": "baker2013", "on": [["anti_tnf", knobs], ["constructor", []], ["nothing", []], 5, None]}),
        link_of({"v": 1, "m": "baker2013", "p": [["alpha2", 1e300], ["anti_tnf.strength", 1], ["toString", 2]]}),
        link_of({"v": 1, "m": "baker2013", "q": ["<img src=x onerror=alert(1)>", "p", {"a": 1}], "l": ["x"]}),
        link_of({"v": 1, "m": "baker2013", "on": {"anti_tnf": 1}, "p": "alpha2"}),
    ]
    first, second, third, fourth = opened(node, links)
    values = dict(first["on"][0][1])
    assert [name for name, _ in first["on"]] == ["anti_tnf"]
    assert values == {"anti_tnf.strength": 1, "anti_tnf.inhibit": 0.5, "anti_tnf.start": 0, "anti_tnf.stop": 200}
    assert second["p"] == [["alpha2", 1000]]
    assert third["q"] == ["p"]
    assert third["l"] == ""
    assert fourth["on"] == fourth["p"] == []


@pytest.mark.parametrize(
    "link",
    ["", "%3Cscript%3E", "....", "AAAA", link_of([1]),
     link_of({"v": 2, "m": "baker2013"}), link_of({"v": 1, "m": "../x"}),
     link_of({"v": 1, "m": "baker2013", "q": ["p"] * 9999}), link_of(None), "A" * 3_000_000],
    ids=["empty", "script", "dots", "zeros", "list", "version", "path", "many", "null", "huge"],
)  # fmt: skip
def test_a_broken_or_huge_link_is_no_link(node: Any, link: str) -> None:
    assert opened(node, [link]) == [None]


def test_the_python_code_gives_the_numbers_of_the_page(node: Any, tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    lab = load_lab("rheumatoid_arthritis")
    script = f"""{ON}{ANTI_TNF} put(state, "anti_tnf_pulses", {{ "anti_tnf_pulses.start": 50 }});
state.values.set("alpha3", 0.55); state.shown = ["p", "damage"];
const run = simulate(lab, valuesOf(lab, state));
console.log(JSON.stringify([pythonCode(lab, state), csv(lab, run, ["p", "damage", "pro_loss"])]));"""
    code, table = node.in_lab(lab, script)
    scope: dict[str, Any] = {}
    exec(compile(code, "page", "exec"), scope)
    rows = np.array([[float(v) for v in row] for row in list(csv.reader(io.StringIO(table)))[1:]])
    frame = scope["frame"]
    assert (tmp_path / "figure.png").stat().st_size > 1000
    ours = np.array([np.interp(rows[:, 0], frame.index, frame[name]) for name in ("p", "damage", "pro_loss")]).T
    # the frame has further times around events; at the page's own times both are exact
    at = np.isin(rows[:, 0], frame.index.to_numpy())
    assert at.sum() > 300
    np.testing.assert_allclose(rows[at, 1:], ours[at], rtol=2e-6)


def test_no_name_of_a_user_becomes_python_or_a_formula(node: Any) -> None:
    hostile = load_lab("kuznetsov1994")
    data = {
        **hostile.data,
        "quantities": [{**q, "name": "=cmd()"} if i == 0 else q for i, q in enumerate(hostile.data["quantities"])],
    }
    script = """const run = simulate(lab, valuesOf(lab, freshState(lab)));
console.log(JSON.stringify(csv(lab, run, ["=cmd()"]).split("\\n")[0]));"""
    assert node.in_lab(type(hostile)(data, hostile.program, hostile.rest), script) == "time,'=cmd()"
    quoted = node.run(r"""console.log(JSON.stringify(quoted('a"); import os #\u2028')));""")
    assert eval(quoted) == 'a"); import os #\u2028'


def test_the_score_is_about_shape_only(node: Any) -> None:
    script = """
const x = Array.from({ length: 101 }, (_, i) => i / 100), rise = x.map((v) => 5 + v * v);
console.log(JSON.stringify([shapeScore(x.map((v) => 300 * v * v), rise),
  shapeScore(x.map((v) => -v), rise),
  shapeScore(x.map(() => 2), rise), shapeScore(x.map(() => 2), x.map(() => 7)),
  shapeScore(x.map((v, i) => (i < 60 ? NaN : v)), rise)]));"""
    same, opposite, flat, both_flat, part = node.run(script)
    assert same == pytest.approx(1)
    assert (opposite, flat, both_flat) == (0, 0, 1)
    assert part > 0.99


def test_patients_lie_within_30_percent_and_are_the_same_every_time(node: Any) -> None:
    lab = load_lab("kuznetsov1994")
    script = f"""{ON} const draw = () => patients(lab, state).map((v) => Array.from(v)); const a = draw();
console.log(JSON.stringify([a, JSON.stringify(a) === JSON.stringify(draw())]));"""
    drawn, same = node.in_lab(lab, script)
    assert same
    assert len(drawn) == 60
    owned = np.array(["owner" in p for p in lab.data["parameters"]])
    ratio = np.array(drawn)[:, ~owned] / np.array([p["value"] for p in lab.data["parameters"]])[~owned]
    assert ratio.min() >= 0.7
    assert ratio.max() <= 1.3
    assert ratio.std(axis=0).min() > 0.1


def test_a_patients_response_is_that_of_python(node: Any) -> None:
    lab = load_lab("kuznetsov1994", "large_tumor")
    script = f"""{ON} put(state, "cytostatic"); const v = patients(lab, state)[3];
console.log(JSON.stringify([Array.from(v), respond(lab, state, v, "T", "final", -1, 0.3)]));"""
    values, found = node.in_lab(lab, script)
    model = im.load_model("kuznetsov1994", "large_tumor")
    own = {p["name"]: v for p, v in zip(lab.data["parameters"], values, strict=True) if "owner" not in p}
    runs = im.simulate(model.with_values(own), arms=["control", "cytostatic"], rtol=1e-8)
    ends = [float(runs[arm].to_frame()["T"].iloc[-1]) for arm in ("control", "cytostatic")]
    # the class is computed at rtol 1e-5
    assert [found["without"], found["within"]] == pytest.approx(ends, rel=1e-3)
    assert found["responder"] == (ends[1] <= 0.7 * ends[0])
