"""What formulas of a drug may ask of its latest dose, kept in switches."""

from __future__ import annotations

from immunode.intervention.expand.contribution import Draft
from immunode.intervention.pharmacokinetics.compartments import PK
from immunode.intervention.pharmacokinetics.formulas import MOMENTS
from immunode.language.expression import names, parse
from immunode.model import Switch


def note_latest_dose(draft: Draft, pk: PK, amount: str) -> dict[str, str]:
    """Return the changes at a dose that keep its time and amount, where formulas ask for them; add their switches."""
    name = draft.name
    used = {word for text in pk.formula.values() for word in names(parse(text))}
    changes = {}
    for word, switch, unit, value in (
        ("latest", f"{name}.latest", draft.model.time_unit, f"t - {name}.start"),
        ("dose", f"{name}.latest_dose", pk.mass, amount),
    ):
        if word in used:
            if all(one.name != switch for one in draft.switches):
                draft.switches.append(Switch(switch, 0.0, unit, f"{name}: {MOMENTS[word]}"))
            changes[switch] = value
    return changes
