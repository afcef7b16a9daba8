from . import (
    distributions,
    dynamics,
    errors,
    fitting,
    io,
    pk,
    plot,
    records,
    schedules,
    sensitivity,
    sweeps,
    teaching,
    treatments,
    trials,
)
from .analysis.fitting.fits import fit
from .analysis.mixed_effects.estimation import estimate
from .analysis.mixed_effects.records.individual_records import individual_data
from .analysis.trials.responder_shares import responders
from .analysis.trials.validation import validate
from .catalogue import copy_model, list_models, load_model
from .errors import ImmunodeError
from .intervention.composition import perturb
from .intervention.drugs.drug import Drug
from .intervention.drugs.library import drug
from .intervention.intervention import Intervention
from .intervention.operations import add, inhibit, remove, scale, set_to, stimulate, transfer
from .intervention.schedule import decay, during, pulses, ramp, rhythm
from .intervention.shapes import at_visits
from .intervention.submodels.joining import join
from .model.declaration import Perturbation
from .model.model import Model
from .model.patients import Correlation, Observed, PatientClass, PatientCovariate, Threshold, Variability
from .model.published_trials import Trial, TrialResult
from .model.records import Compartment, Derived, Event, Parameter, Process, State, Switch, Unit, Variant
from .model.story import Story
from .program.lowering import lower
from .program.model_functions import source
from .program.program import Program
from .study.arms import Arms
from .study.design.design import Design, grid, latin_hypercube, sobol
from .study.design.from_tables import from_table
from .study.design.ranges import Space, space
from .study.endpoints.area import auc
from .study.endpoints.endpoint import Endpoint
from .study.endpoints.final_value import final
from .study.endpoints.first_time import time_to
from .study.endpoints.held_share import fraction_of_time
from .study.endpoints.peak_time import time_of_peak
from .study.endpoints.peak_value import peak
from .study.endpoints.reading import endpoint
from .study.endpoints.start_change import change, percent_change
from .study.endpoints.trough_value import trough
from .study.endpoints.value_at import at
from .study.populations import Population, population
from .study.simulations import simulate
from .study.stores import open_store
from .study.sweeps import sweep
from .version import __version__

__all__ = [
    # models that come with the package
    "list_models", "load_model", "copy_model",
    # declaring one
    "Model", "Compartment", "State", "Parameter", "Process", "Derived", "Event", "Switch", "Unit", "Variant",
    "join",
    # patients and trials
    "Variability", "Correlation", "PatientClass", "PatientCovariate", "Observed", "Threshold", "Story", "Trial",
    "TrialResult", "validate",
    # interventions
    "Intervention", "Drug", "Perturbation", "drug", "perturb", "scale", "add", "set_to", "inhibit", "stimulate",
    "transfer", "remove", "during", "pulses", "at_visits", "ramp", "decay", "rhythm",
    # studies
    "simulate", "sweep", "open_store", "fit", "individual_data", "estimate", "Arms", "Design", "Space", "space", "grid",
    "latin_hypercube", "sobol", "from_table", "Population", "population",
    # endpoints
    "Endpoint", "endpoint", "final", "at", "change", "percent_change", "peak", "trough", "auc", "time_to",
    "time_of_peak", "fraction_of_time", "responders",
    # what the solvers get
    "Program", "lower", "source",
    # errors
    "ImmunodeError",
    # submodules
    "records", "schedules", "pk", "treatments", "sweeps", "sensitivity", "dynamics", "fitting", "distributions",
    "trials", "teaching", "io", "plot", "errors",
    "__version__",
]  # fmt: skip
