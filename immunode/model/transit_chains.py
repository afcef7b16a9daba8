"""Chains of compartments: a delay, or cells that mature in stages, without a dozen copied lines."""

from __future__ import annotations

from dataclasses import dataclass

from immunode.errors import ModelError
from immunode.language.expression import parse
from immunode.model.records import Process, State


@dataclass(frozen=True, slots=True)
class Chain:
    """The states and processes of a chain, to unpack into a model: `states=[..., *DELAY.states]`."""

    states: tuple[State, ...]
    processes: tuple[Process, ...]

    @property
    def last(self) -> str:
        """Name of the last stage."""
        return self.states[-1].name


def transit_chain(
    name: str,
    n: int,
    time: str,
    *,
    follows: str = "",
    inflow: str = "",
    takes: str = "",
    into: str = "",
    unit: str = "",
    meaning: str = "",
    kind: str = "",
    typical: float = 0.0,
    source: str = "",
) -> Chain:
    """Return the states `name1` ... and processes of a chain of `n` stages with a mean passage of `time`.

    Every stage is left at the rate n/time, so that passage times are gamma distributed: mean `time`, standard
    deviation time/sqrt(n); with many stages it becomes a sharp delay (the linear chain trick).

    Parameters
    ----------
    time : str
        text of an expression of parameters, in the model's time unit.
    follows : str
        a delayed copy of this state or quantity. It loses nothing, and the last stage is what it was.
    inflow : str
        instead, what enters: the text of a rate, in `unit` per time; taken from the state `takes` if one is named.
    into : str
        the state that receives what leaves the last stage; "" for none.
    unit, meaning, kind, typical, source
        of every stage, as for `State`.

    Raises
    ------
    ModelError
        no stage; both or none of `follows` and `inflow`; an expression can't be read.
    """
    stages: object = n
    if not isinstance(stages, int) or n < 1:
        raise ModelError(f"transit_chain '{name}': a whole number of stages of at least 1 is needed, got {n!r}")
    if bool(follows) == bool(inflow):
        raise ModelError(f"transit_chain '{name}': give either follows= (a copy that lags) or inflow= (a rate)")
    if follows and takes:
        raise ModelError(f"transit_chain '{name}': a delayed copy takes nothing from '{takes}'; give inflow=")
    rate = f"{n}/{_factor(time)}"
    parse(follows or inflow)
    chain = [f"{name}{i + 1}" for i in range(n)]
    what = meaning or name
    short = what.partition(",")[0]
    states = tuple(
        State(
            stage,
            0.0,
            unit,
            f"{what}, stage {i + 1} of {n}",
            kind=kind,
            typical=typical,
            source=source,
            label=f"{short}, stage {i + 1}",
        )
        for i, stage in enumerate(chain)
    )
    enters = inflow or f"{rate}*{_factor(follows)}"
    processes = [Process(f"{chain[0]}_in", f"{takes} -> {chain[0]}".strip(), enters, f"{what}: entry")]
    for i, stage in enumerate(chain):
        target = chain[i + 1] if i + 1 < n else into
        label = f"{stage}_to_{target}" if target else f"{stage}_out"
        step = "passage to the next stage" if i + 1 < n else "end of the passage"
        processes.append(Process(label, f"{stage} -> {target}".strip(), f"{rate}*{stage}", f"{what}: {step}"))
    return Chain(states, tuple(processes))


def _factor(text: str) -> str:
    """Return an expression as it stands in a product: in parentheses unless it is one name or number."""
    return text if parse(text)[0] in ("name", "number") else f"({text})"
