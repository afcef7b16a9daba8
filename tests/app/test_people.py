"""What people meet in the page: units and numbers as they say them, Play, the class, a phone, paper."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import immunode as im
from immunode.app.web_page import page
from immunode.study.log_axes import logarithmic
from tests.app.labs import load_lab

PHONE, LAPTOP = (390, 844), (1366, 768)
FRAME = "new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))"


@pytest.fixture(scope="module")
def file_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("pages")

    def make(name: str) -> Path:
        path = folder / f"{name}.html"
        if not path.exists():
            path.write_text(page([load_lab(name, with_story=True)]), "utf-8")
        return path

    return make


def test_numbers_are_written_as_in_print(node: Any) -> None:
    texts = node.run("""console.log(JSON.stringify([[0, 5, 0.0123456, 26500, 8e5, 1.11e-4, -3e-12, NaN].map(FIGURES),
  ticks([0, 5e8, 1e9]), ticks([0, 50, 100]), ticks([-2e-4, null, 2e-4]),
  [amount(1.24e-5, "10⁶ copies/mL"), amount(400, "10⁶ cells"), amount(2, "10⁻³ g"), amount(3.2, "%"),
   amount(-4e-297, "pg/mL", 3), amount(5e-21, "cells", 1e9), amount(0, "cells", 1e9), amount(1e-3, "mg", 2)]]));""")
    figures, decades, plain, small, amounts = texts
    assert figures == ["0", "5", "0.01235", "26500", "8×10⁵", "1.11×10⁻⁴", "-3×10⁻¹²", "–"]
    assert decades == ["0", "0.5×10⁹", "1×10⁹"]
    assert plain == ["0", "50", "100"]
    assert small == ["-2×10⁻⁴", "", "2×10⁻⁴"]
    assert amounts[:4] == ["12.4 copies/mL", "4×10⁸ cells", "0.002 g", "3.2 %"]
    # left of a state at less than a millionth of its largest value; 0 is 0
    assert amounts[4:] == ["≈ 0 pg/mL", "≈ 0 cells", "0 cells", "0.001 mg"]


@pytest.mark.slow
def test_times_are_shown_in_units_that_people_use() -> None:
    clocks = {name: load_lab(name).data["clock"] for name in ("demin2013", "baker2013", "mandema2011")}
    assert clocks["demin2013"] == {"factor": pytest.approx(1 / 1440), "unit": "day"}
    # no unit, and an axis that is no time
    assert clocks["baker2013"] == clocks["mandema2011"] == {"factor": 1.0, "unit": ""}


def test_the_arm_without_treatment_has_the_name_that_the_story_gives_it() -> None:
    assert load_lab("chatterjee2017", with_story=True).data["control"] == "2 mg/kg q3w"
    assert load_lab("kuznetsov1994", with_story=True).data["control"] == ""
    # an arm without a name of its own is called as its treatment is, and the title is no story
    lab = load_lab("alexander2010", with_story=True)
    assert lab.scenarios[0]["title"]["en"] == "all Treg stronger"
    assert lab.scenarios[0]["story"]["en"] == ""


@pytest.mark.slow
def test_minutes_of_a_month_are_days_everywhere(open_page: Any, file_of: Callable[[str], Path]) -> None:
    one = open_page(file_of("demin2013"), LAPTOP)
    one.lab("ctx.setTime((ctx.lab.points - 1) / 2)")
    assert one.page.inner_text("output[for=time]") == "t = 14 days"
    one.page.click("#tab-table")
    assert one.page.locator(".panel th").first.inner_text() == "Time (days)"
    assert one.page.locator(".panel tbody tr").last.locator("td").first.inner_text() == "28"
    assert one.page.locator(".handle.left").first.get_attribute("aria-valuetext") == "0 days"
    # each of 112 doses is drawn alike, by eight points
    assert one.lab("ctx.treated.times.length") == 897
    # 112 doses in a lane are lines that can be told apart
    assert one.page.locator(".track.dense").count() == 1
    assert one.troubles == []


@pytest.mark.slow
def test_play_begins_at_the_start_though_a_frame_is_older_than_the_press(
    open_page: Any, file_of: Callable[[str], Path]
) -> None:
    late = "const frame = requestAnimationFrame; window.requestAnimationFrame = (f) => frame((t) => f(t - 40));"
    one = open_page(file_of("chatterjee2017"), LAPTOP, script=late)
    one.page.click("#play")
    one.page.evaluate(
        "new Promise((ok) => { const look = () => (immunodeLab.k > 3 ? ok() : setTimeout(look, 20)); look(); })"
    )
    assert one.troubles == []


@pytest.mark.slow
def test_a_class_counts_in_the_way_in_which_treatment_works(open_page: Any, file_of: Callable[[str], Path]) -> None:
    one = open_page(file_of("checchio2017"), LAPTOP)
    one.page.click("#tab-class")
    assert one.page.input_value("#class-goal") == "1", "more patients reach PASI75 with the drug"
    one.page.select_option("#class-goal", "-1")
    one.page.click("#class-run")
    one.page.wait_for_selector(".patients button")
    assert one.page.input_value("#class-goal") == "-1", "what was chosen stays"
    assert one.page.inner_text("#responders").startswith("0 of 200")
    # where a trial told the share past a threshold, that is the rule
    other = open_page(file_of("chatterjee2017"), LAPTOP)
    other.page.click("#tab-class")
    assert "partial response" in other.page.inner_text(".panel p")
    assert one.troubles == other.troubles == []


@pytest.mark.slow
def test_on_a_phone_a_crowded_drawing_names_what_is_chosen_only(open_page: Any, file_of: Callable[[str], Path]) -> None:
    one = open_page(file_of("bedathuru2024"), PHONE, has_touch=True)
    seen = (
        "[...document.querySelectorAll('.node')].filter((n) => getComputedStyle(n.querySelector('text')).opacity > 0)"
    )
    names = f"{seen}.map((n) => n.dataset.state)"
    assert one.page.evaluate(names) == one.lab(
        "ctx.state.shown.filter((q) => ctx.lab.states.some((s) => s.name === q))"
    )
    one.page.locator("[data-state=IL17] .shape").tap()
    assert "IL17" in one.page.evaluate(names)
    assert one.lab("ctx.state.shown[0]") == "IL17"
    assert one.troubles == []


@pytest.mark.slow
def test_bars_that_do_not_add_up_are_not_drawn(open_page: Any, file_of: Callable[[str], Path]) -> None:
    """The binding of PD-1 nearly cancels; of the cancer cells, the processes add up."""
    one = open_page(file_of("sove2020"), LAPTOP)
    one.page.select_option("#why-state", "L1")
    assert one.page.locator("#panel .bars").count() == 0
    assert "nearly cancel" in one.page.inner_text("#why-off")
    one.page.select_option("#why-state", "C1")
    assert one.page.locator("#panel .bars > div").count() > 0
    assert one.page.locator("#why-off").count() == 0
    assert one.troubles == []


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_paper_there_are_no_controls_and_no_dark_ground(
    open_page: Any, file_of: Callable[[str], Path], scheme: str
) -> None:
    one = open_page(file_of("chatterjee2017"), LAPTOP, color_scheme=scheme)
    ground = "getComputedStyle(document.querySelector('.stage')).backgroundColor"
    before = one.page.evaluate(ground)
    one.page.emulate_media(media="print", color_scheme=scheme)
    one.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert one.page.evaluate(ground) == "rgb(255, 255, 255)"
    for control in ("#play", "#scenario", ".palette", ".tools", "[role=tablist]", ".handle"):
        assert not one.page.locator(control).first.is_visible(), control
    assert one.page.locator(".node").first.is_visible()
    assert one.page.locator(".plot canvas").first.is_visible()
    # lanes keep their color and the time axis of the curves
    assert one.page.locator(".play").bounding_box()["width"] == 672, "a sheet of paper, not the window"
    plot, track = (one.page.locator(q).first.bounding_box() for q in (".u-over", ".track"))
    assert track["x"] == pytest.approx(plot["x"], abs=1.5)
    assert track["width"] == pytest.approx(plot["width"], abs=2.5)
    assert one.page.evaluate("getComputedStyle(document.querySelector('.bar')).printColorAdjust") == "exact"
    one.page.emulate_media(media="screen", color_scheme=scheme)
    one.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert one.page.evaluate(ground) == before
    assert one.troubles == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "most"), [("sove2020", 0.3), ("bedathuru2024", 0.3), ("park2025", 0.3), ("demin2013", 0.5)]
)
def test_the_largest_models_answer_soon(
    open_page: Any, file_of: Callable[[str], Path], model: str, most: float
) -> None:
    """From the beginning of loading to the picture after a change of strength, in time of the page's own thread."""
    spent = []
    for _ in range(4):
        one = open_page(file_of(model), LAPTOP)
        clock = one.context.new_cdp_session(one.page)
        clock.send("Performance.enable", {"timeDomain": "threadTicks"})
        one.page.reload()
        one.page.locator(".handle.top").first.press("PageDown")
        one.page.evaluate(FRAME)
        numbers = {m["name"]: m["value"] for m in clock.send("Performance.getMetrics")["metrics"]}
        spent.append(numbers["TaskDuration"])
        one.context.close()
    assert min(spent) < most


