"""Names of the language made from ids and other texts that are none."""

from __future__ import annotations

import keyword
import re
import unicodedata

from immunode.language.expression import name_problem


def lawful(text: str) -> str:
    """Return the name nearest to a text: letters A-Z, digits, _ and single dots between them, a letter first.

    Accents are dropped and Greek letters written out (a Greek alpha gives `alpha`); all else becomes _. A word that has
    a meaning of its own, such as `lambda`, `t` or `exp`, gets a _ behind.
    """
    plain = text if text.isascii() else "".join(map(_plain, text))
    first, *others = [piece for piece in plain.split(".") if piece] or [""]
    name = ".".join([_piece(first, "id"), *(_piece(piece, "_") for piece in others)])
    return f"{name}_" if name_problem(name) else name


def _piece(text: str, before_digit: str) -> str:
    """Return a text as a piece of a name, which is no word of Python's and has no two underscores in front."""
    piece = re.sub(r"^_+(?=_)", "", re.sub(r"[^A-Za-z0-9_]", "_", text))
    piece = piece if piece and not piece[0].isdigit() else before_digit + piece
    return f"{piece}_" if keyword.iskeyword(piece) else piece


def _plain(letter: str) -> str:
    told = unicodedata.name(letter, "")
    if told.startswith("GREEK") and " LETTER " in told:
        word = told.partition(" LETTER ")[2].split()[0].lower()
        return word.capitalize() if "CAPITAL" in told else word
    bare = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return bare if bare.isalnum() else "_"
