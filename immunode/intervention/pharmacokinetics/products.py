"""What a drug becomes, and where it goes beside its own compartments: metabolites, bile, red cells.

A further compartment holds an amount (or a concentration, where nothing of the drug is used up), and a flow leads from
one compartment to another. A flow may be open at some hours only, such as the bile at meals: the drug comes back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from immunode.errors import DoseError, did_you_mean
from immunode.intervention.times import Time, size, tidy_time
from immunode.language.expression import names, parse
from immunode.model.serial import register

OWN_FLOWS = ("elimination", "saturable_elimination")
"""Flows of every drug, which may lead into a further compartment."""
_AMOUNT = "mass"


@register
@dataclass(frozen=True, slots=True)
class DrugCompartment:
    """A further compartment of a drug, empty before the first dose.

    Parameters
    ----------
    unit : str
        "mass", an amount in the drug's unit, or "mass/volume" for one that only follows the drug.
    """

    name: str
    meaning: str = ""
    unit: str = _AMOUNT
    source: str = ""


@register
@dataclass(frozen=True, slots=True)
class DrugFlow:
    """A flow between compartments of a drug, its own ones (`depot`, `central`, `peripheral`, ...) and further ones.

    Parameters
    ----------
    name : str
        of the process. "elimination" and "saturable_elimination" are the drug's own: `DrugFlow("elimination",
        into="MPAG")` says what becomes of it, and has no rate.
    out_of, into : str
        compartments; "" is outside of the body.
    rate : str
        mass/time (or that of the compartment), in names of numbers, constants and compartments, and C.
    opens : tuple[Time, ...] | Sequence[Time]
        when it opens, counted from the first dose, such as ("4 hours", "10 hours"); () is always open.
    lasts : Time
        how long it is open each time.
    every : Time
        after which it opens again, such as "24 hours"; "" opens it only once.
    source : str
        where it is from.

    Raises
    ------
    DoseError
        it leads from nowhere to nowhere, has no rate, or opens for no time.
    """

    name: str
    out_of: str = ""
    into: str = ""
    rate: str = ""
    meaning: str = ""
    opens: tuple[Time, ...] | Sequence[Time] = ()
    lasts: Time = ""
    every: Time = ""
    source: str = ""

    def __post_init__(self) -> None:
        who = f"flow '{self.name}' of a drug"
        if self.name in OWN_FLOWS:
            if self.rate or self.out_of or self.opens or not self.into:
                raise DoseError(f"{who}: it is the drug's own; say into= only")
        elif not self.rate or not (self.out_of or self.into) or self.out_of == self.into:
            raise DoseError(f"{who}: give a rate, and another compartment at each end ('' is outside)")
        object.__setattr__(self, "opens", tuple(tidy_time(one, f"{who}, opens") for one in self.opens))
        if bool(self.opens) != bool(self.lasts) or (self.every and not self.opens):
            raise DoseError(f"{who}: opens and lasts go together; every needs both")
        for label in ("lasts", "every"):
            given = getattr(self, label)
            if given:
                object.__setattr__(self, label, tidy_time(given, f"{who}, {label}"))
                if size(getattr(self, label))[0] <= 0:
                    raise DoseError(f"{who}: {label} must be above 0, got {given!r}")

    @property
    def words(self) -> str:
        """Where it leads and when, in words: "MPAG to bile", "bile to depot at hour 4, 10 for 36 s"."""
        ends = f"{self.out_of or 'outside'} to {self.into or 'outside'}"
        if self.name in OWN_FLOWS:
            ends = f"what is lost goes to {self.into}"
        if not self.opens:
            return ends
        again = f", every {_said(self.every)}" if self.every else ""
        return f"{ends}, open from {', '.join(map(_said, self.opens))} for {_said(self.lasts)}{again}"


def _said(time: Time) -> str:
    number, unit = size(time)
    return f"{number:g} {unit}{'s' if unit and number != 1 else ''}".rstrip()


def check_products(
    compartments: Sequence[DrugCompartment], flows: Sequence[DrugFlow], own: Collection[str], numbers: Iterable[str]
) -> None:
    """Check that the further compartments and flows of a drug fit it.

    own : its own compartments.   numbers : that rates may name.

    Raises
    ------
    DoseError : a name is used twice or is unknown, or a flow leads between an amount and a concentration.
    """
    units: dict[str, str] = dict.fromkeys(own, _AMOUNT)
    known = {"C", *numbers}
    for one in compartments:
        if one.name in units or one.name in known:
            raise DoseError(f"pharmacokinetics: the name '{one.name}' of a compartment is taken")
        units[one.name] = one.unit
    seen: set[str] = set()
    for flow in flows:
        who = f"pharmacokinetics, flow '{flow.name}'"
        if flow.name in seen:
            raise DoseError(f"{who}: it is given twice")
        seen.add(flow.name)
        ends = [end for end in (flow.out_of, flow.into) if end]
        _check_known(who, "compartment", ends, units)
        if len({units[end] for end in (*ends, *(["central"] if flow.name in OWN_FLOWS else []))}) > 1:
            raise DoseError(f"{who}: it leads between an amount and a concentration")
        if flow.rate:
            _check_known(who, "name", sorted(names(parse(flow.rate))), {**units, **dict.fromkeys(known, "")})


def _check_known(who: str, what: str, wanted: Iterable[str], known: Mapping[str, str]) -> None:
    for name in wanted:
        if name not in known:
            raise DoseError(f"{who}: unknown {what} '{name}'{did_you_mean(name, known)}")
