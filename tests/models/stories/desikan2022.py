"""The story of desikan2022, as numbers."""

from __future__ import annotations

import numpy as np

from stories import Arms


def holds(arms: Arms) -> bool:
    old, new = arms["five old doses"], arms["doses 3 to 5 updated"]

    def peak(run: object, quantity: str, start: float, end: float) -> float:
        inside = (run.times > start) & (run.times < end)  # type: ignore[attr-defined]
        return float(np.max(run[quantity][inside]))  # type: ignore[index]

    second, third = peak(old, "Ab_W", 28, 287), peak(old, "Ab_W", 287, 525)
    fourth, fifth = peak(old, "Ab_W", 525, 700), peak(old, "Ab_W", 700, 900)
    updated = [peak(new, "Ab_O", *window) for window in ((287, 525), (525, 700), (700, 900))]
    return (
        max(third, fourth, fifth) < second
        and updated[0] < 1.5 * peak(old, "Ab_O", 287, 525)
        and updated[1] > 2 * updated[0]
        and updated[2] > updated[1]
    )
