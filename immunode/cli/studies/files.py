"""Files that verbs write."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from immunode.cli.output import plain, remark
from immunode.study.run.recipe import write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def text_file(path: Path, text: str) -> Path:
    """Return `path` after the text has been written there whole."""
    write_text(path, text)
    return path


def json_file(path: Path, value: object) -> Path:
    """Return `path` after the value has been written there as JSON."""
    return text_file(path, json.dumps(plain(value), indent=2, ensure_ascii=False) + "\n")


def picture_files(figure: Figure, folder: Path, stem: str, command: str) -> list[Path]:
    """Return the paths of a figure after it has been written as PNG and SVG. command : what was typed."""
    from immunode.plot import save  # loads matplotlib

    return [save(figure, folder / f"{stem}.{ending}", metadata={"recipe": command}) for ending in ("png", "svg")]


UNFINISHED = "UNFINISHED.txt"
"""In a folder, as long as a run into it has not written everything."""


@contextmanager
def unfinished(folder: Path | None, names: Sequence[str], command: str) -> Iterator[None]:
    """Mark a folder as unfinished while the block runs; the mark stays where it is interrupted, fails or is killed.

    What an earlier run left unfinished is removed first, and this is told.

    Parameters
    ----------
    folder : Path | None
        where results go; None is nowhere.
    names : Sequence[str]
        of the files that the verb writes: only these are removed.
    command : str
        what was typed.
    """
    if folder is None:
        yield
        return
    mark = folder / UNFINISHED
    if mark.exists():
        left = [folder / name for name in names if (folder / name).is_file()]
        for path in left:
            path.unlink()
        removed = f"; removed: {', '.join(path.name for path in left)}" if left else ""
        remark(f"-o {folder}: an earlier run into it did not finish{removed}")
    text_file(mark, f"This command has not finished; what else is here may be from a run before it:\n{command}\n")
    yield
    mark.unlink(missing_ok=True)
