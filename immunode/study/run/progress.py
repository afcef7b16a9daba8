"""How far a sweep has come: a line in a terminal or a notebook, a log file, and Ctrl-C that loses nothing."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from immunode.errors import StoreError

EVERY = 0.2
"""Seconds between two lines in a terminal or a notebook."""


@dataclass(slots=True)
class Pace:
    """Runs done, runs a second and time left; what was done before the start counts as done, not as speed.

    first : runs done before the start.   clock : seconds that never go back.
    """

    first: int = 0
    clock: Callable[[], float] = time.monotonic
    started: float = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.clock()

    def words(self, done: int, total: int) -> str:
        """Return such as "12,288 of 100,000 runs, 5,300 runs/s, 17 s left"."""
        text = f"{done:,} of {total:,} runs"
        spent = self.clock() - self.started
        rate = (done - self.first) / spent if spent > 0 else 0.0
        if rate > 0:
            text += f", {rate:,.3g} runs/s" if rate < 100 else f", {rate:,.0f} runs/s"
            text += f", {duration((total - done) / rate)} left" if done < total else f", {duration(spent)} in all"
        return text


def duration(seconds: float) -> str:
    """Return a span of time in words: "0.4 s", "17 s", "3 min 20 s", "5 h 12 min", "2 d 3 h"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for unit, size, smaller, part in (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // part} {smaller}"
    return f"{whole} s"


Told = Callable[[int, int], object]


@contextmanager
def telling(progress: Told | bool | None, log: str | os.PathLike[str] | None, before: int) -> Iterator[Told]:
    """Give a function that tells how far a sweep is, wherever that was asked for.

    progress : a function of (done, total), or True for a line in the terminal or notebook.
    log : a file that gets a line each time, with the date.   before : runs that were done already.

    Raises
    ------
    StoreError : the log file can't be written.
    """
    listeners: list[Told] = []
    file = None
    line: _Line | None = None
    if callable(progress):
        listeners.append(progress)
    elif progress:
        line = _Line(Pace(before))
        listeners.append(line.show)
    if log is not None:
        try:
            file = open(log, "a", encoding="utf-8")  # noqa: SIM115 - closed below
        except OSError as error:
            raise StoreError(f"{os.fspath(log)}: it can't be written ({error.strerror})") from None

        pace = Pace(before)

        def write(done: int, total: int) -> None:
            stamp = datetime.now().astimezone().isoformat(timespec="seconds")
            print(f"{stamp} {pace.words(done, total)}", file=file, flush=True)

        listeners.append(write)

    def tell(done: int, total: int) -> None:
        for listener in listeners:
            listener(done, total)

    try:
        yield tell
    finally:
        if line is not None:
            line.end()
        if file is not None:
            file.close()


class _Line:
    """One line that is written over and over."""

    def __init__(self, pace: Pace) -> None:
        self.pace, self.last, self.width = pace, -EVERY, 0
        self.handle: Any = None
        self.notebook = "ipykernel" in sys.modules

    def show(self, done: int, total: int) -> None:
        """Write how far it is, not more often than every EVERY seconds."""
        now = time.monotonic()
        if done < total and now - self.last < EVERY:
            return
        self.last = now
        text = self.pace.words(done, total)
        if self.notebook:
            from IPython.display import display  # type: ignore[import-not-found, unused-ignore]

            if self.handle is None:
                self.handle = display({"text/plain": text}, raw=True, display_id=True)
            else:
                self.handle.update({"text/plain": text}, raw=True)
            return
        self.width = max(self.width, len(text))
        print("\r" + text.ljust(self.width), end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Go to a new line, if anything was written."""
        if self.width:
            print(file=sys.stderr)


@contextmanager
def patient_interrupts() -> Iterator[Callable[[], bool]]:
    """Give a function that says whether Ctrl-C was pressed in the block, which it does not end; a second one does."""
    pressed: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return

    def press(number: int, frame: object) -> None:
        pressed.append(number)
        if len(pressed) > 1:
            raise KeyboardInterrupt
        print("\nfinishing the blocks in hand; press Ctrl-C again to stop at once", file=sys.stderr, flush=True)

    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:
        # somebody listens already, or Ctrl-C is to be ignored
        yield lambda: False
        return
    signal.signal(signal.SIGINT, press)
    try:
        yield lambda: bool(pressed)
    finally:
        signal.signal(signal.SIGINT, before)
