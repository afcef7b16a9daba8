"""The page of models beside trials says what the models give today."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from immunode.catalogue import list_models, load_model

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "validation.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^<!-- ([\w.]+) [0-9a-f]{12} -->$", PAGE, re.MULTILINE)
"""The models that have a section."""
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]\d+)?(?![\w.]*\w)")


def writer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("validation_page", DOCS / "validation_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


LONG = (
    "graft_window", "bedathuru2024", "s1p_lymphocytes", "wang2018_hcv", "gc_immune",
    "park2025", "sleep_minimal", "zhang2025_pasi", "miyano2022", "checchio2017",
)  # fmt: skip
"""Models whose trials take 4 to 28 s: run by hand. That their sections belong to them as they are is looked at."""


@pytest.mark.slow
@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.soak) if n in LONG else n for n in SHOWN])
def test_a_section_is_what_the_model_gives(name: str) -> None:
    """Every word is the same, and every number to 2 %, the last digit that is shown of some.

    Where this fails, look at what changed; `python docs/validation_page.py --all` writes the page anew.
    """
    page, model = writer(), load_model(name)
    made, told = page.remade(model), page.sections(PAGE)[page.key(model)]
    assert NUMBER.sub("#", made) == NUMBER.sub("#", told)
    numbers = ([float(x) for x in NUMBER.findall(text)] for text in (made, told))
    for new, old in zip(*numbers, strict=True):
        assert new == pytest.approx(old, rel=0.02, abs=0.02)


def test_every_section_was_made_from_the_model_as_it_is_now() -> None:
    """Where this fails, `python docs/validation_page.py` makes the sections of changed models again."""
    page = writer()
    models = [load_model(entry.name) for entry in list_models()]
    assert list(page.sections(PAGE)) == [page.key(model) for model in models if model.trials]
    assert page.page(PAGE) == PAGE


def test_the_page_names_every_model_and_every_trial() -> None:
    plain = PAGE.replace("\\", "").replace("&lt;", "<").replace("&amp;", "&")
    for model in (load_model(entry.name) for entry in list_models()):
        assert f"[`{model.name}`](models/{model.name}.md)" in plain
        for trial in model.trials:
            assert f"- {trial.name}; {trial.doi}" in plain
    results = [r for entry in list_models() for trial in load_model(entry.name).trials for r in trial.results]
    assert PAGE.count(": published ") == len(results)
