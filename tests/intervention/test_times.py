from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immunode.errors import DoseError
from immunode.intervention.times import DAYS, in_days, number_text, tidy_time, words
from immunode.model import Model
from immunode.model.units import parse_time


@pytest.mark.parametrize(
    ("text", "tidy"),
    [("2 weeks", "2 week"), ("12h", "12 hour"), ("0.5 d", "0.5 day"), ("30 min", "30 minute"), ("7", 7.0), (3, 3.0)],
)
def test_times_have_one_spelling(text: str | float, tidy: str | float) -> None:
    assert tidy_time(text, "x") == tidy
    assert tidy_time(tidy, "x") == tidy


@pytest.mark.parametrize("unit", sorted(DAYS))
def test_the_table_of_days_agrees_with_the_units_of_models(unit: str) -> None:
    assert in_days(f"1 {unit}") == pytest.approx(parse_time(f"1 {unit}", Model(name="m", time_unit="day")), rel=1e-15)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_read_back_as_themselves(value: float) -> None:
    assert float(number_text(value)) == value


def test_times_are_said_in_words() -> None:
    assert [words(t) for t in ("1 week", "2 week", 3.5)] == ["1 week", "2 weeks", "3.5"]


def test_infinite_times_are_refused() -> None:
    with pytest.raises(DoseError, match="start: the time '1e999 days' is not finite"):
        tidy_time("1e999 days", "start")
