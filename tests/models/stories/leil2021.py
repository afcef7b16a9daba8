"""The story of leil2021, as numbers."""

from __future__ import annotations

from stories import Arms, at


def holds(arms: Arms) -> bool:
    """At week 52; the slowest is the one that has reached the smallest part of its year's effect by week 12."""
    falls = {name: run["das28"][0] - run.final("das28") for name, run in arms.items()}
    drugs = [name for name in arms if name != "placebo"]
    early = {name: at(arms[name], "effect", 12) / arms[name].final("effect") for name in drugs}
    return (
        len(drugs) == 7
        and max(drugs, key=lambda name: falls[name]) == "tocilizumab"
        and min(early, key=lambda name: early[name]) == "rituximab"
        and round(falls["placebo"], 1) == 1.3
        and round(min(falls[name] for name in drugs), 1) == 2.2
        and round(falls["tocilizumab"], 1) == 3.5
    )
