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
    from immunode.analysis.assignment import Assignment, Grade, assignment
    from immunode.analysis.basins import Basins, basins
    from immunode.analysis.combinations import Combination, combination, synergy
    from immunode.analysis.continuation import Continuation, continuation
    from immunode.analysis.curves import Curves
    from immunode.analysis.dose_response import DoseResponse, dose_response, hill_fit
    from immunode.analysis.explain import Explanation, explain
    from immunode.analysis.fitting import Fit, fit
    from immunode.analysis.ledger import EvidenceLedger, evidence_ledger
    from immunode.analysis.local import Tornado, local_sensitivity, tornado
    from immunode.analysis.measurements import Observable, observable
    from immunode.analysis.phase_plane import PhasePlane, phase_plane
    from immunode.analysis.posterior import Posterior
    from immunode.analysis.prevalence import Prevalence, prevalence_weights
    from immunode.analysis.profiles import Profiles
    from immunode.analysis.regimens import RegimenSearch, regimen_search
    from immunode.analysis.regional import prcc, regional
    from immunode.analysis.screening import morris
    from immunode.analysis.sensitivity import Sensitivity
    from immunode.analysis.sequence_map import SequenceMap, sequence_map
    from immunode.analysis.shapley import ShapleyShares, shapley
    from immunode.analysis.steady import SteadyState, SteadyStates, steady_states
    from immunode.analysis.trial import Trial, responders
    from immunode.analysis.variance import saltelli, sobol_indices
    from immunode.analysis.work_precision import WorkPrecision, work_precision
    from immunode.app.page import write_page
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
    from immunode.exchange.antimony import read_antimony, write_antimony
    from immunode.exchange.omex import read_omex, write_omex
    from immunode.exchange.petab import PetabProblem, read_petab, write_petab
    from immunode.exchange.sbml.reading import read_sbml
    from immunode.exchange.sbml.writing import write_sbml
    from immunode.exchange.sheets import sheet
    from immunode.intervention import (
        Card,
        Covariate,
        Dose,
        Drug,
        DrugEffect,
        Intervention,
        Operation,
        Regimen,
        Schedule,
        Target,
        add,
        at_times,
        at_visits,
        bouts,
        card,
        daily,
        decay,
        drug,
        during,
        indirect_response,
        inhibit,
        jet_lag,
        knobs,
        nights,
        one_compartment,
        perturb,
        pulses,
        qss,
        ramp,
        regimen,
        remove,
        rhythm,
        scale,
        seasons,
        sequence,
        set_to,
        shifted,
        stimulate,
        taper,
        tmdd,
        to_target,
        transfer,
        turnover,
        two_compartment,
        weekly,
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
        parameter_table,
        sourced,
        transit_chain,
    )
    from immunode.program import Program, lower
    from immunode.program.source import source
    from immunode.study import (
        Arms,
        Atlas,
        Comparison,
        Contrast,
        Design,
        Endpoint,
        Estimate,
        Expectations,
        Selection,
        Simulation,
        Space,
        StoredSweep,
        SweepResult,
        adaptive,
        at,
        atlas,
        auc,
        check_expectations,
        endpoint,
        final,
        fraction_of_time,
        from_table,
        grid,
        latin_hypercube,
        merge_stores,
        open_store,
        peak,
        plan_sweep,
        simulate,
        sobol,
        space,
        sweep,
        switch_log,
        time_of_peak,
        time_to,
        trough,
    )
    from immunode.study.distributions import Distribution, lognormal, loguniform, normal, uniform
    from immunode.study.population import Population, population

