"""List the drugs of the library by target."""

from __future__ import annotations

from dataclasses import asdict

from immunode.cli import options
from immunode.cli.output import console, notes, print_json
from immunode.intervention.drugs.library import list_drugs


def command(as_json: options.Json = False) -> None:
    """Print the drugs of the library, sorted by target, one row each."""
    entries = list_drugs()
    if as_json:
        print_json([asdict(entry) for entry in entries])
        return
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("drug", no_wrap=True)
    for heading in ("class", "target"):
        table.add_column(heading, overflow="fold")
    table.add_column("route", no_wrap=True)
    table.add_column("usual regimen", overflow="fold")
    for entry in entries:
        table.add_row(*(Text(cell) for cell in (entry.name, entry.klass, entry.target, entry.route, entry.regimen)))
    console().print(table)
    notes().print('immunode show DRUG tells more about one; im.drug("DRUG").usual() gives it to a model', style="dim")
