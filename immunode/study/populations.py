"""Virtual populations: a joint distribution of a model's parameters, and whom of those drawn one keeps."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from immunode.errors import StudyError, did_you_mean
from immunode.study.design.amounts import check_room, whole_number
from immunode.study.design.declared import declared_joint, declares_patients
from immunode.study.design.design import Design
from immunode.study.design.distributions import MIDDLE, Distribution
from immunode.study.design.joint import Joint, Pair
from immunode.study.design.ranges import known_ranges, space
from immunode.study.endpoints import endpoint
from immunode.study.sweeps import sweep

if TYPE_CHECKING:
    from immunode.model import Model

Array = NDArray[np.float64]
LEAST = 1e-3
"""Smallest share of drawn patients that may be accepted before drawing is given up."""
MOST = 8192
"""Most patients run at once."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What a drawn patient must show to be kept.

    Attributes
    ----------
    ranges : tuple[tuple[str, float, float], ...]
        condition -> (low, high), each on an endpoint: `"final(EASI)"`.
    until : float | str | None
        end of the untreated run that is looked at, in model time; None is the model's horizon.
    """

    ranges: tuple[tuple[str, float, float], ...]
    until: float | str | None = None


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Population(Joint):
    """A joint distribution of parameters, knobs and initial values over virtual patients. Made by `population`.

    Attributes
    ----------
    model : Model
        whose patients they are.
    acceptance : Acceptance | None
        ranges in which a drawn patient's untreated run must end up, or None.
    left_out : tuple[str, ...]
        parameters that were asked for and do not vary, since they are 0.
    """

    model: Model
    acceptance: Acceptance | None = None
    left_out: tuple[str, ...] = ()

    def draw(self, n: int, *, seed: int = 0) -> Design:
        """Return a design of `n` patients; cross it with arms, and every patient is in every arm.

        The first patients of a longer draw are the same. With an acceptance, patients are drawn until `n` are kept.

        Raises
        ------
        StudyError
            `n` is not a whole number above 0; fewer than 1 in 1,000 of those drawn are accepted.
        """
        n, seed = (
            whole_number("population", "the number of patients", n),
            whole_number("population", "the seed", seed, 0),
        )
        check_room("population", n, len(self.names))
        if self.acceptance is None:
            return self.design(n, seed, self.words())
        values, how = _accepted(self, n, seed)
        words = f"{n} virtual {self.whom}, seed {seed}{how} ({self.words()})"
        return Design(self.names, values, words, seed, declared=self.declared)

    def accept(self, ranges: Mapping[str, tuple[float, float]], *, until: float | str | None = None) -> Self:
        """Return the population of those whose untreated run shows what is seen in the clinic.

        Source of the method: plausible patients, Allen et al. 2016, doi:10.1002/psp4.12063.

        Parameters
        ----------
        ranges : Mapping[str, tuple[float, float]]
            endpoint -> (low, high) in its unit: `{"final(EASI)": (16, 72)}`.
        until : float | str | None
            end of that run, model time or text such as "1000 weeks"; by default the model's horizon.

        Raises
        ------
        StudyError
            an endpoint can't be read, or a range runs backwards.
        """
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
        parts = [Joint.words(self)]
        if self.acceptance:
            parts += [f"kept where {n} is {low:g} to {high:g} untreated" for n, low, high in self.acceptance.ranges]
        if self.left_out:
            parts.append(f"not varied, since 0 has no spread: {', '.join(self.left_out)}")
        return "; ".join(parts)

    def __repr__(self) -> str:
        return f"Population of {self.model.label}: {self.words()}"


def population(
    model: Model,
    *patterns: str,
    distributions: Mapping[str, Distribution] | None = None,
    correlations: Mapping[Pair, float] | None = None,
    tail: float | None = None,
    spread: float = 0.3,
) -> Population:
    """Return a virtual population of `model`.

    Without patterns, distributions and correlations, a model that declares its patients (`Variability`,
    `PatientCovariate`, `PatientClass`) gives these: the published population.

    Parameters
    ----------
    patterns : str
        names or shell patterns as in `space`: which parameters vary besides those in `distributions`; without patterns
        and distributions, all. Each is lognormal (bounds above 0: they hold its middle 95 %), uniform where bounds
        reach 0 or below, else lognormal with cv `spread` around the model's value.
    distributions : Mapping[str, Distribution] | None
        name -> `lognormal(...)`, `normal(...)`, `uniform(...)` or `loguniform(...)`; also of knobs
        (`"anti_tnf.strength"`) and initial values (`"T(0)"`).
    correlations : Mapping[Pair, float] | None
        `{("k1", "k2"): 0.6}`, between the standard normal scores of two names (the correlation of the logarithms of two
        lognormal ones); in (-1, 1).
    tail : float | None
        degrees of freedom of a t copula, above 0; None is the Gaussian copula.
    spread : float
        coefficient of variation where a parameter has no bounds, dimensionless.

    Raises
    ------
    StudyError
        an unknown name, or correlations that no joint distribution has.
    """
    if not patterns and not distributions and not correlations and declares_patients(model):
        joint = declared_joint(model, tail=tail)
        return Population(model=model, **{spec.name: getattr(joint, spec.name) for spec in fields(joint)})
    given = dict(distributions or {})
    for name, value in given.items():
        if not isinstance(value, Distribution):
            raise StudyError(f"population: '{name}' needs a distribution such as lognormal(2, cv=0.3), got {value!r}")
    chosen: dict[str, Distribution] = {}
    left_out: tuple[str, ...] = ()
    if patterns or not given:
        box = space(model, *patterns)
        left_out = tuple(n for n in box.left_out if n not in given)
        known = known_ranges(model, patterns)
        chosen = {name: _marginal(*known[name], spread) for name in box.names}
    if given:
        space(model, *given)  # refuses names that do not exist
    chosen.update(given)
    pairs = tuple((_pair(pair, chosen), float(value)) for pair, value in (correlations or {}).items())
    if tail is not None and not (tail > 0 and math.isfinite(tail)):
        raise StudyError(f"population: tail (degrees of freedom) must be above 0, got {tail!r}")
    people = Population(
        model=model,
        marginals=tuple(chosen.items()),
        correlations=pairs,
        tail=tail,
        acceptance=None,
        left_out=left_out,
    )
    people.check()
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


def _accepted(people: Population, n: int, seed: int) -> tuple[Array, str]:
    """Return the values of the first `n` accepted patients, (n, n_columns), and how many were drawn, in words.

    Raises
    ------
    StudyError : too few are accepted; the message says which range refuses most.
    """
    rule = people.acceptance
    assert rule is not None
    kept: list[Array] = []
    refused = dict.fromkeys((name for name, _, _ in rule.ranges), 0)
    found = drawn = 0
    while found < n:
        # patient number i is the same however many are asked for: drawn from the start, those seen before left out
        more = (
            min(max(2 * (n - found), 64), MOST) if not found else min(int(1.2 * (n - found) * drawn / found) + 16, MOST)
        )
        values = people.values(drawn + more, seed)[drawn:]
        out = sweep(
            people.model,
            Design(people.names, values, "drawn patients"),
            until=rule.until,
            endpoints=[name for name, _, _ in rule.ranges],
        )
        good = out.ok
        for name, low, high in rule.ranges:
            inside = (out.endpoint(name) >= low) & (out.endpoint(name) <= high)
            refused[name] += int((~inside).sum())
            good = good & inside
        kept.append(values[good])
        drawn, found = drawn + more, found + int(good.sum())
        if found < LEAST * drawn and drawn >= 1 / LEAST:
            worst = max(refused, key=lambda name: refused[name])
            raise StudyError(
                f"population: only {found} of {drawn} drawn patients are accepted; {worst} lies outside its range in "
                f"{refused[worst]}; widen the range or the spread of what moves it"
            )
    return np.concatenate(kept)[:n], f", {found} of {drawn} drawn accepted"
