from __future__ import annotations

from collections.abc import Callable

import pytest

import immunode as im
from immunode import errors
from immunode.errors import ModelError, did_you_mean, nearest


def test_every_error_is_an_immunode_error_and_a_kind_that_python_knows() -> None:
    kinds = {
        errors.ModelError: ValueError,
        errors.UnitError: ValueError,
        errors.DoseError: ValueError,
        errors.StudyError: ValueError,
        errors.SolverError: RuntimeError,
        errors.EngineError: RuntimeError,
        errors.StoreError: RuntimeError,
    }
    for kind, standard in kinds.items():
        assert issubclass(kind, errors.ImmunodeError)
        assert issubclass(kind, standard)
    assert issubclass(errors.UnitError, errors.ModelError)


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("k_pn", ["k_np", "k_nn", "mu"], ["k_np", "k_nn"]),
        ("TNF", ["tnf", "il6"], ["tnf"]),
        ("dya", ["Da", "kDa", "day"], ["day", "Da", "kDa"]),
        ("zzz", ["tnf"], []),
        ("x", [], []),
    ],
)
def test_the_nearest_names_come_best_first(name: str, known: list[str], expected: list[str]) -> None:
    assert nearest(name, known) == expected


def test_at_most_three_names_are_offered() -> None:
    assert len(nearest("k1", [f"k{i}" for i in range(2, 9)])) == 3


def test_what_was_meant_is_said_in_words() -> None:
    assert did_you_mean("betta", ["beta", "zzz"]) == "; did you mean 'beta'?"
    assert did_you_mean("betta", ["beta", "beta2"]) == "; did you mean 'beta' or 'beta2'?"
    assert did_you_mean("betta", ["beta", "beta2", "betb"]).count(" or ") == 1


def test_a_meaning_finds_a_name_that_looks_different() -> None:
    assert did_you_mean("tumor", {"E": "effector cells", "T": "tumor cells"}) == "; did you mean 'T'?"
    assert did_you_mean("tumor", {"E": "effector cells", "T": "antitumoral cells"}) == "; known: 'E', 'T'"


def test_few_names_are_listed_and_many_are_not() -> None:
    assert did_you_mean("q", ["alpha", "omega"]) == "; known: 'alpha', 'omega'"
    assert did_you_mean("q", [f"name{i}" for i in range(9)]) == ""
    assert did_you_mean("q", []) == ""


def test_a_list_given_for_a_name_ends_in_a_message() -> None:
    assert did_you_mean(["slow"], ["slow", "graft"]) == "; did you mean 'slow'?"  # type: ignore[arg-type]


@pytest.mark.parametrize("call", [im.simulate, im.sweep, im.validate, lambda name: im.perturb(name, "x")])
def test_a_name_in_place_of_a_model_is_answered_with_how_it_is_loaded(call: Callable[[str], object]) -> None:
    with pytest.raises(ModelError, match=r"load_model\('asthma'\) gives one"):
        call("asthma")
