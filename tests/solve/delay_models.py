"""Random delay equations: Hill terms, conditions, doses, switches and histories, with lags from short to long."""

from __future__ import annotations

import numpy as np

from immunode.model import Event, Model, Parameter, Process, State, Switch
from immunode.program.lowering import lower
from immunode.program.numpy.functions import Functions, compile_numpy


def random_delay_system(seed: int) -> Functions:
    """Return a system of two to four states, each of which looks back at some, and often itself."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 5))
    names = [f"x{i}" for i in range(n)]
    parameters = [
        Parameter("a", float(rng.uniform(0.5, 2.0))),
        Parameter("tau", float(rng.uniform(0.2, 1.5))),
        Parameter("far", float(rng.uniform(2.0, 6.0))),
    ]
    lags = ["tau", "far", "tau + 0.3", "2.3*tau", "0.7"]
    states = [
        State(name, float(rng.uniform(0.2, 2.0)), typical=1.0, history=_history(rng) if rng.random() < 0.4 else "")
        for name in names
    ]
    processes = []
    for i, name in enumerate(names):
        one, other = rng.choice(names, 2)
        lag = rng.choice(lags)
        made = [
            f"a*hill(delay({one}, {lag}), {rng.uniform(0.3, 1.5):.3f}, {rng.choice([1.0, 2.0, 3.7])})",
            f"a*exp(-delay({one}*{other}, {lag}))",
            f"piecewise(a, t > {rng.uniform(1, 4):.3f}, 0.2*a)*delay({one}, {lag})/(1 + delay({other}, tau)**2)",
            f"a*delay({one}/(1 + {other} + 0.1*t), {lag})*(0.5 + 0.5*u)",
        ]
        lost = [f"0.8*{name}", f"0.3*{name}*(1 + delay({name}, {rng.choice(lags)}))", f"{name}*{other}/(1 + {other})"]
        processes.append(Process(f"make_{i}", f"-> {name}", made[int(rng.integers(len(made)))]))
        processes.append(Process(f"lose_{i}", f"{name} ->", lost[int(rng.integers(len(lost)))]))
    events = []
    if rng.random() < 0.7:
        events.append(Event("dose", {names[0]: f"{names[0]} + 0.5"}, at=0.4, every=float(rng.uniform(0.5, 3)), count=4))
    if rng.random() < 0.7:
        events.append(Event("turn", {"u": "1 - u"}, at=1.1, every=2.3, count=3))
    model = Model(
        name=f"random_delays_{seed}",
        states=states,
        parameters=parameters,
        processes=processes,
        switches=[Switch("u", 1.0)],
        events=events,
    )
    return compile_numpy(lower(model))


def _history(rng: np.random.Generator) -> str:
    level = f"{rng.uniform(0.3, 1.5):.3f}"
    forms = [f"{level} + 0.3*sin(a*t)", f"{level}*exp(0.2*t)", f"{level}/(1 + t*t)"]
    return forms[int(rng.integers(len(forms)))]
