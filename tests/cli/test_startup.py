"""`import immunode` and `immunode list` answer at once, since what is heavy stays unloaded."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from immunode.cli import main
from tests.clock import least_cpu_of_process

HEAVY = ("numpy", "scipy", "pandas", "matplotlib", "sympy", "pint", "xarray", "numba", "zarr", "dask")
PYDANTIC = "pydantic"
"""Newer versions of typer load it to convert values of options; flags alone need none."""
SEEN = "import json, sys; print(json.dumps(sorted(sys.modules)), file=sys.stderr)"


def modules(code: str) -> set[str]:
    """Return the modules that a fresh Python has loaded after `code`."""
    ran = subprocess.run([sys.executable, "-c", f"{code}\n{SEEN}"], capture_output=True, text=True, check=True)
    return set(json.loads(ran.stderr.splitlines()[-1]))


def loaded(code: str) -> set[str]:
    """Return the top-level modules that a fresh Python has loaded after `code`."""
    return {name.partition(".")[0] for name in modules(code)}


@pytest.mark.sampled
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


@pytest.mark.slow
def test_list_takes_less_than_half_of_what_loading_the_heavy_libraries_takes() -> None:
    """Measured: a quarter. A ratio is the same on a slow machine."""
    heavy = least_cpu_of_process("import scipy.integrate, pandas, matplotlib.pyplot", n=1)
    assert least_cpu_of_process("from immunode.cli import main; main(['list'])") < heavy / 2


def test_a_verb_loads_no_drug_before_one_is_meant() -> None:
    assert not {name for name in modules("from immunode.cli import main; main(['list'])") if ".drugs.drug" in name}


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
