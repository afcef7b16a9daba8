"""A model beside published trials: what it gives for a trial of the published size, and whether the two agree."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import immunode.plot as figures
from immunode.analysis.trials.measurement import measured_values, reads
from immunode.analysis.trials.phrases import result_words
from immunode.analysis.trials.responder_shares import by_draw
from immunode.analysis.trials.threshold_rules import written_out
from immunode.analysis.trials.verdicts import ASSUMED, RULE, Run, Verdict, arm_words, judge, statistic_words
from immunode.errors import StudyError, did_you_mean
from immunode.language.evaluation import evaluate
from immunode.language.expression import names, parse
from immunode.model.declaration import check_model
from immunode.model.published_trials import Trial
from immunode.model.records import pairs
from immunode.study.arms import Arms
from immunode.study.design.declared import declared_joint, declares_patients, drawn_words
from immunode.study.endpoints.reading import endpoint
from immunode.study.result.notebook import Tabled
from immunode.study.result.row_condition import endpoints_in
from immunode.study.run.ready import model_time
from immunode.study.sweeps import sweep

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from immunode.model import Model

Array = NDArray[np.float64]
PATIENTS = 10_000
"""Virtual patients behind a validation: many more than any trial has, so that chance in them counts for little."""
MEASURED = 10
"""How often each of them is measured, with errors of its own each time."""
FEWEST = 200
"""Fewest virtual patients that say anything."""
REPLICATES = 1000
"""Replicate trials behind an interval."""
LEAST = 50
"""Fewest virtual patients that a trial's condition may leave."""


@dataclass(frozen=True, eq=False, repr=False)
class Validation(Tabled):
    """A model beside the trials that it declares. Made by `validate`.

    Attributes
    ----------
    model : str
        its name.
    verdicts : tuple[Verdict, ...]
        one for each published number.
    recipe : str
        how the numbers were made, in words.
    trials : tuple[Trial, ...]
        those that were compared.
    """

    model: str
    verdicts: tuple[Verdict, ...]
    recipe: str
    trials: tuple[Trial, ...] = ()
    title: str = ""

    @property
    def tests(self) -> tuple[Verdict, ...]:
        """The verdicts on numbers that did not help to make the model."""
        return tuple(one for one in self.verdicts if not one.result.used)

    def counts(self) -> dict[str, int]:
        """Return how many of the tests are "inside", "near" and "off"."""
        return {word: sum(one.verdict == word for one in self.tests) for word in ("inside", "near", "off")}

    def table(self) -> pd.DataFrame:
        """Return one row for each published number: trial, arm, what was reported in words, endpoint, statistic,
        published value and interval, model value and interval, unit, patients an arm, verdict, whether it was used to
        make the model, and whether it was read or is quoted from memory.
        """
        import pandas as pd

        rows = []
        for one in self.verdicts:
            result, ends = one.result, one.result.interval or (np.nan, np.nan)
            rows.append(
                {
                    "trial": one.trial,
                    "arm": arm_words(result),
                    "reported": one.words,
                    "endpoint": result.endpoint,
                    "statistic": statistic_words(result),
                    "unit": one.unit,
                    "published": result.value,
                    "published low": ends[0],
                    "published high": ends[1],
                    "model": one.model,
                    "model low": one.low,
                    "model high": one.high,
                    "patients": one.patients,
                    "verdict": one.verdict,
                    "used": result.used,
                    "seen": result.seen,
                    "note": result.note,
                }
            )
        return pd.DataFrame(rows)

    def words(self) -> str:
        """Return one line: how many numbers agree."""
        count = self.counts()
        used = len(self.verdicts) - len(self.tests)
        made = f"; {used} more helped to make the model and are not counted" if used else ""
        return (
            f"{self.model}: of {len(self.tests)} published numbers {count['inside']} lie inside what the model gives "
            f"for such a trial, {count['near']} near, {count['off']} off{made}"
        )

    def plot(self, *, style: str = "slide", title: str | None = None, axes: Any = None) -> Figure:
        """Return a figure of published values with their intervals over those of the model, colored by arm."""
        return figures.agreement_chart(
            [_drawn(one) for one in self.verdicts],
            title=(self.title or self.model) if title is None else title,
            style=style,
            axes=axes,
        )

    def __repr__(self) -> str:
        columns = ["trial", "arm", "reported", "published", "model", "model low", "model high", "verdict", "used"]
        shown = self.table()[columns]
        shown["used"] = ["made the model" if used else "" for used in shown["used"]]
        return f"{self.words()}\n{shown.to_string(index=False, float_format=lambda x: f'{x:.3g}')}\n{RULE}"


def _drawn(one: Verdict) -> dict[str, Any]:
    """Return a verdict as the chart takes it; shares in percent."""
    result = one.result
    percent = result.statistic == "share" and result.compared != "ratio"
    factor = 100.0 if percent else 1.0
    ends = result.interval
    return {
        "trial": one.trial,
        "arm": arm_words(result),
        "group": one.words,
        "unit": "% of patients" if percent else one.unit,
        "published": factor * result.value,
        "interval": ends and (factor * ends[0], factor * ends[1]),
        "model": factor * one.model,
        "band": (factor * one.low, factor * one.high),
        "verdict": "used" if result.used else one.verdict,
        "same": {"ratio": 1.0, "difference": 0.0}.get(result.compared),
    }


