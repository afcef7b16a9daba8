"""A figure that is not yet drawn, and the script that draws it again."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from immunode.cli.figures.subject import Subject

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Drawing:
    """One figure, not yet drawn: a function of `drawings`, and the values that it is called with."""

    subject: Subject
    draw: Callable[..., Any]
    values: Values

    def figure(self) -> Figure:
        """Return the figure: the function is called, no text is executed."""
        from matplotlib.figure import Figure

        # the package as scripts see it; it is a value here, so that no module of ours imports the root
        figure = self.draw(import_module("immunode"), self.subject.model, **self.values)
        assert isinstance(figure, Figure)
        return figure

    def script(self, name: str) -> str:
        """Return a script that draws the figure and saves it as `name`: the values, then the text of the function."""
        body = _body(self.draw)
        head = ["import numpy as np", ""] if re.search(r"\bnp\.", body) else []
        head += ["import immunode as im", "from immunode.plot import save", "", f"model = {self._model()}"]
        for key, value in self.values.items():
            head.append(f"{key} = {literal(value)}" + "  # the model's own end" * (key == "until" and value is None))
        return "\n".join([*head, "", body, "", f"print(save(figure, {literal(name)}))", ""])

    def _model(self) -> str:
        """Return Python that loads the model with its settings."""
        subject = self.subject
        variant = f", variant={literal(subject.variant)}" if subject.variant else ""
        text = f"im.load_model({literal(subject.source)}{variant})"
        text += f".with_values({literal(subject.values)})" if subject.values else ""
        return text + (f".with_initial({literal(subject.initial)})" if subject.initial else "")


def literal(value: object) -> str:
    """Return Python text that stands for a plain value and for nothing else; it can always be printed.

    Raises
    ------
    TypeError : it is anything but text, a number, None, a list of these, or a mapping from text to these.
    """
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{literal(key)}: {literal(item)}' for key, item in value.items())}}}"
    if value is None or type(value) in (str, int, float, bool):
        return repr(value)
    raise TypeError(f"a {type(value).__name__} has no text in a script")


def _body(draw: Callable[..., Any]) -> str:
    """Return the steps of a function as they stand in its file, without its docstring and its last line."""
    text = textwrap.dedent(inspect.getsource(draw))
    function = ast.parse(text).body[0]
    assert isinstance(function, ast.FunctionDef)
    first, last = function.body[1], function.body[-1]
    lines = text.splitlines()[first.lineno - 1 : last.lineno - 1]
    return textwrap.dedent("\n".join(lines)).rstrip()
