"""Priors of PEtab as densities.

Source: PEtab specification 2.0, parameter table; version 1: objectivePriorType, where `parameterScale...` is a
density of the parameter on its own scale.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from immunode.errors import StudyError, did_you_mean
from immunode.exchange.petab.records import PriorText

_NUMBERS = {
    "uniform": 2, "normal": 2, "laplace": 2, "lognormal": 2, "loglaplace": 2, "loguniform": 2, "cauchy": 2,
    "gamma": 2, "chisquare": 1, "exponential": 1, "rayleigh": 1,
}  # fmt: skip
_SPREAD = ("normal", "laplace", "lognormal", "loglaplace", "cauchy", "gamma")


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed of a parameter before the data.

    kind : "uniform", "normal", "laplace", "cauchy", "gamma", "chisquare", "exponential" or "rayleigh", or with "log"
        before it one of the value's natural logarithm.   numbers : its parameters as PEtab gives them.
    low, high : nothing lies outside; the density is of what is left.
    scale : "lin", or "log" or "log10": it is a density of that logarithm of the value.
    """

    kind: str
    numbers: tuple[float, ...]
    low: float = -math.inf
    high: float = math.inf
    scale: str = "lin"

    def log_density(self, value: float) -> float:
        """Return the logarithm of the density at a value, -inf where it is outside."""
        x = _on(self.scale, value)
        if not self.low <= value <= self.high or math.isnan(x):
            return -math.inf
        spread = _distribution(self.kind, self.numbers)
        left = spread.cdf(_on(self.scale, self.high)) - spread.cdf(_on(self.scale, self.low))
        return float(spread.logpdf(x) - math.log(left)) if left > 0 else -math.inf


def make_prior(text: PriorText, version: int, low: float, high: float, who: str) -> Prior:
    """Return a prior as a table says it; version 2 cuts it at the parameter's bounds.

    Raises
    ------
    StudyError : it is unknown, or its numbers can't be.
    """
    kind = text.kind.lower().replace("-", "").replace("_", "")
    own = kind.startswith("parameterscale")
    kind = kind.removeprefix("parameterscale")
    if kind not in _NUMBERS or (own and kind not in ("uniform", "normal", "laplace")):
        raise StudyError(f"{who}: the prior '{text.kind:.40}' is not read here{did_you_mean(kind, _NUMBERS)}")
    numbers = text.numbers
    finite = all(map(math.isfinite, numbers)) or kind == "uniform"
    if len(numbers) != _NUMBERS[kind] or not finite:
        raise StudyError(f"{who}: the prior '{text.kind}' takes {_NUMBERS[kind]} numbers, got {len(numbers)}")
    wrong = (
        (kind in _SPREAD and numbers[-1] <= 0)
        or (kind in ("gamma", "chisquare", "exponential", "rayleigh") and min(numbers) <= 0)
        or (kind.endswith("uniform") and numbers[0] > numbers[1])
        or (kind == "loguniform" and numbers[0] <= 0)
    )
    if wrong:
        raise StudyError(f"{who}: the prior '{text.kind}' can't have the numbers {'; '.join(map(str, numbers))}")
    ends = (low, high) if version == 2 else (-math.inf, math.inf)
    return Prior(kind, numbers, *ends, text.scale if own else "lin")


def _on(scale: str, value: float) -> float:
    if scale == "lin":
        return value
    if value <= 0:
        return -math.inf if value == 0 or value == -math.inf else math.nan
    return math.log(value) if scale == "log" else math.log10(value)


def _distribution(kind: str, numbers: tuple[float, ...]) -> Any:
    from scipy import stats

    a, b = (*numbers, 1.0)[:2]
    if kind == "uniform":
        if not math.isfinite(b - a):
            return _Flat()
        return stats.uniform(a, b - a)
    made = {
        "normal": lambda: stats.norm(a, b),
        "laplace": lambda: stats.laplace(a, b),
        "cauchy": lambda: stats.cauchy(a, b),
        "gamma": lambda: stats.gamma(a, scale=b),
        "chisquare": lambda: stats.chi2(a),
        "exponential": lambda: stats.expon(scale=a),
        "rayleigh": lambda: stats.rayleigh(scale=a),
        "lognormal": lambda: stats.lognorm(b, scale=math.exp(a)),
        "loguniform": lambda: stats.loguniform(a, b),
        "loglaplace": lambda: stats.loglaplace(1 / b, scale=math.exp(a)),
    }
    return made[kind]()


class _Flat:
    """No belief at all, over an infinite range: counts as density 1."""

    def cdf(self, x: float) -> float:
        return 0.5 * (1 + math.copysign(1.0, x))

    def logpdf(self, x: float) -> float:
        return 0.0
