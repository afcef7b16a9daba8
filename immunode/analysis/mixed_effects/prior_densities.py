"""What is believed of the numbers of a population model before the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.residual_error import TERMS
from immunode.analysis.mixed_effects.structure import Point, Structure
from immunode.errors import StudyError, did_you_mean
from immunode.study.design.distributions import Distribution

Array = NDArray[np.float64]
STEP = 1e-4
"""Step of differences along a scale."""
RANGE = 12.0
"""How far from the data's a standard deviation is looked for, on the logarithm."""


@dataclass(frozen=True, slots=True, eq=False)
class InverseWishart:
    """What is believed of the covariance of a block of correlated random effects.

    Parameters
    ----------
    mode : ndarray
        (n, n), the most probable covariance, in the order of the parameters that name the prior.
    degrees : float
        weight, above n - 1; about the number of individuals that the belief is worth.

    Raises
    ------
    StudyError
        the mode is no covariance, or the degrees are too few.
    """

    mode: Any
    degrees: float

    def __post_init__(self) -> None:
        mode = np.array(self.mode, float)
        square = mode.ndim == 2 and mode.shape[0] == mode.shape[1]
        if not square or not np.allclose(mode, mode.T) or not np.linalg.eigvalsh(mode)[0] > 0:
            raise StudyError("InverseWishart: the mode is a covariance: a symmetric matrix, positive definite")
        if not self.degrees > len(mode) - 1:
            raise StudyError(f"InverseWishart: degrees must be above {len(mode) - 1}, got {self.degrees:g}")
        object.__setattr__(self, "mode", mode)

    @property
    def scale(self) -> Array:
        """The scale matrix of the density |W|^(-(degrees + n + 1)/2) exp(-trace(scale W^-1)/2)."""
        return np.asarray(self.mode * (self.degrees + len(self.mode) + 1))

    def log_density(self, covariance: Array) -> Array:
        """Return the logarithm of the density without its constant, for covariances (..., n, n)."""
        n = len(self.mode)
        size = np.linalg.slogdet(covariance)[1]
        trace = np.trace(np.linalg.solve(covariance, np.broadcast_to(self.scale, covariance.shape)), axis1=-2, axis2=-1)
        return np.asarray(-0.5 * (self.degrees + n + 1) * size - 0.5 * trace)

    def words(self) -> str:
        """Return the density in a few words."""
        sd = ", ".join(f"{s:.3g}" for s in np.sqrt(np.diag(self.mode)))
        return f"inverse Wishart, mode with sd {sd}, {self.degrees:g} degrees"


@dataclass(frozen=True, slots=True)
class Part:
    """One prior. kind : "fixed", "omega", "block" or "error".   place : rows of what it is about."""

    name: str
    kind: str
    place: tuple[int, ...]
    density: Any


