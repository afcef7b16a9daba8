"""What a model says of its patients, its read-outs and trials, as tables of text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from immunode.model.declaration import Declaration
from immunode.model.patients import Observed, PatientCovariate, Variability
from immunode.model.published_trials import Trial, TrialResult
from immunode.model.records import pairs

_MOST_CLASSES = 12
"""More than these are patients of a list, of whom one row tells."""


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table of text: a heading, names of columns, rows. note : to stand below the heading, "" for none."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    @property
    def used(self) -> TextTable:
        """The table without its empty columns."""
        keep = [i for i in range(len(self.columns)) if any(row[i] for row in self.rows)]
        columns = tuple(self.columns[i] for i in keep)
        return TextTable(self.heading, columns, tuple(tuple(row[i] for i in keep) for row in self.rows), self.note)


def patient_tables(model: Declaration) -> tuple[TextTable, ...]:
    """Return the tables that are not empty: variability, covariates, classes, errors, thresholds, story, trials."""
    story = model.story
    arms = [] if story is None else [(name, what or "untreated") for name, what in pairs(story.arms)]
    tables = [
        TextTable(
            "Differences between studies" if model.level == "study" else "Differences between patients",
            ("parameter", "random effect", "source"),
            tuple((v.parameter, effect_words(v), v.source) for v in model.variability if not v.occasion)
            + tuple((f"{c.first}, {c.second}", f"correlation {c.value:g}", c.source) for c in model.correlations),
        ),
        TextTable(
            "Differences between occasions of one patient",
            ("parameters", "random effect", "source"),
            tuple(_occasion_rows(model)),
        ),
        TextTable(
            "Patients",
            ("covariate", "distribution", "source"),
            tuple((c.parameter, distribution_words(c), c.source) for c in model.covariates),
        ),
        TextTable(
            "Classes of patients",
            ("class", "share", "typical values", "meaning"),
            _class_rows(model),
        ),
        TextTable(
            "Errors of measurement",
            ("quantity", "error", "source"),
            tuple((o.quantity, error_words(o), o.source) for o in model.observed),
        ),
        TextTable(
            "Thresholds",
            ("name", "condition", "meaning", "source"),
            tuple((t.name, t.condition, t.meaning, t.source) for t in model.thresholds),
        ),
        TextTable("Story", ("arm", "treatment"), tuple(arms), story.sentence if story else ""),
        *(
            TextTable(
                f"Trial: {trial.name}",
                ("arm", "endpoint", "statistic", "published", "seen", "note"),
                tuple(_result_row(result) for result in trial.results),
                _trial_words(trial),
            )
            for trial in model.trials
        ),
    ]
    return tuple(table.used for table in tables if table.rows)


def _occasion_rows(model: Declaration) -> Iterator[tuple[str, ...]]:
    """Yield a row for the random effects of all occasions of one number."""
    groups: dict[str, list[Variability]] = {}
    for one in model.variability:
        if one.occasion:
            groups.setdefault(one.parameter.rpartition("_")[0], []).append(one)
    for group in groups.values():
        names = list(dict.fromkeys((group[0].parameter, group[-1].parameter)))
        yield " to ".join(names), effect_words(group[0]), group[0].source


def _class_rows(model: Declaration) -> tuple[tuple[str, ...], ...]:
    """Return a row for each class, or one for all where patients are listed one by one."""
    if len(model.classes) > _MOST_CLASSES:
        first = model.classes[0]
        names = f"{len(pairs(first.values))} values each"
        return ((f"{len(model.classes)} listed patients", f"{100 * first.share:g} % each", names, first.source),)
    return tuple(
        (c.name, f"{100 * c.share:g} %", ", ".join(f"{k} = {v:g}" for k, v in pairs(c.values)), c.meaning)
        for c in model.classes
    )


def effect_words(one: Variability) -> str:
    """Return a random effect in words: "log scale, SD 0.53 (CV 57 %)"."""
    words = f"{one.scale} scale, SD {one.spread:.4g}"
    if one.cv:
        words += f" (CV {100 * one.cv:g} %)"
    if one.shares:
        words += f", the one of {one.shares}"
    return words + _ends(one.low, one.high)


def distribution_words(one: PatientCovariate) -> str:
    """Return a distribution in words: "lognormal, median 70, SD of the logarithm 0.2, 40 to 170"."""
    if one.shape == "lognormal":
        words = f"lognormal, median {one.median:g}, SD of the logarithm {one.sd:g}"
    elif one.shape == "normal":
        words = f"normal, mean {one.mean:g}, SD {one.sd:g}"
    elif one.shape == "share":
        return f"{100 * (one.share or 0.0):g} % of patients"
    elif one.shape == "poisson":
        words = (f"{one.shift:g} + " if one.shift else "") + f"Poisson count, mean {one.mean:g}"
    else:
        words = "uniform"
    return words + _ends(one.low, one.high) + (f", in steps of {one.step:g}" if one.step else "")


def error_words(one: Observed) -> str:
    """Return an error in words: "SD 0.5 + 10 % of the value"."""
    if one.counts:
        return "counts of events (Poisson)"
    if one.events:
        return "times of events with this hazard"
    if one.categories:
        return f"{len(one.categories) + 1} ordered categories, thresholds {', '.join(one.categories)}"
    if one.lognormal:
        return f"lognormal, SD of the logarithm {one.lognormal:g}"
    relative = f"{100 * one.proportional:g} % of the value"
    if one.power != 1:
        relative = f"{one.proportional:g} times the value to the power {one.power:g}"
    parts = [f"SD {one.additive:g}"] * bool(one.additive) + [relative] * bool(one.proportional)
    return " plus ".join(parts) if one.combined == "sds" else " and ".join(parts)


def _result_row(result: TrialResult) -> tuple[str, ...]:
    ends = result.interval
    value = f"{result.value:g}" + (f" ({ends[0]:.3g} to {ends[1]:.3g})" if ends else "")
    compared = f"{result.compared} of {result.statistic}s" if result.compared else result.statistic
    arm = f"{result.arm} against {result.versus}" if result.versus else result.arm
    seen = result.seen + (", used to make the model" if result.used else "")
    return arm, result.endpoint, compared, value, seen, result.note


def _trial_words(trial: Trial) -> str:
    """Return where a trial is published, and who was in it, in one line."""
    sizes = dict(pairs(trial.patients))
    arms = [f"{name}: {what or 'untreated'}" + (f", {sizes[name]} patients" if name in sizes else "")
            for name, what in pairs(trial.arms)]  # fmt: skip
    variant = f"variant {trial.variant}" if trial.variant else ""
    only = f"patients with {trial.only}" if trial.only else ""
    return "; ".join(part for part in (trial.doi, *arms, only, variant, trial.note) if part)


def _ends(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return ""
    if low is None or high is None:
        return f", at least {low:g}" if low is not None else f", at most {high:g}"
    return f", {low:g} to {high:g}"
