"""A script of R that solves a model with rxode2 (the language of nlmixr2), with its doses as an event table."""

from __future__ import annotations

from immunode.exchange.scripts.r_tables import r_events
from immunode.exchange.scripts.script import Script, write_out
from immunode.exchange.scripts.syntax import Syntax
from immunode.model import Model

_TAKEN = """
    t time tlast if else for while repeat function next break TRUE FALSE NULL NA Inf NaN in c T F pi lag lead
    first last diff rate dur alag f podo tad amt evid cmt id ifelse exp log sqrt abs min max print ID CMT AMT
    RATE EVID DV TIME II SS ADDL delay past
"""

SYNTAX = Syntax(
    names={"abs": "abs", "min": "min", "max": "max", "ceil": "ceil"},
    taken=frozenset(_TAKEN.split()),
)


def to_rxode2(model: Model, until: float | None = None) -> str:
    """Return the text of the script. Switches of a model are compartments that only doses change."""
    made = write_out(model, SYNTAX, until)
    lines = [f"{line.name}(0) = {SYNTAX.write(line.value)};" for line in (*made.states, *made.switches)]
    lines += [f"{past.name} = delay({past.state}, {SYNTAX.write(past.lag)});" for past in made.pasts]
    lines += [f"{line.name} = {SYNTAX.write(line.value)};{_said(line.said)}" for line in made.formulas]
    lines += [f"d/dt({line.name}) = {SYNTAX.write(line.value)};" for line in made.rates]
    lines += [f"d/dt({line.name}) = 0;{_said(line.said)}" for line in made.switches]
    histories = {line.name: SYNTAX.write(line.value) for line in made.histories}
    lines += [
        f"past({past.state}, {SYNTAX.write(past.lag)}) = {histories[past.state]};"
        for past in made.pasts
        if past.state in histories
    ]
    return "\n".join(
        [
            *(f"# {line}" for line in made.heading),
            "library(rxode2)",
            "",
            f'{made.name} <- rxode2("',
            *(f"  {line}" for line in lines),
            '")',
            "",
            "parameters <- c(",
            *_numbers(made),
            ")",
            "",
            *r_events(made, {"add": 1, "replace": 5, "scale": 6}),
            f"out <- rxSolve({made.name}, parameters, events)",
            f"plot(out, {', '.join(line.name for line in made.states[:4])})",
            "",
        ]
    )


def _said(text: str) -> str:
    # a quotation mark would end the text that R is given
    return "  # " + text.replace('"', "'").replace("\\", "/") if text else ""


def _numbers(made: Script) -> list[str]:
    last = len(made.parameters) - 1
    return [
        f"  {line.name} = {SYNTAX.write(line.value)}{',' if i < last else ''}{_said(line.said)}"
        for i, line in enumerate(made.parameters)
    ]
