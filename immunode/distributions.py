"""Distributions of parameters: ranges of designs, virtual populations, priors of fits."""

# names only, to import and to complete; what they stand for is in study/design/distributions.py

from __future__ import annotations

from immunode.study.design.distributions import Distribution, lognormal, loguniform, normal, uniform

__all__ = [
    "normal", "lognormal", "uniform", "loguniform", "Distribution",
]  # fmt: skip
