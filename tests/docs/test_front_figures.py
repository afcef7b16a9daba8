"""The twelve figures of README and the front page: small files, one for each command, which draws that model."""

from __future__ import annotations

import importlib.util
import shlex
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

from immunode.catalogue import list_models
from immunode.cli.figures.kinds import CHOICES
from immunode.cli.figures.pictures import read_subject

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def gallery() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gallery_page", DOCS / "gallery_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_there_is_one_small_file_for_each_of_the_twelve(gallery: ModuleType) -> None:
    folder = DOCS / gallery.FRONT
    files = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert set(files) == {gallery.file_name(model, kind) for model, kind, _ in gallery.TWELVE}
    assert len(files) == 12
    assert max(files.values()) < gallery.MOST
    for name in files:
        with Image.open(folder / name) as picture:
            assert picture.size == (gallery.WIDE, gallery.WIDE * 9 // 16), name  # slides, all of one size


def test_their_commands_name_models_and_kinds_that_there_are(gallery: ModuleType) -> None:
    known = {entry.name for entry in list_models()}
    for model, kind, _ in gallery.TWELVE:
        verb, name, *options = shlex.split(gallery.command(model, kind))[1:]
        told = dict(zip(options[::2], options[1::2], strict=True))
        assert verb == "figure"
        assert name in known
        assert told["--kind"] in CHOICES
        assert set(told) <= {"--kind", "--arm", "--until", "-o"}
    assert read_subject("asthma_eos_min", arms=["all"]).arms[0] == "control"


def test_the_front_page_shows_them_all(gallery: ModuleType) -> None:
    assert "<!-- the twelve figures -->" in (DOCS / "index.md").read_text(encoding="utf-8")
    front = gallery.front()
    for model, kind, seen in gallery.TWELVE:
        assert f"[![{seen}: {model}]({gallery.FRONT}/{gallery.file_name(model, kind)})](gallery.md#" in front
