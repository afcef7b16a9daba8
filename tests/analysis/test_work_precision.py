"""Work and precision of one model on the engines at hand."""

from __future__ import annotations

import numpy as np
import pytest

import immunode as im
from immunode.analysis.precision import WorkPrecision

RTOLS = (1e-4, 1e-6, 1e-8)


@pytest.fixture(scope="module")
def decay() -> im.Model:
    """One state that decays; its solution is known: N exp(-k t)."""
    return im.Model(
        name="decay",
        time_unit="day",
        states=[im.State("N", 100.0, "cell", "cells")],
        parameters=[im.Parameter("k", 0.5, "1/day", "death", source="assumed: for a test")],
        processes=[im.Process("death", "N ->", "k*N")],
        horizon=10.0,
    )


@pytest.fixture(scope="module")
def measured(decay: im.Model) -> WorkPrecision:
    return im.sweeps.work_precision(decay, ["numpy", "scipy LSODA", "numpy tsit5"], rtols=RTOLS, n=16, seconds=0.02)


def test_every_tool_has_a_row_for_every_tolerance(measured: WorkPrecision) -> None:
    table = measured.table()
    assert measured.tools == ("numpy", "scipy LSODA", "numpy tsit5")
    assert table["rtol"].tolist() == [*RTOLS] * 3
    assert (table["seconds"] > 0).all()
    assert (table["failed"] == 0).all()
    assert table.groupby("tool")["runs"].nunique().eq(1).all()  # points of a line are comparable
    assert set(table[table["tool"] == "numpy tsit5"]["method"]) == {"tsit5"}


def test_errors_fall_with_the_tolerance_and_stay_near_it(measured: WorkPrecision) -> None:
    for _, one in measured.table().groupby("tool"):
        assert (np.diff(one["error"]) < 0).all()
        # the error may be many tolerances, for it adds up over the run and weighs small values fully
        assert (one["error"] < 300 * one["rtol"]).all()


def test_the_error_is_that_from_the_closed_form(decay: im.Model) -> None:
    """|y - N exp(-k t)| / (N/1000 + N exp(-k t)), the worst over time, by a run of the same engine and tolerance."""
    one = im.sweeps.work_precision(decay, "numpy tsit5", rtols=[1e-5], space={"k": (0.4, 0.6)}, n=1, seconds=1e-3)
    k = im.sobol({"k": (0.4, 0.6)}, 1, seed=0).values[0, 0]
    run = im.simulate(decay.with_values(k=k), times=np.linspace(0, 10, 101), engine="numpy", method="tsit5", rtol=1e-5)
    exact = 100 * np.exp(-k * run.times)
    expected = np.max(np.abs(run["N"] - exact) / (0.1 + exact))
    # the reference is exact to `floor`
    assert one.points[0].error == pytest.approx(expected, abs=2 * one.floor)
    assert one.floor < 1e-9


def test_it_says_what_it_measured(measured: WorkPrecision) -> None:
    text = repr(measured)
    assert text.startswith("Work and precision of decay")
    assert "  numpy tsit5: rtol 1e-04:" in text
    assert "SciPy LSODA at rtol 1e-12" in text
    assert measured.recipe["rtols"] == [*RTOLS]
    assert "<table" in measured._repr_html_()


def test_the_figure_shows_the_table_and_remembers(measured: WorkPrecision, tmp_path: object) -> None:
    from pathlib import Path

    from immunode.plot import read_metadata, save

    figure = measured.plot(style="paper")
    drawn = {line.get_label(): line.get_xdata() for line in figure.axes[0].lines if line.get_gid() == "tool"}
    for tool, one in measured.table().groupby("tool"):
        np.testing.assert_allclose(drawn[tool], one["error"])
    kept = read_metadata(save(figure, Path(str(tmp_path)) / "a.svg"))
    assert '"work and precision"' in kept["recipe"]


def test_doses_take_part() -> None:
    model = im.load_model("kuznetsov1994")
    one = im.sweeps.work_precision(
        model, ["numpy"], rtols=[1e-5], interventions="adoptive_transfer_bolus", until=30, n=2, seconds=0.01
    )
    assert one.points[0].error < 1e-2
    assert one.recipe["model"]["interventions"] == ["adoptive_transfer_bolus"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"tools": ["compild"]}, "unknown engine 'compild'; did you mean 'compiled'"),
        ({"tools": ["scipy LSOD"]}, "unknown method 'LSOD'; did you mean 'LSODA'"),
        ({"tools": []}, "no tool to measure"),
        ({"rtols": [1e-13]}, "rtols must lie from 1e-11"),
        ({"rtols": "tight"}, "rtols must be numbers, got 'tight'"),
        ({"seconds": 0}, "seconds must be above 0, got 0"),
        ({"n": 0}, "n must be a whole number of at least 1"),
        ({"space": ["kk"]}, "nothing is called 'kk'"),
    ],
)
def test_what_can_not_be_is_told_before_anything_runs(decay: im.Model, options: dict[str, object], said: str) -> None:
    with pytest.raises(im.ImmunodeError, match=said):
        im.sweeps.work_precision(decay, **options)  # type: ignore[arg-type]


def test_a_name_is_no_model() -> None:
    with pytest.raises(im.errors.StudyError, match=r"a model .*load_model.*'decay'"):
        im.sweeps.work_precision("decay")  # type: ignore[arg-type]
