"""The change from baseline: what a trial reports."""

from __future__ import annotations

import numpy as np
import pytest

from immunode.errors import StudyError
from immunode.model import Model, Parameter, Process, State
from immunode.study import change, endpoint, percent_change, sweep

FADING = Model(
    name="fading",
    time_unit="day",
    horizon=20.0,
    states=[State("x", "x0", "mg")],
    parameters=[Parameter("x0", 8.0, "mg", source="test"), Parameter("k", 0.1, "1/day", source="test")],
    processes=[Process("loss", "x ->", "k*x")],
)


@pytest.mark.parametrize("engine", ["scipy", "numpy", "compiled"])
@pytest.mark.parametrize("times", [None, [5.0, 20.0]])
def test_changes_are_those_of_the_closed_form(engine: str, times: list[float] | None) -> None:
    """Also where the output grid does not begin at 0."""
    asked = [change("x", 10), percent_change("x", "1 week"), "at(x, 10)"]
    out = sweep(FADING, n=16, seed=1, endpoints=asked, times=times, until=20, engine=engine, rtol=1e-9)
    table = out.table()
    fell = np.exp(-table.k * 10)
    np.testing.assert_allclose(table["change(x, 10)"], table.x0 * (fell - 1), rtol=1e-6)
    np.testing.assert_allclose(table["percent_change(x, 1 week)"], 100 * (np.exp(-table.k * 7) - 1), rtol=1e-6)
    assert out.units["change(x, 10)"] == "mg"
    assert out.units["percent_change(x, 1 week)"] == "percent"


def test_they_read_as_they_are_written() -> None:
    assert endpoint("change(x, 24 weeks)") == change("x", "24 weeks")
    assert endpoint("percent_change( x , 7)") == percent_change("x", 7)


def test_a_time_is_needed() -> None:
    with pytest.raises(StudyError, match="change needs a time"):
        endpoint("change(x)")


def test_a_part_of_nothing_is_no_number() -> None:
    out = sweep(FADING.with_values(x0=0.0), n=4, endpoints=["percent_change(x, 7)"])
    assert not np.isfinite(out.table()["percent_change(x, 7)"]).any()
