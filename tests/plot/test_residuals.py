"""Panels of a fit's residuals: what stands where, which arm, and a normal sample on its line."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from scipy.special import ndtri

from immunode.errors import StudyError
from immunode.plot import residuals


def table(n: int = 40, observables: tuple[str, ...] = ("T", "E")) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    rows = [
        (arm, name, t, 10 + t + e, 10 + t, e)
        for name in observables
        for arm in ("control", "drug")
        for t, e in zip(np.linspace(1, 90, n // 2), rng.standard_normal(n // 2), strict=True)
    ]
    return pd.DataFrame(rows, columns=["arm", "observable", "time", "value", "prediction", "residual"])


def points(ax: Any) -> list[Any]:
    return [line for line in ax.lines if line.get_gid() == "measured"]


def test_each_observable_has_three_panels_with_every_measurement() -> None:
    given = table()
    figure = residuals(given, units={"T": "cell"}, time_unit="day")
    assert len(figure.axes) == 6
    for k, name in enumerate(("T", "E")):
        mine = given[given["observable"] == name]
        one, over, normal = figure.axes[3 * k : 3 * k + 3]
        for line, (_, arm) in zip(points(one), mine.groupby("arm"), strict=True):
            np.testing.assert_allclose(line.get_xdata(), arm["prediction"])
            np.testing.assert_allclose(line.get_ydata(), arm["value"])
        assert sum(len(line.get_xdata()) for line in points(over)) == len(mine)
        drawn = np.concatenate([line.get_ydata() for line in points(normal)])
        np.testing.assert_allclose(np.sort(drawn), np.sort(mine["residual"]))
    assert figure.axes[0].get_xlabel() == "T predicted (cells)"
    assert figure.axes[0].get_xlim() == figure.axes[0].get_ylim()


def test_residuals_that_are_normal_quantiles_lie_on_the_line() -> None:
    n = 21
    exact = ndtri((np.arange(1, n + 1) - 0.375) / (n + 0.25))
    given = pd.DataFrame(
        {"arm": "a", "observable": "x", "time": np.arange(n), "value": exact, "prediction": 0.0, "residual": exact}
    )
    (line,) = points(residuals(given).axes[2])
    np.testing.assert_allclose(line.get_xdata(), line.get_ydata(), atol=1e-12)


def test_arms_differ_in_shape_and_are_named() -> None:
    ax = residuals(table()).axes[0]
    assert len({line.get_marker() for line in points(ax)}) == 2
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["control", "drug"]


@pytest.mark.parametrize("style", ["slide", "paper", "poster"])
def test_no_text_covers_another(
    style: str, drawn: Callable[[Figure], Any], seen: Callable[[Figure], list[Text]]
) -> None:
    figure = residuals(table(), units={"T": "10^6 cell/uL"}, time_unit="day", style=style, title="How well it fits")
    drawn(figure)
    for a, b in itertools.combinations(seen(figure), 2):
        one, other = a.get_window_extent(), b.get_window_extent()
        wide = min(one.x1, other.x1) - max(one.x0, other.x0)
        high = min(one.y1, other.y1) - max(one.y0, other.y0)
        # as in test_look: a box holds room for accents and descenders
        assert min(wide, high) <= 2, f"'{a.get_text()}' and '{b.get_text()}' overlap"


def test_a_table_that_will_not_do_is_told() -> None:
    with pytest.raises(StudyError, match="no column 'residual'; did you mean 'residuals'"):
        residuals(table().rename(columns={"residual": "residuals"}))
    with pytest.raises(StudyError, match="no measurement to draw"):
        residuals(table().head(0))
