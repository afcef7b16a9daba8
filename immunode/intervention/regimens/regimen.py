"""A regimen: blocks of doses that can be put together, written as text, and exchanged as event tables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from immunode.errors import DoseError, quoted
from immunode.intervention.regimens.blocks import Blocks
from immunode.intervention.regimens.dose import Dose
from immunode.intervention.regimens.event_table import read_doses, write_table
from immunode.intervention.regimens.grammar import parse_doses
from immunode.intervention.times import Time, multiple, plus, size, tidy_time
from immunode.model.serial import register

if TYPE_CHECKING:
    from pandas import DataFrame


@register
@dataclass(frozen=True, slots=True, repr=False, init=False)
class Regimen(Blocks):
    """Blocks of doses, one after another; made by `regimen("40 mg sc q2w x 26")` or from `Dose` records.

    `Regimen(Dose(80), Dose(40, ii="2 weeks", addl=5))`, or a list of them.

    `str()` gives text that reads back as the same regimen. A row of doses without a start begins one of its own
    intervals after single doses, and one interval of the row before it after a row.

    Attributes
    ----------
    missed : Sequence[int]
        numbers of the doses that are not given, counted from 1 through all blocks.

    Raises
    ------
    DoseError
        a block starts before the one before it has ended, or follows one that never ends; a missed dose is none of the
        regimen's; a steady state is asked for after other doses.
    """

    @classmethod
    def of(cls, given: str | Regimen | Dose) -> Regimen:
        """Return the regimen that is meant: a text is read, a dose becomes a regimen of one block.

        Raises
        ------
        DoseError
            the text can't be read; the message says where and what would do.
        """
        if isinstance(given, Regimen):
            return given
        if isinstance(given, Dose):
            return cls(given)
        if not isinstance(given, str):
            raise DoseError(f"a regimen is text such as '40 mg sc q2w x 26', got {quoted(given)}")
        return _read(given)

    def without(self, *numbers: int) -> Regimen:
        """Return the regimen with these doses missed: `.without(3, 5)`. `numbers`: counted from 1, missed ones too."""
        return replace(self, missed=tuple({*self.missed, *numbers}))

    def then(self, other: str | Regimen | Dose) -> Regimen:
        """Return this regimen followed by another one."""
        after = Regimen.of(other)
        shift = self.count or 0
        return Regimen((*self.blocks, *after.blocks), missed=(*self.missed, *(shift + n for n in after.missed)))

    def loading(self, other: str | Regimen | Dose) -> Regimen:
        """Return the regimen after loading doses: `regimen("40 mg sc q2w x 25").loading("80 mg sc")`."""
        return Regimen.of(other).then(self)

    def at_steady_state(self) -> Regimen:
        """Return the regimen as if its first row had been given for ever before time 0."""
        return replace(self, doses=(replace(self.blocks[0], ss=True), *self.blocks[1:]))

    def later(self, by: Time) -> Regimen:
        """Return the regimen with all its times later."""
        by = tidy_time(by, "later")
        return replace(self, doses=tuple(_later(dose, by, i == 0) for i, dose in enumerate(self.blocks)))

    def end(self, name: str) -> Time:
        """Return when the last dose is given, or its infusion is over.

        Parameters
        ----------
        name : str
            of the drug, for the message.

        Raises
        ------
        DoseError
            the doses have no end, or numbers and times with a unit meet.
        """
        last: Time = 0.0
        row: Time | None = None
        for i, dose in enumerate(self.blocks):
            if dose.at:
                last, row = dose.at[-1], None
                continue
            if dose.start is not None or i == 0:
                begin: Time = dose.start if dose.start is not None else 0.0
            else:
                interval = row if row is not None else dose.ii
                begin = plus(last, interval if interval is not None else 0.0)
            if dose.ii is None:
                last, row = begin, None
                continue
            if dose.addl is None:
                raise DoseError(f"'{name}' has no end: give its doses a number, such as 'q2w x 13'")
            last, row = plus(begin, multiple(dose.ii, dose.addl)), dose.ii
        duration = self.blocks[-1].duration
        return last if duration is None or size(duration)[0] == 0 else plus(last, duration)

    def to_table(
        self,
        *,
        id: int = 1,
        unit: str = "",
        time_unit: str | None = None,
        until: Time | None = None,
        weight: float | None = None,
        BSA: float | None = None,
    ) -> DataFrame:
        """Return the doses as an event table in the form of NONMEM, one row a stretch of doses.

        Parameters
        ----------
        unit : str
            of AMT; "" means that of the first dose.
        time_unit : str | None
            of all times; None means days, or plain numbers where the regimen has no units of time.
        until : Time | None
            end of a regimen that has none.
        weight : float | None
            kg, for doses per kg.
        BSA : float | None
            m2, for doses per m2.

        Raises
        ------
        DoseError
            doses are per kg without a weight or per m2 without a body surface, go on for ever without `until`, or units
            do not fit.
        """
        return write_table(self, id=id, unit=unit, time_unit=time_unit, until=until, weight=weight, BSA=BSA)

    @classmethod
    def from_table(
        cls,
        frame: DataFrame | str | os.PathLike[str],
        *,
        id: Any = None,
        unit: str = "",
        time_unit: str | None = None,
        routes: Mapping[int, str] | str = "",
    ) -> Regimen:
        """Return the regimen of a table with columns TIME and AMT, and any of II, ADDL, RATE, DUR, EVID, SS, CMT, LAG,
        F.

        Observations (EVID 0) and comments (a C in the column C) are left out. SS 1 with II 0, AMT 0 and a RATE is an
        infusion that has run for ever and ends at TIME.

        Parameters
        ----------
        frame : DataFrame | str | path
            a DataFrame, or the path of a CSV file.
        id : Any
            the patient, where the column ID holds several.
        unit : str
            of AMT, "mg" by default; "mg/kg" is possible.
        time_unit : str | None
            of all times; None or "" means the model's.
        routes : Mapping[int, str] | str
            a route, or one for each CMT.

        Raises
        ------
        DoseError
            a column is missing or holds what can't be read; times are negative or doses coincide.
        StoreError, StudyError
            the file can't be read.
        """
        return cls(read_doses(frame, id=id, unit=unit, time_unit=time_unit, routes=routes))

    def __repr__(self) -> str:
        return f"regimen({str(self)!r})"


@lru_cache(maxsize=1024)
def _read(text: str) -> Regimen:
    """Return the regimen that a text describes."""
    doses, missed = parse_doses(text)
    try:
        return Regimen(doses, missed=missed)
    except DoseError as error:
        raise DoseError(f"{quoted(text)}: {error}") from None


def _later(dose: Dose, by: Time, first: bool) -> Dose:
    if dose.at:
        return replace(dose, at=tuple(plus(t, by) for t in dose.at))
    if dose.start is not None:
        return replace(dose, start=plus(dose.start, by))
    if not first:
        return dose
    return replace(dose, start=by) if dose.ii is not None else replace(dose, at=(by,))
