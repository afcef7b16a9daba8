"""Doses at free times: which interventions of a bench can have them, and how Python says the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from immunode.intervention import Drug, Intervention, Regimen
from immunode.intervention.operations import Operation
from immunode.intervention.schedule import Schedule

if TYPE_CHECKING:
    from immunode.app.bench import Bench, Placed
    from immunode.program.program import Break

TIMES = "{times}"
"""Stands in `code` for the times, separated by commas."""


def free_doses(bench: Bench, placed: Placed) -> dict[str, Any] | None:
    """Return what the page needs to give an intervention at free times; None where it is no matter of single doses.

    breaks : positions of its breaks; all of them do the same.
    amount : the knob that holds what is given, or "".   unit : of that knob.
    code : the argument of `dataclasses.replace` that gives it at times instead of as declared.
    """
    it = placed.declared
    code = ""
    if isinstance(it, Drug):
        code = _drug_code(it)
    elif isinstance(it, Intervention):
        code = _jump_code(it.acts, it.schedule)
    own = [(i, b) for i, b in enumerate(bench.program.breaks) if b.name.partition(".")[0] == it.name]
    if not code or not own or any(b.changes != own[0][1].changes for _, b in own):
        return None
    if any(change.kind != "state" for change in own[0][1].changes) or not _begins_at_start(bench, own[0][1], it.name):
        return None
    amounts = [k for k in placed.knobs if k.name in (f"{it.name}.dose", f"{it.name}.transfer")]
    one = amounts[0] if len(amounts) == 1 else None
    return {
        "breaks": [i for i, _ in own],
        "amount": one.name if one else "",
        "unit": one.unit if one else "",
        "code": code,
    }


def _jump_code(operations: Sequence[Operation], schedule: Schedule) -> str:
    """Return the schedule of given times, or "" where something also acts in between or depends on more than time."""
    if not all(o.on_state and o.over is None for o in operations):
        return ""
    if replace(schedule, start=None, pulses=None) != Schedule():
        return ""
    if schedule.pulses is not None and (schedule.start is not None or schedule.pulses.width not in (0, 0.0)):
        return ""
    return f"schedule=im.schedules.at_times({TIMES})"


def _drug_code(drug: Drug) -> str:
    """Return the regimen of given times, or "" where doses differ, take time or are for ever."""
    regimen = drug.regimen
    if drug.rule is not None or not isinstance(regimen, Regimen) or regimen.missed:
        return ""
    doses = regimen.blocks
    first = doses[0]
    if any(dose.head != first.head or dose.ss for dose in doses):
        return ""
    if first.duration is not None or first.rate or first.lag is not None or first.F is not None:
        return ""
    return f'regimen=im.pk.Regimen(im.pk.Dose({first.amt!r}, "{first.unit}", route="{first.route}", at=[{TIMES}]))'


def _begins_at_start(bench: Bench, first: Break, name: str) -> bool:
    kind, *rest = bench.program.nodes[first.first]
    return kind == "parameter" and bench.program.parameters[int(str(rest[0]))] == f"{name}.start"
