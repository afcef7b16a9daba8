"""Population estimation in the shell: what is asked for, the table and the files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.text import Text

from immunode.analysis.mixed_effects.estimation import METHODS, estimate
from immunode.analysis.mixed_effects.prior_densities import InverseWishart
from immunode.analysis.mixed_effects.records.individual_records import IndividualData, Route, individual_data
from immunode.analysis.mixed_effects.results.population_fit import PopulationFit
from immunode.cli import output
from immunode.cli.studies.files import json_file, picture_files, text_file
from immunode.cli.words import STYLES
from immunode.errors import did_you_mean
from immunode.intervention.pharmacokinetics.occasions import OccasionVariability
from immunode.model import Model
from immunode.study.design.distributions import Distribution, lognormal, normal, uniform
from immunode.study.result.spreadsheets import csv_text

PRIORS = ("lognormal", "normal", "halfnormal", "uniform", "inversewishart")
"""Median and SD of the logarithm; mean and SD; SD; both ends; rows of the most probable covariance and degrees."""
TABLES = ("estimates", "individuals", "residuals")
FIGURES = ("convergence", "individuals", "predictive_check", "residual_plots")
FILES = (
    *(f"{name}.csv" for name in TABLES), "summary.txt", "model.json", "recipe.json",
    *(f"{name}.{ending}" for name in FIGURES for ending in ("png", "svg")),
)  # fmt: skip
"""All that `write` may write."""


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked for. also : further parameters.   fix : what is held.   occasions : what differs between them."""

    data: IndividualData
    estimator: str
    also: tuple[str, ...]
    fix: tuple[str, ...]
    occasions: tuple[OccasionVariability, ...]
    priors: Mapping[str, Distribution | InverseWishart]


def read_question(
    data: Path,
    estimator: str,
    also: Sequence[str],
    fix: Sequence[str],
    column: Sequence[str],
    observed: Sequence[str],
    route: Sequence[str],
    occasion: Sequence[str],
    prior: Sequence[str],
    carried: str,
    leave_out: bool,
    style: str,
) -> Question:
    """Return what was asked for, checked. The parameters are options of the same names as typed.

    Raises
    ------
    UsageError : with what was likely meant.
    """
    if estimator not in METHODS:
        raise output.UsageError(f"--estimator {estimator}: no such estimator{did_you_mean(estimator, METHODS)}")
    if style not in STYLES:
        raise output.UsageError(f"--style {style}: no such style{did_you_mean(style, STYLES)}")
    if not data.is_file():
        raise output.UsageError(f"{data}: there is no such file")
    columns = dict(_pair("--column", text) for text in column)
    outputs = dict(_coded(text) for text in observed)
    routes = dict(_route(text) for text in route)
    with output.usage():
        records = individual_data(
            data,
            columns=columns,
            outputs=outputs.get("", outputs) if len(outputs) == 1 else outputs,
            routes=routes.get("", routes) if len(routes) == 1 else routes,
            carried=carried,
            without_observations="leave out" if leave_out else "refuse",
        )
        differing = tuple(_occasion(text) for text in occasion)
        priors = dict(_prior(text) for text in prior)
    return Question(records, estimator, tuple(also), tuple(fix), differing, priors)


def fitted(model: Model, asked: Question, draws: int, seed: int, standard_errors: str) -> PopulationFit:
    """Return the fit."""
    return estimate(
        model, asked.data, method=asked.estimator, parameters=asked.also, fixed=asked.fix, occasions=asked.occasions,
        priors=asked.priors, draws=draws, seed=seed, standard_errors=standard_errors,
    )  # fmt: skip


def print_fit(fit: PopulationFit) -> None:
    """Print the estimates in words."""
    output.console().print(Text(fit.summary()), soft_wrap=True)


def as_record(fit: PopulationFit) -> dict[str, Any]:
    """Return the fit as plain values."""
    return {
        "model": fit.predict.structure.model.name,
        "method": fit.method,
        "minus2ll": fit.likelihood.minus2ll,
        "standard error of minus2ll": fit.likelihood.standard_error,
        "likelihood by": fit.likelihood.method,
        "objective without log(2 pi)": fit.likelihood.objective,
        "penalized objective": fit.penalized if fit.priors else None,
        "aic": None if fit.priors else fit.aic,
        "bic": None if fit.priors else fit.bic,
        "derivatives by random effects": fit.derivatives,
        "standard errors by": fit.error_method,
        "condition number": fit.condition,
        "condition number of the covariance": fit.covariance_condition,
        "estimates": fit.table().reset_index().to_dict("records"),
        "notes": list(fit.notes),
        "recipe": dict(fit.recipe),
    }


