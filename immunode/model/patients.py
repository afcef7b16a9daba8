"""Records that say who a model's patients are and how they are measured."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from immunode.errors import ModelError, quoted
from immunode.language.expression import is_condition, parse
from immunode.model.records import checked_number, one_of, pairs
from immunode.model.serial import register

SCALES = ("log", "logit", "linear")
"""Scales on which a parameter's differences between patients are normal."""
COMBINED = ("variances", "sds")
"""What of the additive and the proportional error of a measurement adds up."""
SHAPES = ("lognormal", "normal", "uniform", "share", "poisson")
"""Distributions of patients' covariates."""


@register
@dataclass(frozen=True, slots=True)
class Variability:
    """How a parameter differs between patients: a random effect eta, normal with mean 0, on the typical value.

    Parameters
    ----------
    parameter : str
        whose value in the model is the typical one.
    sd : float
        standard deviation of eta.
    cv : float
        instead, the coefficient of variation of a parameter on the log scale, dimensionless (0.3 is 30 %); sd**2 =
        log(1 + cv**2).
    scale : str
        "log" (value*exp(eta)), "logit" (eta is added to log(value/(1 - value)), for values between 0 and 1) or "linear"
        (value + eta; sd in the parameter's unit).
    low, high : float | None
        patients outside are set to the nearest end, in the parameter's unit.
    shares : str
        another parameter whose random effect this one has too, times the ratio of their standard deviations: with sd
        0.2 it is half that of a parameter with sd 0.4. "" means one of its own.
    occasion : int
        number of the occasion that the parameter belongs to, such as the third dose of a patient; 0 where it is the
        patient's for good. Draws of occasions change nothing in the other draws.

    Raises
    ------
    ModelError
        not exactly one of sd and cv is above 0, or a scale or a range that does not exist; an occasion shares its
        random effect.
    """

    parameter: str
    sd: float = 0.0
    scale: str = "log"
    cv: float = 0.0
    low: float | None = None
    high: float | None = None
    source: str = ""
    shares: str = ""
    occasion: int = 0

    def __post_init__(self) -> None:
        who = f"variability of '{self.parameter}'"
        one_of(f"{who}: scale", self.scale, SCALES)
        for label in ("sd", "cv"):
            object.__setattr__(self, label, checked_number(f"{who}: {label}", getattr(self, label), least=0.0))
        if (self.sd > 0) == (self.cv > 0):
            raise ModelError(f"{who}: give either sd or cv, above 0")
        if self.cv > 0 and self.scale != "log":
            raise ModelError(f"{who}: a cv goes with the log scale; give sd for the {self.scale} scale")
        if self.shares == self.parameter:
            raise ModelError(f"{who}: it can't share its own random effect; name another parameter")
        occasion: object = self.occasion
        if isinstance(occasion, bool) or not isinstance(occasion, int) or occasion < 0:
            raise ModelError(f"{who}: an occasion is a whole number, 1 for the first, got {self.occasion!r}")
        if self.occasion and self.shares:
            raise ModelError(f"{who}: the random effect of an occasion is shared with no other parameter")
        _range(self, who)

    @property
    def spread(self) -> float:
        """The standard deviation of eta."""
        return self.sd if self.sd > 0 else math.sqrt(math.log1p(self.cv**2))


@register
@dataclass(frozen=True, slots=True)
class Correlation:
    """The correlation of the random effects of two parameters, inside -1 and 1."""

    first: str
    second: str
    value: float
    source: str = ""

    def __post_init__(self) -> None:
        who = f"correlation of '{self.first}' and '{self.second}'"
        object.__setattr__(self, "value", checked_number(who, self.value))
        if not -1 < self.value < 1:
            raise ModelError(f"{who}: it must lie inside -1 and 1, got {self.value:g}")
        if self.first == self.second:
            raise ModelError(f"{who}: it belongs to two parameters")


@register
@dataclass(frozen=True, slots=True)
class PatientClass:
    """One class of a mixture of patients: a share of them, with other typical values.

    Parameters
    ----------
    share : float
        part of all patients, in (0, 1); the shares of a model's classes add up to 1.
    values : Mapping[str, float] | tuple[tuple[str, float], ...]
        parameter -> typical value in the class; also starts, `"E(0)"` -> initial value of a state in the class.
    """

    name: str
    share: float
    values: Mapping[str, float] | tuple[tuple[str, float], ...] = ()
    meaning: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        who = f"class '{self.name}' of patients"
        object.__setattr__(self, "share", checked_number(f"{who}: its share", self.share))
        if not 0 < self.share < 1:
            raise ModelError(f"{who}: its share must lie inside 0 and 1, got {self.share:g}")
        values = tuple((name, checked_number(f"{who}: {name}", value)) for name, value in pairs(self.values))
        object.__setattr__(self, "values", values)


