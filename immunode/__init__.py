"""Published models of the immune system, interventions on them, and fast sweeps over many virtual patients.

    import immunode as im

    model = im.load_model("rheumatoid_arthritis")
    out = im.sweep(model, arms=["control", "anti_tnf"], until="52 weeks")

Every name below is loaded when it is first used, so that the import itself costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from immunode.version import __version__

if TYPE_CHECKING:
    from immunode.catalogue import copy_model, list_models, load_model
    from immunode.errors import (
        DoseError,
        EngineError,
        ImmunodeError,
        ModelError,
        SolverError,
        StoreError,
        StudyError,
        UnitError,
    )
    from immunode.intervention import (
        Drug,
        Intervention,
        Schedule,
        add,
        decay,
        drug,
        during,
        inhibit,
        one_compartment,
        perturb,
        pulses,
        ramp,
        rhythm,
        scale,
        set_to,
        stimulate,
        transfer,
        two_compartment,
    )
    from immunode.model import (
        Compartment,
        Derived,
        Event,
        Model,
        Parameter,
        Process,
        State,
        Switch,
        Unit,
        Variant,
    )
    from immunode.program import Program, lower
    from immunode.program.source import source
    from immunode.study import (
        Arms,
        Comparison,
        Contrast,
        Design,
        Endpoint,
        Simulation,
        Space,
        SweepResult,
        at,
        auc,
        endpoint,
        final,
        fraction_of_time,
        from_table,
        grid,
        latin_hypercube,
        peak,
        simulate,
        sobol,
        space,
        sweep,
        time_of_peak,
        time_to,
        trough,
    )

__all__ = [
    # models that come with the package
    "list_models", "load_model", "copy_model",
    # declaring one
    "Model", "Compartment", "State", "Parameter", "Process", "Derived", "Event", "Switch", "Unit", "Variant",
    # interventions
    "Intervention", "Drug", "Schedule", "drug", "one_compartment", "two_compartment", "perturb",
    "scale", "add", "set_to", "inhibit", "stimulate", "transfer", "during", "pulses", "ramp", "decay", "rhythm",
    # studies
    "simulate", "sweep", "Arms", "Design", "Space", "space", "grid", "latin_hypercube", "sobol", "from_table",
    "Endpoint", "endpoint", "final", "at", "peak", "trough", "auc", "time_to", "time_of_peak", "fraction_of_time",
    "Simulation", "Comparison", "SweepResult", "Contrast",
    # under the hood
    "Program", "lower", "source",
    # errors
    "ImmunodeError", "ModelError", "UnitError", "DoseError", "StudyError", "SolverError", "EngineError", "StoreError",
    "__version__",
]  # fmt: skip

_HOMES = {
    "catalogue": "list_models load_model copy_model",
    "model": "Model Compartment State Parameter Process Derived Event Switch Unit Variant",
    "intervention": "Intervention Drug Schedule drug one_compartment two_compartment perturb scale add set_to inhibit "
    "stimulate transfer during pulses ramp decay rhythm",
    "study": "simulate sweep Arms Design Space space grid latin_hypercube sobol from_table Endpoint endpoint final at "
    "peak trough auc time_to time_of_peak fraction_of_time Simulation Comparison SweepResult Contrast",
    "program": "Program lower",
    "program.source": "source",
    "errors": "ImmunodeError ModelError UnitError DoseError StudyError SolverError EngineError StoreError",
}
_HOME = {name: f"immunode.{module}" for module, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    """Load a public name from the module that defines it, once."""
    if name in _HOME:
        if name == "Model":
            # a model read from JSON may hold interventions: their records must be known
            import_module("immunode.intervention")
        value = getattr(import_module(_HOME[name]), name)
        globals()[name] = value
        return value
    if name.startswith("_"):
        raise AttributeError(f"module 'immunode' has no attribute '{name}'")
    from immunode.errors import did_you_mean

    raise AttributeError(f"module 'immunode' has no attribute '{name}'{did_you_mean(name, _HOME)}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
