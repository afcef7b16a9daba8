"""The card of an intervention."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from immunode.intervention import (
    Drug,
    Intervention,
    add,
    at_times,
    card,
    during,
    inhibit,
    one_compartment,
    remove,
    scale,
    set_to,
    stimulate,
    transfer,
)
from immunode.model import Model

BLOCK = Intervention(
    "block",
    inhibit("k", 0.9),
    during(0, "2 weeks"),
    kind="drug",
    direction="suppress",
    acts_on="clearance",
    expects={"x": "up"},
    source="Someone 2001, Table 2",
    evidence="fitted",
)


def test_a_card_tells_what_when_expectations_and_authority() -> None:
    text = str(card(BLOCK))
    assert text.splitlines()[0] == "block (drug, suppress, clearance)"
    for part in (
        "does     inhibits k by 90 %",
        "when     from time 0 to week 2",
        "expects  x up",
        "source   Someone 2001, Table 2 (fitted)",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("operation", "before", "after"),
    [
        (inhibit("k", 0.9), "0.5", "0.05"),
        (stimulate("k", 0.5), "0.5", "0.75"),
        (scale("k", 4), "0.5", "2"),
        (add("k", 0.1), "0.5", "0.6"),
        (set_to("k", 3), "0.5", "3"),
        (transfer("x", 7), "1", "+ 7"),
        (remove("x", 0.9), "1", "x 0.1"),
    ],
)
def test_with_a_model_it_tells_by_how_much(
    toy: Callable[..., Model], operation: object, before: str, after: str
) -> None:
    made = card(Intervention("a", operation, at_times(1, lasting=1)), toy())  # type: ignore[arg-type]
    assert made.changes[0][2:4] == (before, after)


def test_the_strength_counts(toy: Callable[..., Model]) -> None:
    assert card(BLOCK.at(0.5), toy()).changes[0][3] == "0.275"


def test_a_drug_has_a_card_too(toy: Callable[..., Model]) -> None:
    drug = Drug("d", one_compartment(CL=1.0, V1=1.0), "8 mg iv q2d x 20").inhibit("k", 0.1, 5, source="A 1999")
    made = card(drug, toy())
    assert made.changes[0][:4] == ("k", "", "0.5", "0.45")
    assert dict(made.rows)["dose"] == "8 mg iv q2d x 20"
    assert ("d.imax", "0.1", "", "largest inhibited fraction of k", "A 1999") in made.knobs


def test_cards_print_as_html_markdown_and_a_table(toy: Callable[..., Model]) -> None:
    tricky = Intervention("a", scale("k", 2), note="<b>|x|</b>")
    made = card(tricky, toy())
    assert "&lt;b&gt;|x|&lt;/b&gt;" in made._repr_html_()
    assert tricky._repr_html_() == card(tricky)._repr_html_()
    markdown = made.to_markdown()
    assert markdown.startswith("### a\n")
    rows = [line for line in markdown.splitlines() if line.startswith("| note")]
    assert rows == ["| note | &lt;b\\>\\|x\\|&lt;/b\\> |"]
    screen = Console(file=io.StringIO(), width=120)
    screen.print(made)
    shown = screen.file.getvalue()  # type: ignore[attr-defined]
    for word in ("multiplies k by 2", "at full strength", "a.scale", "<b>|x|</b>"):
        assert word in shown
