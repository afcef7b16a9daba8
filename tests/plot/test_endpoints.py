"""Distributions of endpoints by arm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from immunode.errors import StudyError
from immunode.plot import endpoints

RANDOM = np.random.default_rng(0)
MANY = RANDOM.exponential(1.0, 2001)


def medians(ax: Axes) -> list[str]:
    return [t.get_text() for t in ax.texts if t.get_gid() == "median"]


def rows(ax: Axes) -> list[str]:
    return [t.get_text() for t in ax.get_yticklabels()]


def test_each_arm_is_a_row_with_its_runs_and_failures(drawn: Callable[[Figure], Any]) -> None:
    broken = MANY.copy()
    broken[:12] = np.nan
    figure = endpoints({"x": {"control": MANY, "drug": broken}})
    drawn(figure)
    said = [" ".join(row.split()) for row in rows(figure.axes[0])]
    assert said == ["control n = 2,001", "drug n = 2,001, 12 failed"]


def test_the_median_is_written() -> None:
    ax = endpoints({"x": {"a": np.arange(101.0), "b": np.full(200, 7.5)}}).axes[0]
    assert medians(ax) == ["50", "7.5"]


def test_medians_are_in_the_unit_of_the_axis() -> None:
    ax = endpoints({"x": {"a": 1e6 * np.arange(101.0)}}, units={"x": "cell"}).axes[0]
    assert ax.get_xlabel() == "x (10⁶\N{NO-BREAK SPACE}cells)"
    assert medians(ax) == ["50"]


def test_an_endpoint_that_is_never_reached_is_not_a_failed_run() -> None:
    reached = MANY.copy()
    reached[: MANY.size // 2] = np.nan
    figure = endpoints({"time_to(x)": {"a": reached}, "final(x)": {"a": MANY}})
    assert "failed" not in rows(figure.axes[0])[0]
    assert medians(figure.axes[0])[0].endswith("(50 % no value)")


def test_a_density_ends_where_the_runs_end() -> None:
    """A kernel would smear an exponential distribution below zero."""
    ax = endpoints({"x": {"a": 0.2 + MANY}}).axes[0]
    curve: Any = ax.collections[0].get_paths()[0].vertices
    drawn_high = curve[curve[:, 1] < -0.06]
    step = np.diff(ax.get_xlim())[0] / 256
    assert drawn_high[:, 0].min() >= 0.2 + MANY.min() - 2 * step


def test_few_runs_are_drawn_one_by_one() -> None:
    ax = endpoints({"x": {"a": np.arange(20.0)}}).axes[0]
    points: Any = ax.lines[0].get_xdata()
    assert sorted(points) == list(range(20))


def test_endpoints_have_their_own_axes_units_and_scales() -> None:
    figure = endpoints(
        {"auc(tnf)": {"a": MANY}, "peak(T)": {"a": np.exp(9 * MANY)}},
        units={"auc(tnf)": "pg*day/mL", "peak(T)": "cell"},
        log=["peak(T)"],
    )  # fmt: skip
    assert [ax.get_xlabel() for ax in figure.axes] == ["auc(tnf) (pg·day/mL)", "peak(T) (cells)"]
    assert [ax.get_xscale() for ax in figure.axes] == ["linear", "log"]


@pytest.mark.parametrize("values", [[], [np.nan] * 5, [3.0], [0.0] * 100])
def test_arms_with_next_to_nothing_are_drawn(values: list[float], drawn: Callable[[Figure], Any]) -> None:
    figure = endpoints({"x": {"a": values, "b": MANY}})
    drawn(figure)
    assert len(medians(figure.axes[0])) == 2
    drawn(endpoints({"x": {"a": values}}, log=True))


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ({}, {}, "nothing to draw"),
        ({"x": np.zeros(3)}, {}, "'x': pass {arm: values}, not ndarray"),
        ({"x": {"a": np.zeros((2, 2))}}, {}, r"'x', arm 'a': values of shape \(2, 2\)"),
        ({"peak(T)": {"a": MANY}}, {"log": "peak(t)"}, r"unknown endpoint 'peak\(t\)'; did you mean 'peak\(T\)'"),
    ],
)
def test_mistakes_are_named(values: Any, options: Any, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        endpoints(values, **options)
