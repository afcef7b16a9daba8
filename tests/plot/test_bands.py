"""Quantile bands of sweeps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from immunode.errors import StudyError
from immunode.plot import bands
from immunode.plot.charts.quantile_bands import LEVELS, band_note

T = np.linspace(0, 10, 21)


def skewed(scale: float = 1.0) -> Any:
    """Return quantiles of a lognormal distribution so wide that mean - 2 SD lies below zero."""
    runs = scale * np.exp(np.random.default_rng(0).normal(0, 1, (400, 1))) * (1 + 0 * T)
    assert runs.mean() - 2 * runs.std() < 0
    return np.quantile(runs, LEVELS, axis=0)


def polygons(ax: Any) -> list[Any]:
    return [c.get_paths()[0].vertices for c in ax.collections if c.get_gid() == "band"]


def test_bands_never_reach_below_what_occurred() -> None:
    quantiles = skewed()
    ax = bands(T, {"a": quantiles}).axes[0]
    assert min(p[:, 1].min() for p in polygons(ax)) == quantiles[0].min() > 0
    assert max(p[:, 1].max() for p in polygons(ax)) == quantiles[-1].max()
    assert ax.get_ylim()[0] == 0


def test_the_line_is_the_median() -> None:
    ax = bands(T, {"a": skewed()}).axes[0]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), skewed()[2])


def test_up_to_two_arms_share_a_panel_and_more_get_their_own() -> None:
    assert len(bands(T, {"a": skewed(), "b": skewed(2)}).axes) == 1
    apart = bands(T, {"a": skewed(), "b": skewed(2), "c": skewed(3)})
    assert [ax.get_title(loc="left") for ax in apart.axes] == ["a", "b", "c"]
    assert len({ax.get_ylim() for ax in apart.axes}) == 1
    for ax in apart.axes[1:]:
        (dashed,) = [line for line in ax.lines if line.get_gid() == "reference"]
        np.testing.assert_array_equal(dashed.get_ydata(), skewed()[2])
    assert len(bands(T, {"a": skewed(), "b": skewed(2), "c": skewed(3)}, together=True).axes) == 1


def test_doses_of_an_arm_stay_in_its_panel() -> None:
    figure = bands(T, {"a": skewed(), "b": skewed(2), "c": skewed(3)}, doses={"b": [1, 2]}, windows={"flu": [(1, 2)]})
    rows = [[line.get_gid() for line in ax.lines if line.get_gid() in ("doses", "window")] for ax in figure.axes]
    assert rows == [["window"], ["doses", "window"], ["window"]]


def test_the_note_says_what_bands_are() -> None:
    figure = bands(T, {"a": skewed()}, counts={"a": 10000})
    assert figure._supxlabel.get_text() == "line: median; bands: 25–75 % and 5–95 % of 10,000 runs"  # type: ignore[attr-defined]
    assert band_note((0.5,), {}, ["a"]) == "line: median"
    assert band_note((0.1, 0.5, 0.9), {"a": 9, "b": 10}, ["a", "b"]).endswith("10–90 % of 9 to 10 runs an arm")


def test_a_log_axis_takes_quantiles_of_zero() -> None:
    quantiles = skewed()
    quantiles[0] = 0
    ax = bands(T, {"a": quantiles}, log=True).axes[0]
    assert ax.get_yscale() == "log"
    assert all(np.isfinite(p).all() and (p[:, 1] > 0).all() for p in polygons(ax))


@pytest.mark.parametrize(
    ("quantiles", "levels", "message"),
    [
        ({}, LEVELS, "no arm"),
        ({"a": np.zeros((4, 21))}, LEVELS, r"shape \(4, 21\); 5 levels and times of shape \(21,\) need \(5, 21\)"),
        ({"a": skewed()}, (0.1, 0.25, 0.5, 0.75, 0.95), "symmetric around 0.5"),
        ({"a": skewed()[::-1]}, LEVELS, "a higher quantile lies below a lower one"),
    ],
)
def test_mistakes_are_named(quantiles: Any, levels: Any, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        bands(T, quantiles, levels)


def test_a_long_name_of_the_quantity_stands_once_below_and_not_above_every_panel() -> None:
    table = {arm: np.ones((3, 5)) for arm in ("control", "a", "b", "c", "d", "e")}
    name = "pro-inflammatory cytokine in the joint"
    figure = bands(np.arange(5.0), table, (0.05, 0.5, 0.95), quantity=name)
    assert [ax.get_title(loc="left") for ax in figure.axes] == list(table)
    assert figure.get_supxlabel().startswith(name)


@pytest.mark.parametrize(("last", "shape"), [("sarilumab 200 mg q2w", (1, 5)), ("immunosuppression by cells", (2, 3))])
def test_five_arms_stand_in_one_row_where_their_names_fit(last: str, shape: tuple[int, int]) -> None:
    """Five in two rows leave one place empty; in narrow panels no word of a name may be cut."""
    arms = ["control", "a", "b", "c", last]
    figure = bands(T, {arm: skewed() for arm in arms})
    spec = figure.axes[0].get_subplotspec()
    assert spec is not None
    assert spec.get_gridspec().get_geometry() == shape
    assert figure.axes[-1].get_title(loc="left").split() == last.split()


def test_a_median_below_the_axis_is_said() -> None:
    """An infection that takes hold in fewer than half of the runs has bands, and a line that is not on the axis."""
    seen = skewed(100)
    rare = seen * np.array([1e-9, 1e-9, 1e-9, 1, 1])[:, None]
    assert "no line: median below" in bands(T, {"a": seen, "b": rare}, log=True)._supxlabel.get_text()
    assert "no line" not in bands(T, {"a": seen, "b": 2 * seen}, log=True)._supxlabel.get_text()
