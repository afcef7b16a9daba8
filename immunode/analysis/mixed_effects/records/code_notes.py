"""What the codes in CMT and DVID were taken for, where this may not be what was meant."""

from __future__ import annotations

from collections.abc import Sequence

from immunode.analysis.mixed_effects.records.dose_slots import DosedModel
from immunode.analysis.mixed_effects.records.individual_records import IndividualData


def notes_on_codes(dosed: DosedModel, data: IndividualData, quantities: Sequence[str]) -> list[str]:
    """Return notes on codes that a route for all took elsewhere than their number says, and on names without records.

    quantities : those that are observed.
    """
    states = [s.name for s in dosed.model.states]
    doses = {d.code for one in data.individuals for d in one.doses}
    seen = {o.code for one in data.individuals for o in one.observations}
    notes = []
    for code in sorted(doses - set(data.routes)):
        route = data.routes.get("")
        own = states[int(code) - 1] if code.isdigit() and 1 <= int(code) <= len(states) else ""
        if route is not None and code and route.state not in (own, code):
            notes.append(f"doses into compartment {code} go to '{route.state}', the one route that is given")
    for what, given, used in (("routes", data.routes, doses), ("outputs", data.outputs, seen)):
        idle = sorted(set(given) - used - {""})
        if idle:
            told = "dose" if what == "routes" else "observation"
            notes.append(f"{what} name {', '.join(idle)}, which no {told} has")
    lost = [o.quantity for o in dosed.model.observed if o.quantity not in quantities]
    if lost:
        notes.append(f"no data for {', '.join(lost)}, which the model declares as observed")
    return notes
