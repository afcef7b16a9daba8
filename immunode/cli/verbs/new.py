"""Copy a model of the package to a file of yours, to read and to change."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from immunode.catalogue import copy_model, find_model
from immunode.cli import completion
from immunode.cli.output import say, usage


def command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to make; it must not exist.")],
    like: Annotated[str, typer.Option("--like", help="The model to copy.", autocompletion=completion.models)],
) -> None:
    """Copy the model `like` to `file` and say what to do with it."""
    with usage():
        path = copy_model(like, file)
    source, variant = find_model(like)
    run = f"immunode run {path}" + (f" --variant {variant}" if variant else "")
    say(f"{path} is a copy of {source.stem}: change it, then `immunode check {path}` and `{run}`")
