"""What a sweep was asked for, as its store tells it: a plan that is read, and can't be run."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.errors import StoreError
from immunode.model import Model
from immunode.model.serial import from_json
from immunode.study.endpoints import endpoint
from immunode.study.run.ready import meanings
from immunode.study.run.recipe import tolerance, variant_recipe
from immunode.study.run.sweep_data import Column
from immunode.study.store.blocks import Store
from immunode.study.store.stored_columns import StoredColumn

Array = NDArray[np.float64]


@dataclass(frozen=True)
class StoredPlan:
    """A sweep as its store describes it; what the design held is read from the blocks that are there.

    blocks : whose runs it has, in order.
    """

    store: Store
    blocks: Sequence[int]

    def __len__(self) -> int:
        return sum(rows.stop - rows.start for rows in map(self.store.layout.cut.slice, self.blocks))

    @property
    def study(self) -> dict[str, Any]:
        """What was asked for, as plain data: model, arms, design, times, endpoints, tolerances, versions."""
        return dict(self.store.layout.study)

    @cached_property
    def model(self) -> Model:
        """The model without arms, read from its text; nothing is executed."""
        return from_json(Model, json.dumps(self.store.layout.study["model"]))

    @property
    def model_name(self) -> str:
        """Name of the model, with its variant."""
        told = self.store.layout.study["model"]
        return str(told["name"]) + (f", variant {told['variant_name']}" if told.get("variant_name") else "")

    @property
    def arm_names(self) -> tuple[str, ...]:
        """Names of the arms."""
        return tuple(self.store.layout.study["arms"])

    @property
    def untreated(self) -> str:
        """The first arm that nothing is applied to, "" where all are treated."""
        return next((name for name, arm in self.store.layout.study["arms"].items() if not arm["interventions"]), "")

    @property
    def endpoint_names(self) -> tuple[str, ...]:
        """Names of the endpoints."""
        return tuple(self.store.layout.study["endpoints"])

    @property
    def endpoint_subjects(self) -> dict[str, str]:
        """Endpoint -> the quantity or condition that it is on."""
        return {name: endpoint(name).subject for name in self.endpoint_names}

    @property
    def derived_names(self) -> tuple[str, ...]:
        """Names of the quantities that are known of its arms: those that were kept."""
        return self.keep

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the design's columns."""
        return tuple(self.store.layout.study["design"]["columns"])

    @property
    def keep(self) -> tuple[str, ...]:
        """Names of the quantities whose trajectories were kept."""
        return tuple(self.store.layout.study["keep"])

    @property
    def design_recipe(self) -> str:
        """How the design was made, in words."""
        return str(self.store.layout.study["design"]["recipe"])

    @property
    def times(self) -> Array:
        """The output grid, shape (n_times,), in model time."""
        return self.store.times()

    @property
    def units(self) -> dict[str, str]:
        """Endpoint or kept quantity -> unit; "" is dimensionless."""
        return self._units("trajectories", self.keep) | self._units("endpoints", self.endpoint_names)

    @property
    def column_units(self) -> dict[str, str]:
        """Column of the design -> unit; "" is dimensionless."""
        return self._units("inputs", self.column_names)

    @property
    def meanings(self) -> dict[str, str]:
        """What quantities and parameters of the model mean, by name, where it says so."""
        return meanings(self.model) | {p.name: p.meaning for p in self.model.parameters if p.meaning}

    @cached_property
    def arm_of(self) -> StoredColumn:
        """Position of each row's arm, shape (n_rows,); -1 where a row is not there."""
        return self._column("arm")

    @cached_property
    def draws(self) -> StoredColumn:
        """The parameter set that rows of several arms share, shape (n_rows,); -1 where a row is not there."""
        return self._column("draw")

    @cached_property
    def row_labels(self) -> dict[str, StoredColumn]:
        """Label -> shape (n_rows,): identifiers of patients and other labels that the design brought along."""
        kinds = self.store.layout.study["design"].get("labels", {})
        columns = {}
        for i, (name, kind) in enumerate(kinds.items()):
            number = kind == "number"
            columns[name] = self._column("labels", i, _numbers if number else None, np.int64 if number else None)
        return columns

    def inputs(self, rows: slice = slice(None)) -> Array:
        """Return the design's columns with the model's own values filled in, shape (n_rows, n_columns)."""
        return np.asarray(self.input_columns[rows])

    @cached_property
    def input_columns(self) -> Column:
        """The same, to be read in parts."""
        return self._column("inputs") if self.column_names else np.empty((len(self), 0))

    def rows_there(self) -> StoredPlan:
        """Return the plan of the rows that are there; warns where others are missing.

        Raises
        ------
        StoreError : no block is finished yet.
        """
        begun = set(self.store.begun())
        there = [block for block in self.blocks if block in begun]
        name = self.store.place.name
        if not there:
            raise StoreError(f"{name}: no block is finished yet; run the sweep's line again")
        part = StoredPlan(self.store, there)
        if len(part) < len(self):
            missing = f"{len(self) - len(part):,} of {len(self):,} runs are not there (not run, or not copied)"
            warnings.warn(f"{name}: {missing}; what is read now are the others", stacklevel=4)
        return part

    def recipe(self) -> dict[str, Any]:
        """Return how the sweep was made, as plain data, as far as the store tells without reading its runs."""
        study, model = self.store.layout.study, self.model
        engines = dict.fromkeys(str(arm["engine"]) for arm in study["arms"].values())
        return {
            "model": model.name,
            **variant_recipe(model),
            "reference": model.reference,
            "arms": study["arms"],
            "design": self.design_recipe,
            "columns": study["design"].get("ranges", {}),
            "seed": study["design"].get("seed"),
            "runs": len(self),
            "until": study["times"]["until"],
            "time unit": model.time_unit,
            "times": study["times"]["outputs"],
            "endpoints": list(self.endpoint_names),
            "engine": ", ".join(engines),
            "method": study["method"],
            "rtol": study["rtol"],
            "atol": tolerance(study["atol"]),
            "versions": study["versions"],
            "store": {"path": self.store.place.name, "key": self.store.layout.key},
        }

    def _column(
        self, name: str, part: int | None = None, convert: Callable[[NDArray[Any]], NDArray[Any]] | None = None,
        dtype: Any = None,
    ) -> StoredColumn:  # fmt: skip
        return StoredColumn(self.store, name, self.blocks, part=part, convert=convert, dtype=dtype)

    def _units(self, array: str, names: Sequence[str]) -> dict[str, str]:
        told = self.store.notes[array].get("units") if names else []
        sound = isinstance(told, list) and len(told) == len(names)
        return {name: str(told[i]) if sound and told else "" for i, name in enumerate(names)}


def _numbers(texts: NDArray[Any]) -> NDArray[Any]:
    """Return labels that are whole numbers; 0 where a row is not there."""
    return np.where(texts == "", "0", texts).astype(np.int64)
