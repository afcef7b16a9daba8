"""Random effects: what they move, which are correlated, and which belong to occasions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.effects.typical_values import Typical, moves
from immunode.model import Model, Variability

Array = NDArray[np.float64]
Block = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Follower:
    """A parameter that a random effect moves, around its typical value.

    ratio : of its standard deviation to the effect's.
    """

    typical: Typical
    ratio: float
    low: float
    high: float

    @property
    def row(self) -> int:
        """Its place among the program's values."""
        return self.typical.row

    @property
    def declared(self) -> float:
        """A typical value, for its sign and size."""
        return self.typical.declared

    @property
    def scale(self) -> str:
        """The scale on which the effect is added."""
        return self.typical.scale


def occasion_base(name: str) -> str:
    """Return what differs between occasions: CL for its random effect CL_eta_2."""
    return name.rpartition("_")[0].removesuffix("_eta")


def followers_of(leader: Variability, model: Model, typical: Mapping[int, Typical]) -> tuple[Follower, ...]:
    """Return the parameters that a random effect moves, its own first. typical : by row."""
    rows = {p.name: i for i, p in enumerate(model.parameters)}
    moved = [leader, *(v for v in model.variability if v.shares == leader.parameter and moves(v, model))]
    return tuple(
        Follower(
            typical=typical[rows[v.parameter]],
            ratio=v.spread / leader.spread,
            low=-math.inf if v.low is None else v.low,
            high=math.inf if v.high is None else v.high,
        )
        for v in moved
    )


def declared_covariance(model: Model, moving: Sequence[Variability]) -> Array:
    """Return the declared covariance of random effects, (n_effects, n_effects)."""
    omega = np.diag([v.spread**2 for v in moving])
    at = {v.parameter: i for i, v in enumerate(moving)}
    for one in model.correlations:
        if one.first in at and one.second in at:
            i, j = at[one.first], at[one.second]
            omega[i, j] = omega[j, i] = one.value * math.sqrt(omega[i, i] * omega[j, j])
    return omega


def correlated_blocks(
    omega: Array, moving: Sequence[Variability]
) -> tuple[tuple[Block, ...], tuple[tuple[Block, ...], ...]]:
    """Return groups of effects that are correlated, and for each group those of later occasions with its covariance."""
    leaders: dict[tuple[str, ...], int] = {}
    kept: list[Block] = []
    copies: list[tuple[Block, ...]] = []
    for block in _groups(omega):
        if moving[block[0]].occasion:
            bases = tuple(occasion_base(moving[k].parameter) for k in block)
            if bases in leaders:
                copies[leaders[bases]] = (*copies[leaders[bases]], block)
                continue
            leaders[bases] = len(kept)
        kept.append(block)
        copies.append(())
    return tuple(kept), tuple(copies)


def _groups(omega: Array) -> list[Block]:
    """Return groups of effects that are correlated, directly or through others."""
    todo, blocks = list(range(len(omega))), []
    while todo:
        block, reach = [], [todo[0]]
        while reach:
            i = reach.pop()
            if i in todo:
                todo.remove(i)
                block.append(i)
                reach += [j for j in todo if omega[i, j] != 0]
        blocks.append(tuple(sorted(block)))
    return blocks