@dataclass(frozen=True, slots=True)
class Priors:
    """All priors of an estimation; made by `make_priors`."""

    structure: Structure
    parts: tuple[Part, ...]

    def __bool__(self) -> bool:
        return bool(self.parts)

    def penalty(self, point: Point) -> Array:
        """Return -2 log of the prior density without its constant; leading axes as of the point.

        A density is taken on its own scale: that of a log-normal prior on the logarithm, so that it is highest at its
        median.
        """
        total: Array = np.zeros(point.fixed.shape[:-1])
        for part in self.parts:
            total = total - 2 * _log_density(part.density, self._value(part, point))
        return total

    def log_stretch(self, point: Point) -> float:
        """Return what the penalty lacks to be a density of the vector: the logarithm of the change of coordinates."""
        s, total = self.structure, 0.0
        for part in self.parts:
            value = self._value(part, point)
            if part.kind == "block":
                d = len(part.place)
                diagonal = np.log(np.diag(np.linalg.cholesky(value)))
                total += float(np.sum((d - np.arange(d) + 1) * diagonal))
                continue
            on = {"lognormal": "log", "loguniform": "log", "logitnormal": "logit"}.get(part.density.kind, "linear")
            scale = s.fixed[part.place[0]].scale if part.kind == "fixed" else "log"
            if part.kind == "error" and TERMS[part.place[1]] == "power":
                scale = "linear"
            total += float(_log_slope(scale, value) - _log_slope(on, value))
        return total

    def by_fixed(self, point: Point) -> tuple[Array, Array]:
        """Return slope and curvature of -log density by each fixed effect on its scale, (n_fixed,)."""
        n = len(self.structure.fixed)
        steps = np.diag([STEP * max(one.size, 1e-3) for one in self.structure.fixed])
        moved = [replace(point, fixed=point.fixed + shift) for shift in (*steps, *-steps)]
        return self._differences(point, moved, np.diag(steps) if n else np.empty(0))

    def by_errors(self, point: Point) -> tuple[Array, Array]:
        """Return the same by each estimated number of the errors: by its logarithm, a power by itself."""
        moved = []
        for sign in (1, -1):
            for o, k in self.structure.free_errors:
                errors = point.errors.copy()
                errors[o, k] = errors[o, k] + sign * STEP if TERMS[k] == "power" else errors[o, k] * np.exp(sign * STEP)
                moved.append(replace(point, errors=errors))
        return self._differences(point, moved, np.full(len(self.structure.free_errors), STEP))

    def _differences(self, point: Point, moved: Sequence[Point], steps: Array) -> tuple[Array, Array]:
        n = len(steps)
        values = np.array([self.penalty(one) for one in moved]) / 2
        up, down = values[:n], values[n:]
        return (up - down) / (2 * steps), (up + down - self.penalty(point)) / steps**2

    def covariance(self, block: tuple[int, ...], found: Array, n: int) -> Array:
        """Return the most probable covariance of a block. found : the data's, of `n` random effects each."""
        for part in self.parts:
            if part.kind == "block" and part.place == block:
                both = n * found + part.density.scale
                return np.asarray(both / (n + part.density.degrees + len(block) + 1))
            if part.kind == "omega" and part.place == block:
                from scipy.optimize import minimize_scalar

                center = 0.5 * np.log(max(float(found[0, 0]), 1e-12))

                def minus(log: float, density: Any = part.density) -> float:
                    sd = np.exp(log)
                    value = n * (log + 0.5 * float(found[0, 0]) / sd**2) - float(_log_density(density, np.array(sd)))
                    return value if np.isfinite(value) else 1e300

                grid = center + np.linspace(-RANGE, RANGE, 193)
                best = grid[int(np.argmin([minus(x) for x in grid]))]
                ends = (best - RANGE / 96, best + RANGE / 96)
                log = minimize_scalar(minus, bounds=ends, method="bounded", options={"xatol": 1e-9}).x
                return np.array([[np.exp(2 * log)]])
        return found

    def _value(self, part: Part, point: Point) -> Array:
        if part.kind == "fixed":
            return np.asarray(self.structure.natural(point.fixed)[..., part.place[0]])
        if part.kind == "omega":
            return np.asarray(np.sqrt(point.omega[..., part.place[0], part.place[0]]))
        if part.kind == "block":
            rows = np.array(part.place)
            return np.asarray(point.omega[..., rows[:, None], rows])
        return np.asarray(point.errors[..., part.place[0], part.place[1]])


def make_priors(structure: Structure, given: Mapping[str, Any]) -> Priors:
    """Return the priors by the names of what they are about.

    Raises
    ------
    StudyError : a name of nothing that is estimated, or a density that does not suit it.
    """
    s = structure
    places: dict[str, tuple[str, tuple[int, ...]]] = {one.name: ("fixed", (k,)) for k, one in enumerate(s.fixed)}
    for block, free in zip(s.blocks, s.free_blocks, strict=True):
        if free and len(block) == 1:
            places[s.spread_name(block[0])] = ("omega", block)
        elif free:
            places[s.block_name(block)] = ("block", block)
    for o, k in s.free_errors:
        places[f"{TERMS[k]}({s.forms[o].quantity})"] = ("error", (o, k))
    parts = []
    for name, density in given.items():
        if name not in places:
            raise StudyError(
                f"{s.model.name}: priors: nothing estimated is called '{name}'{did_you_mean(name, places)}; there are "
                f"{', '.join(places)}"
            )
        kind, place = places[name]
        needed = (
            InverseWishart if kind == "block" else (Distribution, InverseWishart) if kind == "omega" else Distribution
        )
        if not isinstance(density, needed):
            what = "InverseWishart(...)" if kind == "block" else "a distribution such as lognormal(...) or normal(...)"
            raise StudyError(f"{s.model.name}: priors: '{name}' takes {what}")
        if isinstance(density, InverseWishart):
            if len(density.mode) != len(place):
                raise StudyError(
                    f"{s.model.name}: priors: '{name}' has {len(place)} random effects, its mode {len(density.mode)}"
                )
            kind = "block"
        else:
            density.log_density(np.ones(1))
        parts.append(Part(name, kind, place, density))
    return Priors(s, tuple(parts))


def _log_slope(scale: str, value: Array) -> Array:
    """Return the logarithm of the derivative of a value by its number on a scale."""
    if scale == "log":
        return np.asarray(np.log(np.abs(value)))
    if scale == "logit":
        return np.asarray(np.log(value * (1 - value)))
    return np.zeros_like(value)


def _log_density(density: Any, value: Array) -> Array:
    """Return the logarithm of a density on its own scale: of a log-normal one by the logarithm."""
    if isinstance(density, InverseWishart):
        return density.log_density(value)
    with np.errstate(all="ignore"):
        log = np.asarray(density.log_density(value), float)
        if density.kind in ("lognormal", "loguniform"):
            log = log + np.log(value)
        if density.kind == "logitnormal":
            log = log + np.log(value) + np.log1p(-value)
    return np.where(np.isnan(log), -np.inf, log)
