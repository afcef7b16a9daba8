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
    from immunode.analysis.dynamics.basin_map import Basins, basins
    from immunode.analysis.dynamics.continuations import Continuation, continuation
    from immunode.analysis.dynamics.curves import Curves
    from immunode.analysis.dynamics.nullclines import PhasePlane, phase_plane
    from immunode.analysis.dynamics.steady import SteadyState, SteadyStates, steady_states
    from immunode.analysis.fitting.fits import Fit, fit
    from immunode.analysis.fitting.measurements import Observable, observable
    from immunode.analysis.fitting.posterior import Posterior
    from immunode.analysis.fitting.profiles import Profiles
    from immunode.analysis.precision import WorkPrecision, work_precision
    from immunode.analysis.sensitivity.from_samples import prcc, regional
    from immunode.analysis.sensitivity.ledger import EvidenceLedger, evidence_ledger
    from immunode.analysis.sensitivity.local import Tornado, local_sensitivity, tornado
    from immunode.analysis.sensitivity.result import Sensitivity
    from immunode.analysis.sensitivity.screening import morris
    from immunode.analysis.sensitivity.variance import saltelli, sobol_indices
    from immunode.analysis.teaching.assignments import Assignment, Grade, assignment
    from immunode.analysis.treatment.combinations import Combination, combination, synergy
    from immunode.analysis.treatment.expectations import Expectations, check_expectations
    from immunode.analysis.treatment.explanation import Explanation, explain
    from immunode.analysis.treatment.hill_curves import DoseResponse, dose_response, hill_fit
    from immunode.analysis.treatment.intervention_atlas import Atlas, atlas
    from immunode.analysis.treatment.regimens import RegimenSearch, regimen_search
    from immunode.analysis.treatment.sequence_maps import SequenceMap, sequence_map
    from immunode.analysis.treatment.shapley_shares import ShapleyShares, shapley
    from immunode.analysis.trials.prevalence import Prevalence, prevalence_weights
    from immunode.analysis.trials.trial import Trial, responders
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
    from immunode.exchange.sbml.reading.reader import read_sbml
    from immunode.exchange.sbml.writing.writer import write_sbml
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
    from immunode.program.model_functions import source
    from immunode.study import (
        Arms,
        Comparison,
        Contrast,
        Design,
        Endpoint,
        Estimate,
        Selection,
        Simulation,
        Space,
        StoredSweep,
        SweepResult,
        adaptive,
        at,
        auc,
        change,
        endpoint,
        final,
        fraction_of_time,
        from_table,
        grid,
        latin_hypercube,
        merge_stores,
        open_store,
        peak,
        percent_change,
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
    from immunode.study.design.distributions import Distribution, lognormal, loguniform, normal, uniform
    from immunode.study.design.population import Population, population

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
    "Endpoint", "endpoint", "final", "at", "change", "percent_change",
    "peak", "trough", "auc", "time_to", "time_of_peak", "fraction_of_time",
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
        simulate sweep switch_log Arms Design Space space grid latin_hypercube sobol from_table
        Endpoint endpoint final at change percent_change peak trough auc time_to time_of_peak fraction_of_time
        Simulation Comparison SweepResult Contrast""",
    "study.design.population": "Population population",
    "study.design.distributions": "Distribution lognormal normal uniform loguniform",
    "analysis.trials.trial": "Trial responders",
    "analysis.fitting.fits": "Fit fit",
    "analysis.fitting.measurements": "Observable observable",
    "analysis.fitting.posterior": "Posterior",
    "analysis.fitting.profiles": "Profiles",
    "analysis.trials.prevalence": "Prevalence prevalence_weights",
    "analysis.treatment.regimens": "RegimenSearch regimen_search",
    "exchange.sbml.reading.reader": "read_sbml",
    "exchange.sbml.writing.writer": "write_sbml",
    "exchange.antimony": "read_antimony write_antimony",
    "exchange.omex": "read_omex write_omex",
    "exchange.petab": "PetabProblem read_petab write_petab",
    "exchange.sheets": "sheet",
    "app.page": "write_page",
    "analysis.sensitivity.variance": "sobol_indices saltelli",
    "analysis.sensitivity.screening": "morris",
    "analysis.sensitivity.from_samples": "prcc regional",
    "analysis.sensitivity.local": "Tornado local_sensitivity tornado",
    "analysis.sensitivity.result": "Sensitivity",
    "analysis.sensitivity.ledger": "EvidenceLedger evidence_ledger",
    "analysis.treatment.explanation": "Explanation explain",
    "analysis.treatment.shapley_shares": "ShapleyShares shapley",
    "analysis.treatment.combinations": "Combination combination synergy",
    "analysis.treatment.expectations": "Expectations check_expectations",
    "analysis.treatment.intervention_atlas": "Atlas atlas",
    "analysis.treatment.hill_curves": "DoseResponse dose_response hill_fit",
    "analysis.treatment.sequence_maps": "SequenceMap sequence_map",
    "analysis.dynamics.basin_map": "Basins basins",
    "analysis.dynamics.continuations": "Continuation continuation",
    "analysis.dynamics.curves": "Curves",
    "analysis.dynamics.nullclines": "PhasePlane phase_plane",
    "analysis.dynamics.steady": "SteadyState SteadyStates steady_states",
    "analysis.teaching.assignments": "Assignment Grade assignment",
    "analysis.precision": "WorkPrecision work_precision",
    "program": "Program lower",
    "program.model_functions": "source",
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
