"""Further compartments of a drug, and flows between them, written out as states, processes and the hours they open."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from immunode.intervention.expand.contribution import Draft
from immunode.intervention.pharmacokinetics.compartments import PK
from immunode.intervention.pharmacokinetics.products import DrugFlow
from immunode.language.expression import Expression, parse, substitute, to_text
from immunode.model import Event, Process, State, Switch


def add_products(
    draft: Draft, pk: PK, local: dict[str, Expression], typical: float, unit_of: Callable[[str], str]
) -> None:
    """Add the further compartments and flows of a drug, and the names of all compartments to `local`.

    local : what the drug's own names mean in the model.   typical : size of a dose.
    unit_of : unit as the drug writes it -> unit in the model.
    """
    name = draft.name
    for one in pk.products:
        size = typical if one.unit == "mass" else typical / pk.V1
        meaning = f"{name}: {one.meaning or one.name}"
        draft.states.append(State(f"{name}.{one.name}", 0.0, unit_of(one.unit), meaning, "drug", typical=size))
    if pk.flows:
        local |= {state: parse(f"{name}.{state}") for state in pk.states}
    known = {**local, "C": parse(f"{name}.C" if pk.C0 is None else f"{name}.C_given")}
    for flow in pk.flows:
        if not flow.rate:
            continue
        rate = to_text(substitute(parse(flow.rate), known))
        if flow.opens:
            rate = f"{_add_hours(draft, flow)}*({rate})"
        ends = [f"{name}.{end}" if end else "" for end in (flow.out_of, flow.into)]
        arrow = f"{ends[0]} -> {ends[1]}".strip()
        draft.processes.append(Process(f"{name}.{flow.name}", arrow, rate, f"{name}: {flow.meaning or flow.name}"))


def destinations(pk: PK) -> Mapping[str, str]:
    """Return where the drug's own flows lead, by flow; one that is not named leads outside."""
    return {flow.name: flow.into for flow in pk.flows if not flow.rate}


def _add_hours(draft: Draft, flow: DrugFlow) -> str:
    """Add the switch of a flow that is open at some hours, and the events that move it; return its name."""
    name = draft.name
    switch = f"{name}.{flow.name}_open"
    draft.switches.append(Switch(switch, 0.0, "", f"{flow.meaning or flow.name}: 1 while it is open"))
    start = f"{name}.start"
    begin = next(p.value for p in draft.parameters if p.name == start)
    lasts = draft.time(f"{flow.name}_lasts", flow.lasts, f"how long {flow.name} is open")
    draft.above_zero(lasts)
    every = None
    if flow.every:
        every = draft.time(f"{flow.name}_every", flow.every, f"after which {flow.name} opens again")
        draft.require(f"{lasts} < {every}", f"'{lasts}' must be below '{every}'")
    for i, opens in enumerate(flow.opens, 1):
        at = draft.time(f"{flow.name}_opens_{i}", opens, f"time from the first dose to when {flow.name} opens")
        count = 1
        if flow.every:
            left = draft.model.horizon - begin - draft.in_model_time(opens)
            count = max(1, math.ceil(left / draft.in_model_time(flow.every)))
        for word, value, moment in (("closes", "0", f"{start} + {at} + {lasts}"), ("opens", "1", f"{start} + {at}")):
            event = f"{name}.{flow.name}_{word}_{i}"
            draft.events.append(Event(event, {switch: value}, at=moment, every=every, count=count))
    return switch
