"""Paired differences between arms: the same draw, with and without; intervals of shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from immunode.errors import StudyError, did_you_mean
from immunode.study.result.notebook import Tabled
from immunode.study.result.rows import Rows

if TYPE_CHECKING:
    import pandas as pd


Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Contrast(Tabled):
    """Differences of an endpoint between arms, draw by draw.

    Attributes
    ----------
    endpoint : str
        its name.
    versus : str
        the arm that is subtracted.
    unit : str
        of the differences.
    differences : DataFrame
        one row a draw, one column an arm; NaN where a run of the pair failed.
    """

    endpoint: str
    versus: str
    unit: str
    differences: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return one row an arm: median, q05, q25, q75, q95 of the differences, share above 0 and number of pairs."""
        import pandas as pd

        levels = (0.05, 0.25, 0.5, 0.75, 0.95)
        rows = {}
        for arm in self.differences.columns:
            good = self.differences[arm].to_numpy(float)
            good = good[~np.isnan(good)]
            q05, q25, median, q75, q95 = quantiles(good, levels)
            above = float((good > 0).mean()) if good.size else np.nan
            rows[arm] = (median, q05, q25, q75, q95, above, good.size)
        columns = ["median", "q05", "q25", "q75", "q95", "share above 0", "pairs"]
        return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("arm")

    def __repr__(self) -> str:
        unit = f" ({self.unit})" if self.unit else ""
        return f"{self.endpoint}{unit}, each arm minus {self.versus}, same draw\n{self.table().to_string()}"


def contrast(result: Rows, quantity: str, versus: str) -> Contrast:
    """Return the paired differences of an endpoint. Parameters and errors as in `SweepResult.contrast`."""
    import pandas as pd

    if versus not in result.arms:
        raise StudyError(f"contrast: unknown arm '{versus}'{did_you_mean(versus, result.arms)}")
    if len(result.arms) < 2:
        raise StudyError(f"contrast: there is only the arm '{versus}', nothing to compare it with")
    name = result.endpoint_name(quantity)
    wide = pd.DataFrame({"draw": result.draws, "arm": result.arm, "value": result.endpoint(name)})
    if wide.duplicated(["draw", "arm"]).any():
        raise StudyError("contrast: an arm ran the same draw twice, so pairs are not unique")
    table = wide.pivot(index="draw", columns="arm", values="value")
    others = [arm for arm in result.arms if arm != versus]
    with np.errstate(invalid="ignore"):
        base = table[versus].to_numpy(float)
        made = {arm: table[arm].to_numpy(float) - base for arm in others}
    return Contrast(name, versus, result.units[name], pd.DataFrame(made, index=table.index))


def quantiles(values: Array, levels: Sequence[float]) -> list[float]:
    """Return quantiles; NaN where there are no values; steps instead of straight lines where some are infinite.

    values : shape (n,); NaN is left out.
    """
    known = values[~np.isnan(values)]
    if not known.size:
        return [np.nan] * len(levels)
    if np.isfinite(known).all():
        return [float(q) for q in np.quantile(known, list(levels))]
    return [float(q) for q in np.quantile(known, list(levels), method="inverted_cdf")]


def exact_interval(responders: float, patients: float, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a share, which holds the true one at least as often as `level` says; NaN of nobody.

    Of an effective number of patients, neither count needs to be whole.

    Source: Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404.
    """
    from scipy.special import betaincinv

    if not patients:
        return np.nan, np.nan
    tail, others = (1 - level) / 2, patients - responders
    low = float(betaincinv(responders, others + 1, tail)) if responders else 0.0
    high = float(betaincinv(responders + 1, others, 1 - tail)) if others else 1.0
    return low, high
