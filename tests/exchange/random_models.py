"""Random SBML models against RoadRunner: read, simulated by every engine that can, and compared.

    python -m tests.exchange.random_models N SEED      prints what differs, and the counts

Where the two differ the specification decides, and RoadRunner's faults are known by what a model has in it:

- a rate rule gives the rate of a concentration, whatever its compartment does; RoadRunner takes it as the rate of the
  amount per size, and so dilutes what the rule alone should move (SBML Level 3 Version 2 Core, section 4.9.3);
- a delayed event that is not persistent waits as long as its condition holds; RoadRunner drops it when another delayed
  event is executed meanwhile (section 4.11.3).

Events of equal priority on one condition come in any order, and at an output time at which an event is executed, either
side of it is right.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

TOOL = Path(os.environ.get("IMMUNODE_TOOLS", Path(__file__).parents[3] / "shared" / "tools")) / "sbml_random.py"
ENGINES = ("scipy", "numpy", "compiled")
RTOL, ATOL = 1e-5, 1e-6
BESIDE = 1e-6
"""How far from an output time the two sides of an event are looked at."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a seed.

    outcome : "pass"; "invalid" (libSBML refuses the file); "theirs" (RoadRunner refuses the file, or they differ where
        it has a known fault or both are right); "refused" (an error of ours); "broken" (any other error); "wrong".
    """

    seed: int
    outcome: str
    detail: str = ""


@lru_cache(maxsize=1)
def tool() -> Any:
    """Return the module that writes random models and asks RoadRunner."""
    spec = importlib.util.spec_from_file_location("sbml_random", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wrappers of the C++ library are of an old kind
        spec.loader.exec_module(module)
    module.roadrunner.Logger.setLevel(module.roadrunner.Logger.LOG_FATAL)
    return module


def judge(seed: int, folder: Path) -> Verdict:
    """Return whether our engines and RoadRunner agree on the model of a seed; its file is left in `folder`."""
    import libsbml

    from immunode.errors import ImmunodeError

    path = folder / f"random_{seed}.xml"
    libsbml.writeSBMLToFile(tool().make_model(seed)[0], str(path))
    document = libsbml.readSBMLFromFile(str(path))
    document.checkConsistency()
    if document.getNumErrors(libsbml.LIBSBML_SEV_ERROR):
        return Verdict(seed, "invalid")
    try:
        wanted = tool().trajectory(path)
    except RuntimeError as error:
        return Verdict(seed, "theirs", str(error).splitlines()[0][:100])
    try:
        difference = next(_differences(path, document.getModel(), wanted), "")
    except ImmunodeError as error:
        return Verdict(seed, "refused", str(error)[:200])
    except (ArithmeticError, ValueError, LookupError, TypeError, AttributeError) as error:
        return Verdict(seed, "broken", f"{type(error).__name__}: {error}"[:200])
    excused = excuse(document.getModel()) if difference else ""
    if excused:
        return Verdict(seed, "theirs", excused)
    return Verdict(seed, "wrong" if difference else "pass", difference)


def _differences(path: Path, sbml: Any, wanted: Any) -> Iterator[str]:
    import immunode as im

    model = im.io.read_sbml(path)
    for engine in ENGINES:
        try:
            found = trajectory(model, sbml, wanted[:, 0], engine)
        except im.errors.EngineError:
            continue  # it finds no events on states, or can't be had here
        off = _off(found, wanted).any(axis=1)
        for row in np.flatnonzero(off).tolist():
            time = float(wanted[row, 0])
            beside = trajectory(model, sbml, np.array([0.0, time - BESIDE, time + BESIDE]), engine) if time else []
            if not any((~_off(side, wanted[row])).all() for side in beside[1:]):
                column = int(np.flatnonzero(_off(found[row], wanted[row]))[0])
                values = f"{found[row, column]:.9g} instead of {wanted[row, column]:.9g}"
                yield f"{engine}: {tool().COLUMNS[column]} at {time:g}: {values}"
                break


def _off(found: Any, wanted: Any) -> Any:
    near = np.abs(found - wanted) <= ATOL + RTOL * np.abs(wanted)
    # beside an event the time itself is not that of the row
    near[..., 0] = True
    return ~(near | (np.isnan(found) & np.isnan(wanted)))


def trajectory(model: Any, sbml: Any, times: Any, engine: str) -> Any:
    """Return what `tool().COLUMNS` says at times, shape (n_times, n_columns): amounts, concentrations and the rest."""
    import immunode as im

    run = im.simulate(model, times=times, rtol=1e-9, engine=engine)
    constants = {p.name: p.value for p in model.parameters}

    def value(name: str) -> Any:
        return np.asarray(run[name]) if name in run else np.full(len(times), constants[name])

    columns = [np.asarray(times)]
    for column in tool().COLUMNS[1:]:
        name = column.strip("[]")
        species, series = sbml.getSpecies(name), value(name)
        if species is not None:
            size = value(species.getCompartment())
            wants_concentration, is_amount = column[0] == "[", species.getHasOnlySubstanceUnits()
            if wants_concentration and is_amount:
                series = series / size
            elif not wants_concentration and not is_amount:
                series = series * size
        columns.append(series)
    return np.array(columns).T


def excuse(sbml: Any) -> str:
    """Return which known fault of RoadRunner, or choice that SBML leaves, a model can meet; "" where none."""
    concentrations = {s.getId(): s.getCompartment() for s in _all(sbml.getListOfSpecies())
                      if not s.getHasOnlySubstanceUnits()}  # fmt: skip
    for rule in _all(sbml.getListOfRules()):
        home = sbml.getAssignmentRule(concentrations.get(rule.getVariable(), ""))
        if rule.isRate() and home is not None:
            return "a rate rule on a concentration whose compartment follows an assignment rule"
    events = _all(sbml.getListOfEvents())
    delayed = [event for event in events if event.isSetDelay()]
    if len(delayed) > 1 and not all(event.getTrigger().getPersistent() for event in delayed):
        return "a delayed event that is not persistent, beside another delayed event"
    ranks = [tuple(_formula(part) for part in (e.getTrigger(), e.getPriority())) for e in events]
    if len(set(ranks)) < len(ranks):
        return "events of one condition and one priority: both orders are right"
    return ""


def _formula(part: Any) -> str:
    import libsbml

    return str(libsbml.formulaToL3String(part.getMath())) if part is not None else ""


def _all(group: Any) -> list[Any]:
    return [group.get(i) for i in range(group.size())]


def main(arguments: list[str]) -> int:
    """Judge N seeds from SEED on."""
    from tempfile import TemporaryDirectory

    n, first = int(arguments[0]), int(arguments[1])
    counts: Counter[str] = Counter()
    with TemporaryDirectory() as folder:
        for seed in range(first, first + n):
            verdict = judge(seed, Path(folder))
            counts[verdict.outcome] += 1
            if verdict.outcome in ("wrong", "refused", "broken"):
                print(verdict, flush=True)
    print(dict(counts))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
