"""What an intervention is expected to do, and when."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from immunode.errors import ModelError, UnitError
from immunode.intervention import Intervention, card, perturb, scale
from immunode.intervention.expected_changes import Expected, expected
from immunode.model import Model, Parameter, Process, State


@pytest.mark.parametrize(
    ("text", "read", "written"),
    [
        ("down", Expected("down"), "down"),
        ("up at its peak", Expected("up", "peak"), "up at its peak"),
        ("down at its lowest", Expected("down", "trough"), "down at its lowest"),
        ("unchanged on average", Expected("unchanged", "mean"), "unchanged on average"),
        (" down  at the end", Expected("down", "final"), "down at the end"),
        ("down at 24 wk", Expected("down", "time", "24 week"), "down at 24 weeks"),
        ("down at 1 week", Expected("down", "time", "1 week"), "down at 1 week"),
        ("up at 0.123456789 h", Expected("up", "time", "0.123456789 hour"), "up at 0.123456789 hours"),
        ("up at 12", Expected("up", "time", 12.0), "up at 12"),
    ],
)
def test_a_text_says_sign_and_moment(text: str, read: Expected, written: str) -> None:
    assert expected(text) == read
    assert str(read) == written
    assert expected(written) == read


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dwn at its peak", "did you mean 'down'"),
        ("down at peak", "did you mean 'down at its peak'"),
        ("up at the maximum", "did you mean 'up at its peak'"),
        ("down at its nadir", "did you mean 'down at its lowest'"),
        ("down in the mean", "did you mean 'down on average'"),
        ("down finally", "did you mean 'down at the end'"),
        ("down after 24 weeks", "did you mean 'down at 24 weeks'"),
        ("down at 6 months", "months differ in length; use weeks or days"),
        ("down at -3 days", "before the start"),
        ("down at 3 parsecs", "unknown unit of time 'parsecs'"),
        ("down soon", "write 'down', 'down at its peak', .* or 'down at 24 weeks'"),
        (3, "known: 'up', 'down', 'unchanged'"),
    ],
)
def test_a_slip_is_answered_with_the_nearest_wording(text: str, message: str) -> None:
    with pytest.raises(ModelError, match=rf"'a' expects 'x' to go .*{message}"):
        Intervention("a", scale("k", 2), expects={"x": text})


def test_a_model_keeps_the_text(toy: Callable[..., Model]) -> None:
    it = Intervention("a", scale("k", 2), expects={"x": "down at 2 wk"}, source="assumed: a test")
    assert it.expects == (("x", "down at 2 weeks"),)
    model = toy(time_unit="day", interventions=[it])
    assert '"down at 2 weeks"' in model.to_json()
    assert Model.from_json(model.to_json()).intervention("a") == it
    assert "expects  x down at 2 weeks" in str(card(it, model))


def test_a_time_with_a_unit_needs_a_model_with_one() -> None:
    it = Intervention("a", scale("k", 2), expects={"x": "down at 2 weeks"})
    bare = Model(
        name="bare",
        time_unit="",
        states=[State("x", 1.0)],
        parameters=[Parameter("k", 1.0)],
        processes=[Process("loss", "x ->", "k*x")],
    )
    with pytest.raises(UnitError, match="'2 week' has a unit, but the model's time has none"):
        perturb(bare, it)
