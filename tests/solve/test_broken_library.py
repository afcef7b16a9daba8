"""Where machine code can't be made, though its library is there, sweeps run in NumPy and say so in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clock import PATIENCE

SWEEP = """
import immunode as im
model = im.load_model("kuznetsov1994")
out = im.sweep(model, im.sobol(im.space(model), 16), until=2, endpoints="final(T)")
again = im.sweep(model, im.sobol(im.space(model), 16), until=2, endpoints="final(T)")
print(out.recipe["engine"], out.values.shape, (out.values == again.values).all())
"""
MODULES = {
    "raises on import": "raise OSError('Could not find/load shared object file libllvmlite.so')",
    "raises what nobody expects": "raise RuntimeError('llvmlite:\\n no processor')",
    "lacks a library of its own": "import nowhere_to_be_found",
    "is empty": "",
    "is too old": "llvm_version_info = (15, 0, 7)\ndef create_pass_builder(*_): ...",
    "can't start": "llvm_version_info = (20, 1, 8)\ndef create_pass_builder(*_): ...",
    "can't compile": """
llvm_version_info = (20, 1, 8)
def create_pass_builder(*_): ...
def initialize_native_target(): ...
def initialize_native_asmprinter(): ...
def get_host_cpu_name(): return "generic"
def get_host_cpu_features(): raise RuntimeError("failed to detect host features")
""",
}


def fake(folder: Path, text: str) -> dict[str, str]:
    """Return the environment of a Python whose llvmlite is `text`."""
    (folder / "llvmlite").mkdir()
    (folder / "llvmlite" / "__init__.py").write_text("__version__ = '0.0'\n")
    (folder / "llvmlite" / "binding.py").write_text(text)
    found = os.environ.get("PYTHONPATH", "")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *filter(None, [found])])}


def python(code: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-c", code]
    return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=PATIENCE)


@pytest.mark.slow
@pytest.mark.parametrize("text", MODULES.values(), ids=list(MODULES))
def test_a_sweep_falls_back_to_numpy_with_one_warning(text: str, tmp_path: Path) -> None:
    ran = python(SWEEP, fake(tmp_path, text))
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == ["numpy", "(16,", "1)", "True"]
    told = [line for line in ran.stderr.splitlines() if "UserWarning" in line]
    assert len(told) == 1, ran.stderr
    assert "engine 'compiled' " in told[0]
    assert "pip install -U 'immunode[fast]'" in told[0]
    assert "computed in NumPy, which is slower" in told[0]


@pytest.mark.slow
def test_the_command_says_it_in_one_line(tmp_path: Path) -> None:
    code = "from immunode.cli import main; main(['sweep', 'kuznetsov1994', '--runs', '16', '--until', '2'])"
    ran = python(code, fake(tmp_path, MODULES["is too old"]))
    assert ran.returncode == 0, ran.stderr
    told = [line for line in ran.stderr.splitlines() if "LLVM" in line]
    assert len(told) == 1
    assert told[0].startswith("immunode: engine 'compiled' needs LLVM 20 or later, found 15; pip install -U")
    assert "Traceback" not in ran.stderr
    assert "Warning" not in ran.stderr


@pytest.mark.slow
def test_who_asks_for_machine_code_gets_an_error(tmp_path: Path) -> None:
    code = SWEEP.replace('endpoints="final(T)"', 'endpoints="final(T)", engine="compiled"')
    ran = python(code, fake(tmp_path, MODULES["can't compile"]))
    assert ran.returncode == 1
    said = "EngineError: engine 'compiled' can't make machine code here (RuntimeError: failed to detect host features)"
    assert said in ran.stderr.splitlines()[-1]


@pytest.mark.slow
def test_without_the_library_nothing_is_said(tmp_path: Path) -> None:
    ran = python("import sys; sys.modules['llvmlite'] = None\n" + SWEEP, dict(os.environ))
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("numpy")
    assert ran.stderr == ""
