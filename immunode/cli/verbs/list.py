"""List the models that come with the package."""

from __future__ import annotations

from itertools import groupby

from immunode.catalogue import Entry, list_models
from immunode.cli import options
from immunode.cli.output import console, notes, print_json


def command(as_json: options.Json = False) -> None:
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
    for heading in ("title", "status", "species"):
        table.add_column(heading, overflow="fold")
    table.add_column("states", justify="right")
    table.add_column("also known as", overflow="fold")
    for system, members in groupby(sorted(entries, key=_system), key=_system):
        table.add_row(Text(system or "other", style="bold"))
        for entry in members:
            also = ", ".join(alias for alias, _ in entry.aliases)
            cells = (entry.title, entry.status, entry.species, str(entry.n_states), also)
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
        "species": entry.species,
        "n_states": entry.n_states,
        "aliases": dict(entry.aliases),
        "path": entry.path,
    }
