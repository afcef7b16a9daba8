"""The page in headless Chromium, from a file and without a network, at the size of a phone and of a projector."""

from __future__ import annotations

import csv
import io
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import immunode as im
from immunode.app.page import page, scenario_labs

PHONE, PROJECTOR = (390, 844), (1920, 1080)
STRENGTH = '[data-knob="anti_tnf.strength"]'


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "lab.html"
    path.write_text(page(scenario_labs()), "utf-8")
    return path


def download(page: Any, button: str) -> bytes:
    with page.expect_download() as coming:
        page.click(button)
    return Path(coming.value.path()).read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("size", [PHONE, PROJECTOR], ids=["phone", "projector"])
def test_every_control_works_offline_without_an_error(open_page: Any, file: Path, size: tuple[int, int]) -> None:
    one = open_page(file, size)
    page = one.page
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0], "nothing is wider than the screen"
    assert "Not medical advice" in page.inner_text("footer")
    assert page.locator("footer").bounding_box()["y"] < size[1], "the limits are in sight"

    # stage: time, a state, an arrow
    page.fill("#time", "200")
    assert "t = 50" in page.inner_text("output[for=time]")
    page.locator('[data-state="a"]').press("Enter")
    assert one.lab("ctx.state.shown[0]") == "a"
    page.locator('[data-process="pro_loss"]').first.press("Enter")
    assert page.inner_text(".equation").startswith("pro_loss (loss of p): gamma*p = 1.25*")

    # timeline: keyboard, dragging, a new card, a number, taking it off
    page.locator(STRENGTH).press("PageDown")
    assert one.lab('ctx.state.on.get("anti_tnf").get("anti_tnf.strength")') == pytest.approx(0.75)
    page.locator('[data-knob="anti_tnf.stop"]').scroll_into_view_if_needed()
    box = page.locator('[data-knob="anti_tnf.stop"]').bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] - 60, box["y"] + 5, steps=4)
    page.mouse.up()
    assert 20 < one.lab('ctx.state.on.get("anti_tnf").get("anti_tnf.stop")') < 97
    page.click('[data-card="anti_tnf_pulses"]')
    track = page.locator('[data-track="anti_tnf_pulses"]')
    width = track.bounding_box()["width"]
    track.click(position={"x": 0.305 * width, "y": 8})
    assert one.lab('ctx.state.on.get("anti_tnf_pulses").get("anti_tnf_pulses.n")') == 16, "doses at 0, 2, ... 30"
    assert "puts 0.35 into drug" in page.inner_text(".card")
    page.click(".card summary")
    page.fill('[data-number="anti_tnf_pulses.transfer"]', "0.1")
    page.press('[data-number="anti_tnf_pulses.transfer"]', "Enter")
    assert one.lab('ctx.state.on.get("anti_tnf_pulses").get("anti_tnf_pulses.transfer")') == 0.1
    page.click('[aria-label="Remove anti_tnf_pulses"]')
    assert one.lab("ctx.state.on.size") == 1

    # predict, reveal, ghosts
    page.click("#predict")
    page.locator("[data-guess]").last.fill("0.1")
    page.click("#predict")
    assert "% alike" in page.inner_text("#score")
    page.click("#keep")
    assert one.lab("ctx.ghosts.length") == 1
    page.click("#clear")
    page.check("#log")
    page.select_option("#show", "feedback")
    assert one.lab("ctx.state.shown[0]") == "feedback"

    # panels
    for tab, there in (
        ("why", ".bars"),
        ("phase", ".nullcline"),
        ("table", "tbody tr"),
        ("parameters", "[data-parameter]"),
    ):
        page.click(f"#tab-{tab}")
        assert page.locator(there).count() > 0, tab
    page.fill('[data-parameter="alpha2"]', "12")
    page.press('[data-parameter="alpha2"]', "Enter")
    assert one.lab('ctx.state.values.get("alpha2")') == 12
    page.click("#tab-sweep")
    page.click("#sweep-run")
    page.fill("#sweep-at", "10")
    page.click("#sweep-use")
    page.click("#tab-class")
    page.click("#class-run")
    page.wait_for_selector(".patients button")
    assert page.locator(".patients button").count() == 60
    page.locator(".patients button").first.click()

    # the other language, a link, downloads
    page.select_option("#language", "de")
    assert "Kein medizinischer Rat" in page.inner_text("footer")
    page.click("#link")
    assert download(page, "#figure").startswith(b"\x89PNG")
    page.click("#show-code")
    assert "im.load_model" in page.inner_text("#code")
    for scenario in ("checkpoint", "car_t", "graft", "pollen", "exam", "vaccination"):
        page.select_option("#scenario", scenario)
        assert one.lab("ctx.treated.status") == "ok", scenario
    page.click("#reset")
    assert one.troubles == []


