"""The steady state of a row of doses that has been given for ever, in closed form.

All of linear pharmacokinetics is a sum of exponentials: one dose leaves sum_i c_i exp(-l_i u) after a time u, and doses
at u, u + tau, u + 2 tau, ... leave sum_i c_i exp(-l_i u)/(1 - exp(-l_i tau)) (Gibaldi & Perrier, Pharmacokinetics,
chapter 3). It is written in knobs, not numbers, so that each run of a sweep begins at the steady state of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from immunode.errors import DoseError
from immunode.intervention.expand.contribution import Draft
from immunode.intervention.pharmacokinetics.compartments import PK
from immunode.model import Derived, Event

APART = 1e-6
"""Rates closer than this share are pulled apart by it, since the closed form divides by their difference."""
Terms = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of doses as texts. amount : of one dose, F and strength included, in the drug's mass.

    begin : time of the first dose that is still to come.   every : interval; None for an infusion without end, whose
    amount is its speed.   length : of an infusion, "" for a bolus.
    depot : whether the dose goes into the depot.
    """

    amount: str
    begin: str
    every: str | None
    length: str = ""
    depot: bool = False


def add_steady_state(draft: Draft, pk: PK, row: Row) -> None:
    """Add the event that puts what earlier doses have left into the drug's states at time 0.

    It counts what acts on the drug's numbers at time 0, a patient's covariates among it.

    Raises
    ------
    DoseError : the pharmacokinetics are not linear or change in time, so that there is no closed form.
    """
    if pk.steady:
        raise DoseError(
            f"{draft.name} has {pk.steady}: its steady state has no closed form; give doses before the time of interest"
        )
    name = draft.name
    last = f"{row.begin} + {row.length}" if row.length else row.begin
    if row.every is not None:
        draft.require(
            f"{last} <= {row.every}",
            f"'{name}' at steady state: its first dose{' ends' if row.length else ''} within one interval from time 0",
        )
    _positive(draft, pk, "CL")
    amounts = _disposition(draft, pk)
    if row.depot:
        ka = _apart(draft, "ka", amounts["central"])
        amounts = {where: _after(ka, terms) for where, terms in amounts.items()}
        amounts["depot"] = [("1", ka)]
    if pk.ke0 is not None:
        ke0 = _apart(draft, "ke0", amounts["central"])
        amounts["Ce"] = [(f"{c}/{name}.V1", rate) for c, rate in _after(ke0, amounts["central"])]
    rates = dict.fromkeys(rate for terms in amounts.values() for _, rate in terms)
    left = {rate: _left(draft, rate, row) for rate in rates}
    changes = {
        f"{name}.{where}": f"{name}.{where} + {row.amount}*({' + '.join(f'{c}*{left[r]}' for c, r in terms)})"
        for where, terms in amounts.items()
    }
    draft.events.append(Event(f"{name}.steady_state", changes, at=0.0, meaning=f"what earlier doses of {name} left"))


def _disposition(draft: Draft, pk: PK) -> dict[str, Terms]:
    """Return what is left of one unit in the central compartment, in each compartment, as factors and rates."""
    name = draft.name
    if pk.compartments == 1:
        return {"central": [("1", _rate(draft, "elimination", f"{name}.CL/{name}.V1", "rate of elimination"))]}
    _positive(draft, pk, "Q")
    k10, k12, k21 = f"({name}.CL/{name}.V1)", f"({name}.Q/{name}.V1)", f"({name}.Q/{name}.V2)"
    total = f"({k10} + {k12} + {k21})"
    root = _rate(draft, "spread", f"sqrt({total}**2 - 4*{k10}*{k21})", "difference of the two rates of disposition")
    fast = _rate(draft, "fast", f"({total} + {root})/2", "fast rate of disposition")
    slow = _rate(draft, "slow", f"2*{k10}*{k21}/({total} + {root})", "slow rate of disposition")
    return {
        "central": [(f"(({fast} - {k21})/{root})", fast), (f"(({k21} - {slow})/{root})", slow)],
        "peripheral": [(f"(-{k12}/{root})", fast), (f"({k12}/{root})", slow)],
    }


def _positive(draft: Draft, pk: PK, knob: str) -> None:
    if knob not in pk.formula:
        draft.above_zero(f"{draft.name}.{knob}")


def _rate(draft: Draft, word: str, text: str, meaning: str) -> str:
    """Add a rate as a derived quantity and return its name."""
    full = f"{draft.name}.rate_{word}"
    draft.derived.append(Derived(full, text, draft.per_time(""), f"{meaning} of {draft.name}"))
    return full


def _apart(draft: Draft, knob: str, terms: Terms) -> str:
    """Add the rate `knob`, kept apart from the rates of terms, and return its name."""
    rate = f"{draft.name}.{knob}"
    for i, (_, other) in enumerate(terms):
        text = f"piecewise({rate}, abs({rate} - {other}) > {APART!r}*{other}, {other}*(1 + {APART!r}))"
        rate = _rate(draft, f"{knob}_{i + 1}", text, f"{knob} apart from other rates")
    return rate


def _after(rate: str, terms: Terms) -> Terms:
    """Return what terms become behind one more step of first order."""
    behind = [(f"({c}*{rate}/({rate} - {other}))", other) for c, other in terms]
    return [*behind, (f"(-({' + '.join(c for c, _ in behind)}))", rate)]


def _left(draft: Draft, rate: str, row: Row) -> str:
    """Add what an exponential holds at time 0 from all doses before, and return its name."""
    full = f"{draft.name}.left_{rate.rpartition('.')[2].removeprefix('rate_')}"
    if row.every is None:
        draft.derived.append(Derived(full, f"1/{rate}", draft.model.time_unit, f"{rate}: how long a unit stays"))
        return full
    spread = f"(exp({rate}*{row.length}) - 1)/({rate}*{row.length})*" if row.length else ""
    text = f"{spread}exp(-{rate}*({row.every} - ({row.begin})))/(1 - exp(-{rate}*{row.every}))"
    draft.derived.append(Derived(full, text, "", f"{rate}: share of a dose that all earlier doses have left"))
    return full
