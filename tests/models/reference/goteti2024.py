"""The equations of Goteti et al. 2024 written by hand (specification goteti2024.md), and its closed form."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, becomes

STATES = ("gain",)
DRUGS = ("anifrolumab", "belimumab", "iberdomide", "epratuzumab", "lulizumab", "sifalimumab")
DOSES = {
    "anifrolumab_150": ("anifrolumab", 150),
    "anifrolumab_300": ("anifrolumab", 300),
    "anifrolumab_1000": ("anifrolumab", 1000),
    "belimumab_1": ("belimumab", 1),
    "belimumab_4": ("belimumab", 4),
    "belimumab_10": ("belimumab", 10),
    "iberdomide_045": ("iberdomide", 0.45),
    "epratuzumab_1200": ("epratuzumab", 1200),
    "sifalimumab_1200": ("sifalimumab", 1200),
}
CONSTANTS = {
    "alx0061_150_q2w": -0.148,
    "alx0061_150_q4w": -0.11,
    "alx0061_225_q2w": -0.0935,
    "alx0061_75_q4w": 0.269,
    "atacicept_150": 0.00109,
    "atacicept_75": -0.0347,
    "baricitinib_2": 0.131,
    "baricitinib_4": 0.24,
    "belimumab_sc": 0.16,
    "epratuzumab_600_qw": 0.324,
    "evobrutinib_25": 0.352,
    "evobrutinib_50_bid": 0.213,
    "evobrutinib_75": 0.314,
    "fenebrutinib_150": 0.0978,
    "fenebrutinib_200_bid": 0.00941,
    "ipp201101": 0.134,
    "lulizumab_12_5": 0.206,
    "lupuzor_q2w": 0.12,
    "lupuzor_q4w": 0.205,
    "pf04236921_10": 0.351,
    "pf04236921_50": -0.101,
    "tabalumab_q2w": 0.0699,
    "tabalumab_q4w": 0.0886,
    "ustekinumab": -0.182,
}
ARMS: dict[str, Change] = {
    **{name: becomes(**{f"dose_{drug}": dose}) for name, (drug, dose) in DOSES.items()},
    **{name: becomes(xi_arm=xi) for name, xi in CONSTANTS.items()},
}


def xi(p: Mapping[str, float]) -> float:
    """Return the effect of all drugs, a part of the change on placebo."""
    return p["xi_arm"] + sum(p[f"Emax_{d}"] * p[f"dose_{d}"] / (p[f"dose_{d}"] + p[f"ED50_{d}"]) for d in DRUGS)


def score(p: Mapping[str, float], kind: str, week: ArrayLike) -> NDArray[np.float64]:
    """Return the latent score ("sri" or "bicla") under a constant dose: the printed closed form."""
    speed = np.log(2) / p["thalf"]
    delta = p[f"d24_{kind}"] / (np.exp(-4 * speed) - np.exp(-24 * speed))
    mu = p[f"w4_{kind}"] - delta * (1 - np.exp(-4 * speed))
    x = p["sledai"] - 10.5
    so_far = 1 - np.exp(-speed * np.asarray(week, float))
    return np.asarray(mu * (1 + p["bmu"] * x) + delta * (1 + p["bdel"] * x) * (1 + xi(p)) * so_far)


def expit(x: ArrayLike) -> NDArray[np.float64]:
    """Return 1/(1 + exp(-x))."""
    return np.asarray(1 / (1 + np.exp(-np.asarray(x, float))))


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivative per week of the improvement, in percent of all that standard care brings.

    Both latent scores of the specification are a start and a multiple of it: they share speed and effect.
    """
    (gain,) = np.asarray(y, float)
    return np.array([np.log(2) / p["thalf"] * (p["whole"] * (1 + xi(p)) - gain)])
