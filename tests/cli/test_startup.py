"""`import immunode` and `immunode list` answer at once, since what is heavy stays unloaded."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from immunode.cli import main

HEAVY = ("numpy", "scipy", "pandas", "matplotlib", "sympy", "pint", "xarray", "numba", "zarr", "dask")
SEEN = "import json, sys; print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})), file=sys.stderr)"


def loaded(code: str) -> set[str]:
    """Return the top-level modules that a fresh Python has loaded after `code`."""
    ran = subprocess.run([sys.executable, "-c", f"{code}\n{SEEN}"], capture_output=True, text=True, check=True)
    return set(json.loads(ran.stderr.splitlines()[-1]))


@pytest.mark.parametrize(
    "code",
    [
        "import immunode",
        "from immunode.catalogue import list_models; list_models()",
        "from immunode.cli import main; main(['list'])",
        "from immunode.cli import main; main(['list', '--json'])",
        "from immunode.cli import main; main(['--version'])",
        "from immunode.cli import main; main(['--help'])",
        "from immunode.cli import main; main(['show', 'no_such_model'])",
    ],
)
def test_nothing_heavy_is_loaded_by(code: str) -> None:
    assert loaded(code).isdisjoint(HEAVY)


def test_import_loads_neither_rich_nor_typer() -> None:
    assert loaded("import immunode").isdisjoint({"rich", "typer", "click"})


def best_of(code: str, n: int = 5) -> float:
    """Return the shortest wall time of a fresh Python, in seconds: other processes can only make it longer."""
    times = []
    for _ in range(n):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        times.append(time.perf_counter() - start)
    return min(times)


def test_import_takes_less_than_200_ms() -> None:
    assert best_of("import immunode") - best_of("pass") < 0.2


def test_list_takes_less_than_500_ms_with_the_start_of_python() -> None:
    assert best_of("from immunode.cli import main; main(['list'])") < 0.5


def test_the_module_is_the_command() -> None:
    ran = subprocess.run([sys.executable, "-m", "immunode", "--version"], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("immunode ")
    assert subprocess.run([sys.executable, "-m", "immunode", "shw"], capture_output=True).returncode == 2


def test_ctrl_c_is_answered_in_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def press(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("immunode.cli.studies.request.load", press)
    assert main(["sweep", "kuznetsov1994"]) == 130
    assert capsys.readouterr().err.strip() == "immunode: interrupted"
