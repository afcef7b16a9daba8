"""Stochastic approximation expectation maximization (SAEM), all individuals and chains in one batch.

Sources: Delyon, Lavielle and Moulines 1999, doi:10.1214/aos/1018031103; Kuhn and Lavielle 2005,
doi:10.1016/j.csda.2004.07.033.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.methods.chains import Chains
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
LARGEST = 0.5
"""Longest step of the logarithm of an error's standard deviation."""
GAIN, DAMPING, LONGEST = 0.4, 0.02, 0.25
"""Of fixed effects without a center: part of a Newton step, damping of its matrix, longest step (log scale)."""
CONFOUNDED = 1e-4
"""Part of the information on one of them alone, all else being known, that it has at least."""
LEAST_SHARE = 1e-4
"""Least share of a class."""
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


class _Search(Chains):
    """The chains with what they tell of the estimates."""

    def __init__(self, predict: Predictions, chains: int, seed: int, priors: Priors) -> None:
        super().__init__(predict, chains, seed)
        self.priors = priors
        self.sums: tuple[Array, ...] | None = None
        self.information, self.response = np.empty((0, 0)), np.empty((0, 0, 0))
        self.alone = np.empty(0)
        self.turn = 0

    def maximize(self, gamma: float, slow: bool) -> None:
        """Update the estimates. gamma : the step.   slow : whether variances fall slowly (annealing)."""
        errors = self._errors(gamma)
        step_left = self._left(gamma) if self.centers.left else None
        if step_left is not None:
            # random effects go along with the step, else the next gradient would answer to stale ones
            carried = -np.einsum("rik,k->ri", self.response, step_left[list(self.centers.left)])
            self.eta, self.mode = self.eta + carried[self.row], self.mode + carried
        phi = self.eta + self.centers.values(self.point.fixed)[self.row]
        now = self._sufficient(phi)
        old = self.sums or now
        self.sums = tuple(a + gamma * (b - a) for a, b in zip(old, now, strict=True))
        fixed = self._centers(self.point.fixed)
        if step_left is not None:
            fixed = fixed + step_left
        omega = self._omega(fixed, slow)
        self.point = Point(fixed, omega, errors, self._shares())
        self.eta = phi - self.centers.values(fixed)[self.row]
        if self.centers.left:
            self.f, self.value = self.look(self.eta, self.row)
        else:
            # predictions follow individual parameters, which stay
            self.value = self.misfit(self.f, self.row)

    def _sufficient(self, phi: Array) -> tuple[Array, Array, Array]:
        """Return for each row the share of chains in it, and their sums of phi and of its squares over all chains."""
        if self.structure.n_classes == 1:
            squares = np.einsum("cni,cnj->nij", phi, phi) / self.chains
            return np.ones(self.n), phi.mean(axis=0), squares
        count, first = np.zeros(self.n_rows), np.zeros((self.n_rows, self.d))
        second = np.zeros((self.n_rows, self.d, self.d))
        np.add.at(count, self.row, 1 / self.chains)
        np.add.at(first, self.row, phi / self.chains)
        np.add.at(second, self.row, phi[..., :, None] * phi[..., None, :] / self.chains)
        return count, first, second

    def _shares(self) -> Array:
        """Return the shares of classes; one without anybody keeps a little, so that it can win somebody again."""
        assert self.sums is not None
        if not self.structure.free_shares:
            return self.point.shares
        shares = np.maximum(self.sums[0].reshape(-1, self.n).mean(axis=1), LEAST_SHARE)
        return np.asarray(shares / shares.sum())

    def _centers(self, fixed: Array) -> Array:
        """Return fixed effects that bring the centers nearest to the individuals' means (least squares in omega)."""
        assert self.sums is not None
        count, first, _ = self.sums
        weight = np.sqrt(count)[:, None]
        target = first / np.where(weight > 0, weight, 1.0)
        moved = list(self.centers.moved)
        if not moved:
            return fixed
        root = np.linalg.cholesky(np.linalg.inv(self.point.omega)).T
        fixed = fixed.copy()
        for _ in range(3 if self.centers.inside or self.priors else 1):
            gap = (target - weight * self.centers.values(fixed)) @ root.T
            slopes = np.einsum("ij,njk->nik", root, weight[..., None] * self.centers.slopes(fixed))
            rows, targets = slopes.reshape(-1, len(moved)), gap.ravel()
            if self.priors:
                slope, bend = (part[moved] for part in self.priors.by_fixed(replace(self.point, fixed=fixed)))
                known = bend > 0
                stiff = np.sqrt(bend[known])
                rows = np.concatenate([rows, np.eye(len(moved))[known] * stiff[:, None]])
                targets = np.concatenate([targets, -slope[known] / stiff])
            step = np.linalg.lstsq(rows, targets, rcond=1e-12)[0]
            fixed[moved] += step
        return fixed

    def _omega(self, fixed: Array, slow: bool) -> Array:
        assert self.sums is not None
        count, first, second = self.sums
        center = self.centers.values(fixed)
        cross = np.einsum("ni,nj->ij", first, center)
        full = (second.sum(axis=0) - cross - cross.T + np.einsum("n,ni,nj->ij", count, center, center)) / self.n
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
                rows = self.predict.observed(self.who, replace(self.point, errors=shifted))
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
                point = replace(self.point, fixed=shifted)
                # along with the effects' response: the mean is the same (the score of the joint density by the effects
                # has mean 0), with far less noise
                eta = self.eta - sign * h[a] * self.response[self.row, :, a]
                f = self.predict(self.who, point, eta.reshape(-1, self.d))
                value = self.misfit(f, self.row, point) + self.prior(eta)
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

        Also keep how the random effects in each row respond to them, (n_rows, n_effects, n_left).
        """
        who = self.predict.rows
        count, total, _ = self._sufficient(self.eta)
        eta = total / np.maximum(count, 1e-300)[:, None]
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
            up, down = (self.predict(who, replace(self.point, fixed=self.point.fixed + s * step), eta) for s in (1, -1))
            columns.append((up - down) / (2 * h[a]))
        jacobian = np.stack(columns, axis=1)
        with np.errstate(all="ignore"):
            weight = np.where(o.used & np.isfinite(jacobian).all(axis=1) & np.isfinite(weight), weight, 0.0)
        slopes, jacobian = (np.where(weight[:, None] > 0, a, 0.0) for a in (slopes, jacobian))
        hessian = np.einsum("nj,naj,nbj->nab", weight, slopes, slopes) + np.linalg.inv(self.point.omega)
        self.response = np.linalg.solve(hessian, np.einsum("nj,naj,nkj->nak", weight, slopes, jacobian))
        moved = np.einsum("naj,nak->nkj", slopes, self.centers.slopes(self.point.fixed))
        whole = np.concatenate([jacobian, moved], axis=1)
        information = np.zeros((whole.shape[1],) * 2)
        for i in np.flatnonzero(count):
            used = weight[i] > 0
            g = slopes[i][:, used]
            v = g.T @ self.point.omega @ g + np.diag(r[i][used])
            information += count[i] * whole[i][:, used] @ np.linalg.solve(v, whole[i][:, used].T)
        information += 1e-10 * np.trace(information) * np.eye(len(information))
        m = len(left)
        self.alone = np.diag(information)[:m].copy()
        rest = information[m:, m:]
        return np.asarray(
            information[:m, :m] - information[:m, m:] @ np.linalg.solve(rest, information[m:, :m])
            if rest.size
            else information
        )
