"""`import immunode` and `immunode list` answer at once, since what is heavy stays unloaded."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from immunode.cli import main

HEAVY = ("numpy", "scipy", "pandas", "matplotlib", "sympy", "pint", "xarray", "numba", "zarr", "dask")
PYDANTIC = "pydantic"
"""Newer versions of typer load it to convert values of options; flags alone need none."""
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
        "from immunode.cli import main; main(['run', '--help'])",
        "from immunode.cli import main; main(['sweep', '--help'])",
        "from immunode.cli import main; main(['show', 'no_such_model'])",
    ],
)
def test_nothing_heavy_is_loaded_by(code: str) -> None:
    seen = loaded(code)
    assert seen.isdisjoint(HEAVY)
    assert PYDANTIC not in seen or "show" in code


def test_import_loads_neither_rich_nor_typer() -> None:
    assert loaded("import immunode").isdisjoint({"rich", "typer", "click"})


def least_cpu(code: str, n: int = 3) -> float:
    """Return the least processor time of a fresh Python, in seconds: what else the machine does can only add to it."""
    times = []
    for _ in range(n):
        before = os.times()
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        after = os.times()
        times.append(sum(after[2:4]) - sum(before[2:4]))
    return min(times)


def test_import_takes_less_than_200_ms() -> None:
    assert least_cpu("import immunode") - least_cpu("pass") < 0.2


def test_list_takes_less_than_500_ms_with_the_start_of_python() -> None:
    assert least_cpu("from immunode.cli import main; main(['list'])") < 0.5


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
