"""Equations as a picture."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from matplotlib.figure import Figure

from immunode.errors import StudyError
from immunode.plot import equations


def test_each_equation_is_set_and_inside_the_page(drawn: Callable[[Figure], Any]) -> None:
    figure = equations([r"\frac{dE}{dt} = s", "$x^2$", r"\nosuchcommand{x}"], title="A model")
    drawn(figure)
    assert [t.get_text() for t in figure.texts] == ["A model", r"$\dfrac{dE}{dt} = s$", "$x^2$", r"\nosuchcommand{x}"]
    boxes = [t.get_window_extent() for t in figure.texts]
    assert all(box.x1 <= figure.bbox.x1 and box.y0 >= 0 for box in boxes)
    assert all(above.y0 > below.y1 for above, below in pairwise(boxes))


def test_long_equations_widen_the_page_instead_of_shrinking_below_14_points() -> None:
    figure = equations([" + ".join(["k_1 x"] * 60)])
    assert float(figure.texts[0].get_fontsize()) >= 14
    assert figure.get_figwidth() > 13.4


def test_nothing_to_set_is_an_error() -> None:
    with pytest.raises(StudyError, match="nothing to draw"):
        equations(["", " $$ "])


def test_symbols_are_explained_below_the_equations() -> None:
    figure = equations([r"\frac{dT}{dt} = aT"], meanings={"T": "tumor cells", "a": "growth"}, title="tumor")
    assert [text.get_text() for text in figure.texts if text.get_gid() == "key"] == ["T: tumor cells; a: growth"]
    assert not [text for text in equations(["x = 1"]).texts if text.get_gid() == "key"]
