from __future__ import annotations

import math

import pytest

from immunode.errors import ModelError
from immunode.intervention import Operation, add, inhibit, scale, set_to, stimulate, transfer


@pytest.mark.parametrize("factor", [0, -2])
def test_a_factor_of_zero_or_below_points_to_inhibit(factor: float) -> None:
    with pytest.raises(ModelError, match=rf"scale\('k', {factor}\): .*use inhibit"):
        scale("k", factor)


@pytest.mark.parametrize("fraction", [-0.1, 1.1, 95])
def test_inhibited_fractions_lie_in_0_to_1(fraction: float) -> None:
    with pytest.raises(ModelError, match=r"must lie in \[0, 1\]; 0.95 means 95 %"):
        inhibit("k", fraction)


def test_stimulation_does_not_lower() -> None:
    with pytest.raises(ModelError, match=r"stimulate\('k', -1\): .* use inhibit"):
        stimulate("k", -1)


def test_a_transfer_does_not_take_away() -> None:
    with pytest.raises(ModelError, match=r"transfer\('E', -5\).*0 or above"):
        transfer("E", -5)


@pytest.mark.parametrize("value", [math.nan, math.inf, "2", None, True])
def test_values_are_finite_numbers(value: object) -> None:
    with pytest.raises(ModelError, match="needs a finite number"):
        add("k", value)  # type: ignore[arg-type]


def test_an_unknown_operator_lists_the_known() -> None:
    with pytest.raises(ModelError, match="unknown operator 'divide'; known: scale, add, set_to"):
        Operation("divide", "k", 2)


def test_operations_read_as_phrases() -> None:
    said = [o.words for o in (scale("k", 2), add("k", 0.1), set_to("k", 3), inhibit("k", 0.95), transfer("E", 1e6))]
    assert said == [
        "multiplies k by 2",
        "adds 0.1 to k",
        "sets k to 3",
        "inhibits k by 95 %",
        "puts 1e+06 into E",
    ]
