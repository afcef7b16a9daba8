"""Runs of one model, one per arm: their table and their files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from immunode.cli import output
from immunode.cli.studies.files import json_file, picture_files, text_file
from immunode.cli.studies.request import Request
from immunode.cli.studies.tables import once_each, print_arm_names, without_noise
from immunode.errors import ImmunodeError, SolverError
from immunode.model.views.words import arm_labels
from immunode.study.result.simulation import Comparison, Simulation
from immunode.study.result.spreadsheets import csv_text
from immunode.study.run.ready import quantity_labels
from immunode.study.simulations import simulate
from immunode.study.step_peaks import extremes
from immunode.study.stories import story_patients


def simulate_arms(request: Request, engine: Mapping[str, Any]) -> tuple[Comparison, bool]:
    """Return the runs by arm, and whether Ctrl-C ended them early.

    engine : engine, method and rtol.

    Raises
    ------
    SolverError : a run fails.
    UsageError : what was asked for can't be run.
    """
    done: dict[str, Simulation] = {}
    for arm, model in request.arms.items():
        # an arm takes the settings that it knows; every setting is known to one of them
        own = {p.name for p in model.parameters}
        states = {s.name for s in model.states}
        values = {name: value for name, value in request.values.items() if name in own}
        initial = {name: value for name, value in request.initial.items() if name in states}
        try:
            done[arm] = simulate(model.with_values(values), request.end, initial=initial, **engine)
        except KeyboardInterrupt:
            return Comparison(done, request.told), True
        except SolverError:
            raise
        except ImmunodeError as error:
            raise output.UsageError(str(error)) from error
    with output.usage():
        patients = None if request.told is None else story_patients(request.model, request.told, request.end)
    return Comparison(done, request.told, patients), False


def course_rows(comparison: Comparison, quantities: Sequence[str]) -> list[dict[str, object]]:
    """Return a row for each quantity and arm: label, value at start and end, the lowest, and the peak with its time."""
    rows: list[dict[str, object]] = []
    labels = {name: label for run in comparison.values() for name, label in quantity_labels(run.model).items()}
    tops = {arm: extremes(run, [q for q in quantities if q in run.path]) for arm, run in comparison.items()}
    for quantity in quantities:
        for arm, run in comparison.items():
            if quantity not in run.path:
                continue
            found = tops[arm][quantity]
            rows.append(
                {
                    "quantity": quantity,
                    "meaning": labels.get(quantity, ""),
                    "unit": run.units.get(quantity, ""),
                    "arm": arm,
                    "start": float(run[quantity][0]),
                    "end": run.final(quantity),
                    "lowest": found.lowest,
                    "peak": found.highest,
                    "time of peak": found.time_of_highest,
                }
            )
    return rows


def print_courses(request: Request, comparison: Comparison, rows: Sequence[Mapping[str, object]]) -> None:
    """Print the rows as a table, and what computed them."""
    model = request.model
    first = next(iter(comparison.values()))
    unit = model.axis_unit
    screen = output.console()
    if comparison.story is not None and comparison.story.sentence != model.heading:
        screen.print(comparison.story.sentence)
    title = f"{model.label}, 0 to {output.number(first.times[-1])} {unit}".rstrip()
    called = arm_labels(model, comparison)
    told = without_noise(rows, ("start", "end", "lowest", "peak"), float(first.recipe["rtol"]))
    output.print_rows(screen, title, [{**row, "arm": called[str(row["arm"])]} for row in once_each(told)])
    print_arm_names(screen, called)
    methods = dict.fromkeys(str(run.recipe["method"]) for run in comparison.values())
    engines = dict.fromkeys(str(run.recipe["engine"]) for run in comparison.values())
    screen.print(f"engine {', '.join(engines)}, method {', '.join(methods)}, rtol {first.recipe['rtol']:g}")


def write_courses(folder: Path, request: Request, comparison: Comparison, command: str) -> list[Path]:
    """Write curves, figure and recipe; return their paths. command : what was typed."""
    written = [
        text_file(folder / "curves.csv", csv_text(comparison.to_frame(), index=True)),
        json_file(folder / "recipe.json", {"command": command, "arms": comparison.recipe}),
    ]
    shown = () if comparison.story is not None else request.shown
    figure = comparison.plot(*shown, log=request.log, data=request.data, style=request.style)
    return [*written, *picture_files(figure, folder, "figure", command)]
