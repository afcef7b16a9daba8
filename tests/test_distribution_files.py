"""Files for hosts and indexes say what pyproject.toml says."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from immunode.version import __version__

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ELSEWHERE = {"matplotlib": "matplotlib-base", "lazy_loader": "lazy-loader"}
"""Names of packages where conda has another."""


def read(name: str) -> dict:  # type: ignore[type-arg]
    told = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    assert isinstance(told, dict)
    return told


def lowest(extras: tuple[str, ...] = ("fast", "store")) -> dict[str, str]:
    """Return package, as conda names it -> lowest version."""
    told = [*PROJECT["dependencies"], *(one for extra in extras for one in PROJECT["optional-dependencies"][extra])]
    pairs = dict(one.split(">=") for one in told)
    return {ELSEWHERE.get(name, name): version for name, version in pairs.items()}


@pytest.mark.parametrize("name", ["CITATION.cff", "codemeta.json"])
def test_a_citation_is_of_this_version_and_license(name: str) -> None:
    told = read(name)
    assert told["version"] == __version__
    assert PROJECT["license"] in told["license"]


def test_everywhere_the_same_authors() -> None:
    (author,) = PROJECT["authors"]
    assert read("CITATION.cff")["authors"] == [author]
    assert [one["name"] for one in read("codemeta.json")["author"]] == [author["name"]]
    assert json.loads((ROOT / ".zenodo.json").read_text(encoding="utf-8"))["creators"] == [author]


def test_conda_asks_for_what_pip_asks_for() -> None:
    recipe = read(".conda/recipe.yaml")
    assert recipe["context"]["version"] == __version__
    asked = dict(one.split(" >=") for one in recipe["requirements"]["run"])
    assert asked.pop("python") == PROJECT["requires-python"].removeprefix(">=")
    assert asked == lowest()
    environment = [one for one in read("environment.yml")["dependencies"] if isinstance(one, str) and one != "pip"]
    asked = dict(one.split(">=") for one in environment)
    assert asked.pop("python") == PROJECT["requires-python"].removeprefix(">=")
    assert asked == lowest()


def test_the_workflow_runs_every_python_that_is_declared() -> None:
    declared = {c.rpartition(" ")[2] for c in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", c)}
    matrix = read(".github/workflows/tests.yml")["jobs"]["quick"]["strategy"]["matrix"]
    assert declared <= set(matrix["python"])
    assert {"ubuntu-latest", "macos-latest", "windows-latest"} == set(matrix["system"])


def test_a_release_is_published_without_a_password() -> None:
    jobs = read(".github/workflows/release.yml")["jobs"]
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert "password" not in (ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8").replace(
        "no password", ""
    )


def test_an_image_gets_what_a_build_needs_and_nothing_else() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    copied = re.findall(r"^COPY (.+) \S+$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    wanted = {name for line in copied for name in line.split()}
    assert {f"!{name}" for name in wanted} == {line for line in ignored if line.startswith("!")}
    assert all((ROOT / name).exists() for name in wanted)
