"""A script of Julia that solves a model with ModelingToolkit, with its doses as callbacks."""

from __future__ import annotations

from immunode.exchange.scripts.julia_delays import delay_script
from immunode.exchange.scripts.script import Script, write_out
from immunode.exchange.scripts.syntax import Syntax, wrapped
from immunode.model import Model

_TAKEN = """
    t D begin end if else elseif for while function return true false let do module using import export const
    global local macro quote struct try catch finally baremodule abstract mutable primitive type where in isa
    ifelse size length rate first last sum time exp log sqrt abs min max pi im eps steps problem solution system
    equations callbacks doses start past rates u h p du
"""

SYNTAX = Syntax(
    logic=(" & ", " | ", "!"),
    decimal=True,
    extinct=True,
    taken=frozenset(_TAKEN.split()),
)


def to_julia(model: Model, until: float | None = None) -> str:
    """Return the text of the script. Switches of a model are unknowns that only callbacks change.

    A model with delays is written as a function of Julia, without ModelingToolkit, for DelayDiffEq's MethodOfSteps.
    """
    made = write_out(model, SYNTAX, until)
    if made.pasts:
        return delay_script(made, SYNTAX)
    states = (*made.states, *made.switches)
    return "\n".join(
        [
            *(f"# {line}" for line in made.heading),
            "using ModelingToolkit, OrdinaryDiffEq",
            "using ModelingToolkit: t_nounits as t, D_nounits as D",
            "",
            "@parameters begin",
            *(f"    {line.name} = {SYNTAX.write(line.value)}{_said(line.said)}" for line in made.parameters),
            "end",
            "@variables begin",
            *(f"    {line.name}(t) = {SYNTAX.write(line.value)}{_said(line.said)}" for line in states),
            *(f"    {line.name}(t){_said(line.said)}" for line in made.formulas),
            "end",
            "equations = [",
            *(f"    {line.name} ~ {SYNTAX.write(line.value)}," for line in made.formulas),
            *(f"    D({line.name}) ~ {SYNTAX.write(line.value)}," for line in made.rates),
            *(f"    D({line.name}) ~ 0.0," for line in made.switches),
            "]",
            "@mtkbuild system = ODESystem(equations, t)",
            f"problem = ODEProblem(system, [], (0.0, {SYNTAX.number(made.until)}))",
            "",
            *_callbacks(made),
            "solution = solve(problem, Rodas5P(); callback = CallbackSet(callbacks...), reltol = 1e-6)",
            "",
        ]
    )


def _said(text: str) -> str:
    return f"  # {text}" if text else ""


def _callbacks(made: Script) -> list[str]:
    lines = ["callbacks = []"]
    targets = list(dict.fromkeys(step.target for step in made.steps))
    signs = {"add": "+=", "replace": "=", "scale": "*="}
    for target in targets:
        for kind in ("replace", "scale", "add"):
            own = [step for step in made.steps if step.target == target and step.kind == kind]
            if own:
                amounts: dict[float, float] = {}
                for step in own:  # two doses at one time are one
                    before = amounts.get(step.time, {"add": 0.0, "scale": 1.0, "replace": 0.0}[kind])
                    joined = {"add": before + step.amount, "scale": before * step.amount, "replace": step.amount}
                    amounts[step.time] = joined[kind]
                table = wrapped((f"{SYNTAX.number(t)} => {SYNTAX.number(a)}" for t, a in amounts.items()), "    ")
                lines += [
                    f"let doses = Dict(\n{table})",
                    f"    change!(integrator) = (integrator[system.{target}] {signs[kind]} doses[integrator.t])",
                    "    start!(c, u, t, integrator) = haskey(doses, t) && change!(integrator)",
                    "    at(u, t, integrator) = haskey(doses, t)",
                    "    push!(callbacks, DiscreteCallback(at, change!; initialize = start!))",
                    "end",
                ]
    if made.steps:
        times = ", ".join(SYNTAX.number(time) for time in sorted({step.time for step in made.steps}))
        lines += [f"problem = remake(problem; tstops = [{times}])"]
    for name, limit in made.extinct:
        lines += [
            f"push!(callbacks, ContinuousCallback((u, t, i) -> i[system.{name}] - {SYNTAX.number(limit)}, nothing,",
            f"    i -> (i[system.{name}] = 0.0)))  # {name} is gone",
        ]
    return lines
