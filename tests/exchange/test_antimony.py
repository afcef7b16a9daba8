"""Antimony both ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import immunode as im
from immunode.errors import ModelError, StoreError
from immunode.exchange.antimony import to_antimony
from immunode.exchange.sbml.writing.document import document_ids
from tests import lent_drugs
from tests.libraries import needs

pytestmark = needs("antimony")

TEXT = """
model tumor
  E = 3.2e5; T = 5e5;
  s = 1.3e4; d = 0.0412; a = 0.18; n = 1.101e-7;
  influx: -> E; s;
  death: E -> ; d*E;
  growth: -> T; a*T;
  killing: T -> ; n*E*T;
end
"""


def test_a_text_becomes_a_model_with_named_fluxes() -> None:
    model = im.io.read_antimony(TEXT)
    assert {s.name: s.initial for s in model.states} == {"E": 3.2e5, "T": 5e5}
    assert [p.name for p in model.processes] == ["influx", "death", "growth", "killing"]
    killing = im.Intervention("boost", [im.scale("n", 2)])
    both = im.simulate(model, until=5.0, arms={"control": [], "boost": [killing]})
    assert both["boost"]["T"][-1] < both["control"]["T"][-1]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (("n*E*T", "n*E*TT"), r"the parameter 'TT' has no value; did you mean 'T'"),
        (("-> T; a", "-> TT; a"), r"the species 'TT' has no value; did you mean 'T'"),
        (("n*E*T", "nn*E*T"), r"the parameter 'nn' has no value; did you mean 'n'"),
        (("d*E;", "d*)E;"), "line 6"),
        (("model tumor", 'import "other.txt"\nmodel tumor'), "imports another file, which is never read"),
    ],
)
def test_what_antimony_lets_pass_is_refused(wrong: tuple[str, str], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        im.io.read_antimony(TEXT.replace(*wrong, 1))


def test_the_word_import_in_a_comment_is_no_import() -> None:
    assert im.io.read_antimony(TEXT.replace("model tumor", '// import "x"\nmodel tumor')).name


def test_a_missing_and_a_binary_file_are_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="can't be read"):
        im.io.read_antimony(tmp_path / "missing.ant")
    (tmp_path / "binary.ant").write_bytes(bytes(range(256)))
    with pytest.raises(StoreError, match="UTF-8"):
        im.io.read_antimony(tmp_path / "binary.ant")


@pytest.mark.parametrize(
    ("name", "arm"),
    [("kuznetsov1994", ""), (lent_drugs.FILE, "infliximab"), ("cartmath2021", ""), ("berends2019", "standard")],
)
def test_a_model_written_and_read_again_gives_the_same_curves(name: str, arm: str, tmp_path: Path) -> None:
    model = im.load_model(name)
    model = im.perturb(model, arm) if arm else model
    path = im.io.write_antimony(model, tmp_path / "model.ant")
    back = im.io.read_antimony(path)
    times = np.linspace(0, model.horizon / 4, 21)
    ours, theirs = im.simulate(model, times=times, rtol=1e-9), im.simulate(back, times=times, rtol=1e-9)
    ids = document_ids(model)
    for state in model.states:
        scale = float(np.abs(ours[state.name]).max()) + 1e-12
        np.testing.assert_allclose(theirs[ids[state.name]] / scale, ours[state.name] / scale, atol=1e-6)


def test_the_text_reads_like_the_model() -> None:
    text = to_antimony(im.load_model("kuznetsov1994"))
    assert "tumor_kill: T => ; n*E*T;" in text
    assert "unit day = 86400 second;" in text
    assert "dimensionless" not in text


def test_the_text_names_model_and_variant_in_its_first_line() -> None:
    assert to_antimony(im.load_model("baker2013", variant="diseased")).startswith("// baker2013, variant diseased\n")
    assert to_antimony(im.load_model("kuznetsov1994")).startswith("// kuznetsov1994\n")


def test_a_species_without_a_value_is_told_how_to_get_one() -> None:
    with pytest.raises(ModelError, match=r"species 'D' has no value.*D = 0"):
        im.io.read_antimony("J0: D -> ; k*D\nk = 1\n")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ä = 3;", "names in Antimony have letters from a to z, digits and _, and 'ä' has not"),
        ("model Zählung\n x = 1;\nend", "'Zählung' has not"),
        ('model m\n x is "a\x1b[31m"; x = 1;\nend', r"it holds the character U\+001B"),
        ("x = 1; // \ud800", r"it holds the character U\+D800"),
    ],
)
def test_characters_that_antimony_has_not_are_one_line(text: str, says: str) -> None:
    with pytest.raises(ModelError, match=says) as caught:
        im.io.read_antimony(text)
    assert "\n" not in str(caught.value)


def test_comments_and_titles_may_have_any_letter() -> None:
    made = im.io.read_antimony('model m // für T-Zellen\r\n x = 1; x is "Zellzählung"; x\' = -x;\r\nend')
    assert made.states[0].meaning == "Zellzählung"


@pytest.mark.parametrize("given", [5, None, [1]])
@pytest.mark.parametrize(
    "read", [im.io.read_antimony, im.io.read_sbml, im.io.read_petab, im.io.read_omex, im.load_model]
)
def test_what_is_no_path_is_one_line(read: Any, given: object) -> None:
    with pytest.raises(im.ImmunodeError, match=f"{read.__name__}: the path of a file is needed, got"):
        read(given)
