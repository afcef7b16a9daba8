"""The joint posterior density of a population model's numbers and its individuals' parameters, with its gradient.

Coordinates are the vector of estimates, shifted to the fit and scaled by its standard errors, and for each individual
its parameters on the random effects' scales, shifted to its mode and scaled by the curvature there. Individual
parameters stay while typical values move (centered), so runs depend on few coordinates.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.empirical_bayes import Modes
from immunode.analysis.mixed_effects.predictions import Predictions
from immunode.analysis.mixed_effects.prior_densities import Priors
from immunode.analysis.mixed_effects.residual_error import LOG_2PI, minus_log_density, slope_and_weight
from immunode.analysis.mixed_effects.structure import Point

Array = NDArray[np.float64]
STEP = 1e-4
"""Step of differences along the vector of estimates."""


class JointPosterior:
    """The density at points of all coordinates, (n_numbers + n_individuals*n_effects,)."""

    def __init__(self, predict: Predictions, point: Point, modes: Modes, scale: Array, priors: Priors) -> None:
        """Prepare. point, modes : of the fit.   scale : (n_numbers,), standard errors of the vector."""
        self.predict, self.priors, self.structure = predict, priors, predict.structure
        self.who = np.arange(predict.n)
        self.x = self.structure.vector(point)
        self.scale = np.where(np.isfinite(scale) & (scale > 0), scale, 1.0)
        self.root = np.linalg.inv(np.linalg.cholesky(modes.hessian)).swapaxes(1, 2)
        self.own = self._own_centers()
        self.center = self._typical(point.fixed) + modes.eta
        told = {k for k in self.own if k >= 0}
        self.left = [k for k in range(len(self.structure.fixed)) if k not in told]

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return len(self.x) + self.center.size

    def places(self, q: Array) -> tuple[Array, Array]:
        """Return the vector of estimates, and the random effects, (n_individuals, n_effects)."""
        n = len(self.x)
        x = self.x + self.scale * q[:n]
        phi = self.center + np.einsum("nij,nj->ni", self.root, q[n:].reshape(self.center.shape))
        return x, phi - self._typical(self.structure.point(x).fixed)

    def __call__(self, q: Array) -> tuple[float, Array]:
        """Return the logarithm of the density without its constant, and its gradient; -infinity where impossible."""
        with np.errstate(all="ignore"):
            x, eta = self.places(q)
            point = self.structure.point(x)
            f, slopes = self.predict.with_slopes(self.who, point, eta)
            o = self.predict.observed(self.who, point)
            slope, _ = slope_and_weight(o, f)
            by_phi = -np.einsum("nj,naj->na", slope, np.where(o.used[:, None, :], slopes, 0.0))
            pull = eta @ np.linalg.inv(point.omega)
            by_phi -= pull
            phi = eta + self._typical(point.fixed)
            value = -self._misfit(point, f) + self._around(point, eta) + self._log_prior(point)
            by_x = np.array([self._slope(x, k, phi, f, pull.sum(axis=0)) for k in range(len(x))])
        gradient = np.concatenate([by_x * self.scale, np.einsum("nij,ni->nj", self.root, by_phi).ravel()])
        if not (np.isfinite(value) and np.isfinite(gradient).all()):
            return -np.inf, np.zeros(self.size)
        return value, gradient

    def _slope(self, x: Array, k: int, phi: Array, f: Array, pull: Array) -> float:
        """Return the derivative by a number of the vector, while individual parameters `phi` stay.

        pull : sum over individuals of Omega^-1 eta, the derivative by typical values.
        """
        step, s = STEP * (np.arange(len(x)) == k), self.structure
        up, down = s.point(x + step), s.point(x - step)
        change = self._log_prior(up) - self._log_prior(down)
        if k in self.left:
            runs = [self.predict(self.who, p, phi - self._typical(p.fixed)) for p in (up, down)]
            change += self._misfit(down, runs[1]) - self._misfit(up, runs[0])
        elif k < len(s.fixed):
            effects = [a for a, place in enumerate(self.own) if place == k]
            return change / (2 * STEP) + float(pull[effects].sum()) * s.fixed[k].size
        elif k < len(x) - len(s.free_errors):
            eta = phi - self._typical(up.fixed)
            change += self._around(up, eta) - self._around(down, eta)
        else:
            change += self._misfit(down, f) - self._misfit(up, f)
        return change / (2 * STEP)

    def _misfit(self, point: Point, f: Array) -> float:
        """Return -log p of the observations at predictions."""
        return float(minus_log_density(self.predict.observed(self.who, point), f).sum())

    def _around(self, point: Point, eta: Array) -> float:
        """Return log p of the random effects."""
        spread = np.einsum("ni,ij,nj->", eta, np.linalg.inv(point.omega), eta)
        size = np.linalg.slogdet(point.omega)[1] + eta.shape[1] * LOG_2PI
        return float(-0.5 * (spread + len(eta) * size))

    def _log_prior(self, point: Point) -> float:
        """Return the logarithm of the prior density on the vector.

        Where nothing is believed: flat in fixed effects on their scales and in the logarithms of errors; flat in the
        standard deviation of each random effect, and in correlations (Gelman 2006, doi:10.1214/06-BA117A).
        """
        s, believed = self.structure, {part.place for part in self.priors.parts if part.kind in ("omega", "block")}
        total = -0.5 * float(self.priors.penalty(point)) + self.priors.log_stretch(point)
        for block, free in zip(s.blocks, s.free_blocks, strict=True):
            if not free or block in believed:
                continue
            covariance = point.omega[np.ix_(block, block)]
            diagonal = np.log(np.diag(np.linalg.cholesky(covariance)))
            d = len(block)
            total += float(np.sum((d - np.arange(d) + 1) * diagonal) - 0.5 * d * np.log(np.diag(covariance)).sum())
        return total

    def _own_centers(self) -> tuple[int, ...]:
        """Return the place of each effect's typical value among the fixed effects, -1 where it is none or not alone."""
        return tuple(f[0].typical.places[0] if len(f) == 1 else -1 for f in self.structure.followers)

    def _typical(self, fixed: Array) -> Array:
        return np.array([fixed[k] if k >= 0 else 0.0 for k in self.own])
