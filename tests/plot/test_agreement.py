"""Published results over those of a model: no text covers another, and verdicts and shares can be read."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from immunode.errors import StudyError
from immunode.plot import panels
from immunode.plot.charts.agreement import VERDICTS, agreement_chart, readable_ticks, tick_texts
from immunode.plot.kit.style import PALETTE, readable
from immunode.plot.kit.text import width_of

LONG = "300 mg at week 0, then 150 mg every 2 weeks with methotrexate against placebo with methotrexate"


def row(group: str, verdict: str = "inside", value: float = -1.5, **fields: Any) -> dict[str, Any]:
    base = {"trial": "ONE", "arm": "placebo", "unit": "point", "interval": (value - 0.4, value + 0.3), "same": None}
    known = {"group": group, "published": value, "model": value + 0.1, "band": (value - 0.2, value + 0.5)}
    return {**base, **known, "verdict": verdict, **fields}


def many() -> list[dict[str, Any]]:
    """Return rows of five panels, with names of any length, negative and large values."""
    rows = []
    for i, (group, size) in enumerate({"mean change of a score at 24 weeks": 1.0, "share of patients": 30.0,
                                       "median percent change of something with a long name at 52 weeks": 45.0,
                                       "ratio": 0.01, "counts": 1e6}.items()):  # fmt: skip
        for trial in ("ONE", "A trial whose name fills the whole line, and goes on behind its end")[: 1 + i % 2]:
            for arm, verdict in zip(("placebo", "150 mg", LONG), ("off", "near", "used"), strict=True):
                rows.append(row(group, verdict, -size * (1 + i), trial=trial, arm=arm, same=0.0 if i == 3 else None))
    return rows


@pytest.mark.parametrize("style", ["slide", "paper", "poster"])
def test_no_text_covers_another_or_leaves_the_page(
    style: str, drawn: Callable[[Figure], Any], seen: Callable[[Figure], list[Text]]
) -> None:
    figure = agreement_chart(many(), title="A drug in a disease: its score and something else", style=style)
    renderer = drawn(figure)
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in seen(figure)]
    page = figure.bbox
    for text, box in boxes:
        assert box.x0 >= page.x0 - 1, text
        assert box.x1 <= page.x1 + 1, text
        assert box.y0 >= page.y0 - 1, text
        assert box.y1 <= page.y1 + 1, text
    for (a, first), (b, second) in itertools.combinations(boxes, 2):
        wide = min(first.x1, second.x1) - max(first.x0, second.x0)
        high = min(first.y1, second.y1) - max(first.y0, second.y0)
        # the extent of a line holds the room for descenders, which may touch the next line
        assert wide <= 0 or high <= 0.3 * min(first.height, second.height), (a, b)


def test_every_result_has_its_verdict_in_words(seen: Callable[[Figure], list[Text]]) -> None:
    figure = agreement_chart([row("x", verdict) for verdict in VERDICTS], title="t")
    said = [t for t in seen(figure) if t.get_gid() == "verdict"]
    assert [t.get_text() for t in said] == ["inside", "near", "off", "made the model", "not judged"]
    assert [t.get_weight() for t in said].count("bold") == 1


def test_a_trial_is_named_once_above_its_results(seen: Callable[[Figure], list[Text]]) -> None:
    rows = [row("x", trial=trial, arm=arm) for trial in ("ONE", "TWO") for arm in ("placebo", "drug")]
    assert [t.get_text() for t in seen(agreement_chart(rows)) if t.get_gid() == "trial"] == ["ONE", "TWO"]


def test_points_stand_where_they_were_published() -> None:
    figure = agreement_chart([row("x", value=value) for value in (-2.0, -1.0)])
    points = [line.get_xdata()[0] for line in figure.axes[0].lines if line.get_marker() == "o"]  # type: ignore[index]
    assert points == [-2.0, -1.0]


@pytest.mark.parametrize("ends", [(-3.0, -1.0), (0.0, 40.0), (-1e7, 2e7), (0.0123, 0.0127), (0.0, 1e-9), (2.0, 2.0)])
@pytest.mark.parametrize("width", [60.0, 110.0, 300.0])
def test_labels_of_ticks_stay_apart(ends: tuple[float, float], width: float) -> None:
    margin = 0.05 * (ends[1] - ends[0]) or 0.1
    low, high = ends[0] - margin, ends[1] + margin
    ticks = readable_ticks(low, high, width, 14.0)
    texts = tick_texts(ticks)
    assert len(set(texts)) == len(ticks)
    for (a, b), (x, y) in zip(itertools.pairwise(texts), itertools.pairwise(ticks), strict=True):
        assert (y - x) / (high - low) * width >= (width_of(a, 14.0) + width_of(b, 14.0)) / 2


def test_a_band_without_an_end_runs_to_the_edge() -> None:
    """The median time until something that does not happen in half of the patients of a small trial."""
    figure = agreement_chart([row("time until a return", value=110.0, band=(20.0, float("inf")), model=65.0)])
    figure.canvas.draw()
    (ax,) = figure.axes
    (band,) = (patch for patch in ax.patches if isinstance(patch, Rectangle))
    low, high = band.get_bbox().intervalx
    assert (low, high) == (20.0, ax.get_xlim()[1])
    assert high < 130


def test_it_draws_into_a_page_of_ones_own() -> None:
    figure, axes = panels(2)
    assert agreement_chart([row("x")], axes=axes[0]) is figure
    with pytest.raises(StudyError, match="2 kinds of results"):
        agreement_chart([row("x"), row("y")], axes=axes[1])


def test_nothing_to_draw_is_told() -> None:
    with pytest.raises(StudyError, match="nothing to draw"):
        agreement_chart([])


@pytest.mark.parametrize("arms", [["placebo", "drug"], ["drug", "placebo"], ["drug"]])
def test_the_neutral_color_is_that_of_placebo_wherever_it_stands(
    arms: list[str], seen: Callable[[Figure], list[Text]]
) -> None:
    figure = agreement_chart([row("mean", arm=arm) for arm in arms])
    colors = {text.get_text(): text.get_color() for text in seen(figure) if text.get_text() in arms}
    assert set(colors) == set(arms)
    for arm, color in colors.items():
        assert (color == readable(PALETTE[0])) == (arm == "placebo")
