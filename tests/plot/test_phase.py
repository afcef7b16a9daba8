from __future__ import annotations

import numpy as np

from immunode.plot.charts.analysis.phase import phase_plane

GRID = np.linspace(-1.0, 1.0, 21)


def test_nullclines_and_steady_states_are_where_they_are_by_hand() -> None:
    x, y = np.meshgrid(GRID, GRID)
    figure = phase_plane(GRID, GRID, (y - x, -y), fixed=[(0.0, 0.0, "stable node")], x_label="x", y_label="y")
    ax = figure.axes[0]
    marks = [line for line in ax.lines if line.get_gid() == "fixed"]
    assert [(m.get_xdata()[0], m.get_ydata()[0]) for m in marks] == [(0.0, 0.0)]  # type: ignore[index]
    first = next(c for c in ax.collections if hasattr(c, "levels"))
    path = np.concatenate([p.vertices for p in first.get_paths()])
    assert np.allclose(path[:, 0], path[:, 1], atol=1e-9)


def test_a_state_outside_the_plane_is_not_drawn() -> None:
    x, y = np.meshgrid(GRID, GRID)
    figure = phase_plane(GRID, GRID, (y - x, -y), fixed=[(5.0, 0.0, "saddle")], x_label="x", y_label="y")
    assert not [line for line in figure.axes[0].lines if line.get_gid() == "fixed"]