@register
@dataclass(frozen=True, slots=True)
class PatientCovariate:
    """How a property of patients, a parameter such as `weight`, is distributed in the trial population.

    Parameters
    ----------
    shape : str
        "lognormal" (`median`, `sd` of the logarithm), "normal" (`mean`, `sd`), "uniform" (`low` to `high`), "share" (1
        in a `share` of patients, 0 in the others) or "poisson" (`shift` + a count of the given `mean`).
    low, high : float | None
        patients outside are set to the nearest end (not drawn anew).
    step : float | None
        values are rounded to it.

    Raises
    ------
    ModelError
        a number that the shape needs is missing, one that it does not know is given, or one is out of range.
    """

    parameter: str
    shape: str
    median: float | None = None
    mean: float | None = None
    sd: float | None = None
    share: float | None = None
    shift: float | None = None
    low: float | None = None
    high: float | None = None
    step: float | None = None
    source: str = ""

    def __post_init__(self) -> None:
        who = f"covariate '{self.parameter}'"
        one_of(f"{who}: shape", self.shape, SHAPES)
        needs, may = _NEEDS[self.shape]
        for label in ("median", "mean", "sd", "share", "shift", "low", "high", "step"):
            value = getattr(self, label)
            if value is None:
                if label in needs:
                    raise ModelError(f"{who}: a {self.shape} distribution needs {label}=")
                continue
            if label not in (*needs, *may):
                raise ModelError(f"{who}: a {self.shape} distribution takes no {label}=")
            object.__setattr__(self, label, checked_number(f"{who}: {label}", value))
        for label in ("sd", "step", *(("median",) if self.shape == "lognormal" else ())):
            value = getattr(self, label)
            if value is not None and value <= 0:
                raise ModelError(f"{who}: {label} must be above 0, got {value:g}")
        if self.share is not None and not 0 <= self.share <= 1:
            raise ModelError(f"{who}: its share must lie in 0 to 1, got {self.share:g}; 0.2 means 20 %")
        if self.shape == "poisson" and self.mean is not None and self.mean < 0:
            raise ModelError(f"{who}: mean must be 0 or above, got {self.mean:g}")
        _range(self, who)


_NEEDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "lognormal": (("median", "sd"), ("low", "high", "step")),
    "normal": (("mean", "sd"), ("low", "high", "step")),
    "uniform": (("low", "high"), ("step",)),
    "share": (("share",), ()),
    "poisson": (("mean",), ("shift", "low", "high")),
}


@register
@dataclass(frozen=True, slots=True)
class Observed:
    """The error with which a quantity is measured.

    A measurement is value*(1 + e1) + e2, or value*exp(e3), with normal errors of mean 0 and these standard deviations;
    or, with `counts="poisson"`, a number of events: in disjoint intervals Poisson counts, whose mean is the increase of
    the quantity. With `events="exact"` the quantity is a hazard, and what is recorded is whether an event happens at a
    time. With `categories` the quantity is a score, and what is recorded is a category 0, 1, ...

    Parameters
    ----------
    additive : float
        in the quantity's unit.
    proportional, lognormal : float
        dimensionless.
    power : float
        exponent: the proportional part is proportional*|value|**power.
    combined : str
        how additive and proportional parts add up: "variances" (as above, two independent errors; combined2 elsewhere)
        or "sds" (one error with the sum of both standard deviations; combined1).
    events : str
        "exact": events happen with the rate of the quantity, a hazard per time. A record of 1 is an event at its time,
        one of 0 is none since the record before. Events may come again.
    categories : Sequence[str]
        thresholds between ordered categories, expressions of parameters that rise: category k or a lower one has the
        probability 1/(1 + exp(quantity - threshold_k)); `("0",)` is yes (1) or no (0) with the quantity as its logit.

    Raises
    ------
    ModelError
        no error is given, one is below 0, or two kinds that exclude each other are given.
    """

    quantity: str
    additive: float = 0.0
    proportional: float = 0.0
    lognormal: float = 0.0
    counts: str = ""
    source: str = ""
    power: float = 1.0
    combined: str = "variances"
    events: str = ""
    categories: Sequence[str] = ()

    def __post_init__(self) -> None:
        who = f"error of '{self.quantity}'"
        one_of(f"{who}: combined", self.combined, COMBINED)
        object.__setattr__(self, "power", checked_number(f"{who}: power", self.power, least=0.0))
        for label in ("additive", "proportional", "lognormal"):
            object.__setattr__(self, label, checked_number(f"{who}: {label}", getattr(self, label), least=0.0))
        if self.counts:
            one_of(f"{who}: counts", self.counts, ("poisson",))
        if self.events:
            one_of(f"{who}: events", self.events, ("exact",))
        if isinstance(self.categories, str):
            raise ModelError(f"{who}: categories are a list of thresholds, got {quoted(self.categories)}")
        object.__setattr__(self, "categories", tuple(str(text) for text in self.categories))
        kinds = [self.additive > 0 or self.proportional > 0, self.lognormal > 0, bool(self.counts), bool(self.events)]
        if sum(kinds) + bool(self.categories) != 1:
            raise ModelError(
                f"{who}: give additive and proportional, or lognormal, or counts='poisson', or events='exact', or "
                "categories"
            )

    @property
    def discrete(self) -> bool:
        """Whether events or categories are recorded, which have no error around the quantity."""
        return bool(self.events or self.categories)


