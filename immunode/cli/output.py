"""What the commands share: where text, tables and files go."""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from immunode.errors import ImmunodeError

if TYPE_CHECKING:
    from rich.console import Console

    from immunode.model.declaration import Model


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
    from immunode.catalogue import UnknownModelError, load_model

    try:
        model = load_model(name)
    except UnknownModelError as error:
        raise UsageError(str(error)) from error
    if not variant:
        return model
    with usage():
        return load_model(name, variant=variant)


def console() -> Console:
    """Return where tables are printed: as wide as the terminal, and wide enough for whole rows in a file or a pipe."""
    from rich.console import Console

    screen = Console(highlight=False)
    if not screen.is_terminal and "COLUMNS" not in os.environ:
        screen.width = 160
    return screen


def notes() -> Console:
    """Return where progress and remarks go: the error stream, so that a pipe gets results only."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(value: object) -> None:
    """Print a value as JSON; numbers that JSON does not know (NaN, infinity) become null."""
    print(json.dumps(plain(value), indent=2, ensure_ascii=False))


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
    return "-" if value is None or math.isnan(value) else f"{value:.4g}"


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


def write(path: Path, save: Callable[[Path], object]) -> Path:
    """Return `path` after `save` has written it whole: a file that was begun never stands under its final name."""
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        save(part)
        part.replace(path)
    except OSError as error:
        raise ImmunodeError(f"'{path}' can't be written: {error.strerror or error}") from None
    finally:
        part.unlink(missing_ok=True)
    return path


def write_text(path: Path, text: str) -> Path:
    """Return `path` after the text has been written there whole."""
    return write(path, lambda part: part.write_text(text, encoding="utf-8"))


def say_written(paths: Sequence[Path]) -> None:
    """Tell which files were written."""
    if paths:
        notes().print("wrote " + ", ".join(str(path) for path in paths), markup=False)
