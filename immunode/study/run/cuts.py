"""How the rows of a sweep are cut into blocks; no result depends on it."""

from __future__ import annotations

import operator
from dataclasses import dataclass

import numpy as np

from immunode.errors import StudyError
from immunode.study.run.plan import Plan

MEMORY = 16e6
"""Bytes that the trajectories of one block may take; as many blocks are in hand as there are processors."""
LEAST, MOST, BLOCKS = 2560, 8192, 16
"""Runs that are solved together, at least and at most where memory allows them, and blocks that processors share."""
REMOTE, REMOTE_SLOW = 4096, 512
"""Rows of a block at a remote place, at least, and where runs are solved one by one: a block is ten objects there."""
ARMS_TOGETHER = 8
"""A block has rows for this many arms at most; sweeps with more have fewer rows of each in a block."""


@dataclass(frozen=True, slots=True)
class Cut:
    """How the rows of a design are cut into blocks; no result depends on it.

    span : rows of a block, in all their arms.   size : most runs that are solved together.
    """

    rows: int
    span: int
    size: int

    def __len__(self) -> int:
        return -(-self.rows // self.span)

    def blocks(self, part: tuple[int, int] | None = None) -> range:
        """Return all blocks, or those of a part: (2, 8) is every eighth from the second on.

        Raises
        ------
        StudyError : the part is no pair of whole numbers such as (2, 8).
        """
        if part is None:
            return range(len(self))
        try:
            which, parts = (operator.index(number) for number in part)
        except (TypeError, ValueError):
            which, parts = 0, 0
        if not 1 <= which <= parts:
            raise StudyError(f"part: write (2, 8) for the second of eight, got {part!r}")
        return range(which - 1, len(self), parts)

    def slice(self, block: int) -> slice:
        """Return the rows of a block."""
        return slice(block * self.span, min((block + 1) * self.span, self.rows))


def make_cut(plan: Plan, block: int | None = None, *, remote: bool = False) -> Cut:
    """Return how the rows of a plan are cut into blocks: runs solved together for each of several arms.

    remote : the blocks are written to a place where each file costs a request.
    """
    size = _block_size(plan, block)
    span = size * min(len(plan.arms), ARMS_TOGETHER)
    if remote and block is None:
        span = max(span, REMOTE_SLOW if any(arm.engine == "scipy" for arm in plan.arms) else REMOTE)
    if plan.keep:
        span = min(span, max(1, int(MEMORY / (8 * len(plan.times) * len(plan.keep)))))
    return Cut(len(plan.design), max(1, min(span, len(plan.design))), size)


def _block_size(plan: Plan, block: int | None) -> int:
    """Return how many runs are solved together; results do not depend on it."""
    if block is not None:
        if int(block) != block or block < 1:
            raise StudyError(f"{plan.model.name}: block must be a whole number above 0, got {block!r}")
        return int(block)
    if any(arm.engine == "scipy" for arm in plan.arms):
        return 32  # runs are solved one by one anyway; this is how often progress is told
    width = max(1, *(arm.width for arm in plan.arms))
    shared = np.clip(len(plan.design) / (len(plan.arms) * BLOCKS), LEAST, MOST)
    return int(np.clip(MEMORY / (8 * len(plan.solved) * width), 64, shared))
