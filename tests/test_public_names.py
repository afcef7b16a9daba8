"""What `import immunode as im` offers: few names at the root, the others in submodules that need no import."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import immunode

HEAVY = ("numpy", "scipy", "pandas", "sympy", "pint", "matplotlib", "xarray", "rich", "typer")

SUBMODULES = {
    "records", "schedules", "pk", "treatments", "sweeps", "sensitivity", "dynamics", "fitting", "distributions",
    "trials", "teaching", "io", "plot", "errors",
}  # fmt: skip
NAMES = {
    "list_models", "load_model", "copy_model",
    "Model", "Compartment", "State", "Parameter", "Process", "Derived", "Event", "Switch", "Unit", "Variant",
    "join",
    "Variability", "Correlation", "PatientClass", "PatientCovariate", "Observed", "Threshold", "Story", "Trial",
    "TrialResult", "validate",
    "Intervention", "Drug", "Perturbation", "drug", "perturb",
    "scale", "add", "set_to", "inhibit", "stimulate", "transfer", "remove",
    "during", "pulses", "at_visits", "ramp", "decay", "rhythm",
    "simulate", "sweep", "open_store", "fit", "individual_data", "estimate",
    "Arms", "Design", "Space", "space", "grid", "latin_hypercube", "sobol", "from_table", "Population", "population",
    "Endpoint", "endpoint", "final", "at", "change", "percent_change",
    "peak", "trough", "auc", "time_to", "time_of_peak", "fraction_of_time",
    "responders",
    "Program", "lower", "source",
    "ImmunodeError",
}  # fmt: skip
CARRIED = {
    "Parts", "Pictures", "Plan", "Problem", "Found", "Reducer", "Rows", "SteadyEquations", "Store", "Break", "Trigger",
    "Individual", "Predictions", "Point", "Modes", "FitPictures", "Step", "Delay", "Priors",
}  # fmt: skip
"""Records that public results carry along for our own later steps; users neither make nor read them."""


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def submodules() -> list[ModuleType]:
    return [importlib.import_module(f"immunode.{name}") for name in sorted(SUBMODULES)]


def test_the_public_names_of_the_root_are_these() -> None:
    assert set(immunode.__all__) == NAMES | SUBMODULES | {"__version__"}
    assert len(immunode.__all__) == len(set(immunode.__all__))


def test_every_name_can_be_used_and_tab_completion_offers_it() -> None:
    assert set(dir(immunode)) >= NAMES | SUBMODULES
    for name in NAMES:
        assert getattr(immunode, name) is not None
    for module in submodules():
        assert module.__doc__
        for name in module.__all__:
            assert getattr(module, name) is not None, f"{module.__name__}.{name}"


def test_a_name_has_one_place() -> None:
    """The charts of `plot` draw what functions of the same name compute, and are left out here."""
    parts = [module for module in submodules() if module is not immunode.plot]
    places = [name for module in parts for name in set(module.__all__) - {"ImmunodeError"}]
    assert sorted(places) == sorted(set(places))
    assert not set(places) & NAMES


def test_submodules_and_folders_need_no_import_of_their_own() -> None:
    run("import immunode as im; im.plot.save, im.schedules.daily, im.io.read_sbml, im.errors.DoseError, im.analysis")


def test_checkers_see_the_same_names_as_users() -> None:
    tree = ast.parse(Path(immunode.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    listed = next(ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign))
    assert sorted(listed) == sorted(immunode.__all__)


@pytest.mark.slow
def test_mypy_knows_the_types_of_lazy_names(tmp_path: Path) -> None:
    (tmp_path / "user.py").write_text(
        "import immunode as im\n"
        "reveal_type(im.load_model('kuznetsov1994'))\n"
        "reveal_type(im.pk.taper)\n"
        "im.swep\n"
    )  # fmt: skip
    project = Path(__file__).resolve().parents[1]
    options = [
        "--strict",
        "--config-file",
        str(project / "pyproject.toml"),
        "--cache-dir",
        str(project / ".mypy_cache"),
    ]
    command = [sys.executable, "-m", "mypy", *options, "user.py"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert 'Revealed type is "immunode.model.' in ran.stdout
    assert 'Revealed type is "def (' in ran.stdout
    assert 'has no attribute "swep"' in ran.stdout


def test_the_import_loads_nothing_heavy() -> None:
    loaded = run("import sys, immunode; print(*sys.modules)").split()
    assert "immunode" in loaded
    assert not {module.partition(".")[0] for module in loaded} & set(HEAVY)


def test_the_import_takes_less_than_a_tenth_of_a_second() -> None:
    code = "import time; t = time.process_time(); import immunode; print(time.process_time() - t)"
    # the best of three: what is measured is the import, not the load of the machine
    assert min(float(run(code)) for _ in range(3)) < 0.1


def test_declaring_a_model_loads_no_solver_and_no_tables() -> None:
    loaded = run("import sys, immunode as im; im.State; print(*sys.modules)").split()
    assert not {"scipy", "pandas", "matplotlib", "xarray"} & set(loaded)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("swep", "did you mean im.sweep or "),
        ("prcc", "im.prcc is im.sensitivity.prcc"),
        ("save", "im.save is im.plot.save"),
        ("DoseError", "im.DoseError is im.errors.DoseError"),
        ("merge_store", "im.sweeps.merge_stores"),
        ("qqqqq", "has no attribute 'qqqqq'; dir"),
    ],
)
def test_a_wrong_name_is_answered_with_the_right_one(name: str, hint: str) -> None:
    with pytest.raises(AttributeError) as caught:
        getattr(immunode, name)
    assert hint in str(caught.value)


def test_a_name_that_is_looked_for_by_tools_loads_nothing() -> None:
    loaded = run(
        "import sys, immunode; hasattr(immunode, '_repr_html_'); hasattr(immunode, 'qqq'); print(*sys.modules)"
    )
    assert not {"numpy", "immunode.sensitivity", "immunode.plot"} & set(loaded.split())


def test_a_star_import_brings_the_public_names() -> None:
    scope: dict[str, object] = {}
    exec("from immunode import *", scope)
    assert set(scope) >= NAMES | SUBMODULES


def annotations(thing: Any) -> Iterator[ast.expr]:
    """Yield the annotations of a function, or of the public fields and methods of a class."""
    node = ast.parse(textwrap.dedent(inspect.getsource(thing))).body[0]
    for part in node.body if isinstance(node, ast.ClassDef) else [node]:
        if isinstance(part, ast.AnnAssign):
            if not ast.unparse(part.target).startswith("_"):
                yield part.annotation
        elif isinstance(part, ast.FunctionDef) and (part is node or not part.name.startswith("_")):
            values = part.args
            several = [*values.posonlyargs, *values.args, *values.kwonlyargs, values.vararg, values.kwarg]
            yield from (one.annotation for one in several if one is not None and one.annotation is not None)
            if part.returns is not None:
                yield part.returns


@cache
def imported(module: ModuleType) -> dict[str, tuple[str, str]]:
    """Return name -> module and name there of what a module imports from ours, for types too."""
    return {
        alias.asname or alias.name: (node.module, alias.name)
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("immunode")
        for alias in node.names
    }


def classes(thing: Any) -> Iterator[type]:
    """Yield the classes of ours that the annotations of a public name speak of."""
    module = sys.modules[thing.__module__]
    for annotation in annotations(thing):
        text = annotation.value if isinstance(annotation, ast.Constant) else None
        tree = ast.parse(text) if isinstance(text, str) else annotation
        for name in {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}:
            home, original = imported(module).get(name, (module.__name__, name))
            value = getattr(importlib.import_module(home), original, None)
            if isinstance(value, type) and value.__module__.startswith("immunode"):
                yield value


@pytest.mark.slow
def test_a_type_that_a_public_signature_names_is_public() -> None:
    places = [(immunode, NAMES), *((module, module.__all__) for module in submodules())]
    things = [getattr(module, name) for module, names in places for name in names]
    public = {thing for thing in things if inspect.isfunction(thing) or inspect.isclass(thing)}
    hidden = {
        f"{used.__qualname__} in {thing.__qualname__}"
        for thing in public
        for used in classes(thing)
        if used not in public and used.__name__ not in CARRIED
    }
    assert hidden == set()
