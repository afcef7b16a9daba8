"""Stochastic approximation expectation maximization (SAEM), all individuals and chains in one batch.

Sources: Delyon, Lavielle and Moulines 1999, doi:10.1214/aos/1018031103; Kuhn and Lavielle 2005,
doi:10.1016/j.csda.2004.07.033; independent proposals from the Laplace approximation: Karimi, Lavielle and Moulines
2020, doi:10.1016/j.csda.2019.07.001.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.empirical_bayes import conditional_modes
from immunode.analysis.mixed_effects.likelihoods import refuse_failures
from immunode.analysis.mixed_effects.methods.centers import Centers, make_centers
from immunode.analysis.mixed_effects.observation_table import Rows
from immunode.analysis.mixed_effects.predictions import Predictions
from immunode.analysis.mixed_effects.prior_densities import Priors
from immunode.analysis.mixed_effects.residual_error import POISSON, TERMS, minus_log_density, slope_and_weight, variance
from immunode.analysis.mixed_effects.structure import Point
from immunode.analysis.mixed_effects.uncertainty import shown_numbers

Array = NDArray[np.float64]
ROWS, STEADY_ROWS, STEADY_CHAINS, LEAST_CHAINS = 240, 600, 6, 2
"""Chains are so many that individuals times chains are ROWS; then 6 at least, up to STEADY_ROWS; then 2 at least."""
DECAY = 0.7
"""Steps of the averaging fall as k^-DECAY. With 1/k, a direction of which the data tell little (where EM converges
slowly) never forgets where the exploration ended. Any power above 1/2 up to 1 converges (Delyon et al. 1999)."""
SLOWEST = 0.95
"""In the first half of the exploration, a variance falls to no less than this part in one iteration."""
REFRESH = (0, 2, 5, 10, 20, 40, 80, 160, 320, 640)
"""Iterations at which the proposals are made anew."""
DEGREES = 6.0
"""Degrees of freedom of the t distribution of independent proposals."""
STUBBORN = 0.5
"""Share of accepted independent proposals below which an individual gets further ones."""
WANTED = 0.3
"""Share of random-walk proposals to accept."""
LARGEST = 0.5
"""Longest step of the logarithm of an error's standard deviation."""
GAIN, DAMPING, LONGEST = 0.4, 0.02, 0.25
"""Of fixed effects without a center: part of a Newton step, damping of its matrix, longest step (log scale)."""
CONFOUNDED = 1e-4
"""Part of the information on one of them alone, all else being known, that it has at least."""
FLOOR = 1e-6
"""Least variance of a random effect, as a part of the declared one."""


@dataclass(frozen=True, slots=True)
class Course:
    """What SAEM did. point : the estimates.   trace : (n_iterations, n_numbers), of `shown_numbers`.

    exploration : iterations.   eta : (n_chains, n_individuals, n_effects), where the chains ended.
    accepted : share of independent proposals.   chains : of each individual.
    """

    point: Point
    trace: Array
    exploration: int
    eta: Array
    accepted: float
    chains: int


