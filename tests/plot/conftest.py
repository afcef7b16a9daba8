"""Demo data like what studies draw, and eyes: what stands where in a figure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from immunode.plot import bands, courses, endpoints, equations, heat

ARMS = {
    "control": 1.0,
    "anti_tnf": 0.3,
    "anti_il6": 0.45,
    "methotrexate": 0.7,
    "anti_tnf + methotrexate": 0.22,
    "sleep": 0.93,
}
TIMES = np.linspace(0, 364, 365)
DOSES = np.arange(0, 364, 14.0)
UNITS = {"tnf": "pg/mL", "damage": "", "T": "cell", "auc(tnf)": "pg*day/mL", "final(damage)": ""}
MEANING = {"tnf": "tumor necrosis factor in the joint", "damage": "cartilage damage", "T": "tumor cells"}
QUANTILES = np.array([0.4, 0.7, 1.0, 1.5, 2.8])[:, None]


def _course(kind: str, k: float) -> Any:
    curves = {
        "tnf": 38 * k * (1 - 0.6 * np.exp(-TIMES / 40)),
        "damage": 0.03 * k * TIMES,
        "T": 1e4 * 10 ** (5 * k * TIMES / 364),
    }
    return curves[kind]


def _courses(
    style: str, quantities: tuple[str, ...], arms: int, log: tuple[str, ...] = (), doses: bool = True
) -> Figure:
    chosen = list(ARMS.items())[:arms]
    return courses(
        TIMES,
        {q: {arm: _course(q, k) for arm, k in chosen} for q in quantities},
        units=UNITS, time_unit="day", labels=MEANING, style=style, log=log,
        doses={arm: DOSES for arm, _ in chosen if arm.startswith("anti_") and doses},
        windows={"infection": [(100, 140)]} if arms < 4 else {}, title="Rheumatoid arthritis, 52 weeks",
    )  # fmt: skip


def _odd(style: str) -> Figure:
    wave, n = np.sin(TIMES / 30), TIMES.size
    return courses(
        TIMES,
        {
            "constant": {"a": np.full(n, 310.0), "b": np.full(n, 310.0)},
            "tiny_range": {"a": 310 + 1e-7 * wave, "b": 310 + 2e-7 * wave},
            "stops": {"a": np.where(TIMES < 200, 3 + wave, np.nan), "b": 3 + wave, "c": np.full(n, np.nan)},
            "a_rather_long_name_of_a_quantity": {"b": np.exp(TIMES / 25)},
        },
        units={"a_rather_long_name_of_a_quantity": "10^6 cell/(uL*day)"}, time_unit="h", style=style,
    )  # fmt: skip


def _bands(style: str, arms: int, log: bool = False) -> Figure:
    table = {arm: _course("tnf", k) * QUANTILES for arm, k in list(ARMS.items())[:arms]}
    return bands(
        TIMES, table, quantity="tnf", unit="pg/mL", time_unit="day", labels=MEANING, counts=dict.fromkeys(table, 10000),
        doses={"anti_tnf": DOSES}, style=style, title="10,000 virtual patients an arm", log=log,
    )  # fmt: skip


def _heat(style: str, scattered: bool = False) -> Figure:
    random = np.random.default_rng(1)
    if scattered:
        x, y = 10 ** random.uniform(-3, 1, 900), random.uniform(0, 1, 900)
        z = np.where((x > 2) & (y > 0.7), np.nan, x / (x + 0.3))
    else:
        x, y = np.geomspace(1e-3, 10, 12), np.linspace(0, 1, 9)
        z = 1e5 * x / (x + 0.3 * (1 + 4 * y[:, None]))
        z[7:, 10:] = np.nan
    return heat(x, y, z, x_label="ic50", y_label="anti_tnf.strength", z_label="auc(tnf)", x_unit="ug/mL",
                z_unit="pg*day/mL", title="Where the drug works", style=style)  # fmt: skip


def _endpoints(style: str, arms: int, runs: int, spread: float = 0.4, log: bool = False) -> Figure:
    random = np.random.default_rng(2)
    chosen = list(ARMS.items())[:arms]
    values = {
        "auc(tnf)": {arm: 9000 * k * np.exp(random.normal(0, spread, runs)) for arm, k in chosen},
        "final(damage)": {arm: k * random.beta(2, 3, runs) for arm, k in chosen},
    }
    names = {"auc(tnf)": "exposure to TNF"}
    return endpoints(values, units=UNITS, style=style, labels=names, title="Endpoints by arm", log=log)


FIGURES: dict[str, Callable[[str], Figure]] = {
    "two arms": lambda style: _courses(style, ("tnf", "damage"), 2),
    "three quantities": lambda style: _courses(style, ("tnf", "damage", "T"), 3, log=("T",)),
    "six arms": lambda style: _courses(style, ("tnf", "damage"), 6),
    "six arms, three quantities": lambda style: _courses(style, ("tnf", "damage", "T") , 6, log=("T",)),
    "one arm": lambda style: _courses(style, ("tnf",), 1, doses=False),
    "odd values": _odd,
    "bands together": lambda style: _bands(style, 2),
    "bands apart": lambda style: _bands(style, 6),
    "bands on a log axis": lambda style: _bands(style, 2, log=True),
    "heat of a grid": _heat,
    "heat of points": lambda style: _heat(style, scattered=True),
    "endpoints of six arms": lambda style: _endpoints(style, 6, 500),
    "endpoints of few runs": lambda style: _endpoints(style, 2, 30),
    "endpoints on log axes": lambda style: _endpoints(style, 3, 300, spread=2.0, log=True),
    "twelve states": lambda style: courses(
        TIMES, {f"s{i}": {"control": _course("tnf", 1 + i), "drug": _course("T", 0.1)} for i in range(12)}, style=style
    ),
    "equations": lambda style: equations([r"\frac{dE}{dt} = s + \frac{p E T}{g + T}"], title="A model", style=style),
}  # fmt: skip


@pytest.fixture(
    scope="module",
    params=[
        *[(name, style) for style in ("slide", "paper") for name in FIGURES],
        *[(name, "poster") for name in ("six arms, three quantities", "bands apart", "heat of a grid")],
    ],
    ids=lambda p: f"{p[0]}, {p[1]}",
)
def finished(request: pytest.FixtureRequest) -> tuple[Figure, str]:
    """Return each demo figure in each style, drawn once; tests only look at it."""
    name, style = request.param
    figure = FIGURES[name](style)
    draw(figure)
    return figure, style


def draw(figure: Figure) -> Any:
    """Draw a figure without a display; return the renderer."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    return canvas.get_renderer()  # type: ignore[no-untyped-call]


def texts(figure: Figure) -> list[Text]:
    """Return the texts that a reader sees: not empty, visible, and no tick outside its axis."""
    outside: set[int] = set()
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            slack = 1e-9 * (high - low)
            shown = {id(tick) for tick in axis.get_major_ticks() if low - slack <= tick.get_loc() <= high + slack}
            for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
                if id(tick) not in shown:
                    outside |= {id(tick.label1), id(tick.label2)}
    found = figure.findobj(Text)
    return [t for t in found if t.get_text().strip() and t.get_visible() and id(t) not in outside]


@pytest.fixture
def seen() -> Callable[[Figure], list[Text]]:
    """Return the function that finds all texts that a reader of a figure sees."""
    return texts


@pytest.fixture
def drawn() -> Callable[[Figure], Any]:
    """Return the function that draws a figure."""
    return draw


@pytest.fixture
def two_arms() -> Figure:
    """Return the figure of TNF and damage under control and anti_tnf."""
    return _courses("slide", ("tnf", "damage"), 2)
