"""Exported scripts of R run whole where R, deSolve and a C++ compiler are: doses, infusions, windows, events."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import immunode as im
from immunode.model import Model
from tests.clock import PATIENCE

READERS = Path(__file__).with_name("readers.R")
CASES = {
    "jin2025": ("benralizumab_q8w", 100.0),  # under the skin, every eight weeks
    "kuznetsov1994": ("adoptive_transfer_bolus", 60.0),
    "gc_immune": ("prednisolone_20", 3.0),  # tablets every day, and the time of day
    "ma2020": ("sarilumab_200", 100.0),
    "crass2024": ("pegcetacoplan", 4368.0),
    "stein2019": ("tocilizumab", 60.0),  # a window
    "immune_balance": ("allergen", 60.0),  # seasons, and an injury of size 0
    "chatterjee2017": ("q3w_2", 336.0),  # regimens that the arm does not use
    "melhem2018": ("steroid_1", 672.0),  # jumps after a lag
    "muellerschoell2021": ("infusion", 90.0),
}
WHERE_R_IS = pytest.mark.skipif(
    shutil.which("Rscript") is None
    or subprocess.run(["Rscript", "-e", "library(deSolve)"], capture_output=True, check=False).returncode != 0,
    reason="R with deSolve is not here",
)


def arm(name: str) -> tuple[Model, float]:
    treatment, until = CASES[name]
    model = im.load_model(name)
    known = [one.name for one in model.interventions]
    return im.perturb(model, treatment if treatment in known else known[0]), until


@pytest.mark.slow
@WHERE_R_IS
@pytest.mark.parametrize("language", ["rxode2", "mrgsolve"])
def test_a_whole_script_of_r_runs_to_the_same_numbers(language: str, tmp_path: Path) -> None:
    """R's parser, a C++ compiler and LSODA share nothing with this package; the readers stand in for the two tools."""
    treated = {name: arm(name) for name in CASES}
    files = {name: im.io.write_script(m, tmp_path / f"{name}.R", language, until=u) for name, (m, u) in treated.items()}
    command = ["Rscript", str(READERS), *map(str, files.values())]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    for name, (model, until) in treated.items():
        table = pd.read_csv(f"{files[name]}.csv")
        run = im.simulate(model, times=np.linspace(0, until, 401), rtol=1e-9)
        assert len(table) == 401
        for column, state in enumerate(model.states, start=1):
            want, got = run[state.name], table.iloc[:, column].to_numpy()
            assert np.abs(got - want).max() < 1e-5 * np.abs(want).max() + 1e-12, f"{name}, {state.name}"
