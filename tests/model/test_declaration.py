from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from immunode.errors import ModelError
from immunode.model import Event, Model, Parameter, State, Variant
from immunode.model.records import pairs

Make = Callable[..., Model]


def test_a_model_is_a_value(make: Make) -> None:
    assert make() == make()
    assert hash(make()) == hash(make())
    assert make() != make().with_values(s=1.0)
    assert len({make(), make(), make().with_initial(E=1.0)}) == 2


def test_a_model_never_changes(model: Model) -> None:
    with pytest.raises(FrozenInstanceError):
        model.name = "x"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        model.states[0].initial = 1.0  # type: ignore[misc]


def test_a_model_survives_pickle_and_copy(make: Make) -> None:
    model = make(events=[Event("dose", {"T": "T/2"}, at=3)])
    assert pickle.loads(pickle.dumps(model)) == model
    assert copy.deepcopy(model) == model


def test_lists_and_mappings_of_the_caller_are_copied(make: Make) -> None:
    states = [State("E", 1.0, "cell"), State("T", 1.0, "cell")]
    changes = {"T": "T/2"}
    bounds = [0.0, 2.0]
    model = make(states=states, events=[Event("dose", changes, at=3)])
    states.clear()
    changes["E"] = "0"
    assert len(model.states) == 2
    assert model.events[0].changes == (("T", "T/2"),)
    assert Parameter("k", 1.0, bounds=bounds).bounds == (0.0, 2.0)  # type: ignore[arg-type]


def test_pairs_of_a_mapping_and_of_pairs_are_equal() -> None:
    assert pairs({"a": 1, "b": 2}) == pairs((("a", 1), ("b", 2))) == (("a", 1), ("b", 2))
    assert Variant("v", {"k": 1.0}) == Variant("v", (("k", 1.0),))


def test_replace_checks_anew(model: Model) -> None:
    assert model.replace(horizon=7.0).horizon == 7.0
    with pytest.raises(ValueError, match="horizon"):
        model.replace(horizon=-7.0)
    with pytest.raises(TypeError, match="horizn"):
        model.replace(horizn=7.0)


@pytest.mark.parametrize("changes", [[1, 2], 5, None, ["ab"], "x=1", [("x", "1", "2")]])
def test_changes_of_an_event_that_are_no_pairs_are_one_line(changes: Any) -> None:
    with pytest.raises(ModelError, match=r"event 'e', changes: names with their values.*\{'x'"):
        Event("e", changes)


def test_a_model_without_time_says_what_its_runs_go_along() -> None:
    model = Model(name="m", states=[State("D", 1.0)], axis="dose (usual doses)")
    assert model.axis_unit == "dose (usual doses)"
    assert Model.from_json(model.to_json()) == model
    assert model.replace(axis="", clock="day").axis_unit == "day"
    with pytest.raises(ModelError, match="leave out time_unit= and clock="):
        model.replace(time_unit="day")


def test_a_variant_may_end_earlier_and_a_figure_names_a_species_other_than_human() -> None:
    short = Variant("short", horizon=14)
    model = Model(name="m", title="Decay", species="mouse", states=[State("A", 1.0)], horizon=60.0, variants=[short])
    assert model.variant("short").horizon == 14
    assert model.variant("short").heading == "Decay (m, variant short, mouse)"
    assert model.replace(species="human").heading == "Decay (m)"
    assert Model.from_json(model.to_json()) == model
    with pytest.raises(ModelError, match=r"variant 'short'.*horizon is 0"):
        model.replace(variants=[Variant("short", horizon=0)])
