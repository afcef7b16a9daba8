"""Bars, maps, planes, convergence and shares of a sensitivity analysis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from immunode.errors import StudyError
from immunode.plot.charts.analysis.sensitivity import (
    evidence_shares,
    morris_plane,
    sensitivity_bars,
    sensitivity_convergence,
    sensitivity_heat,
)
from immunode.plot.kit.named_rows import with_room

STYLES = pytest.mark.parametrize("style", ["slide", "paper"])
NAMES = ["growth_of_the_tumor", "k", "anti_pdl1.strength"]


@STYLES
def test_bars_are_as_long_as_their_values_and_stand_in_order(style: str) -> None:
    figure = sensitivity_bars({"S1": [0.5, 0.2, 0.0], "ST": [0.6, 0.4, 0.1]}, names=NAMES, style=style,
                  low={"ST": [0.5, 0.3, 0.0]}, high={"ST": [0.7, 0.5, 0.2]})  # fmt: skip
    figure.canvas.draw()
    widths = sorted(p.get_width() for c in figure.axes[0].containers for p in c)
    np.testing.assert_allclose(widths, [0, 0.1, 0.2, 0.4, 0.5, 0.6])
    bottom, top = figure.axes[0].get_ylim()
    assert bottom > top  # the first name is on top
    assert figure.axes[0].get_xlim()[1] > 0.7  # intervals are inside


def test_what_raises_and_what_lowers_have_colors_of_their_own() -> None:
    figure = sensitivity_bars({"prcc": [0.5, -0.4, 0.1]}, names=NAMES)
    colors = [p.get_facecolor() for c in figure.axes[0].containers for p in c]
    assert colors[0] == colors[2] != colors[1]


@STYLES
def test_a_map_writes_its_values_and_leaves_what_is_not_known_blank(style: str) -> None:
    z = [[1.0, np.nan], [-0.5, 0.25], [0.001, 0.0]]
    figure = sensitivity_heat(z, rows=NAMES, columns=["auc(TNF), control", "final(damage), anti_tnf"], measure="m",
                         signed=True, style=style)  # fmt: skip
    figure.canvas.draw()
    cells = [t.get_text() for t in figure.axes[0].texts if t.get_gid() == "cell"]
    assert cells == ["1.00", "−0.50", "0.25"]
    with pytest.raises(StudyError, match="values of shape"):
        sensitivity_heat(z, rows=NAMES, columns=["one"], measure="m")


def test_columns_of_different_units_are_divided_by_their_largest() -> None:
    figure = sensitivity_heat(
        [[100.0, 2.0], [50.0, 1.0]], rows=NAMES[:2], columns=["a", "b"], measure="m", relative=True
    )
    assert [t.get_text() for t in figure.axes[0].texts] == ["1.00", "1.00", "0.50", "0.50"]


@STYLES
def test_names_in_a_plane_do_not_cover_each_other(style: str, drawn: Callable[[Figure], Any]) -> None:
    rng = np.random.default_rng(0)
    size = np.sort(rng.gamma(0.5, 2, 12))[::-1]
    figure = morris_plane(size, size * rng.uniform(0.2, 1.5, 12), names=[f"name_{i}" for i in range(12)], style=style)
    renderer = drawn(figure)
    texts = [t for t in figure.axes[0].texts if isinstance(t, Annotation) and t.get_gid() == "name"]
    boxes = [t.get_bbox_patch().get_window_extent(renderer) for t in texts]  # type: ignore[union-attr]
    assert len(boxes) == 12
    assert not [1 for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]
    with pytest.raises(StudyError, match="no input has an effect"):
        morris_plane([np.nan], [np.nan], names=["a"])


def test_lines_of_convergence_have_their_names_at_the_end() -> None:
    figure = sensitivity_convergence(
        [16, 32, 64], np.array([[0.2, 0.5], [0.3, 0.45], [0.35, 0.4]]), names=["a", "b"], measure="ST"
    )
    figure.canvas.draw()
    assert {t.get_text() for t in figure.axes[0].texts} == {"a", "b"}
    assert [t.get_text() for t in figure.axes[0].get_xticklabels()] == ["16", "32", "64"]


@STYLES
def test_shares_fill_the_whole_and_what_is_joint_is_hatched(style: str) -> None:
    figure = evidence_shares(
        [[0.3, 0.5], [0.8, 0.4]], rows=["a", "b"], kinds=["measured", "assumed"], counts=[2, 9], style=style
    )
    figure.canvas.draw()
    containers = figure.axes[0].containers
    ends = np.sum([[p.get_width() for p in c] for c in containers], axis=0)
    np.testing.assert_allclose(ends, 1)
    joint = [p.get_width() for p in containers[-1]]
    np.testing.assert_allclose(joint, [0.2, 0], atol=1e-12)


def test_an_axis_leaves_room_for_texts_beside_its_bars() -> None:
    low, high = with_room([-10.0, 5.0], ["−10"], ["+5"], 300.0, 10.0)
    assert low < -10
    assert high > 5
    point = (high - low) / 300
    assert (-10 - low) / point > 10  # at least the size of a letter


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(StudyError, match="nothing to draw"):
        sensitivity_bars({"S1": []}, names=[])
