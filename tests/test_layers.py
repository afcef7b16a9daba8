"""The folders import only what the table of layers allows."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

import immunode

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "immunode").rglob("*.py"))
PARTS = {path.stem if path.is_file() else path.name for path in (ROOT / "immunode").iterdir()}
FACES = sorted(set(immunode.__all__) & PARTS - {"plot", "errors"})
"""The public submodules at the root that gather names from folders."""
MOST_IMPORTS_IN_FUNCTIONS = 61


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the import contracts of pyproject.toml on the package in `folder`."""
    script = (
        "import sys; from importlinter.cli import lint_imports_command as c; sys.path.insert(0, '.'); c(['--no-cache'])"
    )
    return subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True)


def table_of_layers() -> str:
    """Return pyproject.toml without the contracts inside folders, whose modules a made-up package lacks."""
    mark = "[[tool.importlinter.contracts]]"
    first, *contracts = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split(mark)
    return mark.join([first, *(one for one in contracts if '\nname = "floors of ' not in one)])


def test_imports_point_up_the_table() -> None:
    ran = lint(ROOT)
    assert ran.returncode == 0, ran.stdout


@pytest.fixture(scope="module")
def layered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a made-up package with the folders of ours, in which no import is wrong."""
    made: Path = tmp_path_factory.mktemp("layered")
    folders = "language model intervention program solve plot study analysis exchange app cli models"
    for part in folders.split():
        (made / "immunode" / part).mkdir(parents=True)
        (made / "immunode" / part / "__init__.py").write_text("")
    for part in ("__init__", "errors", "version", "catalogue", *FACES):
        (made / "immunode" / f"{part}.py").write_text("")
    (made / "immunode" / "program" / "program.py").write_text("")
    (made / "pyproject.toml").write_text(table_of_layers())
    assert lint(made).returncode == 0
    return made


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("model/bad.py", "from immunode.study import sweep"),
        ("solve/bad.py", "from immunode.model import Model"),
        ("solve/bad.py", "def f():\n    from immunode.study import sweep"),
        ("plot/bad.py", "import immunode.program.program"),
        ("intervention/bad.py", "from immunode.program import program"),
        ("errors.py", "from immunode.model import Model"),
        ("errors.py", "from immunode.language import tree"),
        ("language/bad.py", "from immunode.model import Model"),
        ("catalogue.py", "from immunode.study import sweep"),
        ("study/bad.py", "from immunode.analysis import fit"),
        ("analysis/bad.py", "from immunode.exchange import read_sbml"),
    ],
)
def test_an_import_down_the_table_is_found(module: str, text: str, layered: Path, tmp_path: Path) -> None:
    """The contracts can fail: a package with one wrong import breaks them."""
    folder = shutil.copytree(layered, tmp_path / "layered")
    (folder / "immunode" / module).write_text(text + "\n")
    assert lint(folder).returncode == 1


def test_no_module_imports_the_package_root() -> None:
    for name, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                assert all(alias.name != "immunode" for alias in node.names), f"{name}, line {node.lineno}"
            if isinstance(node, ast.ImportFrom) and node.module == "immunode" and node.level == 0:
                assert {alias.name for alias in node.names} <= PARTS, f"{name}, line {node.lineno}"


def test_a_folder_holds_at_most_sixteen_modules() -> None:
    folders = {path.parent for path in MODULES}
    counts = {folder: len([p for p in folder.glob("*.py") if not p.name.startswith("__")]) for folder in folders}
    assert {str(folder.relative_to(ROOT)): n for folder, n in counts.items() if n > 16} == {}


def test_every_folder_says_what_it_holds() -> None:
    for folder in {path.parent for path in MODULES}:
        assert ast.get_docstring(ast.parse((folder / "__init__.py").read_text())), folder


# How the inside of folders is built -----------------------------------------------------------------------------------


@cache
def trees() -> dict[str, ast.Module]:
    """Return the dotted name and the syntax tree of every module of the package."""
    found = {}
    for path in MODULES:
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = ast.parse(path.read_bytes())
    return found


def own_imports(tree: ast.AST) -> list[tuple[int, str]]:
    """Return line and module of every import of ours in a tree, those for types and in functions among them."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names if alias.name in trees()]
        elif isinstance(node, ast.ImportFrom) and node.module in trees():
            full = [f"{node.module}.{alias.name}" for alias in node.names]
            found += [(node.lineno, name if name in trees() else node.module) for name in full]
    return found


def circles(edges: dict[str, set[str]]) -> list[set[str]]:
    """Return the groups of nodes that reach one another (Tarjan 1972, doi:10.1137/0201010)."""
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[set[str]] = []

    def visit(node: str) -> None:
        order = low[node] = len(low)
        stack.append(node)
        for other in edges[node]:
            if other not in low:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == order:
            at = stack.index(node)
            found.append(set(stack[at:]))
            del stack[at:]

    for node in edges:
        if node not in low:
            visit(node)
    return [group for group in found if len(group) > 1]


def test_circles_are_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set()}) == [{"b", "c"}]
    assert circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_no_import_circle_exists_even_with_imports_for_types_and_in_functions() -> None:
    edges = {name: {target for _, target in own_imports(tree)} - {name} for name, tree in trees().items()}
    assert circles(edges) == []


def test_few_imports_of_our_own_are_inside_functions() -> None:
    """Each one keeps a heavy library away from a path that must be quick."""
    found = {
        f"{module}:{line}"
        for module, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for line, _ in own_imports(node)
    }
    assert len(found) <= MOST_IMPORTS_IN_FUNCTIONS, sorted(found)


def test_no_function_bears_the_name_of_its_module() -> None:
    """`import immunode.study.sweep` would give the function where the module was meant."""
    same = [
        module
        for module, tree in trees().items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name == module.rpartition(".")[2]
    ]
    assert same == []


def test_the_root_has_at_most_ninety_names() -> None:
    names = [name for name in immunode.__all__ if not find_spec(f"immunode.{name}")]  # submodules are no names to learn
    assert 50 < len(names) <= 90


def test_every_folder_has_a_contract_for_the_floors_of_its_inside() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    floors = {one["containers"][0]: " | ".join(one["layers"]) for one in contracts if "containers" in one}
    for folder in sorted({path.parent for path in MODULES} - {ROOT / "immunode", ROOT / "immunode" / "models"}):
        inside = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("__")}
        inside |= {path.parent.name for path in folder.glob("*/__init__.py")}
        name = ".".join(folder.relative_to(ROOT).parts)
        assert set(re.findall(r"\w+", floors.get(name, ""))) - inside == set(), name
        assert len(inside) < 2 or inside <= set(re.findall(r"\w+", floors.get(name, ""))), name
