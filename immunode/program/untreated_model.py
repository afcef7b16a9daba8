"""A model without what was done to it: its steady state is where runs may start."""

from __future__ import annotations

from immunode.language.expression import names, parse
from immunode.model import Model

_PATIENTS = ("variability", "correlations", "classes", "covariates", "observed", "thresholds")
"""Who the patients are says nothing of one of them at rest, and some of it was a drug's."""


def untreated(model: Model) -> Model:
    """Return a model without the interventions that `perturb` put in, and without events; switches stay as they are.

    A limit of steps goes as well: on the way to the steady state time is counted in thousands of horizons.
    """

    def own(record: object) -> bool:
        first, dot, _ = str(getattr(record, "name", "")).partition(".")
        return not (dot and first in model.applied)

    parameters = tuple(p for p in model.parameters if own(p))
    known = {p.name for p in parameters}
    return model.replace(
        states=tuple(s for s in model.states if own(s)),
        parameters=parameters,
        processes=tuple(p for p in model.processes if own(p)),
        derived=tuple(d for d in model.derived if own(d)),
        switches=tuple(s for s in model.switches if own(s)),
        requirements=tuple(r for r in model.requirements if names(parse(r.condition)) <= known),
        **dict.fromkeys(_PATIENTS, ()),
        effects=(),
        events=(),
        interventions=(),
        variants=(),
        story=None,
        trials=(),
        aliases=(),
        readouts=(),
        applied=(),
        start="",
        max_step=0.0,
    )
