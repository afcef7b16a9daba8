"""COMBINE archives: what is in them, and reading them back."""

from __future__ import annotations

import json
import warnings
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

import immunode as im
from immunode.errors import ModelError, StoreError, StudyError
from immunode.exchange.omex import MANIFEST


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    model = im.load_model("kuznetsov1994")
    recipe = dict(im.simulate(model, until=10.0).recipe)
    return im.io.write_omex(
        model, tmp_path / "tumor.omex", arms=["control", "cytostatic"], until="200 days", recipe=recipe
    )


def test_the_manifest_lists_every_file_and_nothing_else(archive: Path) -> None:
    with zipfile.ZipFile(archive) as files:
        assert files.testzip() is None
        listed = ElementTree.fromstring(files.read("manifest.xml"))
        places = {c.get("location", "").removeprefix("./") for c in listed.iter(f"{{{MANIFEST}}}content")}
        assert places - {"."} == set(files.namelist())
        assert json.loads(files.read("recipe.json"))["model"]["name"] == "kuznetsov1994"


def test_an_archive_comes_back_as_an_equal_model(archive: Path) -> None:
    assert im.io.read_omex(archive) == im.load_model("kuznetsov1994")


def test_equal_models_give_equal_archives(tmp_path: Path) -> None:
    model = im.load_model("kuznetsov1994")
    first, second = (im.io.write_omex(model, tmp_path / name).read_bytes() for name in ("a.omex", "b.omex"))
    assert first == second


def test_the_figure_names_things_that_are_in_the_models(archive: Path) -> None:
    spaces = {"sedml": "http://sed-ml.org/sed-ml/level1/version4"}
    with zipfile.ZipFile(archive) as files:
        figure = ElementTree.fromstring(files.read("figure.sedml"))
        models = {m.get("id"): m.get("source") for m in figure.iterfind(".//sedml:model", spaces)}
        assert list(models.values()) == ["model.xml", "arm_1.xml"]
        course = figure.find(".//sedml:uniformTimeCourse", spaces)
        assert course is not None
        assert course.get("outputEndTime") == "200.0"
        tasks = {t.get("id"): t.get("modelReference") for t in figure.iterfind(".//sedml:task", spaces)}
        targets = [v for v in figure.iterfind(".//sedml:variable", spaces) if v.get("target")]
        assert len(targets) == 4  # two readouts in two arms
        for variable in targets:
            source = models[tasks[variable.get("taskReference")]]
            made = str(variable.get("target")).split("@id='")[1].rstrip("']")
            assert f'id="{made}"' in files.read(str(source)).decode()
        curves = {c.get("yDataReference") for c in figure.iterfind(".//sedml:curve", spaces)}
        assert curves <= {g.get("id") for g in figure.iterfind(".//sedml:dataGenerator", spaces)}


def test_libsedml_finds_no_error_in_the_figure(archive: Path) -> None:
    libsedml = pytest.importorskip("libsedml")
    with zipfile.ZipFile(archive) as files:
        document = libsedml.readSedMLFromString(files.read("figure.sedml").decode())
    assert [document.getError(i).getMessage() for i in range(document.getNumErrors())] == []


