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
from immunode.app.lab import Lab
from tests import lent_drugs
from tests.app.labs import load_lab

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
    found: list[Any] = node.in_lab(load_lab("baker2013", "diseased"), script)
    return found


def with_drugs() -> Lab:
    """Return the lab of a model with two drugs of the library."""
    lab = load_lab(lent_drugs.FILE, "diseased")
    lab.data["call"] = f"im.load_model({lent_drugs.FILE!r}, variant='diseased')"
    return lab


def test_a_link_brings_the_controls_back(node: Any) -> None:
    script = f"""{ON}{ANTI_TNF} state.values.set("alpha3", 0.6); state.shown = ["damage", "p"];
const back = fromLink([lab], toLink(state, "de"));
console.log(JSON.stringify([toLink(back.state, back.language) === toLink(state, "de"), back.language]));"""
    assert node.in_lab(load_lab("baker2013", "diseased"), script) == [True, "de"]


def test_a_link_brings_free_doses_back_and_drops_what_is_no_time(node: Any) -> None:
    knobs = [["adalimumab.strength", 1]]
    wild = [
        ["adalimumab", [30, 5, 5, -1, 1e9, "7", None, 0.5]],
        ["anti_tnf", [1]],
        ["constructor", [1]],
        ["infliximab", [1]],
        3,
    ]
    link = link_of({"v": 1, "m": "lent_drugs", "on": [["adalimumab", knobs], ["anti_tnf", []]], "t": wild})
    script = f"""{ON} put(state, "adalimumab"); state.times.set("adalimumab", [1, 2.5]);
const times = (link) => Array.from(fromLink([lab], link).state.times);
console.log(JSON.stringify([times(toLink(state, "en")), times({json.dumps(link)})]));"""
    assert node.in_lab(with_drugs(), script) == [
        [["adalimumab", [1, 2.5]]],
        [["adalimumab", [0.5, 5, 30]]],
    ]


@pytest.mark.slow
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


def differences(node: Any, lab: Lab, script: str, names: list[str], rtol: str = "1e-8") -> tuple[float, Any]:
    """Return by how much the page and its own Python code differ, relative to each quantity's size, and the result.

    script : sets the controls of `state`.   rtol : what the code asks for, if not the usual.
    """
    shown = json.dumps(names)
    code, table = node.in_lab(
        lab,
        f"""{ON}{script}
const run = simulate(lab, valuesOf(lab, state), treatmentOf(lab, state));
console.log(JSON.stringify([pythonCode(lab, state), csv(lab, run, {shown})]));""",
    )
    scope: dict[str, Any] = {}
    exec(compile(code.replace("rtol=1e-8", f"rtol={rtol}"), "page", "exec"), scope)
    rows = np.array([[float(v) for v in row] for row in list(csv.reader(io.StringIO(table)))[1:]])
    frame = scope["frame"]
    ours = np.array([np.interp(rows[:, 0], frame.index, frame[name]) for name in names]).T
    # the frame has further times around events; at the page's own times both are exact
    at = np.isin(rows[:, 0], frame.index.to_numpy())
    assert at.sum() > 100
    size = np.abs(ours) + 1e-3 * np.abs(ours).max(axis=0) + 1e-300
    return float(np.max((np.abs(rows[:, 1:] - ours) / size)[at])), scope["run"]


