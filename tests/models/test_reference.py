"""The generated right-hand sides equal the hand-written ones to 1e-12, with and without every intervention."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest
from behavior import Array, System
from reference import pk
from reference.changes import Change, all_of, becomes, plus, same, times_

from immunode.catalogue import load_model
from immunode.program.numpy.functions import Functions
from tests import lent_drugs

FIXED = {"Q_half"}  # the paper's 1, which the hand-written equations write as 1
FIXED |= {"bed_hab", "duration_hab", "day"}  # the clock of sleep_minimal: asleep at midnight


# What each intervention does to the parameters at time t, from the specifications, not from the model files.
CHANGES: dict[str, dict[str, Change]] = {
    "kuznetsov1994": {
        "": same,
        "adoptive_transfer": times_("s", 3),
        "adoptive_transfer_bolus": same,
        "immunosuppression": times_("s", 0.5),
        "recruitment_block": times_("p", 0.5),
        "recruitment_boost": times_("p", 1.5),
        "checkpoint_blockade": times_("m", 0.1),
        "killing_boost": times_("n", 2),
        "cytostatic": times_("a", 0.5),
    },
    "kirschner_panetta1998": {
        "": same,
        "aci": becomes(s1=550),
        "il2": becomes(s2=1e7),
        "vaccine": times_("c", 1.4),
        "antigen_loss": times_("c", 0.6),
        "immunosuppression": times_("mu2", 1.5),
    },
    "reynolds2006": {
        "": same,
        "virulent_strain": times_("k_pg", 2),
        "inoculum": same,
        "anti_inflammatory": times_("s_c", 2, 0, 24),
        "steroid": times_("c_inf", 0.5, 0, 24),
        "immunodeficiency": times_("s_nr", 0.5),
        "killing_defect": times_("k_pn", 0.5),
        "antibiotic": plus("k_abx", 1, 2, 74),
        "local_defense": times_("s_m", 1.2),
        "anti_damp": times_("k_nd", 0.5, 0, 72),
        "endotoxin_predose": same,
        "endotoxin_challenge": same,
    },
    "baker2013": {
        "": same,
        "anti_tnf": times_("alpha2", 0.5),
        "anti_tnf_clearance": becomes(0, 1, D=1),
        "anti_tnf_clearance_permanent": times_("gamma", 1.2),
        "anti_tnf_pulses": same,
        "il10_supplement": becomes(a_input=0.5),
        "corticosteroid": all_of(times_("alpha4", 1.2), times_("alpha2", 0.8)),
        "susceptibility": becomes(alpha2=20),
    },
    "berends2019": {
        "": same,
        "standard": same,
        "high_dose": same,
        "ada_positive": becomes(ADA=1),
        "low_albumin": becomes(ALB=25),
        "high_tnf_burden": times_("burden", 5),
        "short_interval": same,
    },
}
# What each has put into which state by time t = 50 (just after any dose at that time).
PUT: dict[str, dict[str, tuple[str, float]]] = {
    "kuznetsov1994": {"adoptive_transfer_bolus": ("E", 1e5)},
    "reynolds2006": {
        "inoculum": ("P", 1),
        "endotoxin_predose": ("PE", 0.3),
        "endotoxin_challenge": ("PE", 3),
    },
    "baker2013": {"anti_tnf_pulses": ("drug", 4 * 0.35)},
    "berends2019": {
        "standard": ("A", 3 * 350),
        "high_dose": ("A", 3 * 700),
        "ada_positive": ("A", 3 * 350),
        "low_albumin": ("A", 3 * 350),
        "high_tnf_burden": ("A", 3 * 350),
        "short_interval": ("A", 2 * 350),
    },
}
# A reference module may hold its own: ARMS (name of an intervention to its change), PUTS (to a state and an amount).
for _path in sorted((Path(__file__).parent / "reference").glob("*.py")):
    _module = importlib.import_module(f"reference.{_path.stem}")
    if hasattr(_module, "ARMS"):
        CHANGES[_path.stem] = {"": same, **_module.ARMS}
    if hasattr(_module, "PUTS"):
        PUT[_path.stem] = _module.PUTS
CASES = [(model, arm) for model, arms in CHANGES.items() for arm in arms]
DRUGS = ("adalimumab", "infliximab")


def drawn(system: System, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return random parameter values and a random state; parameters that are 0 (treatments) are 0 half of the time."""
    program = system.functions.program
    own = {p.name for p in system.model.parameters if "." not in p.name} - FIXED
    values = np.array(program.values)
    for i, name in enumerate(program.parameters[: values.size]):
        if name in own:
            values[i] *= np.exp(rng.normal(0, 0.3))
            if values[i] == 0 and rng.random() < 0.5:
                values[i] = rng.uniform(0, 1)
    typical = system.functions.initial(system.functions.parameters(values[:, None]))[:, 0]
    size = np.maximum(np.abs(typical), [t or 1e-6 for t in program.typical])
    return values, size * np.exp(rng.normal(0, 1, size.size))


