"""The package brings its models along, however it is installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import lazy_loader
import pytest

ROOT = Path(__file__).resolve().parents[1]
MODELS = sorted(path.stem for path in (ROOT / "models").glob("*/[!_]*.py"))
TABLES = sorted(path.name for path in (ROOT / "models").glob("*/*.csv"))
"""Virtual patients that models list."""
LIST = "import json; from immunode.catalogue import list_models; print(json.dumps([e.name for e in list_models()]))"
LOADER = f"""
import sys
from importlib.util import module_from_spec, spec_from_file_location

spec = spec_from_file_location("lazy_loader", {lazy_loader.__file__!r})
sys.modules["lazy_loader"] = module = module_from_spec(spec)
spec.loader.exec_module(module)
"""
"""Puts the one library that `import immunode` needs into a Python without site-packages."""
SKIPPED = shutil.ignore_patterns("__pycache__", ".*", "dist", "build", "out")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, so that tests may add to it."""
    copy = tmp_path_factory.mktemp("checkout") / "project"
    shutil.copytree(ROOT, copy, ignore=SKIPPED)
    return copy


@pytest.fixture(scope="module")
def sdist(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(checkout, "sdist", tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(checkout, "wheel", tmp_path_factory.mktemp("wheel"))


def build(project: Path, what: str, folder: Path) -> Path:
    """Return the file that the build backend makes of `project`; needs no network."""
    script = f"import hatchling.build as b; b.build_{what}({str(folder)!r})"
    subprocess.run([sys.executable, "-c", script], cwd=project, check=True, capture_output=True)
    (made,) = folder.iterdir()
    return made


def listed(*, path: Path | None = None, cwd: Path, before: str = "") -> list[str]:
    """Return the models that a fresh Python without site-packages sees."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    ran = subprocess.run(
        [sys.executable, "-S", "-c", LOADER + before + LIST],
        cwd=cwd,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    names: list[str] = json.loads(ran.stdout)
    return names


def packaged(file: Path) -> list[str]:
    """Return the models in a wheel by their names, and other files beside them with their endings."""
    with zipfile.ZipFile(file) as archive:
        names = [Path(name) for name in archive.namelist()]
    found = [name for name in names if Path("immunode/models") in name.parents and name.name[0] != "_"]
    return sorted(name.stem if name.suffix == ".py" else name.name for name in found)


def test_the_checkout_has_models() -> None:
    assert "kuznetsov1994" in MODELS


def test_wheel_holds_every_model_and_nothing_else_beside_the_bridge(wheel: Path) -> None:
    assert packaged(wheel) == sorted([*MODELS, *TABLES])
    assert "bedathuru2024_patients.csv" in TABLES


def test_wheel_holds_the_marker_of_types_the_license_and_the_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (entry_points,) = (name for name in names if name.endswith("entry_points.txt"))
        assert "immunode = immunode.cli:main" in archive.read(entry_points).decode()
    assert "immunode/py.typed" in names
    # names that are loaded on first use stand in stubs, without which nothing is found
    assert {"immunode/model/__init__.pyi", "immunode/intervention/__init__.pyi"} <= set(names)
    assert "immunode/__init__.pyi" in names  # without it no public name is found
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "examples/", "models/"))]


def test_models_are_listed_from_a_wheel(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    assert listed(path=tmp_path / "site", cwd=tmp_path) == MODELS


@pytest.mark.slow
def test_models_are_listed_from_a_wheel_made_from_the_sdist(sdist: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (project,) = (tmp_path / "source").iterdir()
    (tmp_path / "wheel").mkdir()
    wheel = build(project, "wheel", tmp_path / "wheel")
    assert packaged(wheel) == sorted([*MODELS, *TABLES])
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    assert listed(path=tmp_path / "site", cwd=tmp_path) == MODELS


def test_models_are_listed_from_an_editable_install(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "wheel").mkdir()
    wheel = build(checkout, "editable", tmp_path / "wheel")
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    site = f"import site; site.addsitedir({str(tmp_path / 'site')!r}); "
    assert listed(cwd=tmp_path, before=site) == MODELS


def test_models_are_listed_from_a_checkout_that_is_only_on_the_path(checkout: Path, tmp_path: Path) -> None:
    assert listed(path=checkout, cwd=tmp_path) == MODELS


def test_models_are_listed_where_the_checkout_is_the_working_folder(checkout: Path) -> None:
    assert listed(cwd=checkout) == MODELS


def test_a_model_file_added_to_the_checkout_is_listed(checkout: Path, tmp_path: Path) -> None:
    copy = tmp_path / "project"
    shutil.copytree(checkout, copy)
    (copy / "models" / "lupus" / "zz_added.py").write_text("MODEL = Model(name='zz_added', states=[])\n")
    assert listed(path=copy, cwd=tmp_path) == [*MODELS, "zz_added"]


def test_the_bridge_does_not_pick_up_a_folder_named_models_beside_an_installed_package(
    wheel: Path, tmp_path: Path
) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "stranger.py").write_text("MODEL = Model(name='stranger', states=[])\n")
    assert listed(path=tmp_path, cwd=tmp_path) == MODELS
