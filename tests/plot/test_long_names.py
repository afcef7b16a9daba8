"""Names of 90 letters leave the axes their room, wherever in a figure they stand."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from immunode import plot

T = np.linspace(0, 10, 11)


def name(i: int) -> str:
    return (f"state_{i}_" + "bound_to_receptor_" * 9)[:90]


TWO = {"a": T, "b": 2 * T}
NAMES = [name(0), name(1), name(2)]

CHARTS: dict[str, Callable[[str], Figure]] = {
    "title": lambda style: plot.courses(T, {"x": TWO}, title=name(0), style=style),
    "quantity": lambda style: plot.courses(T, {name(0): TWO}, style=style),
    "window": lambda style: plot.courses(T, {"x": TWO}, windows={name(0): [(1, 2)]}, style=style),
    "arms": lambda style: plot.courses(T, {"x": {n: T * i for i, n in enumerate(NAMES)}}, style=style),
    "inputs of a tornado": lambda style: plot.tornado(
        1.0, [0.5] * 3, [2.0] * 3, names=NAMES, ends=[(1, 2)] * 3, units=["1/day"] * 3, label=name(3), style=style
    ),
    "rows and columns of an atlas": lambda style: plot.atlas(
        np.ones((3, 2)), rows=NAMES, columns=NAMES[:2], groups=[name(3), name(3), name(4)], title=name(5), style=style
    ),
    "endpoints": lambda style: plot.endpoints({name(0): TWO}, style=style),
    "states of a phase plane": lambda style: plot.bifurcation(
        [(T, T**2, T > 3)], x_label=name(0), y_label=name(1), title=name(2), style=style
    ),
    "rows of a timeline": lambda style: plot.timeline(
        [plot.Lane(n, times=T, level=T / 10) for n in NAMES], T, {"x": TWO}, style=style
    ),
}


@pytest.mark.sampled
@pytest.mark.parametrize("style", ["slide", "paper"])
@pytest.mark.parametrize("chart", CHARTS)
def test_axes_keep_a_quarter_of_the_page(chart: str, style: str, drawn: Callable[[Figure], Any]) -> None:
    figure = CHARTS[chart](style)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns where no room is left for axes
        drawn(figure)
    assert min(ax.get_position().width for ax in figure.axes if ax.get_label() != "<colorbar>") > 0.25
