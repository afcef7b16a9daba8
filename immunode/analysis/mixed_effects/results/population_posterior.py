"""Samples of the joint posterior of a population model by a gradient sampler (extra `nuts`: nutpie)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.methods.joint_posterior import JointPosterior
from immunode.analysis.mixed_effects.uncertainty import shown_numbers
from immunode.errors import EngineError, StudyError

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
MISSING = "the posterior of a population needs nutpie; pip install 'immunode[nuts]'"
MIXED = 1.01
"""R-hat above which chains have not mixed. Source: Vehtari et al. 2021, doi:10.1214/20-BA1221."""


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class PopulationPosterior:
    """Samples of all numbers and random effects. Made by `PopulationFit.posterior`.

    Attributes
    ----------
    names : tuple[str, ...]
        of the numbers, as in the fit.
    samples : ndarray
        (n_chains, n_draws, n_numbers), as people read them: units, standard deviations, correlations.
    effects : ndarray
        (n_chains, n_draws, n_individuals, n_effects).
    divergences : int
        transitions in which the sampler lost its way; any of them makes the samples doubtful.
    seed : int
        of the random numbers.
    """

    names: tuple[str, ...]
    samples: Array
    effects: Array
    divergences: int
    seed: int

    def table(self) -> pd.DataFrame:
        """Return one row a number: mean, sd, median, 95 % credible interval, R-hat, effective sample size (bulk)."""
        import arviz
        import pandas as pd

        measures: Any = arviz  # its functions are untyped
        flat = self.samples.reshape(-1, len(self.names))
        low, median, high = np.quantile(flat, [0.025, 0.5, 0.975], axis=0)
        chains = [self.samples[..., k] for k in range(len(self.names))]
        return pd.DataFrame(
            {
                "mean": flat.mean(axis=0),
                "sd": flat.std(axis=0, ddof=1),
                "median": median,
                "low": low,
                "high": high,
                "r_hat": [float(measures.rhat(one)) for one in chains],
                "effective": [float(measures.ess(one)) for one in chains],
            },
            index=pd.Index(self.names, name="name"),
        )

    def __repr__(self) -> str:
        table = self.table()
        chains, draws, _ = self.samples.shape
        who = f"posterior of {len(self.names)} numbers and {self.effects[0, 0].size} random effects"
        lines = [
            f"{who}: {chains} chains of {draws} draws (NUTS), seed {self.seed}",
            table.to_string(float_format=lambda value: f"{value:.4g}"),
        ]
        if self.divergences:
            lines.append(f"note: {self.divergences} divergent transitions: the samples are doubtful")
        if (table["r_hat"] > MIXED).any():
            worst = table["r_hat"].idxmax()
            lines.append(f"note: chains have not mixed (R-hat of {worst} {table['r_hat'].max():.3f}): raise draws")
        return "\n".join(lines)


def sample_population(
    density: JointPosterior, names: tuple[str, ...], draws: int, tune: int, chains: int, seed: int
) -> PopulationPosterior:
    """Return samples of a density; parameters as of `PopulationFit.posterior`."""
    for label, value, least in (("draws", draws, 10), ("tune", tune, 10), ("chains", chains, 1)):
        if value < least:
            raise StudyError(f"posterior: {label} must be {least} or more, got {value}")
    try:
        import nutpie
        from nutpie.compiled_pyfunc import from_pyfunc
    except ImportError:
        raise EngineError(MISSING) from None
    size = density.size

    def make_logp() -> Any:
        return lambda q: density(np.array(q, float))

    def make_expand(*_: Any) -> Any:
        return lambda q, **__: {"q": np.array(q, float)}

    def start(chain_seed: Any) -> Array:
        return 0.5 * np.random.default_rng(chain_seed).standard_normal(size)

    model = from_pyfunc(
        size, make_logp, make_expand, [np.dtype(np.float64)], [(size,)], ["q"], make_initial_point_fn=start
    )
    trace: Any = nutpie.sample(
        model, draws=draws, tune=tune, chains=chains, cores=1, seed=seed, progress_bar=False, save_warmup=False
    )
    places = np.asarray(trace.posterior["q"].values, float)
    shown = np.empty((*places.shape[:2], len(names)))
    effects = np.empty((*places.shape[:2], *density.center.shape))
    for c, chain in enumerate(places):
        for k, q in enumerate(chain):
            x, effects[c, k] = density.places(q)
            shown[c, k] = shown_numbers(density.structure, density.structure.point(x))
    lost = int(np.sum(trace.sample_stats["diverging"].values))
    return PopulationPosterior(names=names, samples=shown, effects=effects, divergences=lost, seed=seed)
