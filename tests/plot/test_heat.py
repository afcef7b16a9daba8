"""Heat maps of endpoints over two parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from immunode.errors import StudyError
from immunode.plot import heat
from immunode.plot.charts.heat_map import edges, to_cells

X, Y = np.geomspace(0.01, 10, 7), np.linspace(0, 1, 5)
Z = X * (1 + Y[:, None])
NAMES: dict[str, Any] = {"x_label": "k", "y_label": "strength", "z_label": "auc(tnf)"}


def test_a_grid_may_come_as_a_matrix_or_run_by_run_in_any_order() -> None:
    order = np.random.default_rng(0).permutation(Z.size)
    x, y = (v.ravel()[order] for v in np.meshgrid(X, Y))
    matrix, runs = to_cells(X, Y, Z), to_cells(x, y, Z.ravel()[order])
    assert matrix.regular
    assert runs.regular
    np.testing.assert_array_equal(runs.z, Z)
    np.testing.assert_array_equal(matrix.z, Z)
    assert (runs.x_log, runs.y_log) == (True, False)


def test_cells_hold_the_median_of_their_runs() -> None:
    random = np.random.default_rng(1)
    x, y, z = 10 ** random.uniform(-2, 1, 500), random.uniform(3, 5, 500), random.normal(size=500)
    cells = to_cells(x, y, z, bins=6)
    assert (cells.x_log, cells.y_log) == (True, False)
    i = np.clip(np.searchsorted(edges(cells.x, True), x) - 1, 0, 5)
    j = np.clip(np.searchsorted(edges(cells.y, False), y) - 1, 0, 5)
    expected: Any = pd.Series(z).groupby([j, i]).median()
    for cell, value in expected.items():
        assert cells.z[cell] == pytest.approx(value, rel=1e-12)  # the mean of two middle values, either way


def test_failed_cells_are_hatched_and_empty_ones_are_not() -> None:
    x, y = (v.ravel() for v in np.meshgrid(np.arange(6.0), np.arange(6.0)))
    z = np.where((x == 5) & (y > 3), np.nan, x)
    kept = ~((x == 0) & (y == 0))
    figure = heat(x[kept], y[kept], z[kept], bins=6, **NAMES)
    hatched: list[Any] = [p for p in figure.axes[0].patches if p.get_gid() == "failed"]
    assert [(p.get_x(), p.get_y()) for p in hatched] == [(4.5, 3.5), (4.5, 4.5)]
    assert all(p.get_hatch() for p in hatched)
    assert figure._supxlabel.get_text() == (  # type: ignore[attr-defined]
        "hatched: every run failed; color: median of the runs in a cell; gray: no runs"
    )


def test_axes_and_color_bar_have_units_and_scales() -> None:
    figure = heat(X, Y, 1e5 * Z, x_unit="ug/mL", z_unit="pg*day/mL", **NAMES)
    ax, bar = figure.axes
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "linear")
    assert ax.get_xlabel() == "k (µg/mL)"
    assert ax.get_ylabel() == "strength"
    assert bar.get_ylabel() == "auc(tnf) (10⁶\N{NO-BREAK SPACE}pg·day/mL)"


def test_contours_carry_values_in_the_unit_of_the_bar(drawn: Callable[[Figure], Any]) -> None:
    figure = heat(X, Y, 1e5 * Z, **NAMES)
    drawn(figure)
    values = {float(t.get_text()) for t in figure.axes[0].texts}
    assert values
    assert values <= {0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75}
    assert not heat(X, Y, Z, contours=False, **NAMES).axes[0].texts


def test_the_map_is_even_in_lightness() -> None:
    """Equal steps of the endpoint are nearly equal steps of L*: viridis is even in CAM02-UCS, not quite in L*."""
    from matplotlib.colors import to_hex

    from immunode.plot.kit.style import luminance

    mesh = heat(X, Y, Z, **NAMES).axes[0].collections[0]
    shades = np.array([luminance(to_hex(c)) for c in mesh.get_cmap()(np.linspace(0, 1, 20))])
    lightness = 116 * np.cbrt(shades) - 16
    straight = np.linspace(lightness[0], lightness[-1], 20)
    assert np.max(np.abs(lightness - straight)) < 0.1 * (lightness[-1] - lightness[0])


def test_differences_are_neutral_at_their_center() -> None:
    mesh = heat(X, Y, Z - 2, center=0, **NAMES).axes[0].collections[0]
    red, green, blue, _ = mesh.to_rgba(np.array([0.0]))[0]
    assert max(red, green, blue) - min(red, green, blue) < 0.02


@given(st.lists(st.floats(0.1, 100), min_size=1, max_size=9, unique=True), st.booleans())
def test_borders_hold_their_centers(centers: list[float], log: bool) -> None:
    mid = np.sort(np.array(centers))
    border = edges(mid, log)
    assert border.shape == (mid.size + 1,)
    near = 1e-12 * mid  # round-off of exp(log(x))
    assert np.all((border[:-1] <= mid + near) & (mid - near <= border[1:]))


@pytest.mark.parametrize("z", [np.full((5, 7), 3.0), np.full((5, 7), np.nan), np.zeros((5, 7))])
def test_flat_and_failed_maps_are_drawn(z: Any, drawn: Callable[[Figure], Any]) -> None:
    for z_log in (False, True):
        figure = heat(X, Y, z, z_log=z_log, **NAMES)
        drawn(figure)
        mesh = figure.axes[0].collections[0]
        assert mesh.norm.vmin < mesh.norm.vmax


@pytest.mark.parametrize(
    ("x", "y", "z", "message"),
    [
        (X, Y, Z.T, r"z of shape \(7, 5\) for x of shape \(7,\) and y of shape \(5,\)"),
        (X, Y, X, "give a grid"),
        ([np.nan], [1.0], [1.0], "no run has finite values of both"),
    ],
)
def test_mistakes_are_named(x: Any, y: Any, z: Any, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        heat(x, y, z, **NAMES)
