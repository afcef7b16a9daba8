"""Forward sensitivities of models: against differences, for many rows, with endpoints; bits and refusals."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import immunode as im
from immunode.errors import ModelError, StudyError
from immunode.model import Event, Model, Parameter, Process, State
from immunode.sensitivity import local_sensitivity, sensitivities, sensitivity_batch

Array = NDArray[np.float64]


def random_model(seed: int) -> Model:
    """Return three states that feed each other by Hill terms, powers, exchange and doses, with random numbers."""
    rng = np.random.default_rng(seed)
    names = ["a", "b", "c"]
    values: dict[str, float] = {"size": 1.5, "first": 1.3, "gap": 2.1, "power": float(rng.uniform(1.2, 2.5))}
    processes = []
    for i, name in enumerate(names):
        other, third = names[(i + 1) % 3], names[(i + 2) % 3]
        values |= {f"v_{name}": float(rng.uniform(0.5, 2)), f"K_{name}": float(rng.uniform(0.5, 2))}
        values |= {f"n_{name}": float(rng.choice([1.0, 2.0, 2.7])), f"d_{name}": float(rng.uniform(0.2, 1))}
        processes += [
            Process(f"make_{name}", f"-> {name}", f"v_{name}*hill({other}, K_{name}, n_{name})"),
            Process(f"lose_{name}", f"{name} ->", f"d_{name}*{name}**{rng.choice(['1', 'power'])}"),
            Process(f"turn_{name}", f"{name} -> {third}", f"0.1*{name}*exp(-{other})"),
        ]
    dose = Event("dose", {"a": "a + size", "b": f"b*{float(rng.uniform(0.3, 0.9))}"}, at="first", every="gap", count=3)
    return Model(
        name=f"random_{seed}",
        states=[State(n, float(rng.uniform(0.2, 2)) if n != "a" else "size/2") for n in names],
        parameters=[Parameter(n, v, source="assumed: test") for n, v in values.items()],
        processes=processes,
        events=[dose],
    )


def differences(model: Model, names: list[str], times: Array, state: str) -> Array:
    """Return derivatives, (n_times, n_names), by central differences of runs at rtol 1e-12, extrapolated."""
    own = {p.name: p.value for p in model.parameters}
    steps = (4e-3, 2e-3)
    rows = [(n, w * h) for n in names for h in steps for w in (1, -1)]
    table = {n: np.full(len(rows), own[n]) for n in names}
    for i, (n, h) in enumerate(rows):
        table[n][i] *= 1 + h
    # the derivative of one parameter rides along: the runs are those of the same tolerance
    y = sensitivity_batch(model, names[:1], table, times=times, quantities=[state], engine="numpy", rtol=1e-12)
    pairs = y.values[:, :, 0].reshape(len(names), 2, 2, len(times))
    far, near = (
        (pairs[:, i, 0] - pairs[:, i, 1]).T / (2 * h * np.array([own[n] for n in names])) for i, h in enumerate(steps)
    )
    return np.asarray((4 * near - far) / 3)


@pytest.mark.sampled
@pytest.mark.parametrize("seed", range(4))
def test_random_models_agree_with_extrapolated_differences(seed: int) -> None:
    model = random_model(seed)
    times = np.array([0.7, 1.9, 4.0, 9.0])
    names = ["size", "first", "gap", "power", "v_b", "K_a", "n_c", "d_a"]
    s = sensitivity_batch(model, names, {}, times=times, engine="numpy", rtol=1e-10)
    for i, state in enumerate(s.quantities):
        expected = differences(model, names, times, state)
        # differences of steps of 0.2 %, extrapolated, leave an error of about 1e-9 of the largest derivative
        assert s.slopes[0, :, i] == pytest.approx(expected, rel=1e-6, abs=1e-7 * np.abs(expected).max()), state


def test_engines_agree_on_a_random_model() -> None:
    model, names = random_model(7), ["size", "gap", "K_a", "n_c"]
    times = np.linspace(0.5, 9, 12)
    ways = [("scipy", "auto"), ("numpy", "tsit5"), ("numpy", "rodas5p"), ("compiled", "tsit5")]
    one, *others = (
        sensitivity_batch(model, names, {}, times=times, engine=e, method=m, rtol=1e-10).slopes for e, m in ways
    )
    for other in others:
        assert other == pytest.approx(one, rel=1e-7, abs=1e-8)


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
def test_a_row_has_the_same_bits_alone_and_in_any_company(engine: str) -> None:
    model, names, n = random_model(1), ["size", "K_a"], 37
    rng = np.random.default_rng(0)
    table = {k: v * rng.uniform(0.8, 1.2, n) for k, v in {"size": 1.5, "K_a": 1.0, "d_b": 0.4, "first": 1.3}.items()}

    def of(rows: list[int]) -> tuple[Array, Array]:
        some = {k: v[rows] for k, v in table.items()}
        s = sensitivity_batch(model, names, some, times=[1.0, 5.0], engine=engine, method="tsit5")
        return s.values, s.slopes

    values, slopes = of(list(range(n)))
    order = rng.permutation(n).tolist()
    assert np.array_equal(of(order)[1], slopes[order])
    for row in (0, 13, 36):
        alone = of([row])
        assert np.array_equal(alone[0][0], values[row])
        assert np.array_equal(alone[1][0], slopes[row])


def test_each_row_is_differentiated_at_its_own_values() -> None:
    model = Model(
        name="decay",
        states=[State("x", "a")],
        parameters=[Parameter("k", 0.5, source="assumed: test"), Parameter("a", 2.0, source="assumed: test")],
        processes=[Process("loss", "x ->", "k*x")],
    )
    k, start, t = np.array([0.1, 0.5, 2.0]), np.array([1.0, 4.0, 9.0]), np.array([0.0, 1.0, 3.0])
    s = sensitivity_batch(model, ["k", "a", "x(0)"], {"k": k}, times=t, quantities=["x", "loss"], rtol=1e-9)
    fall = np.exp(-k[:, None] * t)
    assert s.slopes.shape == (3, 3, 2, 3)
    assert s.slopes[:, :, 0, 0] == pytest.approx(-2 * t * fall, rel=1e-6, abs=1e-8)
    assert s.slopes[:, :, 0, 1] == pytest.approx(fall, rel=1e-6)
    assert s.slopes[:, :, 1, 0] == pytest.approx(2 * fall * (1 - k[:, None] * t), rel=1e-6, abs=1e-8)
    # a state that is given its initial value does not move with what it would begin with
    s = sensitivity_batch(model, ["a", "x(0)"], {"k": k, "x(0)": start}, times=t, rtol=1e-9)
    assert s.values[:, 0, 0] == pytest.approx(start, rel=1e-12)
    assert np.all(s.slopes[:, :, 0, 0] == 0)
    assert s.slopes[:, :, 0, 1] == pytest.approx(fall, rel=1e-6)


def test_a_failed_row_is_nan_with_its_reason() -> None:
    model = Model(
        name="blowup",
        states=[State("x", 1.0)],
        parameters=[Parameter("k", 0.1, source="assumed: test")],
        processes=[Process("growth", "-> x", "k*x**2")],
    )
    s = sensitivity_batch(model, ["k"], {"k": [0.1, 10.0]}, times=[0.01, 1.0])
    assert s.status[0] == 0
    assert s.status[1] != 0
    assert np.isfinite(s.slopes[0]).all()
    assert np.isnan(s.slopes[1, 1]).all()
    assert s.reasons[1]


def test_endpoints_of_a_published_model_agree_with_local_differences() -> None:
    model = im.load_model("kuznetsov1994")
    ends = ["final(T)", "at(E, 20 days)", "auc(T)"]
    s = sensitivities(model, ["p", "g", "a"], until=60, endpoints=ends, rtol=1e-9)
    other = local_sensitivity(model, ["p", "g", "a"], until=60, endpoints=ends)
    table = s.table().pivot(index="endpoint", columns="parameter", values="elasticity")
    for j, one in enumerate(other.series):
        for k, name in enumerate(other.columns):
            assert table.loc[one.endpoint, name] == pytest.approx(other.measures["elasticity"][j, k], rel=2e-5)


def test_derivatives_of_a_drugs_knobs_have_shapes_and_units() -> None:
    model = im.load_model("baker2013")
    s = sensitivities(model, "anti_tnf.*", 30, interventions="anti_tnf", quantities=["p", "damage"], times=[10, 30])
    assert s.slopes.shape == (2, 2, len(s.parameters))
    assert set(s.parameters) == {"anti_tnf.strength", "anti_tnf.inhibit"}
    assert list(s.to_dataset()["slope"].dims) == ["time", "quantity", "parameter"]
    assert np.array_equal(s.of("p", "anti_tnf.strength"), s.slopes[:, 0, s.parameters.index("anti_tnf.strength")])
    elastic = s.elasticities()[1, 0, 0]
    assert elastic == pytest.approx(s.slopes[1, 0, 0] * s.point[0] / s.values[1, 0], rel=1e-12)
    assert "anti_tnf.strength" in repr(s)


def test_what_is_unknown_is_named() -> None:
    model = im.load_model("kuznetsov1994")
    with pytest.raises(StudyError, match="'TT'"):
        sensitivities(model, ["p"], quantities=["TT"])
    with pytest.raises(StudyError, match=r"no derivative of peak\(T\)"):
        sensitivities(model, ["p"], endpoints=["peak(T)"])
    with pytest.raises(StudyError, match="pp"):
        sensitivity_batch(model, ["p"], {"pp": 1.0}, times=[1.0])
    with pytest.raises(StudyError, match="one shape"):
        sensitivity_batch(model, ["p"], {"p": [1.0, 2.0], "g": [1.0]}, times=[1.0])
    with pytest.raises(StudyError, match="each once"):
        sensitivity_batch(model, ["p", "p"], {}, times=[1.0])
    with pytest.raises(ModelError, match="set to 0 below a limit"):
        sensitivities(im.load_model("sove2020"), ["k_clear"])
