"""Scripts in other languages say what the model says: rates at random points, doses, whole runs where Octave is."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import immunode as im
from immunode.errors import ModelError, StoreError
from immunode.exchange.scripts.files import write_script
from immunode.exchange.scripts.julia import to_julia
from immunode.exchange.scripts.matlab import to_matlab
from immunode.exchange.scripts.mrgsolve import to_mrgsolve
from immunode.exchange.scripts.nonmem import to_nonmem
from immunode.exchange.scripts.rxode2 import to_rxode2
from immunode.exchange.scripts.script import write_out
from immunode.exchange.scripts.syntax import Syntax
from immunode.exchange.starts import begun
from immunode.language.evaluation import evaluate
from immunode.language.expression import names, parse, parse_arrow
from immunode.model import Model
from tests.clock import PATIENCE

OCTAVE = shutil.which("octave")
CASES = [
    ("kuznetsov1994", ""), ("jin2025", "benralizumab_q8w"), ("ma2020", "sarilumab_200"),
    ("gc_immune", "prednisolone_20"), ("karin2020", "circadian"), ("stein2019", ""),
    ("immune_balance", "allergen"), ("sove2020", "nivolumab_3"),
    ("desikan2022", ""), ("graft_window", "tablets_3mg"),
]  # fmt: skip


def treated(name: str, arm: str) -> Model:
    model = im.load_model(name)
    known = [one.name for one in model.interventions]
    return im.perturb(model, arm if arm in known else known[0])


# An independent reading of the texts: lines `name = expression`, turned into Python -----------------------------------

FUNCTIONS = {
    "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "abs": abs, "fabs": abs, "tanh": np.tanh, "sin": np.sin,
    "cos": np.cos, "atan": np.arctan, "min": min, "max": max, "fmin": min, "fmax": max, "pow": pow,
    "floor": math.floor, "ceil": math.ceil, "ifelse": lambda c, a, b: a if c else b,
    "choose": lambda c, a, b: a if c else b,
}  # fmt: skip
FUNCTIONS["INT"] = math.trunc
FUNCTIONS |= {name.upper(): function for name, function in FUNCTIONS.items()}
LOGIC = {"&&": " and ", "||": " or ", "~": " not ", ".AND.": " and ", ".OR.": " or ", ".NOT.": " not ", ".LT.": "<",
         ".LE.": "<=", ".GT.": ">", ".GE.": ">=", ".EQ.": "=="}  # fmt: skip


def value(text: str, known: dict[str, float]) -> float:
    for sign, word in LOGIC.items():
        text = text.replace(sign, word)
    text = re.sub(r"!(?=\()", " not ", text.replace("^", "**"))
    text = re.sub(r"(?<![\w.)]) & | & ", " and ", text).replace(" | ", " or ")
    return float(eval(text, {"__builtins__": {}}, {**FUNCTIONS, **known}))  # our own output


def rates(lines: list[str], rate: str, known: dict[str, float]) -> dict[str, float]:
    """Return name -> derivative. lines : statements. rate : pattern of the left side of a rate."""
    found, skip = {}, False
    known = dict(known)
    for line in lines:
        if (branch := re.fullmatch(r"IF \((.*)\) THEN", line)) is not None:
            skip = not value(branch[1], known)
            continue
        if line in ("ELSE", "ENDIF"):
            skip = not skip if line == "ELSE" else False
            continue
        if skip:
            continue
        left, _, right = re.sub(r"^double ", "", line).partition(" ~ " if " ~ " in line else " = ")
        number = value(right.rstrip(";,"), known)
        match = re.fullmatch(rate, left)
        if match:
            found[match[1]] = number
        else:
            known[left.strip()] = number
    return found


def statements(text: str, begin: str, end: str, comment: str) -> list[str]:
    inside = text.partition(begin)[2].partition(end)[0]
    inside = re.sub(r"&\n\s*", "", inside)
    lines = [re.sub(rf"\s*{comment}.*", "", line).strip() for line in inside.splitlines()]
    return [line for line in lines if line]


# The truth: the model by its composition rule, (k set)*factors + terms ------------------------------------------------


class Truth:
    """Quantities of a model at one time and state."""

    def __init__(self, model: Model, t: float, y: dict[str, float]) -> None:
        self.model, self.t = model, t
        self.raw = {p.name: float(p.value) for p in model.parameters}
        self.known: dict[str, float] = dict(y)
        for switch in model.switches:
            first = switch.initial
            self.known[switch.name] = float(evaluate(parse(first), self.raw)) if isinstance(first, str) else first
        self.derived = {d.name: d.expression for d in model.derived}

    def __call__(self, text: str) -> float:
        expression = parse(text)
        return float(evaluate(expression, {name: self.get(name) for name in names(expression)}, self.t))

    def get(self, name: str) -> float:
        if name not in self.known:
            own = [e for e in self.model.effects if e.target == name]
            if name in self.derived:
                self.known[name] = self(self.derived[name])
            else:
                base = number = self.raw[name]
                for effect in own:
                    number += self(effect.weight) * (self(effect.value) - base) if effect.how == "set" else 0.0
                for effect in own:
                    number *= self(effect.value) if effect.how == "scale" else 1.0
                self.known[name] = number + sum(self(effect.value) for effect in own if effect.how == "add")
        return self.known[name]

    def rates(self) -> list[float]:
        total = dict.fromkeys((s.name for s in self.model.states), 0.0)
        for process in self.model.processes:
            rate = self(process.rate)
            for sign, side in zip((-1, 1), parse_arrow(process.arrow), strict=True):
                for name, count in side:
                    total[name] += sign * count * rate
        volumes = {c.name: self(str(c.volume)) for c in self.model.compartments}
        return [total[s.name] / (volumes[s.compartment] if s.compartment and not s.amount else 1)
                for s in self.model.states]  # fmt: skip


def read(model: Model, language: str, t: float, y: list[float]) -> list[float]:
    """Return the rates in a text at one time and state."""
    if language == "nonmem":
        text, data = to_nonmem(model, "x.csv")
        first = dict(zip(data.splitlines()[0].split(","), data.splitlines()[1].split(","), strict=True))
        known = {name: float(number) for name, number in first.items() if number != "."} | {"T": t}
        main = statements(text, "$PK", "  SCALE", ";")
        known |= {line.partition(" = ")[0]: value(line.partition(" = ")[2], known) for line in main[: _n(model)]}
        lines = [re.sub(r"\bA\((\d+)\)", r"STATE_\1", line) for line in statements(text, "$DES", "$ERROR", ";")]
        found = rates(lines, r"DADT\((\d+)\)", known | {f"STATE_{i}": v for i, v in enumerate(y, start=1)})
        return [found[str(i)] for i in range(1, len(y) + 1)]
    write, begin, end, sign, rate = {
        "matlab": (to_matlab, "function dy = rates(t, y, p)", "\nend", "%", r"dy\((\d+)\)"),
        "rxode2": (to_rxode2, 'rxode2("', '\n")', "#", r"d/dt\((\w+)\)"),
        "mrgsolve": (to_mrgsolve, "$ODE", "\n\n", "//", r"dxdt_(\w+)"),
        "julia": (to_julia, "equations = [", "\n]", "#", r"D\((\w+)\)"),
    }[language]
    text = write(model)
    lines = [line for line in statements(text, begin, end, sign) if "(0) =" not in line]
    lines = [re.sub(r"\bp\.", "", line) for line in lines if not line.startswith("dy = ")]
    lines = [line for line in lines if not re.fullmatch(r"\w+ = y\(\d+\);", line)]
    numbers = re.findall(r"^\s*(?:p\.)?(\w+) (?:=|:) (-?[0-9.e+-]+)[;,]?(?= *(?:[%#:]|$))", text, re.MULTILINE)
    states = re.findall(r"^\s*(\w+) = y\(\d+\);", text, re.MULTILINE) or [
        name for name in re.findall(rate, text) if name
    ]
    known = {name: float(number) for name, number in numbers} | {"t": t, "SOLVERTIME": t}
    truth = Truth(model, t, {})
    at = [*y, *(truth.known[s.name] for s in model.switches)]
    found = rates(lines, rate, known | dict(zip(states, at, strict=True)))
    return list(found.values())[: len(y)]


def _n(model: Model) -> int:
    return len(model.parameters)


@pytest.mark.parametrize("language", ["matlab", "rxode2", "mrgsolve", "julia", "nonmem"])
@pytest.mark.parametrize(("name", "arm"), CASES)
def test_rates_of_a_text_are_those_of_the_model(name: str, arm: str, language: str) -> None:
    model = treated(name, arm)
    gone = [s.name for s in model.states if s.extinct_below]
    if gone and language not in ("matlab", "julia"):
        with pytest.raises(ModelError, match=f"'{gone[0]}' dies out"):
            read(model, language, 0.0, [])
        return
    model = begun(model)
    rng = np.random.default_rng(7)
    for _ in range(3):
        size = [max(s.typical, abs(s.initial) if not isinstance(s.initial, str) else 1.0, 1e-3) for s in model.states]
        y = [float(v) for v in np.array(size) * rng.uniform(0.2, 2.0, len(size))]
        t = float(rng.uniform(0, model.horizon))
        want = Truth(model, t, dict(zip((s.name for s in model.states), y, strict=True))).rates()
        got = read(model, language, t, y)
        assert np.allclose(got, want, rtol=1e-9, atol=1e-9 * max(map(abs, want)))


# Doses and whole runs -------------------------------------------------------------------------------------------------


def test_doses_are_those_of_the_run() -> None:
    model = treated("jin2025", "benralizumab_q8w")
    run = im.simulate(model)
    (given,) = run.doses.values()
    text, data = to_nonmem(model, "x.csv")
    rows = [line.split(",") for line in data.splitlines()[1:]]
    doses = [(float(r[1]), float(r[2]), int(r[5])) for r in rows if r[3] == "1"]
    depot, known = [s.name for s in model.states].index("depot") + 1, [s.name for s in model.states].index("given") + 1
    assert [time for time, _, row in doses if row == depot] == pytest.approx(list(given))
    assert {amount for *_, row, amount in [(t, r, a) for t, a, r in doses] if row in (depot, known)} == {30.0}
    assert "ADVAN13" in text


def test_windows_are_columns_of_the_data_set() -> None:
    model = Model(
        name="m", time_unit="day", horizon=10,
        states=[im.State("A", 1.0)], parameters=[im.Parameter("k", 0.5, "1/day", source="assumed: a test")],
        processes=[im.Process("loss", "A ->", "k*A")],
        switches=[im.Switch("on", 0.0)],
        events=[im.Event("open", {"on": "1"}, at=2.0), im.Event("close", {"on": "0"}, at=4.0)],
        derived=[im.Derived("seen", "on*A")],
    )  # fmt: skip
    rows = [line.split(",") for line in to_nonmem(model, "x.csv")[1].splitlines()]
    column = rows[0].index("ON")
    seen = [(float(row[1]), float(row[column])) for row in rows[1:] if float(row[1]) in (2.0, 4.0)]
    # a value holds for the time that ends at its row: the old one first, then the new one
    assert seen == [(2.0, 0.0), (2.0, 1.0), (4.0, 1.0), (4.0, 0.0)]


def dosed(change: str, *, at: float = 2.0, **options: float) -> Model:
    """A state that an event changes, with a parameter that an intervention doubles."""
    model = Model(
        name="m", time_unit="day", horizon=10,
        states=[im.State("A", options.get("initial", 1.0))],
        parameters=[im.Parameter("k", 0.5, "1/day", source="assumed: a test"),
                    im.Parameter("amount", options.get("amount", 3.0), "", source="assumed: a test")],
        processes=[im.Process("loss", "A ->", "k*A")],
        events=[im.Event("given", {"A": change}, at=at)],
    )  # fmt: skip
    return im.perturb(model, im.Intervention("double", [im.scale("amount", 2.0)]))


def test_a_dose_is_as_large_as_an_intervention_makes_it() -> None:
    (step,) = [step for step in write_out(dosed("A + amount"), Syntax()).steps if step.target == "A"]
    assert (step.kind, step.amount) == ("add", 6.0)


def test_a_dose_of_nothing_is_no_step_and_a_bound_is_no_dose() -> None:
    assert not [s for s in write_out(dosed("A + amount", amount=0.0), Syntax()).steps if s.target == "A"]
    with pytest.raises(ModelError, match="'given' does more to 'A' than a dose does"):
        write_out(dosed("min(A, 2)"), Syntax())
    # at the start it is known what the bound does
    assert not [s for s in write_out(dosed("min(A, 2)", at=0.0), Syntax()).steps if s.target == "A"]
    (step,) = [s for s in write_out(dosed("min(A, 2)", at=0.0, initial=5.0), Syntax()).steps if s.target == "A"]
    assert (step.kind, step.amount) == ("replace", 2.0)


def test_no_name_is_what_mrgsolve_calls_the_start_of_a_compartment() -> None:
    names = re.findall(r"^(\w+) : ", to_mrgsolve(im.load_model("immune_balance")), re.MULTILINE)
    assert "IL10" in names
    assert not {f"{name}_0" for name in names} & set(names)


@pytest.mark.skipif(OCTAVE is None, reason="Octave is not here")
@pytest.mark.parametrize(("name", "arm", "until"), [("jin2025", "benralizumab_q8w", 100.0), ("kuznetsov1994", "", 60.0),
                                                     ("stein2019", "tocilizumab", 60.0),
                                                     ("gc_immune", "prednisolone_20", 30.0)])  # fmt: skip
def test_octave_runs_the_function_to_the_same_end(name: str, arm: str, until: float, tmp_path: Path) -> None:
    model = treated(name, arm)
    file = write_script(model, tmp_path, "matlab", until=until)
    order = f"[t, y] = {file.stem}(); printf('%.17g ', y(end, :));"
    command = [str(OCTAVE), "--no-gui", "--quiet", "--eval", order]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False)
    got = [float(word) for word in done.stdout.split()][: len(model.states)]
    run = im.simulate(model, times=np.linspace(0, until, 50), rtol=1e-9)
    for state, number in zip(model.states, got, strict=True):
        assert abs(number - run.final(state.name)) < 1e-3 * max(np.abs(run[state.name]).max(), state.typical)


def test_what_can_not_be_said_is_refused(tmp_path: Path) -> None:
    model = im.load_model("kuznetsov1994")
    with pytest.raises(StoreError, match="did you mean 'julia'"):
        write_script(model, tmp_path, "juila")
    with pytest.raises(StoreError, match="a Model is needed"):
        write_script("kuznetsov1994", tmp_path, "julia")  # type: ignore[arg-type]
    event = model.replace(events=[im.Event("low", {"T": "0"}, when="T/E < 0.001")])
    for language in ("matlab", "rxode2", "mrgsolve", "nonmem", "julia"):
        with pytest.raises(ModelError, match="event 'low' happens on the condition"):
            write_script(event, tmp_path, language)
    cut = im.perturb(model, im.Intervention("surgery", [im.remove("T", 0.9)], im.schedules.at_times(5.0)))
    assert "3" in to_matlab(cut)
    for language in ("mrgsolve", "nonmem"):
        with pytest.raises(ModelError, match=r"'T'|T_2"):
            write_script(cut, tmp_path, language)
    assert not list(tmp_path.iterdir())
