"""The rows of a sweep as analyses read them, whether they are in memory or in a store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from immunode.errors import StudyError, did_you_mean

Array = NDArray[np.float64]


class Rows(Protocol):
    """What `SweepResult` and `StoredSweep` have in common; arrays run along the rows.

    `codes` are those of `immunode.solve.Status`, -1 is "not run"; a store leaves out rows that did not run.
    """

    def __len__(self) -> int: ...

    @property
    def model_name(self) -> str:
        """Name of the model, with its variant."""

    @property
    def design_recipe(self) -> str:
        """How the design was made, in words."""

    @property
    def arms(self) -> tuple[str, ...]:
        """Names of the arms."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the design's columns."""

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Names of the endpoints."""

    @property
    def units(self) -> Mapping[str, str]:
        """Endpoint -> unit; "" is dimensionless."""

    @property
    def column_units(self) -> Mapping[str, str]:
        """Column of the design -> unit, where it is known."""

    @property
    def arm_of(self) -> NDArray[np.intp]:
        """Position of each row's arm, shape (n_rows,)."""

    @property
    def draws(self) -> NDArray[np.intp]:
        """The parameter set that rows of several arms share, shape (n_rows,)."""

    @property
    def row_labels(self) -> Mapping[str, NDArray[Any]]:
        """Name -> label of each row, shape (n_rows,): identifiers of patients and the like."""

    @property
    def codes(self) -> NDArray[np.int16]:
        """How each run ended, shape (n_rows,)."""

    @property
    def values(self) -> Array:
        """Endpoints, shape (n_rows, n_endpoints), NaN where a run failed."""

    @property
    def why_failed(self) -> Mapping[int, str]:
        """Row -> why it failed."""

    def inputs(self) -> Array:
        """Return the design's columns with the model's own values filled in, shape (n_rows, n_columns)."""

    def endpoint(self, name: str) -> Array:
        """Return the column of an endpoint, shape (n_rows,)."""

    def endpoint_name(self, name: str) -> str:
        """Return the full name of an endpoint, also from a bare quantity."""


def find_endpoint(name: str, known: Mapping[str, str]) -> str:
    """Return the full name of an endpoint, also from the bare quantity that only one is on. known : name -> subject.

    Raises
    ------
    StudyError : none, or several.
    """
    if name in known:
        return name
    about = [full for full, subject in known.items() if subject == name]
    if len(about) == 1:
        return about[0]
    if about:
        raise StudyError(f"there are several endpoints on '{name}'; say which: {', '.join(about)}")
    raise StudyError(f"unknown endpoint '{name}'{did_you_mean(name, known)}")
