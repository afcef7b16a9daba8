"""Markov chains of random effects and classes of all individuals, in one batch.

Source of the independent proposals from the Laplace approximation: Karimi, Lavielle and Moulines 2020,
doi:10.1016/j.csda.2019.07.001.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.empirical_bayes import conditional_modes
from immunode.analysis.mixed_effects.likelihoods import laplace_parts, over_classes, refuse_failures
from immunode.analysis.mixed_effects.methods.centers import Centers, make_centers
from immunode.analysis.mixed_effects.observation_table import Rows
from immunode.analysis.mixed_effects.predictions import Predictions
from immunode.analysis.mixed_effects.residual_error import minus_log_density
from immunode.analysis.mixed_effects.structure import Point

Array = NDArray[np.float64]
DEGREES = 6.0
"""Degrees of freedom of the t distribution of independent proposals."""
STUBBORN = 0.5
"""Share of accepted independent proposals below which an individual gets further ones."""
WANTED = 0.3
"""Share of random-walk proposals to accept."""
ANYWHERE = 0.1
"""Part of the independent proposals that go to any class of individuals."""


class Chains:
    """Chains at the current numbers, `point`.

    eta : (n_chains, n_individuals, n_effects).   row : (n_chains, n_individuals), which says the class too.
    f, value : predictions, and -log p(y, class | eta).   mode, root : of the independent proposals in each row; modes
        are of individual parameters, which stay while typical values move.   odds : of their classes.
    """

    def __init__(self, predict: Predictions, chains: int, seed: int) -> None:
        self.predict, self.structure, self.chains = predict, predict.structure, chains
        self.centers: Centers = make_centers(self.structure, predict.data)
        self.rng = np.random.default_rng(seed)
        self.n, self.d = predict.n, self.structure.n_effects
        self.n_rows = len(predict.rows)
        self.point = self.structure.declared
        self.eta = np.zeros((chains, self.n, self.d))
        self.row: Rows = np.tile(np.arange(self.n), (chains, 1))
        self.f, self.value = self.look(self.eta, self.row)
        self.scale = np.full(self.n, 2.38 / np.sqrt(self.d))
        self.accepted, self.share = np.zeros(2), np.ones(self.n)
        self.lengths = np.full((self.n, self.d), 0.5)
        self.begun = False
        self.mode: Array = np.zeros((self.n_rows, self.d))
        self.root: Array = np.zeros((self.n_rows, self.d, self.d))
        self.inverse_root: Array = self.root
        self.odds = np.ones((self.structure.n_classes, self.n))

    @property
    def who(self) -> Rows:
        """The row of each chain: its individual in the class where the chain is."""
        return self.row.ravel()

    def look(self, eta: Array, row: Rows) -> tuple[Array, Array]:
        """Return predictions, (n_chains, n, n_observations), and -log p(y, class | eta), (n_chains, n)."""
        who = row.ravel()
        f = self.predict(who, self.point, eta.reshape(-1, self.d))
        return f.reshape(*eta.shape[:2], -1), self.misfit(f, row)

    def misfit(self, f: Array, row: Rows, point: Point | None = None) -> Array:
        """Return -log p(y, class | eta) at predictions, (n_chains, n)."""
        point = point or self.point
        who = row.ravel()
        value = minus_log_density(self.predict.observed(who, point), f.reshape(len(who), -1)).sum(axis=1)
        return np.asarray(value.reshape(row.shape) - np.log(point.shares)[row // self.n])

    def prior(self, eta: Array) -> Array:
        inverse = np.linalg.inv(self.point.omega)
        return np.asarray(0.5 * np.einsum("cni,ij,cnj->cn", eta, inverse, eta))

    def refresh(self) -> None:
        """Center the proposals on the modes of the current estimates, and begin the chains there at first."""
        start = self.mode - self.centers.values(self.point.fixed) if self.begun else 0 * self.mode
        if self.structure.n_classes == 1:
            start = self.eta.mean(axis=0)
        found = conditional_modes(self.predict, self.predict.rows, self.point, start, enough=1e-5)
        refuse_failures(self.predict, found)
        self.mode = found.eta + self.centers.values(self.point.fixed)
        self.root = np.linalg.inv(np.linalg.cholesky(found.hessian)).swapaxes(1, 2)
        self.inverse_root = np.asarray(np.linalg.inv(self.root), float)
        odds = over_classes(self.point, laplace_parts(self.point, found.value, found.hessian))[1]
        self.odds = (1 - ANYWHERE) * odds + ANYWHERE / len(odds)
        if not self.begun:
            self.begun = True
            self.row = self._drawn_rows()
            z = self.rng.standard_normal(self.eta.shape)
            eta = found.eta[self.row] + np.einsum("cnij,cnj->cni", self.root[self.row], z)
            _, value = self.look(eta, self.row)
            good = np.isfinite(value)
            self.eta = np.where(good[..., None], eta, found.eta[self.row])
            self.f, self.value = self.look(self.eta, self.row)

    def _drawn_rows(self) -> Rows:
        """Return the row of each chain with a class drawn from the classes' approximate probabilities."""
        person = np.tile(np.arange(self.n), (self.chains, 1))
        if len(self.odds) == 1:
            return person
        ends = np.cumsum(self.odds, axis=0)[:-1]
        return np.asarray((self.rng.random(person.shape) > ends[:, None]).sum(axis=0) * self.n + person)

    def simulate(self, from_population: bool) -> None:
        """Move all chains: an independent proposal around a mode, a random walk, at first the population's.

        The independent proposal draws a class first, so that chains go from one class to another.
        """
        shape = self.eta.shape
        center = self.mode - self.centers.values(self.point.fixed)
        row = self._drawn_rows()
        z = self.rng.standard_normal(shape)
        z /= np.sqrt(self.rng.chisquare(DEGREES, shape[:2]) / DEGREES)[..., None]
        proposal = center[row] + np.einsum("cnij,cnj->cni", self.root[row], z)
        old = self._log_proposal(self.eta - center[self.row], self.row)
        moved = self._decide(proposal, old - self._log_proposal(proposal - center[row], row), row=row)
        self.accepted += [moved.sum(), moved.size]
        self.share += 0.1 * (moved.mean(axis=0) - self.share)
        z = np.einsum("cnij,cnj->cni", self.root[self.row], self.rng.standard_normal(shape))
        moved = self._decide(self.eta + self.scale[:, None] * z, 0.0)
        self.scale *= np.exp(0.3 * (moved.mean(axis=0) - WANTED))
        self.scale = np.clip(self.scale, 0.05, 10.0)
        if from_population:
            root = np.linalg.cholesky(self.point.omega)
            proposal = self.rng.standard_normal(shape) @ root.T
            self._decide(proposal, self.prior(proposal) - self.prior(self.eta))
        stubborn = np.flatnonzero(self.share < STUBBORN)
        if stubborn.size:
            self._one_by_one(stubborn)

    def _one_by_one(self, some: Rows) -> None:
        """Move one random effect of each chain at a time, where the mode tells little of the whole distribution.

        First one drawn anew from the population, then a random walk with a length of its own.
        """
        sd = np.sqrt(np.diag(self.point.omega))
        shape = (self.chains, len(some))
        for anew in (True, False):
            which = self.rng.integers(self.d, size=shape)
            place = np.arange(self.d) == which[..., None]
            z, old = self.rng.standard_normal(shape), self.eta[:, some]
            length = self.lengths[some[None, :], which]
            change = z[..., None] * (sd if anew else length[..., None] * sd)
            proposal = np.where(place, change if anew else old + change, old)
            correction: Array | float = 0.0
            if anew:
                correction = 0.5 * (np.where(place, proposal**2 - old**2, 0.0) / sd**2).sum(axis=2)
            moved = self._decide(proposal, correction, some)
            if not anew:
                np.multiply.at(self.lengths, (np.broadcast_to(some, shape), which), np.exp(0.2 * (moved - WANTED)))
                self.lengths = np.clip(self.lengths, 1e-3, 5.0)

    def _log_proposal(self, gap: Array, row: Rows) -> Array:
        """Return the logarithm of the density of independent proposals, without its constant, (n_chains, n)."""
        z = np.einsum("cnij,cnj->cni", self.inverse_root[row], gap)
        log_t = -0.5 * (DEGREES + self.d) * np.log1p((z**2).sum(axis=2) / DEGREES)
        if len(self.odds) == 1:
            return np.asarray(log_t)
        return np.asarray(log_t + (np.log(self.odds.ravel()) - np.linalg.slogdet(self.root)[1])[row])

    def _decide(
        self, proposal: Array, correction: Array | float, some: Rows | None = None, row: Rows | None = None
    ) -> NDArray[np.bool_]:
        """Accept or reject proposals (Metropolis and Hastings); a run that fails is a rejected proposal.

        some : the individuals that move, where not all do.   row : of each proposal, where its class may change.
        """
        at = slice(None) if some is None else some
        new = self.row[:, at] if row is None else row
        f, value = self.look(proposal, new)
        old = self.eta[:, at]
        with np.errstate(all="ignore"):
            ratio = self.value[:, at] - value + self.prior(old) - self.prior(proposal) + correction
        moved = np.log(self.rng.random(ratio.shape)) < np.where(np.isfinite(value), ratio, -np.inf)
        self.eta[:, at] = np.where(moved[..., None], proposal, old)
        self.f[:, at] = np.where(moved[..., None], f, self.f[:, at])
        self.value[:, at] = np.where(moved, value, self.value[:, at])
        self.row[:, at] = np.where(moved, new, self.row[:, at])
        return np.asarray(moved)
