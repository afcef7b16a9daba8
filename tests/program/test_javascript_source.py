"""A Program as JavaScript gives the numbers of the same Program as NumPy source."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import numpy as np
import pytest

import immunode as im
from immunode.program.javascript import javascript_source
from immunode.program.numpy.functions import compile_numpy
from immunode.program.program import Program
from tests.clock import PATIENCE

UNARY = ("exp", "log", "sqrt", "abs", "tanh", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "floor",
         "ceil", "neg", "not")  # fmt: skip
BINARY = ("add", "sub", "mul", "div", "pow", "min", "max", "less", "less_equal", "equal", "and", "or")

SCRIPT = """
const found = JOBS.map(({ values, factors, t }) => {
  const p = new Float64Array(P.parameters), y = new Float64Array(P.states), c = new Float64Array(P.prepared);
  values.forEach((v, i) => { p[i] = v; });
  P.switches(p); P.initial(p, y);
  factors.forEach((f, i) => { y[i] = f * (Math.abs(y[i]) + 0.1); });
  P.prepare(p, c);
  const made = (n, f) => { const out = new Float64Array(n); f(out); return Array.from(out); };
  const events = P.apply.map((f) => { const z = y.slice(), q = p.slice(); f(t, z, q); return [...z, ...q]; });
  return { p: Array.from(p), y: Array.from(y), rhs: made(P.states, (o) => P.rhs(t, y, c, o)),
    jacobian: made(P.jacobianRows.length, (o) => P.jacobian(t, y, c, o)),
    time: P.timeDerivative ? made(P.states, (o) => P.timeDerivative(t, y, c, o)) : [],
    observe: made(P.fluxes + P.derived, (o) => P.observe(t, y, p, o)), events,
    schedule: made(3 * P.breaks, (o) => P.schedule(p, o)),
    requirements: made(P.conditions, (o) => P.requirements(p, o)) };
});
console.log(JSON.stringify(found));"""


def in_node(program: Program, jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not there")
    text = f"'use strict'; const P = {javascript_source(program)}; const JOBS = {json.dumps(jobs)};{SCRIPT}"
    done = subprocess.run([node, "-"], input=text, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr[-2000:]
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", ["baker2013", "karin2020", "miyano2022", "hancioglu2007"])
def test_all_functions_agree_with_numpy_at_random_states(name: str) -> None:
    model = im.load_model(name)
    composed = im.perturb(model, *(it.name for it in model.interventions[:6] if it.name not in _CLASHING.get(name, ())))
    program = im.lower(composed)
    functions, rng = compile_numpy(program), np.random.default_rng(0)
    jobs = [
        {
            "values": (np.array(program.values) * rng.uniform(0.8, 1.2, len(program.values))).tolist(),
            "factors": rng.uniform(0.5, 2.0, len(program.states)).tolist(),
            "t": float(rng.uniform(0, model.horizon)),
        }
        for _ in range(4)
    ]
    for job, one in zip(jobs, in_node(program, jobs), strict=True):
        p = functions.parameters(np.array(job["values"])[:, None])
        y = np.array(job["factors"])[:, None] * (np.abs(functions.initial(p)) + 0.1)
        c = functions.prepare(p)
        expected = {
            "p": p,
            "y": y,
            "rhs": functions.rhs(job["t"], y, c),
            "jacobian": functions.jacobian(job["t"], y, c),
            "observe": functions.observe(job["t"], y, p),
            "schedule": np.stack(functions.break_times(p), axis=1).reshape(-1, 1),
            "requirements": functions.requirements(p).astype(float),
        }
        if functions.time_derivative is not None:
            expected["time"] = functions.time_derivative(job["t"], y, c)
        for what, array in expected.items():
            # sums are taken in one order in both; functions such as exp may differ in the last bits
            scale = 1e-12 * np.max(np.abs(array), initial=0.0)
            np.testing.assert_allclose(one[what], array[:, 0], rtol=1e-10, atol=scale, err_msg=what)
        for i, row in enumerate(one["events"]):
            after, rows = y.copy(), p.copy()
            functions.apply(i, job["t"], after, rows)
            np.testing.assert_allclose(row, np.concatenate([after, rows])[:, 0], rtol=1e-12)


_CLASHING = {
    "karin2020": ("chronic_stress",),
    "miyano2022": ("lebrikizumab", "tralokinumab", "il13_il22"),
}
"""Interventions that set what another one of the first six sets."""


def test_every_operation_gives_the_number_of_numpy() -> None:
    """One program whose derived quantities are each operation once, looked at for several arguments."""
    nodes: list[tuple[object, ...]] = [("parameter", 0), ("parameter", 1), ("number", -2.5), ("state", 0), ("time",)]
    nodes += [(kind, 0) for kind in UNARY] + [(kind, 0, 1) for kind in BINARY]
    nodes += [("where", 0, 1, 2), ("sub", 2, 2), ("neg", 2), ("mul", 3, 4)]
    first = 5
    derived = tuple((f"q{i}", i) for i in range(first, len(nodes)))
    program = Program(
        name="operations", time_unit="", states=("y",), parameters=("a", "b"), values=(0.5, 0.25), switches=(),
        nodes=tuple(nodes), initial=(1,), switch_initial=(), derivatives=(0,), jacobian=(), time_derivative=(),
        fluxes=(), derived=derived, breaks=(), triggers=(), requirements=(), typical=(0.0,),
    )  # fmt: skip
    pairs = [(0.5, 0.25), (0.25, 0.5), (0.0, 1.0), (1.0, 0.0), (-0.5, 2.0), (0.75, 0.75)]
    jobs = [{"values": list(pair), "factors": [1.0], "t": 3.0} for pair in pairs]
    functions = compile_numpy(program)
    for pair, one in zip(pairs, in_node(program, jobs), strict=True):
        p = np.array(pair)[:, None]
        with np.errstate(all="ignore"):
            expected = functions.observe(3.0, np.array([[pair[1] + 0.1]]), p)[:, 0]
        found = np.array([np.nan if v is None else v for v in one["observe"]])
        # JSON has no infinity: it comes back as null, like NaN
        np.testing.assert_allclose(found, np.where(np.isfinite(expected), expected, np.nan), rtol=1e-14)


def test_no_word_of_a_model_gets_into_the_text() -> None:
    model = im.Model(
        name="words", time_unit="",
        states=[im.State("alertwindow", 1.0, source="assumed: for a test")],
        parameters=[im.Parameter("constructor", 1.0, source="assumed: for a test")],
        processes=[im.Process("prototype", "alertwindow ->", "constructor*alertwindow")],
    )  # fmt: skip
    text = javascript_source(im.lower(model))
    assert not any(word in text for word in ("alertwindow", "constructor", "prototype", "words"))
