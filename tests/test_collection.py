"""Collecting the tests is quick: no test file imports at its top what takes long to import."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
SLOW_TO_IMPORT = (
    "antimony",
    "dask",
    "distributed",
    "emcee",
    "petab",
    "SALib",
    "scipy.stats",
    "xarray",
    "zarr",
)


def loaded_at_the_top(source: str) -> list[str]:
    """Return the modules that a file imports when it is collected, `pytest.importorskip` included."""
    found = []
    for line in ast.parse(source).body:
        value = line.value if isinstance(line, ast.Expr | ast.Assign) else None
        if isinstance(line, ast.Import):
            found += [alias.name for alias in line.names]
        elif isinstance(line, ast.ImportFrom) and line.module:
            found += [line.module, *(f"{line.module}.{alias.name}" for alias in line.names)]
        elif isinstance(value, ast.Call) and ast.unparse(value.func) == "pytest.importorskip":
            found.append(ast.literal_eval(value.args[0]))
    return found


@pytest.mark.parametrize(
    ("source", "modules"),
    [
        ("import zarr", ["zarr"]),
        ("from scipy import stats", ["scipy", "scipy.stats"]),
        ("z = pytest.importorskip('zarr')", ["zarr"]),
        ("pytestmark = needs('zarr')", []),
        ("def test():\n    import zarr", []),
    ],
)
def test_what_a_file_imports_at_its_top_is_found(source: str, modules: list[str]) -> None:
    assert loaded_at_the_top(source) == modules


def test_no_test_file_imports_a_slow_library_at_its_top() -> None:
    files = [path for path in TESTS.rglob("*.py") if "benchmarks" not in path.parts]
    slow = {
        str(path.relative_to(TESTS)): name
        for path in files
        for name in loaded_at_the_top(path.read_text(encoding="utf-8"))
        if name.startswith(SLOW_TO_IMPORT)
    }
    assert slow == {}, "use tests.libraries.needs, and import inside the tests"
