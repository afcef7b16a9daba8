"""Which quantities belong on logarithmic axes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from immunode.study.run.ready import meanings, quantity_labels, quantity_units

if TYPE_CHECKING:
    from immunode.model import Model

Array = NDArray[np.float64]
COUNTED, FOUND, FALL = 2.0, 3.0, 4.5
"""Decades that a quantity counted in decades spans, and any other; one that falls farther goes to nothing."""
_ORGANISMS = re.compile(r"\b(copy|copies|virion|virions|TCID50|PFU|CFU|EID50|genome|parasite)s?\b")
_COUNTED = re.compile(
    r"\b((tumou?r|leuka?emi[ac]|lymphoma|melanoma)( host)? (cells?|volume|burden|load)|antibod\w+|tit(er|re)s?)\b"
    r"|^tumou?r\b(?! necrosis)",
    re.IGNORECASE,
)
_SHARES = ("", "1", "dimensionless", "percent", "share", "point", "event")


def logarithmic(model: Model, paths: Mapping[str, Sequence[Array]]) -> tuple[str, ...]:
    """Return the quantities that belong on a logarithmic axis.

    These are pathogens, viral loads, titers and tumor cells whose positive values span two decades, and others, shares
    and scores aside, that span three most of the time. What falls to nothing, by more decades than `FALL`, is not one,
    nor what grows alike in all arms: there the ends are compared.

    Parameters
    ----------
    paths : Mapping[str, Sequence[ndarray]]
        quantity -> one array for each arm, shape (n_samples,), in its unit.
    """
    kinds = axis_kinds(model, paths)
    return tuple(n for n, arms in paths.items() if kinds[n] and _spans(arms, counted=kinds[n] == "counted"))


def axis_kinds(model: Model, names: Iterable[str]) -> dict[str, str]:
    """Return of quantities whether decades may be what their curves show.

    "counted" : pathogens, viral loads, titers, tumor cells.   "other" : what has a unit and is neither share nor score.
    "" : neither of these.
    """
    units, kinds = quantity_units(model), {s.name: s.kind for s in model.states}
    about = {name: f"{name} {text}" for name, text in meanings(model).items()}
    about |= {name: f"{about.get(name, name)} {text}" for name, text in quantity_labels(model).items()}
    found = {}
    for name in names:
        unit = units.get(name, "")
        counted = kinds.get(name) == "pathogen" or bool(_ORGANISMS.search(unit))
        counted = counted or (unit not in _SHARES and bool(_COUNTED.search(about.get(name, name))))
        kind = "counted" if counted else "other" if unit not in _SHARES else ""
        found[name] = "" if name.lower().startswith("log") else kind
    return found


def decades_apart(model: Model, quantity: str, arms: Sequence[Array]) -> bool:
    """Return whether an endpoint of a quantity belongs on a logarithmic axis: its arms lie decades apart, or its runs.

    arms : one array for each arm, shape (n_runs,). Values of 0 or below have no place on such an axis, so that one of
    them keeps it linear.
    """
    values = [arm for arm in (np.asarray(a, dtype=float)[np.isfinite(a)] for a in arms) if arm.size]
    if not values or not axis_kinds(model, [quantity])[quantity] or min(float(arm.min()) for arm in values) <= 0:
        return False
    medians = [float(np.median(arm)) for arm in values]
    low, high = np.quantile(np.concatenate(values), (0.05, 0.95))
    return bool(max(medians) >= 10**COUNTED * min(medians) or high >= 10**FOUND * low)


def _spans(arms: Sequence[Array], *, counted: bool) -> bool:
    """Return whether decades are what arms show: some fall by two, or they end tenfold apart, or there is only one."""
    paths = [path for path in (np.asarray(arm, dtype=float)[np.isfinite(arm)] for arm in arms) if path.size]
    values = np.concatenate([*paths, np.zeros(0)])
    positive = values[values > 0]
    if not positive.size or values.min() < -1e-3 * positive.max():
        return False
    ends = [max(float(path[-1]), 0.0) for path in paths]
    falls = any(float(path.max()) > 100 * end for path, end in zip(paths, ends, strict=True))
    if not (len(paths) == 1 or falls or max(ends) > 10 * min(ends)):
        return False
    if counted:
        return bool(np.log10(positive.max() / positive.min()) >= COUNTED)
    low, high = np.quantile(positive, (0.05, 0.95))
    return bool(positive.size >= 0.95 * values.size and FOUND <= np.log10(high / low) <= FALL)
