"""What `import immunode` offers, and what it does not load."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import immunode

HEAVY = ("numpy", "scipy", "pandas", "sympy", "pint", "matplotlib", "xarray", "rich", "typer")

PUBLIC = {
    "steady_states", "continuation", "basins", "phase_plane",
    "SteadyState", "SteadyStates", "Continuation", "Curves", "Basins", "PhasePlane",
    "list_models", "load_model", "copy_model",
    "Model", "Compartment", "State", "Parameter", "Process", "Derived", "Event", "Switch", "Unit", "Variant",
    "transit_chain",
    "sourced",
    "parameter_table",
    "Intervention", "Drug", "perturb", "knobs", "card", "sequence", "shifted",
    "scale", "add", "set_to", "inhibit", "stimulate", "transfer", "remove",
    "during", "pulses", "at_times", "at_visits", "to_target", "ramp", "decay", "rhythm", "daily", "weekly", "seasons",
    "jet_lag", "bouts", "nights",
    "drug", "regimen", "taper", "one_compartment", "two_compartment", "tmdd", "qss", "turnover", "indirect_response",
    "Card", "Covariate", "Dose", "DrugEffect", "Operation", "Regimen", "Schedule", "Target",
    "open_store", "merge_stores", "plan_sweep", "adaptive", "Selection", "Estimate",
    "simulate", "sweep", "atlas", "check_expectations", "switch_log",
    "Arms", "Design", "Space", "space", "grid", "latin_hypercube", "sobol", "from_table",
    "Endpoint", "endpoint", "final", "at", "peak", "trough", "auc", "time_to", "time_of_peak", "fraction_of_time",
    "Simulation", "Comparison", "SweepResult", "Atlas", "Contrast", "Expectations",
    "population", "lognormal", "normal", "uniform", "loguniform", "responders", "prevalence_weights", "regimen_search",
    "Population", "Distribution", "Trial", "Prevalence", "RegimenSearch",
    "read_sbml", "write_sbml", "read_antimony", "write_antimony", "read_omex", "write_omex", "read_petab",
    "write_petab", "sheet", "write_page", "PetabProblem",
    "local_sensitivity", "tornado", "morris", "sobol_indices", "saltelli", "prcc", "regional", "evidence_ledger",
    "explain", "shapley", "combination", "synergy", "dose_response", "hill_fit", "sequence_map",
    "Sensitivity", "Tornado", "EvidenceLedger", "Explanation", "ShapleyShares", "Combination", "DoseResponse",
    "SequenceMap",
    "fit", "observable", "Fit", "Observable", "Posterior", "Profiles",
    "assignment", "Assignment", "Grade",
    "Program", "lower", "source", "work_precision", "WorkPrecision",
    "ImmunodeError", "ModelError", "UnitError", "DoseError", "StudyError", "SolverError", "EngineError", "StoreError",
    "__version__",
}  # fmt: skip


def test_the_public_names_are_these() -> None:
    assert set(immunode.__all__) == PUBLIC
    assert len(immunode.__all__) == len(PUBLIC)


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_a_public_name_can_be_used_and_is_listed(name: str) -> None:
    assert getattr(immunode, name) is not None
    assert name in dir(immunode)


def test_a_public_name_is_the_one_of_its_layer() -> None:
    for name, home in immunode._HOME.items():
        assert getattr(immunode, name) is getattr(importlib.import_module(home), name)


def test_the_import_loads_nothing_heavy() -> None:
    code = "import sys, immunode; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "immunode" in loaded
    assert not {module.partition(".")[0] for module in loaded} & set(HEAVY)


def test_the_import_takes_less_than_a_fifth_of_a_second() -> None:
    code = "import time; t = time.perf_counter(); import immunode; print(time.perf_counter() - t)"
    # the best of three: what is measured is the import, not the load of the machine
    spent = [float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(3)]
    assert min(spent) < 0.2


def test_declaring_a_model_loads_no_solver_and_no_tables() -> None:
    code = "import sys, immunode as im; im.State; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert not {"scipy", "pandas", "matplotlib", "xarray"} & set(loaded)


def test_a_wrong_name_is_told_the_nearest() -> None:
    with pytest.raises(AttributeError, match="did you mean 'sobol'"):
        _ = immunode.sobl


def test_a_star_import_brings_the_public_names() -> None:
    scope: dict[str, object] = {}
    exec("from immunode import *", scope)
    assert PUBLIC - {"__version__"} <= set(scope)
