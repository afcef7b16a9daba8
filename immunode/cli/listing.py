"""`immunode list` and `immunode new`: what there is, and a copy to change."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from immunode.catalogue import Entry, copy_model, find_model, list_models
from immunode.cli.output import console, notes, print_json, say, usage


def show_list(*, as_json: bool) -> None:
    """Print the models of the catalogue, grouped by system, one row each."""
    entries = list_models()
    if as_json:
        print_json([_record(entry) for entry in entries])
        return
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("model", no_wrap=True)
    for heading in ("title", "status"):
        table.add_column(heading, overflow="fold")
    table.add_column("states", justify="right")
    table.add_column("also known as", overflow="fold")
    for system, members in groupby(sorted(entries, key=_system), key=_system):
        table.add_row(Text(system or "other", style="bold"))
        for entry in members:
            also = ", ".join(alias for alias, _ in entry.aliases)
            cells = (entry.title, entry.status, str(entry.n_states), also)
            table.add_row(Text(f"  {entry.name}"), *(Text(cell) for cell in cells))
        table.add_section()
    console().print(table)
    notes().print(
        "immunode show NAME tells more about one; immunode new FILE --like NAME copies it to change", style="dim"
    )


def _system(entry: Entry) -> str:
    return entry.system


def _record(entry: Entry) -> dict[str, object]:
    return {
        "name": entry.name,
        "title": entry.title,
        "system": entry.system,
        "status": entry.status,
        "n_states": entry.n_states,
        "aliases": dict(entry.aliases),
        "path": entry.path,
    }


def new(file: Path, like: str) -> None:
    """Copy the model `like` to `file` and say what to do with it."""
    with usage():
        path = copy_model(like, file)
    source, variant = find_model(like)
    run = f"immunode run {path}" + (f" --variant {variant}" if variant else "")
    say(f"{path} is a copy of {source.stem}: change it, then `immunode check {path}` and `{run}`")
