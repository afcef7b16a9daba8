"""Files of figures, with what made them inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure
from PIL import Image

from immunode.errors import StoreError
from immunode.plot import read_metadata, save

RECIPE = {"recipe": 'im.sweep(ra, n=10_000)\n# "quotes", (brackets), back\\slash, ±30 %', "version": "0.1"}


@pytest.mark.parametrize("ending", ["png", "svg", "pdf", "PNG"])
def test_metadata_come_back_as_they_went_in(two_arms: Figure, tmp_path: Path, ending: str) -> None:
    path = save(two_arms, tmp_path / "new folder" / f"figure.{ending}", metadata=RECIPE)
    found = read_metadata(path)
    assert {key: found[key] for key in RECIPE} == RECIPE


def test_any_reader_finds_the_recipe_in_a_png(two_arms: Figure, tmp_path: Path) -> None:
    with Image.open(save(two_arms, tmp_path / "a.png", metadata=RECIPE)) as image:
        assert image.info["Description"] == RECIPE["recipe"]
        assert image.size == (2000, 1125)


def test_text_in_an_svg_is_text(two_arms: Figure, tmp_path: Path) -> None:
    root = ElementTree.parse(save(two_arms, tmp_path / "a.svg")).getroot()
    texts = {"".join(e.itertext()).strip() for e in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"control", "anti_tnf", "tnf (pg/mL)", "time (weeks)", "52", "infection"} <= texts


def test_text_in_an_svg_of_a_figure_of_the_caller_is_text_too(tmp_path: Path) -> None:
    figure = Figure()
    figure.text(0.5, 0.5, "mine")
    assert ">mine</text>" in save(figure, tmp_path / "a.svg").read_text()


def test_a_pdf_embeds_its_font(two_arms: Figure, tmp_path: Path) -> None:
    data = save(two_arms, tmp_path / "a.pdf").read_bytes()
    assert b"/FontFile2" in data  # TrueType, which editors can edit; Type 3 has none


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_the_same_figure_gives_the_same_bytes(two_arms: Figure, tmp_path: Path, ending: str) -> None:
    first, second = (save(two_arms, tmp_path / f"{i}.{ending}", metadata=RECIPE).read_bytes() for i in "ab")
    assert first == second


def test_a_failed_write_leaves_the_old_file_and_no_rest(two_arms: Figure, tmp_path: Path, monkeypatch: Any) -> None:
    target = tmp_path / "a.png"
    target.write_bytes(b"old")

    def full(self: Figure, file: Any, **options: Any) -> None:
        file.write(b"half a picture")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(two_arms), "savefig", full)
    with pytest.raises(StoreError, match=r"can't write '.*a\.png': No space left on device"):
        save(two_arms, target)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("name", ["figure.jpg", "figure", "figure.pgn"])
def test_unknown_endings_are_refused_with_the_known_ones(two_arms: Figure, tmp_path: Path, name: str) -> None:
    with pytest.raises(StoreError, match=r"unknown ending.*'\.png'"):
        save(two_arms, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_metadata_are_text(two_arms: Figure, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="metadata 'n' is a int; give text"):
        save(two_arms, tmp_path / "a.png", metadata={"n": 3})  # type: ignore[dict-item]


def test_files_of_others_have_no_metadata(tmp_path: Path) -> None:
    Figure().savefig(tmp_path / "a.png")
    with pytest.raises(StoreError, match="holds no metadata"):
        read_metadata(tmp_path / "a.png")
    with pytest.raises(StoreError, match="can't read"):
        read_metadata(tmp_path / "absent.svg")
