"""Figures of a model: what they show is read from the line, and they are written with their scripts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from immunode.cli import output
from immunode.cli.figures.kinds import fits, make_drawing
from immunode.cli.figures.page import Plate
from immunode.cli.figures.script import Drawing
from immunode.cli.figures.subject import Subject
from immunode.cli.studies.request import read_request
from immunode.cli.words import KINDS, PICTURES
from immunode.errors import ImmunodeError, SolverError, StoreError
from immunode.model import Model
from immunode.model.records import pairs
from immunode.plot import save

_MANY, _PANELS = 4, 4
"""Interventions beside control, and quantities, where nothing else was asked for."""


def read_subject(
    name: str,
    *,
    variant: str = "",
    arms: Sequence[str] | None = None,
    settings: Sequence[str] | None = None,
    quantities: Sequence[str] | None = None,
    until: str = "",
    style: str = "slide",
    log: bool | None = None,
    data: bool = True,
    patients: int | None = None,
    runs: int | None = None,
    seed: int = 1,
    story: bool = False,
) -> Subject:
    """Return what a figure shall show, checked. The parameters are options of the same names as typed.

    Unless arms are named, the model is shown in the variant that its story is told with.

    arms : names; without any, control, what the story of the model compares, and interventions up to four.
    story : without arms the model's story is shown: its arms, quantities and end.

    Raises
    ------
    UsageError : with what was likely meant.
    """
    request = read_request(
        name,
        variant=variant,
        arms=arms,
        settings=settings,
        quantities=quantities,
        until=until,
        style=style,
        log=log,
        data=data,
        default=_control_and_a_few,
        story=story,
        staged=True,
    )
    shown = request.quantities or request.shown[:_PANELS]
    nothing_named = not (arms or request.settings or request.quantities) and request.until is None
    if not shown:
        raise output.UsageError(
            f"{request.model.name}: it has no states and no derived quantities, so there is nothing to draw"
        )
    subject = Subject(
        model=request.set_model(),
        source=name,
        variant=request.variant,
        values=request.values,
        initial=request.initial,
        arms=tuple(request.arms),
        quantities=shown,
        until=request.end,
        patients=patients,
        runs=runs,
        seed=seed,
        log=log,
        data=data,
        style=style,
        named=bool(request.quantities),
        told=nothing_named,
    )
    if patients is not None and runs is not None:
        raise output.UsageError("--patients draws the population that the model declares: leave out --runs")
    if patients is not None and not subject.declares(subject.arms):
        raise output.UsageError(
            f"{subject.model.name}: --patients: it declares no population; --runs {patients} samples its parameters"
        )
    return subject


def _control_and_a_few(model: Model) -> list[str]:
    """Return control, the interventions of the model's story, and further ones until there are enough."""
    declared = [i.name for i in model.interventions]
    told = [entry for _, entry in pairs(model.story.arms) if entry] if model.story is not None else []
    told = [entry for entry in told if all(part.strip() in declared for part in entry.split("+"))]
    return ["control", *list(dict.fromkeys([*told, *declared]))[: max(_MANY, len(told))]]


def check_ending(option: str, path: Path) -> None:
    """Refuse a file that is no PNG, SVG or PDF by its name. option : for the message.

    Raises
    ------
    UsageError : with what would do.
    """
    if path.suffix.lower().removeprefix(".") not in PICTURES:
        raise output.UsageError(f"{option} {path}: give a file that ends in .png, .svg or .pdf")


def draw(drawing: Drawing, path: Path) -> Path:
    """Draw a figure, write it with its script inside, and return the path.

    Raises
    ------
    UsageError : the study that was asked for can't be made of this model.
    """
    try:
        figure = drawing.figure()
    except (SolverError, StoreError):
        raise
    except ImmunodeError as error:
        raise output.UsageError(str(error)) from error
    return save(figure, path, script=drawing.script(path.name))


def draw_all(subject: Subject, folder: Path, ending: str, plates: list[Plate]) -> bool:
    """Draw every figure that fits, add its plate, and tell how far it is; return whether one failed.

    plates : what is drawn is added here, so that it is known where Ctrl-C ends the work.
    """
    failed = False
    for i, (kind, title) in enumerate(KINDS.items(), 1):
        reason = fits(kind, subject)
        if reason:
            plates.append(Plate(kind, title, reason=reason))
            continue
        path, started = folder / f"{kind}.{ending}", time.perf_counter()
        drawing = make_drawing(kind, subject)
        try:
            draw(drawing, path)
        except ImmunodeError as error:
            # a question that this model has no answer to is no failure
            failed |= not isinstance(error, output.UsageError)
            plates.append(Plate(kind, title, reason=" ".join(str(error).split())))
        else:
            plates.append(Plate(kind, title, path.name, drawing.script(path.name)))
        took = time.perf_counter() - started
        state = "failed: " + plates[-1].reason if plates[-1].reason else f"{took:.1f} s"
        output.notes().print(f"{i:>2}/{len(KINDS)}  {kind}  {state}")
    return failed
