"""Which states of a model, or of one of its variants, have outgrown any body by the end of its horizon."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from immunode.errors import ImmunodeError
from immunode.model.views.report import Finding
from immunode.program.model_functions import functions
from immunode.solve import solve

if TYPE_CHECKING:
    from immunode.model import Model

MOST = 1e15
"""More of anything than there is in a person, who has 4e13 cells."""
MOST_STEPS = 1000
"""A quick look: a run that needs more is not judged."""


def outgrown_states(model: Model) -> Iterator[Finding]:
    """Yield a warning for each state of a model or its variants that exceeds 1e15 at its horizon, untreated.

    A model in which a variant was taken already is looked at alone. Runs begin with the initial values, at rtol 1e-4;
    one that fails, or takes more than 1,000 steps, is not judged.
    """
    others = () if model.variant_name else tuple(variant.name for variant in model.variants)
    for name in ("", *others):
        one = model.variant(name) if name else model
        for state, value in _at_the_end(one).items():
            if abs(value) > MOST:
                where = f"state '{state}'" + (f", variant '{name}'" if name else "")
                yield Finding(
                    "warning",
                    where,
                    f"it is {value:.2g} at the horizon, {one.horizon:g} {one.time_unit}".rstrip()
                    + ", more than a body can hold; give the variant a horizon, such as the length of the experiment",
                )


def _at_the_end(model: Model) -> dict[str, float]:
    """Return each state at the horizon; empty where the run does not get there."""
    try:
        made = functions(model)
        values = np.array(made.program.values, float)[:, None]
        with np.errstate(all="ignore"):
            run = solve(made, values, times=[model.horizon], engine="numpy", rtol=1e-4, max_steps=MOST_STEPS)
    except ImmunodeError:
        return {}
    if run.status[0] != 0:
        return {}
    return dict(zip(made.program.states, np.asarray(run.y)[-1, :, 0].tolist(), strict=True))
