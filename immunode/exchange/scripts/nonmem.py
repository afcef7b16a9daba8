"""A control stream of NONMEM with the equations of a model, and the data set that gives its doses."""

from __future__ import annotations

from immunode.errors import ModelError
from immunode.exchange.scripts.script import Script, initial_switches, write_out
from immunode.exchange.scripts.syntax import Syntax
from immunode.language.tree import Expression, names, substitute
from immunode.model import Model

_FUNCTIONS = "exp log sqrt abs sin cos tan asin acos atan tanh sinh cosh"
_TAKEN = (
    "t time id amt rate evid cmt dv mdv ii ss addl a dadt theta eta eps err y f ipred if then else endif do while "
    "enddo call exit newind icall int mod min max gamlog phi and or not eq ne lt le gt ge a_0 s1 f1 d1 r1 alag1 "
    "advan trans comres first last tscale mtime mixnum mixest mixp"
)
_LINE = 150


class _Lines:
    """Statements of one block; a choice becomes IF statements before the line that needs it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.helpers = 0
        self.syntax = Syntax(
            power="**",
            names={name: name.upper() for name in _FUNCTIONS.split()},
            compare={"<": ".LT.", "<=": ".LE.", ">": ".GT.", ">=": ".GE.", "==": ".EQ."},
            logic=(".AND.", ".OR.", ".NOT."),
            time="T",
            decimal=True,
            no_past="ADVAN13 keeps no past of states",
            taken=frozenset(_TAKEN.split()),
            case_blind=True,
            longest=18,
            truncate="INT",
            choice=self._choice,
        )

    def set(self, name: str, value: Expression, said: str = "") -> None:
        """Add `name = value`, cut into lines that NONMEM reads."""
        text = f"{name} = {self.syntax.write(value)}"
        self.lines += _cut(text)
        if said and len(self.lines[-1]) + len(said) + 3 < _LINE:
            self.lines[-1] += f" ; {said}"

    def _choice(self, condition: str, value: str, otherwise: str) -> str:
        self.helpers += 1
        name = f"CHOICE{self.helpers}"
        self.lines += [*_cut(f"IF ({condition}) THEN"), *_cut(f"  {name} = {value}"), "ELSE"]
        self.lines += [*_cut(f"  {name} = {otherwise}"), "ENDIF"]
        return name


def _cut(text: str) -> list[str]:
    """Return a statement as lines with & at their ends."""
    lines = []
    while len(text) > _LINE:
        at = max(text.rfind(sign, 0, _LINE) for sign in (" + ", " - ", "*", ", ", " "))
        lines.append(text[: at + 1] + "&")
        text = "  " + text[at + 1 :]
    return [*lines, text]


def to_nonmem(model: Model, data: str, until: float | None = None) -> tuple[str, str]:
    """Return the control stream and its data set. data : name of the file with the data set.

    Switches of a model, such as windows of a treatment, are columns of the data set.

    Raises
    ------
    ModelError : an intervention sets or multiplies a state, or there are more switches than columns.
    """
    main, rates = _Lines(), _Lines()
    made = write_out(model, main.syntax, until)
    states = {line.name: i for i, line in enumerate(made.states, start=1)}
    switches = {line.name for line in made.switches}
    for step in made.steps:
        if step.target in states and (step.kind != "add" or step.amount < 0):
            raise ModelError(
                f"{model.name}: '{step.by}' does more to '{step.target}' than add to it, which is no dose of NONMEM"
            )
    if len(switches) > 40:
        raise ModelError(f"{model.name}: {len(switches)} switches are more columns than NONMEM reads")
    for line in made.parameters:
        main.set(line.name.upper(), _upper(line.value), line.said)
    for name, row in states.items():
        main.set(f"A_0({row})", _upper(made.states[row - 1].value), name)
    for name, row in states.items():
        rates.lines.append(f"{name.upper()} = A({row})")
    for line in made.formulas:
        rates.set(line.name.upper(), _upper(line.value), line.said)
    for line in made.rates:
        rates.set(f"DADT({states[line.name]})", _upper(line.value))
    columns = ["ID", "TIME", "AMT", "EVID", "MDV", "CMT", "DV", *(line.name.upper() for line in made.switches)]
    text = "\n".join(
        [
            *(f"; {line}" for line in made.heading),
            f"$PROBLEM {made.name}",
            f"$INPUT {' '.join(columns)}",
            f"$DATA {data} IGNORE=@",
            "$SUBROUTINES ADVAN13 TOL=9",
            f"$MODEL NCOMP={len(states)}",
            *(f"  COMP=({name.upper()})" for name in states),
            "$PK",
            *(f"  {line}" for line in main.lines),
            "  SCALE = THETA(1)",
            "$DES",
            *(f"  {line}" for line in rates.lines),
            "$ERROR",
            f"  IPRED = A(1)*SCALE  ; {next(iter(states))}: choose what is observed",
            "  Y = IPRED + EPS(1)",
            "$THETA 1 FIX",
            "$SIGMA 1",
            "$SIMULATION (1) ONLYSIM",
            f"$TABLE ID TIME {' '.join(f'A({row})' for row in states.values())} NOPRINT ONEHEADER FILE=out.tab",
            "",
        ]
    )
    return text, _data(made, states, columns)


def _upper(expression: Expression) -> Expression:
    return substitute(expression, {name: ("name", name.upper()) for name in names(expression)})


def _data(made: Script, states: dict[str, int], columns: list[str]) -> str:
    """Return the data set: doses, and two rows where a switch changes, what held until then and what holds from then.

    NONMEM takes a column's value for the time that ends at its row.
    """
    now = dict(initial_switches(made))
    rows: list[list[str]] = []

    def row(time: float, amount: float, event: int, compartment: int) -> None:
        head = ["1", f"{time:.12g}", f"{amount:.12g}", str(event), "1", str(compartment), "."]
        rows.append([*head, *(f"{value:.12g}" for value in now.values())])

    looks = [i * made.until / 100 for i in range(101)]
    steps = list(made.steps)
    for time in sorted({*looks, *(step.time for step in steps)}):
        due = [step for step in steps if step.time == time]
        if any(step.target in now for step in due):
            row(time, 0.0, 2, 1)
            now.update({step.target: step.amount for step in due if step.target in now})
        for step in due:
            if step.target in states:
                row(time, step.amount, 1, states[step.target])
        row(time, 0.0, 2, 1)
    return "\n".join([",".join(columns), *(",".join(values) for values in rows), ""])