__all__ = [
    # models that come with the package
    "list_models", "load_model", "copy_model",
    # declaring one
    "Model", "Compartment", "State", "Parameter", "Process", "Derived", "Event", "Switch", "Unit", "Variant",
    "transit_chain", "sourced", "parameter_table",
    # interventions
    "Intervention", "Drug", "perturb", "knobs", "card", "sequence", "shifted",
    "scale", "add", "set_to", "inhibit", "stimulate", "transfer", "remove",
    "during", "pulses", "at_times", "at_visits", "to_target", "ramp", "decay", "rhythm", "daily", "weekly", "seasons",
    "jet_lag", "bouts", "nights",
    "drug", "regimen", "taper", "one_compartment", "two_compartment", "tmdd", "qss", "turnover", "indirect_response",
    "Card", "Covariate", "Dose", "DrugEffect", "Operation", "Regimen", "Schedule", "Target",
    # studies
    "open_store", "merge_stores", "plan_sweep", "adaptive", "StoredSweep", "Selection", "Estimate",
    "simulate", "sweep", "atlas", "check_expectations", "switch_log",
    "Arms", "Design", "Space", "space", "grid", "latin_hypercube", "sobol", "from_table",
    "Endpoint", "endpoint", "final", "at", "peak", "trough", "auc", "time_to", "time_of_peak", "fraction_of_time",
    "Simulation", "Comparison", "SweepResult", "Atlas", "Contrast", "Expectations",
    # virtual populations and trials
    "population", "lognormal", "normal", "uniform", "loguniform", "responders", "prevalence_weights", "regimen_search",
    "Population", "Distribution", "Trial", "Prevalence", "RegimenSearch",
    # formats of other tools
    "read_sbml", "write_sbml", "read_antimony", "write_antimony", "read_omex", "write_omex", "read_petab",
    "write_petab", "sheet", "write_page", "PetabProblem",
    # what matters, why, and what combines
    "local_sensitivity", "tornado", "morris", "sobol_indices", "saltelli", "prcc", "regional", "evidence_ledger",
    "explain", "shapley", "combination", "synergy", "dose_response", "hill_fit", "sequence_map",
    "Sensitivity", "Tornado", "EvidenceLedger", "Explanation", "ShapleyShares", "Combination", "DoseResponse",
    "SequenceMap",
    # fitting
    "fit", "observable", "Fit", "Observable", "Posterior", "Profiles",
    # dynamics
    "steady_states", "continuation", "basins", "phase_plane",
    "SteadyState", "SteadyStates", "Continuation", "Curves", "Basins", "PhasePlane",
    # teaching
    "assignment", "Assignment", "Grade",
    # under the hood
    "Program", "lower", "source", "work_precision", "WorkPrecision",
    # errors
    "ImmunodeError", "ModelError", "UnitError", "DoseError", "StudyError", "SolverError", "EngineError", "StoreError",
    "__version__",
]  # fmt: skip

_HOMES = {
    "catalogue": "list_models load_model copy_model",
    "model": """
        Model Compartment State Parameter Process Derived Event Switch Unit Variant transit_chain sourced
        parameter_table""",
    "intervention": """
        Intervention Drug perturb knobs card sequence shifted scale add set_to inhibit stimulate transfer remove
        during pulses at_times at_visits to_target ramp decay rhythm daily weekly seasons jet_lag bouts nights
        drug regimen taper one_compartment two_compartment tmdd qss turnover indirect_response
        Card Covariate Dose DrugEffect Operation Regimen Schedule Target""",
    "study": """
        open_store merge_stores plan_sweep adaptive StoredSweep Selection Estimate
        simulate sweep atlas check_expectations switch_log Arms Design Space space grid latin_hypercube sobol from_table
        Endpoint endpoint final at peak trough auc time_to time_of_peak fraction_of_time
        Simulation Comparison SweepResult Atlas Contrast Expectations""",
    "study.population": "Population population",
    "study.distributions": "Distribution lognormal normal uniform loguniform",
    "analysis.trial": "Trial responders",
    "analysis.fitting": "Fit fit",
    "analysis.measurements": "Observable observable",
    "analysis.posterior": "Posterior",
    "analysis.profiles": "Profiles",
    "analysis.prevalence": "Prevalence prevalence_weights",
    "analysis.regimens": "RegimenSearch regimen_search",
    "exchange.sbml.reading": "read_sbml",
    "exchange.sbml.writing": "write_sbml",
    "exchange.antimony": "read_antimony write_antimony",
    "exchange.omex": "read_omex write_omex",
    "exchange.petab": "PetabProblem read_petab write_petab",
    "exchange.sheets": "sheet",
    "app.page": "write_page",
    "analysis.variance": "sobol_indices saltelli",
    "analysis.screening": "morris",
    "analysis.regional": "prcc regional",
    "analysis.local": "Tornado local_sensitivity tornado",
    "analysis.sensitivity": "Sensitivity",
    "analysis.ledger": "EvidenceLedger evidence_ledger",
    "analysis.explain": "Explanation explain",
    "analysis.shapley": "ShapleyShares shapley",
    "analysis.combinations": "Combination combination synergy",
    "analysis.dose_response": "DoseResponse dose_response hill_fit",
    "analysis.sequence_map": "SequenceMap sequence_map",
    "analysis.basins": "Basins basins",
    "analysis.continuation": "Continuation continuation",
    "analysis.curves": "Curves",
    "analysis.phase_plane": "PhasePlane phase_plane",
    "analysis.steady": "SteadyState SteadyStates steady_states",
    "analysis.assignment": "Assignment Grade assignment",
    "analysis.work_precision": "WorkPrecision work_precision",
    "program": "Program lower",
    "program.source": "source",
    "errors": "ImmunodeError ModelError UnitError DoseError StudyError SolverError EngineError StoreError",
}
_HOME = {name: f"immunode.{module}" for module, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    """Load a public name from the module that defines it, once."""
    if name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
        globals()[name] = value
        return value
    if name.startswith("_"):
        raise AttributeError(f"module 'immunode' has no attribute '{name}'")
    from immunode.errors import did_you_mean

    raise AttributeError(f"module 'immunode' has no attribute '{name}'{did_you_mean(name, _HOME)}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