def write(folder: Path, fit: PopulationFit, style: str, command: str) -> list[Path]:
    """Return the files that were written: tables, the fitted model, figures. command : what was typed."""
    tables = {
        "estimates": fit.table().reset_index(),
        "individuals": fit.individuals().reset_index(),
        "residuals": fit.residuals(),
    }
    written = [text_file(folder / f"{name}.csv", csv_text(table)) for name, table in tables.items()]
    written.append(text_file(folder / "summary.txt", fit.summary() + "\n"))
    written.append(text_file(folder / "model.json", fit.model().to_json()))
    written.append(json_file(folder / "recipe.json", {**as_record(fit)["recipe"], "command": command}))
    figures = {
        "convergence": fit.plot.convergence(style=style),
        "predictive_check": fit.plot.predictive_check(style=style),
    }
    if fit.drawn_outputs:
        figures |= {
            "individuals": fit.plot.individuals(style=style),
            "residual_plots": fit.plot.residuals(style=style),
        }
    for name, figure in figures.items():
        written += picture_files(figure, folder, name, command)
    return written


def _pair(option: str, text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name or not value:
        raise output.UsageError(f"{option} {text}: write NAME=VALUE, such as DV=conc")
    return name, value


def _coded(text: str) -> tuple[str, str]:
    code, sign, value = text.partition("=")
    return (code, value) if sign else ("", text)


def _prior(text: str) -> tuple[str, Distribution | InverseWishart]:
    name, _, density = text.rpartition("=")
    parts = re.fullmatch(r"\s*(\w+)\((.+)\)\s*", density)
    if not name or parts is None or parts[1] not in PRIORS:
        near = did_you_mean(parts[1], PRIORS) if parts else ""
        raise output.UsageError(f'--prior {text}: write "CL=lognormal(3, 0.2)", or {", ".join(PRIORS[1:])}{near}')
    if parts[1] == "inversewishart":
        return name.strip(), _inverse_wishart(text, parts[2])
    try:
        numbers = [float(x) for x in parts[2].split(",")]
    except ValueError:
        raise output.UsageError(f"--prior {text}: '{parts[2]}' are no numbers") from None
    wanted = 1 if parts[1] == "halfnormal" else 2
    if len(numbers) != wanted:
        raise output.UsageError(f"--prior {text}: {parts[1]} takes {wanted}, got {len(numbers)}")
    if parts[1] == "lognormal":
        return name.strip(), lognormal(numbers[0], sd=numbers[1])
    if parts[1] == "normal":
        return name.strip(), normal(*numbers)
    if parts[1] == "uniform":
        return name.strip(), uniform(*numbers)
    return name.strip(), normal(0.0, numbers[0], low=0.0)


def _inverse_wishart(text: str, inside: str) -> InverseWishart:
    """Return the prior of a block from the rows of its most probable covariance and its degrees."""
    matrix, _, degrees = inside.rpartition(",")
    try:
        rows = [[float(x) for x in row.replace(",", " ").split()] for row in matrix.split(";")]
        weight = float(degrees)
    except ValueError:
        rows, weight = [], 0.0
    if not rows or any(len(row) != len(rows) for row in rows):
        raise output.UsageError(
            f'--prior {text}: write the rows of a square matrix and the degrees, "omega(CL, V)=inversewishart(0.09 '
            '0.02; 0.02 0.04, 10)"'
        )
    return InverseWishart(rows, weight)


def _occasion(text: str) -> OccasionVariability:
    first, *more = text.split(",")
    number, value = _pair("--occasion", first)
    options = dict(_pair("--occasion", part) for part in more)
    pairs = {name[5:-1]: value for name, value in options.items() if re.fullmatch(r"corr\(.+\)", name)}
    wrong = [name for name in options if name != "every" and not (name.startswith("corr(") and name[5:-1] in pairs)]
    if wrong:
        near = did_you_mean(wrong[0], ("every", "corr"))
        raise output.UsageError(f"--occasion {text}: unknown '{wrong[0]}'{near}; write every=7 days or corr(V)=0.3")
    numbers = {}
    for name, given in (("", value), *pairs.items()):
        try:
            numbers[name] = float(given)
        except ValueError:
            raise output.UsageError(f"--occasion {text}: '{given}' is no number; write CL=0.2") from None
    sd = numbers.pop("")
    return OccasionVariability(number, sd=sd, every=options.get("every", ""), correlations=numbers)


def _route(text: str) -> tuple[str, Route]:
    first, *more = text.split(",")
    code, state = _coded(first)
    options = dict(_pair("--route", part) for part in more)
    wrong = [name for name in options if name not in ("factor", "lag")]
    if wrong:
        raise output.UsageError(f"--route {text}: unknown '{wrong[0]}'{did_you_mean(wrong[0], ('factor', 'lag'))}")
    return code, Route(state, **options)