@register
@dataclass(frozen=True, slots=True)
class Threshold:
    """A named line that clinicians draw, such as remission: `Threshold("remission", "das28 < 2.6")`.

    Parameters
    ----------
    condition : str
        a comparison of one quantity with a number in its unit; a patient who meets it is a responder by `name`.
    """

    name: str
    condition: str
    meaning: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        who = f"threshold '{self.name}'"
        expression = parse(self.condition)
        if not is_condition(expression) or expression[0] != "compare" or _sides(expression) is None:
            raise ModelError(
                f"{who}: {quoted(self.condition)} must compare one quantity with a number, such as 'das28 < 2.6'"
            )

    @property
    def quantity(self) -> str:
        """The quantity that is compared."""
        return _compared(self.condition)[0]

    @property
    def level(self) -> float:
        """The number that it is compared with, in the quantity's unit."""
        return _compared(self.condition)[1]

    def on(self, endpoint: str) -> str:
        """Return the condition with an endpoint in place of the quantity: "at(das28, 24 weeks) < 2.6"."""
        return re.sub(rf"\b{re.escape(self.quantity)}\b", lambda _: endpoint, self.condition)


def named_threshold(text: str, thresholds: Iterable[Threshold]) -> tuple[Threshold, str] | None:
    """Return the threshold that "remission at 24 weeks" names, and the time, "" where none is said; None for none.

    "remission at week 24", as results say it, is the same.

    A name comes before a phrase that results show for a threshold: its meaning, with or without "in" or "with", or its
    name with spaces, in any case.
    """
    said = " ".join(text.split())
    known = list(thresholds)
    exact = [(" ".join(one.name.split()), one) for one in known]
    shown = [(phrase, one) for one in known for phrase in _phrases(one)]
    for phrases, asked in ((exact, said), (shown, said.casefold())):
        for phrase, one in sorted(phrases, key=lambda pair: -len(pair[0])):
            if asked == phrase:
                return one, ""
            if asked.startswith(f"{phrase} at "):
                return one, _typed(said[len(phrase) + 4 :])
    return None


def _typed(time: str) -> str:
    """Return a time as it is given to functions: "week 24" as "24 weeks", "time 5" as "5", others as they are."""
    word, _, number = time.partition(" ")
    if not word.isalpha() or not re.fullmatch(r"\d+(\.\d+)?", number):
        return "0" if time == "the start" else time
    return number if word == "time" else f"{number} {word}" + "s" * (number != "1")


def _phrases(one: Threshold) -> list[str]:
    """Return the phrases, in lower case, that results show for a threshold."""
    plain = [" ".join(text.replace("_", " ").split()).casefold() for text in (one.name, one.meaning) if text]
    return [before + text for text in plain for before in ("", "in ", "with ")]


def _compared(condition: str) -> tuple[str, float]:
    sides = _sides(parse(condition))
    assert sides is not None
    return sides


def _sides(expression: Any) -> tuple[str, float] | None:
    """Return the quantity and the number of a comparison, None where it is not one of these."""
    if expression[0] != "compare" or len(expression) != 4:
        return None
    first, second = expression[2:]
    for name, number in ((first, second), (second, first)):
        value = -number[1][1] if number[0] == "neg" and number[1][0] == "number" else number[1]
        if name[0] == "name" and number[0] in ("number", "neg") and isinstance(value, int | float):
            return str(name[1]), float(value)
    return None


def _range(record: Any, who: str) -> None:
    for label in ("low", "high"):
        value = getattr(record, label)
        if value is not None:
            object.__setattr__(record, label, checked_number(f"{who}: {label}", value))
    if record.low is not None and record.high is not None and not record.low < record.high:
        raise ModelError(f"{who}: its range runs from {record.low:g} to {record.high:g}")
