from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from immunode.errors import ModelError
from immunode.intervention import (
    Intervention,
    Schedule,
    at_times,
    at_visits,
    bouts,
    decay,
    during,
    perturb,
    pulses,
    scale,
    set_to,
)
from immunode.program.lowering import lower
from immunode.program.numpy.functions import compile_numpy


def pair(first: Schedule, second: Schedule) -> tuple[Intervention, Intervention]:
    return Intervention("low", set_to("k", 0.1), first), Intervention("high", set_to("k", 2.0), second)


@pytest.mark.parametrize(
    ("first", "second", "time"),
    [
        (during(), during(), "0"),
        (during(0, 5), during(4, 9), "4"),
        (during(stop=5), during("1 day", 2), "1"),
        (during(3), during(stop=4), "3"),
        (pulses(5, 1, 4), during(10.5, 12), "10.5"),
        (pulses(5, 1, 4), pulses(3, 1, 4, start=2), "5"),
        (during(0, 2) * decay(1), during(4, 9), "4"),
        (at_times(1, 6, lasting=2), during(7, 9), "7"),
        (bouts("3 per week", "1 h", weeks=2), during(9, 9.01), "9"),
        (pulses(5, 1, None), during(100, 101), "100"),
        (at_visits(4, when="x > 1"), during(4, 9), "4"),
    ],
)
def test_overlapping_values_are_refused_naming_both(
    toy: Callable[..., Any], first: Schedule, second: Schedule, time: str
) -> None:
    a, b = pair(first, second)
    message = f"toy: 'high' and 'low' both set 'k' at time {time};"
    with pytest.raises(ModelError, match=message):
        perturb(toy(), a, b)
    alone = perturb(toy(), b)
    with pytest.raises(ModelError, match=message):
        perturb(alone, a)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (during(0, 5), during(5, 9)),
        (during(0, "1 week"), during(7, 9)),
        (during(stop=5), during(5)),
        (pulses(5, 1, 4), during(1, 5)),
        (pulses(5, 1, 4), pulses(5, 2, 4, start=2)),
        (pulses("1 day", "8 h", 30), pulses("1 day", "16 h", 30, start="8 h")),
        (during(8, 9), during(0, 2)),
        (at_times(1, 6, lasting=2), during(3, 6)),
        (at_times(1, 6, lasting=2), during(8, 9)),
        (bouts("3 per week", "1 h", weeks=2), at_times("1 day", "3 days", lasting="1 day")),
    ],
)
def test_values_that_touch_or_alternate_are_fine(
    toy: Callable[..., Any], run: Callable[..., Any], first: Schedule, second: Schedule
) -> None:
    composed = perturb(toy(), *pair(first, second))
    found = run(composed, np.linspace(0, 25, 101))["k.effective"]
    assert set(np.round(found, 12)) <= {0.1, 2.0, 0.5}
    assert len(set(np.round(found, 12))) > 1


def test_a_strength_of_0_overlaps_with_nothing(toy: Callable[..., Any]) -> None:
    a, b = pair(during(0, 5), during(4, 9))
    assert perturb(toy(), a.at(0), b).applied == ("high", "low")


def test_other_parameters_and_other_operators_are_free(toy: Callable[..., Any]) -> None:
    a, _ = pair(during(), during())
    assert perturb(toy(), a, Intervention("g", set_to("g", 1)), Intervention("s", scale("k", 2))).applied


def held(model: Any, **changes: float) -> bool:
    f = compile_numpy(lower(model))
    values = dict(zip(f.program.parameters, f.program.values, strict=False))
    values |= {name.replace("__", "."): value for name, value in changes.items()}
    p = f.parameters(np.array([values[n] for n in f.program.parameters[: len(f.program.values)]])[:, None])
    ok = f.requirements(p)[:, 0]
    failed = [message for (_, message), good in zip(f.program.requirements, ok, strict=True) if not good]
    assert all("both set 'k'" in message for message in failed)
    return not failed


def test_swept_windows_are_guarded(toy: Callable[..., Any]) -> None:
    composed = perturb(toy(), *pair(during(0, 5), during(5, 9)))
    assert held(composed)
    assert held(composed, low__stop=4)
    assert not held(composed, low__stop=6)
    assert held(composed, low__stop=6, high__start=6)
    assert held(composed, low__stop=6, low__strength=0)
    assert held(composed, low__start=20, low__stop=30)


def test_swept_trains_are_guarded(toy: Callable[..., Any]) -> None:
    composed = perturb(toy(), *pair(pulses(5, 1, 4), during(16, 18)))
    assert held(composed)
    assert not held(composed, low__n=5)
    assert held(composed, low__n=5, high__start=21, high__stop=22)


def test_trains_that_alternate_keep_their_times(toy: Callable[..., Any]) -> None:
    composed = perturb(toy(), *pair(pulses(5, 1, 4), pulses(5, 2, 4, start=2)))
    assert held(composed)
    assert not held(composed, low__width=1.5)
    assert held(composed, low__every=10, low__width=2, high__every=10, high__width=4, high__start=4)
