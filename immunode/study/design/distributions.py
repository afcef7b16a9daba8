"""Distributions of one quantity over virtual patients."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from immunode.errors import StudyError

Array = NDArray[np.float64]
KINDS = ("lognormal", "normal", "logitnormal", "uniform", "loguniform", "share", "poisson", "point")
DECLARED = "as the model declares"
"""Origin of a distribution that a model or a drug declares."""
MIDDLE = 1.959963984540054
"""Standard normal quantile of 0.975: the middle 95 % lies within this many standard deviations."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """How a quantity is spread over patients, in the quantity's own unit. Made by `lognormal`, `normal`, ...

    Parameters
    ----------
    kind : str
        one of `KINDS`.
    center, spread : float
        lognormal: mean and standard deviation of the logarithm; normal: mean and standard deviation; logitnormal: those
        of log(x/(1 - x)); share: the part of patients that have 1, the others have 0; poisson: the mean count; point:
        the one value; uniform and loguniform: unused.
    low, high : float
        nothing lies outside (truncated, not heaped up at the ends).
    clipped : bool
        whether what lies outside is heaped up at the ends instead.
    shift : float
        added to a count.
    step : float
        what values are rounded to; 0 leaves them.
    sign : float
        -1 for a lognormal one below 0.
    origin : str
        where it is from, in words.
    """

    kind: str
    center: float = 0.0
    spread: float = 1.0
    low: float = -math.inf
    high: float = math.inf
    origin: str = "given"
    clipped: bool = False
    shift: float = 0.0
    step: float = 0.0
    sign: float = 1.0

    def __post_init__(self) -> None:
        numbers = (self.center, self.spread, self.low, self.high)
        if any(math.isnan(x) for x in numbers) or not math.isfinite(self.center + self.spread):
            raise StudyError(f"{self.kind}: its numbers must be finite, got {', '.join(f'{x:g}' for x in numbers)}")
        if self.spread <= 0:
            raise StudyError(f"{self.kind}: the standard deviation must be above 0, got {self.spread:g}")
        if not self.low < self.high:
            raise StudyError(f"{self.kind}: its range runs from {self.low:g} to {self.high:g}")
        if self.kind in ("uniform", "loguniform") and not math.isfinite(self.low + self.high):
            raise StudyError(f"{self.kind}: both ends must be finite, got {self.low:g} to {self.high:g}")
        if self.kind == "loguniform" and self.low <= 0:
            raise StudyError(f"loguniform: both ends must be above 0, got {self.low:g}")

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest value there can be, infinite where there is none."""
        if self.kind == "point":
            return self.center, self.center
        kinds = {"share": (0.0, 1.0), "logitnormal": (0.0, 1.0), "poisson": (self.shift, math.inf)}
        if self.kind == "lognormal":
            kinds["lognormal"] = (0.0, math.inf) if self.sign > 0 else (-math.inf, 0.0)
        low, high = kinds.get(self.kind, (-math.inf, math.inf))
        return max(low, self.low), min(high, self.high)

    def place(self, z: Array) -> Array:
        """Return the quantities at standard normal scores. `z`: shape (n,), dimensionless."""
        placed = self._place(z)
        if self.step:
            placed = np.round(placed / self.step) * self.step
        return np.clip(placed, self.low, self.high) if self.clipped else placed

    def _place(self, z: Array) -> Array:
        if self.kind == "point":
            return np.full(np.shape(z), self.center)
        if self.kind in ("share", "poisson"):
            from scipy.special import ndtr, ndtri
            from scipy.stats import poisson

            if self.kind == "share":
                # the largest scores have it, so that a positive correlation makes it more frequent
                return np.asarray(z > ndtri(1 - self.center), float)
            return np.asarray(self.shift + poisson.ppf(ndtr(z), self.center))
        if self.kind in ("uniform", "loguniform"):
            from scipy.special import ndtr

            low, high = (
                (math.log(self.low), math.log(self.high)) if self.kind == "loguniform" else (self.low, self.high)
            )
            placed = low + ndtr(z) * (high - low)
            return np.clip(np.exp(placed) if self.kind == "loguniform" else placed, self.low, self.high)
        z = z if self.clipped else self._inside(z)
        placed = self.center + self.spread * z
        if self.kind == "logitnormal":
            from scipy.special import expit

            return np.asarray(expit(placed))
        return np.asarray(self.sign * np.exp(placed) if self.kind == "lognormal" else placed)

    def log_density(self, x: Array) -> Array:
        """Return the logarithm of the density without its constant; minus infinity outside.

        Parameters
        ----------
        x : ndarray
            in the unit.

        Raises
        ------
        StudyError
            the distribution has no density.
        """
        if self.kind in ("share", "poisson", "point") or self.clipped or self.step or self.sign < 0:
            raise StudyError(f"{self.words()}: it has no density, so it can't be what is believed before the data")
        with np.errstate(all="ignore"):
            log = np.log(x)
            if self.kind in ("uniform", "loguniform"):
                density = np.zeros_like(x) if self.kind == "uniform" else -log
            elif self.kind == "logitnormal":
                logit = log - np.log1p(-x)
                density = -0.5 * ((logit - self.center) / self.spread) ** 2 - log - np.log1p(-x)
            else:
                y = log if self.kind == "lognormal" else x
                density = -0.5 * ((y - self.center) / self.spread) ** 2 - (log if self.kind == "lognormal" else 0.0)
        return np.where((x >= self.low) & (x <= self.high), density, -np.inf)

    def words(self) -> str:
        """Return the distribution in a few words."""
        if self.kind in ("uniform", "loguniform"):
            return f"{self.kind} from {self.low:g} to {self.high:g}"
        if self.kind == "share":
            return f"1 in {100 * self.center:g} % of patients, else 0"
        if self.kind == "poisson":
            return (f"{self.shift:g} + " if self.shift else "") + f"Poisson, mean {self.center:g}"
        if self.kind == "point":
            return f"{self.center:g}"
        if self.kind == "lognormal":
            text = f"lognormal, median {self.sign * math.exp(self.center):g}, sd of the logarithm {self.spread:g}"
        elif self.kind == "logitnormal":
            text = f"logit-normal, median {1 / (1 + math.exp(-self.center)):g}, sd of the logit {self.spread:g}"
        else:
            text = f"normal, mean {self.center:g}, sd {self.spread:g}"
        ends = [f"{word} {x:g}" for word, x in (("above", self.low), ("below", self.high)) if math.isfinite(x) and x]
        return text + (f", {' and '.join(ends)}" if ends else "")

    def _inside(self, z: Array) -> Array:
        """Return scores moved into the range: the same quantile of the truncated distribution."""
        if self.kind == "logitnormal":
            low = math.log(self.low / (1 - self.low)) if self.low > 0 else -math.inf
            high = math.log(self.high / (1 - self.high)) if self.high < 1 else math.inf
        elif self.kind == "lognormal":
            low = math.log(self.low) if self.low > 0 else -math.inf
            high = math.log(self.high) if self.high > 0 else -math.inf
        else:
            low, high = self.low, self.high
        ends = (low - self.center) / self.spread, (high - self.center) / self.spread
        if not (math.isfinite(ends[0]) or math.isfinite(ends[1])):
            return z
        from scipy.special import ndtr, ndtri

        a, b = ndtr(ends[0]), ndtr(ends[1])
        if not b > a:
            raise StudyError(f"{self.kind}: next to nothing of it lies between {self.low:g} and {self.high:g}")
        return np.clip(ndtri(a + ndtr(z) * (b - a)), *ends)


