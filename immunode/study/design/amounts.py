"""What a design asks of the machine, looked at before it is made: numbers of rows, seeds, and memory."""

from __future__ import annotations

import os

import numpy as np

from immunode.errors import StudyError, quoted


def whole_number(who: str, what: str, value: object, least: int = 1) -> int:
    """Return a whole number, which 8.0 is too.

    Raises
    ------
    StudyError : it is none, or below `least`.
    """
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float | np.integer | np.floating)
        or not np.inf > value >= least
        or value % 1
    ):
        above = f"above {least - 1}" if least == 1 else f"of {least} or above"
        raise StudyError(f"{who}: {what} must be a whole number {above}, got {quoted(value)}")
    return int(value)


def check_room(who: str, rows: int, columns: int) -> None:
    """Refuse a design that the memory of this machine can't hold.

    Raises
    ------
    StudyError : it takes more bytes than the machine has; the message says how many.
    """
    # drawn, placed, stacked and frozen values are there at a time, 8 bytes each, and what is unset and drawn together
    needed, there = rows * (34 * columns + 16), memory()
    if there and needed > there:
        shape = f"{rows:,} rows of {columns} column{'s' * (columns != 1)}"
        raise StudyError(f"{who}: {shape} need {needed:,} bytes, and this machine has {there:,}; run it in parts")


def memory() -> int:
    """Return the bytes of memory that this machine has, 0 where it does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # Windows has no sysconf
        return 0
