"""The fastest peers: heyoka (Taylor series in SIMD lanes) for work A, pydiffsol (BDF, JIT) for both.

`python tests/benchmarks/best_peers.py [A|B ...] [--repeats N]` prints time a run and error, interleaved, one core, at
several tolerances, with all outputs and the end alone. Both peers have wheels: `pip install heyoka pydiffsol`.
"""

# ruff: noqa: E402 (threads are limited before NumPy is loaded, and the checkout is put on the path before immunode)
from __future__ import annotations

import argparse
import inspect
import os
import re
import sys
import time
from dataclasses import replace
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[variable] = "1"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).parent)]

import peers
from sweep import ours

from models import WORKS, Work

TOLERANCES = {"A": (1e-6, 1e-7, 1e-9, 1e-10, 1e-12), "B": (1e-6, 1e-8, 1e-10, 1e-11, 1e-12, 1e-13)}
LOOSER = {"A": (1e-5,), "B": (1e-4, 1e-5)}
"""At which only ours is measured, for its errors are smaller than a peer's at the same tolerance."""
SETS = {"A": 8000, "B": 512}
PEER_SETS = {"heyoka": {"A": 2000}, "pydiffsol": {"A": 100, "B": 16}}
OURS = "immunode compiled"


def heyoka(work: Work) -> peers.Run:
    """Heyoka's batch integrator for work A; as many lanes as the processor has."""
    hy = peers._untyped("heyoka")
    x, y = hy.make_vars("x", "y")
    s, r, eta, mu, d, a, b = (hy.par[i] for i in range(7))
    system = [
        (x, s + r * x * y / (eta + y) - mu * x * y - d * x),
        (y, a * y * (1.0 - b * y) - x * y),
    ]
    lanes, start, made = hy.recommended_simd_size(), peers.start(work), {}

    def run(values: peers.Array, rtol: float, atol: float) -> peers.Array:
        if rtol not in made:
            first = np.repeat(start[:, None], lanes, axis=1)
            made[rtol] = hy.taylor_adaptive_batch(system, first, tol=rtol, pars=np.ones((7, lanes)))
        solver, n = made[rtol], values.shape[1]
        out = np.empty((len(work.times), len(start), n))
        for k in range(0, n, lanes):
            some = np.minimum(np.arange(k, k + lanes), n - 1)
            solver.set_time(0.0)
            solver.state[:] = start[:, None]
            solver.pars[:] = values[:, some]
            if len(work.times) == 1:
                solver.propagate_until(float(work.times[0]))
                found = solver.state[None].copy()
            else:
                found = solver.propagate_grid(np.repeat(work.times[:, None], lanes, axis=1))[-1]
            out[:, :, k : k + lanes] = found[:, :, : min(lanes, n - k)]
        return out

    return run


def diffsl(work: Work) -> str:
    """Return the equations of a work in the language of pydiffsol, from the text that the other peers are given."""
    text = inspect.getsource(peers.EQUATIONS[work.key])
    states, names = [s.name for s in work.model.states], [p.name for p in work.model.parameters]
    text = text.replace("**", "^")
    local = [m for m in re.findall(r"^    (\w+) = (.+)$", text, flags=re.M) if m[1] not in ("p", "y")]
    slopes = re.findall(r"^    dy\[\d+\] = (.+)$", text, flags=re.M)
    places = {f"y[{i}]": name for i, name in enumerate(states)}

    def plain(line: str) -> str:
        for place, name in places.items():
            line = line.replace(place, name)
        # the language's names have no capitals in common with its own; powers of pairs are a function of it
        line = re.sub(r"\((\w+) / (\w+)\) \^ (\w+)", r"pow(\1 / \2, \3)", line)
        line = re.sub(r"(?<![\w.])(\d+)(?![\w.])", r"\1.0", line)
        return re.sub(r"\b(?!pow\b)([A-Za-z]\w*)\b", r"q\1", line)

    initial = ",\n".join(f"  q{s.name} = {float(s.initial)!r}" for s in work.model.states)
    inputs = ", ".join(f"q{p.name} = {p.value!r}" for p in work.model.parameters)
    lines = [f"in_i {{ {inputs} }}", f"u_i {{\n{initial}\n}}"]
    lines += [f"q{name} {{ {plain(value)} }}" for name, value in local if name not in names]
    lines.append("F_i {\n" + ",\n".join(f"  {plain(slope)}" for slope in slopes) + "\n}")
    return "\n".join(lines) + "\n"


