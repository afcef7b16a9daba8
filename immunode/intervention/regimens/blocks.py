"""Blocks of doses, one after another, as a value that prints as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from immunode.errors import DoseError, quoted
from immunode.intervention.numbers import whole
from immunode.intervention.regimens.dose import Dose, check_forward
from immunode.intervention.regimens.words import head_text, when_text
from immunode.intervention.times import Time, comparable, number_text, size


@dataclass(frozen=True, slots=True, repr=False, init=False)
class Blocks:
    """The doses of a `Regimen`, which adds methods on top; errors as there."""

    doses: tuple[Dose, ...]
    missed: tuple[int, ...] = ()

    def __init__(self, doses: Sequence[Dose] | Dose, *more: Dose, missed: Sequence[int] = ()) -> None:
        single: object = doses
        if isinstance(single, Blocks):
            raise DoseError("a regimen is made of Dose records, got a regimen; it is one already, and never changes")
        listed = isinstance(single, Iterable) and not isinstance(single, str)
        given = (*(tuple(doses) if listed else (doses,)), *more)  # type: ignore[arg-type]
        if not given:
            raise DoseError("a regimen needs at least one dose")
        for dose in given:
            what: object = dose
            if not isinstance(what, Dose):
                hint = "; read text with regimen('40 mg sc q2w x 26')" if isinstance(what, str) else ""
                raise DoseError(f"a regimen is made of Dose records, got {quoted(what)}{hint}")
        filled: list[Dose] = []
        for dose in given:
            route = dose.route or (filled[-1].route if filled else "")
            if route and not dose.route:
                dose = replace(dose, route=route)
            if not dose.at and dose.ii is None and dose.start is not None:
                dose = replace(dose, at=(dose.start,), start=None)
            if filled:
                _follows(filled[-1], dose)
            if filled and dose.ss:
                raise DoseError("only the first doses can begin at steady state")
            filled.append(dose)
        object.__setattr__(self, "doses", tuple(filled))
        object.__setattr__(self, "missed", _missed(missed, self.count))

    @property
    def blocks(self) -> tuple[Dose, ...]:
        """The blocks of doses, in order."""
        return self.doses

    @property
    def count(self) -> int | None:
        """Number of planned doses, missed ones included; None if it depends on the model's horizon."""
        counts = [dose.count for dose in self.blocks]
        return None if None in counts else sum(c for c in counts if c is not None)

    @property
    def by_weight(self) -> bool:
        """True if a dose is per kg of body mass."""
        return any(dose.unit.endswith("/kg") for dose in self.blocks)

    @property
    def by_area(self) -> bool:
        """True if a dose is per m2 of body surface."""
        return any(dose.unit.endswith("/m2") for dose in self.blocks)

    def __str__(self) -> str:
        texts: list[str] = []
        before: Dose | None = None
        for dose in self.blocks:
            same = before is not None and before.head == dose.head
            texts.append(" ".join(filter(None, ("" if same else head_text(dose), when_text(dose)))))
            before = dose
        missed = f" missing dose {', '.join(str(n) for n in self.missed)}" if self.missed else ""
        return " then ".join(texts) + missed


def _missed(numbers: Any, count: int | None) -> tuple[int, ...]:
    """Return the numbers of missed doses in order. count : number of planned doses, None for no end."""
    known = set()
    for number in (numbers,) if isinstance(numbers, int) else tuple(numbers):
        n = whole(number)
        if n is None or n < 1:
            raise DoseError(f"missed doses are counted from 1, got {number!r}")
        if count is not None and n > count:
            raise DoseError(f"dose {n} can't be missed: there {'is 1 dose' if count == 1 else f'are {count} doses'}")
        known.add(n)
    if count is not None and len(known) == count:
        raise DoseError("all doses are missed; leave the drug out instead")
    return tuple(sorted(known))


def _follows(before: Dose, dose: Dose) -> None:
    """Check that a block can come after another, as far as it shows without a model."""
    if before.count is None:
        raise DoseError(f"'{when_text(before)}' never ends; give it a number of doses (x 6) before 'then'")
    if not dose.at and dose.ii is None and before.ii is None:
        raise DoseError("a single dose after single doses needs a time, such as 'at week 4'")
    begin = dose.at[0] if dose.at else dose.start
    if begin is None:
        return
    last: Time = before.at[-1] if before.at else before.start or 0.0
    if before.ii is not None and before.addl:
        number, unit = size(before.ii)
        offset, offset_unit = size(last)
        if unit != offset_unit and offset != 0:
            return
        last = f"{number_text(offset + number * before.addl)} {unit}" if unit else offset + number * before.addl
    if size(last)[0] == 0 and not isinstance(last, type(begin)):
        last = f"0 {size(begin)[1]}" if isinstance(begin, str) else 0.0
    pair = comparable(last, begin)
    if not (before.steady_infusion and pair and pair[0] == pair[1]):  # a dose may go on where an infusion ends
        check_forward(last, begin)