@pytest.mark.slow
def test_the_numbers_are_pythons_and_a_link_brings_them_back(open_page: Any, file: Path) -> None:
    one = open_page(file, PROJECTOR)
    one.page.locator(STRENGTH).press("PageDown")
    table = download(one.page, "#csv").decode()
    rows = list(csv.reader(io.StringIO(table)))
    found = np.array([[float(v) for v in row] for row in rows[1:]])
    model = im.load_model("rheumatoid_arthritis")
    given = model.intervention("anti_tnf").at(0.75)
    frame = im.simulate(model, times=found[:, 0], interventions=[given], rtol=1e-9).to_frame().loc[found[:, 0]]
    for name in ("p", "a", "damage", "pro_loss", "feedback"):
        np.testing.assert_allclose(found[:, rows[0].index(name)], frame[name], rtol=1e-6, atol=1e-9, err_msg=name)
    again = open_page(file, PROJECTOR, link=one.page.url.partition("#")[2])
    assert download(again.page, "#csv").decode() == table


@pytest.mark.slow
def test_a_hostile_link_shows_the_first_scenario(open_page: Any, file: Path) -> None:
    one = open_page(file, PROJECTOR, link="<script>alert(1)</script>" + "A" * 50_000)
    assert one.lab("ctx.lab.id") == "baker2013"
    assert one.troubles == []


@pytest.mark.slow
def test_a_drawn_curve_is_what_is_scored(open_page: Any, file: Path) -> None:
    one = open_page(file, PROJECTOR)
    one.page.click("#predict")
    assert one.lab("ctx.guess.every((v) => v === null)")
    box = one.page.locator('[data-plot="p"] .u-over').bounding_box()
    one.page.mouse.move(box["x"] + 2, box["y"] + 40)
    one.page.mouse.down()
    one.page.mouse.move(box["x"] + 30, box["y"] + box["height"] - 5, steps=5)
    one.page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] - 5, steps=5)
    one.page.mouse.up()
    one.page.click("#predict")
    # a fast fall and then nothing: what anti-TNF does
    assert int(one.page.inner_text("#score").split(":")[1].split("%")[0]) > 85


@pytest.mark.slow
def test_it_is_fast_enough_for_a_class(open_page: Any, file: Path) -> None:
    started = time.perf_counter()
    one = open_page(file, PROJECTOR)
    one.page.locator(STRENGTH).press("PageDown")
    assert one.lab('ctx.state.on.get("anti_tnf").get("anti_tnf.strength")') == pytest.approx(0.75)
    first = time.perf_counter() - started
    spent = []
    for _ in range(3):
        one.page.click("#tab-why")
        one.page.click("#tab-class")
        one.page.select_option("#class-end", "final" if len(spent) % 2 else "mean")
        one.page.click("#class-run")
        one.page.wait_for_selector(".patients button")
        spent.append(one.lab("ctx.classTime"))
    # the issue asks for 1 s each; a busy machine gets twice that for loading, browser and all
    assert first < 2.0
    assert min(spent) < 1000


@pytest.mark.slow
def test_nothing_moves_by_itself_where_motion_is_not_wanted(open_page: Any, file: Path) -> None:
    one = open_page(file, PHONE, reduced_motion="reduce")
    one.page.wait_for_timeout(300)
    assert one.lab("ctx.k") == 0
    one.page.click("#play")
    one.page.wait_for_timeout(100)
    assert one.page.inner_text("#play") == "Pause"
    one.page.click("#play")
    assert one.lab("ctx.k % 40") == 0


@pytest.mark.slow
@pytest.mark.parametrize("size", [PHONE, PROJECTOR], ids=["phone", "projector"])
def test_axe_finds_nothing_serious(open_page: Any, file: Path, size: tuple[int, int]) -> None:
    axe = os.environ.get("IMMUNODE_AXE", "")
    if not axe:
        pytest.skip("set IMMUNODE_AXE to axe.min.js of the npm package axe-core")
    one = open_page(file, size, bypass_csp=True)
    one.page.add_script_tag(path=axe)
    for tab, press in (
        ("why", ""),
        ("phase", ""),
        ("sweep", "#sweep-run"),
        ("class", "#class-run"),
        ("parameters", ""),
    ):
        one.page.click(f"#tab-{tab}")
        if press:
            one.page.click(press)
            one.page.wait_for_selector(".chart, .patients")
        found = one.page.evaluate("axe.run(document)")["violations"]
        assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == [], tab
