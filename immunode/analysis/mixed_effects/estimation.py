"""Population estimation: the entry that prepares, searches, and gathers what there is to know."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.empirical_bayes import Modes, from_many_starts, some_modes
from immunode.analysis.mixed_effects.likelihoods import (
    NAMES,
    LikelihoodValue,
    chosen_rows,
    likelihood_value,
    refuse_failures,
    weighted_samples,
)
from immunode.analysis.mixed_effects.methods.centers import make_centers
from immunode.analysis.mixed_effects.methods.conditional_fit import Descent, run_descent
from immunode.analysis.mixed_effects.methods.saem import run_saem
from immunode.analysis.mixed_effects.methods.standard_errors import check_way, errors_at
from immunode.analysis.mixed_effects.observation_table import given_covariates, unused_columns
from immunode.analysis.mixed_effects.predictions import Predictions
from immunode.analysis.mixed_effects.prior_densities import Priors, make_priors
from immunode.analysis.mixed_effects.problem import prepared, refuse_linearization
from immunode.analysis.mixed_effects.records.code_notes import notes_on_codes
from immunode.analysis.mixed_effects.records.course_slots import varying_covariates
from immunode.analysis.mixed_effects.results.classes_in_words import class_notes
from immunode.analysis.mixed_effects.results.doubts import doubts_about
from immunode.analysis.mixed_effects.results.population_fit import LOST, NEAR_ZERO, SHRUNK, PopulationFit
from immunode.analysis.mixed_effects.results.prior_constants import prior_constant
from immunode.analysis.mixed_effects.structure import Point
from immunode.errors import StudyError, did_you_mean
from immunode.intervention.pharmacokinetics.occasions import OccasionVariability
from immunode.model import Model
from immunode.version import __version__

Array = NDArray[np.float64]
METHODS = ("saem", "focei", "foce", "laplace")
FEW_SAMPLES = 50
"""Effective samples of an individual below which its part of -2LL is doubtful."""
ROUNDS = 100


def estimate(
    model: Model,
    data: Any,
    *,
    method: str = "saem",
    parameters: Sequence[str] | Mapping[str, str] = (),
    fixed: Sequence[str] = (),
    occasions: Sequence[OccasionVariability] = (),
    priors: Mapping[str, Any] | None = None,
    iterations: tuple[int, int] = (200, 150),
    chains: int | None = None,
    draws: int = 2000,
    seed: int = 0,
    rtol: float | None = None,
    engine: str = "auto",
    derivatives: str = "auto",
    standard_errors: str = "auto",
) -> PopulationFit:
    """Return the fit of a population model: typical values, variability and errors from the records of individuals.

    The model's declared numbers are initial values: typical values of parameters with `Variability`, its standard
    deviations and correlations, and errors (`Observed`) are estimated. The numbers of a model that is simulated and of
    one that is fitted are the same records.

    If the model declares `classes`, each individual belongs to one of them, unknown which: the likelihood of an
    individual is the sum over classes of share times likelihood in the class. Estimated are the shares, and the typical
    values that a class gives to parameters with `Variability` or named in `parameters`: `CL[slow]`. The declared values
    say which class is which.

    Parameters
    ----------
    model : Model
        with `Variability` and `Observed`.
    data : Any
        of `individual_data`, or what that reads.
    method : str
        "saem" (stochastic approximation EM: maximum likelihood without linearization; -2LL then by importance
        sampling), "focei", "foce" (without interaction) or "laplace" (full Hessian); these minimize their own -2LL.
    parameters : Sequence[str] | Mapping[str, str]
        further fixed effects to estimate, parameters without a random effect: names (log scale where above 0
        and not in an exponent such as that of `(WT/70)**b`, else linear), or name -> "log", "logit" or "linear". Also
        `"power(y)"`.
    fixed : Sequence[str]
        what stays as declared: `"V"`, `"omega(V)"`, `"additive(cp)"`, `"CL[slow]"`, `"share(slow)"` (then all shares).
    occasions : Sequence[OccasionVariability]
        parameters that differ between occasions of one individual: on occasion k a parameter is value*exp(eta_k), and
        all eta_k have one standard deviation, `omega_occasion(CL)`, whose initial value is declared here. The column
        OCC of the data says which occasion a record belongs to; without it, each dose begins one, or the periods of
        `every` follow each other from the first dose on.
    priors : Mapping[str, Any] | None
        name of an estimate -> `lognormal(...)`, `normal(...)` and so on: `"CL"`, `"omega(V)"` (half-normal:
        `normal(0, 0.5, low=0)`), `"additive(cp)"`; `"omega(CL, V)"` of correlated random effects -> `InverseWishart`.
        Then the estimates are the mode of the posterior, where -2LL plus -2 log of the prior density is lowest.
    iterations : tuple[int, int]
        of SAEM: exploration with steps of 1, then averaging with steps of k^-0.7.
    chains : int | None
        Markov chains of each individual; by default 6, more below 40 individuals and fewer above 100, 2 at least.
    draws : int
        importance samples of each individual for -2LL.
    seed : int
        of the random numbers; the same seed gives the same result.
    rtol : float | None
        relative tolerance of the runs; by default 1e-6 for SAEM, 1e-9 for the others.
    derivatives : str
        of predictions by random effects. "exact" integrates them along with the runs (forward sensitivities), which
        needs a model without events that fire on states, without populations that die out at a limit, and without a
        start at the steady state; "differences" takes central differences of runs. "auto" is "exact" where that is
        possible and machine code can be made, since it then costs a third. `PopulationFit.derivatives` says which.
    standard_errors : str
        "linearized" (expected information of the model linearized at the modes), "louis" (observed information of the
        likelihood, SAEM only), "curvature" (second derivatives of -2LL, not SAEM), or "sandwich" (curvature or Louis's
        information around the individuals' scores: right also where the model is not). "auto" is "linearized" for
        SAEM ("louis" where outcomes are discrete or times to events) and "curvature" for the others.

    Raises
    ------
    StudyError
        data and model don't fit, an unknown name, an individual whose observations are impossible.
    """
    _check_options(method, iterations)
    tolerance = rtol if rtol is not None else 1e-6 if method == "saem" else 1e-9
    predict = prepared(model, data, parameters, fixed, tolerance, engine, derivatives, occasions)
    refuse_linearization(predict, method)
    way = check_way(predict, standard_errors, method)
    _check_numbers(predict)
    _refuse_twins(predict)
    beliefs = make_priors(predict.structure, priors or {})
    if not np.isfinite(beliefs.penalty(predict.structure.declared)).all():
        raise StudyError(f"{model.name}: priors: a value where the search begins is impossible under its prior")
    if method == "saem":
        search = _by_saem(predict, beliefs, iterations, chains, seed)
    else:
        search = _by_descent(predict, beliefs, method)
    likelihood = likelihood_value(predict, search.point, search.value, draws=draws, seed=seed)
    every, modes, means, deviations = _conditional(predict, search.point, likelihood, draws, seed, method)
    errors = errors_at(predict, search.point, way, every, search.descent, beliefs, draws=draws, seed=seed)
    told = tuple(f"{part.name}: {part.density.words()}" for part in beliefs.parts)
    recipe = {
        "version": __version__, "method": method, "parameters": tuple(parameters), "fixed": tuple(fixed),
        "occasions": tuple(one.words for one in occasions), "carried": predict.data.carried, "priors": told,
        "iterations": iterations if method == "saem" else (), "chains": chains, "draws": draws, "seed": seed,
        "rtol": tolerance, "derivatives": derivatives, "standard_errors": way, "data": _fingerprint(predict),
    }  # fmt: skip
    fit = PopulationFit(
        method=f"{search.words}, with priors (mode of the posterior)" if told else search.words,
        penalty=float(beliefs.penalty(search.point)) + prior_constant(beliefs),
        priors=told,
        beliefs=beliefs,
        likelihood=likelihood,
        history=search.history,
        exploration=iterations[0] if method == "saem" else 0,
        seed=seed,
        recipe=recipe,
        notes=(),
        condition=errors.condition,
        predict=predict,
        point=search.point,
        vector_covariance=errors.covariance,
        modes=modes,
        means=means,
        deviations=deviations,
        error_method=errors.words,
    )
    return _with_notes(fit, [*predict.data.notes, *search.notes])


@dataclass(frozen=True, slots=True)
class _Search:
    """What a search found. words : the method.   value : that of its -2LL.   descent : of a conditional method."""

    point: Point
    history: Array
    words: str
    value: str
    notes: tuple[str, ...]
    descent: Descent | None


def _by_saem(
    predict: Predictions, beliefs: Priors, iterations: tuple[int, int], chains: int | None, seed: int
) -> _Search:
    course = run_saem(predict, iterations, chains, seed, beliefs)
    words = f"SAEM, {iterations[0]} + {iterations[1]} iterations, {course.chains} chains an individual, seed {seed}"
    s = predict.structure
    left = ", ".join(s.fixed[k].name for k in make_centers(s, predict.data).left)
    notes = (f"without a random effect, by stochastic Newton steps: {left}",) if left else ()
    return _Search(course.point, course.trace, words, "importance", notes, None)


def _by_descent(predict: Predictions, beliefs: Priors, method: str) -> _Search:
    descent = run_descent(predict, method, ROUNDS, beliefs)
    notes: tuple[str, ...] = ()
    if not descent.converged:
        notes = (f"the search stopped before its end; largest derivative of -2LL {descent.gradient:.2g}",)
    return _Search(predict.structure.point(descent.x), descent.trace, NAMES[method], method, notes, descent)


def _check_options(method: str, iterations: tuple[int, int]) -> None:
    if method not in METHODS:
        raise StudyError(f"estimate: unknown method '{method}'{did_you_mean(method, METHODS)}")
    if min(iterations) < 1:
        raise StudyError(f"estimate: iterations are two numbers above 0, such as (200, 150), got {iterations!r}")


def _check_numbers(predict: Predictions) -> None:
    """Refuse to estimate nothing, or more than the observations can tell."""
    s, model = predict.structure, predict.structure.model
    if not s.names:
        raise StudyError(f"{model.name}: nothing is left to estimate; shorten `fixed`")
    if predict.data.n_observations <= len(s.names):
        raise StudyError(
            f"{model.name}: {predict.data.n_observations} observations can't fix {len(s.names)} numbers; hold some "
            "with fixed="
        )


def _conditional(
    predict: Predictions, point: Point, likelihood: LikelihoodValue, draws: int, seed: int, method: str
) -> tuple[Modes, Modes, Array, Array]:
    """Return the modes of all rows, and of each individual in its most probable class: modes, means and SD."""
    starts = np.tile(likelihood.modes, (predict.structure.n_classes, 1))[None]
    if predict.structure.n_classes > 1:
        starts = np.concatenate([starts, 0 * starts])
    every = from_many_starts(predict, predict.rows, point, starts, interaction=method != "foce")
    refuse_failures(predict, every)
    modes = some_modes(every, chosen_rows(likelihood.probabilities.T))
    rng = np.random.default_rng((seed, 3))
    log_w, eta = weighted_samples(predict, point, modes.eta, modes.hessian, min(draws, 500), rng, modes.who)
    w = np.exp(log_w - log_w.max(axis=1, keepdims=True))
    w /= w.sum(axis=1, keepdims=True)
    means = np.einsum("nm,nmi->ni", w, eta)
    return every, modes, means, np.sqrt(np.einsum("nm,nmi->ni", w, (eta - means[:, None, :]) ** 2))


def _refuse_twins(predict: Predictions) -> None:
    """Refuse a random effect that moves no observation, and classes that predict the same."""
    s, who = predict.structure, predict.rows
    f, slopes = predict.with_slopes(who, s.declared, np.zeros((len(who), s.n_effects)))
    used = predict.table.used[who % predict.n]
    size = np.nanmax(np.abs(np.where(used[:, None, :], slopes, 0.0)), axis=(0, 2))
    of_class = np.where(used, f, 0.0).reshape(s.n_classes, -1)
    for a, b in combinations(range(s.n_classes), 2):
        if np.array_equal(of_class[a], of_class[b], equal_nan=True):
            raise StudyError(
                f"{s.model.name}: classes '{s.class_names[a]}' and '{s.class_names[b]}' predict the same for every "
                "observation, so nothing tells them apart; give them different values to begin with, or leave one out"
            )
    for k, name in enumerate(s.effects):
        if size[k] == 0.0:
            raise StudyError(
                f"{s.model.name}: the random effect on '{name}' moves no observation, so {s.spread_name(k)} can't be "
                f"estimated; remove its Variability{_without_doses(predict)}"
            )


def _without_doses(predict: Predictions) -> str:
    """Return, for a message, that the data hold no dose, and what was told of them; "" where they do."""
    if any(one.doses for one in predict.data.individuals):
        return ""
    return "".join(f"; {text}" for text in ("or give doses: the data hold none", *predict.data.notes))


def _with_notes(fit: PopulationFit, notes: list[str]) -> PopulationFit:
    """Return the fit with what deserves doubt in words."""
    notes += class_notes(fit.predict.structure, fit.point, fit.likelihood.probabilities)
    s = fit.predict.structure
    sd = np.sqrt(np.diag(fit.point.omega))
    shrinkage = fit.shrinkage
    for k in sorted(k for block in s.blocks for k in block):
        name, spread = s.effects[k], s.spread_name(k)
        relative = s.followers[k][0].scale != "linear" or spread.startswith("omega_occasion")
        if sd[k] < NEAR_ZERO and relative:
            notes.append(f"{spread} is near 0: the data show no such variability; its interval means nothing")
        elif name in shrinkage and shrinkage[name] > SHRUNK:
            tell = "nothing: the data hardly know this effect" if shrinkage[name] > LOST else "little"
            notes.append(f"shrinkage of {name} is {100 * shrinkage[name]:.0f} %: its individual estimates tell {tell}")
        elif spread in shrinkage and shrinkage[spread] > SHRUNK:
            notes.append(f"shrinkage of {spread} is {100 * shrinkage[spread]:.0f} %: single occasions tell little")
    for name in varying_covariates(s.model, fit.predict.data):
        how = (
            "each value holds until the next"
            if fit.predict.data.carried == "last"
            else "each value holds since the row before"
        )
        notes.append(f"{name} changes within individuals: {how}")
    if fit.predict.rows_failed:
        notes.append(
            f"{fit.predict.rows_failed} of {fit.predict.rows_run} runs failed and counted as impossible; the first: "
            f"{fit.predict.failure}"
        )
    if not np.isfinite(fit.condition):
        lost = [n for n, se in zip(fit.names, fit.standard_errors, strict=True) if not np.isfinite(se)]
        which = ", ".join(lost) or "some numbers"
        notes.append(f"the information matrix is singular: {which} can't be told apart; hold one with fixed=")
    elif fit.condition > 1000:
        notes.append(f"the condition number {fit.condition:.3g} is above 1,000: some numbers are hard to tell apart")
    if fit.likelihood.effective_samples.size:
        few = np.flatnonzero(fit.likelihood.effective_samples < FEW_SAMPLES)
        if few.size:
            labels = ", ".join(fit.predict.data.individuals[i].label for i in few[:5])
            notes.append(f"few effective importance samples for ID {labels}; -2LL is doubtful: raise draws")
    given = given_covariates(s.model, fit.predict.data)
    missing = [c.parameter for c in s.model.covariates if c.parameter not in given and "." not in c.parameter]
    if missing:
        notes.append(f"covariates that the data lack stay as declared: {', '.join(missing)}")
    notes += doubts_about(fit, notes)
    notes += notes_on_codes(fit.predict.dosed, fit.predict.data, [form.quantity for form in s.forms])
    unused = unused_columns(s.model, fit.predict.data)
    if any(not one.every for one in s.occasions):
        unused = [name for name in unused if name != fit.predict.data.occasion_column]
    if unused:
        notes.append(f"columns of the data that are not used: {', '.join(unused)}")
    return replace(fit, notes=tuple(notes))


def _fingerprint(predict: Predictions) -> str:
    """Return a hash of the observations, times and doses that were fitted."""
    t = predict.table
    digest = hashlib.sha256()
    for array in (t.y[t.used], t.clock[t.used], t.censored[t.used].astype(float)):
        digest.update(np.ascontiguousarray(array, float).tobytes())
    digest.update(repr([one.doses for one in predict.data.individuals]).encode())
    return digest.hexdigest()[:16]
