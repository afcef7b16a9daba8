"""What test files may not do: import at their tops what takes long to import, and depend on the wall clock."""

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


WALL_CLOCK = {"getloadavg", "monotonic", "perf_counter", "sleep", "time"}
READS_IT = {
    "clock.py": "gives the other files what they need",
    "exchange/biomodels.py": "reports how long models take, and judges nothing",
    "study/killed_writers.py": "kills at random moments",
    "study/test_cluster.py": "kills every two seconds, in a soak",
    "study/test_slurm.py": "asks daemons how far they are, in a soak",
}


def wall_clock(source: str) -> list[str]:
    """Return the calls of a file that wait, or that ask for another time than that of the processor."""
    calls = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [
        ast.unparse(one)
        for one in calls
        if isinstance(one, ast.Attribute) and one.attr in WALL_CLOCK and ast.unparse(one.value) in ("time", "os")
    ]


@pytest.mark.parametrize(
    ("source", "calls"),
    [
        ("import time\ntime.sleep(5)", ["time.sleep"]),
        ("assert time.perf_counter() - start < 1", ["time.perf_counter"]),
        ("time.process_time()", []),
        ("course.time()", []),
    ],
)
def test_what_asks_for_the_time_of_the_wall_is_found(source: str, calls: list[str]) -> None:
    assert wall_clock(source) == calls


def test_no_test_depends_on_the_wall_clock() -> None:
    """What else a machine does would fail it, once in a while."""
    files = {path.relative_to(TESTS).as_posix(): path for path in TESTS.rglob("*.py") if "benchmarks" not in path.parts}
    found = {name: wall_clock(path.read_text(encoding="utf-8")) for name, path in files.items()}
    assert {name: calls for name, calls in found.items() if calls}.keys() == READS_IT.keys(), "use tests/clock.py"
