"""A function of MATLAB (and of Octave) that solves a model with ode15s, doses and all."""

from __future__ import annotations

from immunode.exchange.scripts.script import Script, write_out
from immunode.exchange.scripts.syntax import Syntax
from immunode.language.tree import Expression, substitute
from immunode.model import Model

_TAKEN = """
    stop break case catch classdef continue else elseif end for function global if otherwise parfor persistent
    return spmd switch try while until do unwind_protect i j pi inf nan eps t y p k dy now moment steps names
    parts row options rates start parameters choose ans
"""

SYNTAX = Syntax(
    choose="choose",
    extinct=True,
    logic=(" && ", " || ", "~"),
    taken=frozenset(_TAKEN.split()),
)


def to_matlab(model: Model, until: float | None = None) -> str:
    """Return the text of a function file, called `[t, y, names] = model()`."""
    made = write_out(model, SYNTAX, until)
    rows = {line.name: i for i, line in enumerate((*made.states, *made.switches), start=1)}
    inputs: dict[str, Expression] = {line.name: ("name", f"p.{line.name}") for line in made.parameters}
    return "\n".join(
        [
            f"function [t, y, names] = {made.name}(stop, p)",
            *(f"% {line}" for line in made.heading),
            f"% [t, y, names] = {made.name}() runs to {made.until:g}; {made.name}(stop, p) with other parameters,",
            f"% p = {made.name}('parameters').",
            "  if nargin > 0 && ischar(stop), t = parameters(); return, end",
            f"  if nargin < 1, stop = {SYNTAX.number(made.until)}; end",
            "  if nargin < 2, p = parameters(); end",
            f"  names = {{{', '.join(repr(name) for name in rows)}}};",
            *_solution(made, rows),
            "end",
            "",
            "function p = parameters()",
            *(
                f"  p.{line.name} = {SYNTAX.write(line.value)};" + (f"  % {line.said}" if line.said else "")
                for line in made.parameters
            ),
            *([] if made.parameters else ["  p = struct();"]),
            "end",
            "",
            "function y = start(p)",
            f"  y = zeros({len(rows)}, 1);",
            *(
                f"  y({rows[line.name]}) = {SYNTAX.write(substitute(line.value, inputs))};"
                + (f"  % {line.name}: {line.said}" if line.said else f"  % {line.name}")
                for line in (*made.states, *made.switches)
            ),
            "end",
            "",
            "function dy = rates(t, y, p)",
            *(f"  {name} = y({row});" for name, row in rows.items()),
            *(
                f"  {line.name} = {SYNTAX.write(substitute(line.value, inputs))};"
                + (f"  % {line.said}" if line.said else "")
                for line in made.formulas
            ),
            f"  dy = zeros({len(rows)}, 1);",
            *(f"  dy({rows[line.name]}) = {SYNTAX.write(substitute(line.value, inputs))};" for line in made.rates),
            "end",
            "",
            *_extinctions(made, rows),
            "function value = choose(condition, yes, no)",
            "  if condition, value = yes; else, value = no; end",
            "end",
            "",
        ]
    )


def _solution(made: Script, rows: dict[str, int]) -> list[str]:
    kinds = {"add": 1, "replace": 2, "scale": 3}
    steps = [
        f"    {SYNTAX.number(s.time)}, {rows[s.target]}, {kinds[s.kind]}, {SYNTAX.number(s.amount)}  % {s.by}"
        for s in made.steps
    ]
    sizes = [*made.sizes, *(1.0 for _ in made.switches)]
    more = ", 'Events', @extinctions" if made.extinct else ""
    more += f", 'MaxStep', {SYNTAX.number(made.model.max_step)}" if made.model.max_step else ""
    gone = [(name, rows[name], SYNTAX.number(limit * (1 + 1e-9))) for name, limit in made.extinct]
    return [
        "  % time, row, what is done (1 added, 2 put in its place, 3 multiplied), amount",
        "  steps = [",
        *steps,
        "  ];",
        "  if isempty(steps), steps = zeros(0, 4); end",
        f"  sizes = [{' '.join(SYNTAX.number(size) for size in sizes)}];",
        f"  options = odeset('RelTol', 1e-6, 'AbsTol', 1e-6*sizes{more});",
        "  now = 0; state = start(p); t = []; y = [];",
        "  moments = unique([steps(:, 1); stop]);",
        "  for moment = moments(moments <= stop)'",
        "    while now < moment",
        # without a slope Octave's solver starts from 0, and gives up where the true one is steep
        "      options = odeset(options, 'InitialSlope', rates(now, state, p));",
        "      [part_t, part_y] = ode15s(@(t, y) rates(t, y, p), [now moment], state, options);",
        "      t = [t; part_t]; y = [y; part_y];",
        "      state = part_y(end, :)'; now = part_t(end);",
        *(f"      if state({row}) < {limit}, state({row}) = 0; end  % {name} is gone" for name, row, limit in gone),
        "    end",
        "    for step = steps(steps(:, 1) == moment, :)'",
        "      row = step(2);",
        "      switch step(3)",
        "        case 1, state(row) = state(row) + step(4);",
        "        case 2, state(row) = step(4);",
        "        case 3, state(row) = state(row)*step(4);",
        "      end",
        "    end",
        "  end",
    ]


def _extinctions(made: Script, rows: dict[str, int]) -> list[str]:
    if not made.extinct:
        return []
    low = "; ".join(f"y({rows[name]}) - {SYNTAX.number(limit)}" for name, limit in made.extinct)
    many = len(made.extinct)
    return [
        "function [value, stops, direction] = extinctions(t, y)",
        f"  value = [{low}]; stops = ones({many}, 1); direction = -ones({many}, 1);",
        "end",
        "",
    ]
