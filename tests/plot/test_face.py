"""`immunode.plot` offers every public chart, and loads matplotlib only for one that is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from immunode import plot


@pytest.mark.parametrize("name", plot.__all__)
def test_every_public_name_can_be_loaded_and_is_listed_for_completion(name: str) -> None:
    assert getattr(plot, name) is getattr(plot, name)
    assert name in dir(plot)


def test_no_module_bears_the_name_of_a_public_chart() -> None:
    modules = {module.rpartition(".")[2] for module in sys.modules if module.startswith("immunode.plot.")}
    assert not modules & set(plot.__all__)


def test_the_import_and_the_list_of_names_load_no_matplotlib() -> None:
    code = (
        "import sys, immunode.plot as plot; dir(plot); sys.exit('matplotlib' in sys.modules or 'numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_misspelt_name_gets_a_hint() -> None:
    with pytest.raises(AttributeError, match="no attribute 'coures'; did you mean 'courses'"):
        plot.coures  # noqa: B018


def test_a_misspelt_option_of_a_timeline_is_refused() -> None:
    with pytest.raises(TypeError, match="unit"):
        plot.timeline([plot.Lane("a")], span=(0, 1), unit={"x": "cell"})  # type: ignore[call-arg]


def test_checkers_see_the_same_names_as_users() -> None:
    stub = ast.parse(Path(plot.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    known = [alias.asname for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted(known) == sorted(plot.__all__)
