"""Sheets of a model in Markdown and LaTeX."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

import immunode as im
from immunode.errors import ModelError

sheet = cache(im.io.sheet)
NAMES = [entry.name for entry in im.list_models()]


@pytest.mark.parametrize("name", NAMES)
def test_a_sheet_has_every_number_with_its_source_and_every_intervention(name: str) -> None:
    model = im.load_model(name)
    plain = re.sub(r"\\([^A-Za-z])", r"\1", sheet(model))
    for parameter in model.parameters:
        rows = [line for line in plain.splitlines() if line.startswith(f"| {parameter.name} |")]
        assert any(f"{parameter.value:.6g}" in row and " ".join(parameter.source.split()) in row for row in rows)
    for item in model.interventions:
        assert f"### {item.name}" in plain
    assert plain.count("$$") == 2 * len(model.equations("latex", fluxes=True).splitlines())


def test_a_sheet_tells_who_the_patients_are_and_what_trials_found() -> None:
    plain = re.sub(r"\\([^A-Za-z])", r"\1", sheet(im.load_model("ma2020")))
    for text in (
        "| CL | log scale, SD 0.5165 (CV 55.3 %) |", "| steroid | 64.6 % of patients |", "| remission | das28 < 2.6 |",
        "The larger dose buys 0.3 points of DAS28", "## Trial: MOBILITY", "placebo: untreated, 398 patients",
        "| placebo | remission at 24 weeks | share | 0.101 | memory |",
    ):  # fmt: skip
        assert text in plain.replace("&lt;", "<"), text


@pytest.mark.parametrize("name", NAMES)
def test_a_markdown_table_has_as_many_cells_in_every_row(name: str) -> None:
    for block in sheet(im.load_model(name)).split("\n\n"):
        if block.startswith("| "):
            cells = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
            assert len(cells) == 1, block


@pytest.mark.parametrize("name", NAMES)
def test_latex_is_balanced_and_plain_text_in_it_is_escaped(name: str) -> None:
    text = sheet(im.load_model(name), "latex")
    bare = re.sub(r"\\.", "", text)
    assert bare.count("{") == bare.count("}")
    assert text.count(r"\begin{") == text.count(r"\end{")
    tables = re.findall(r"\\begin\{longtable\}\{(.*?)\}@\{\}\}\n(.*?)\\end\{longtable\}", text, re.DOTALL)
    assert tables
    for columns, body in tables:
        for line in body.splitlines():
            if line.endswith(r"\\"):
                assert len(re.findall(r"(?<!\\)&", line)) + 1 == columns.count("p{")


def test_latex_text_has_no_character_that_pdflatex_does_not_know() -> None:
    known = set("äöüÄÖÜßéèêáàâíóúçñåøæ°§²³¹½–—’‘“”…€†™®©ãõëïôûîżłśćšžčřě")
    for name in NAMES:
        left = {c for c in sheet(im.load_model(name), "latex") if ord(c) > 126} - known
        assert not left, (name, left)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs LaTeX")
def test_latex_sets_the_sheet(tmp_path: Path) -> None:
    (tmp_path / "sheet.tex").write_text(im.io.sheet(im.load_model("berends2019"), "latex"))
    command = ["pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "sheet.tex"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)


def test_text_that_looks_like_markup_is_shown_as_written() -> None:
    model = im.load_model("kuznetsov1994").replace(title="50 % | <b>a_b*</b> \\input{/etc/passwd} #1 $x$")
    assert r"50 % \| &lt;b\>a\_b\*&lt;/b\>" in im.io.sheet(model)
    latex = im.io.sheet(model, "latex")
    assert r"\input{/etc" not in latex
    assert r"50 \% " in latex


def test_an_unknown_style_names_the_known() -> None:
    with pytest.raises(ModelError, match=r"unknown style 'markdwon'; did you mean 'markdown'\?"):
        im.io.sheet(im.load_model("kuznetsov1994"), "markdwon")
