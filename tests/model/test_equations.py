from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from immunode.errors import ModelError
from immunode.language.evaluation import evaluate
from immunode.language.expression import parse
from immunode.model import Compartment, Derived, Effect, Model, Parameter, Process, State
from immunode.model.views.formulas import equations, right_hand_sides

Make = Callable[..., Model]


def test_unicode_equations_are_written_as_declared(model: Model) -> None:
    assert equations(model).splitlines() == [
        "dE/dt = s + p·E·T/(g + T) − m·E·T − d·E",
        "dT/dt = a·T·(1 − b·T) − n·E·T",
        "burden = T/(g + T)",
    ]


def test_latex_equations_are_written_as_declared(model: Model) -> None:
    lines = model.equations("latex").splitlines()
    assert lines[0] == (r"\frac{\mathrm{d}E}{\mathrm{d}t} = s + \frac{p \, E \, T}{g + T} - m \, E \, T - d \, E")
    assert lines[1] == r"\frac{\mathrm{d}T}{\mathrm{d}t} = a \, T \, \left(1 - b \, T\right) - n \, E \, T"


def test_fluxes_can_be_named(model: Model) -> None:
    lines = model.equations(fluxes=True).splitlines()
    assert lines[0] == "dE/dt = influx + recruitment − inactivation − effector_death"
    assert "killing = n·E·T" in lines


def test_a_perturbed_parameter_has_a_line_of_its_own(make: Make) -> None:
    model = make(
        parameters=[*make().parameters, Parameter("drug.strength", 1.0)],
        effects=[
            Effect("n", "scale", "1 - 0.5*drug.strength", by="drug"),
            Effect("n", "add", "m", by="drug"),
            Effect("d", "set", "2*a", "0.5", by="drug"),
            Effect("p", "set", "a", by="drug"),
        ],
    )
    lines = equations(model).splitlines()
    assert lines[0] == "dE/dt = s + p*·E·T/(g + T) − m·E·T − d*·E"
    assert lines[3:] == ["p* = a", "d* = d + 0.5·(2·a − d)", "n* = n·(1 − 0.5·drug.strength) + m"]
    assert r"{n}^{\ast} = n \, \left(1 - 0.5 \, \mathrm{drug.strength}\right) + m" in equations(model, "latex")


def test_counts_and_volumes_stand_in_the_equations() -> None:
    model = Model(
        name="m",
        compartments=[Compartment("c", "V", ""), Compartment("unit", 1.0, "")],
        states=[State("A", 1.0, compartment="c"), State("B", 1.0, compartment="unit"), State("C", 0.0)],
        parameters=[Parameter("V", 2.0), Parameter("k", 1.0)],
        processes=[Process("bind", "2 A -> B", "k*A - B"), Process("wave", "B -> B", "k")],
    )
    assert equations(model).splitlines() == ["dA/dt = −2·(k·A − B)/V", "dB/dt = k·A − B", "dC/dt = 0"]


def test_names_become_greek_and_get_subscripts(make: Make) -> None:
    names = ["mu_c", "alpha2", "k_np", "IL6", "lambda_", "Delta_1", "tnf", "drug.ic50", "x_a_b"]
    model = Model(
        name="m", parameters=[Parameter(n, 1.0) for n in names], derived=[Derived("all_of_it", " + ".join(names))]
    )
    assert equations(model) == "all_of_it = μ_c + α₂ + k_np + IL₆ + λ + Δ_1 + tnf + drug.ic50 + x_a_b"
    assert equations(model, "latex") == (
        r"\mathrm{all}_{\mathrm{of},\mathrm{it}} = \mu_{c} + \alpha_{2} + k_{\mathrm{np}} + \mathrm{IL}_{6} + \lambda"
        r" + \Delta_{1} + \mathrm{tnf} + \mathrm{drug.ic50} + x_{a,b}"
    )


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2*3", r"2 \cdot 3"),
        ("x*1e-7", r"x \cdot 10^{-7}"),
        ("x*3.422e-10*y", r"x \cdot 3.422 \times 10^{-10} \, y"),
        ("20190000*x", r"2.019 \times 10^{7} \, x"),
        ("3.422e-10", r"3.422 \times 10^{-10}"),
        ("100000", "100000"),
        ("0.00577667577789773", "0.00577667577789773"),
        ("(2e7)**2", r"{\left(2 \times 10^{7}\right)}^{2}"),
        ("(x/y)**2", r"{\left(\frac{x}{y}\right)}^{2}"),
        ("hill(x, y, 2)", r"\frac{{x}^{2}}{{y}^{2} + {x}^{2}}"),
        ("michaelis(x, y)", r"\frac{x}{y + x}"),
        ("exp(-x)", r"\exp\left(-x\right)"),
        ("log(x)", r"\ln\left(x\right)"),
        ("atan(x)", r"\arctan\left(x\right)"),
        ("abs(x)", r"\left|x\right|"),
        ("x*(-y)", r"x \, \left(-y\right)"),
        ("x - (y - x)", r"x - \left(y - x\right)"),
        ("piecewise(1, x >= y, 0)", r"\left\{1\ \mathrm{if}\ x \geq y;\ 0\ \mathrm{otherwise}\right\}"),
    ],
)
def test_latex_of_single_expressions(text: str, written: str) -> None:
    model = Model(name="m", parameters=[Parameter("x", 1.0), Parameter("y", 1.0)], derived=[Derived("u", text)])
    assert equations(model, "latex") == f"u = {written}"


