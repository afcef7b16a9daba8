"""Serve the models as tools for an assistant: list, show, simulate, sweep, validate, figure, with limits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from immunode.app.tool_server import serve


def command(
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder that figures are kept in; nothing else is written.")
    ] = None,
    seconds: Annotated[float, typer.Option("--seconds", min=1, help="Longest time of one call.")] = 120.0,
) -> None:
    """Serve the Model Context Protocol over standard input and output until the other side ends.

    An assistant starts this command itself; see docs, "For assistants".
    """
    serve(out, seconds)
