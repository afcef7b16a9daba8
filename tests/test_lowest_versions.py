"""The lowest versions that pyproject.toml declares do the work of the package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = ("fast", "store", "cluster", "sbml", "petab", "symbolic", "bayes")
SMOKE = (
    "tests/test_catalogue.py",
    "tests/cli/test_run.py",
    "tests/cli/test_sweep.py",
    "tests/cli/test_sweep_store.py",
    "tests/model/test_serial.py",
    "tests/model/test_units.py",
    "tests/program/test_llvm_compile.py",
    "tests/study/test_sweep.py",
    "tests/study/test_store.py",
    "tests/study/test_store_reading.py",
    "tests/analysis/test_screening.py",
    "tests/analysis/test_variance.py",
    "tests/exchange/test_sbml_read.py",
    "tests/exchange/test_antimony.py",
    "tests/exchange/test_omex.py",
)
TOOLS = ("pytest", "pytest-xdist", "hypothesis", "SALib")


def declared() -> dict[str, list[str]]:
    """Return the requirements of the package, of each extra that code uses, and of the tools of tests."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    tools = [one for one in extras["test"] if one.split(">=")[0] in TOOLS]
    return {"": project["dependencies"], **{name: extras[name] for name in EXTRAS}, "test": tools}


def test_every_requirement_declares_its_lowest_version() -> None:
    for name, requirements in declared().items():
        for one in requirements:
            assert one.count(">=") == 1, f"{name}: {one}"


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the lowest versions have wheels for the lowest Python")
def test_the_lowest_versions_pass_a_smoke_set(tmp_path: Path) -> None:
    """Needs the network and uv (pip can't resolve downwards): `pip install uv`."""
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv is None:
        pytest.skip("uv is not installed")
    python = tmp_path / "lowest" / "bin" / "python"
    subprocess.run([uv, "venv", "--python", sys.executable, str(tmp_path / "lowest")], check=True)
    wanted = [one for requirements in declared().values() for one in requirements]
    lowest = [uv, "pip", "install", "--python", str(python), "--resolution", "lowest-direct", *wanted]
    subprocess.run(lowest, check=True)
    # what old libraries deprecate of one another is not ours
    line = ["-m", "pytest", "-n", "0", "-q", "-m", "not slow", "-o", "filterwarnings=default", *SMOKE]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "IMMUNODE_CACHE": str(tmp_path / "cache")}
    ran = subprocess.run([str(python), *line], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout[-3000:]