PIECES = [
    *("x/y", "x**y", "-x", "(x - y)", "sqrt(x)", "hill(x, y, 2)", "exp(-x/y)", "log(x)", "min(x, y, 3)", "x*1e-9"),
    *("abs(x - y)", "michaelis(x, y)**2", "drug.ic50**-2", "asin(x)", "tanh(y)"),
    "piecewise(x, x > y and not y >= 2, y, x < 1 or y == 3, 2)",
]


@pytest.mark.slow
@settings(max_examples=25, deadline=None)  # setting a line takes matplotlib some 10 ms
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4), st.sampled_from(["+", "-", "*", "/", "**"]))
def test_matplotlib_can_set_every_line(pieces: list[str], sign: str) -> None:
    from matplotlib.mathtext import MathTextParser

    model = Model(
        name="m",
        states=[State("x", 1.0)],
        parameters=[Parameter("y", 1.0), Parameter("drug.ic50", 1.0)],
        processes=[Process("flow", "x ->", sign.join(f"({piece})" for piece in pieces))],
        effects=[Effect("y", "scale", "1 - drug.ic50", by="drug")],
    )
    lines = equations(model, "latex", fluxes=True).splitlines()
    assert lines
    for line in lines:
        MathTextParser("path").parse(f"${line}$")


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=3), st.sampled_from(["+", "-", "*", "/"]))
def test_unicode_reads_back_with_the_same_value(pieces: list[str], sign: str) -> None:
    text = sign.join(f"({piece})" for piece in pieces if "piecewise" not in piece and "abs" not in piece) or "x"
    model = Model(
        name="m",
        parameters=[Parameter("x", 1.0), Parameter("y", 1.0), Parameter("drug.ic50", 1.0)],
        derived=[Derived("u", text)],
    )
    written = equations(model).removeprefix("u = ").replace("·", "*").replace("−", "-").replace("^", "**")
    written = re.sub("[²³]", lambda m: f"**{'²³'.index(m.group()) + 2}", written).replace("ln(", "log(")
    values = {"x": np.float64(0.7), "y": np.float64(1.9), "drug.ic50": np.float64(0.3)}
    # only the place of a sign may differ: a rounding or two
    assert evaluate(parse(written), values) == pytest.approx(evaluate(parse(text), values), rel=1e-13)


def test_right_hand_sides_agree_with_the_net_of_the_processes(model: Model) -> None:
    values = {p.name: p.value for p in model.parameters} | {"E": 2e5, "T": 3e6}
    right = dict(right_hand_sides(model))
    expected = 1.3e4 + 0.1245 * 2e5 * 3e6 / (2.019e7 + 3e6) - 3.422e-10 * 2e5 * 3e6 - 0.0412 * 2e5
    assert float(evaluate(right["E"], values)) == pytest.approx(expected, rel=1e-14)


def test_an_unknown_style_is_refused(model: Model) -> None:
    with pytest.raises(ModelError, match="unknown style 'latx'; did you mean 'latex'"):
        model.equations("latx")


def test_a_volume_that_an_intervention_changes_stands_with_its_effective_value() -> None:
    from immunode.intervention import Intervention, perturb, scale
    from immunode.model import Compartment, Model, Parameter, Process, State

    model = Model(
        name="m",
        states=[State("A", 1.0, "mg/L", compartment="body")],
        compartments=[Compartment("body", "V", "L")],
        parameters=[Parameter("V", 3.0, "L"), Parameter("k", 0.1, "mg")],
        processes=[Process("gain", "-> A", "k")],
    )
    assert perturb(model, Intervention("swelling", scale("V", 2))).equations().splitlines()[0] == "dA/dt = k/V*"
