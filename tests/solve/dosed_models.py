"""Random small systems with doses, infusions and windows, as programs and parameter sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from immunode.model import Event, Model, Parameter, Process, State, Switch
from immunode.program.lowering import lower
from immunode.program.numpy.functions import Functions, compile_numpy

Array = NDArray[np.float64]
END = 20.0


@dataclass(frozen=True)
class Dosed:
    """A system with breaks, and `n` sets of its parameters. values : (n_values, n)."""

    functions: Functions
    values: Array


def dosed_model(seed: int, n: int = 12) -> Dosed:
    """Return a system that a seed stands for: 2 to 5 states, 2 to 6 events, times that differ by run."""
    rng = np.random.default_rng(seed)
    n_states = int(rng.integers(2, 6))
    names = [f"x{i}" for i in range(n_states)]
    values = {"k": 0.4, "K": 1.5, "m": float(rng.choice([1.0, 1.7, 2.0])), "g": 1.2}
    processes = [Process(f"loss_{x}", f"{x} ->", f"k*{x}*(1 + 0.3*{i})") for i, x in enumerate(names)]
    for x in names:
        driver = names[int(rng.integers(n_states))]
        rate = str(rng.choice(["g*hill({0}, K, m)", "g/(1 + {0}**2)", "g*exp(-{0})", "0.5*g*(1 + sin(t))*K/(K + {0})"]))
        processes.append(Process(f"gain_{x}", f"-> {x}", rate.format(driver)))
    processes.append(Process("flow", "-> x0", "flow*(1 + window)"))
    events: list[Event] = []
    for i in range(int(rng.integers(2, 7))):
        kind = str(rng.choice(["bolus", "infusion", "window", "wash", "clock", "once"]))
        target = names[int(rng.integers(n_states))]
        first, every, count = f"first{i}", f"every{i}", f"count{i}"
        values |= {first: float(rng.choice([0.0, 1.0, rng.uniform(0, 6)]))}
        values |= {every: float(rng.choice([0.0, 0.5, 1.0, rng.uniform(0.3, 4)])), count: float(rng.integers(0, 14))}
        values |= {f"size{i}": float(rng.uniform(0.2, 2)), f"length{i}": float(rng.uniform(0.05, 0.4))}
        timing = {"at": first, "every": every, "count": count}
        if kind == "bolus":
            events.append(Event(f"e{i}", {target: f"{target} + size{i}"}, **timing))
        elif kind == "wash":
            events.append(Event(f"e{i}", {x: f"{x}*exp(-size{i}/(1 + {names[0]}))" for x in names}, **timing))
        elif kind == "clock":
            events.append(Event(f"e{i}", {target: f"{target} + floor(t/every{i} + 0.5)*0.01"}, **timing))
            values[every] = max(values[every], 0.5)
        elif kind == "once":
            events.append(Event(f"e{i}", {target: f"{target}/2", "window": f"size{i}"}, at=first))
        else:
            switch = "flow" if kind == "infusion" else "window"
            events.append(Event(f"on{i}", {switch: f"{switch} + size{i}"}, **timing))
            ends = f"first{i} + length{i}"
            events.append(Event(f"off{i}", {switch: f"{switch} - size{i}"}, **{**timing, "at": ends}))
    model = Model(
        name=f"dosed{seed}",
        states=[State(x, float(rng.uniform(0.1, 2)), typical=1.0) for x in names],
        parameters=[Parameter(name, value, source="assumed: a test") for name, value in values.items()],
        switches=[Switch("flow"), Switch("window")],
        processes=processes,
        events=events,
    )
    functions = compile_numpy(lower(model))
    table = np.array(functions.program.values)[:, None] * np.exp(rng.uniform(-0.25, 0.25, (len(values), n)))
    for row, name in enumerate(values):
        if name.startswith("count"):
            table[row] = np.round(rng.uniform(0, 2, n) * values[name])
        elif name.startswith(("every", "first")) and rng.random() < 0.5:
            # the same in all runs, so that events of several kinds meet outputs and each other
            table[row] = values[name]
    return Dosed(functions, table)
