"""A joint distribution of parameters over patients, from which patients are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from immunode.errors import StudyError
from immunode.study.design.design import Design
from immunode.study.design.distributions import DECLARED, Distribution

Array = NDArray[np.float64]
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class DrawnClass:
    """A class of a mixture of patients.

    share : part of all patients.   marginals : name -> distribution in this class, where it differs.
    """

    name: str
    share: float
    marginals: tuple[tuple[str, Distribution], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """A joint distribution of parameters, knobs and initial values over patients.

    marginals : name -> distribution, in order: the columns of a draw.
    correlations : pairs of names -> correlation of their standard normal scores; others are independent.
    tail : degrees of freedom of a t copula, in which extremes meet more often; None is the Gaussian copula.
    classes : of a mixture, whose shares add up to 1; empty where all patients are of one kind.
    shared : pairs of columns that hold one property of a patient, such as ("drug.weight", "weight"): the first is a
        copy of the second.
    followers : pairs of columns that have one random effect: the first has the standard normal score of the second.
    occasions : columns that belong to occasions of a patient, such as one dose. Each is drawn from a stream of its own,
        so that the number of occasions changes no other draw.
    whom : what is drawn, in words: "patients" or "studies".
    """

    marginals: tuple[tuple[str, Distribution], ...]
    correlations: tuple[tuple[Pair, float], ...] = ()
    tail: float | None = None
    classes: tuple[DrawnClass, ...] = ()
    shared: tuple[Pair, ...] = ()
    followers: tuple[Pair, ...] = ()
    occasions: tuple[str, ...] = ()
    whom: str = "patients"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(name for name, _ in self.marginals)

    @property
    def declared(self) -> tuple[str, ...]:
        """Names of the columns that a model or a drug declares, not the user."""
        return tuple(name for name, marginal in self.marginals if marginal.origin == DECLARED)

    @property
    def listed(self) -> int:
        """How many patients there are if all are listed, one a class of equal share without any spread; else 0."""
        shares = {one.share for one in self.classes}
        spreads = [marginal for _, marginal in self.marginals] + [m for one in self.classes for _, m in one.marginals]
        return len(self.classes) if len(shares) == 1 and all(m.kind == "point" for m in spreads) else 0

    def check(self) -> None:
        """Refuse correlations that no joint distribution has.

        Raises
        ------
        StudyError : it has such ones, or one outside -1 and 1.
        """
        self._root(self._lasting)
        self._root(self.occasions)

    def design(self, n: int, seed: int, how: str) -> Design:
        """Return a design of the first `n` patients drawn. how : how they are drawn, in words."""
        labels = {"class": self.class_names(n, seed)} if self.classes else {}
        words = f"{n} virtual {self.whom}, seed {seed} ({how})"
        return Design(self.names, self.values(n, seed), words, seed, row_labels=labels, declared=self.declared)

    def words(self) -> str:
        """Return one line that says how patients are drawn."""
        groups: dict[str, list[str]] = {}
        lasting = [pair for pair in self.marginals if pair[0] not in set(self.occasions)]
        for name, marginal in lasting:
            key = marginal.words() if marginal.origin == "given" else marginal.origin
            groups.setdefault(key, []).append(name)
        parts = [f"{_listed(names)}: {key}" for key, names in groups.items()]
        if self.occasions:
            parts.append(f"anew on each occasion: {occasion_words(self.occasions)}")
        if self.correlations:
            copula = "Gaussian copula" if self.tail is None else f"t copula with {self.tail:g} degrees of freedom"
            pairs = [f"{a} with {b} {value:+g}" for (a, b), value in self.correlations]
            parts.append(
                f"{copula}, {', '.join(pairs[:6])}" + (f" and {len(pairs) - 6} more" if len(pairs) > 6 else "")
            )
        if self.listed:
            parts.append(f"the {self.listed} listed patients, in random order")
        elif self.classes:
            parts.append("classes " + ", ".join(f"{one.name} {100 * one.share:g} %" for one in self.classes))
        return "; ".join(parts)

    def values(self, n: int, seed: int) -> Array:
        """Return the values of the first `n` patients drawn, accepted or not, (n, n_columns), each in its unit."""
        z = self._scores(n, seed)
        values = np.stack([marginal.place(z[:, i]) for i, (_, marginal) in enumerate(self.marginals)], axis=1)
        class_of = self._class_of(n, seed)
        for i, one in enumerate(self.classes):
            mine = class_of == i
            for name, marginal in one.marginals:
                j = self.names.index(name)
                values[mine, j] = marginal.place(z[mine, j])
        for copy, original in self.shared:
            values[:, self.names.index(copy)] = values[:, self.names.index(original)]
        return values

    def class_names(self, n: int, seed: int) -> NDArray[Any]:
        """Return the class of each of the first `n` patients drawn, shape (n,)."""
        return np.array([one.name for one in self.classes], dtype=object)[self._class_of(n, seed)]

    def _class_of(self, n: int, seed: int) -> NDArray[np.intp]:
        if not self.classes:
            return np.zeros(n, np.intp)
        if self.listed:  # each of them once before one comes again
            rng = np.random.default_rng((seed, 2))
            return np.concatenate([rng.permutation(self.listed) for _ in range(-(-n // self.listed))])[:n]
        ends = np.cumsum([one.share for one in self.classes])[:-1]
        return np.searchsorted(ends, np.random.default_rng((seed, 2)).random(n), side="right")

    def _root(self, names: Sequence[str]) -> Array | None:
        """Return the Cholesky factor of the correlations among some columns, (n, n); None where all are independent.

        Raises
        ------
        StudyError : no joint distribution has these correlations.
        """
        place = {name: i for i, name in enumerate(names)}
        pairs = [(place[a], place[b], value) for (a, b), value in self.correlations if a in place and b in place]
        if not pairs:
            return None
        matrix = np.eye(len(names))
        for i, j, value in pairs:
            if not -1 < value < 1:
                raise StudyError(
                    f"population: the correlation of {names[i]} with {names[j]} must lie inside -1 and 1, got {value:g}"
                )
            matrix[i, j] = matrix[j, i] = value
        try:
            return np.asarray(np.linalg.cholesky(matrix))
        except np.linalg.LinAlgError:
            least = float(np.linalg.eigvalsh(matrix)[0])
            raise StudyError(
                f"population: no joint distribution has these correlations (least eigenvalue {least:.2g}); bring them "
                "nearer to 0"
            ) from None

    @property
    def _lasting(self) -> tuple[str, ...]:
        """The columns that are a patient's for good, in order."""
        fleeting = set(self.occasions)
        return tuple(name for name in self.names if name not in fleeting)

    def _scores(self, n: int, seed: int) -> Array:
        """Return standard normal scores with the population's correlations, (n, n_columns); drawn row by row."""
        lasting = self._lasting
        z = np.random.default_rng(seed).standard_normal((n, len(lasting)))
        root = self._root(lasting)
        if root is not None:
            z = z @ root.T
        for follower, leader in self.followers:
            z[:, lasting.index(follower)] = z[:, lasting.index(leader)]
        if self.tail is not None:
            from scipy.special import ndtri, stdtr

            shared = np.random.default_rng((seed, 1)).chisquare(self.tail, n)
            z = np.asarray(ndtri(stdtr(self.tail, z / np.sqrt(shared / self.tail)[:, None])))
        if not self.occasions:
            return np.asarray(z)
        columns = dict(zip(lasting, z.T, strict=True))
        anew = np.stack([_stream(name, seed).standard_normal(n) for name in self.occasions], axis=1)
        root = self._root(self.occasions)
        columns |= dict(zip(self.occasions, (anew if root is None else anew @ root.T).T, strict=True))
        return np.stack([columns[name] for name in self.names], axis=1)


def _stream(name: str, seed: int) -> np.random.Generator:
    """Return the random numbers of one column, the same whatever other columns there are."""
    return np.random.default_rng((seed, 3, crc32(name.encode())))


def occasion_words(names: Sequence[str]) -> str:
    """Return random effects of occasions in few words: "drug.F_eta_1 to drug.F_eta_26"."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(name.rpartition("_")[0], []).append(name)
    spans = [group[0] if len(group) == 1 else f"{group[0]} to {group[-1]}" for group in groups.values()]
    return ", ".join(spans)


def _listed(names: list[str]) -> str:
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
