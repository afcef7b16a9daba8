"""The whole flow through the public names only: declare, perturb, sweep, see; and what a wrong word is answered."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import immunode as im
from tests.clock import cpu_below


def decay_model() -> im.Model:
    """Return dA/dt = inflow - k A, with closed-form answers."""
    return im.Model(
        name="decay",
        time_unit="day",
        states=[im.State("A", 1.0, "cell", "cells", kind="cell")],
        parameters=[
            im.Parameter("k", 0.1, "1/day", "loss", source="assumed: a test"),
            im.Parameter("inflow", 0.0, "cell/day", "supply", source="assumed: a test"),
        ],
        processes=[im.Process("loss", "A ->", "k*A"), im.Process("supply", "-> A", "inflow")],
        horizon=365.0,
    )


# a pulse of 0.02 days in 365: 1e-3 of the default step of any adaptive method
PULSE = im.Intervention("burst", [im.add("inflow", 500.0)], im.during(200.0, 200.02), source="assumed: a test")


def after_pulse(t: float, k: float, start: float, stop: float, rate: float) -> float:
    """Return A(t) for A(0) = 1 and an inflow `rate` in [start, stop)."""
    inflow = rate / k * (np.exp(-k * (t - stop)) - np.exp(-k * (t - start)))
    return float(np.exp(-k * t) + inflow)


@pytest.mark.parametrize("engine", ["scipy", "numpy"])
def test_a_short_pulse_in_a_long_year_is_not_missed(engine: str) -> None:
    run = im.simulate(decay_model(), until=365, times=[0, 201, 365], interventions=[PULSE], engine=engine, rtol=1e-8)
    expected = [1.0, *(after_pulse(t, 0.1, 200, 200.02, 500) for t in (201.0, 365.0))]
    np.testing.assert_allclose(run["A"], expected, rtol=1e-6, atol=1e-12)


def test_break_times_that_differ_from_run_to_run_are_hit_exactly() -> None:
    starts = np.random.default_rng(1).uniform(1, 350, 50)
    design = im.from_table({"burst.start": starts, "burst.stop": starts + 0.02}) * im.Arms(pulse=[PULSE])
    out = im.sweep(
        decay_model(), design, until=365, endpoints=[im.final("A"), im.auc("inflow.effective"), im.peak("A")], rtol=1e-8
    )
    table = out.table()
    assert (table["status"] == "ok").all()
    expected = [after_pulse(365.0, 0.1, s, s + 0.02, 500) for s in starts]
    np.testing.assert_allclose(table["final(A)"], expected, rtol=1e-5, atol=1e-12)
    np.testing.assert_allclose(table["auc(inflow.effective)"], 10.0, rtol=1e-7)  # 500 cells/day for 0.02 days
    peaks = np.maximum(1.0, [after_pulse(s + 0.02, 0.1, s, s + 0.02, 500) for s in starts])
    np.testing.assert_allclose(table["peak(A)"], peaks, rtol=1e-5)


@pytest.mark.sampled
@pytest.mark.parametrize("name", ["kuznetsov1994", "reynolds2006", "baker2013"])
def test_a_run_has_the_same_bits_alone_in_any_block_at_any_position(name: str) -> None:
    model = im.load_model(name)
    design = im.sobol(im.space(model), n=256, seed=4)
    frame = design.table()
    endpoints = [im.final(s.name) for s in model.states] + [im.auc(model.states[0].name)]
    columns = [str(e) for e in endpoints]

    def rows(which: np.ndarray | list[int], **options: int) -> np.ndarray:
        part = im.from_table(frame.iloc[which].reset_index(drop=True))
        out = im.sweep(model, part, until=50, endpoints=endpoints, engine="numpy", **options)
        return out.table()[columns].to_numpy()

    whole = rows(list(range(256)))
    order = np.random.default_rng(0).permutation(256)
    assert np.array_equal(rows(order), whole[order], equal_nan=True)
    assert np.array_equal(rows(list(range(256)), block=7), whole, equal_nan=True)
    for alone in (0, 101, 255):
        assert np.array_equal(rows([alone]), whole[[alone]], equal_nan=True)


def test_absurd_sets_are_rows_with_a_status_and_change_no_other_row() -> None:
    model = im.load_model("kuznetsov1994")
    sound = im.sobol(im.space(model), n=512, seed=2).table()
    absurd = sound.iloc[:5].copy()
    absurd.iloc[0, 0] = np.nan
    absurd.iloc[1, :] = -absurd.iloc[1, :]
    absurd["a"] = [0.18, 0.18, 1e6, 1e12 * 0.18, np.inf]
    mixed = sound.copy()
    where = [3, 100, 211, 300, 511]
    mixed.iloc[where] = absurd.to_numpy()
    endpoints = [im.final("T"), im.peak("E"), im.auc("T")]
    clean, dirty = (im.sweep(model, im.from_table(d), endpoints=endpoints).table() for d in (sound, mixed))
    assert len(dirty) == 512
    assert dirty["status"].notna().all()
    assert dirty["status"].iloc[3] != "ok"
    assert dirty["status"].iloc[511] != "ok"
    others = np.setdiff1d(np.arange(512), where)
    columns = [str(e) for e in endpoints]
    assert np.array_equal(clean[columns].to_numpy()[others], dirty[columns].to_numpy()[others])
    failed = dirty[dirty["status"] != "ok"]
    assert failed[columns].isna().all(axis=None)


def baker() -> im.Model:
    return im.load_model("baker2013", variant="diseased")


WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "model": (lambda: im.load_model("reynold2006"), "reynolds2006"),
    "parameter": (lambda: baker().with_values(alpha_2=3), "alpha2"),
    "state": (lambda: baker().with_initial(damages=3), "damage"),
    "arm": (lambda: baker().intervention("anti_tfn"), "anti_tnf"),
    "column": (lambda: im.sweep(baker(), im.grid({"alpha22": [1, 2]})), "alpha2"),
    "endpoint": (lambda: im.sweep(baker(), im.grid({"alpha2": [1]}), endpoints=[im.peak("damag")]), "damage"),
    "target": (lambda: im.perturb(baker(), im.Intervention("x", [im.scale("alpha22", 2)])), "alpha2"),
    "variant": (lambda: im.load_model("baker2013", variant="disease"), "diseased"),
    "unit": (lambda: im.simulate(im.load_model("kuznetsov1994"), until="5 wekks"), "week"),
    "dimension": (lambda: im.simulate(im.load_model("kuznetsov1994"), until="5 mg"), "mg"),
    "regimen": (lambda: im.drug("adalimumab").dose("40 mg sc evry 2 weeks"), "evry"),
    "negative dose": (lambda: im.drug("adalimumab").dose("-40 mg sc q2w"), "-40"),
    "drug": (lambda: im.drug("adalimumb"), "adalimumab"),
    "backwards": (lambda: im.simulate(baker(), times=[0, 5, 3]), "3"),
    "until": (lambda: im.simulate(baker(), until=-5), "-5"),
    "zero scale": (lambda: im.scale("alpha2", 0), "inhibit"),
}


@pytest.mark.parametrize("case", sorted(WRONG))
def test_a_wrong_word_is_named_together_with_the_nearest_right_one(case: str) -> None:
    call, expected = WRONG[case]
    with pytest.raises(im.ImmunodeError, match=expected) as caught:
        call()
    assert len(str(caught.value).splitlines()) == 1


HOSTILE = [
    "__import__('os').system('true')",
    "E.__class__",
    "(lambda: 1)()",
    "[x for x in (1,)]",
    "9**9**9",
    "(" * 10_000 + "E" + ")" * 10_000,
    "-" * 10_000 + "E",
    "E" + "+E" * 1_000_000,
    "'a'*9",
    "E if E else 1",
    "f'{E}'",
    "E[0]",
    "1e999*E",
    "E; import os",
    "\x00",
    "",
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda t: repr(t[:20]))
def test_a_hostile_rate_is_refused_at_once(text: str) -> None:
    # a hang is what is looked for; a refusal takes milliseconds
    with cpu_below(2.0), pytest.raises(im.errors.ModelError, match=r"[Pp]rocess 'attack'"):
        im.Model(name="evil", states=[im.State("E", 1.0)], processes=[im.Process("attack", "-> E", text)])


def test_the_source_of_a_model_is_what_runs() -> None:
    model = im.load_model("kuznetsov1994")
    text = im.source(model)
    scope: dict[str, Callable[..., np.ndarray]] = {}
    exec(text, scope)
    p = np.array([[q.value] for q in model.parameters])
    y = scope["initial"](p)
    run = im.simulate(model, times=[0, 1e-4])
    change = np.array([run[s.name][1] - run[s.name][0] for s in model.states]) / 1e-4
    # the second derivative adds 1e-5 of the first one
    np.testing.assert_allclose(scope["rhs"](0.0, y, scope["prepare"](p))[:, 0], change, rtol=1e-4)
