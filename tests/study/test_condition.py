"""Conditions on rows read the names of endpoints as a table writes them."""

from __future__ import annotations

import numpy as np
import pytest

from immunode.errors import StudyError
from immunode.study.result.row_condition import endpoints_in, rows_that

COLUMNS = {
    "final(T)": np.array([1.0, 5.0, np.nan, 9.0]),
    "at(T, 24 weeks)": np.array([2.0, 5.0, 1.0, 1.0]),
    "time_to(T > 3)": np.array([np.inf, 1.0, 2.0, 3.0]),
    "drug.dose": np.array([10.0, 20.0, 30.0, 40.0]),
}


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        ("final(T) > 2", [False, True, False, True]),
        ("final(T) >= at(T,24 weeks)", [False, True, False, True]),
        ("final(T)/at(T, 24 weeks) < 0.7 or drug.dose > 35", [True, False, False, True]),
        ("time_to(T > 3) < 2.5", [False, True, True, False]),
        ("not final(T) > 2", [True, False, False, False]),
    ],
)
def test_rows(condition: str, rows: list[bool]) -> None:
    """A row without a value is never among them, not even under `not`."""
    assert rows_that(condition, COLUMNS).tolist() == rows


def test_endpoints_are_found_in_a_condition() -> None:
    assert endpoints_in("time_to(T > 2*(a + b)) < 3 and final(T) < 0.5*at(T, 0)") == (
        "time_to(T > 2*(a + b))", "final(T)", "at(T, 0)",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("peak(T) > 1", r"no column 'peak\(T\)'.*endpoints=\['peak\(T\)'\]"),
        ("drug.dos > 1", "no column 'drug.dos'; did you mean 'drug.dose'"),
        ("final(T)", "needs a condition"),
        ("final(T) > > 1", "responder 'final"),
        ("", "is needed"),
    ],
)
def test_what_can_not_be_read_is_said(condition: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        rows_that(condition, COLUMNS, what="responder")