def run_saem(
    predict: Predictions, iterations: tuple[int, int], chains: int | None, seed: int, priors: Priors,
    progress: Callable[[int], None] | None = None,
) -> Course:  # fmt: skip
    """Return the estimates. iterations : of the exploration with steps of 1, and of the averaging with falling ones."""
    search = _Search(predict, chains or default_chains(predict.n), seed, priors)
    trace = []
    explore, average = iterations
    for k in range(explore + average):
        if k in REFRESH and k <= explore:
            search.refresh()
        search.simulate(from_population=k < 10)
        gamma = 1.0 if k < explore else float(k - explore + 1) ** -DECAY
        search.maximize(gamma, slow=k < explore // 2)
        trace.append(shown_numbers(predict.structure, search.point))
        if progress is not None:
            progress(k)
    share = search.accepted[0] / max(search.accepted[1], 1)
    return Course(search.point, np.array(trace), explore, search.eta, float(share), search.chains)


def default_chains(n: int) -> int:
    """Return the number of chains of each of `n` individuals."""
    return max(-(-ROWS // n), min(STEADY_CHAINS, -(-STEADY_ROWS // n)), LEAST_CHAINS)


class _Search:
    """The state of the chains and of the estimates."""

    def __init__(self, predict: Predictions, chains: int, seed: int, priors: Priors) -> None:
        self.priors = priors
        self.predict, self.structure, self.chains = predict, predict.structure, chains
        self.centers: Centers = make_centers(self.structure, predict.data)
        self.rng = np.random.default_rng(seed)
        self.n, self.d = predict.n, self.structure.n_effects
        self.who: Rows = np.tile(np.arange(self.n), chains)
        self.point = self.structure.declared
        self.eta = np.zeros((chains, self.n, self.d))
        self.f, self.value = self.look(self.eta)
        self.scale = np.full(self.n, 2.38 / np.sqrt(self.d))
        self.accepted, self.share = np.zeros(2), np.ones(self.n)
        self.lengths = np.full((self.n, self.d), 0.5)
        self.sums: tuple[Array, Array] | None = None
        self.mode, self.root = self.eta[0], np.zeros((self.n, self.d, self.d))
        self.information, self.response = np.empty((0, 0)), np.empty((0, 0, 0))
        self.alone = np.empty(0)
        self.turn = 0

    def look(self, eta: Array, some: Rows | None = None) -> tuple[Array, Array]:
        """Return predictions, (n_chains, n, n_observations), and -log p(y | eta), (n_chains, n).

        some : the individuals of `eta`, where these are not all.
        """
        who = self.who if some is None else np.tile(some, self.chains)
        f = self.predict(who, self.point, eta.reshape(-1, self.d))
        value = minus_log_density(self.predict.observed(who, self.point), f).sum(axis=1)
        return f.reshape(*eta.shape[:2], -1), value.reshape(eta.shape[:2])

    def prior(self, eta: Array) -> Array:
        inverse = np.linalg.inv(self.point.omega)
        return np.asarray(0.5 * np.einsum("cni,ij,cnj->cn", eta, inverse, eta))

    def refresh(self) -> None:
        """Center the proposals on the modes of the current estimates, and begin the chains there at first."""
        start = self.eta.mean(axis=0)
        found = conditional_modes(self.predict, np.arange(self.n), self.point, start, enough=1e-5)
        refuse_failures(self.predict, found)
        center = self.centers.values(self.point.fixed, self.n)
        self.mode = found.eta + center
        self.root = np.linalg.inv(np.linalg.cholesky(found.hessian)).swapaxes(1, 2)
        if self.sums is None:
            z = self.rng.standard_normal(self.eta.shape)
            eta = found.eta + np.einsum("nij,cnj->cni", self.root, z)
            _, value = self.look(eta)
            good = np.isfinite(value)
            begun = np.broadcast_to(found.eta, eta.shape)
            self.eta = np.where(good[..., None], eta, begun)
            self.f, self.value = self.look(self.eta)
        self.inverse_root = np.linalg.inv(self.root)

    def simulate(self, from_population: bool) -> None:
        """Move all chains: an independent proposal around the mode, a random walk, at first the population's."""
        shape = self.eta.shape
        center = self.mode - self.centers.values(self.point.fixed, self.n)
        z = self.rng.standard_normal(shape)
        z /= np.sqrt(self.rng.chisquare(DEGREES, shape[:2]) / DEGREES)[..., None]
        proposal = center + np.einsum("nij,cnj->cni", self.root, z)
        correction = self._log_t(self.eta - center) - self._log_t(proposal - center)
        moved = self._decide(proposal, correction)
        self.accepted += [moved.sum(), moved.size]
        self.share += 0.1 * (moved.mean(axis=0) - self.share)
        z = np.einsum("nij,cnj->cni", self.root, self.rng.standard_normal(shape))
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

    def _log_t(self, eta: Array) -> Array:
        z = np.einsum("nij,cnj->cni", self.inverse_root, eta)
        return np.asarray(-0.5 * (DEGREES + self.d) * np.log1p((z**2).sum(axis=2) / DEGREES))

    def _decide(self, proposal: Array, correction: Array | float, some: Rows | None = None) -> NDArray[np.bool_]:
        """Accept or reject proposals (Metropolis and Hastings); a run that fails is a rejected proposal."""
        f, value = self.look(proposal, some)
        at = slice(None) if some is None else some
        old = self.eta[:, at]
        with np.errstate(all="ignore"):
            ratio = self.value[:, at] - value + self.prior(old) - self.prior(proposal) + correction
        moved = np.log(self.rng.random(ratio.shape)) < np.where(np.isfinite(value), ratio, -np.inf)
        self.eta[:, at] = np.where(moved[..., None], proposal, old)
        self.f[:, at] = np.where(moved[..., None], f, self.f[:, at])
        self.value[:, at] = np.where(moved, value, self.value[:, at])
        return np.asarray(moved)

    def maximize(self, gamma: float, slow: bool) -> None:
        """Update the estimates. gamma : the step.   slow : whether variances fall slowly (annealing)."""
        errors = self._errors(gamma)
        step_left = self._left(gamma) if self.centers.left else None
        if step_left is not None:
            # random effects go along with the step, else the next gradient would answer to stale ones
            carried = -np.einsum("nik,k->ni", self.response, step_left[list(self.centers.left)])
            self.eta, self.mode = self.eta + carried, self.mode + carried
        phi = self.eta + self.centers.values(self.point.fixed, self.n)
        first, second = phi.mean(axis=0), np.einsum("cni,cnj->nij", phi, phi) / self.chains
        if self.sums is None:
            self.sums = first, second
        else:
            old_first, old_second = self.sums
            self.sums = old_first + gamma * (first - old_first), old_second + gamma * (second - old_second)
        fixed = self._centers(self.point.fixed, self.sums[0])
        if step_left is not None:
            fixed = fixed + step_left
        omega = self._omega(fixed, slow)
        self.point = Point(fixed, omega, errors)
        self.eta = phi - self.centers.values(fixed, self.n)
        if self.centers.left:
            self.f, self.value = self.look(self.eta)
        else:
            # predictions follow individual parameters, which stay
            o = self.predict.observed(self.who, self.point)
            value = minus_log_density(o, self.f.reshape(len(self.who), -1)).sum(axis=1)
            self.value = value.reshape(self.chains, self.n)

    def _centers(self, fixed: Array, target: Array) -> Array:
        """Return fixed effects that bring the centers nearest to the individuals' means (least squares in omega)."""
        moved = list(self.centers.moved)
        if not moved:
            return fixed
        root = np.linalg.cholesky(np.linalg.inv(self.point.omega)).T
        fixed = fixed.copy()
        for _ in range(3 if self.centers.inside or self.priors else 1):
            gap = (target - self.centers.values(fixed, self.n)) @ root.T
            slopes = np.einsum("ij,njk->nik", root, self.centers.slopes(fixed, self.n))
            rows, targets = slopes.reshape(-1, len(moved)), gap.ravel()
            if self.priors:
                slope, bend = (
                    part[moved] for part in self.priors.by_fixed(Point(fixed, self.point.omega, self.point.errors))
                )
                known = bend > 0
                weight = np.sqrt(bend[known])
                rows = np.concatenate([rows, np.eye(len(moved))[known] * weight[:, None]])
                targets = np.concatenate([targets, -slope[known] / weight])
            step = np.linalg.lstsq(rows, targets, rcond=1e-12)[0]
            fixed[moved] += step
        return fixed

    def _omega(self, fixed: Array, slow: bool) -> Array:
        assert self.sums is not None
        first, second = self.sums
        center = self.centers.values(fixed, self.n)
        cross = np.einsum("ni,nj->ij", first, center)
        full = (second.sum(axis=0) - cross - cross.T + np.einsum("ni,nj->ij", center, center)) / self.n
        omega = self.structure.declared.omega.copy()
        floor = FLOOR * np.diag(self.structure.declared.omega)
        s = self.structure
        for block, copies, free in zip(s.blocks, s.copies, s.free_blocks, strict=True):
            if free:
                alike = [np.ix_(group, group) for group in (block, *copies)]
                shared = np.mean([full[at] for at in alike], axis=0)
                shared = self.priors.covariance(block, shared, self.n * len(alike))
                for at in alike:
                    omega[at] = shared
        least = np.maximum(SLOWEST * np.diag(self.point.omega), floor) if slow else floor
        lift = np.sqrt(np.maximum(least / np.maximum(np.diag(omega), 1e-300), 1.0))
        return np.asarray(omega * np.outer(lift, lift))

    def _errors(self, gamma: float) -> Array:
        """Return errors after one step of Fisher's scoring on their logarithms."""
        s, errors = self.structure, self.point.errors.copy()
        if not s.free_errors:
            return errors
        f = self.f.reshape(len(self.who), -1)
        h, gradient, slopes = 1e-4, [], []
        for o, k in s.free_errors:
            ends = []
            for sign in (1.0, -1.0):
                shifted = errors.copy()
                shifted[o, k] += sign * h if TERMS[k] == "power" else shifted[o, k] * np.expm1(sign * h)
                rows = self.predict.observed(self.who, Point(self.point.fixed, self.point.omega, shifted))
                with np.errstate(all="ignore"):
                    log_r = np.where(rows.used, np.log(variance(rows, f)[0]), 0.0)
                ends.append((minus_log_density(rows, f).sum(), log_r))
            gradient.append((ends[1][0] - ends[0][0]) / (2 * h))
            slopes.append(np.nan_to_num((ends[0][1] - ends[1][1]) / (2 * h), posinf=0.0, neginf=0.0).ravel())
        information = 0.5 * np.array(slopes) @ np.array(slopes).T
        if self.priors:
            slope, bend = self.priors.by_errors(self.point)
            gradient = list(np.array(gradient) - self.chains * slope)
            information += self.chains * np.diag(np.maximum(bend, 0.0))
        information += 1e-8 * np.trace(information) * np.eye(len(gradient))
        step = np.clip(np.linalg.solve(information, np.array(gradient)), -LARGEST, LARGEST) * gamma
        for (o, k), move in zip(s.free_errors, step, strict=True):
            errors[o, k] = errors[o, k] + move if TERMS[k] == "power" else errors[o, k] * np.exp(move)
        return errors

    def _left(self, gamma: float) -> Array:
        """Return a step of fixed effects that no center tells of: a stochastic Newton step on the marginal likelihood.

        The gradient is the mean over the chains (Fisher's identity); the information is that of the linearized model.
        """
        left = list(self.centers.left)
        h = np.array([1e-4 * max(self.structure.fixed[k].size, 1e-3 * abs(self.point.fixed[k])) for k in left])
        self.turn += 1
        if self.turn <= 10 or self.turn % 5 == 0:
            fresh = self._information(left, h)
            old = self.information if self.information.size else fresh
            self.information = old + (fresh - old) * 0.3
        gradient = np.empty(len(left))
        for a, k in enumerate(left):
            ends = []
            for sign in (1.0, -1.0):
                shifted = self.point.fixed.copy()
                shifted[k] += sign * h[a]
                point = Point(shifted, self.point.omega, self.point.errors)
                # along with the effects' response: the mean is the same (the score of the joint density by the effects
                # has mean 0), with far less noise
                eta = self.eta - sign * h[a] * self.response[:, :, a]
                f = self.predict(self.who, point, eta.reshape(-1, self.d))
                value = minus_log_density(self.predict.observed(self.who, point), f).sum(axis=1)
                value = value.reshape(self.chains, self.n) + self.prior(eta)
                ends.append(np.where(np.isfinite(value), value, np.nan))
            gradient[a] = np.nansum(ends[1] - ends[0]) / (2 * h[a]) / self.chains
        sizes = np.array([self.structure.fixed[k].size for k in left])
        information = self.information
        if self.priors:
            slope, bend = (part[left] for part in self.priors.by_fixed(self.point))
            gradient, information = gradient - slope, information + np.diag(np.maximum(bend, 0.0))
        # a number that others can stand for has no information of its own: its step must not shrink theirs
        lacking = np.maximum(CONFOUNDED * self.alone - np.diag(information), 0.0)
        damped = information + np.diag(DAMPING * np.diag(information) + lacking)
        step = min(gamma, GAIN) * np.linalg.solve(damped, gradient)
        step = np.where(lacking > 0, np.clip(step, -LONGEST * sizes, LONGEST * sizes), step)
        step *= min(1.0, LONGEST / max(float(np.max(np.abs(step) / sizes)), 1e-12))
        moves = np.zeros(len(self.point.fixed))
        moves[left] = step
        return moves

    def _information(self, left: list[int], h: Array) -> Array:
        """Return the information on fixed effects `left` of the model linearized at the chains' means.

        Also keep how each individual's random effects respond to them, (n_individuals, n_effects, n_left).
        """
        eta, who = self.eta.mean(axis=0), np.arange(self.n)
        f, slopes = self.predict.with_slopes(who, self.point, eta)
        o = self.predict.observed(who, self.point)
        r, _ = variance(o, f)
        _, weight = slope_and_weight(o, f)
        with np.errstate(all="ignore"):
            r = np.where(o.kind >= POISSON, 1 / weight, r)  # the variance of a score
        columns = []
        for a, k in enumerate(left):
            step = np.zeros(len(self.point.fixed))
            step[k] = h[a]
            up, down = (
                self.predict(who, Point(self.point.fixed + s * step, self.point.omega, self.point.errors), eta)
                for s in (1, -1)
            )
            columns.append((up - down) / (2 * h[a]))
        jacobian = np.stack(columns, axis=1)
        with np.errstate(all="ignore"):
            weight = np.where(o.used & np.isfinite(jacobian).all(axis=1) & np.isfinite(weight), weight, 0.0)
        slopes, jacobian = (np.where(weight[:, None] > 0, a, 0.0) for a in (slopes, jacobian))
        hessian = np.einsum("nj,naj,nbj->nab", weight, slopes, slopes) + np.linalg.inv(self.point.omega)
        self.response = np.linalg.solve(hessian, np.einsum("nj,naj,nkj->nak", weight, slopes, jacobian))
        moved = np.einsum("naj,nak->nkj", slopes, self.centers.slopes(self.point.fixed, self.n))
        whole = np.concatenate([jacobian, moved], axis=1)
        total = np.zeros((whole.shape[1],) * 2)
        for i in range(self.n):
            used = weight[i] > 0
            g = slopes[i][:, used]
            v = g.T @ self.point.omega @ g + np.diag(r[i][used])
            total += whole[i][:, used] @ np.linalg.solve(v, whole[i][:, used].T)
        total += 1e-10 * np.trace(total) * np.eye(len(total))
        m = len(left)
        self.alone = np.diag(total)[:m].copy()
        rest = total[m:, m:]
        return np.asarray(total[:m, :m] - total[:m, m:] @ np.linalg.solve(rest, total[m:, :m]) if rest.size else total)
