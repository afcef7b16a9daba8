"""What every kind of endpoint has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from immunode.errors import StudyError
from immunode.study.endpoints.steps.chunk import Chunk

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]
Shared = dict[Any, Any]
Outputs = Callable[[str, float], Array]
"""Returns a quantity at a time that an endpoint asked for, shape (n_runs,); infinity is the end of the run."""


class Reducer:
    """Takes one endpoint from the steps of many runs while they are made.

    A run's number must not depend on the runs beside it, nor on how its steps are cut into chunks: bit for bit.
    """

    def update(self, chunk: Chunk) -> None:
        """Look at some steps; those of a run come in order of time, over all calls."""

    def forget(self, runs: Lanes) -> None:
        """Forget what was seen of some runs: they are made anew."""

    def result(self, outputs: Outputs | None) -> Array:
        """Return the endpoint of every run, shape (n_runs,). outputs : for those that look at single times."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Endpoint(ABC):
    """One number to take from a run. Made by `final`, `at`, `peak`, `trough`, `auc`, `time_to`, ...

    A new kind is one file: a subclass that says what it is called (`kind`), what it looks at (`names`), its unit, and
    how it reduces a run (`reducer`).

    Attributes
    ----------
    subject : str
        a state, flux or derived quantity; of some kinds a condition.
    """

    kind: ClassVar[str]
    looks_inside: ClassVar[bool] = True
    """Whether it looks at the steps of a run, and not only at single times."""
    from_start: ClassVar[bool] = False
    """Whether it also needs an output at time 0."""
    conditional: ClassVar[bool] = False
    """Whether its subject is a condition, which may name parameters as well."""

    subject: str

    @property
    def name(self) -> str:
        """The endpoint as written: `auc(tnf)`, `at(DAS28, 24 weeks)`, `time_to(T > 1e8)`."""
        return f"{self.kind}({self.subject})"

    def phrase(self, label: str, end: str = "the end", unit: str = "") -> str:
        """Return what it is called in figures and tables: "joint damage at week 52".

        Parameters
        ----------
        label : str
            its subject in words.
        end : str
            when runs end, in words.
        unit : str
            of times that are numbers.
        """
        return f"{self.kind.replace('_', ' ')} of {label}"

    @property
    def moment(self) -> float | str | None:
        """The time at which it needs an output: a number, text such as "24 weeks", or None."""
        return None

    @property
    def timed(self) -> bool:
        """Whether it looks at time itself."""
        return False

    def names(self) -> frozenset[str]:
        """Return the names that it looks at: quantities, and in conditions also parameters."""
        return frozenset({self.subject})

    @abstractmethod
    def unit(self, units: Mapping[str, str], time_unit: str) -> str:
        """Return its unit as text; "" is dimensionless. `units`: quantity -> unit."""

    @abstractmethod
    def reducer(self, n_runs: int, time: float, shared: Shared) -> Reducer:
        """Return what takes it from `n_runs` runs.

        Parameters
        ----------
        time : float
            its moment in model time, else NaN.
        shared : Shared
            where endpoints of one batch put what they have in common.
        """

    def __str__(self) -> str:
        return self.name


_LARGER = {"day": ("week", 7.0), "hour": ("day", 24.0), "minute": ("day", 1440.0)}
_UNHANDY = 120.0  # as on the axes of time: from here on 364 days are 52 weeks
_UNITS = {"h": "hour", "d": "day", "wk": "week", "w": "week", "min": "minute"}


def time_words(time: float | str, unit: str = "") -> str:
    """Return a time as people say it: "24 weeks" gives "week 24", 60 in days "day 60", 5 without a unit "time 5".

    Many of a unit are said in the next larger one, if they are whole: "8760 hours" gives "day 365".

    unit : of a number; text has its own.
    """
    if isinstance(time, str):
        number, _, given = time.strip().partition(" ")
        word = given.strip()
        if not word or " " in word or not number.replace(".", "", 1).isdigit():
            return time
        return time_words(float(number), word if word in _UNITS else word.removesuffix("s"))
    unit = _UNITS.get(unit, unit)
    larger, size = _LARGER.get(unit, ("", 1.0))
    if larger and abs(time) > _UNHANDY and time % size == 0:
        unit, time = larger, time / size
    said = f"{time:.6g}" if time == round(time) else f"{time:.3g}"
    return f"{unit if unit.isalpha() else 'time'} {said}"


def subject_of(kind: str, subject: object, what: str = "the name of a quantity") -> str:
    """Return the subject of an endpoint without spaces around it.

    Raises
    ------
    StudyError : it is no text, or empty.
    """
    if not isinstance(subject, str) or not subject.strip():
        raise StudyError(f"endpoint {kind}: it needs {what}, got {subject!r}")
    return subject.strip()
