"""Doses and times to look at as data frames of R, in the columns that rxode2 and mrgsolve share."""

from __future__ import annotations

from immunode.exchange.scripts.script import Script
from immunode.exchange.scripts.syntax import wrapped
from immunode.language.tree import number_text


def r_events(made: Script, codes: dict[str, int]) -> list[str]:
    """Return lines of R that make `events`, a table of doses and of 401 times to look at. codes : kind -> evid."""
    last = number_text(made.until)
    look = f"data.frame(id = 1, time = seq(0, {last}, length.out = 401), cmt = NA, evid = 0, amt = 0)"
    if not made.steps:
        return [f"events <- {look}"]
    columns = {
        "time": [number_text(step.time) for step in made.steps],
        "cmt": [f'"{step.target}"' for step in made.steps],
        "evid": [str(codes[step.kind]) for step in made.steps],
        "amt": [number_text(step.amount) for step in made.steps],
    }
    table = ",\n".join(f"  {name} = c(\n{wrapped(values, '    ')})" for name, values in columns.items())
    return [
        f"# evid: {codes['add']} is added, {codes['replace']} is put in its place",
        f"doses <- data.frame(id = 1,\n{table})",
        f"events <- rbind(doses, {look})",
        "events <- events[order(events$time, events$evid == 0), ]",
    ]
