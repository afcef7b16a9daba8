"""The steps of all lanes written on a tape, one vector a row; see `tape` for what an entry holds."""

from __future__ import annotations

import math

from immunode.program.llvm.text import Value
from immunode.solve.compiled.eighth_order import STEPS
from immunode.solve.compiled.steps import Step
from immunode.solve.compiled.watch.search import bernstein, cut_short
from immunode.solve.compiled.workspace import KernelFunction, Workspace
from immunode.solve.tape import HEAD, PER_STATE


def tape(workspace: Workspace, external: set[str]) -> str:
    """Return `tape`: the steps that end at the row `t_new` are written down, before they are accepted."""
    f = KernelFunction(workspace, "tape", external=external)
    h = f.get("h_tried")
    step = STEPS[workspace.method](f)
    step.look_back(h)
    write_entry(f, step, h)
    return f.text(attributes="nounwind noinline")


def write_entry(f: KernelFunction, step: Step, h: Value) -> None:
    """Write one entry: the states that are watched, or all of a system whose step lies in registers."""
    code, width = f.code, f.workspace.width
    taped, apart = f.given("taped"), f.given("tape_end") * width
    entry = code.address(f.given("tape"), taped * width)
    f.give_back(taped + 1, "taped")
    t, t_new = f.get("t"), f.get("t_new")
    good = code.compare("ogt", t_new, -math.inf)
    # switches turn inside the kernel: a step has the parameters of the log's entry before it
    column = "column" if f.workspace.turns else "run"
    code.store(code.select(good, f.get("run", kind="i"), -1), entry)
    code.store(t, code.address(entry, apart))
    code.store(t_new - t, code.address(entry, apart * 2))
    code.store(code.select(good, f.get(column, kind="i"), -1), code.address(entry, apart * 3))
    if f.workspace.small:
        for row in range(f.workspace.n):
            _write_state(f, step, row, h, code.address(entry, apart * (HEAD + PER_STATE * row)), apart)
        return
    with code.count_to(f.given("n_watch")) as i:
        s = code.load("l", code.address(f.given("watch"), i, "i64"))
        _write_state(f, step, s, h, code.address(entry, apart * (i * PER_STATE + HEAD)), apart)


def _write_state(f: KernelFunction, step: Step, s: int | Value, h: Value, where: Value, apart: Value) -> None:
    """Write the Bernstein coefficients of a state in the step, and the largest and smallest; rows lie `apart`."""
    code = f.code
    rows = bernstein(step, step.inside(s, h), s)
    if f.workspace.program.triggers:
        rows = cut_short(f, rows, s)
    highest = lowest = rows[0]
    for row in rows[1:]:
        highest = code.select(code.compare("ogt", row, highest), row, highest)
        lowest = code.select(code.compare("olt", row, lowest), row, lowest)
    for k, row in enumerate([*rows, highest, lowest]):
        code.store(row, code.address(where, apart * k))
