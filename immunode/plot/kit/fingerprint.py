"""A fingerprint of what a figure shows: equal for the same data, whatever the style, the size or the file format."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.spines import Spine

from immunode.plot.kit.arrays import Array

DIGITS = 4
"""Significant digits that count: engines on other processors differ in the last ones of a double."""


def data_hash(figure: Figure) -> str:
    """Return 16 hexadecimal digits of the SHA-256 of all that stands in data coordinates, panel by panel.

    Numbers count with four significant digits, and as zero below 1e-9 of the largest of their array. Texts count only
    in a figure without data, such as one of equations.
    """
    digest = hashlib.sha256()
    has_data = False
    for i, ax in enumerate(figure.axes):
        for array in _arrays(ax):
            has_data = True
            digest.update(f"{i}:{array.shape}".encode())
            digest.update(digits(array).encode())
    if not has_data:
        for text in figure.texts:
            digest.update("".join(text.get_text().split()).encode())
    return digest.hexdigest()[:16]


def digits(array: Array) -> str:
    """Return an array as text with four significant digits, without the noise of numbers that should be zero."""
    size = np.abs(array)
    largest = float(np.max(size, initial=0.0, where=np.isfinite(size)))
    clean = np.where(size <= 1e-9 * largest, 0.0, array)
    return ",".join(f"{value:.{DIGITS - 1}e}" for value in clean.ravel().tolist())


def _arrays(ax: Axes) -> Iterator[Array]:
    """Yield the numbers of every mark of a panel that stands in data coordinates."""
    for mark in ax.get_children():
        if isinstance(mark, Line2D):
            across, up = _in_data(mark.get_transform(), ax)
            if across:
                yield np.asarray(mark.get_xdata(orig=False), dtype=float)
            if up:
                yield np.asarray(mark.get_ydata(orig=False), dtype=float)
        elif isinstance(mark, Collection):
            yield from _of_collection(mark, ax)
        elif isinstance(mark, AxesImage):
            yield np.asarray(mark.get_extent(), dtype=float)
            yield _filled(mark.get_array())
        elif (
            isinstance(mark, Patch)
            and not isinstance(mark, Spine)
            and mark is not ax.patch
            and any(_in_data(mark.get_transform(), ax))
        ):
            yield np.asarray(mark.get_patch_transform().transform(mark.get_path().vertices), dtype=float)


def _of_collection(mark: Collection, ax: Axes) -> Iterator[Array]:
    if any(_in_data(mark.get_transform(), ax)):
        for path in mark.get_paths():
            yield np.asarray(path.vertices, dtype=float)
    if any(_in_data(mark.get_offset_transform(), ax)):
        yield _filled(mark.get_offsets())
    values = mark.get_array()
    if values is not None:
        yield _filled(values)


def _filled(values: Any) -> Array:
    return np.asarray(np.ma.filled(np.ma.asarray(values, dtype=float), np.nan), dtype=float)


def _in_data(transform: Any, ax: Axes) -> tuple[bool, bool]:
    across, up = transform.contains_branch_seperately(ax.transData)
    return bool(across), bool(up)
