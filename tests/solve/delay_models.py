"""Random delay equations: Hill terms, conditions, doses, switches and histories, with lags from short to long."""

from __future__ import annotations

import numpy as np

from immunode.model import Event, Model, Parameter, Process, State, Switch
from immunode.program.lowering import lower
from immunode.program.numpy.functions import Functions, compile_numpy


def random_delay_system(seed: int, watched: bool = False) -> Functions:
    """Return a system of two to four states, each of which looks back at some, and often itself.

    watched : whether events fire on states as well, now and delayed, some of them later than their condition.
    """
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
    if watched:
        events += _watched(rng, names)
    model = Model(
        name=f"random_delays_{seed}{'_watched' if watched else ''}",
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


def _watched(rng: np.random.Generator, names: list[str]) -> list[Event]:
    first, last, level = names[0], names[-1], f"{rng.uniform(0.6, 1.4):.3f}"
    return [
        Event("halve", {first: f"{first}*0.5 + 0.1"}, when=f"{first} > {level}"),
        Event("seen", {last: f"{last} + 0.4", "u": "1 - u"}, when=f"delay({last}, tau) < {rng.uniform(0.5, 1):.3f}"),
        Event("late", {last: f"{last}*0.8"}, when=f"delay({first} + {last}, far) > 1.5", delay="tau/3"),
    ]
