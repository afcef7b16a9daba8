"""`check` draws parameters from their ranges and tells what starts wrong."""

from __future__ import annotations

import re

import pytest

import immunode as im
from immunode.model import Derived, Event, Model, Parameter, State, Variant
from immunode.model.views.start_ranges import bad_starts


def _model(a: Parameter, initial: float | str = "1 - a", **more) -> Model:
    return Model("begun", states=[State("X", initial, kind="cell")], parameters=[a], **more)


def _a(value: float, bounds: tuple[float, float] | None = None) -> Parameter:
    return Parameter("a", value, source="assumed: a test", bounds=bounds)


def test_the_share_of_the_bounds_that_starts_negative_is_told_with_the_nearest_set() -> None:
    """Uniform from 0 to 1.25: a fifth lies above 1; the standard error of 512 draws is 1.8 %."""
    (bad,) = bad_starts(_model(_a(0.5, (0.0, 1.25))))
    assert bad.share == pytest.approx(0.2, abs=0.06)
    assert not bad.declared
    assert 1 < bad.nearest["a"] < 1.02
    assert re.search(r"starts below 0 in [\d.]+ % of 512 sets .* nearest: -[\d.e-]+ at a = 1\.0", str(bad))


def test_without_bounds_thirty_percent_are_drawn() -> None:
    assert not list(bad_starts(_model(_a(0.76))))
    assert list(bad_starts(_model(_a(0.8))))


def test_a_start_that_is_wrong_as_declared_is_an_error_and_beside_it_a_warning() -> None:
    declared = _model(_a(2.0)).check().findings
    beside = _model(_a(0.9)).check().findings
    assert [f.severity for f in declared if "starts" in f.message] == ["error"]
    assert [f.severity for f in beside if "starts" in f.message] == ["warning"]


def test_variants_and_events_at_the_start_are_looked_at() -> None:
    ill = _model(_a(0.5), variants=[Variant("ill", {"a": 2.0})])
    bled = _model(_a(0.5), 1.0, events=[Event("bled", {"X": "X - 2"}, at=0.0)])
    assert any(f.where == "state 'X', variant 'ill'" for f in ill.check().findings)
    assert any("starts below 0 (-1)" in f.message for f in bled.check().findings)


def test_what_is_not_finite_at_the_start_is_told() -> None:
    state = _model(_a(0.5), "1/(a - 0.5)")
    derived = _model(_a(0.5), 0.0, derived=[Derived("share", "X/X")])
    assert any("starts not finite (inf)" in f.message for f in state.check().findings)
    assert any(f.where == "derived quantity 'share'" for f in derived.check().findings)


@pytest.mark.parametrize("name", [entry.name for entry in im.list_models()])
def test_every_model_of_the_catalogue_starts_right_within_its_ranges(name: str) -> None:
    model = im.load_model(name)
    for one in (model, *(model.variant(v.name) for v in model.variants)):
        assert not [str(bad) for bad in bad_starts(one)]
