"""Where runs begin, for formats that know numbers only."""

from __future__ import annotations

from immunode.model import Model
from immunode.program.untreated_model import untreated
from immunode.study.simulations import simulate


def begun(model: Model) -> Model:
    """Return a model that begins at rest with that rest as its initial values; any other as it is."""
    if not model.start:
        return model
    alone = simulate(untreated(model).replace(start=model.start), times=[0.0, 1e-9 * model.horizon])
    initial = {state.name: float(alone[state.name][0]) for state in alone.model.states}
    return model.with_initial(initial).replace(start="")
