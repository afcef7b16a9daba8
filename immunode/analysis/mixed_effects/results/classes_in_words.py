"""Classes of individuals in words: how large they are, and how well the data tell them apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.structure import Point, Structure

Array = NDArray[np.float64]
UNCLEAR = 0.2
"""Certainty about classes below which the data hardly tell them apart."""


def certainty(probabilities: Array) -> float:
    """Return how surely individuals belong to classes: 1 where each one's class is known, 0 where nothing is.

    It is 1 minus the mean entropy of the probabilities, relative to equal ones: the entropy of Celeux and Soromenho
    1996, doi:10.1007/BF01246098. probabilities : (n_individuals, n_classes).
    """
    n, k = probabilities.shape
    safe = np.where(probabilities > 0, probabilities, 1.0)
    return float(1 + (probabilities * np.log(safe)).sum() / (n * np.log(k)))


def class_lines(structure: Structure, point: Point, probabilities: Array) -> list[str]:
    """Return a line on the classes; none where there is one only."""
    if structure.n_classes == 1:
        return []
    largest = np.bincount(probabilities.argmax(axis=1), minlength=structure.n_classes)
    parts = [
        f"{name} {100 * share:.3g} % (most probable for {count})"
        for name, share, count in zip(structure.class_names, point.shares, largest, strict=True)
    ]
    return [f"classes: {', '.join(parts)}; certainty {certainty(probabilities):.2f} (1: all are known)"]


def class_notes(structure: Structure, point: Point, probabilities: Array) -> list[str]:
    """Return what deserves doubt: an empty class, classes that can't be told apart, classes that changed places."""
    if structure.n_classes == 1:
        return []
    notes = []
    expected = probabilities.sum(axis=0)
    for name, number in zip(structure.class_names, expected, strict=True):
        if number < 1:
            notes.append(f"class '{name}' is empty: {number:.2g} individuals are expected in it; leave it out")
    if certainty(probabilities) < UNCLEAR:
        notes.append("the data hardly tell the classes apart: their shares and values mean little")
    for one in structure.typical:
        free = [k for k, place in enumerate(one.places) if place >= 0]
        if len({one.places[k] for k in free}) < 2:
            continue
        name = structure.model.parameters[one.row].name
        before, after = (np.argsort([x[k] for k in free]) for x in (one.values, [point.fixed[p] for p in one.places]))
        if list(before) != list(after):
            notes.append(f"classes have changed places: their values of {name} are no longer in the declared order")
            break
    return notes
