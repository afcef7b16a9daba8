"""A PEtab problem read: files inside its folder only, tables as text."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from immunode.errors import EngineError, ImmunodeError, ModelError, StoreError, StudyError, did_you_mean
from immunode.exchange.petab import PetabProblem
from immunode.model.declaration import Derived, Model
from immunode.model.evaluation import evaluate
from immunode.model.expression import names, parse

if TYPE_CHECKING:
    import pandas as pd

    from immunode.study.arms import Arms

_LARGEST = 50_000_000  # bytes
_NEEDED = {
    "condition": ("conditionId", "targetId", "targetValue"),
    "experiment": ("experimentId", "time", "conditionId"),
    "observable": ("observableId", "observableFormula", "noiseFormula"),
    "measurement": ("observableId", "experimentId", "measurement", "time"),
    "parameter": ("parameterId", "lowerBound", "upperBound", "estimate"),
    "mapping": ("petabEntityId", "modelEntityId"),
}


def read_problem(path: Path) -> PetabProblem:
    """Return a PEtab problem; see `read_petab`."""
    from immunode.exchange.sbml import read_sbml

    config = _config(path)
    files = config.get("model_files")
    if not isinstance(files, Mapping) or len(files) != 1:
        raise StudyError(f"{path}: one model is needed, but {len(files or ())} are named")
    only = next(iter(files.values()))
    if not isinstance(only, Mapping) or only.get("language") != "sbml":
        raise StudyError(f"{path}: the model is written in {dict(only or {}).get('language')!r:.40}; SBML is read here")
    location = _inside(path, only.get("location"))
    _bytes(location)
    tables = {name: _table(path, config, name) for name in _NEEDED}
    if len(tables["mapping"]):
        raise StudyError(f"{path}: it has a mapping table, which is not read here; use the ids of the model itself")
    return _Problem(path, read_sbml(location), tables).problem()


def _config(path: Path) -> dict[str, Any]:
    try:
        import yaml  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        raise EngineError('PEtab needs PyYAML: pip install "immunode[sbml]"') from None
    text = _bytes(path)[:1_000_001]
    if len(text) > 1_000_000 or b"&" in text:
        raise StoreError(f"{path}: this is no PEtab problem: it is too long, or has anchors")
    try:
        config = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise StoreError(f"{path}: this is no YAML: {' '.join(str(error).split())[:200]}") from None
    if not isinstance(config, dict):
        raise StoreError(f"{path}: this is no PEtab problem")
    version = str(config.get("format_version", ""))
    if not version.startswith("2."):
        raise StudyError(f"{path}: PEtab version {version or 'unknown'!r:.20}; version 2 is read here")
    if config.get("extensions"):
        raise StudyError(f"{path}: it needs extensions of PEtab, which are not read here")
    return config


def _inside(path: Path, name: object) -> Path:
    """Return a file in the folder of the problem, or below it."""
    if not isinstance(name, str) or not name:
        raise StudyError(f"{path}: a file name is missing")
    found = path.parent / name
    if "://" in name or not found.resolve().is_relative_to(path.parent.resolve()):
        raise StoreError(f"{path}: the file {name[:80]!r} lies outside the folder of the problem, and is not read")
    return found


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > _LARGEST:
            raise StoreError(f"'{path}' is larger than {_LARGEST // 1_000_000} MB")
        return path.read_bytes()
    except OSError as error:
        raise StoreError(f"'{path}' can't be read: {error.strerror}") from None


def _table(path: Path, config: Mapping[str, Any], name: str) -> pd.DataFrame:
    import io

    import pandas as pd

    frames = []
    for listed in config.get(f"{name}_files") or []:
        file = _inside(path, listed)
        try:
            frame = pd.read_csv(io.BytesIO(_bytes(file)), sep="\t", dtype=str, keep_default_na=False)
        except (ValueError, UnicodeDecodeError) as error:
            raise StoreError(f"{file}: this is no table: {' '.join(str(error).split())[:160]}") from None
        for column in _NEEDED[name]:
            if column not in frame.columns:
                raise StudyError(f"{file}: the column '{column}' is missing{did_you_mean(column, frame.columns)}")
        frames.append(frame)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(_NEEDED[name]))


@dataclass
class _Problem:
    """One pass over one problem."""

    path: Path
    model: Model
    tables: Mapping[str, pd.DataFrame]
    remarks: list[str] = field(default_factory=list)

    ids: dict[str, str] = field(init=False)
    values: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        from immunode.exchange.sbml.writing import document_ids

        own: tuple[Any, ...] = (*self.model.states, *self.model.parameters, *self.model.derived, *self.model.switches)
        self.ids = {made: name for name, made in document_ids(self.model).items()} | {r.name: r.name for r in own}
        self.values = {p.name: float(p.value) for p in self.model.parameters}

    def problem(self) -> PetabProblem:
        import pandas as pd

        estimated = self._estimated()
        quantities = self._observables()
        data = self._data(quantities)
        arms = self._arms()
        rows = pd.DataFrame(estimated, columns=["name", "value", "low", "high"])
        return PetabProblem(self.model, arms, data, rows, tuple(self.remarks))

    def name(self, given: str, who: str) -> str:
        if given not in self.ids:
            raise StudyError(f"{self.path}, {who}: the model has no '{given}'{did_you_mean(given, self.ids)}")
        return str(self.ids[given])

    def number(self, text: str, who: str) -> float:
        """Return a number, or the value of an expression of parameters at their nominal values."""
        try:
            return float(text)
        except ValueError:
            pass
        try:
            expression = parse(self.formula(text))
            value = float(evaluate(expression, {n: self.values[n] for n in names(expression)}))
        except KeyError as error:
            raise StudyError(f"{self.path}, {who}: {error} in {text!r:.60} is no parameter") from None
        except ImmunodeError as error:
            raise StudyError(f"{self.path}, {who}: {error}") from None
        self.remarks.append(f"{who}: {text} was read as {value:g}, its value at the nominal parameters")
        return value

    def formula(self, text: str) -> str:
        """Return PEtab's math in the names of the model."""
        plain = text.replace("^", "**").replace("&&", " and ").replace("||", " or ")
        plain = re.sub(r"\bln\(", "log(", plain)
        return re.sub(r"[A-Za-z_]\w*", lambda found: self.ids.get(found[0], found[0]), plain)

    def _estimated(self) -> list[tuple[str, float, float, float]]:
        made, changed = [], {}
        for row in self.tables["parameter"].to_dict("records"):
            given, who = str(row["parameterId"]), f"parameter '{row['parameterId']}'"
            known = self.ids.get(given, given)
            nominal = str(row.get("nominalValue", ""))
            value = self.number(nominal, who) if nominal else self.values.get(known, math.nan)
            self.values[known] = value
            if known in {p.name for p in self.model.parameters} and nominal:
                changed[known] = value
            if str(row["estimate"]).lower() == "true":
                made.append(
                    (known, value, self.number(str(row["lowerBound"]), who), self.number(str(row["upperBound"]), who))
                )
        self.model = self.model.with_values(changed)
        return made

    def _observables(self) -> dict[str, tuple[str, str]]:
        """Return quantity and noise of each observable; a formula that is no name becomes a derived quantity."""
        made: dict[str, tuple[str, str]] = {}
        derived: list[Derived] = []
        for row in self.tables["observable"].to_dict("records"):
            given, text = str(row["observableId"]), str(row["observableFormula"]).strip()
            if str(row.get("observablePlaceholders", "")).strip():
                raise StudyError(f"{self.path}, observable '{given}': placeholders in a formula are not read here")
            quantity = self.ids.get(text, "")
            results: tuple[Any, ...] = (*self.model.states, *self.model.derived)
            if quantity not in {record.name for record in results}:
                quantity = given
                derived.append(Derived(given, self._known(text, given), self._unit(text)))
            made[given] = (quantity, str(row.get("noisePlaceholders", "")).strip() or str(row["noiseFormula"]).strip())
        if derived:
            try:
                self.model = self.model.replace(derived=(*self.model.derived, *derived))
            except ModelError as error:
                raise StudyError(f"{self.path}, observables: {error}") from None
        return made

    def _known(self, text: str, given: str) -> str:
        """Return a formula with parameters of the problem that the model lacks at their nominal values."""
        formula = self.formula(text)
        try:
            extra = names(parse(formula)) - set(self.ids.values())
        except ModelError as error:
            raise StudyError(f"{self.path}, observable '{given}': {error}") from None
        for name in sorted(extra):
            if name not in self.values:
                raise StudyError(
                    f"{self.path}, observable '{given}': unknown name '{name}'{did_you_mean(name, self.ids)}"
                )
            formula = re.sub(rf"\b{name}\b", f"({self.values[name]!r})", formula)
            self.remarks.append(f"observable '{given}': {name} was read as {self.values[name]:g}, its nominal value")
        return formula

    def _unit(self, text: str) -> str:
        from immunode.model.units import unit_of

        try:
            return unit_of(self.model, self.formula(text))
        except ImmunodeError:
            return ""

    def _data(self, quantities: Mapping[str, tuple[str, str]]) -> pd.DataFrame:
        import pandas as pd

        rows: list[dict[str, Any]] = []
        for i, row in enumerate(self.tables["measurement"].to_dict("records")):
            who, given = f"measurement {i + 1}", str(row["observableId"])
            if given not in quantities:
                raise StudyError(f"{self.path}, {who}: unknown observable '{given}'{did_you_mean(given, quantities)}")
            quantity, noise = quantities[given]
            made: dict[str, Any] = {"arm": str(row["experimentId"]) or "control", "observable": quantity}
            for column, label in (("time", "time"), ("measurement", "value")):
                made[label] = self.number(str(row[column]), f"{who}, {column}")
            told = str(row.get("noiseParameters", "")).strip() or noise
            if ";" not in told and _is_number(told):
                made["sd"] = float(told)
            rows.append(made)
        columns = ["arm", "observable", "time", "value"]
        return pd.DataFrame(rows, columns=[*columns, "sd"] if any("sd" in row for row in rows) else columns)

    def _arms(self) -> Arms:
        from immunode.study.arms import Arms

        changes: dict[str, list[tuple[str, str]]] = {}
        for row in self.tables["condition"].to_dict("records"):
            changes.setdefault(str(row["conditionId"]), []).append((str(row["targetId"]), str(row["targetValue"])))
        periods: dict[str, list[tuple[float, str]]] = {}
        for row in self.tables["experiment"].to_dict("records"):
            who = f"experiment '{row['experimentId']}'"
            time = self.number(str(row["time"]), who)
            if not math.isfinite(time):
                raise StudyError(f"{self.path}, {who}: a steady state before time 0 is not read here")
            periods.setdefault(str(row["experimentId"]), []).append((time, str(row["conditionId"])))
        if any(not str(given) for given in self.tables["measurement"]["experimentId"]):
            periods.setdefault("control", [])
        return Arms({name: self._arm(name, listed, changes) for name, listed in periods.items()} or {"control": []})

    def _arm(
        self, arm: str, periods: list[tuple[float, str]], changes: Mapping[str, list[tuple[str, str]]]
    ) -> list[Any]:
        from immunode.intervention import Intervention, at_times, during, remove, set_to, transfer
        from immunode.intervention.schedule import ALWAYS

        states = {state.name for state in self.model.states}
        times = sorted({time for time, _ in periods})
        made: list[Any] = []
        for time, condition in periods:
            if not condition:
                continue
            if condition not in changes:
                hint = did_you_mean(condition, changes)
                raise StudyError(f"{self.path}, experiment '{arm}': unknown condition '{condition}'{hint}")
            for i, (target, text) in enumerate(changes[condition]):
                who = f"condition '{condition}'"
                name, value = self.name(target, who), self.number(text, who)
                label = re.sub(r"\W", "_", f"set_{condition}_{i + 1}" + f"_{len(made)}" * bool(times[1:]))
                if name in states:
                    given = at_times(time) if time > 0 else ALWAYS
                    made.append(Intervention(label, [remove(name, 1.0), transfer(name, value)], given))
                else:
                    # PEtab keeps a value until another condition changes it
                    again = [t for t, other in periods if t > time and target in dict(changes.get(other, ()))]
                    stop = min(again) if again else None
                    window = ALWAYS if time <= 0 and stop is None else during(time, stop)
                    made.append(Intervention(label, [set_to(name, value)], window))
        return made


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
