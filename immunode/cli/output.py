"""What the verbs share: loading a model, and where text, tables and files go."""

from __future__ import annotations

import json
import math
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from immunode.catalogue import UnknownModelError, load_model
from immunode.errors import ImmunodeError
from immunode.intervention.drugs.names import ELSEWHERE, IN_LIBRARY, drug_name
from immunode.language.characters import UNPRINTABLE, visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from immunode.model import Model


class UsageError(ImmunodeError):
    """What was typed can't be meant; the command ends before it computes anything."""

    exit_code = 2


@contextmanager
def usage() -> Iterator[None]:
    """Turn any error of ours in the block into a usage error: here only what was typed is read."""
    try:
        yield
    except UsageError:
        raise
    except ImmunodeError as error:
        raise UsageError(str(error)) from error


def load(name: str, variant: str = "") -> Model:
    """Return a model; a name that is not there is a usage error, a file that is wrong a failure."""
    try:
        model = load_model(name)
    except UnknownModelError as error:
        raise UsageError(_drug_hint(name) or str(error)) from error
    if not variant:
        return model
    with usage():
        return load_model(name, variant=variant)


def _drug_hint(name: str) -> str:
    """Return what a drug of the library is used for where a model was wanted; "" where it is none."""
    meant = drug_name(name)
    if meant in ELSEWHERE:
        return f"'{name}' is a drug, not a model, and none of the library: {ELSEWHERE[meant]}"
    if meant not in IN_LIBRARY:
        return ""
    return (
        f"'{name}' is a drug, not a model: `immunode show {meant}` tells of it, and in Python a model takes it, as in "
        f"im.simulate(model, interventions=im.drug('{meant}').usual().inhibit('k', imax=0.9, ic50=5)), for a "
        "parameter 'k'"
    )


def console() -> Console:
    """Return where tables are printed: as wide as the terminal, and wide enough for whole rows in a file or a pipe."""
    screen = _screen()
    if not screen.is_terminal and "COLUMNS" not in os.environ:
        screen.width = 160
    return screen


def notes() -> Console:
    """Return where progress and remarks go: the error stream, so that a pipe gets results only."""
    return _screen(stderr=True, soft_wrap=True)


def _screen(*, stderr: bool = False, soft_wrap: bool = False) -> Console:
    from immunode.cli.screen import Screen  # loads rich

    return Screen(stderr=stderr, soft_wrap=soft_wrap)


def say(text: str) -> None:
    """Print a text, with what a terminal would obey in it made visible."""
    print(visible(text))


def remark(text: str) -> None:
    """Print one line of ours on the error stream."""
    print(f"immunode: {visible(' '.join(text.split()))}", file=sys.stderr)


def say_exactly(text: str) -> None:
    """Print a text that may be kept as a file: in a file or a pipe to the byte, in a terminal as `say` does."""
    sys.stdout.write(visible(text) if sys.stdout.isatty() else text)


def print_json(value: object) -> None:
    """Print a value as JSON; numbers that JSON does not know (NaN, infinity) become null."""
    text = json.dumps(plain(value), indent=2, ensure_ascii=False)
    # inside JSON such characters stand in texts only, where a code means the same
    print(UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def plain(value: object) -> Any:
    """Return a value made of dicts, lists, text and finite numbers only."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    item = getattr(value, "tolist", None)
    if callable(item):
        return plain(item())
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value)


def number(value: float) -> str:
    """Return a number with four significant digits, as short as it can be; "-" for none."""
    return "-" if math.isnan(value) else f"{value + 0.0:.4g}"  # + 0.0 takes the sign of a 0


def prepare_folder(folder: Path | None) -> None:
    """Make the folder that results go to, and make sure that a file can be written there, before anything is computed.

    Raises
    ------
    UsageError : it can't be made or written to.
    """
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".immunode-"):
            pass
    except FileExistsError:
        raise UsageError(f"-o {folder}: a file of that name is there; give a folder") from None
    except OSError as error:
        raise UsageError(f"-o {folder}: nothing can be written there ({error.strerror}); give another folder") from None


def file_name(name: str) -> str:
    """Return the name of a model as one that a file can have: no path, nothing that a shell takes for an option."""
    plain = re.sub(r'[\\/:*?"<>|\s]+', "_", name).lstrip(".-_")
    return plain.encode()[:200].decode(errors="ignore") or "model"  # of 255 bytes


SPARE = ("meaning", "lowest")
"""Columns that a narrow terminal goes without, in this order."""


def print_rows(
    screen: Console, title: str, rows: Sequence[Mapping[str, object]], *, rule_before_last: bool = False
) -> None:
    """Print rows as a table; numbers are rounded and stand right, empty columns are left out.

    Where the terminal is too narrow for whole rows, `SPARE` columns go first; only then words and numbers are cut.
    """
    names = [name for name in rows[0] if any(row.get(name, "") != "" for row in rows)]
    table = _table(title, names, rows, rule_before_last)
    for name in SPARE:
        if name in names and _widths(screen, table)[1] > screen.width:
            names.remove(name)
            table = _table(title, names, rows, rule_before_last)
    if _widths(screen, table)[0] > screen.width:
        table = _table(title, names, rows, rule_before_last, broken=True)
    screen.print(table)


def _widths(screen: Console, table: Table) -> tuple[int, int]:
    """Return the least width of a table, and that of whole rows."""
    measured = screen.measure(table, options=screen.options.update(max_width=10_000))
    return measured.minimum, measured.maximum


def _table(
    title: str, names: Sequence[str], rows: Sequence[Mapping[str, object]], rule: bool, *, broken: bool = False
) -> Table:
    """Return rows as a table. rule : a line before the last row.   broken : words and numbers may be cut."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for name in names:
        numeric = all(isinstance(row.get(name), float) for row in rows)
        texts = [number(value) if isinstance(value := row.get(name, ""), float) else str(value) for row in rows]
        least = None if broken else max(len(word) for text in texts for word in text.split() or [""])
        table.add_column(name, justify="right" if numeric else "left", overflow="fold", min_width=least)
    for i, row in enumerate(rows):
        cells = [row.get(name, "") for name in names]
        if rule and i == len(rows) - 1:
            table.add_section()
        table.add_row(*(Text(number(cell) if isinstance(cell, float) else str(cell)) for cell in cells))
    return table


def say_written(paths: Sequence[Path]) -> None:
    """Tell which files were written."""
    if paths:
        notes().print("wrote " + ", ".join(str(path) for path in paths))
