"""A sweep as plain files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from immunode.errors import StoreError
from immunode.study.result.spreadsheets import csv_text
from immunode.study.run.recipe import write_bytes, write_json, write_text

if TYPE_CHECKING:
    from immunode.study.result.sweep_result import SweepResult


def save_sweep(result: SweepResult, folder: Path) -> list[Path]:
    """Write a sweep into a folder; return the paths of its files. Each is written whole or not at all."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: the folder can't be made ({error.strerror})") from None
    written = []

    def text(name: str, content: str) -> None:
        write_text(folder / name, content)
        written.append(folder / name)

    text("table.csv", csv_text(result.table()))
    text("summary.csv", csv_text(result.summary()))
    write_json(folder / "recipe.json", {**result.recipe, "units": result.units})
    written.append(folder / "recipe.json")
    if len(result.reasons):
        failed = result.table()[["run", "arm", *result.row_labels, "status"]].loc[result.reasons.index]
        failed = failed.assign(reached=result.reached[failed.index], reason=result.reasons)
        text("failures.csv", csv_text(failed))
    if result.kept:
        buffer = io.BytesIO()
        arrays: dict[str, Any] = {"time": result.times, **result.kept}
        np.savez_compressed(buffer, **arrays)
        write_bytes(folder / "trajectories.npz", buffer.getvalue())
        written.append(folder / "trajectories.npz")
    return written
