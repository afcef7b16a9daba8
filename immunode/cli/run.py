"""`immunode run NAME`: one curve an arm, its table, its figure and its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from immunode.cli import output
from immunode.cli.settings import check_look, check_settings, compose_arms, read_settings
from immunode.errors import ImmunodeError, SolverError

if TYPE_CHECKING:
    from immunode.model.declaration import Model
    from immunode.study.result.simulation import Comparison, Simulation


def run(
    name: str,
    *,
    arms: Sequence[str],
    until: str,
    settings: Sequence[str],
    variant: str,
    quantities: Sequence[str],
    options: Mapping[str, Any],
    style: str,
    out: Path | None,
    as_json: bool,
    command: str,
) -> int:
    """Simulate, print a table and write files; return the exit code.

    quantities : what to show; without any, the model's readouts, else its states.
    options : engine, method and rtol.   command : what was typed, for the recipe.
    """
    values = read_settings(settings)
    check_look(options["rtol"], style)
    model = output.load(name, variant)
    composed = compose_arms(model, arms)
    check_settings(values, composed)
    output.prepare_folder(out)
    done, interrupted = _simulate(composed, values, until, options)
    if not done:
        return 130
    from immunode.study.result.simulation import Comparison

    comparison = Comparison(done)
    with output.usage():
        rows = _rows(comparison, _shown(model, quantities, comparison))
    written = [] if out is None else _write(out, comparison, quantities, style, command)
    if as_json:
        recipe = {arm: one.recipe for arm, one in done.items()}
        output.print_json(
            {
                "model": model.name,
                "variant": model.variant_name,
                "arms": list(done),
                "rows": rows,
                "recipe": recipe,
                "files": written,
            }
        )
    else:
        _print(model, comparison, rows)
    output.say_written(written)
    for line in dict.fromkeys(line for one in done.values() for line in one.recipe["remarks"]):
        output.remark(line)
    if interrupted:
        output.remark(f"interrupted; finished and kept: {', '.join(done)}")
        return 130
    return 0


def _simulate(
    composed: Mapping[str, Model], values: Mapping[str, float], until: str, options: Mapping[str, Any]
) -> tuple[dict[str, Simulation], bool]:
    """Return what each arm gave, and whether it was interrupted (then the arms that were finished)."""
    from immunode.study.simulate import simulate

    done: dict[str, Simulation] = {}
    for arm, model in composed.items():
        own = {p.name for p in model.parameters}
        states = {f"{s.name}(0)": s.name for s in model.states}
        initial = {states[key]: value for key, value in values.items() if key in states}
        try:
            ready = model.with_values({key: value for key, value in values.items() if key in own})
            done[arm] = simulate(ready, number_or_text(until), initial=initial, **options)
        except KeyboardInterrupt:
            return done, True
        except SolverError:
            raise
        except ImmunodeError as error:
            raise output.UsageError(str(error)) from error
    return done, False


def number_or_text(until: str) -> float | str | None:
    """Return the end of a run as it was typed: a number in model time, text with a unit, or None for nothing."""
    try:
        return float(until)
    except ValueError:
        return until.strip() or None


def _shown(model: Model, quantities: Sequence[str], comparison: Comparison) -> Sequence[str]:
    """Return the quantities to show: what was asked for, else what is looked at first.

    Raises
    ------
    StudyError : no arm knows one that was asked for.
    """
    from immunode.errors import StudyError, did_you_mean
    from immunode.study.run.ready import looked_at_first

    known = dict.fromkeys(quantity for one in comparison.values() for quantity in one.values)
    for quantity in quantities:
        if quantity not in known:
            raise StudyError(f"{model.name}: unknown quantity '{quantity}'{did_you_mean(quantity, known)}")
    return quantities or looked_at_first(model)


def _rows(comparison: Comparison, quantities: Sequence[str]) -> list[dict[str, object]]:
    """Return a row for each quantity and arm: its value at the start, at the end, and its peak with its time."""
    from immunode.study.run.peaks import peaks

    rows: list[dict[str, object]] = []
    tops = {arm: peaks(one, [q for q in quantities if q in one.path]) for arm, one in comparison.items()}
    for quantity in quantities:
        for arm, one in comparison.items():
            if quantity not in one.path:
                continue
            top, time = tops[arm][quantity]
            rows.append(
                {
                    "quantity": quantity,
                    "unit": one.units.get(quantity, ""),
                    "arm": arm,
                    "start": float(one[quantity][0]),
                    "end": one.final(quantity),
                    "peak": top,
                    "time of peak": time,
                }
            )
    return rows


def _print(model: Model, comparison: Comparison, rows: Sequence[Mapping[str, object]]) -> None:
    first = next(iter(comparison.values()))
    unit = model.time_unit or model.clock
    screen = output.console()
    title = f"{model.label}, 0 to {output.number(first.times[-1])} {unit}".rstrip()
    output.print_rows(screen, title, rows)
    methods = dict.fromkeys(str(one.recipe["method"]) for one in comparison.values())
    engines = dict.fromkeys(str(one.recipe["engine"]) for one in comparison.values())
    screen.print(f"engine {', '.join(engines)}, method {', '.join(methods)}, rtol {first.recipe['rtol']:g}")


def _write(folder: Path, comparison: Comparison, quantities: Sequence[str], style: str, command: str) -> list[Path]:
    """Write curves, figure and recipe; return their paths."""
    import json

    from immunode.plot import save
    from immunode.study.result.spreadsheets import csv_text

    curves = csv_text(comparison.to_frame(), index=True)
    recipe = output.plain({"command": command, "arms": comparison.recipe})
    written = [
        output.write_text(folder / "curves.csv", curves),
        output.write_text(folder / "recipe.json", json.dumps(recipe, indent=2, ensure_ascii=False) + "\n"),
    ]
    figure = comparison.plot(*quantities, style=style)
    metadata = {"recipe": command}
    return [*written, *(save(figure, folder / f"figure.{ending}", metadata=metadata) for ending in ("png", "svg"))]
