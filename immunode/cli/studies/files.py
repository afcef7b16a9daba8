"""Files that verbs write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from immunode.cli.output import plain
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
