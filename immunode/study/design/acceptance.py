"""Drawing virtual patients until enough of them look as patients do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from immunode.errors import StudyError

if TYPE_CHECKING:
    from immunode.study.design.population import Population

Array = NDArray[np.float64]
LEAST = 1e-3
"""Smallest share of drawn patients that may be accepted before drawing is given up."""
MOST = 8192
"""Most patients run at once."""


def accepted(people: Population, n: int, seed: int) -> tuple[Array, str]:
    """Return the values of the first `n` accepted patients, (n, n_columns), and how many were drawn, in words.

    Raises
    ------
    StudyError : too few are accepted; the message says which range refuses most.
    """
    from immunode.study.design.design import Design
    from immunode.study.sweep import sweep

    rule = people.acceptance
    assert rule is not None
    kept: list[Array] = []
    refused = dict.fromkeys((name for name, _, _ in rule.ranges), 0)
    found = drawn = 0
    while found < n:
        # patient number i is the same however many are asked for: drawn from the start, those seen before left out
        more = (
            min(max(2 * (n - found), 64), MOST) if not found else min(int(1.2 * (n - found) * drawn / found) + 16, MOST)
        )
        values = people.values(drawn + more, seed)[drawn:]
        out = sweep(
            people.model,
            Design(people.names, values, "drawn patients"),
            until=rule.until,
            endpoints=[name for name, _, _ in rule.ranges],
        )
        good = out.codes == 0
        for name, low, high in rule.ranges:
            inside = (out.endpoint(name) >= low) & (out.endpoint(name) <= high)
            refused[name] += int((~inside).sum())
            good = good & inside
        kept.append(values[good])
        drawn, found = drawn + more, found + int(good.sum())
        if found < LEAST * drawn and drawn >= 1 / LEAST:
            worst = max(refused, key=lambda name: refused[name])
            raise StudyError(
                f"population: only {found} of {drawn} drawn patients are accepted; {worst} lies outside its range in "
                f"{refused[worst]}; widen the range or the spread of what moves it"
            )
    return np.concatenate(kept)[:n], f", {found} of {drawn} drawn accepted"
