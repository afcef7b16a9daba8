"""Characters that a terminal would obey instead of showing them, and those that no file can hold."""

from __future__ import annotations

import re

UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters but tab and line feed, marks that turn the direction of writing, and halves of characters.

A terminal obeys the first (colors, titles, moves over what stands there), the second show a text in another order than
it is read, and the third can't be written into a file.
"""


def visible(text: str) -> str:
    """Return a text in which such characters are seen, not obeyed: the escape that starts a color comes out as ␛."""
    return UNPRINTABLE.sub(_picture, text) if UNPRINTABLE.search(text) else text


def _picture(found: re.Match[str]) -> str:
    code = ord(found[0])
    return chr(0x2400 + code) if code < 0x20 else "\u2421" if code == 0x7F else "\ufffd"


def problem(text: str, *, lines: bool = True) -> str:
    """Return why a text can't be kept, such as "it holds the character U+001B", or "" where it can.

    lines : whether it may have tabs and several lines; a name may not.
    """
    if text.isprintable():  # the quick way for nearly all
        return ""
    found = UNPRINTABLE.search(text) or (None if lines else re.search(r"[\t\n]", text))
    return f"it holds the character U+{ord(found[0]):04X}, which can't be shown; leave it out" if found else ""
