"""Which runs a sweep has: a table of the user's, or points that are sampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from immunode.cli import output
from immunode.cli.studies.request import Request
from immunode.study.design.declared import declared_joint, declares_patients
from immunode.study.design.design import Design, grid, sobol
from immunode.study.design.distributions import Distribution
from immunode.study.design.from_tables import from_table
from immunode.study.design.ranges import Space, has_parameters, space
from immunode.study.run.plan_checks import RUNS, sampled


@dataclass(frozen=True, slots=True)
class Sampling:
    """Which runs are wanted.

    patients : how many are drawn of the declared population, None where that is not asked for.
    runs : how many points are sampled, None for 1,024.   seed : what random numbers start from.
    table : rows of a file of the user's, or None to sample.   file : its path, for messages.
    vary : patterns of names to sample, none means all parameters.
    """

    patients: int | None
    runs: int | None
    seed: int
    table: Design | None
    file: Path | None
    vary: Sequence[str]


def read_sampling(
    patients: int | None, runs: int | None, seed: int, file: Path | None, vary: Sequence[str], arms: Sequence[str]
) -> Sampling:
    """Return which runs are wanted; the user's table is read here, since it may name the arms.

    Raises
    ------
    UsageError : the table can't be read, or what else was asked for contradicts it.
    """
    if patients is not None:
        others = {"--runs": runs is not None, "--vary": bool(vary), "--design": file is not None}
        given = " and ".join(option for option, there in others.items() if there)
        if given:
            raise output.UsageError(f"--patients draws the population that the model declares: leave out {given}")
    if file is None:
        return Sampling(patients, runs, seed, None, None, vary)
    if runs is not None or vary:
        raise output.UsageError("--design has its own rows and columns: leave out --runs and --vary")
    with output.usage():
        table = from_table(file)
    if table.labels and arms:
        raise output.UsageError(f"{file} has a column 'arm' already: leave out --arm")
    return Sampling(None, None, seed, table, file, vary)


def make_design(request: Request, sampling: Sampling) -> Design:
    """Return the rows of the sweep; settings hold in every one.

    Raises
    ------
    UsageError, StudyError : nothing is left to sample, or a pattern matches nothing.
    """
    model, settings = request.model, request.settings
    if sampling.table is not None:
        design = sampling.table
    elif sampling.patients is not None or (sampling.runs is None and not sampling.vary and declares_patients(model)):
        return _patients(request, RUNS if sampling.patients is None else sampling.patients, sampling.seed)
    elif not sampling.vary and not has_parameters(model):
        design = sampled(model, sampling.runs, sampling.seed)
    else:
        ranges = space(model, *sampling.vary)
        axes = tuple(axis for axis in ranges.axes if axis.name not in settings)
        if not axes:
            raise output.UsageError("--set fixes everything that would be sampled; use `immunode run`")
        left_out = tuple(name for name in ranges.left_out if name not in settings)
        design = sobol(Space(axes, left_out), RUNS if sampling.runs is None else sampling.runs, seed=sampling.seed)
    for name in settings:
        if name in design.names:
            raise output.UsageError(f"--set {name}: it is a column of {sampling.file}")
    return design * grid({name: [value] for name, value in settings.items()}) if settings else design


def _patients(request: Request, n: int, seed: int) -> Design:
    """Return patients of the population that the model and the drugs of its arms declare; settings hold in each."""
    if not any(declares_patients(one) for one in (request.model, *request.arms.values())):
        raise output.UsageError(
            f"{request.model.name}: --patients: it declares no population; --runs {n} samples its parameters"
        )
    joint = declared_joint(request.model, request.arms.values())
    fixed = {name: Distribution("point", value, origin="set") for name, value in request.settings.items()}
    drawn = replace(
        joint,
        marginals=tuple((name, fixed.get(name, marginal)) for name, marginal in joint.marginals),
        classes=tuple(
            replace(one, marginals=tuple(pair for pair in one.marginals if pair[0] not in fixed))
            for one in joint.classes
        ),
        shared=tuple(pair for pair in joint.shared if pair[0] not in fixed),
    )
    design = drawn.design(n, seed, f"the population that {request.model.name} declares; {drawn.words()}")
    others = {name: [value] for name, value in request.settings.items() if name not in design.names}
    return design * grid(others) if others else design
