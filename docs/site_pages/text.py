"""Plain text and docstrings as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SECTION = re.compile(r"(?m)^([A-Z][A-Za-z ]+)\n-{3,}\n")
_PROSE = ("Notes", "References", "Examples", "See Also", "Warnings")
_ENTRY = re.compile(r"([\w*][\w*,. ]{0,40}?) : (.+)")


def docstring(text: str) -> str:
    """Return a docstring as Markdown: paragraphs, and a list of definitions for each section of numpydoc.

    What is named "name : meaning" outside of sections, on a line of its own or after others, is a list as well.
    """
    first, *rest = _SECTION.split(text)
    parts = [_described(first, every=False)]
    for title, body in zip(rest[::2], rest[1::2], strict=True):
        parts += [f"**{title}**", _described(body, every=title not in _PROSE)]
    return "\n\n".join(part for part in parts if part)


def _described(text: str, *, every: bool) -> str:
    """Return text as Markdown in which entries are definitions. every : a line that is not indented is always one."""
    lines: list[str] = []
    source = text.strip("\n").split("\n")
    while source:
        line = source.pop(0)
        entry = _ENTRY.fullmatch(line)
        if not line.strip() or line.startswith(" ") or not (entry or every):
            lines.append(line if line.startswith("    ") else prose(line))
            continue
        body = []
        while source and source[0].startswith("    "):
            body.append(source.pop(0).strip())
        lines += ["", *_definitions(line, " ".join(body))]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _definitions(head: str, body: str) -> Iterator[str]:
    """Yield the lines of one entry, or of several that share a line.

    In numpydoc a type follows the name, and the meaning is a sentence below; else the meaning follows the name.
    """
    name, _, said = head.partition(" : ")
    if body[:1].isupper() and not said.endswith("."):
        yield from (f"`{name}`" + (f" : {prose(said)}" if said else ""), f":   {prose(body)}", "")
        return
    for one in re.split(r"\s{2,}(?=[\w*]+ : )", f"{head} {body}".rstrip()):
        name, _, meaning = one.partition(" : ")
        yield from (f"`{name}`", f":   {prose(meaning)}", "")


def prose(text: str) -> str:
    """Return plain text in which Markdown reads only what stands between backticks."""
    pieces = re.split(r"(`[^`]+`)", text)
    return "".join(p if p.startswith("`") and len(p) > 1 else _marked(p) for p in pieces)


def _marked(text: str) -> str:
    """Return text in which Markdown reads nothing; an entity for what would begin raw HTML."""
    return re.sub(r"([*_\[\]|$])", r"\\\1", text.replace("<", "&lt;"))


def slug(title: str) -> str:
    """Return a title as part of a path."""
    return re.sub(r"\W+", "_", title.lower()).strip("_")