def lognormal(
    median: float, *, sd: float | None = None, cv: float | None = None, low: float = 0.0, high: float = math.inf
) -> Distribution:
    """Return a lognormal distribution: the logarithm is normal.

    Parameters
    ----------
    median : float
        in the quantity's unit, above 0.
    sd : float | None
        standard deviation of the natural logarithm.
    cv : float | None
        coefficient of variation, sd/mean, dimensionless; sd^2 = log(1 + cv^2). One of the two is needed.

    Raises
    ------
    StudyError
        the median is not above 0, or not exactly one of `sd` and `cv` is given.
    """
    if not median > 0:
        raise StudyError(f"lognormal: the median must be above 0, got {median:g}")
    if (sd is None) == (cv is None):
        raise StudyError("lognormal: give either sd (of the logarithm) or cv (sd/mean)")
    spread = float(sd) if sd is not None else math.sqrt(math.log1p(float(cv or 0.0) ** 2))
    return Distribution("lognormal", math.log(median), spread, max(low, 0.0), high)


def normal(mean: float, sd: float, *, low: float = -math.inf, high: float = math.inf) -> Distribution:
    """Return a normal distribution, truncated to [low, high]; all in the quantity's unit."""
    return Distribution("normal", float(mean), float(sd), low, high)


def uniform(low: float, high: float) -> Distribution:
    """Return a uniform distribution on [low, high]."""
    return Distribution("uniform", low=float(low), high=float(high))


def loguniform(low: float, high: float) -> Distribution:
    """Return a distribution on [low, high], both above 0, whose logarithm is uniform."""
    return Distribution("loguniform", low=float(low), high=float(high))
