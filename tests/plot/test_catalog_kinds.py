"""Every kind of figure that `immunode figure` draws of one run, or of a few patients, looked at on every model.

The quick round takes a few cases of the models that were hard to draw; all models are drawn by hand, with `-m soak`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import cache

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from immunode.catalogue import list_models
from immunode.cli.figures.kinds import fits, make_drawing
from immunode.cli.figures.pictures import read_subject

Seen = Callable[[Figure], list[Text]]
KINDS = ("diagram", "timeline", "atlas", "responders", "waterfall", "time_to_event")
FEW = 12
"""Patients are enough to see where words stand."""
HARD = {
    "diagram": ("abo2021", "desikan2022"),
    "timeline": ("leil2021", "mandema2011"),
    "atlas": ("lupus_minimal", "goteti2024"),
    "responders": ("wang2018_hcv",),
    "waterfall": ("aitoudhia2012", "checchio2017"),
    "time_to_event": ("frey2013",),
}
CASES = [
    pytest.param(kind, entry.name, id=f"{kind}, {entry.name}",
                 marks=pytest.mark.slow if entry.name in HARD[kind] else [pytest.mark.slow, pytest.mark.soak])
    for kind in KINDS
    for entry in list_models()
]  # fmt: skip


@cache
def picture(kind: str, name: str) -> Figure:
    subject = read_subject(name)
    if kind in ("responders", "waterfall", "time_to_event"):
        declared = subject.declares(subject.arms)
        subject = read_subject(name, patients=FEW if declared else None, runs=None if declared else FEW)
    reason = fits(kind, subject)
    if reason:
        pytest.skip(reason)
    figure = make_drawing(kind, subject).figure()
    figure.draw_without_rendering()
    return figure


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_it_fills_a_slide_with_texts_that_are_whole_apart_and_large(kind: str, name: str, seen: Seen) -> None:
    figure = picture(kind, name)
    assert tuple(figure.get_size_inches()) == (40 / 3, 7.5)
    page = figure.bbox
    texts = [(text, text.get_window_extent()) for text in seen(figure)]
    for (a, box), (b, other) in itertools.combinations(texts, 2):
        wide = min(box.x1, other.x1) - max(box.x0, other.x0)
        high = min(box.y1, other.y1) - max(box.y0, other.y0)
        # a box holds room for accents and descenders: up to 4 px of two boxes may share empty ground
        assert min(wide, high) <= 4, f"'{a.get_text()}' and '{b.get_text()}' overlap by {wide:.0f} x {high:.0f} px"
    for text, box in texts:
        inside = box.x0 >= page.x0 - 1 and box.x1 <= page.x1 + 1 and box.y0 >= page.y0 - 1 and box.y1 <= page.y1 + 1
        assert inside, f"'{text.get_text()}' leaves the page: {box}"
        assert float(text.get_fontsize()) >= 8, text.get_text()


@pytest.mark.parametrize("name", HARD["atlas"])
@pytest.mark.slow
def test_no_head_of_an_atlas_is_cut_off(name: str, seen: Seen) -> None:
    assert not [text.get_text() for text in seen(picture("atlas", name)) if text.get_text().endswith("…")]


@pytest.mark.slow
def test_every_curve_of_a_timeline_is_named_by_its_end_or_by_its_lane(seen: Seen) -> None:
    words = {text.get_text() for text in seen(picture("timeline", "leil2021"))}
    assert {"control", "abatacept", "tocilizumab"} <= words


@pytest.mark.slow
def test_bars_of_responders_differ_where_the_treatment_ends(seen: Seen) -> None:
    """At the end of lowe2009's runs nobody has been treated for half a year."""
    figure = picture("responders", "lowe2009")
    widths = [bar.get_width() for bar in figure.axes[0].patches]  # type: ignore[attr-defined]
    assert "at week 28" in figure.axes[0].get_xlabel().replace("\n", " ")
    assert max(widths) > 30
    assert widths[0] == 0
