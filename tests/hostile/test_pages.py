"""Pages, sheets, XML, pictures and tables show what looks like markup, a command or a formula as it is written."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

import immunode as im
from immunode.app.web_page import page
from immunode.exchange.sbml.writing.writer import to_sbml
from immunode.exchange.sedml import figure_sedml
from immunode.intervention import card
from immunode.model import Event
from immunode.plot import read_metadata, save
from immunode.study.result.spreadsheets import csv_text
from tests.hostile.texts import HOSTILE, NAMES, Elements, assert_harmless_html, evil


@pytest.mark.sampled
def test_html_shows_texts_as_they_are(key: str) -> None:
    model = evil(key)
    run = im.simulate(model, 2)
    out = im.sweep(model, n=4, until=2, endpoints=[im.final("T")], arms={NAMES[key]: [], "b": ["boost"]})
    for shown in (model, card(model.intervention("boost"), model), model.intervention("boost"), run, out):
        assert_harmless_html(shown._repr_html_(), scripts=0)


def test_the_page_of_the_lab_runs_its_own_scripts_alone(key: str) -> None:
    from immunode.app.lab import make_lab

    model = evil(key)
    text = page([make_lab(model)])
    assert_harmless_html(text, scripts=3)
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert data is not None
    (lab,) = json.loads(data[1])["labs"]
    assert lab["title"] == HOSTILE[key]
    call = ast.parse(lab["call"], mode="eval").body
    assert isinstance(call, ast.Call)
    assert [ast.literal_eval(argument) for argument in call.args] == [NAMES[key] + ".json"]


@pytest.mark.parametrize("reader", ["markdown_it", "markdown"])
def test_markdown_shows_texts_as_they_are_in_any_reader(key: str, reader: str) -> None:
    module = pytest.importorskip(reader)
    model = evil(key)
    for text in (im.io.sheet(model), card(model.intervention("boost"), model).to_markdown()):
        if reader == "markdown":
            shown = module.markdown(text, extensions=["tables", "attr_list", "fenced_code"])
        else:
            shown = module.MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
        found = Elements()
        found.feed(shown)
        assert set(found.elements) <= {
            "h1", "h2", "h3", "p", "code", "table", "thead", "tbody", "tr", "th", "td", "br", "em", "strong"
        }  # fmt: skip
        assert {name for name, _ in found.attributes} <= {"style"}


def test_a_sheet_in_latex_calls_no_command_but_its_own(key: str) -> None:
    model = evil(key)
    plain = model.replace(
        name="m", title="m", system="", reference="", description="", remarks=[], variants=[], aliases={}
    )
    commands = re.compile(r"\\(?:[A-Za-z]+|.)", re.DOTALL)
    escapes = {rf"\{sign}" for sign in "#$%&_{}"} | {
        r"\textbackslash", r"\textasciitilde", r"\textasciicircum", r"\ensuremath", r"\allowbreak"
    }  # fmt: skip
    made = set(commands.findall(im.io.sheet(model, "latex")))
    assert made <= set(commands.findall(im.io.sheet(plain, "latex"))) | escapes
    assert "^^" not in im.io.sheet(model, "latex")


def test_a_name_that_looks_like_a_path_is_no_file_that_is_loaded() -> None:
    """The page tells how its model is loaded, and looks for it by name; a file of Python would be executed."""
    from immunode.app.web_page import write_page

    Path("evil.py").write_text("open('hacked', 'w').close()\n", encoding="utf-8")
    for name in ("evil.py", "./evil.py", str(Path("evil.py").resolve())):
        write_page(evil("f-string").replace(name=name), "a.html")
        assert Path("a.html").is_file()
        assert not Path("hacked").exists()


@pytest.mark.parametrize("start", ["[2pt] x", "* x"])
def test_no_cell_of_latex_is_taken_for_an_option_of_the_row_before(start: str) -> None:
    model = evil("f-string").replace(events=[Event("a", {"E": "full"}, at=1), Event(start, {"E": "full"}, at=2)])
    rows = im.io.sheet(model, "latex").split(r"\\")
    assert not any(row.strip().startswith(("[", "*")) for row in rows)


def test_xml_formats_hold_texts_as_text(key: str) -> None:
    model = evil(key)
    sedml = figure_sedml({NAMES[key]: ("model.xml", model)}, 5.0)
    for text in (to_sbml(model), sedml):
        tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(text.encode()).iter()}
        assert not {"script", "img", "i", "b"} & tags
        assert "<!--PROGRAMS" not in text


def test_svg_holds_texts_as_text(key: str) -> None:
    model = evil(key)
    runs = im.simulate(model, 2, arms={NAMES[key]: [], "b": ["boost"]})
    save(runs.plot("T", title=model.title), "a.svg", metadata={"note": HOSTILE[key]})
    root = ElementTree.parse("a.svg").getroot()
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert not {"script", "image", "img", "foreignObject", "i", "b"} & tags
    names = {name for element in root.iter() for name in element.attrib}
    assert not [name for name in names if name.startswith("on")]
    assert read_metadata("a.svg")["note"] == HOSTILE[key]


@pytest.mark.parametrize("start", ["=1+1", "+1+cmd", "-1+cmd", "@SUM(A1)", "\t=1", " =1", '=HYPERLINK("a","b")'])
def test_no_cell_of_a_table_is_a_formula(start: str) -> None:
    frame = pd.DataFrame({start: [1.5, -2.0], "arm": [start, "-5e3"], "plain": ["a", "+inf"]})
    by_arm = frame.set_index(pd.MultiIndex.from_tuples([(start, 1.0), ("b", -2.0)], names=["arm", start]))
    for text in (csv_text(frame), csv_text(by_arm, index=True), csv_text(frame.set_index("arm"), index=True)):
        cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
        assert f"'{start}" in cells
        for cell in cells:
            assert not cell.strip().startswith(("=", "+", "-", "@")) or float(cell) == float(cell)
    assert "\r" not in csv_text(pd.DataFrame({"a": ["x\r=1+1"]}))
    back = pd.read_csv(io.StringIO(csv_text(frame)))
    assert back.iloc[:, 0].tolist() == [1.5, -2.0]


def test_the_tables_of_a_sweep_are_safe_in_a_spreadsheet() -> None:
    arm = HOSTILE["cell"]
    out = im.sweep(evil("cell"), n=4, until=2, endpoints=[im.final("T")], arms={arm: [], "b": ["boost"]})
    for file in out.save("out"):
        if file.suffix == ".csv":
            rows = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8"), newline="")))
            assert any(f"'{arm}" in row for row in rows)
            assert not [cell for row in rows for cell in row if cell.startswith("=")]
