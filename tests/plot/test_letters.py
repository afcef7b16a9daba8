"""Letters of panels: one each, clear of everything, written anew by a second call."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from immunode.errors import StudyError
from immunode.plot import courses, heat, letters

T = np.linspace(0, 10, 11)


def written(figure: Figure) -> list[str]:
    return [text.get_text() for ax in figure.axes for text in ax.texts if text.get_gid() == "letter"]


def two(style: str) -> Figure:
    series = {name: {"control": T, "drug": 10 - T} for name in ("x", "y")}
    names = {"x": "what the first panel is about", "y": "the second"}
    return courses(T, series, labels=names, doses={"drug": [1, 4]}, time_unit="day", style=style)


@pytest.mark.parametrize("style", ["paper", "slide", "dark"])
def test_every_panel_has_its_letter_clear_of_all_texts(
    style: str, drawn: Callable[[Figure], Any], seen: Callable[[Figure], list[Text]]
) -> None:
    figure = letters(two(style))
    drawn(figure)
    assert written(figure) == ["a", "b"]
    for a, b in itertools.combinations(seen(figure), 2):
        if "letter" in (a.get_gid(), b.get_gid()):
            assert not a.get_window_extent().overlaps(b.get_window_extent()), (a.get_text(), b.get_text())
    page = figure.bbox
    for text in seen(figure):
        box = text.get_window_extent()
        assert box.x0 >= page.x0 - 1
        assert box.y1 <= page.y1 + 1


def test_letters_are_written_anew_not_twice() -> None:
    figure = two("paper")
    assert written(letters(letters(figure), first="C")) == ["C", "D"]


def test_a_color_bar_is_no_panel() -> None:
    figure = letters(heat([0, 1], [0, 1], np.eye(2), x_label="x", y_label="y", z_label="z"))
    assert written(figure) == ["a"]


def test_a_figure_of_your_own_gets_them_too() -> None:
    figure = Figure()
    first, second = figure.subplots(1, 2)
    assert written(letters(figure, axes=[second])) == ["a"]
    assert not first.texts


@pytest.mark.parametrize(
    ("first", "said"), [("1", "must be one letter"), ("ab", "one letter"), ("z", "more than there")]
)
def test_what_is_no_letter_is_told(first: str, said: str) -> None:
    with pytest.raises(StudyError, match=said):
        letters(two("paper"), first=first)
