from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from immunode.errors import StudyError
from immunode.plot.charts.analysis.bifurcation_diagram import bifurcation

X = np.linspace(0.0, 2.0, 41)
STABLE = X < 1.0


def test_stable_is_solid_unstable_dashed_and_both_meet() -> None:
    figure = bifurcation([(X, X**2, STABLE)], x_label="k", y_label="T")
    lines = {line.get_gid(): line for line in figure.axes[0].lines}
    assert lines["stable"].get_linestyle() == "-"
    assert lines["unstable"].get_linestyle() == "--"
    assert lines["stable"].get_xdata()[-1] == lines["unstable"].get_xdata()[0]  # type: ignore[index]


@pytest.mark.parametrize("style", ["slide", "paper"])
def test_names_of_points_cover_no_other_name(style: str, drawn: Callable[[Figure], Any]) -> None:
    points = [("fold", 0.5, 0.25), ("Hopf", 0.52, 0.27), ("transcritical", 1.5, 2.2)]
    figure = bifurcation([(X, X**2, STABLE)], points=points, x_label="k", y_label="T", style=style)
    renderer = drawn(figure)
    texts = [t for t in figure.axes[0].texts if isinstance(t, Annotation) and t.get_gid() == "name"]
    boxes = [t.get_bbox_patch().get_window_extent(renderer) for t in texts]  # type: ignore[union-attr]
    assert len(boxes) == 3
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_nothing_to_draw_is_an_error() -> None:
    with pytest.raises(StudyError, match="nothing to draw"):
        bifurcation([], x_label="k", y_label="T")
    with pytest.raises(StudyError, match="no branch leads away from k = 1"):
        bifurcation([(np.ones(1), np.ones(1), np.ones(1, bool))], x_label="k", y_label="T")
