"""Priors of PEtab as densities.

Source: PEtab specification 2.0, parameter table; version 1: objectivePriorType, where `parameterScale...` is a
density of the parameter on its own scale.
"""

from __future__ import annotations

import math
from collections.abc import Callable
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

    Attributes
    ----------
    kind : str
        "uniform", "normal", "laplace", "cauchy", "gamma", "chisquare", "exponential" or "rayleigh", or with "log"
        before it one of the value's natural logarithm.
    numbers : tuple[float, ...]
        its parameters as PEtab gives them.
    low, high : float
        nothing lies outside; the density is of what is left.
    scale : str
        "lin", or "log" or "log10": it is a density of that logarithm of the value.
    """

    kind: str
    numbers: tuple[float, ...]
    low: float = -math.inf
    high: float = math.inf
    scale: str = "lin"

    def log_density(self, value: Any) -> Any:
        """Return the logarithm of the density at values, -inf outside. `value`: a number or an array."""
        import numpy as np

        values = np.asarray(value, float)
        spread = _distribution(self.kind, self.numbers)
        with np.errstate(all="ignore"):
            x = _on(self.scale, values)
            ends = (self.low, self.high) if self.scale == "lin" else (max(self.low, 0.0), self.high)
            low, high = (_on(self.scale, np.float64(end)) for end in ends)
            left = spread.cdf(high) - spread.cdf(low)
            density = spread.logpdf(x) - np.log(left)
        inside = (values >= self.low) & (values <= self.high) & ~np.isnan(x) & (left > 0)
        return np.where(inside, density, -np.inf)[()]

    def words(self) -> str:
        """Return the prior in a few words."""
        on = "" if self.scale == "lin" else f" of its {self.scale}"
        return f"{self.kind} {', '.join(f'{n:g}' for n in self.numbers)}{on}"


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


def _on(scale: str, value: Any) -> Any:
    """Return values on a scale; NaN where they have none."""
    import numpy as np

    if scale == "lin":
        return value
    return np.log(np.where(value >= 0, value, np.nan)) / (1.0 if scale == "log" else math.log(10.0))


def _distribution(kind: str, numbers: tuple[float, ...]) -> Any:
    from scipy import stats

    a, b = (*numbers, 1.0)[:2]
    if kind == "uniform":
        return stats.uniform(a, b - a) if math.isfinite(b - a) else _Flat()
    made: dict[str, Callable[[], Any]] = {
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

    def cdf(self, x: Any) -> Any:
        return 0.5 + 0.5 * (x > 0)

    def logpdf(self, x: Any) -> Any:
        return 0.0 * (x == 0)
