"""Files for hosts and indexes say what pyproject.toml says."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

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


def pinned() -> dict[str, list[tuple[Requirement, int]]]:
    """Return package -> what is pinned of it (one entry for each system and Python that differ) and how many hashes."""
    text = (ROOT / "requirements-pinned.txt").read_text(encoding="utf-8")
    found: dict[str, list[tuple[Requirement, int]]] = {}
    for entry in re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)).splitlines():
        head, *hashes = re.split(r"\s+--hash=", entry.strip())
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes), head
        pin = Requirement(head)
        found.setdefault(canonicalize_name(pin.name), []).append((pin, len(hashes)))
    return found


def test_every_pin_is_one_version_with_hashes_from_no_special_place() -> None:
    for pins in pinned().values():
        for pin, hashes in pins:
            (version,) = pin.specifier
            assert version.operator == "=="
            assert hashes > 0
            assert pin.url is None
    assert "://" not in (ROOT / "requirements-pinned.txt").read_text(encoding="utf-8")


def test_what_is_declared_is_pinned_within_its_bounds() -> None:
    extras = PROJECT["optional-dependencies"]
    wanted = [Requirement(one) for one in (*PROJECT["dependencies"], *extras["all"], *extras["test"])]
    of_all = {extra for one in wanted for extra in one.extras}
    wanted += [Requirement(one) for extra in of_all for one in extras[extra]]
    pins = pinned()
    for one in wanted:
        if one.name != PROJECT["name"]:
            for pin, _ in pins[canonicalize_name(one.name)]:
                (version,) = pin.specifier
                assert one.specifier.contains(version.version), f"{one} is pinned as {pin}"


def scripts(name: str) -> list[tuple[str, str]]:
    """Return the steps of a workflow that run a shell, with their jobs."""
    jobs = read(f".github/workflows/{name}")["jobs"]
    return [(job, step["run"]) for job, told in jobs.items() for step in told["steps"] if "run" in step]


@pytest.mark.parametrize("name", ["tests.yml", "release.yml"])
def test_the_shell_of_a_workflow_is_shell_and_names_what_there_is(name: str) -> None:
    extras = set(PROJECT["optional-dependencies"])
    for job, text in scripts(name):
        parsed = subprocess.run(["bash", "-n", "-c", text], capture_output=True, text=True, check=False)
        assert parsed.returncode == 0, f"{job}: {parsed.stderr}"
        for asked in re.findall(r"\.\[([\w,]+)\]", text):
            assert set(asked.split(",")) <= extras, f"{job}: {text}"
        for path in re.findall(r"(?:^|\s)(\.ci/\w+|[\w-]+\.txt)", text):
            assert (ROOT / path).exists(), f"{job}: {path}"


def test_the_container_for_development_installs_what_tests_need() -> None:
    told = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    (line,) = [line for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines() if "[all,test]" in line]
    assert told["postCreateCommand"].replace("'", '"').replace("python -m", "python3 -m") in line
    asked = told["image"].rpartition(":")[2]
    assert f"Programming Language :: Python :: {asked}" in PROJECT["classifiers"]


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))], ids=lambda page: str(page.stem)
)
def test_what_a_page_shows_of_the_shell_is_shell(page: Path) -> None:
    """A bracket without quotation marks is an error before anything runs."""
    for text in re.findall(r"^```sh[^\n]*\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
        parsed = subprocess.run(["bash", "-n", "-c", text], capture_output=True, text=True, check=False)
        assert parsed.returncode == 0, f"{text}\n{parsed.stderr}"
