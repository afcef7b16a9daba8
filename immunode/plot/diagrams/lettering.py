"""The words in a diagram: what a state is called, and where its label and the names of processes find room."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from immunode.model import Process, State
from immunode.plot.diagrams.graph import Arrow
from immunode.plot.diagrams.icons import outline
from immunode.plot.kit.arrays import Array
from immunode.plot.kit.text import pieces_of, width_of, wrap, wrap_whole

_ROUNDS = 4
"""How often labels may move out of each other's way."""
_LABEL = 9.0
"""Widest line of the name of an arrow, in sizes of its letters."""
_AROUND = ((0, -1), (0, 1), (1, 0), (-1, 0), (1, -1), (-1, -1), (1, 1), (-1, 1))


def state_words(state: State, radius: float, text: float, small: float, width: float) -> tuple[str, str]:
    """Return the symbol that stands inside the icon of a state, and its label.

    The label is that of the model, else what the state means where that fits in two lines, else its name. A name that
    is the label, or too wide for the icon, is no symbol.   width : of the label in points.
    """
    meaning = re.split(r" \(|[,;:]", state.meaning)[0].strip()
    label = wrap_whole(state.label, width, small, 2) if state.label else ""
    label = label or (wrap_whole(meaning, width, small, 2) if meaning else "")
    if not label:
        return "", wrap(state.name.replace("_", " "), width, small, lines=2)
    fits = width_of(state.name, text, bold=True) <= (1.1 if state.kind == "damage" else 1.5) * radius
    same = state.name.replace("_", " ").casefold() == " ".join(label.split()).casefold()
    return (state.name if fits and not same else ""), label


def process_words(process: Process, states: Collection[str]) -> str:
    """Return what an arrow is called: the label of its process, else the first clause of its meaning, else its name.

    states : labels of states; a clause that is one of them names no process.
    """
    meaning = re.split(r" \(|[,;:]", process.meaning)[0].strip()
    return process.label or ("" if meaning in states else meaning) or process.name.replace("_", " ")