def pydiffsol(work: Work) -> peers.Run:
    """The BDF of diffsol with a dense Jacobian by automatic differentiation."""
    tool = peers._untyped("pydiffsol")
    ode = tool.Ode(diffsl(work), matrix_type=tool.nalgebra_dense, ode_solver=tool.bdf)
    # one time is returned as the start and the end
    times = work.times if len(work.times) > 1 else np.array([0.0, *work.times])

    def run(values: peers.Array, rtol: float, atol: float) -> peers.Array:
        ode.rtol, ode.atol = rtol, atol
        out = np.full((len(work.times), len(work.model.states), values.shape[1]), np.nan)
        for k in range(values.shape[1]):
            out[:, :, k] = ode.solve_dense(np.ascontiguousarray(values[:, k]), times).ys.T[-len(work.times) :]
        return out

    return run


PEERS = {"heyoka": ("A", heyoka), "pydiffsol": ("AB", pydiffsol)}


def measure(work: Work, repeats: int) -> None:
    """Print a table of one work: median microseconds a run of CPU, the 99th percentile of the error, and the ratio.

    The ratio is a peer's time over ours at the peer's error, between the tolerances measured.
    """
    values = work.values(SETS[work.key])
    tools = {OURS: (ours("compiled")(work), SETS[work.key])}
    for name, (works, make) in PEERS.items():
        if work.key in works and peers.installed(name):
            tools[name] = make(work), PEER_SETS[name][work.key]
    method, rtol = ("DOP853", 3e-14) if work.key == "A" else ("Radau", 1e-13)
    some = values[:, : 48 if work.key == "A" else 8]
    expected = peers.solve_ivp(work, method)(some, rtol, rtol * 1e-2)
    taken: dict[str, list[float]] = {name: [] for name in tools}
    errors: dict[str, list[float]] = {name: [] for name in tools}
    for rtol in (*LOOSER[work.key], *TOLERANCES[work.key]):
        now = {name: tool for name, tool in tools.items() if name == OURS or rtol in TOLERANCES[work.key]}
        found: dict[str, list[float]] = {name: [] for name in now}
        for _ in range(repeats):
            for name, (run, n) in now.items():
                begun = time.process_time()
                run(values[:, :n], rtol, rtol * 1e-3)
                found[name].append((time.process_time() - begun) / n * 1e6)
        for name, (run, _) in now.items():
            off = np.abs(run(some, rtol, rtol * 1e-3) - expected) / (1e-3 + np.abs(expected))
            taken[name].append(float(np.median(found[name])))
            errors[name].append(float(np.percentile(off.max(axis=(0, 1)), 99)))
    order = np.argsort(errors[OURS])
    for name in tools:
        rtols = TOLERANCES[work.key] if name != OURS else (*LOOSER[work.key], *TOLERANCES[work.key])
        for rtol, cost, error in zip(rtols, taken[name], errors[name], strict=True):
            at = np.interp(np.log(error), np.log(errors[OURS])[order], np.log(taken[OURS])[order])
            line = f"{work.key} {len(work.times):>4} outputs  rtol {rtol:.0e}  {name:<18} {cost:>9.2f} us"
            print(f"{line}   error p99 {error:.1e}   {cost / np.exp(at):>5.1f}x", flush=True)


def main() -> None:
    """Measure both works."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("works", nargs="*", metavar="A|B")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    for key in options.works or WORKS:
        work = WORKS[key]()
        measure(work, options.repeats)
        measure(replace(work, times=work.times[-1:]), options.repeats)


if __name__ == "__main__":
    main()