@pytest.mark.parametrize("name", ["baccam2006", "chatterjee2017", "precup2012", "nelson2000"])
def test_axes_are_logarithmic_where_figures_have_them_so(node: Any, name: str) -> None:
    """For each quantity of a run and the first treatment of the story."""
    lab = load_lab(name, with_story=True)
    model = im.load_model(name)
    model = model.replace(horizon=lab.data["horizon"])
    names = [q["name"] for q in lab.data["quantities"] if q["kind"] != "flux"]
    script = f"""const state = freshState(lab), run = simulate(lab, valuesOf(lab, state), {{ rtol: 1e-8 }});
for (const name of {list(lab.scenarios[0]["on"])}) {{
  const it = lab.place.get(name);
  state.on.set(name, new Map(it.knobs.map((k) => [k, lab.parameters[lab.row.get(k)].full])));
}}
const treated = simulate(lab, valuesOf(lab, state), treatmentOf(lab, state)), all = {names};
const curves = (name) => [run, treated].map((r) => course(lab, r, name));
const found = all.filter((n) => showsDecades(lab, n, curves(n)));
console.log(JSON.stringify([found, Object.fromEntries(all.map((n) => [n, curves(n)]))]));"""
    found, curves = node.in_lab(lab, script)
    paths = {n: [np.array(y) for y in both] for n, both in curves.items()}
    told = model.story.logarithmic if model.story is not None else ()
    assert set(found) == {*logarithmic(model, paths), *(n for n in told if n in names)}


