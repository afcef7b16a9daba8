"""The quick round leaves out no feature: the models that stand for all together use what any model uses."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from immunode.catalogue import list_models, load_model
from immunode.intervention import Intervention
from immunode.model import Model
from immunode.model.declaration import Declaration
from tests.conftest import GENERIC, STAND_FOR_ALL, pytest_collection_modifyitems

TEXTS = {"axis", "description", "level", "reference", "species", "title"}
"""Fields that only people read."""
NAMES = [entry.name for entry in list_models()]


def acts(it: object) -> set[str]:
    """Return the kind of a treatment, its operators, and the parts of its schedule."""
    if not isinstance(it, Intervention):
        return {f"treatment {type(it).__name__}"}
    parts = [part.name for part in fields(it.schedule) if getattr(it.schedule, part.name) is not None]
    found = {f"operator {act.operator}" for act in it.acts} | {f"schedule {part}" for part in parts}
    return found | {"operator over a state" for act in it.acts if act.over is not None}


def used(model: Model) -> set[str]:
    """Return what a model uses of the language: fields, functions, kinds of events and variants, operators, units."""
    found = {
        f"field {part.name}" for part in fields(Declaration) if getattr(model, part.name) and part.name not in TEXTS
    }
    written = [p.rate for p in model.processes] + [d.expression for d in model.derived]
    found |= {f"function {name}" for text in written for name in re.findall(r"([A-Za-z_]\w*)\(", text)}
    found |= {f"time in {model.time_unit}", f"status {model.status}"}
    for event in model.events:
        found |= {f"event {word}" for word in ("when", "every", "delay", "priority") if getattr(event, word)}
    for variant in model.variants:
        found |= {f"variant {word}" for word in ("start", "horizon", "initial", "values") if getattr(variant, word)}
    for state in model.states:
        found |= {f"state {word}" for word in ("extinct_below", "compartment", "amount") if getattr(state, word)}
        found |= {"start by formula"} if isinstance(state.initial, str) else set()
    found |= {"story of a variant"} if model.story is not None and model.story.variant else set()
    return found.union(*map(acts, model.interventions))


def test_no_model_uses_what_the_quick_round_leaves_out() -> None:
    """Where this fails, add the model, or one like it that is small, to STAND_FOR_ALL in `conftest.py`."""
    shown = set().union(*(used(load_model(name, "")) for name in STAND_FOR_ALL))
    left_out = {name: sorted(used(load_model(name, "")) - shown) for name in NAMES}
    assert {name: things for name, things in left_out.items() if things} == {}


def test_what_stands_for_all_is_there() -> None:
    assert set(STAND_FOR_ALL) <= set(NAMES)


def case(test: str, file: str = "test_x.py", **params: Any) -> Any:
    """Return a case of a test as pytest collects it, with the marks that it is given."""
    marks: list[str] = []
    return SimpleNamespace(
        nodeid=f"{file}::{test}[{params}]",
        path=Path(file),
        callspec=SimpleNamespace(params=params),
        get_closest_marker=lambda mark: mark == "sampled" and params.get("sampled"),
        add_marker=lambda mark: marks.append(mark.name),
        marks=marks,
    )


@pytest.mark.parametrize(
    "as_it_is_given", [str, lambda name: Path(f"models/{name}.py"), lambda name: f"{name}/variant"]
)
def test_a_test_of_all_models_is_quick_for_those_that_stand_for_all(as_it_is_given: Any) -> None:
    items = [case("all", it=as_it_is_given(name), n=3) for name in NAMES]
    pytest_collection_modifyitems(items)
    assert [name for name, item in zip(NAMES, items, strict=True) if not item.marks] == sorted(STAND_FOR_ALL)


def test_a_test_of_some_models_keeps_all_its_cases() -> None:
    items = [case("some", name=name) for name in NAMES[: GENERIC - 1]] + [case("none", x=1.0)]
    items += [case("plain")]
    pytest_collection_modifyitems(items)
    assert not any(item.marks for item in items)


def test_the_own_file_of_a_model_is_quick_if_the_model_stands_for_all() -> None:
    items = [case("any", file=f"tests/models/test_{name}.py") for name in NAMES]
    pytest_collection_modifyitems(items)
    assert [name for name, item in zip(NAMES, items, strict=True) if not item.marks] == sorted(STAND_FOR_ALL)


def test_of_a_sampled_test_every_sixth_case_is_quick() -> None:
    items = [case("many", sampled=True, n=n) for n in range(10)] + [case("other", n=n) for n in range(2)]
    pytest_collection_modifyitems(items)
    assert [item.callspec.params["n"] for item in items if not item.marks] == [0, 6, 0, 1]