def validate(
    model: Model,
    trials: Iterable[str] | str | None = None,
    *,
    patients: int = PATIENTS,
    replicates: int = REPLICATES,
    seed: int = 0,
    rtol: float = 1e-6,
) -> Validation:
    """Return a model beside the published trials that it declares.

    The declared population (`im.population(model)`) goes through the arms of each trial, with the declared errors of
    measurement; replicate trials of the published size, drawn from these patients for each arm separately, give the
    interval that such a trial would have shown if the model were right. In a model of studies (`level="study"`) each
    replicate is one study, the same in all its arms, and a share counts responders drawn from the patients of an arm.
    Numbers that helped to make the model are shown and marked, and not counted.

    Parameters
    ----------
    trials : Iterable[str] | str | None
        names; by default all.
    patients : int
        virtual patients drawn; where a model lists its patients, all of them, each once.
    replicates : int
        replicate trials.
    seed : int
        of all random numbers.
    rtol : float
        relative tolerance of the runs.

    Raises
    ------
    StudyError
        the model declares no trials or no patients, an unknown trial, or a trial whose condition leaves fewer than 50
        virtual patients.
    """
    check_model("validate", model)
    chosen = _trials(model, trials)
    if not declares_patients(model):
        raise StudyError(f"{model.name}: it declares no patients, so there is nobody to put into a trial")
    if patients < FEWEST or replicates < 1:
        raise StudyError(
            f"{model.name}: {patients} virtual patients and {replicates} replicate trials say nothing; take at least "
            f"{FEWEST} patients, better many more than the trials had, and 1,000 replicates"
        )
    # where all patients are listed, each of them counts once
    patients = min(patients, declared_joint(model).listed or patients)
    verdicts: list[Verdict] = []
    for variant in dict.fromkeys(trial.variant for trial in chosen):
        seen = model.variant(variant) if variant else model
        mine = [trial for trial in chosen if trial.variant == variant and trial.results]
        verdicts += _verdicts(seen, mine, patients, replicates, seed, rtol) if mine else []
    order = {trial.name: i for i, trial in enumerate(chosen)}
    verdicts.sort(key=lambda one: order[one.trial])
    recipe = f"{patients:,} virtual {drawn_words(model)}, seed {seed}, {replicates:,} replicate trials"
    if any(one.assumed for one in verdicts):
        recipe += f"; an arm whose size is not published counts as {ASSUMED} patients"
    return Validation(
        model=model.label, verdicts=tuple(verdicts), recipe=recipe, trials=tuple(chosen), title=model.heading
    )


def _trials(model: Model, asked: Iterable[str] | str | None) -> list[Trial]:
    if not model.trials:
        raise StudyError(f"{model.name}: it declares no published trials to compare with")
    known = {trial.name: trial for trial in model.trials}
    if asked is None:
        return list(known.values())
    listed = [asked] if isinstance(asked, str) else list(asked)
    for name in listed:
        if name not in known:
            raise StudyError(f"{model.name}: unknown trial '{name}'{did_you_mean(name, known)}")
    return [known[name] for name in listed]


def _verdicts(
    model: Model, trials: list[Trial], patients: int, replicates: int, seed: int, rtol: float
) -> list[Verdict]:
    """Return the verdicts of trials with one variant of the model; all their arms run in one sweep."""
    treatments = dict.fromkeys(text for trial in trials for _, text in pairs(trial.arms))
    arms = {text or "untreated": [part.strip() for part in text.split("+") if part.strip()] for text in treatments}
    rules = {
        id(result): written_out(model, result.endpoint) if result.statistic == "share" else result.endpoint
        for trial in trials
        for result in trial.results
    }
    asked = dict.fromkeys(name for rule in rules.values() for name in endpoints_in(rule))
    end = max([model.horizon, *(_time(model, name) for name in asked)])
    wanted = dict.fromkeys(read for name in asked for read in reads(model, name, end))
    people = declared_joint(model).design(patients, seed, "the declared population")
    out = sweep(model, people * Arms(arms), until=end, endpoints=list(wanted), rtol=rtol)
    tables = {name: by_draw(out, np.where(out.ok, out.endpoint(name), np.nan))[1] for name in wanted}
    failed = int((~out.ok).sum())
    if failed:
        warnings.warn(f"{model.label}: {failed} of {len(out)} runs failed and are left out of trials", stacklevel=4)
    often = {name: np.broadcast_to(table, (MEASURED, *table.shape)) for name, table in tables.items()}
    observed = measured_values(model, often, end, seed)
    place = {text: i for i, text in enumerate(treatments)}
    run = Run(place, tables, observed, out.units, replicates, seed, model.level == "study")
    return [
        judge(run, trial, result, rules[id(result)], rows, result_words(model, result, rules[id(result)]))
        for trial, rows in ((trial, _rows(model, trial, people)) for trial in trials)
        for result in trial.results
    ]


def _time(model: Model, name: str) -> float:
    moment = endpoint(name).moment
    return 0.0 if moment is None else model_time(model, moment, name)


def _rows(model: Model, trial: Trial, people: Any) -> NDArray[np.intp]:
    """Return the patients who meet the condition of a trial, shape (n,)."""
    if not trial.only:
        return np.arange(len(people))
    condition = parse(trial.only)
    values: dict[str, Any] = {p.name: p.value for p in model.parameters if p.name in names(condition)}
    values |= {name: people.values[:, i] for i, name in enumerate(people.names) if name in values}
    rows = np.flatnonzero(np.broadcast_to(np.asarray(evaluate(condition, values), bool), len(people)))
    if len(rows) < LEAST:
        raise StudyError(
            f"{model.name}: only {len(rows)} of {len(people)} virtual patients meet '{trial.only}' of the trial "
            f"'{trial.name}'; draw more (patients={LEAST * len(people) // max(len(rows), 1)})"
        )
    return rows
