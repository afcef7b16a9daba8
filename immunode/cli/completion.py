"""What completes a word in the shell: models, and what the model on the same line declares.

A `.py` file of the user's is never executed here: a key pressed for a name must not run code.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from immunode.catalogue import list_models, load_model
from immunode.cli.words import ENGINES, FORMATS, KINDS, MEASURES, METHODS, PICTURES, STYLES
from immunode.errors import ImmunodeError
from immunode.intervention.drugs.shelves import SHELVES
from immunode.language.characters import UNPRINTABLE

if TYPE_CHECKING:
    from immunode.model import Model

_MODEL_FILES = (".py", ".json", ".xml", ".sbml", ".ant", ".omex")

Offers = list[tuple[str, str]]
"""Words to choose from, each with its meaning."""


def models(incomplete: str) -> Offers:
    """Return models, aliases and model files that begin with a word."""
    entries = list_models()
    named = [(entry.name, entry.title) for entry in entries]
    named += [(alias, entry.title) for entry in entries for alias, _ in entry.aliases]
    return _beginning(incomplete, [*sorted(named), *_files(incomplete, _MODEL_FILES)])


def models_and_drugs(incomplete: str) -> Offers:
    """Return what `models` returns, and drugs of the library."""
    drugs = sorted((name, "drug") for names in SHELVES.values() for name in names)
    return [*models(incomplete), *_beginning(incomplete, drugs)]


def models_and_pictures(incomplete: str) -> Offers:
    """Return what `models` returns, and files of figures."""
    return [*models(incomplete), *_files(incomplete, [f".{ending}" for ending in PICTURES])]


def variants(ctx: typer.Context, incomplete: str) -> Offers:
    """Return the variants of the model on the line."""
    model = _model(ctx)
    return _beginning(incomplete, [(v.name, v.note) for v in model.variants] if model else [])


def arms(ctx: typer.Context, incomplete: str) -> Offers:
    """Return `all`, `control` and the interventions of the model on the line; after a comma or a plus, one more."""
    model = _model(ctx)
    if model is None:
        return []
    cut = max(incomplete.rfind(","), incomplete.rfind("+")) + 1
    before, last = incomplete[:cut], incomplete[cut:]
    declared = [(i.name, i.note) for i in model.interventions]
    if not before.endswith("+"):
        declared = [("all", "control and every intervention"), ("control", "without interventions"), *declared]
    given = before.replace("+", ",").split(",")
    return [(before + name, note) for name, note in _beginning(last, declared) if name not in given]


def quantities(ctx: typer.Context, incomplete: str) -> Offers:
    """Return the states, derived quantities and processes of the model on the line."""
    model = _model(ctx)
    if model is None:
        return []
    offers = [(s.name, s.meaning) for s in model.states] + [(d.name, d.meaning) for d in model.derived]
    return _beginning(incomplete, offers + [(p.name, p.meaning) for p in model.processes])


def trials(ctx: typer.Context, incomplete: str) -> Offers:
    """Return the trials of the model on the line."""
    model = _model(ctx)
    return _beginning(incomplete, [(t.name, t.doi) for t in model.trials] if model else [])


def settings(ctx: typer.Context, incomplete: str) -> Offers:
    """Return the parameters and initial values of the model on the line, ready for a number."""
    model = _model(ctx)
    if model is None:
        return []
    offers = [(f"{p.name}=", p.meaning) for p in model.parameters]
    return _beginning(incomplete, offers + [(f"{s.name}(0)=", s.meaning) for s in model.states])


def kinds(incomplete: str) -> Offers:
    """Return the kinds of figures."""
    return _beginning(incomplete, KINDS.items())


def formats(incomplete: str) -> Offers:
    """Return the formats of `export`."""
    return _beginning(incomplete, FORMATS.items())


def styles(incomplete: str) -> Offers:
    """Return the styles of figures."""
    return _words(incomplete, STYLES)


def engines(incomplete: str) -> Offers:
    """Return the engines."""
    return _words(incomplete, ENGINES)


def methods(incomplete: str) -> Offers:
    """Return the methods of all engines."""
    return _words(incomplete, METHODS)


def measures(incomplete: str) -> Offers:
    """Return what an atlas can compare."""
    return _words(incomplete, MEASURES)


def pictures(incomplete: str) -> Offers:
    """Return the formats of figures."""
    return _words(incomplete, PICTURES)


def _model(ctx: typer.Context) -> Model | None:
    """Return the model on the line, in its variant; None where there is none that can be loaded without running it."""
    # where the word to complete is the value of an option, the words before it are not assigned to arguments yet
    name = str(ctx.params.get("name") or next(iter(ctx.args), ""))
    variant = str(ctx.params.get("variant") or "")
    if not name or Path(name).suffix == ".py":
        return None
    try:
        model = load_model(name)
    except ImmunodeError:
        return None
    try:
        return model.variant(variant) if variant else model
    except ImmunodeError:
        return model


def _files(incomplete: str, endings: Iterable[str]) -> Offers:
    """Return the files with one of the endings that begin with a word."""
    head, _, last = incomplete.rpartition("/")
    folder = Path(f"{head}/" if "/" in incomplete else ".")
    before = f"{head}/" if "/" in incomplete else ""
    try:
        found = sorted(folder.iterdir())
    except (OSError, ValueError):
        return []
    return [
        (f"{before}{path.name}", "")
        for path in found
        if path.suffix in endings and path.name.startswith(last) and not UNPRINTABLE.search(path.name)
    ]


def _beginning(incomplete: str, offers: Iterable[tuple[str, str]]) -> Offers:
    return [(word, " ".join(meaning.split())) for word, meaning in offers if word.startswith(incomplete)]


def _words(incomplete: str, words: Iterable[str]) -> Offers:
    return _beginning(incomplete, [(word, "") for word in words])
