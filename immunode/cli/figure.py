"""`immunode figure NAME`: a finished figure of a model; `immunode figure FILE --code`: how one was made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from immunode.cli import output
from immunode.cli.settings import check_look, compose_arms
from immunode.errors import ImmunodeError, SolverError, StoreError

if TYPE_CHECKING:
    from immunode.cli.scripts import Drawing, Wish

ENDINGS = (".png", ".svg", ".pdf")
_MANY, _PANELS = 4, 4
"""Interventions beside control, and quantities, where nothing else was asked for."""


def figure(
    source: str,
    *,
    kind: str,
    arms: Sequence[str],
    variant: str,
    quantities: Sequence[str],
    until: str,
    style: str,
    code: bool,
    out: Path | None,
) -> int:
    """Draw a figure and write it, or tell how one was made; return the exit code.

    source : a model, or a figure's file (.png, .svg, .pdf).   out : the file to write.
    code : print the script instead of drawing.
    """
    from immunode.cli.scripts import make_drawing

    if Path(source).suffix.lower() in ENDINGS:
        return _tell(Path(source), code=code)
    wish = read_wish(source, variant=variant, arms=arms, quantities=quantities, until=until, style=style)
    who = "_".join(filter(None, (wish.model.name, wish.model.variant_name)))
    path = out or Path(f"{output.file_name(who)}_{kind}.png")
    if path.suffix.lower() not in ENDINGS:
        raise output.UsageError(f"-o {path}: give a file that ends in .png, .svg or .pdf")
    with output.usage():
        drawing = make_drawing(kind, wish)
    if code:
        output.say_exactly(drawing.script(path.name))
        return 0
    output.say_written([draw(drawing, path)])
    return 0


def read_wish(
    source: str, *, variant: str, arms: Sequence[str], quantities: Sequence[str], until: str, style: str
) -> Wish:
    """Return what was asked for, checked: every arm can be composed, every quantity is there, the style is known.

    arms : names; "all" is control and every intervention that the model declares; without any, control and a few.

    Raises
    ------
    UsageError : with what was likely meant.
    """
    from immunode.cli.run import number_or_text
    from immunode.cli.scripts import Wish
    from immunode.errors import StudyError, did_you_mean
    from immunode.study.run.ready import looked_at_first, model_time, quantity_names

    check_look(1e-6, style)
    model = output.load(source, variant)
    declared = [i.name for i in model.interventions]
    given = list(dict.fromkeys(name.strip() for text in arms for name in text.split(",") if name.strip()))
    if "all" in given:
        given = list(dict.fromkeys(["control", *declared, *(name for name in given if name != "all")]))
    chosen = tuple(given or ["control", *declared[:_MANY]])
    composed = compose_arms(model, chosen)
    known = dict.fromkeys(name for one in composed.values() for name in quantity_names(one))
    end = number_or_text(until)
    with output.usage():
        if end is not None:
            model_time(model, end, "until")
        for name in quantities:
            if name not in known:
                raise StudyError(f"{model.name}: unknown quantity '{name}'{did_you_mean(name, known)}")
        shown = tuple(quantities) or looked_at_first(model)[:_PANELS]
        if not shown:
            raise StudyError(f"{model.name}: it has no states and no derived quantities, so there is nothing to draw")
    return Wish(model, source, variant, chosen, shown, end, style)


def draw(drawing: Drawing, path: Path) -> Path:
    """Draw a figure, write it with its script inside, and return the path.

    Raises
    ------
    UsageError : the study that was asked for can't be made of this model.
    """
    from immunode.plot import save

    try:
        made = drawing.figure()
    except (SolverError, StoreError):
        raise
    except ImmunodeError as error:
        raise output.UsageError(str(error)) from error
    return save(made, path, script=drawing.script(path.name))


def _tell(path: Path, *, code: bool) -> int:
    """Print how a figure was made: its script, or all that it remembers."""
    from immunode.plot import read_metadata

    found = read_metadata(path)
    if not code:
        facts = {key: _read(value) for key, value in found.items() if key != "script"}
        output.print_json({**facts, "script": "script" in found})
        return 0
    if "script" in found:
        output.say_exactly(found["script"])
        return 0
    recipe = found.get("recipe", "")
    if recipe.startswith("immunode "):
        output.say(recipe)
        return 0
    output.remark(
        f"{path.name} holds no script: it was saved from an interactive session; "
        f"`immunode figure {path.name}` prints the recipe that it holds"
    )
    return 1


def _read(value: str) -> object:
    """Return what a text of the metadata stands for where it is JSON."""
    try:
        return json.loads(value) if value[:1] in "{[" else value
    except ValueError:
        return value