def after_events(functions: Functions, p: Array, y: Array, t: float) -> None:
    """Fire all events up to time `t` in place on p and y, in the order of their times."""
    first, every, count = (rows[:, 0] for rows in functions.break_times(p))
    due = sorted(
        (first[i] + k * (every[i] if count[i] > 1 else 0), i)
        for i in range(first.size)
        for k in range(int(count[i]))
        if first[i] + k * (every[i] if count[i] > 1 else 0) <= t
    )
    for time, i in due:
        functions.apply(i, time, y, p)


def generated(functions: Functions, values: Array, y: Array, t: float) -> Array:
    """Return the generated right-hand side at (t, y), with the switches as they stand at time t."""
    p = functions.parameters(values[:, None])
    after_events(functions, p, y[:, None].copy(), t)
    with np.errstate(all="ignore"):
        return np.asarray(functions.rhs(t, y[:, None], functions.prepare(p))[:, 0])


@pytest.mark.parametrize(("name", "arm"), CASES)
def test_generated_equals_hand_written(name: str, arm: str) -> None:
    """At 12 random states and parameter sets, at times inside and outside every window."""
    system = System(load_model(name)).given([arm] if arm else [])
    written = importlib.import_module(f"reference.{name}")
    names = system.functions.program.parameters
    rng = np.random.default_rng(7)
    for t in (0.0, 0.5, 1.5, 3.0, 23.0, 24.0, 25.0, 71.0, 72.5, 73.5, 74.5, 200.0):
        values, y = drawn(system, rng)
        p = dict(zip(names, values, strict=False))
        order = [system.functions.program.states.index(state) for state in written.STATES]
        assert len(order) == y.size
        expected = written.rhs(t, y[order], CHANGES[name][arm](t, p))
        got = generated(system.functions, values, y, t)[order]
        np.testing.assert_allclose(got, expected, rtol=1e-12)


@pytest.mark.parametrize(("name", "arm"), [(model, arm) for model, arms in PUT.items() for arm in arms])
def test_what_an_intervention_puts_into_a_state(name: str, arm: str) -> None:
    """All events up to time 50 add the declared amounts to that state, and nothing to others."""
    system = System(load_model(name)).given([arm])
    functions = system.functions
    p = functions.parameters(np.array(functions.program.values)[:, None])
    before = functions.initial(p)
    y = before.copy()
    after_events(functions, p, y, 50.0)
    added = dict(zip(functions.program.states, (y - before)[:, 0], strict=True))
    state, amount = PUT[name][arm]
    assert added.pop(state) == pytest.approx(amount, rel=1e-12)
    if arm == "high_tnf_burden":
        assert added.pop("R") == pytest.approx(4 * 5.662e-5, rel=1e-12)
    assert not any(added.values())


@pytest.mark.parametrize("arm", DRUGS)
def test_drugs_of_the_library_act_as_written(arm: str) -> None:
    """Adalimumab and infliximab, lent to Baker 2013: alpha2 (1 - 0.9 C/(5 + C)), with C from hand-written kinetics."""
    system = System(lent_drugs.MODEL).given([arm])
    written = importlib.import_module("reference.baker2013")
    program = system.functions.program
    amounts = [f"{arm}.depot", f"{arm}.central"] if arm == "adalimumab" else [f"{arm}.central", f"{arm}.peripheral"]
    own = [program.states.index(state) for state in written.STATES]
    drug = [program.states.index(state) for state in amounts]
    assert len(own) + len(drug) == len(program.states)
    rng = np.random.default_rng(11)
    for t in (0.5, 20.0, 90.0):
        values, y = drawn(system, rng)
        y[drug] = rng.uniform(10, 300, 2)
        p = dict(zip(program.parameters, values, strict=False))
        kinetics = {key.removeprefix(f"{arm}."): v for key, v in p.items() if key.startswith(f"{arm}.")}
        if arm == "infliximab":  # the weight of the doses is that of the volume, as in Fasanmade 2009
            kinetics["V1"] *= (kinetics["weight"] / kinetics["weight_ref"]) ** kinetics["weight_on_V1"]
        concentration = y[program.states.index(f"{arm}.central")] / kinetics["V1"]
        acting = {**p, "alpha2": p["alpha2"] * (1 - 0.9 * concentration / (5 + concentration))}
        got = generated(system.functions, values, y, t)
        np.testing.assert_allclose(got[own], written.rhs(t, y[own], acting), rtol=1e-12)
        by_hand = pk.absorbed if arm == "adalimumab" else pk.two_compartment
        np.testing.assert_allclose(got[drug], by_hand(y[drug], kinetics), rtol=1e-12)
