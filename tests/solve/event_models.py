"""Random systems with events of all kinds: thresholds, delays, priorities, cascades, doses, switches."""

from __future__ import annotations

import numpy as np

from immunode.model import Event, Model, Parameter, Process, State, Switch
from immunode.program.lowering import lower
from immunode.program.numpy.functions import Functions, compile_numpy


def random_system(seed: int, delays: bool = True, doses: bool = False) -> Functions:
    """Return a system of two to four states that rise and fall, with one to four events on them.

    delays : whether some events come later than they are decided.
    doses : whether there are many timed events beside them, some at one time.
    """
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 5))
    names = [f"x{i}" for i in range(n)]
    parameters = [Parameter("a", float(rng.uniform(0.5, 2.0))), Parameter("w", float(rng.uniform(0.5, 1.5)))]
    states = [State(name, float(rng.uniform(0.2, 2.0)), typical=1.0) for name in names]
    processes = []
    for i, name in enumerate(names):
        other = names[(i + 1) % n]
        k = [
            f"a*hill({other}, {rng.uniform(0.5, 2):.3f}, {rng.choice([1.0, 2.0, 2.5])}) - 0.3*{name}",
            f"0.5*cos(w*t) - 0.2*{name} + 0.1*{other}",
            f"a*(1 + u) - 0.7*{name}*{other}/(1 + {other})",
            f"piecewise(0.4, u > 0.5, -0.3*{name}) + 0.2*exp(-{other}**2)",
        ]
        processes.append(Process(f"change_{i}", f"-> {name}", k[int(rng.integers(len(k)))]))
    events = [_event(rng, names, k, delays) for k in range(int(rng.integers(1, 5)))]
    if rng.random() < 0.5:
        events.append(Event("dose", {names[0]: f"{names[0]} + 0.5"}, at=1.3, every=2.9, count=3))
    if doses:
        # the first two come at the same times, and what one does the next one undoes: conditions turn between them
        events += [
            Event("bolus", {names[1]: f"{names[1]} + 0.6*a"}, at=0.5, every=0.5, count=19),
            Event("washout", {names[1]: f"0.5*{names[1]}"}, at=1.0, every=1.0, count=9),
            Event("turn", {"u": "1 - u", names[0]: f"{names[0]} + 0.1*t"}, at=2.25, every="2*w", count=4),
        ]
    model = Model(
        name=f"random_{seed}",
        states=states,
        parameters=parameters,
        processes=processes,
        switches=[Switch("u")],
        events=events,
    )
    return compile_numpy(lower(model))


def _event(rng: np.random.Generator, names: list[str], k: int, delays: bool) -> Event:
    one, other = rng.choice(names, 2)
    level = rng.uniform(0.3, 1.8)
    whens = [
        f"{one} > {level:.4f}",
        f"{one} < {level:.4f}",
        f"{one} + {other} > {2 * level:.4f}*w",
        f"{one}*{other} > {level:.4f}",
        f"{one} > {level:.4f} and {other} < {rng.uniform(0.5, 2):.4f}",
        f"not {one} <= {level:.4f} or t > 5.3 and {other} > 0.7",
        f"hill({one}, 1, 2) > {rng.uniform(0.2, 0.7):.4f}",
        f"sin(1.3*t) > {rng.uniform(-0.5, 0.5):.4f}*{one}",
    ]
    changes = [
        {one: f"0.5*{one}"},
        {one: f"{one} + 0.3*{other}", "u": "1 - u"},
        {other: f"0.7*{other} + 0.1"},
        {"u": "1 - u"},
        {one: other, other: one} if one != other else {one: f"{one} + a/5"},
    ]
    options: dict[str, object] = {}
    if rng.random() < 0.4 and delays:
        options["delay"] = f"{rng.uniform(0.1, 1.5):.3f} + 0.1*{other}"
        options["from_trigger"] = bool(rng.random() < 0.5)
    if rng.random() < 0.5:
        options["priority"] = f"{k + 1}"
    if rng.random() < 0.3:
        options["persistent"] = False
    if rng.random() < 0.3:
        options["initially"] = False
    return Event(
        f"event_{k}", changes[int(rng.integers(len(changes)))], when=whens[int(rng.integers(len(whens)))], **options
    )  # type: ignore[arg-type]