@pytest.mark.slow
def test_lines_are_called_what_they_are(open_page: Any, file_of: Callable[[str], Path]) -> None:
    """A strain, a loss of cells or a placebo is no treatment, and two drugs are not one with and one without."""
    one = open_page(file_of("chatterjee2017"), LAPTOP)
    names = [span.inner_text() for span in one.page.locator(".key span").all()]
    assert names == ["10 mg/kg q3w", "2 mg/kg q3w"]
    one.page.locator(".lane .head button:last-child").first.click()
    assert one.page.locator(".key span").first.inner_text() == "with treatment"


def test_a_power_of_ten_stands_with_the_unit(node: Any) -> None:
    script = """
console.log(JSON.stringify([powerFor([0, 1.4e11]), powerFor([0.2, 99999]),
  inPowers("cells", 11), inPowers("10⁹ cells/L", -4), inPowers("10⁹ copies", -9), inPowers("", -3),
  inPowers("mg", 0)]));"""
    said = [11, 0, "10¹¹ cells", "10⁵ cells/L", "copies", "×10⁻³", "mg"]
    assert node.run(script) == said


@pytest.mark.slow
def test_a_link_brings_the_question_of_its_scenario(open_page: Any, file_of: Callable[[str], Path]) -> None:
    one = open_page(file_of("ma2020"), LAPTOP)
    one.page.select_option("#scenario", label="Arthritis with the IL-6 receptor blocked")
    one.page.locator(".handle.top").first.press("PageDown")
    again = open_page(file_of("ma2020"), LAPTOP, link=one.page.url.partition("#")[2])
    assert again.page.inner_text(".story") == one.page.inner_text(".story") != ""
    assert again.page.input_value("#scenario") == "rheumatoid"
    assert again.troubles == []


@pytest.mark.slow
def test_a_card_takes_the_place_of_one_that_it_cannot_act_with(open_page: Any, file_of: Callable[[str], Path]) -> None:
    one = open_page(file_of("baccam2006"), LAPTOP)
    one.page.select_option("#scenario", label="from day 3")
    before = one.lab("[...ctx.state.on.keys()]")
    one.page.locator("[data-card]").first.click()
    assert one.lab("ctx.treated.status") == "ok"
    assert one.lab("[...ctx.state.on.keys()]") != before
    assert one.lab("ctx.state.on.size") == 1
    assert "was taken off" in one.page.inner_text("#notice")
    assert one.page.inner_text(".error") == ""
    assert one.troubles == []
