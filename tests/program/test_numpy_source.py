"""The NumPy source: readable, safe in its names, and blind to neighbors."""

from __future__ import annotations

import pickle

import numpy as np

from immunode.model import Derived, Model, Parameter, Process, State
from immunode.program import compile_numpy, lower, numpy_source


def tumor() -> Model:
    values = {"s": 1.3e4, "p": 0.1245, "g": 2.019e7, "m": 3.422e-10, "d": 0.0412, "n": 1.101e-7}
    return Model(
        name="tumor",
        states=[State("E", 3.2e5), State("T", 5e5)],
        parameters=[Parameter(k, v, source="assumed: a test") for k, v in values.items()],
        processes=[
            Process("influx", "-> E", "s"),
            Process("recruitment", "-> E", "p*E*T/(g + T)"),
            Process("inactivation", "E ->", "m*E*T"),
            Process("death", "E ->", "d*E"),
            Process("killing", "T ->", "n*E*T"),
        ],
    )


def test_the_source_reads_like_the_equations() -> None:
    text = numpy_source(lower(tumor()))
    for line in (
        "    E, T = y\n",
        "    recruitment = p_*E*T/(g + T)\n",
        "    out[0] = s + recruitment - inactivation - death\n",
        "    out[1] = -killing\n",
    ):
        assert line in text
    assert max(len(line) for line in text.splitlines()) <= 120


def test_what_depends_on_parameters_alone_is_computed_once() -> None:
    model = Model(
        name="m",
        states=[State("A", 1.0)],
        parameters=[Parameter(k, 2.0, source="assumed: a test") for k in ("a", "b")],
        processes=[Process("loss", "A ->", "exp(a*b)*A")],
    )
    rhs, prepare = numpy_source(lower(model)).split("def prepare")
    assert "exp(" not in rhs.split("def rhs")[1]
    assert "exp(a*b)" in prepare


def test_names_that_mean_something_in_python_or_in_the_source_do_no_harm() -> None:
    names = ["out", "y", "c", "np", "x3", "lambda_", "empty", "where", "a.b", "a_b", "self", "None_"]
    model = Model(
        name='odd """ name',
        states=[State("x5", 2.0), State("p", 3.0)],
        parameters=[Parameter(k, float(i + 1), source="assumed: a test") for i, k in enumerate(names)],
        derived=[Derived("rhs", "x5*p + x5/p")],
        processes=[Process("initial", "-> x5", " + ".join(f"{k}*rhs" for k in names))],
    )
    functions = compile_numpy(lower(model))
    p = functions.parameters(np.array(functions.program.values)[:, None])
    y = functions.initial(p)
    expected = sum(range(1, len(names) + 1)) * (2 * 3 + 2 / 3)
    np.testing.assert_allclose(functions.rhs(0.0, y, functions.prepare(p))[0], expected, rtol=1e-14)


def test_a_run_has_the_same_bits_wherever_it_stands() -> None:
    model = Model(
        name="m",
        states=[State("A", 1.0), State("B", 0.5)],
        parameters=[Parameter(k, v, source="assumed: a test") for k, v in {"k": 0.7, "n": 1.7, "a": 2.3}.items()],
        processes=[
            Process("one", "-> A", "hill(B, k, n)*exp(-a*A) + tanh(A) + sin(B) + A**n"),
            Process("two", "-> B", "log(1 + A)**a/(k + B**1.3)"),
        ],
    )
    functions = compile_numpy(lower(model))
    rng = np.random.default_rng(5)
    n_runs = 1003
    values = np.array(functions.program.values)[:, None] * rng.uniform(0.5, 2, (3, n_runs))
    y = rng.uniform(0.01, 3, (2, n_runs))
    c = functions.prepare(functions.parameters(values))
    whole, slopes = functions.rhs(0.0, y, c), functions.jacobian(0.0, y, c)
    for picked in ([0], [1002], [17, 3, 500], list(range(7)), list(rng.permutation(n_runs)), list(range(400, 800))):
        part = functions.prepare(functions.parameters(np.ascontiguousarray(values[:, picked])))
        some = np.ascontiguousarray(y[:, picked])
        assert (functions.rhs(0.0, some, part) == whole[:, picked]).all()
        assert (functions.jacobian(0.0, some, part) == slopes[:, picked]).all()


def test_functions_travel_as_their_program_and_are_made_again() -> None:
    made = compile_numpy(lower(tumor()))
    sent = pickle.dumps(made)
    assert b"exec" not in sent
    assert pickle.loads(sent) is made  # the same program has the same functions in one process
