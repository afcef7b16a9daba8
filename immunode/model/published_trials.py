"""Records of published trials, to be set beside a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from immunode.errors import ModelError, did_you_mean, quoted
from immunode.language.expression import is_condition, parse
from immunode.model.records import checked_number, one_of, pairs
from immunode.model.serial import register

STATISTICS = ("mean", "median", "sd", "share")
"""What a trial reports of an endpoint over its patients."""
COMPARISONS = ("difference", "ratio")
"""How a trial compares an arm with another."""
SEEN = ("read", "memory")
"""Whether a published value was seen in its source or is quoted from memory."""
ENDPOINTS = (
    "final", "at", "change", "percent_change", "peak", "trough", "auc", "time_to", "time_of_peak", "fraction_of_time",
)  # fmt: skip
"""Kinds of endpoints that a trial may name; those of `immunode.study.endpoints`."""


@register
@dataclass(frozen=True, slots=True)
class TrialResult:
    """One number that a trial reported.

    Parameters
    ----------
    arm : str
        of the trial.
    endpoint : str
        what was looked at, `"change(das28, 24 weeks)"`; with the statistic "share" a condition on endpoints,
        `"at(das28, 24 weeks) < 2.6"`, or the name of a threshold with a time, `"remission at 24 weeks"`; in a model
        whose runs are studies, an endpoint that is a share itself, `"at(ACR20, 24 weeks)"`.
    value : float
        in the endpoint's unit; a share lies between 0 and 1.
    statistic : str
        "mean", "median", "sd" or "share", over the patients of the arm.
    versus, compared : str
        the arm that it was compared with, by "difference" (arm minus versus) or "ratio".
    low, high : float | None
        95 % interval.
    se : float | None
        standard error; the interval is then value +- 1.96 se.
    seen : str
        "read" in the source, or "memory".
    used : bool
        whether the number helped to make the model; then it tests nothing and is not counted.
    measured : bool
        whether the error of the measurement is added to the model (`Observed`), as it was in the trial.
    """

    arm: str
    endpoint: str
    value: float
    statistic: str = "mean"
    versus: str = ""
    compared: str = ""
    low: float | None = None
    high: float | None = None
    se: float | None = None
    seen: str = "read"
    used: bool = False
    measured: bool = True
    note: str = ""

    def __post_init__(self) -> None:
        who = f"result of arm '{self.arm}', {self.endpoint}"
        one_of(f"{who}: statistic", self.statistic, STATISTICS)
        one_of(f"{who}: seen", self.seen, SEEN)
        object.__setattr__(self, "value", checked_number(who, self.value))
        for label in ("low", "high", "se"):
            value = getattr(self, label)
            if value is not None:
                object.__setattr__(
                    self, label, checked_number(f"{who}: {label}", value, least=0.0 if label == "se" else None)
                )
        if bool(self.versus) != bool(self.compared):
            raise ModelError(f"{who}: versus= and compared= go together")
        if self.compared:
            one_of(f"{who}: compared", self.compared, COMPARISONS)
        if self.statistic == "share" and not self.compared and not 0 <= self.value <= 1:
            raise ModelError(f"{who}: a share lies between 0 and 1, got {self.value:g}; 0.2 means 20 %")
        if (self.low is None) != (self.high is None) or (self.low is not None and self.se is not None):
            raise ModelError(f"{who}: give low= and high=, or se=")
        if self.low is not None and self.high is not None and not self.low <= self.value <= self.high:
            raise ModelError(f"{who}: {self.value:g} lies outside its interval, {self.low:g} to {self.high:g}")

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval, None where the trial reported none."""
        if self.low is not None and self.high is not None:
            return self.low, self.high
        return None if self.se is None else (self.value - 1.96 * self.se, self.value + 1.96 * self.se)


@register
@dataclass(frozen=True, slots=True)
class Trial:
    """A published trial, or another clinical study, to be set beside the model.

    Parameters
    ----------
    name : str
        such as "MOBILITY".
    doi : str
        or another source.
    arms : Mapping[str, str] | tuple[tuple[str, str], ...]
        name of an arm in the trial -> names of the model's interventions, joined by "+"; "" is the arm without any.
    patients : Mapping[str, int] | tuple[tuple[str, int], ...]
        arm -> how many were in it.
    results : tuple[TrialResult, ...] | Sequence[TrialResult]
        what was reported.
    only : str
        a condition on patients' covariates that its patients met, such as `"EOS >= 300"`; "" is all of them.
    variant : str
        variant of the model that it is compared with.
    """

    name: str
    doi: str
    arms: Mapping[str, str] | tuple[tuple[str, str], ...] = ()
    patients: Mapping[str, int] | tuple[tuple[str, int], ...] = ()
    results: tuple[TrialResult, ...] | Sequence[TrialResult] = ()
    only: str = ""
    variant: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        who = f"trial '{self.name}'"
        for label in ("arms", "patients"):
            object.__setattr__(self, label, pairs(getattr(self, label)))
        object.__setattr__(self, "results", tuple(self.results))
        names = [name for name, _ in pairs(self.arms)]
        sizes: tuple[tuple[str, Any], ...] = pairs(self.patients)
        for name, count in sizes:
            if name not in names:
                raise ModelError(f"{who}: patients of the arm '{name}'{did_you_mean(name, names)}")
            if not isinstance(count, int) or count < 1:
                raise ModelError(f"{who}: the arm '{name}' has {count!r} patients; a whole number above 0 is needed")
        for result in self.results:
            for arm in filter(None, (result.arm, result.versus)):
                if arm not in names:
                    raise ModelError(f"{who}: a result of the arm '{arm}'{did_you_mean(arm, names)}")
        if self.only and not is_condition(parse(self.only)):
            raise ModelError(f"{who}: only={quoted(self.only)} must be a condition such as 'EOS >= 300'")
