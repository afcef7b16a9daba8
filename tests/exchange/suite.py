"""The SBML Test Suite: one case read, simulated and compared by the suite's rule; all cases as a table.

    python -m tests.exchange.suite            all cases, in two processes; prints what fails and the table
    python -m tests.exchange.suite 00001 ...  some cases, or classes such as ode_events
    python -m tests.exchange.suite -o FILE    all cases, and the page of the docs with the counts

Source: https://github.com/sbmlteam/sbml-test-suite; a point passes where |C - U| <= absolute + relative*|C|.
"""

from __future__ import annotations

import csv
import os
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(os.environ.get("IMMUNODE_SBML", Path(__file__).parents[3] / "shared" / "sbml")) / "test-suite"
RTOL = 1e-10
CLASSES = ("ode_core", "ode_events", "comp", "algebraic", "delay", "fast")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a case. outcome : "pass", "wrong" (numbers differ), "refused" (an error of ours) or "broken"."""

    case: str
    outcome: str
    detail: str = ""

    @property
    def passed(self) -> bool:
        return self.outcome == "pass"


def index() -> list[dict[str, str]]:
    """Return what the suite's index says of each case."""
    with (FOLDER / "index.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def settings(case: str) -> dict[str, str]:
    """Return the settings of a case by name."""
    text = (FOLDER / "cases" / case / f"{case}-settings.txt").read_text(encoding="utf-8")
    found = (line.partition(":") for line in text.splitlines() if ":" in line)
    return {key.strip(): value.strip() for key, _, value in found}


def model_file(case: str, level: str = "") -> Path:
    """Return the SBML file of a case; level : "l2v4" for the copies in that level."""
    if level:
        return FOLDER / level / f"{case}-sbml-{level}.xml"
    return sorted((FOLDER / "cases" / case).glob(f"{case}-sbml-l?v?.xml"))[-1]


def run_case(case: str, *, level: str = "", engine: str = "scipy", rtol: float = RTOL) -> Verdict:
    """Return whether a case is read and simulated to the suite's tolerance."""
    from immunode.errors import ImmunodeError

    try:
        worst = compare(case, level=level, engine=engine, rtol=rtol)
    except ImmunodeError as error:
        return Verdict(case, "refused", str(error).splitlines()[0][:200])
    except (ArithmeticError, ValueError, LookupError, AssertionError, TypeError, AttributeError) as error:
        return Verdict(case, "broken", f"{type(error).__name__}: {error}"[:200])
    return Verdict(case, "pass") if not worst else Verdict(case, "wrong", worst)


def compare(case: str, *, level: str, engine: str, rtol: float) -> str:
    """Return "" where all points of a case agree, else the worst variable."""
    told = settings(case)
    with (FOLDER / "cases" / case / f"{case}-results.csv").open(encoding="utf-8-sig") as file:
        header, *rows = [[field.strip() for field in row] for row in csv.reader(file) if row]
    wanted = np.array([[float(field) for field in row] for row in rows])
    time, columns = wanted[:, 0], {name: wanted[:, i] for i, name in enumerate(header) if i}
    found = simulate(model_file(case, level), time, list(columns), told, engine=engine, rtol=rtol)
    absolute, relative = float(told["absolute"]), float(told["relative"])
    problems = []
    for name, values in columns.items():
        got = found[name]
        same = (values == got) | (np.isnan(values) & np.isnan(got))
        with np.errstate(invalid="ignore"):
            gap = np.abs(values - got) - absolute - relative * np.abs(values)
        off = ~same & ~(gap <= 0)
        if off.any():
            i = int(np.flatnonzero(off)[0])
            problems.append(f"{name} at {time[i]:g}: {got[i]:.9g} instead of {values[i]:.9g}")
    return "; ".join(problems[:3])


def simulate(
    path: Path, times: Any, variables: Sequence[str], told: dict[str, str], *, engine: str, rtol: float
) -> dict[str, Any]:
    """Return the trajectories of a file's variables as its settings want them: amounts or concentrations."""
    import immunode as im
    from immunode.exchange.sbml import read_sbml

    model = read_sbml(path)
    grid = np.asarray(times, float)
    asked = grid if grid[0] == 0 else np.concatenate([[0.0], grid])
    run = im.simulate(model, times=asked, rtol=rtol, engine=engine)
    constants = {p.name: p.value for p in model.parameters}

    def value(identity: str) -> Any:
        for name in (identity, f"{identity}_"):
            if name in run:
                return np.asarray(run[name])[-len(grid) :]
            if name in constants:
                return np.full(len(grid), constants[name])
        raise AssertionError(f"'{identity}' is not in the results")

    import libsbml

    document = libsbml.readSBMLFromFile(str(path))
    if document.getPlugin("comp") is not None:
        from immunode.exchange.sbml.reading.document import open_document

        document, _, _ = open_document(path)
    sbml = document.getModel()
    amounts, concentrations = ({n.strip() for n in told.get(k, "").split(",")} for k in ("amount", "concentration"))
    found = {}
    for name in variables:
        series = value(name)
        species = sbml.getSpecies(name)
        if species is not None:
            home = sbml.getCompartment(species.getCompartment())
            is_amount = species.getHasOnlySubstanceUnits() or home.getSpatialDimensions() == 0
            if name in amounts and not is_amount:
                series = series * value(home.getId())
            elif name in concentrations and is_amount:
                series = series / value(home.getId())
        found[name] = series
    return found


def run_all(cases: Iterable[str], processes: int = 2) -> list[Verdict]:
    """Return the verdicts of cases, computed in parallel."""
    from concurrent.futures import ProcessPoolExecutor

    cases = list(cases)
    if processes == 1:
        return [run_case(case) for case in cases]
    with ProcessPoolExecutor(processes) as pool:
        return list(pool.map(run_case, cases, chunksize=8))


def table(verdicts: Iterable[Verdict]) -> str:
    """Return the counts of passed cases by class and by construct as a Markdown table."""
    facts = {row["id"]: row for row in index()}
    total: Counter[tuple[str, str]] = Counter()
    good: Counter[tuple[str, str]] = Counter()
    for verdict in verdicts:
        row = facts[verdict.case]
        words = {*row["componentTags"].split(";"), *row["testTags"].split(";")}
        for key in [("class", row["klass"]), *(("construct", word.strip()) for word in words if word.strip())]:
            total[key] += 1
            good[key] += verdict.passed
    lines = ["| | passed | of |", "|---|---|---|"]
    for kind in ("class", "construct"):
        lines += [f"| {key[1]} | {good[key]} | {total[key]} |" for key in sorted(total) if key[0] == kind]
    return "\n".join(lines)


_PAGE = """# SBML: what is read

`im.io.read_sbml(path)`, `im.load_model("file.xml")` and every shell command read SBML Level 1 to 3. Below, the cases of
the [SBML Test Suite](https://github.com/sbmlteam/sbml-test-suite) that agree with its results to its tolerances,
simulated by the `scipy` engine at rtol 1e-10: {passed} of {all}. A case counts in every row whose construct it has.
This page is written by `python -m tests.exchange.suite -o docs/sbml.md`.

{table}
"""


def main(arguments: Sequence[str]) -> int:
    """Run cases and print what does not pass."""
    rows = index()
    page = Path(arguments[list(arguments).index("-o") + 1]) if "-o" in arguments else None
    arguments = [a for a in arguments if a != "-o" and a != str(page)]
    named = [a for a in arguments if a.isdigit()]
    classes = [a for a in arguments if not a.isdigit()] or CLASSES
    cases = named or [row["id"] for row in rows if row["klass"] in classes]
    verdicts = run_all(cases, 1 if len(cases) < 20 else 2)
    for verdict in verdicts:
        if not verdict.passed:
            print(verdict.case, verdict.outcome, verdict.detail)
    print(table(verdicts))
    if page is not None:
        page.write_text(_PAGE.format(passed=sum(v.passed for v in verdicts), all=len(verdicts), table=table(verdicts)))
    print(f"{sum(v.passed for v in verdicts)} of {len(verdicts)} pass")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