def test_the_python_code_gives_the_numbers_of_the_page(node: Any, tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    script = f"""{ANTI_TNF} put(state, "anti_tnf_pulses", {{ "anti_tnf_pulses.start": 50 }});
state.values.set("alpha3", 0.55); state.shown = ["p", "damage"];"""
    # the code asks for 1e-8
    assert differences(node, load_lab("baker2013", "diseased"), script, ["p", "damage", "pro_loss"])[0] < 1e-6
    assert (tmp_path / "figure.png").stat().st_size > 1000


def test_doses_at_free_times_are_those_of_the_python_code(node: Any, tmp_path: Any, monkeypatch: Any) -> None:
    """A transfer, an injection under the skin and infusions in four blocks, each taken from what is declared."""
    monkeypatch.chdir(tmp_path)
    script = """put(state, "anti_tnf_pulses", { "anti_tnf_pulses.transfer": 0.2, "anti_tnf_pulses.n": 9 });
put(state, "adalimumab", { "adalimumab.strength": 0.5 }); put(state, "infliximab", { "infliximab.time_2": 11 });
state.times.set("anti_tnf_pulses", [0.3, 10, 55.5]); state.times.set("adalimumab", [7, 21]);
state.times.set("infliximab", [0, 1, 30, 31.5]); state.shown = ["p"];"""
    worst, run = differences(node, with_drugs(), script, ["p", "damage", "drug", "infliximab.central"])
    assert worst < 1e-6
    assert run.to_frame()["drug"].max() > 0.15


def test_an_intervention_without_a_dose_is_left_out(node: Any, tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    script = 'put(state, "adalimumab"); state.times.set("adalimumab", []); state.shown = ["p"];'
    worst, run = differences(node, with_drugs(), script, ["p", "damage"])
    assert worst < 1e-6
    assert "adalimumab.depot" not in run.to_frame()


@pytest.mark.slow
def test_a_depot_acts_by_what_flows_out_of_it_only() -> None:
    def depots(name: str) -> list[str]:
        data = load_lab(name).data
        return [data["states"][i]["name"] for i in data["depots"]]

    assert depots("graft_window") == ["depot"]
    # infliximab goes straight to where it acts; CAR-T cells divide and kill
    assert depots(lent_drugs.FILE) == ["adalimumab.depot"]
    assert depots("cartmath2021") == []


def test_what_is_no_matter_of_single_doses_has_no_free_times() -> None:
    def having(name: str) -> set[str]:
        return {it["name"] for it in load_lab(name).data["interventions"] if it["doses"]}

    # one also changes binding while it acts, a blockade has no doses, a steroid lasts and comes late
    assert having("hayashi2007") == {"single_dose", "q4w", "q2w"}
    assert "anti_tnf" not in having("baker2013")
    assert having("karin2020") == set()


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("name", [entry.name for entry in im.list_models()])
def test_free_doses_of_every_intervention_are_those_of_the_python_code(
    node: Any, name: str, tmp_path: Any, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    lab = load_lab(name)
    span = lab.data["horizon"]
    names = [s["name"] for s in lab.data["states"] if s["own"]]
    for it in lab.data["interventions"]:
        if it["doses"]:
            times = [0.013 * span, 0.25 * span, 0.5012 * span]
            script = f"""put(state, {json.dumps(it["name"])}); state.times.set({json.dumps(it["name"])}, {times});"""
            assert differences(node, lab, script, names, "1e-9")[0] < 1e-6, it["name"]


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
    assert len(drawn) == 200
    owned = np.array(["owner" in p for p in lab.data["parameters"]])
    ratio = np.array(drawn)[:, ~owned] / np.array([p["value"] for p in lab.data["parameters"]])[~owned]
    assert ratio.min() >= 0.7
    assert ratio.max() <= 1.3
    assert ratio.std(axis=0).min() > 0.1


@pytest.mark.parametrize("name", ["ma2020", "muellerschoell2021"])
def test_declared_patients_are_those_of_python(node: Any, name: str) -> None:
    """The same 200 patients, with covariates, correlations and classes, as 32-bit floats hold them."""
    lab = load_lab(name)
    people = im.population(im.load_model(name)).draw(200, seed=7)
    script = f"""{ON} const row = {json.dumps(list(people.names))}.map((n) => lab.row.get(n));
console.log(JSON.stringify(patients(lab, state).map((v) => row.map((i) => v[i]))));"""
    drawn = np.array(node.in_lab(lab, script))
    # 32-bit floats have 24 binary digits
    np.testing.assert_allclose(drawn, people.values, rtol=2.0**-23)
    assert set(lab.data["cohort"]["covariates"]) == {c.parameter for c in im.load_model(name).covariates}


def test_what_is_set_by_hand_is_the_same_in_all_patients(node: Any) -> None:
    script = f"""{ON} state.values.set("weight", 120);
const all = patients(lab, state), at = (name) => new Set(all.map((v) => v[lab.row.get(name)])).size;
console.log(JSON.stringify([all[3][lab.row.get("weight")], at("weight"), at("CRP") > 100]));"""
    assert node.in_lab(load_lab("ma2020"), script) == [120, 1, True]


def test_levels_are_parts_of_the_largest_and_logarithmic_over_decades(node: Any) -> None:
    script = """
const level = (top, log, least) => (v) => levelOf({ top, log, least }, v);
const straight = [0, 2, 8].map(level(8, false, 0)), decades = [0, 1e3, 1e6, 1e-9].map(level(1e6, true, 1));
console.log(JSON.stringify([straight, decades, widthOf(0, 5) < widthOf(1, 5), widthOf(5, 5)]));"""
    straight, decades, wider, widest = node.run(script)
    assert straight == [0, 0.25, 1]
    assert decades == pytest.approx([0, 0.5, 1, 0.01])
    assert wider
    assert widest == pytest.approx(5)


def test_a_patients_response_is_that_of_python(node: Any) -> None:
    lab = load_lab("kuznetsov1994", "large_tumor")
    script = f"""{ON} put(state, "cytostatic"); const v = patients(lab, state)[3];
console.log(JSON.stringify([Array.from(v), respond(lab, treatmentOf(lab, state), v, "T", "final", -1, 0.3)]));"""
    values, found = node.in_lab(lab, script)
    model = im.load_model("kuznetsov1994", "large_tumor")
    own = {p["name"]: v for p, v in zip(lab.data["parameters"], values, strict=True) if "owner" not in p}
    runs = im.simulate(model.with_values(own), arms=["control", "cytostatic"], rtol=1e-8)
    ends = [float(runs[arm].to_frame()["T"].iloc[-1]) for arm in ("control", "cytostatic")]
    # the class is computed at rtol 3e-5
    assert [found["without"], found["within"]] == pytest.approx(ends, rel=1e-3)
    assert found["responder"] == (ends[1] <= 0.7 * ends[0])


def test_a_logarithmic_axis_with_decades_has_two_numbers_however_low_it_is(node: Any) -> None:
    script = """
console.log(JSON.stringify([[5, 2000, 2], [20, 2e5, 2], [1, 1000, 5], [40, 60, 2]].map((one) => decadesIn(...one))));"""
    three, four, all_, narrow = node.run(script)
    assert three == [10, 1000]
    assert four == [100, 1e4]
    assert all_ == [1, 10, 100, 1000]
    assert narrow == [50]


def test_words_of_lines_stand_apart_and_inside_the_plot(node: Any) -> None:
    script = """
const told = [];
const found = [50, 58, 4, 99].map((y) => {
  const rows = rowsOf(y, 12, 3, 0, 100, told);
  told.push(...rows.slice(0, 1));
  return rows;
});
console.log(JSON.stringify(found));"""
    first, near, high, low = node.run(script)
    assert first == [47, 62]
    assert near == [70], "below its line, since above are the words of the first"
    assert high == [16], "there is no room above"
    assert low == [96], "there is no room below"
