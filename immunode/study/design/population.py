"""Virtual populations: a joint distribution of a model's parameters, and whom of those drawn one keeps."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from immunode.errors import StudyError, did_you_mean
from immunode.study.design.amounts import check_room, whole_number
from immunode.study.design.declared import declared_classes, declared_marginals, declares_patients
from immunode.study.design.design import Design
from immunode.study.design.distributions import MIDDLE, Distribution
from immunode.study.design.ranges import ranges, space

if TYPE_CHECKING:
    from immunode.model import Model

Array = NDArray[np.float64]
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What a drawn patient must show to be kept.

    ranges : condition -> (low, high), each on an endpoint: `"final(EASI)"`.
    until : end of the untreated run that is looked at, in model time; None is the model's horizon.
    """

    ranges: tuple[tuple[str, float, float], ...]
    until: float | str | None = None


@dataclass(frozen=True, slots=True)
class DrawnClass:
    """A class of a mixture of patients.

    share : part of all patients.   marginals : name -> distribution in this class, where it differs.
    """

    name: str
    share: float
    marginals: tuple[tuple[str, Distribution], ...]


@dataclass(frozen=True, slots=True, repr=False)
class Population:
    """A joint distribution of parameters, knobs and initial values over virtual patients. Made by `population`.

    model : whose patients they are.
    marginals : name -> distribution, in order: the columns of a draw.
    correlations : pairs of names -> correlation of their standard normal scores; others are independent.
    tail : degrees of freedom of a t copula, in which extremes meet more often; None is the Gaussian copula.
    acceptance : ranges in which a drawn patient's untreated run must end up, or None.
    classes : of a mixture, whose shares add up to 1; empty where all patients are of one kind.
    shared : pairs of columns that hold one property of a patient, such as ("drug.weight", "weight"): the first is a
        copy of the second.
    """

    model: Model
    marginals: tuple[tuple[str, Distribution], ...]
    correlations: tuple[tuple[Pair, float], ...] = ()
    tail: float | None = None
    acceptance: Acceptance | None = None
    left_out: tuple[str, ...] = field(default=())
    classes: tuple[DrawnClass, ...] = ()
    shared: tuple[Pair, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(name for name, _ in self.marginals)

    def draw(self, n: int, *, seed: int = 0) -> Design:
        """Return a design of `n` patients; cross it with arms, and every patient is in every arm.

        The first patients of a longer draw are the same. With an acceptance, patients are drawn until `n` are kept.

        Raises
        ------
        StudyError : `n` is not a whole number above 0; fewer than 1 in 1,000 of those drawn are accepted.
        """
        n, seed = (
            whole_number("population", "the number of patients", n),
            whole_number("population", "the seed", seed, 0),
        )
        check_room("population", n, len(self.names))
        if self.acceptance is None:
            values, how = self.values(n, seed), ""
        else:
            from immunode.study.design.acceptance import accepted

            values, how = accepted(self, n, seed)
        labels = {"class": self.class_names(n, seed)} if self.classes and self.acceptance is None else {}
        words = f"{n} virtual patients, seed {seed}{how} ({self.words()})"
        return Design(self.names, values, words, seed, row_labels=labels)

    def accept(self, ranges: Mapping[str, tuple[float, float]], *, until: float | str | None = None) -> Self:
        """Return the population of those whose untreated run shows what is seen in the clinic.

        ranges : endpoint -> (low, high) in its unit: `{"final(EASI)": (16, 72)}`.
        until : end of that run, model time or text such as "1000 weeks"; by default the model's horizon.

        Source of the method: plausible patients, Allen et al. 2016, doi:10.1002/psp4.12063.

        Raises
        ------
        StudyError : an endpoint can't be read, or a range runs backwards.
        """
        from immunode.study.endpoints import endpoint

        made = []
        for text, ends in ranges.items():
            name = endpoint(text).name
            if np.shape(ends) != (2,) or not ends[0] < ends[1]:
                raise StudyError(f"population: {name} needs a range (low, high), got {ends!r}")
            made.append((name, float(ends[0]), float(ends[1])))
        if not made:
            raise StudyError("population: accept needs at least one range, such as {'final(EASI)': (16, 72)}")
        return replace(self, acceptance=Acceptance(tuple(made), until))

    def words(self) -> str:
        """Return one line that says how patients are drawn."""
        groups: dict[str, list[str]] = {}
        for name, marginal in self.marginals:
            key = marginal.words() if marginal.origin == "given" else marginal.origin
            groups.setdefault(key, []).append(name)
        parts = [f"{_listed(names)}: {key}" for key, names in groups.items()]
        if self.correlations:
            copula = "Gaussian copula" if self.tail is None else f"t copula with {self.tail:g} degrees of freedom"
            pairs = [f"{a} with {b} {value:+g}" for (a, b), value in self.correlations]
            parts.append(
                f"{copula}, {', '.join(pairs[:6])}" + (f" and {len(pairs) - 6} more" if len(pairs) > 6 else "")
            )
        if self.classes:
            parts.append("classes " + ", ".join(f"{one.name} {100 * one.share:g} %" for one in self.classes))
        if self.acceptance:
            parts += [f"kept where {n} is {low:g} to {high:g} untreated" for n, low, high in self.acceptance.ranges]
        if self.left_out:
            parts.append(f"not varied, since 0 has no spread: {', '.join(self.left_out)}")
        return "; ".join(parts)

    def __repr__(self) -> str:
        return f"Population of {self.model.label}: {self.words()}"

    def values(self, n: int, seed: int) -> Array:
        """Return the values of the first `n` patients drawn, accepted or not, (n, n_columns), each in its unit."""
        z = _scores(self, n, seed)
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
        ends = np.cumsum([one.share for one in self.classes])[:-1]
        return np.searchsorted(ends, np.random.default_rng((seed, 2)).random(n), side="right")


def population(
    model: Model,
    *patterns: str,
    distributions: Mapping[str, Distribution] | None = None,
    correlations: Mapping[Pair, float] | None = None,
    tail: float | None = None,
    spread: float = 0.3,
) -> Population:
    """Return a virtual population of `model`.

    patterns : names or shell patterns as in `space`: which parameters vary besides those in `distributions`;
        without patterns and distributions, all. Each is lognormal (bounds above 0: they hold its middle 95 %), uniform
        where bounds reach 0 or below, else lognormal with cv `spread` around the model's value.
    distributions : name -> `lognormal(...)`, `normal(...)`, `uniform(...)` or `loguniform(...)`; also of knobs
        (`"anti_tnf.strength"`) and initial values (`"T(0)"`).
    correlations : `{("k1", "k2"): 0.6}`, between the standard normal scores of two names (the correlation of the
        logarithms of two lognormal ones); in (-1, 1).
    tail : degrees of freedom of a t copula, above 0; None is the Gaussian copula.
    spread : coefficient of variation where a parameter has no bounds, dimensionless.

    Without patterns, distributions and correlations, a model that declares its patients (`Variability`,
    `PatientCovariate`, `PatientClass`) gives these: the published population.

    Raises
    ------
    StudyError : an unknown name, or correlations that no joint distribution has.
    """
    if not patterns and not distributions and not correlations and declares_patients(model):
        return declared_population(model, tail=tail)
    given = dict(distributions or {})
    for name, value in given.items():
        if not isinstance(value, Distribution):
            raise StudyError(f"population: '{name}' needs a distribution such as lognormal(2, cv=0.3), got {value!r}")
    chosen: dict[str, Distribution] = {}
    left_out: tuple[str, ...] = ()
    if patterns or not given:
        box = space(model, *patterns)
        left_out = tuple(n for n in box.left_out if n not in given)
        known = ranges(model, patterns)
        chosen = {name: _marginal(*known[name], spread) for name in box.names}
    if given:
        space(model, *given)  # refuses names that do not exist
    chosen.update(given)
    pairs = tuple((_pair(pair, chosen), float(value)) for pair, value in (correlations or {}).items())
    if tail is not None and not (tail > 0 and math.isfinite(tail)):
        raise StudyError(f"population: tail (degrees of freedom) must be above 0, got {tail!r}")
    made = Population(model, tuple(chosen.items()), pairs, tail, None, left_out)
    _root(made)
    return made


def declared_population(model: Model, composed: Iterable[Model] = (), *, tail: float | None = None) -> Population:
    """Return the population that a model declares, with what the treatments of its arms add.

    composed : the model with interventions applied, one for each arm: numbers of drugs that differ between patients are
        drawn too, and a patient has the same ones in every arm. Covariates of one name, such as `weight` and
        `drug.weight`, are one property of a patient.

    Raises
    ------
    StudyError : none is declared.
    """
    models = [model, *composed]
    if not any(declares_patients(one) for one in models):
        raise StudyError(f"{model.name}: it declares no variability and no covariates of patients")
    marginals: dict[str, Distribution] = {}
    pairs: dict[Pair, float] = {}
    covariates: dict[str, None] = {}
    for one in models:
        for name, marginal in declared_marginals(one):
            marginals.setdefault(name, marginal)
        for pair in one.correlations:
            pairs.setdefault((pair.first, pair.second), float(pair.value))
        covariates |= dict.fromkeys(c.parameter for c in one.covariates)
    owners: dict[str, str] = {}
    shared = []
    for name in covariates:
        first = owners.setdefault(name.rpartition(".")[2], name)
        if first != name:
            shared.append((name, first))
    classes = tuple(DrawnClass(*one) for one in declared_classes(model))
    people = Population(model, tuple(marginals.items()), tuple(pairs.items()), tail, None, (), classes, tuple(shared))
    _root(people)
    return people


def _marginal(value: float, bounds: tuple[float, float] | None, spread: float) -> Distribution:
    """Return the distribution that a value with its bounds stands for."""
    if bounds is not None:
        low, high = map(float, bounds)
        if low <= 0:
            return Distribution("uniform", low=low, high=high, origin="uniform inside bounds")
        center, sd = math.log(low * high) / 2, math.log(high / low) / (2 * MIDDLE)
        return Distribution("lognormal", center, sd, 0.0, origin="lognormal, bounds hold the middle 95 %")
    if value < 0:
        return Distribution("normal", value, -value * spread, high=0.0, origin=f"normal, cv {100 * spread:g} %")
    told = f"lognormal around the model's value, cv {100 * spread:g} %"
    return Distribution("lognormal", math.log(value), math.sqrt(math.log1p(spread**2)), 0.0, origin=told)


def _pair(pair: Any, known: Mapping[str, Distribution]) -> Pair:
    if not isinstance(pair, tuple) or len(pair) != 2 or pair[0] == pair[1]:
        raise StudyError(f"population: a correlation belongs to a pair of two names, got {pair!r}")
    for name in pair:
        if name not in known:
            raise StudyError(f"population: correlation with '{name}', which does not vary{did_you_mean(name, known)}")
    return str(pair[0]), str(pair[1])


def _root(people: Population) -> Array | None:
    """Return the Cholesky factor of the correlations, (n, n); None where all are independent.

    Raises
    ------
    StudyError : no joint distribution has these correlations.
    """
    if not people.correlations:
        return None
    names = people.names
    matrix = np.eye(len(names))
    for (a, b), value in people.correlations:
        if not -1 < value < 1:
            raise StudyError(f"population: the correlation of {a} with {b} must lie inside -1 and 1, got {value:g}")
        i, j = names.index(a), names.index(b)
        matrix[i, j] = matrix[j, i] = value
    try:
        return np.asarray(np.linalg.cholesky(matrix))
    except np.linalg.LinAlgError:
        least = float(np.linalg.eigvalsh(matrix)[0])
        raise StudyError(
            f"population: no joint distribution has these correlations (least eigenvalue {least:.2g}); bring them "
            "nearer to 0"
        ) from None


def _scores(people: Population, n: int, seed: int) -> Array:
    """Return standard normal scores with the population's correlations, (n, n_columns); drawn row by row."""
    z = np.random.default_rng(seed).standard_normal((n, len(people.marginals)))
    root = _root(people)
    if root is not None:
        z = z @ root.T
    if people.tail is None:
        return np.asarray(z)
    from scipy.special import ndtri, stdtr

    shared = np.random.default_rng((seed, 1)).chisquare(people.tail, n)
    return np.asarray(ndtri(stdtr(people.tail, z / np.sqrt(shared / people.tail)[:, None])))


def _listed(names: list[str]) -> str:
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