@dataclass(slots=True)
class Letterer:
    """Finds room for words, one after the other, beside icons, lines and the words before.

    size, corner : lower right and upper left corner of the page.   small : size of letters.
    """

    size: tuple[float, float]
    corner: tuple[float, float]
    small: float
    centers: Mapping[str, Array]
    kinds: Mapping[str, str]
    radius: float
    lines: Sequence[Array]
    labels: dict[str, tuple[Array, Array]] = field(default_factory=dict)
    texts: list[tuple[Array, Array]] = field(default_factory=list)

    def half_size(self, text: str, more: int = 0) -> Array:
        """Return half the width and half the height of a text with so many more lines."""
        high = 1.2 * self.small * (text.count("\n") + 1 + more)
        return np.array([width_of(text, self.small), high]) / 2

    def place_labels(self, labels: Mapping[str, str], told: Mapping[str, str] | None) -> None:
        """Find a place for the label of each state, and again until none gains: the first could not know the others.

        told : the value that is written below each label; None where there are none, "" where it is not known yet.
        """
        for _ in range(_ROUNDS):
            before = {name: tuple(spot) for name, (spot, _) in self.labels.items()}
            for name, text in labels.items():
                self.labels[name] = self._label(name, text, None if told is None else told.get(name, ""))
            if before == {name: tuple(spot) for name, (spot, _) in self.labels.items()}:
                break
        self.texts = list(self.labels.values())

    def _label(self, name: str, text: str, value: str | None) -> tuple[Array, Array]:
        """Return where the label of a state stands, and half its size: below its icon, or where it covers least."""
        half, center = self.half_size(text, int(value is not None)), self.centers[name]
        half[0] = max(half[0], width_of(value or "", self.small) / 2)
        gap = self.radius + 0.3 * self.small
        above = half[1] + 0.3 * self.small + float(outline(self.kinds[name])[:, 1].max()) * self.radius
        beside, slant = gap + half[0], 0.75 * gap + half
        ways = [(0.0, above), (0.0, -above), (beside, 0.0), (-beside, 0.0)]
        ways += [(a * slant[0], b * slant[1]) for b in (1, -1) for a in (1, -1)]
        spots = center + np.array(ways)
        costs = [self._cover(name, spot, half) + 0.6 * rank for rank, spot in enumerate(spots)]
        return np.asarray(spots[int(np.argmin(costs))]), half

    def _cover(self, name: str, spot: Array, half: Array) -> float:
        """Return what the label of a state covers there: points of lines, icons, other texts, and the edge."""
        cost = sum(float(np.all(np.abs(line - spot) < half, axis=1).sum()) for line in self.lines)
        own = np.hypot(*(spot - self.centers[name]))
        for other, center in self.centers.items():
            if other != name:
                cost += 40.0 * float(np.all(np.abs(center - spot) < half + 0.8 * self.radius))
                # it would be read as the label of the nearer one
                cost += 10.0 * float(np.hypot(*(spot - center)) < own)
        for place, size in (box for other, box in self.labels.items() if other != name):
            over = np.minimum(half + size - np.abs(place - spot), 2 * half)
            cost += 90.0 * float(np.prod(np.clip(over, 0, None)) / (4 * np.prod(half))) + 20.0 * float(np.all(over > 2))
        out = np.clip(np.array(self.corner) - (spot - half), 0, None) + np.clip(
            spot + half - np.array(self.size), 0, None
        )
        return cost + 50.0 * float((out > 0).any()) + 3.0 * float(out.sum()) / self.small

    def process(
        self, arrow: Arrow, curves: Sequence[tuple[Array, bool]], words: Mapping[str, str]
    ) -> tuple[str, Array | None]:
        """Return the name of an arrow and where it covers nothing; "" and None where there is no such place.

        words : what each process is called. Where they are too long or find no place, names of processes are tried.
        """
        called = list(dict.fromkeys(words[name] for name in arrow.processes))
        for phrase in (", ".join(called), *(f"{one}, …" for one in called if len(called) > 1)):
            whole = wrap_whole(phrase, _LABEL * self.small, self.small, 2)
            if whole.split() == phrase.split():
                spot = self._free(arrow, curves, whole)
                if spot is not None:
                    return whole, spot
        processes = ", ".join(name.replace("_", " ") for name in arrow.processes)
        longest = max(width_of(piece.strip(), self.small) for piece in pieces_of(processes))
        text = wrap(processes, max(7.5 * self.small, longest + 0.1), self.small, lines=2)
        spot = self._free(arrow, curves, text)
        return ("", None) if spot is None else (text, spot)

    def _free(self, arrow: Arrow, curves: Sequence[tuple[Array, bool]], text: str) -> Array | None:
        """Return where a name of an arrow covers nothing, which is then taken; None where there is no such place."""
        half = self.half_size(text) + np.array([0.35, 0.1]) * self.small
        for spot in self._beside(arrow, curves[0][0], half):
            inside = np.all(spot - half >= self.corner) and np.all(spot + half <= np.array(self.size))
            icons = [(center, np.full(2, self.radius + 0.2 * self.small)) for center in self.centers.values()]
            free = all(np.any(np.abs(spot - c) > h + half) for c, h in (*icons, *self.texts))
            if inside and free and not self._crossed(spot, half):
                self.texts.append((spot, half + 0.15 * self.small))
                return spot
        return None

    def _beside(self, arrow: Arrow, curve: Array, half: Array) -> list[Array]:
        """Return places for a name: at the open end of an arrow to nowhere, else beside it, the middle first."""
        spots = []
        if not (arrow.takes and arrow.makes):
            tip, before = (curve[0], curve[3]) if not arrow.takes else (curve[-1], curve[-4])
            way = (tip - before) / (np.hypot(*(tip - before)) + 1e-9)
            for lift in (0.3, 0.8):
                spots.append(tip + way * (half + lift * self.small))
                spots += [tip + np.array(side) * (half + lift * self.small) for side in _AROUND]
        gap = 0.55 * self.small
        for share in (0.5, 0.38, 0.62, 0.25, 0.75):
            at = int(share * (len(curve) - 1))
            way = curve[min(at + 1, len(curve) - 1)] - curve[max(at - 1, 0)]
            side = np.array([-way[1], way[0]]) / (np.hypot(*way) + 1e-9)
            off = float(np.abs(side) @ half) + gap
            spots += [curve[at] + side * off, curve[at] - side * off]
        return spots

    def _crossed(self, spot: Array, half: Array) -> bool:
        """Return whether a line of the diagram runs through a name there."""
        return any(bool(np.any(np.all(np.abs(line - spot) < half, axis=1))) for line in self.lines)
