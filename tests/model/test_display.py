from __future__ import annotations

from collections.abc import Callable
from io import StringIO

import pytest

from immunode.model import Model, Parameter, State
from immunode.model.views.display import number

Make = Callable[..., Model]


def test_a_model_shows_what_it_is(model: Model) -> None:
    assert repr(model).splitlines() == [
        "Model kuznetsov1994: Effector cells against an immunogenic tumor",
        "  time in day, horizon 100 | doi:10.1007/BF02460644",
        "  E  320000  cell  effector cells",
        "  T  500000  cell  tumor cells",
        "  2 states, 8 parameters, 6 processes, 1 derived quantity",
        "  variants: escaping",
        "  readouts: T, burden",
    ]


def test_a_large_model_is_shown_in_part() -> None:
    shown = repr(Model(name="m", states=[State(f"x{i}", "k") for i in range(100)], parameters=[Parameter("k", 1.0)]))
    assert len(shown.splitlines()) < 32
    assert "... and 76 more states" in shown
    assert "100 states, 1 parameter" in shown


def test_an_empty_model_is_shown() -> None:
    assert repr(Model(name="m")).splitlines() == ["Model m", "  time in its own unit, horizon 100", "  empty"]


def test_html_escapes_every_text_of_the_model(make: Make) -> None:
    evil = "<script>alert('x')</script>&"
    base = make()
    model = make(
        name=evil,
        title=evil,
        reference=evil,
        states=[State("E", 1.0, "cell", evil), base.states[1]],
        parameters=[Parameter("s", 1.3e4, "cell/day", evil, evil), *base.parameters[1:]],
    )
    shown = model._repr_html_()
    assert "<script>" not in shown
    assert shown.count("&lt;script&gt;") == 6
    assert shown.count("<table>") == shown.count("</table>") == 3


def test_rich_shows_the_same_facts(model: Model) -> None:
    from rich.console import Console

    stream = StringIO()
    Console(file=stream, width=100, color_system=None).print(model)
    shown = stream.getvalue()
    for line in repr(model).splitlines():
        assert all(word in shown for word in line.split())


def test_rich_markup_in_a_title_is_text(make: Make) -> None:
    from rich.console import Console

    stream = StringIO()
    Console(file=stream, width=100).print(make(title="[red]x[/red] [/nothing]"))
    assert "[red]x[/red] [/nothing]" in stream.getvalue()


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (3.2e5, "320000"), (1e-9, "1e-09"), (2.0e22, "2e22"), (0.1234567, "0.123457"), (-5e8, "-5e8")],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert number(value) == text
