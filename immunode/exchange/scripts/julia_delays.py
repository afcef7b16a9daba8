"""A script of Julia for a model with delays: DelayDiffEq's MethodOfSteps, with its doses as callbacks."""

from __future__ import annotations

from immunode.exchange.scripts.script import Script
from immunode.exchange.scripts.syntax import Syntax, wrapped
from immunode.language.tree import Expression, substitute

_SIGNS = {"add": "+=", "replace": "=", "scale": "*="}


def delay_script(made: Script, syntax: Syntax) -> str:
    """Return the text. The history that a solver gives is called `h`, parameters are a named tuple `p`."""
    rows = {line.name: i for i, line in enumerate((*made.states, *made.switches), start=1)}
    inputs: dict[str, Expression] = {line.name: ("name", f"p.{line.name}") for line in made.parameters}

    def written(expression: Expression) -> str:
        return syntax.write(substitute(expression, inputs))

    lags = ", ".join(written(lag) for lag in made.lags)
    return "\n".join(
        [
            *(f"# {line}" for line in made.heading),
            "using OrdinaryDiffEq, DelayDiffEq",
            "",
            "p = (",
            *(f"    {line.name} = {syntax.write(line.value)},{_said(line.said)}" for line in made.parameters),
            ")",
            "",
            "start(p) = [",
            *(f"    {written(line.value)},{_said(line.said or line.name)}" for line in (*made.states, *made.switches)),
            "]",
            "",
            "function past(p, t; idxs = nothing)  # what was before the start",
            "    u = start(p)",
            *(f"    u[{rows[line.name]}] = {written(line.value)}" for line in made.histories),
            "    return idxs === nothing ? u : u[idxs]",
            "end",
            "",
            "function rates(du, u, h, p, t)",
            *(f"    {name} = u[{row}]" for name, row in rows.items()),
            *(f"    {past.name} = h(p, t - ({written(past.lag)}); idxs = {rows[past.state]})" for past in made.pasts),
            *(f"    {line.name} = {written(line.value)}{_said(line.said)}" for line in made.formulas),
            *(f"    du[{rows[line.name]}] = {written(line.value)}" for line in made.rates),
            *(f"    du[{rows[line.name]}] = 0.0" for line in made.switches),
            "    return nothing",
            "end",
            "",
            f"constant_lags = [{lags}]",
            f"problem = DDEProblem(rates, start(p), past, (0.0, {syntax.number(made.until)}), p; constant_lags)",
            *_callbacks(made, syntax, rows),
            "solution = solve(problem, MethodOfSteps(Tsit5()); callback = CallbackSet(callbacks...), tstops = moments,",
            "    reltol = 1e-6, abstol = 1e-9)",
            "",
        ]
    )


def _said(text: str) -> str:
    return f"  # {text}" if text else ""


def _callbacks(made: Script, syntax: Syntax, rows: dict[str, int]) -> list[str]:
    """Return lines that make `moments`, when doses are given, and `callbacks`, which give them."""
    times: dict[float, list[str]] = {}
    for step in made.steps:
        given = f"u[{rows[step.target]}] {_SIGNS[step.kind]} {syntax.number(step.amount)}"
        times.setdefault(step.time, []).append(given)
    lines = [f"moments = Float64[{wrapped((syntax.number(time) for time in times), '').strip()}]", "callbacks = []"]
    if times:
        lines += [
            "doses = Dict{Float64, Function}(",
            *(f"    {syntax.number(time)} => u -> ({'; '.join(given)})," for time, given in times.items()),
            ")",
            "give!(integrator) = doses[integrator.t](integrator.u)",
            "start!(c, u, t, integrator) = haskey(doses, t) && give!(integrator)",
            "due(u, t, integrator) = haskey(doses, t)",
            "push!(callbacks, DiscreteCallback(due, give!; initialize = start!))",
        ]
    for name, limit in made.extinct:
        lines += [
            f"push!(callbacks, ContinuousCallback((u, t, i) -> u[{rows[name]}] - {syntax.number(limit)}, nothing,",
            f"    i -> (i.u[{rows[name]}] = 0.0)))  # {name} is gone",
        ]
    return lines
