"""What the rows of a sweep are called under its figures."""

from __future__ import annotations

import pytest

import immunode as im
from immunode.plot.kit.text import noun
from immunode.study.result.row_words import whose_rows


@pytest.fixture(scope="module")
def ma2020() -> im.Model:
    return im.load_model("ma2020")


def test_only_rows_of_a_population_are_patients(ma2020: im.Model) -> None:
    declared = im.population(ma2020).draw(3)
    assert whose_rows(declared.recipe) == "declared patients"
    assert whose_rows((declared * im.Arms.of(ma2020, "control")).recipe) == "declared patients"
    listed = im.load_model("sove2020")
    assert whose_rows(im.population(listed).draw(58).recipe) == "declared patients"
    assert whose_rows(im.population(listed).draw(59).recipe) == "draws of 58 declared patients"
    assert noun("draws of 58 declared patients") == "patients"
    assert whose_rows((declared * im.grid(anc=[1.0])).recipe) == "declared patients"
    assert whose_rows(im.population(im.load_model("kuznetsov1994")).draw(3).recipe) == "virtual patients"


def test_sampled_sets_say_how_wide_they_are() -> None:
    model = im.load_model("kuznetsov1994")
    assert whose_rows(im.sobol(im.space(model), 4).recipe) == "parameter sets, +-30 %"
    assert whose_rows(im.latin_hypercube(im.space(model, spread=0.5), 4).recipe) == "parameter sets, +-50 %"
    bounded = im.sobol(im.space(im.load_model("zhang2025_pasi")), 4)
    assert whose_rows(bounded.recipe) == "parameter sets, +-30 % or inside their bounds"
    assert whose_rows(im.grid(a=[1.0, 2.0]).recipe) == "parameter sets"


def test_a_table_that_labels_its_rows_is_of_patients() -> None:
    assert whose_rows("a table of 3 rows", labelled=True) == "patients"
