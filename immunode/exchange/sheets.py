"""A model on paper: equations, numbers with their sources, interventions, as Markdown or LaTeX."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from immunode.errors import ModelError, did_you_mean
from immunode.intervention import card
from immunode.model import Event, Model, markdown
from immunode.model.records import pairs
from immunode.model.views.patients import patient_tables

_STYLES = ("markdown", "latex")


def sheet(model: Model, style: str = "markdown") -> str:
    """Return a model as a document: states, equations, parameters with their sources, events, interventions, variants,
    patients and trials.

    Parameters
    ----------
    style : str
        "markdown" (equations between `$$`) or "latex" (a whole document for pdfLaTeX, LuaLaTeX or XeLaTeX).

    Raises
    ------
    ModelError
        there is no such style.
    """
    if style not in _STYLES:
        raise ModelError(f"sheet: unknown style '{style}'{did_you_mean(style, _STYLES)}")
    writer = _MARKDOWN if style == "markdown" else _LATEX
    parts = [writer.title(model.title or model.name, model.name), writer.text(_facts(model))]
    parts += [writer.text(paragraph) for paragraph in model.description.split("\n\n") if paragraph.strip()]
    for heading, table in _tables(model):
        if heading == "Parameters":
            parts += [writer.heading("Equations"), writer.equations(model.equations("latex", fluxes=True).splitlines())]
        if table.rows:
            parts += [writer.heading(heading), writer.table(table)]
    parts += _interventions(model, writer)
    for shown in patient_tables(model):
        parts += [
            writer.heading(shown.heading),
            writer.text(shown.note),
            writer.table(_Table(shown.columns, shown.rows)),
        ]
    return writer.whole([part for part in parts if part])


@dataclass(frozen=True, slots=True)
class _Table:
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def used(self) -> _Table:
        """Return the table without its empty columns."""
        keep = [i for i in range(len(self.heads)) if any(row[i] for row in self.rows)]
        return _Table(tuple(self.heads[i] for i in keep), tuple(tuple(row[i] for i in keep) for row in self.rows))


def _facts(model: Model) -> str:
    unit = model.time_unit or ("dimensionless" + (f" (1 stands for {model.clock})" if model.clock else ""))
    facts = [f"Reference: {model.reference}"] if model.reference else []
    facts += [f"variant {model.variant_name}"] if model.variant_name else []
    facts += [f"status: {model.status}"] if model.status else []
    facts += [f"time in {unit}" if model.time_unit else f"time {unit}"]
    facts += [f"with {', '.join(model.applied)}"] if model.applied else []
    return "; ".join(facts) + "."


def _tables(model: Model) -> list[tuple[str, _Table]]:
    """Return headings and tables in the order of the sheet."""
    states: list[tuple[str, ...]] = [(s.name, _number(s.initial), s.unit, s.meaning, s.source) for s in model.states]
    processes: list[tuple[str, ...]] = [(p.name, p.arrow, p.rate, p.meaning, p.source) for p in model.processes]
    parameters: list[tuple[str, ...]] = [
        (p.name, _number(p.value), p.unit, p.meaning, p.source, p.evidence, _bounds(p.bounds)) for p in model.parameters
    ]
    derived: list[tuple[str, ...]] = [(d.name, d.expression, d.unit, d.meaning) for d in model.derived]
    events: list[tuple[str, ...]] = [(e.name, _when(e), e.changes_text(), e.meaning) for e in model.events]
    variants: list[tuple[str, ...]] = [
        (
            v.name,
            ", ".join(
                [f"{k} = {_number(x)}" for k, x in pairs(v.values)]
                + [f"{k}(0) = {_number(x)}" for k, x in pairs(v.initial)]
            ),
            v.note,
            v.source,
        )
        for v in model.variants
    ]
    spaces: list[tuple[str, ...]] = [(c.name, _number(c.volume), c.unit, c.meaning) for c in model.compartments]
    made: list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]] = [
        ("Compartments", ("name", "volume", "unit", "meaning"), spaces),
        ("States", ("name", "initial", "unit", "meaning", "source"), states),
        ("Processes", ("name", "moves", "rate", "meaning", "source"), processes),
        ("Parameters", ("name", "value", "unit", "meaning", "source", "evidence", "bounds"), parameters),
        ("Derived quantities", ("name", "is", "unit", "meaning"), derived),
        ("Events", ("name", "when", "changes", "meaning"), events),
        ("Variants", ("name", "values", "note", "source"), variants),
    ]
    return [(heading, _Table(heads, tuple(rows)).used()) for heading, heads, rows in made]


def _interventions(model: Model, writer: _Writer) -> list[str]:
    parts = [writer.heading("Interventions")] if model.interventions else []
    for item in model.interventions:
        shown = card(item)
        name = f"{shown.name} ({shown.labels})" if shown.labels else shown.name
        parts += [writer.subheading(name), writer.table(_Table(("", ""), shown.rows))]
    return parts


def _when(event: Event) -> str:
    if event.at is None:
        return f"when {event.when}"
    again = f", then every {_number(event.every)}, {_number(event.count)} times" if event.every is not None else ""
    return f"at {_number(event.at)}{again}"


def _number(value: float | str | None) -> str:
    return "" if value is None else value if isinstance(value, str) else f"{value:.6g}"


def _bounds(bounds: tuple[float, float] | None) -> str:
    return "" if bounds is None else f"{bounds[0]:.4g} to {bounds[1]:.4g}"


@dataclass(frozen=True, slots=True)
class _Writer:
    """How one format writes the parts of a sheet."""

    title: Callable[[str, str], str]
    heading: Callable[[str], str]
    subheading: Callable[[str], str]
    text: Callable[[str], str]
    table: Callable[[_Table], str]
    equations: Callable[[Sequence[str]], str]
    whole: Callable[[Sequence[str]], str]


# Markdown -------------------------------------------------------------------------------------------------------------


_MARKDOWN = _Writer(
    title=lambda title, name: f"# {markdown.plain(title)} ({markdown.code(name)})",
    heading=lambda text: f"## {markdown.plain(text)}",
    subheading=lambda text: f"### {markdown.plain(text)}",
    text=markdown.plain,
    table=lambda table: markdown.table(table.heads, table.rows),
    equations=lambda lines: "\n\n".join(f"$$\n{line}\n$$" for line in lines),
    whole=lambda parts: "\n\n".join(parts) + "\n",
)

# LaTeX ----------------------------------------------------------------------------------------------------------------

_HEAD = r"""\documentclass[a4paper,10pt]{article}
\usepackage{iftex}
\ifPDFTeX\usepackage[T1]{fontenc}\usepackage[utf8]{inputenc}\usepackage{textcomp}\else\usepackage{fontspec}\fi
\usepackage[margin=20mm]{geometry}
\usepackage{amsmath,booktabs,longtable,array}
\setlength{\parindent}{0pt}\setlength{\parskip}{4pt}\sloppy
\begin{document}
"""
_ESCAPES = {c: "\\" + c for c in "#$%&_{}"}
_ESCAPES |= {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_ESCAPES |= {
    "<": r"\ensuremath{<}",
    ">": r"\ensuremath{>}",
    "|": r"\ensuremath{|}",
    "\u00a0": "~",
    "−": r"\ensuremath{-}",
}
_MATH = {"→": "to", "≥": "geq", "≤": "leq", "×": "times", "·": "cdot", "±": "pm", "≈": "approx", "∞": "infty"}
_GREEK = """
    alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau phi chi psi omega
    Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega
"""
_MATH |= {"µ": "mu"} | dict(zip("αβγδεζηθικλμνξπρστφχψωΓΔΘΛΞΠΣΦΨΩ", _GREEK.split(), strict=True))
_ESCAPES |= {sign: rf"\ensuremath{{\{word}}}" for sign, word in _MATH.items()}
_LONG = frozenset(
    {"meaning", "source", "rate", "is", "changes", "values", "note", "when", "initial", "", "random effect", "endpoint"}
    | {"distribution", "typical values", "condition", "treatment"}
)


def _escaped(text: str) -> str:
    """Return text that LaTeX prints as it is; long formulas may break after an operator."""
    made = "".join(_ESCAPES.get(character, character) for character in " ".join(text.split()))
    # after the end of a row these would be its option and its star
    made = re.sub(r"^[\[*]", lambda found: f"{{{found[0]}}}", made)
    return re.sub(r"([*/+,])(?=\S)", r"\1\\allowbreak{}", made)


def _latex_table(table: _Table) -> str:
    long = [head in _LONG for head in table.heads]
    room = 0.98 - 0.11 * long.count(False)
    width = max(room / max(long.count(True), 1), 0.12)
    columns = "".join(rf">{{\raggedright\arraybackslash}}p{{{width if wide else 0.1:.3f}\linewidth}}" for wide in long)
    rows = [" & ".join(map(_escaped, row)) + r" \\" for row in table.rows]
    head = " & ".join(table.heads)
    top = [r"\toprule", head + r" \\", r"\midrule", r"\endhead"] if head.strip(" &") else [r"\toprule"]
    body = [rf"\begin{{longtable}}{{@{{}}{columns}@{{}}}}", *top, *rows, r"\bottomrule", r"\end{longtable}"]
    return "\n".join([r"{\footnotesize\setlength{\tabcolsep}{2pt}", *body, "}"])


_LATEX = _Writer(
    title=lambda title, name: rf"\section*{{{_escaped(title)} (\texttt{{{_escaped(name)}}})}}",
    heading=lambda text: rf"\subsection*{{{_escaped(text)}}}",
    subheading=lambda text: rf"\paragraph{{{_escaped(text)}}}\mbox{{}}",
    text=_escaped,
    table=_latex_table,
    equations=lambda lines: "\n".join(rf"\[ {line} \]" for line in lines),
    whole=lambda parts: _HEAD + "\n\n".join(parts) + "\n\\end{document}\n",
)
