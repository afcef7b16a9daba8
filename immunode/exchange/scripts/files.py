"""Scripts of other languages as files."""

from __future__ import annotations

import os
from pathlib import Path

from immunode.errors import StoreError, did_you_mean
from immunode.exchange.scripts import matlab
from immunode.exchange.scripts.julia import to_julia
from immunode.exchange.scripts.matlab import to_matlab
from immunode.exchange.scripts.mrgsolve import to_mrgsolve
from immunode.exchange.scripts.nonmem import to_nonmem
from immunode.exchange.scripts.rxode2 import to_rxode2
from immunode.exchange.scripts.syntax import Names
from immunode.model import Model
from immunode.study.run.recipe import write_text

_TEXTS = {"matlab": to_matlab, "rxode2": to_rxode2, "mrgsolve": to_mrgsolve, "julia": to_julia}
LANGUAGES = {"matlab": ".m", "rxode2": ".R", "mrgsolve": ".R", "nonmem": ".ctl", "julia": ".jl"}
"""Language -> ending of its files."""


def write_script(model: Model, path: str | os.PathLike[str], language: str, *, until: float | None = None) -> Path:
    """Return the path of a new script that solves `model` in another language, with the interventions applied to it.

    Parameters
    ----------
    path : str | os.PathLike[str]
        the file, or a folder for one named after the model. A function of MATLAB must be in a file of its own name. For
        NONMEM the data set is written beside it, ending in `.csv`.
    language : str
        "matlab" (runs in Octave too), "rxode2", "mrgsolve", "nonmem" or "julia" (ModelingToolkit). A model with delays
        takes dde23 of MATLAB, `delay` of rxode2, DelayDiffEq of Julia.
    until : float | None
        end of the run and of the doses, in the model's time unit; None is the model's horizon.

    Raises
    ------
    ModelError
        the model has what the language can't say: events on conditions, rules at visits, in all but MATLAB and Julia
        populations that die out, in mrgsolve and NONMEM delays, and elsewhere a lag that is not above 0.
    StoreError
        the language is not known, or the file can't be written.
    """
    if not isinstance(model, Model):
        raise StoreError(f"write_script: a Model is needed, but {type(model).__name__} was found")
    if language not in LANGUAGES:
        raise StoreError(f"write_script: unknown language '{language}'{did_you_mean(language, LANGUAGES)}")
    target = Path(path)
    if target.is_dir():
        target = target / f"{Names(matlab.SYNTAX).new(model.name)}{LANGUAGES[language]}"
    if language == "nonmem":
        data = target.with_suffix(".csv")
        text, table = to_nonmem(model, data.name, until)
        write_text(data, table)
    else:
        text = _TEXTS[language](model, until)
    write_text(target, text)
    return target