def packed(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return path


def manifest(location: str, kind: str = "http://identifiers.org/combine.specifications/sbml") -> bytes:
    return f'<omexManifest xmlns="{MANIFEST}"><content location="{location}" format="{kind}"/></omexManifest>'.encode()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "no 'manifest.xml'"),
        ({"manifest.xml": b"<a"}, "its manifest is no XML"),
        ({"manifest.xml": b"\x00\xff"}, "its manifest is no XML"),
        ({"manifest.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'}, "declares entities"),
        ({"manifest.xml": manifest("./m.xml", "text/plain")}, "no SBML model"),
        ({"manifest.xml": manifest("./m.xml")}, "there is no 'm.xml' in it"),
        ({"manifest.xml": manifest("../../../etc/passwd")}, "there is no"),
        ({"manifest.xml": manifest("/etc/passwd")}, "there is no"),
        ({"manifest.xml": manifest("http://example.org/m.xml")}, "there is no"),
        ({"manifest.xml": manifest("./m.xml"), "../m.xml": b"<sbml/>"}, "leads out of the archive"),
        ({"manifest.xml": manifest("./m.xml"), "/m.xml": b"<sbml/>"}, "leads out of the archive"),
        ({"manifest.xml": manifest("./m.xml"), "C:\\m.xml": b"<sbml/>"}, "leads out of the archive"),
        ({"manifest.xml": manifest("./m.xml"), "m.xml": b"\xff\xfe\xfa"}, "not UTF-8"),
        ({"manifest.xml": manifest("./m.xml"), "m.xml": b"<sbml"}, "m.xml"),
        ({"manifest.xml": manifest("./m.xml"), "m.xml": b"0" * 60_000_000}, "unfold to more than 50 MB"),
        ({f"{i}.txt": b"" for i in range(1001)}, "1,001 files"),
    ],
)
def test_a_wrong_archive_is_refused_in_one_line(files: dict[str, bytes], message: str, tmp_path: Path) -> None:
    with pytest.raises((StoreError, ModelError), match=message) as told:
        im.io.read_omex(packed(tmp_path / "x.omex", files))
    assert "\n" not in str(told.value)


def test_a_size_that_the_archive_lies_about_is_found(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.omex", {"manifest.xml": manifest("./m.xml"), "m.xml": b"0" * 60_000_000})
    content = path.read_bytes().replace((60_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(content)
    with pytest.raises((StoreError, ModelError)):
        im.io.read_omex(path)


def test_no_archive_at_all_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.omex").write_bytes(b"PK\x03\x04 but no more")
    with pytest.raises(StoreError, match="no archive that can be read"):
        im.io.read_omex(tmp_path / "x.omex")
    with pytest.raises(StoreError, match="can't be read"):
        im.io.read_omex(tmp_path / "missing.omex")


def test_an_unknown_arm_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="did you mean 'cytostatic'"):
        im.io.write_omex(im.load_model("kuznetsov1994"), tmp_path / "x.omex", arms=["cytostatc"])


def test_load_model_takes_archives_and_antimony(archive: Path, tmp_path: Path) -> None:
    pytest.importorskip("antimony")
    assert im.load_model(archive) == im.io.read_omex(archive)
    text = im.io.write_antimony(im.load_model("kuznetsov1994"), tmp_path / "tumor.ant")
    assert im.load_model(text) == im.io.read_antimony(text)
    with pytest.raises(ModelError, match=r"did you mean 'tumor.ant'"):
        im.load_model(tmp_path / "tumour.ant")


def test_a_manifest_that_is_packed_twice_is_one_file(tmp_path: Path) -> None:
    model = im.load_model("kuznetsov1994")
    path = im.io.write_omex(model, tmp_path / "twice.omex")
    with zipfile.ZipFile(path) as archive:
        manifest = archive.read("manifest.xml")
    with warnings.catch_warnings(), zipfile.ZipFile(path, "a") as archive:
        warnings.simplefilter("ignore", UserWarning)  # zipfile's own, on the second name
        archive.writestr("manifest.xml", manifest)
        archive.writestr("./manifest.xml", manifest)
    assert [s.name for s in im.io.read_omex(path).states] == [s.name for s in model.states]


def test_two_different_files_of_one_name_are_refused(tmp_path: Path) -> None:
    path = im.io.write_omex(im.load_model("kuznetsov1994"), tmp_path / "twice.omex")
    with warnings.catch_warnings(), zipfile.ZipFile(path, "a") as archive:
        warnings.simplefilter("ignore", UserWarning)
        archive.writestr("model.xml", "<sbml/>")
    with pytest.raises(StoreError, match=r"two different files are called 'model\.xml' in it"):
        im.io.read_omex(path)
