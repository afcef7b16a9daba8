"""Order and gap, as curves and as a map."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from immunode.errors import StudyError
from immunode.plot.charts.analysis.sequence_map import gap_curves, order_map

GAPS = np.array([0.0, 2.0, 5.0])
VALUES = np.array([[63.0, 63.5, np.nan], [43.0, 46.0, 49.0]])
LABELS: dict[str, Any] = {"orders": ["a, then b", "b, then a"], "label": "auc(T)", "x_unit": "day"}
STYLES = pytest.mark.parametrize("style", ["slide", "paper"])


@STYLES
def test_curves_have_one_line_an_order_and_their_references(style: str) -> None:
    figure = gap_curves(GAPS, VALUES[:, :, None], references={"control": 70.0, "a": np.nan}, style=style, **LABELS)
    figure.canvas.draw()
    lines = [line for line in figure.axes[0].lines if line.get_gid() == "order"]
    np.testing.assert_allclose(np.asarray(lines[0].get_ydata()), [63, 63.5])  # a run that failed is left out
    np.testing.assert_allclose(np.asarray(lines[1].get_ydata()), VALUES[1])
    texts = {" ".join(t.get_text().split()) for t in figure.axes[0].texts}
    assert texts == {"a, then b", "b, then a", "control"}


@STYLES
def test_a_map_writes_every_value(style: str) -> None:
    figure = order_map(GAPS, VALUES, style=style, **LABELS)
    figure.canvas.draw()
    assert [t.get_text() for t in figure.axes[0].texts] == ["63", "63.5", "43", "46", "49"]


def test_shapes_that_do_not_fit_and_maps_without_values_are_refused() -> None:
    with pytest.raises(StudyError, match="for 2 orders and 3 gaps"):
        order_map(GAPS, VALUES[:, :2], **LABELS)
    with pytest.raises(StudyError, match="for 2 orders and 3 gaps"):
        gap_curves(GAPS, VALUES, **LABELS)
    with pytest.raises(StudyError, match="no run has a value"):
        order_map(GAPS, np.full((2, 3), np.nan), **LABELS)
