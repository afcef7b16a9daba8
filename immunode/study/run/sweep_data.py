"""What the runs of a sweep came to: one record of columns, for a block, for a whole sweep, and for a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from immunode.study.run.passed_pulses import Passed, together

NOT_RUN = -1
"""Status of a row that an interrupted sweep did not come to."""


class Column(Protocol):
    """Values along the runs: an array in memory, or one that a store reads, and checks, whenever it is looked at."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape; the first axis is runs."""

    def __len__(self) -> int: ...

    def __getitem__(self, key: Any, /) -> Any: ...

    def __array__(self, *args: Any, **kwargs: Any) -> NDArray[Any]: ...


class Backing(Protocol):
    """The files behind columns that are read when they are looked at."""

    def status_counts(self) -> dict[int | None, int]:
        """Return status -> number of runs; None counts runs whose files are lost."""

    def verify(self) -> list[int]:
        """Return the blocks that do not hold what was written."""


@dataclass(frozen=True, slots=True)
class SweepData:
    """What runs came to, one row per run.

    status : (n_rows,), how each run ended (`immunode.solve.Status`; -1 is "not run").
    values : (n_rows, n_endpoints), NaN where a run failed or its arm lacks the quantity.
    kept : quantity -> (n_rows, n_times), what `keep` asked for.
    reached : (n_rows,), last good time.   methods : (n_rows,), integration method, as text.
    reasons : (n_rows,), why a run failed, "" where it did not.
    computed : (row, arm) -> why that engine and method computed the runs of the arm from that row on, and the pulses
        that their steps may have passed over.
    message : what to know about the whole, such as that it was interrupted; "" is nothing.
    span : rows of a block.   store : the store that columns are read from, None for arrays in memory.
    source : what is known of a store that holds them as well, plain data.
    """

    status: Column
    values: Column
    kept: Mapping[str, Column]
    reached: Column
    methods: Column
    reasons: Column
    computed: dict[tuple[int, str], tuple[str, Passed | None]] = field(default_factory=dict)
    message: str = ""
    span: int = 0
    store: Backing | None = None
    source: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def empty(cls, rows: int, endpoints: int, kept: Sequence[str] = (), times: int = 0) -> SweepData:
        """Return arrays in memory for runs that are still to come."""
        return cls(
            status=np.full(rows, NOT_RUN, np.int16),
            values=np.full((rows, endpoints), np.nan),
            kept={name: np.full((rows, times), np.nan) for name in kept},
            reached=np.full(rows, np.nan),
            methods=np.full(rows, "", object),
            reasons=np.full(rows, "", object),
            span=rows,
        )

    def __len__(self) -> int:
        return len(self.status)

    def put(self, rows: slice | NDArray[np.intp], done: SweepData) -> None:
        """Put in what the given rows came to; each row comes once.

        Of trajectories those are taken that both have.
        """
        columns: Any = self
        columns.values[rows], columns.reached[rows], columns.methods[rows] = done.values, done.reached, done.methods
        columns.reasons[rows] = done.reasons
        for name in self.kept.keys() & done.kept.keys():
            columns.kept[name][rows] = done.kept[name]
        first = rows.start if isinstance(rows, slice) else int(rows[0])
        self.computed.update({(first + row, arm): told for (row, arm), told in done.computed.items()})
        columns.status[rows] = done.status

    @property
    def finished(self) -> int:
        """How many runs were computed."""
        return int(np.count_nonzero(np.asarray(self.status) != NOT_RUN))

    def computed_by_arm(self) -> dict[str, tuple[str, Passed | None]]:
        """Return arm -> why its engine and method, as its first rows say, and what the steps of all passed over."""
        reason: dict[str, str] = {}
        passed: dict[str, list[Passed]] = {}
        for (_, arm), (text, over) in sorted(self.computed.items(), key=lambda entry: entry[0]):
            reason[arm] = reason.get(arm) or text
            passed.setdefault(arm, []).extend([over] if over else [])
        return {arm: (reason[arm], together(passed[arm])) for arm in reason}

    def unfinished(self, wanted: Sequence[int]) -> str:
        """Return what to know of a sweep that is not whole; "" where it is. wanted : first rows of its blocks."""
        finished, status = self.finished, np.asarray(self.status)
        if finished == len(status):
            return ""
        counts = f"{finished:,} of {len(status):,} runs are finished; the others have the status 'not run'"
        missing = (status[list(wanted)] == NOT_RUN).any()
        return f"interrupted: {counts}" if missing else f"only a part was asked for: {counts}"
