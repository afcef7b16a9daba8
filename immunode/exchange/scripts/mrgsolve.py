"""A script of R that solves a model with mrgsolve, with its doses as a data set."""

from __future__ import annotations

from immunode.errors import ModelError
from immunode.exchange.scripts.r_tables import r_events
from immunode.exchange.scripts.script import Line, write_out
from immunode.exchange.scripts.syntax import Syntax
from immunode.model import Model

_TAKEN = """
    SOLVERTIME TIME NEWIND EVID CMT AMT RATE ID DV ETA EPS THETA self mrg pi choose auto bool break case char
    class const continue default delete do double else enum extern float for friend goto if inline int long
    namespace new operator private protected public register return short signed sizeof static struct switch
    template this throw try typedef union unsigned using virtual void volatile while and or not xor true false
    exp log sqrt pow y t F R D ALAG _F _R _D _ALAG y0 y1 j0 j1 jn yn gamma
"""

SYNTAX = Syntax(
    power="",
    choose="choose",
    names={"abs": "fabs", "min": "fmin", "max": "fmax"},
    time="SOLVERTIME",
    decimal=True,
    # what a compartment's initial value, rate, available fraction, lag, and modeled rate and duration are called
    reserved=("{}_0", "dxdt_{}", "F_{}", "ALAG_{}", "R_{}", "D_{}"),
    taken=frozenset(_TAKEN.split()),
)


def to_mrgsolve(model: Model, until: float | None = None) -> str:
    """Return the text of the script. Switches of a model are compartments that only doses change.

    Raises
    ------
    ModelError : an intervention multiplies a state, for which mrgsolve has no record.
    """
    made = write_out(model, SYNTAX, until)
    for step in made.steps:
        if step.kind == "scale":
            raise ModelError(f"{model.name}: '{step.by}' multiplies '{step.target}', which mrgsolve has no record for")
    all_states = (*made.states, *made.switches)
    shown = " ".join(line.name for line in made.formulas)
    return "\n".join(
        [
            *(f"# {line}" for line in made.heading),
            "library(mrgsolve)",
            "",
            "code <- '",
            "$GLOBAL",
            "inline double choose(bool condition, double yes, double no) { return condition ? yes : no; }",
            "",
            "$PARAM @annotated",
            *(f"{line.name} : {SYNTAX.write(line.value)} : {_text(line)}" for line in made.parameters),
            "",
            "$CMT @annotated",
            *(f"{line.name} : {_text(line)}" for line in all_states),
            "",
            "$MAIN",
            *(f"{line.name}_0 = {SYNTAX.write(line.value)};" for line in all_states),
            "",
            "$ODE",
            *(f"double {line.name} = {SYNTAX.write(line.value)};  // {_text(line)}" for line in made.formulas),
            *(f"dxdt_{line.name} = {SYNTAX.write(line.value)};" for line in made.rates),
            *(f"dxdt_{line.name} = 0.0;" for line in made.switches),
            "",
            *([f"$CAPTURE {shown}"] if shown else []),
            "'",
            "",
            f'{made.name} <- mcode("{made.name}", code)',
            *r_events(made, {"add": 1, "replace": 8, "scale": -1}),
            "events$cmt <- ifelse(is.na(events$cmt), 0, match(events$cmt, cmtn_names <- names(init("
            + made.name
            + "))))",
            f"out <- mrgsim_d({made.name}, events)",
            "plot(out)",
            "",
        ]
    )


def _text(line: Line) -> str:
    """Return what is said of a line without signs that would end the text around it."""
    return line.said.replace("'", "").replace('"', "").replace(":", ";").replace("\\", "/") or line.name
