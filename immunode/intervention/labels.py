"""Names, strengths and labels, which every kind of perturbation has."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from typing import Any

from immunode.errors import ModelError, did_you_mean
from immunode.intervention.expected_changes import expected
from immunode.intervention.numbers import finite
from immunode.model.declaration import Perturbation
from immunode.model.records import Pairs, pairs

DIRECTIONS = ("enhance", "suppress", "redirect")
ACTS_ON = ("growth", "activation", "lifespan", "production", "signal", "clearance")
EVIDENCE = ("measured", "fitted", "published", "memory", "assumed", "derived")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def check_name(name: object) -> None:
    """Raise ModelError unless `name` can stand before the dot of its knobs' names."""
    if not isinstance(name, str) or not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise ModelError(f"an intervention's name is a word of letters, digits and _, got {name!r}")


def checked_strength(name: str, strength: Any) -> float:
    """Return the strength as a float in [0, 1], or raise ModelError."""
    number = finite(strength)
    if number is None or not 0 <= number <= 1:
        raise ModelError(f"'{name}': strength must lie in [0, 1], got {strength!r}")
    return number


def checked_labels(
    name: str, direction: str, acts_on: str, expects: Mapping[str, str] | Pairs, evidence: str = ""
) -> Pairs:
    """Return the expectations as pairs of a quantity and a text such as "down at 24 weeks".

    Raises
    ------
    ModelError : a direction, a place of action or a kind of evidence is none of the known ones, or an expectation can't
        be read.
    """
    if evidence and evidence not in EVIDENCE:
        raise ModelError(f"'{name}': unknown evidence '{evidence}'{did_you_mean(evidence, EVIDENCE)}")
    if direction and direction not in DIRECTIONS:
        raise ModelError(f"'{name}': unknown direction '{direction}'{did_you_mean(direction, DIRECTIONS)}")
    for word in filter(None, (part.strip() for part in acts_on.split(","))):
        if word not in ACTS_ON:
            raise ModelError(f"'{name}': unknown acts_on '{word}'{did_you_mean(word, ACTS_ON)}")
    given = pairs(expects, f"'{name}', expects")
    return tuple((str(quantity), str(expected(text, f"'{name}' expects '{quantity}'"))) for quantity, text in given)


def label_rows(it: Perturbation, rows: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return the labels and all rows of the card of an intervention or a drug."""
    evidence = f" ({it.evidence})" if it.evidence else ""
    authority = {
        "strength": f"{it.strength:g}" if it.strength != 1 else "",
        "expects": ", ".join(f"{quantity} {text}" for quantity, text in pairs(it.expects)),
        "source": f"{it.source}{evidence}" if it.source else "",
        "note": it.note,
    }
    return ", ".join(filter(None, (it.kind, it.direction, it.acts_on))), {**rows, **authority}
