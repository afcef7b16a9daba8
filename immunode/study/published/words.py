"""What the circles on a figure are, for its note."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from immunode.study.published.results import Published

MOST = 2
"""Trials that are named with their source in the note of a figure; of more there is room for so many names."""
LONGEST = 45
"""Letters of a source that is named."""
_SOURCE_END = re.compile(r"; | \(|: ")


def published_words(found: Iterable[Published]) -> str:
    """Return what circles on a figure are, for its note: "circles: published means (MENSA, doi:...)"."""
    listed = list(found)
    if not listed:
        return ""
    kinds = " and ".join(dict.fromkeys(f"{one.result.statistic}s" for one in listed))
    remarks = [
        *_named(listed),
        _how_many([one.result.seen == "memory" for one in listed], "from memory"),
        _how_many([one.result.used for one in listed], "used to make the model"),
        "as changes from the start of the curve" if any(one.change for one in listed) else "",
    ]
    words = f"circles: published {kinds} ({', '.join(filter(None, remarks))})"
    intervals = [one for one in listed if np.isfinite(one.interval[0])]
    ours = " (exact, of their patients)" if all(one.result.interval is None for one in intervals) else ""
    return f"{words} with 95 % intervals{ours}" if intervals else words


def _named(listed: Sequence[Published]) -> list[str]:
    """Return the trials by name; of one or two with the source, of many the first ones."""
    trials = {one.trial.name: one.trial.doi for one in listed}
    if len(trials) > MOST:
        more = len(trials) - MOST
        return [*list(trials)[:MOST], f"{more} more" if more > 1 else list(trials)[-1]]
    sources = [_SOURCE_END.split(source)[0] for source in trials.values()]
    return [
        f"{name}, {source}"
        if 0 < len(source) <= LONGEST and not re.search(f"memory|{re.escape(name)}", source)
        else name
        for name, source in zip(trials, sources, strict=True)
    ]


def _how_many(holds: Sequence[bool], remark: str) -> str:
    return "" if not any(holds) else remark if all(holds) else f"partly {remark}"
