"""Values and exact derivatives of the graph."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from immunode.program.graph import Graph

X, Y = 0.7, 1.3
FUNCTIONS: dict[str, Callable[[float], float]] = {
    "exp": math.exp, "log": math.log, "sqrt": math.sqrt, "abs": abs, "tanh": math.tanh, "sin": math.sin,
    "cos": math.cos, "tan": math.tan, "asin": math.asin, "acos": math.acos, "atan": math.atan,
    "sinh": math.sinh, "cosh": math.cosh, "neg": lambda a: -a,
}  # fmt: skip
BINARY = ("add", "sub", "mul", "div", "pow", "min", "max")


def evaluate(graph: Graph, node: int, leaves: dict[tuple[object, ...], float]) -> float:
    """Return the value of a node, computed one node after the other in plain Python."""
    scope = {**FUNCTIONS, "add": float.__add__, "sub": float.__sub__, "mul": float.__mul__, "div": float.__truediv__}
    scope |= {"pow": math.pow, "min": min, "max": max, "less": lambda a, b: float(a < b)}
    scope |= {"less_equal": lambda a, b: float(a <= b), "where": lambda c, a, b: a if c else b}
    values: list[float] = []
    for kind, *rest in graph.nodes[: node + 1]:
        if kind == "number":
            values.append(float(rest[0]))  # type: ignore[arg-type]
        elif kind in ("state", "parameter", "time"):
            values.append(leaves[(kind, *rest)])
        else:
            values.append(scope[str(kind)](*(values[int(o)] for o in rest)))  # type: ignore[call-overload,operator]
    return values[node]


def slope(graph: Graph, node: int, leaf: int) -> int:
    return graph.derivatives([node], leaf).get(node, graph.number(0.0))


def difference(graph: Graph, node: int, x: float, y: float, h: float = 1e-6) -> float:
    """Return the central difference by x."""
    up, down = ({("state", 0): x + s * h, ("state", 1): y} for s in (1, -1))
    return (evaluate(graph, node, up) - evaluate(graph, node, down)) / (2 * h)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_slope_of_a_function_is_its_central_difference(name: str) -> None:
    graph = Graph()
    x, y = graph.leaf("state", 0), graph.leaf("state", 1)
    node = graph.add(name, graph.add("mul", x, graph.add("sub", y, graph.number(0.6))))
    exact = evaluate(graph, slope(graph, node, x), {("state", 0): X, ("state", 1): Y})
    assert exact == pytest.approx(difference(graph, node, X, Y), rel=1e-8, abs=1e-9)  # h^2 = 1e-12 times f'''


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("swapped", [False, True])
def test_slope_of_an_operation_is_its_central_difference(name: str, swapped: bool) -> None:
    graph = Graph()
    x, y = graph.leaf("state", 0), graph.leaf("state", 1)
    pair = (graph.add("mul", x, x), graph.add("add", y, x))
    node = graph.add(name, *(reversed(pair) if swapped else pair))
    exact = evaluate(graph, slope(graph, node, x), {("state", 0): X, ("state", 1): Y})
    assert exact == pytest.approx(difference(graph, node, X, Y), rel=1e-8, abs=1e-9)


@pytest.mark.parametrize("exponent", [-3.0, -0.5, 0.5, 1.0, 2.0, 2.5, 6.0, 7.0, 40.0])
def test_power_and_its_slope(exponent: float) -> None:
    graph = Graph()
    x = graph.leaf("state", 0)
    node = graph.add("pow", x, graph.number(exponent))
    at = {("state", 0): X}
    assert evaluate(graph, node, at) == pytest.approx(X**exponent, rel=1e-15 * 20)
    expected = exponent * X ** (exponent - 1)
    assert evaluate(graph, slope(graph, node, x), at) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("n", [0.6, 1.0, 1.7, 2.0, 6.0, 58.7])
def test_hill_and_its_three_slopes(n: float) -> None:
    graph = Graph()
    x, half, exponent = (graph.leaf("state", i) for i in range(3))
    named = graph.hill(x, half, graph.number(n))
    free = graph.hill(x, half, exponent)
    at = {("state", 0): 0.9, ("state", 1): 1.1, ("state", 2): n}
    h = 0.9**n / (1.1**n + 0.9**n)
    assert evaluate(graph, named, at) == pytest.approx(h, rel=1e-13)  # exp(n log) loses n*log units in the last place
    assert evaluate(graph, free, at) == pytest.approx(h, rel=1e-13)
    steep = h * (1 - h)
    assert evaluate(graph, slope(graph, named, x), at) == pytest.approx(n * steep / 0.9, rel=1e-12)
    assert evaluate(graph, slope(graph, free, half), at) == pytest.approx(-n * steep / 1.1, rel=1e-12)
    assert evaluate(graph, slope(graph, free, exponent), at) == pytest.approx(steep * math.log(0.9 / 1.1), rel=1e-12)


@pytest.mark.parametrize(("n", "expected"), [(1.0, 0.5), (1.7, 0.0), (2.0, 0.0)])
@pytest.mark.parametrize("x", [0.0, -1e-12])
def test_hill_is_zero_with_a_finite_slope_at_and_below_zero(n: float, expected: float, x: float) -> None:
    import numpy as np

    from immunode.model import Model, Parameter, Process, State
    from immunode.program import compile_numpy, lower

    model = Model(
        name="m",
        states=[State("x", 1.0)],
        parameters=[Parameter("K", 2.0, source="assumed: test")],
        processes=[Process("up", "-> x", f"hill(x, K, {n})")],
    )
    functions = compile_numpy(lower(model))
    y = np.array([[x]])
    with np.errstate(all="ignore"):
        c = functions.prepare(functions.parameters(np.array([[2.0]])))
        assert functions.rhs(0.0, y, c)[0, 0] == pytest.approx(0.0, abs=1e-290)
        assert functions.jacobian(0.0, y, c)[0, 0] == pytest.approx(expected, abs=1e-12)


def test_nothing_is_computed_twice_whatever_the_order_of_a_sum() -> None:
    graph = Graph()
    x, y = graph.leaf("state", 0), graph.leaf("state", 1)
    assert graph.add("add", x, y) == graph.add("add", y, x)
    assert graph.add("sub", x, y) != graph.add("sub", y, x)
    before = len(graph.nodes)
    graph.add("add", y, x)
    assert len(graph.nodes) == before


def test_neutral_elements_and_signs_vanish() -> None:
    graph = Graph()
    x, one, zero = graph.leaf("state", 0), graph.number(1.0), graph.number(0.0)
    assert graph.add("mul", one, x) == graph.add("add", x, zero) == graph.add("div", x, one) == x
    assert graph.value(graph.add("mul", x, zero)) == 0.0
    negative = graph.add("neg", x)
    assert graph.add("neg", negative) == x
    assert graph.add("add", one, negative) == graph.add("sub", one, x)


def test_folding_leaves_what_has_no_finite_value() -> None:
    graph = Graph()
    node = graph.add("div", graph.number(1.0), graph.number(0.0))
    assert graph.nodes[node][0] == "div"
    assert graph.value(graph.add("exp", graph.number(0.0))) == 1.0


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_random_expressions_have_exact_slopes(data: st.DataObject) -> None:
    graph = Graph()
    pool = [graph.leaf("state", 0), graph.leaf("state", 1), graph.number(0.5), graph.number(2.0)]
    for _ in range(data.draw(st.integers(1, 8))):
        operation = data.draw(st.sampled_from(["add", "sub", "mul", "tanh", "sin", "exp", "atan"]))
        pick = st.sampled_from(pool)
        operands = [data.draw(pick) for _ in range(2 if operation in ("add", "sub", "mul") else 1)]
        pool.append(graph.add(operation, *operands))
    node = pool[-1]
    at = {("state", 0): 0.3, ("state", 1): 0.4}
    try:
        numeric = difference(graph, node, 0.3, 0.4, 1e-5)
    except OverflowError:
        return
    exact = evaluate(graph, slope(graph, node, pool[0]), at)
    if abs(numeric) < 1e4:  # beyond, towers of exp make the third derivative swamp the difference
        assert exact == pytest.approx(numeric, rel=1e-4, abs=1e-6)
