"""How a large sweep runs: its progress, its warnings, a cluster, and its part of the work."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from immunode.cli import output
from immunode.cli.studies.request import Request
from immunode.study.design.design import Design
from immunode.study.run.cluster import connect
from immunode.study.sweeps import plan_sweep, sweep

__all__ = ["cluster", "print_plan", "progress", "read_share", "remarks", "sweep"]


@contextmanager
def progress(total: int) -> Iterator[Callable[[int, int], None] | None]:
    """Show runs done of `total`, runs per second and time left while the block runs; nothing without a terminal."""
    notes = output.notes()
    if not notes.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Speed(ProgressColumn):
        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text(f"{speed:,.0f} runs/s" if speed else "", style="cyan")

    counted = TextColumn("{task.completed:,.0f} of {task.total:,.0f} runs")
    with Progress(counted, BarColumn(), Speed(), TimeRemainingColumn(), console=notes, transient=True) as bar:
        task = bar.add_task("runs", total=total)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def remarks() -> Iterator[None]:
    """Print warnings of the block as remarks of ours, one line each."""

    def show(message: Warning | str, *_: object, **__: object) -> None:
        if ": interrupted: " not in str(message):  # told below, in our own line
            output.remark(str(message))

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show
        yield


@contextmanager
def cluster(address: str) -> Iterator[Any]:
    """Give a client of a Dask scheduler, or None without an address."""
    if not address:
        yield None
        return
    with output.usage():
        client = connect(address)
    try:
        yield client
    finally:
        client.close()


def read_share(part: str, store: str | None) -> tuple[int, int] | None:
    """Return the part "2/8" as (2, 8); None for "".

    Raises
    ------
    UsageError : it can't be read, or there is no store that such parts are joined from.
    """
    if store is not None and not store.strip():
        raise output.UsageError("--store: the folder or URL is missing")
    if not part:
        return None
    which, slash, parts = part.partition("/")
    if not slash or not which.strip().isdigit() or not parts.strip().isdigit():
        raise output.UsageError(f"--part {part}: write it as 2/8, the second of eight")
    if not store:
        raise output.UsageError("--part needs --store: the parts are joined from their stores")
    return int(which), int(parts)


def print_plan(request: Request, design: Design, choices: Mapping[str, Any], *, as_json: bool) -> int:
    """Print what a sweep would take; return the exit code."""
    with output.usage():
        estimate = plan_sweep(request.model, design, **choices)
    if as_json:
        output.print_json(asdict(estimate))
    else:
        output.console().print(f"{request.model.label}: {estimate}", soft_wrap=True)
    return 0
