"""Steps that need a closer look, kept until there are enough of them: small arrays cost more than what is done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from immunode.study.endpoints.steps.inside import Inside, Margin

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]
Of = TypeVar("Of", Inside, Margin)

ENOUGH = 8192


@dataclass(slots=True)
class Looks(Generic[Of]):
    """Steps to look at closely.

    run : (n,).   t, h : (n,), where they begin and how long they are.   bound : (n,), what is known of them.
    inside : a quantity or condition inside them.
    """

    run: Lanes
    t: Array
    h: Array
    bound: Array
    inside: Of

    def only(self, which: Lanes) -> Looks[Of]:
        """Return some of them."""
        inside: Of = self.inside.only(which)
        return Looks(self.run[which], self.t[which], self.h[which], self.bound[which], inside)


def _joined(looks: list[Looks[Of]]) -> Looks[Of]:
    first, *others = looks
    if not others:
        return first
    inside: Of = first.inside.join([one.inside for one in others])
    return Looks(
        np.concatenate([one.run for one in looks]),
        np.concatenate([one.t for one in looks]),
        np.concatenate([one.h for one in looks]),
        np.concatenate([one.bound for one in looks]),
        inside,
    )


@dataclass(slots=True)
class Pending(Generic[Of]):
    """Collects steps, in the order in which they come, and calls `look` with many of them.

    Threads have their own runs, so each thread has its own collection.
    """

    look: Callable[[Looks[Of]], None]
    _waiting: dict[int, list[Looks[Of]]] = field(default_factory=dict)
    _count: dict[int, int] = field(default_factory=dict)

    def add(self, looks: Looks[Of]) -> None:
        """Add steps; those of a run come in order of time."""
        thread = threading.get_ident()
        mine = self._waiting.setdefault(thread, [])
        mine.append(looks)
        self._count[thread] = self._count.get(thread, 0) + len(looks.run)
        if self._count[thread] >= ENOUGH:
            self._count[thread] = 0
            self._flush(mine)

    def finish(self) -> None:
        """Look at all that is left; nobody adds any more."""
        self._count.clear()
        for waiting in self._waiting.values():
            self._flush(waiting)

    def _flush(self, waiting: list[Looks[Of]]) -> None:
        if waiting:
            looks = _joined(waiting)
            waiting.clear()
            with np.errstate(all="ignore"):
                self.look(looks)
