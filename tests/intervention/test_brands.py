"""Drugs are found by the names that they are sold under, and a drug's name given for a model says what it is."""

from __future__ import annotations

import pytest

import immunode as im
from immunode.cli import main
from immunode.errors import DoseError
from immunode.intervention import LIBRARY
from immunode.intervention.drugs.names import BRANDS_ELSEWHERE, ELSEWHERE, brands


@pytest.mark.parametrize(
    ("word", "name"),
    [("Humira", "adalimumab"), ("humira", "adalimumab"), (" REMICADE ", "infliximab"), ("Keytruda", "pembrolizumab"),
     ("MabThera", "rituximab"), ("Rituxan", "rituximab"), ("Infliximab", "infliximab")],
)  # fmt: skip
def test_a_brand_and_capital_letters_find_the_drug(word: str, name: str) -> None:
    assert im.drug(word) == im.drug(name)


def test_brands_are_not_shared_nor_names_of_drugs() -> None:
    sold = [brand for one in LIBRARY.values() for brand in one.profile.brands]
    assert len(sold) == len({brand.casefold() for brand in sold}) > 50
    assert not {brand.casefold() for brand in brands()} & {name.casefold() for name in LIBRARY}
    assert set(BRANDS_ELSEWHERE.values()) <= ELSEWHERE.keys()
    assert not set(BRANDS_ELSEWHERE) & set(sold)


def test_a_brand_of_a_drug_that_is_not_here_and_a_slip_are_answered() -> None:
    with pytest.raises(DoseError, match=r"'Ocrevus' \(ocrelizumab\).*'rituximab' is against the same target"):
        im.drug("Ocrevus")
    with pytest.raises(DoseError, match="did you mean 'Humira'"):
        im.drug("Humria")


def test_the_card_and_show_tell_the_brand(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Humira" in str(im.drug("adalimumab"))
    assert main(["show", "Humira"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("adalimumab  drug")
    assert "sold as        Humira" in shown


@pytest.mark.parametrize("words", [["run", "pembrolizumab"], ["figure", "Keytruda"], ["check", "pembrolizumab"]])
def test_a_drug_given_for_a_model_says_what_it_is_and_how_it_is_used(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    told = capsys.readouterr().err
    assert "is a drug, not a model" in told
    assert "immunode show pembrolizumab" in told
    assert "im.drug('pembrolizumab').usual().inhibit" in told


def test_brands_read_from_the_text_of_the_library_are_those_of_its_drugs() -> None:
    own = {brand: one.name for one in LIBRARY.values() for brand in (one.profile.brands if one.profile else ())}
    assert len(own) > 50
    assert dict(brands()) == BRANDS_ELSEWHERE | own
