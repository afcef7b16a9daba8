"""Published models as SBML against reference trajectories that other tools agree on.

    python -m tests.exchange.biomodels              all models; prints difference and time of each
    python -m tests.exchange.biomodels BIOMD...     some

Scaled difference: the largest |y - reference| of a column over the largest |reference| of the column, or, where that is
larger, over 1e-9 of the largest value of all columns: below that a column is rounding of the tool that made it.
"""

from __future__ import annotations

import csv
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(os.environ.get("IMMUNODE_SBML", Path(__file__).parents[3] / "shared" / "sbml")) / "biomodels"
RTOL = 1e-9


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a model: the largest scaled difference, its column, seconds of reading and of simulating."""

    model: str
    difference: float
    column: str
    reading: float
    simulating: float
    remarks: int = 0
    problem: str = ""


def index() -> list[dict[str, str]]:
    """Return the rows of the index."""
    with (FOLDER / "index.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def reference(row: dict[str, str]) -> tuple[Any, dict[str, Any]]:
    """Return times and columns of the reference trajectories."""
    with (FOLDER / row["reference"]).open(encoding="utf-8") as file:
        header, *rows = list(csv.reader(file))
    table = np.array([[float(v) if v else np.nan for v in r] for r in rows])
    return table[:, 0], {name: table[:, i] for i, name in enumerate(header) if i}


def run(row: dict[str, str], engine: str = "auto", rtol: float = RTOL) -> Outcome:
    """Return how far a model is from its reference."""
    import immunode as im
    from immunode.errors import ImmunodeError
    from immunode.exchange.sbml import read_sbml

    times, columns = reference(row)
    begin = time.perf_counter()
    try:
        model = read_sbml(FOLDER / row["file"])
        read = time.perf_counter() - begin
        run = im.simulate(model, times=times, rtol=rtol, engine=engine)
    except ImmunodeError as error:
        return Outcome(row["id"], np.inf, "", 0.0, 0.0, 0, str(error).splitlines()[0])
    simulated = time.perf_counter() - begin - read
    constants = {p.name: p.value for p in model.parameters}
    worst, where = 0.0, ""
    floor = 1e-9 * max(float(np.nanmax(np.abs(v), initial=0.0, where=np.isfinite(v))) for v in columns.values())
    for column, wanted in columns.items():
        name = column.strip("[]")
        found = next((n for n in (name, f"{name}_") if n in run or n in constants), None)
        if found is None:
            return Outcome(row["id"], np.inf, column, read, simulated, 0, f"{column} is not in the results")
        got = run[found] if found in run else np.full(len(times), constants[found])
        finite = np.isfinite(wanted)
        if not (np.isfinite(got) == finite).all() and not np.isfinite(got)[finite].all():
            return Outcome(row["id"], np.inf, column, read, simulated, 0, f"{column} is not finite")
        scale = float(np.abs(wanted[finite]).max(initial=0.0))
        scale = max(scale, floor) or 1.0
        gap = float(np.abs(got[finite] - wanted[finite]).max(initial=0.0)) / scale
        if gap > worst:
            worst, where = gap, column
    return Outcome(row["id"], worst, where, read, simulated, len(model.remarks))


def main(arguments: Sequence[str]) -> int:
    """Run models and print what came of each."""
    made = [run(row) for row in index() if not arguments or row["id"] in arguments]
    for one in sorted(made, key=lambda o: -o.difference):
        print(
            f"{one.model} {one.difference:.1e} {one.column:20.20} read {one.reading:.3f} s, run {one.simulating:.3f} s "
            f"{one.problem[:200]}"
        )
    total = sorted(o.reading + o.simulating for o in made)
    good = sum(o.difference <= (1e-3 if o.model == "BIOMD0000000893" else 1e-5) for o in made)
    print(f"{good} of {len(made)} agree; median {total[len(total) // 2]:.3f} s, longest {total[-1]:.2f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
