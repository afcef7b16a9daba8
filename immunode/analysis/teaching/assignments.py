"""Grading a student's model by its properties: what is asked, what was found, and a hint where they differ."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from immunode.analysis.teaching.properties import (
    CHECKS,
    Outcome,
    Setting,
    Wanted,
    known_direction,
    read_influence,
    read_steady,
)
from immunode.errors import ImmunodeError, StudyError, did_you_mean
from immunode.language.expression import parse
from immunode.model import Model
from immunode.study.endpoints import KINDS, endpoint

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Mark:
    """What became of one thing that was asked.

    Attributes
    ----------
    kind : str
        "states", "signs", "conserved", "influence", "steady states", "response" or "data".
    asked : str
        what, in words that do not give the answer away.
    passed : bool
        whether the model has it.
    found : str
        what the model does.
    hint : str
        what to look at; "" where it passed.
    """

    kind: str
    asked: str
    passed: bool
    found: str
    hint: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Grade:
    """The marks of one model, a point each."""

    title: str
    model: str
    marks: tuple[Mark, ...]

    @property
    def points(self) -> int:
        """How many marks passed."""
        return sum(mark.passed for mark in self.marks)

    @property
    def out_of(self) -> int:
        """How many there are."""
        return len(self.marks)

    @property
    def passed(self) -> bool:
        """Whether all passed."""
        return self.points == self.out_of

    @property
    def hints(self) -> tuple[str, ...]:
        """The hints of what did not pass, in order."""
        return tuple(mark.hint for mark in self.marks if not mark.passed)

    def table(self) -> pd.DataFrame:
        """Return one row a mark: kind, asked, passed, found, hint."""
        import pandas as pd

        names = ("kind", "asked", "passed", "found", "hint")
        return pd.DataFrame([{name: getattr(mark, name) for name in names} for mark in self.marks], columns=list(names))

    def __repr__(self) -> str:
        lines = [f"{self.title}: {self.points} of {self.out_of} points for {self.model}"]
        for mark in self.marks:
            lines.append(f"  {'ok' if mark.passed else '--'}  {mark.asked}: {mark.found}")
            if mark.hint and not mark.passed:
                lines.append(f"      hint: {mark.hint}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{'&#10003;' if m.passed else '&#10007;'}</td><td>{html.escape(m.asked)}</td>"
            f"<td>{html.escape(m.found)}</td><td>{html.escape('' if m.passed else m.hint)}</td></tr>"
            for m in self.marks
        )
        head = "<tr><th></th><th>asked</th><th>found</th><th>hint</th></tr>"
        caption = f"{html.escape(self.title)}: {self.points} of {self.out_of} points"
        return f"<table><caption>{caption}</caption>{head}{rows}</table>"


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a student's model must have; made by `assignment`.

    Attributes
    ----------
    title : str
        name of the task.
    wanted : tuple[Wanted, ...]
        what is asked, in the order of grading.
    hints : Mapping[str, str]
        kind -> a hint of yours.
    arms : Mapping[str, Any]
        intervention -> what it is, where models need not declare it.
    until : float | str | None
        end of the runs, None for the model's own horizon.
    """

    title: str
    wanted: tuple[Wanted, ...]
    hints: Mapping[str, str] = field(default_factory=dict)
    arms: Mapping[str, Any] = field(default_factory=dict)
    until: float | str | None = None

    def grade(self, model: Model) -> Grade:
        """Return the grade of a model; a model that can't be run loses points and gets told why, never an exception.

        Raises
        ------
        StudyError
            what is given is no model.
        """
        given: object = model
        if not isinstance(given, Model):
            hint = "load a file with im.load_model('mine.py')"
            raise StudyError(f"{self.title}: grade wants a Model, not {type(given).__name__}; {hint}")
        return Grade(self.title, model.label, tuple(self._mark(model, one) for one in self.wanted))

    def grades(self, models: Mapping[str, Model]) -> pd.DataFrame:
        """Return one row a student: points, out of, and one column of booleans for each thing asked.

        Parameters
        ----------
        models : Mapping[str, Model]
            student -> model.

        Raises
        ------
        StudyError
            what is given is no mapping, or holds what is no model.
        """
        import pandas as pd

        given: object = models
        if not isinstance(given, Mapping):
            raise StudyError(f"{self.title}: grades wants student -> model, not {type(given).__name__}")
        graded = {student: self.grade(model) for student, model in models.items()}
        rows = {
            student: {"points": one.points, "out of": one.out_of} | {mark.asked: mark.passed for mark in one.marks}
            for student, one in graded.items()
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("student")

    def _mark(self, model: Model, one: Wanted) -> Mark:
        try:
            outcome = CHECKS[one.kind](model, one, Setting(self.arms, self.until))
        except (ImmunodeError, ArithmeticError) as error:
            outcome = Outcome(False, "could not be tried", f"{error}")
        hint = (
            "" if outcome.passed else "; ".join(text for text in (outcome.hint, self.hints.get(one.kind, "")) if text)
        )
        return Mark(one.kind, one.asked, outcome.passed, outcome.found, hint)


def assignment(
    title: str,
    *,
    states: Mapping[str, str] | Sequence[str] = (),
    signs: bool = True,
    conserved: Sequence[str] = (),
    influences: Mapping[str, str] | None = None,
    steady_states: Mapping[str, Any] | None = None,
    responses: Mapping[str, Mapping[str, str]] | None = None,
    data: pd.DataFrame | None = None,
    within: float = 0.1,
    arms: Mapping[str, Any] | None = None,
    until: float | str | None = None,
    hints: Mapping[str, str] | None = None,
) -> Assignment:
    """Return an assignment, which grades a model by what it does and not by how it is written.

    Parameters
    ----------
    states : Mapping[str, str] | Sequence[str]
        names that the model must have; a mapping gives their units too.
    signs : bool
        whether no state may fall below 0.
    conserved : Sequence[str]
        expressions that must stay constant in a run: `["S + I + R"]`.
    influences : Mapping[str, str] | None
        `{"E -> T": "-"}`, what more of one does to the net rate of the other: "+", "-" or "0".
    steady_states : Mapping[str, Any] | None
        how many, or which, to 5 %: `{"stable": 2}` or `{"stable": [{"T": 8.2e6}], "unstable": [{"T": 0}]}`.
    responses : Mapping[str, Mapping[str, str]] | None
        intervention -> quantity -> "up" or "down" against no intervention, by its time average, or by an endpoint:
        `{"anti_tnf": {"p": "down", "peak(damage)": "down"}}`. A change below 1 % is none.
    data : DataFrame | None
        one column "time", in the model's unit, and one for each quantity; NaN is not measured.
    within : float
        largest root-mean-square distance to the data, as a part of their range, dimensionless.
    arms : Mapping[str, Any] | None
        intervention -> what it is; by default the model must declare it.
    until : float | str | None
        end of the runs, as in `simulate`.
    hints : Mapping[str, str] | None
        your own words where something fails, by kind: `{"steady states": "See lecture 3, slide 12."}`.

    Raises
    ------
    StudyError
        nothing is asked, or something that can't be.
    ModelError
        what is to stay constant can't be read.
    """
    wanted = [
        *_states(states),
        *([Wanted("signs", "no state falls below 0", None)] if signs else []),
        *_conserved(conserved),
        *(_influence(title, pair, sign) for pair, sign in (influences or {}).items()),
        *(Wanted("steady states", *read_steady(title, kind, what)) for kind, what in (steady_states or {}).items()),
        *_responses(title, responses or {}),
        *_data(title, data, within),
    ]
    if not wanted:
        raise StudyError(f"{title}: nothing is asked; give states, responses, steady_states, ...")
    for kind in hints or {}:
        if kind not in CHECKS:
            raise StudyError(f"{title}: hints: unknown kind '{kind}'{did_you_mean(kind, CHECKS)}")
    asked = {one.what[0] for one in wanted if one.kind == "response"}
    for name in arms or {}:
        if name not in asked:
            raise StudyError(f"{title}: arms: no response to '{name}' is asked{did_you_mean(name, asked)}")
    return Assignment(title, tuple(wanted), dict(hints or {}), dict(arms or {}), until)


def _states(states: Mapping[str, str] | Sequence[str]) -> list[Wanted]:
    units = states if isinstance(states, Mapping) else dict.fromkeys([states] if isinstance(states, str) else states)
    return [Wanted("states", f"there is a state {name}", (name, unit)) for name, unit in units.items()]


def _conserved(texts: Sequence[str]) -> list[Wanted]:
    listed = [texts] if isinstance(texts, str) else texts
    for text in listed:
        parse(text)
    return [Wanted("conserved", f"{text} stays constant", text) for text in listed]


def _influence(title: str, pair: str, sign: str) -> Wanted:
    source, target = read_influence(title, pair, sign)
    return Wanted("influence", f"what {source} does to {target}", (source, target, sign))


def _responses(title: str, responses: Mapping[str, Mapping[str, str]]) -> list[Wanted]:
    wanted = []
    for name, expected in responses.items():
        given: object = expected
        if not isinstance(given, Mapping):
            raise StudyError(f"{title}: response to {name}: write {{'T': 'down'}}, not {given!r}")
        for quantity, direction in expected.items():
            known_direction(title, name, direction)
            if "(" in quantity and (kind := endpoint(quantity).kind) not in (*KINDS[:1], *KINDS[2:5]):
                raise StudyError(f"{title}: response to {name}: '{kind}' is not one of final, peak, trough, auc")
            wanted.append(Wanted("response", f"{quantity} under {name}", (name, quantity, direction)))
    return wanted


def _data(title: str, data: pd.DataFrame | None, within: float) -> list[Wanted]:
    if data is None:
        return []
    columns = list(getattr(data, "columns", ()))
    if "time" not in columns or len(columns) < 2:
        raise StudyError(
            f"{title}: data need a column 'time' and one for each quantity; found {columns or type(data).__name__}"
        )
    if not within > 0:
        raise StudyError(f"{title}: within must be above 0, not {within:g}")
    if (data["time"] < 0).any() or data["time"].isna().any():
        raise StudyError(f"{title}: data: every time must be a number from 0 on")
    wanted = []
    for name in (name for name in data.columns if name != "time"):
        rows = data[["time", name]].dropna()
        if rows.empty:
            raise StudyError(f"{title}: data: column '{name}' holds no number")
        pairs = tuple((float(t), float(v)) for t, v in zip(rows["time"], rows[name], strict=True))
        wanted.append(Wanted("data", f"{name} agrees with the data", (str(name), pairs, float(within))))
    return wanted
