"""The folders import only what the table of layers allows."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "immunode").rglob("*.py"))
PARTS = {path.stem if path.is_file() else path.name for path in (ROOT / "immunode").iterdir()}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the import contracts of pyproject.toml on the package in `folder`."""
    script = (
        "import sys; from importlinter.cli import lint_imports_command as c; sys.path.insert(0, '.'); c(['--no-cache'])"
    )
    return subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True)


def test_imports_point_up_the_table() -> None:
    ran = lint(ROOT)
    assert ran.returncode == 0, ran.stdout


def without_floors(text: str) -> str:
    """Return pyproject.toml without the contracts for the inside of folders, which an empty package does not have."""
    mark = "[[tool.importlinter.contracts]]\n"
    return mark.join(part for part in text.split(mark) if not part.startswith('name = "floors of'))


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("model/bad.py", "from immunode.study import sweep"),
        ("solve/bad.py", "from immunode.model import Model"),
        ("solve/bad.py", "def f():\n    from immunode.study import sweep"),
        ("plot/bad.py", "import immunode.program.lowering"),
        ("intervention/bad.py", "from immunode.program import lower"),
        ("errors.py", "from immunode.model import Model"),
        ("catalogue.py", "from immunode.study import sweep"),
        ("study/bad.py", "from immunode.analysis import fit"),
        ("analysis/bad.py", "from immunode.exchange import read_sbml"),
    ],
)
def test_an_import_down_the_table_is_found(module: str, text: str, tmp_path: Path) -> None:
    """The contracts can fail: a package with one wrong import breaks them."""
    folders = "model intervention program solve plot study analysis exchange app cli models"
    for part in folders.split():
        (tmp_path / "immunode" / part).mkdir(parents=True)
        (tmp_path / "immunode" / part / "__init__.py").write_text("")
    for part in ("__init__", "errors", "characters", "version", "catalogue"):
        (tmp_path / "immunode" / f"{part}.py").write_text("")
    (tmp_path / "immunode" / "program" / "lowering.py").write_text("")
    (tmp_path / "pyproject.toml").write_text(without_floors((ROOT / "pyproject.toml").read_text()))
    assert lint(tmp_path).returncode == 0
    (tmp_path / "immunode" / module).write_text(text + "\n")
    assert lint(tmp_path).returncode == 1


def test_no_module_imports_the_package_root() -> None:
    found = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                wrong = any(alias.name == "immunode" for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module == "immunode" and node.level == 0:
                wrong = not {alias.name for alias in node.names} <= PARTS
            else:
                continue
            if wrong:
                found.append(f"{path.relative_to(ROOT)}, line {node.lineno}")
    assert found == []


def test_a_folder_holds_at_most_sixteen_modules() -> None:
    folders = {path.parent for path in MODULES}
    counts = {folder: len([p for p in folder.glob("*.py") if not p.name.startswith("__")]) for folder in folders}
    assert {str(folder.relative_to(ROOT)): n for folder, n in counts.items() if n > 16} == {}


def test_every_folder_says_what_it_holds() -> None:
    for folder in {path.parent for path in MODULES}:
        assert ast.get_docstring(ast.parse((folder / "__init__.py").read_text())), folder
