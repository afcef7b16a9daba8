"""The heat map of the atlas."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

from immunode.errors import StudyError
from immunode.plot import atlas
from immunode.plot.kit.style import contrast

NAN = float("nan")
FOLD = [[0.0, 1.2, NAN], [-6.0, NAN, NAN], [NAN, NAN, NAN]]
CHANGES = [["fold", "fold", "new"], ["fold", "gone", "zero"], ["failed"] * 3]
TEXTS = [["0", "+1.2", "new"], ["-6.0", "gone", ""], ["failed"] * 3]


def _figure(style: str = "slide") -> Figure:
    return atlas(
        FOLD, rows=["anti_tnf", "car_t", "broken"], columns=["T", "E", "Ab"], changes=CHANGES, texts=TEXTS,
        groups=["drug", "cell therapy", "cell therapy"], reasons={"broken": "unknown name 'q'"},
        meanings={"T": "tumor cells"}, measured="time average, 0 to 10 day", title="A model", style=style,
    )  # fmt: skip


def _mesh(figure: Figure) -> Any:
    return next(c for c in figure.axes[0].collections if isinstance(c, QuadMesh))


@pytest.mark.parametrize("style", ["slide", "paper"])
def test_values_words_and_reasons_are_written(
    style: str, seen: Callable[[Figure], list[Text]], drawn: Callable[[Figure], Any]
) -> None:
    figure = _figure(style)
    drawn(figure)
    words = [text.get_text() for text in seen(figure)]
    for word in ("0", "+1.2", "\N{MINUS SIGN}6.0", "new", "gone", "anti tnf", "car t", "A model"):
        assert word in words
    assert any(word.startswith("no run: ") for word in words)
    note = " ".join(" ".join(words).split())
    for told in ("time average, 0 to 10 day", "new: 0 in control", "hatched: no run", "blank: 0 in both"):
        assert told in note


def test_colors_diverge_around_no_change_and_end_at_sixteen_fold() -> None:
    mesh = _mesh(_figure())
    assert (mesh.norm.vmin, mesh.norm.vmax) == (-4.0, 4.0)
    assert contrast(to_hex(mesh.cmap(mesh.norm(0.0)))) < 1.1  # nearly white
    values = mesh.get_array()
    assert (values[0, 2], values[1, 1]) == (4.0, -4.0)  # new and gone stand at the ends
    assert bool(np.ma.getmaskarray(values)[2].all())


def test_small_changes_look_small() -> None:
    mesh = _mesh(atlas([[0.1, -0.05]], rows=["a"], columns=["x", "y"]))
    assert mesh.norm.vmax == 1.0


def test_every_cell_can_be_read() -> None:
    steps = np.linspace(-4, 4, 33)
    figure = atlas(steps[:, None], rows=[f"i{i}" for i in range(33)], columns=["x"], style="paper")
    mesh = _mesh(figure)
    cells = [text for text in figure.axes[0].texts if text.get_gid() == "cell"]
    grounds = [to_hex(mesh.cmap(mesh.norm(value))) for value in steps]
    # the better of dark and white has at least 4.1 on any ground; large text needs 3 (WCAG 2.2, 1.4.3)
    assert min(contrast(str(cell.get_color()), ground) for cell, ground in zip(cells, grounds, strict=True)) >= 4.0


def test_21_rows_fit_on_a_slide_with_text_that_can_be_read(
    seen: Callable[[Figure], list[Text]], drawn: Callable[[Figure], Any]
) -> None:
    figure = atlas(
        np.zeros((21, 5)), rows=[f"intervention_{i}" for i in range(21)], columns=list("abcde"),
        title="A title that is long enough to take two lines of a slide, as the one of immune_balance does",
    )  # fmt: skip
    drawn(figure)
    assert figure.get_figheight() == pytest.approx(7.5)
    assert min(float(text.get_fontsize()) for text in seen(figure)) >= 14
    labels = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
    assert all(upper.y0 > lower.y0 and upper.y0 >= lower.y1 - 1 for upper, lower in pairwise(labels))


@pytest.mark.parametrize("rows", [3, 33])
def test_all_rows_stand_on_a_slide_with_whole_heads(
    rows: int, seen: Callable[[Figure], list[Text]], drawn: Callable[[Figure], Any]
) -> None:
    columns = ["SLEDAI, mean of three", "anti-dsDNA", "proteinuria", "anti-inflammatory tone", "alloreactive T cells"]
    names = [f"a long-lived plasma cell beside therapy {i}" for i in range(rows)]
    figure = atlas(np.zeros((rows, 5)), rows=names, columns=columns, groups=["cell therapy"] * rows, title="A model")
    drawn(figure)
    assert figure.get_figheight() == pytest.approx(7.5)
    ax = figure.axes[0]
    assert [" ".join(t.get_text().split()) for t in ax.get_xticklabels()] == columns
    assert [" ".join(t.get_text().split()) for t in ax.get_yticklabels()] == names
    assert min(float(text.get_fontsize()) for text in seen(figure)) >= 8


def test_heads_that_find_no_room_are_turned() -> None:
    figure = atlas(np.zeros((2, 24)), rows=["a", "b"], columns=[f"immunoglobulin{i}" for i in range(24)])
    assert {round(t.get_rotation()) for t in figure.axes[0].get_xticklabels()} == {35}


def test_groups_are_parted_and_named() -> None:
    ax = _figure().axes[0]
    assert [text.get_text() for text in ax.texts if text.get_gid() == "group-label"] == ["drug", "cell therapy"]
    assert [line.get_ydata()[0] for line in ax.lines if line.get_gid() == "group"] == [1]  # type: ignore[index]


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(StudyError, match="2 rows and 1 columns"):
        atlas([[1.0, 2.0]], rows=["a", "b"], columns=["x"])
