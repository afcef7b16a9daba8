from __future__ import annotations

import itertools
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from immunode.errors import DoseError, ModelError, UnitError
from immunode.intervention import (
    Drug,
    Intervention,
    Operation,
    add,
    decay,
    drug,
    during,
    inhibit,
    knobs,
    one_compartment,
    perturb,
    pulses,
    ramp,
    rhythm,
    scale,
    set_to,
    stimulate,
    transfer,
)
from immunode.model import Event, Model, Parameter, Process, State
from immunode.study import simulate

TIMES = np.linspace(0, 12, 25)
SMALL = one_compartment(CL=2.0, V1=5.0, ka=1.5)
# two integrations of one course, restarted at other times, at rtol 1e-11
SAME = 1e-8

SCHEDULES = st.sampled_from(
    [
        during(),
        during(2, 7),
        during(3),
        during(stop=5),
        pulses(3, 1, 3),
        pulses("1 day", "6 h", 5, start=1) * during(0, 4),
        during(1, 4) * ramp(2) * decay(1),
        rhythm(0.7, "24 h"),
    ]
)
FACTORS, FRACTIONS = st.floats(0.2, 4), st.floats(0, 1)
OPERATIONS = st.one_of(
    st.builds(scale, st.sampled_from("ksgm"), FACTORS),
    st.builds(add, st.sampled_from("ksgm"), st.floats(0, 2)),
    st.builds(inhibit, st.sampled_from("ksgm"), FRACTIONS),
    st.builds(stimulate, st.sampled_from("ksgm"), st.floats(0, 3)),
)


@st.composite
def interventions(draw: Any, name: str) -> Intervention | Drug:
    kind = draw(st.sampled_from(["gated", "gated", "transfer", "drug"]))
    if kind == "transfer":
        when = draw(st.sampled_from([during(), during(2), pulses(2, 0, 3, start=1)]))
        return Intervention(name, transfer(draw(st.sampled_from("xy")), draw(st.floats(0, 5))), when)
    if kind == "drug":
        made = Drug(name, SMALL).dose(draw(st.sampled_from(["9 mg sc q2d x 3", "9 mg iv over 6 h at day 1, 3"])))
        return made.inhibit("k", draw(FRACTIONS), 0.5).stimulate("g", 1, 0.3, 2)
    operations = draw(st.lists(OPERATIONS, min_size=1, max_size=3, unique_by=lambda o: (o.operator, o.target)))
    return Intervention(name, operations, draw(SCHEDULES), strength=draw(st.floats(0, 1)))


SETS = st.integers(1, 4).flatmap(lambda n: st.tuples(*(interventions(name) for name in "abcd"[:n])))


@settings(max_examples=60, deadline=None)
@given(SETS, st.randoms(use_true_random=False))
def test_order_never_matters(toy: Callable[..., Any], chosen: tuple[Any, ...], random: Any) -> None:
    mixed = list(chosen)
    random.shuffle(mixed)
    at_once = perturb(toy(), *chosen)
    assert perturb(toy(), *mixed) == at_once
    one_by_one = toy()
    for it in mixed:
        one_by_one = perturb(one_by_one, it)
    assert one_by_one == at_once
    assert hash(one_by_one) == hash(at_once)


@settings(max_examples=25, deadline=None)
@given(SETS)
def test_strength_0_changes_nothing(toy: Callable[..., Any], run: Callable[..., Any], chosen: tuple[Any, ...]) -> None:
    plain = run(toy(), TIMES)
    nothing = run(perturb(toy(), *(it.at(0) for it in chosen)), TIMES)
    for name, course in plain.items():
        assert nothing[name] == pytest.approx(course, rel=SAME)
    for target, value in {"k": 0.5, "s": 1.0, "g": 0.2, "m": 0.1}.items():
        assert (nothing.get(f"{target}.effective", np.array(value)) == value).all()


@settings(max_examples=25, deadline=None)
@given(OPERATIONS | st.builds(set_to, st.just("k"), st.floats(0, 2)), st.floats(0.5, 6), st.floats(6.5, 11))
def test_halves_in_time_make_a_whole(
    toy: Callable[..., Any], run: Callable[..., Any], operation: Operation, start: float, stop: float
) -> None:
    middle = (start + stop) / 2
    whole = run(perturb(toy(), Intervention("a", operation, during(start, stop))), TIMES)
    first, second = (Intervention(n, operation, during(*w)) for n, w in (("b", (start, middle)), ("c", (middle, stop))))
    halves = run(perturb(toy(), first, second), TIMES)
    for name in ("x", "y", f"{operation.target}.effective"):
        assert halves[name] == pytest.approx(whole[name], rel=SAME)


@settings(max_examples=25, deadline=None)
@given(
    st.one_of(
        st.builds(scale, st.sampled_from("ksgm"), FACTORS),
        st.builds(add, st.sampled_from("ksgm"), st.floats(0, 2)),
        st.builds(transfer, st.sampled_from("xy"), st.floats(0, 9)),
    ),
    st.floats(0, 1),
    st.sampled_from([during(), during(2), during(1.5)]),
)
def test_halves_in_strength_make_a_whole(
    toy: Callable[..., Any], run: Callable[..., Any], operation: Operation, strength: float, schedule: Any
) -> None:
    whole = Intervention("a", operation, schedule, strength=strength)
    half = whole.at(strength / 2)
    one = run(perturb(toy(), whole), TIMES)
    two = run(perturb(toy(), half.renamed("b"), half.renamed("c")), TIMES)
    for name in ("x", "y"):
        assert two[name] == pytest.approx(one[name], rel=SAME)


def test_the_effective_value_follows_the_rule(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    composed = perturb(
        toy(),
        Intervention("a", set_to("k", 3.0), strength=0.5),
        Intervention("b", scale("k", 4.0), strength=0.5),
        Intervention("c", inhibit("k", 0.8), strength=0.5),
        Intervention("d", stimulate("k", 2.0), strength=0.25),
        Intervention("e", add("k", 0.1), strength=0.5),
    )
    expected = (0.5 + 0.5 * (3.0 - 0.5)) * 4.0**0.5 * (1 - 0.4) * (1 + 0.5) + 0.05
    assert run(composed, [0.0])["k.effective"][0] == pytest.approx(expected, rel=1e-15)


def test_occupancy_drives_a_drugs_effects(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    given_drug = Drug("d", SMALL, "50 mg iv once").inhibit("k", 0.9, 4, 2).stimulate("g", 3, "2 mg/L").add("s", 7, 5)
    found = run(perturb(toy(), given_drug), [0.0, 1.0])
    c = found["d.C"]
    assert c[0] == 10
    assert found["k.effective"] == pytest.approx(0.5 * (1 - 0.9 * c**2 / (16 + c**2)), rel=1e-12)
    assert found["g.effective"] == pytest.approx(0.2 * (1 + 3 * c / (2 + c)), rel=1e-12)
    assert found["s.effective"] == pytest.approx(1 + 7 * c / (5 + c), rel=1e-12)


def test_a_transfer_jumps_at_the_start_of_each_pulse(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    frozen = toy().with_values(k=0, s=0)
    jumps = Intervention("graft", transfer("x", 10.0), pulses("2 days", 0, 3, start=1), strength=0.5)
    x = run(perturb(frozen, jumps), [0, 0.99, 1, 2.99, 3, 5, 9])["x"]
    assert x.tolist() == [1, 1, 6, 6, 11, 16, 16]
    assert run(perturb(frozen, Intervention("graft", transfer("x", 10.0))), [0.0])["x"][0] == 11


def test_a_transfer_and_a_gate_share_one_start(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    both = Intervention("cells", [transfer("x", 10.0), inhibit("k", 1.0)], during("1 day", "2 days"))
    composed = perturb(toy().with_values(s=0), both).with_values({"cells.start": 1.5})
    found = run(composed, [1.25, 1.5, 1.9, 2.0])
    assert found["x"][1] == pytest.approx(np.exp(-0.75) + 10, rel=1e-9)
    assert found["k.effective"].tolist() == [0.5, 0, 0, 0.5]


def test_every_knob_is_a_parameter_with_a_unit(toy: Callable[..., Any]) -> None:
    treated = Intervention("a", [scale("k", 2), scale("g", 3), add("s", 1)], during(1, "2 days") * ramp("6 h"))
    found = {p.name: (p.value, p.unit) for p in knobs(toy(), treated)}
    assert found == {
        "a.strength": (1, ""),
        "a.scale_k": (2, ""),
        "a.scale_g": (3, ""),
        "a.add": (1, "cell/day"),
        "a.start": (1, "day"),
        "a.stop": (2, "day"),
        "a.rise": (0.25, "day"),
    }
    assert set(found) == {p.name for p in perturb(toy(), treated).parameters} - {"k", "s", "g", "m"}


def test_a_drugs_knobs_have_the_names_of_the_field(toy: Callable[..., Any]) -> None:
    given_drug = drug("infliximab").dose("5 mg/kg iv over 2 h at week 0, 2, 6 then q8w x 6", weight=70)
    found = {p.name.removeprefix("infliximab."): p.value for p in knobs(toy(), given_drug.inhibit("k", 0.9, 5))}
    assert found == pytest.approx(
        {
            "strength": 1,
            "weight": 70,
            "weight_ref": 77,
            "weight_on_V1": 0.538,
            "start": 0,
            "time_2": 14,
            "time_3": 42,
            "dose": 5,
            "duration": 2 / 24,
            "interval": 56,
            "n": 6,
            "CL": 0.407,
            "V1": 3.29,
            "Q": 7.14,
            "V2": 4.13,
            "imax": 0.9,
            "ic50": 5,
            "hill": 1,
        }
    )


def test_equal_knobs_of_two_effects_are_told_apart(toy: Callable[..., Any]) -> None:
    two = Drug("d", SMALL, "1 mg sc once").inhibit("k", 0.9, 5).inhibit("g", 0.5, 6).stimulate("g", 2, 7)
    found = {p.name for p in knobs(toy(), two)}
    assert {"d.imax_k", "d.imax_inhibit_g", "d.emax", "d.ec50", "d.hill_k", "d.hill_stimulate_g"} <= found


def test_the_knobs_steer_the_doses(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    composed = perturb(toy(), Drug("d", one_compartment(CL=0, V1=1), "10 mg iv q1d x 2 then 40 mg iv q2d x 2"))
    times = [0, 1, 2, 4, 6, 8, 9]
    assert run(composed, times)["d.C"].tolist() == [10, 20, 60, 100, 100, 100, 100]
    other = composed.with_values({"d.dose": 1, "d.n": 3, "d.interval": 2, "d.start": 1, "d.strength": 0.5})
    assert run(other, times)["d.C"].tolist() == [0, 0.5, 0.5, 1, 1.5, 21.5, 41.5]


def test_open_ended_doses_go_on_to_the_horizon(toy: Callable[..., Any]) -> None:
    def count(text: str, horizon: float) -> float:
        composed = perturb(toy(horizon=horizon), Drug("d", SMALL, text))
        return {p.name: p.value for p in composed.parameters}["d.n"]

    assert count("1 mg q2w", 60) == 5
    assert count("1 mg q2w", 56) == 4
    assert count("1 mg q2w", 1) == 1
    assert count("1 mg q2w from day 20", 60) == 3


def test_composed_models_are_ordinary_models(toy: Callable[..., Any]) -> None:
    declared = Intervention("a", scale("k", 2), expects={"x": "down"})
    plain = toy(interventions=[declared])
    composed = perturb(plain, "a", Drug("d", SMALL, "9 mg sc q2d x 3").inhibit("k", 0.5, 1))
    assert composed.applied == ("a", "d")
    assert composed.interventions == plain.interventions
    assert plain.effects == ()
    assert Model.from_json(composed.to_json()) == composed
    assert pickle.loads(pickle.dumps(composed)) == composed
    assert perturb(plain) is plain
    assert perturb(plain, ["a"]) == perturb(plain, declared)


def test_declared_interventions_survive_json(toy: Callable[..., Any]) -> None:
    gated = Intervention("a", [scale("k", 2)], during(0, "2 weeks") * ramp(1) * decay(2) * rhythm(0.5, 1))
    many = [
        gated,
        Intervention("b", transfer("x", 3), pulses(2, 0, 3), expects={"x": "up"}),
        drug("prednisolone").dose("20 mg po q1d x 7 then 10 mg q1d x 7"),
        drug("infliximab").dose("5 mg/kg iv over 2 h q8w", weight=70).inhibit("k", 0.9, "5 ug/mL", source="assumed: x"),
    ]
    plain = toy(interventions=many)
    assert Model.from_json(plain.to_json()) == plain


def test_an_intervention_may_act_on_a_knob_of_another(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    given_drug = Drug("d", SMALL, "9 mg sc q2d x 3").inhibit("k", 0.5, 1)
    resistant = Intervention("antibodies", [scale("d.CL", 1.5), add("d.ic50", 2.0)], during(3))
    composed = perturb(toy(), resistant, given_drug)
    assert composed == perturb(perturb(toy(), given_drug), resistant)
    assert {p.name: p.unit for p in composed.parameters}["antibodies.add"] == "mg/L"
    assert run(composed, [0.0, 3.0])["d.CL.effective"].tolist() == [2.0, 3.0]


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ([Intervention("a", scale("kk", 2))], "toy, intervention 'a': unknown parameter 'kk'; did you mean 'k'"),
        ([Intervention("a", scale("x", 2))], "unknown parameter 'x'; 'x' is a state, use transfer"),
        ([Intervention("a", transfer("k", 2))], "unknown state 'k'; 'k' is a parameter, use add"),
        ([Intervention("a", transfer("z", 2))], "unknown state 'z'; known: 'x', 'y'"),
        ([Intervention("a", scale("a.scale", 2))], "'a' acts on its own knob 'a.scale'"),
        (["anti_tnf"], "toy: unknown intervention 'anti_tnf'"),
        ([Intervention("a", scale("k", 2), expects={"totl": "up"})], "expects something of 'totl', .*mean 'total'"),
        ([3], "toy: 3 is not an intervention, a drug or the name of one"),
        ([Intervention("a", scale("k", 2))] * 2, r"'a' is given twice; use .renamed\('a_2'\)"),
        ([Drug("d", SMALL, "1 mg once").inhibit("kk", 0.5, 1)], "unknown parameter 'kk'"),
    ],
)
def test_wrong_targets_and_names_are_refused(toy: Callable[..., Any], chosen: list[Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        perturb(toy(), *chosen)


def test_a_name_that_is_applied_already_is_refused(toy: Callable[..., Any]) -> None:
    treated = Intervention("a", scale("k", 2))
    with pytest.raises(ModelError, match=r"'a' is applied already; use .renamed\('a_2'\)"):
        perturb(perturb(toy(), treated), treated)
    assert perturb(perturb(toy(), treated), treated.renamed("a_2")).applied == ("a", "a_2")


def test_a_name_that_the_model_uses_is_refused(toy: Callable[..., Any]) -> None:
    crowded = toy(parameters=[*toy().parameters, Parameter("a.b", 1)])
    with pytest.raises(ModelError, match=r"has names that start with 'a\.'"):
        perturb(crowded, Intervention("a", scale("k", 2)))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Intervention("2nd", scale("k", 2)), ModelError, "a word of letters, digits and _, got '2nd'"),
        (lambda: Intervention("a.b", scale("k", 2)), ModelError, "a word of letters, digits and _, got 'a.b'"),
        (lambda: Intervention("a", []), ModelError, "'a' does nothing"),
        (lambda: Intervention("a", ["scale"]), ModelError, "'scale' is not an operation"),  # type: ignore[list-item]
        (lambda: Intervention("a", [scale("k", 2), scale("k", 3)]), ModelError, "scale on 'k' twice"),
        (lambda: Intervention("a", scale("k", 2), strength=1.5), ModelError, r"strength must lie in \[0, 1\], got 1.5"),
        (lambda: Intervention("a", scale("k", 2)).at(-1), ModelError, r"strength must lie in \[0, 1\], got -1"),
        (lambda: Intervention("a", scale("k", 2), direction="up"), ModelError, "unknown direction 'up'"),
        (lambda: Intervention("a", scale("k", 2), acts_on="groth"), ModelError, "did you mean 'growth'"),
        (lambda: Intervention("a", scale("k", 2), expects={"x": "dwn"}), ModelError, "did you mean 'down'"),
        (lambda: Intervention("a", scale("k", 2), evidence="mesured"), ModelError, "did you mean 'measured'"),
        (lambda: Intervention("a", scale("k", 2), "always"), ModelError, "'always' is not a schedule"),  # type: ignore[arg-type]
        (lambda: Intervention("a", transfer("x", 2), during(1, 3)), DoseError, "a jump at the start; 'stop' has no"),
        (lambda: Intervention("a", transfer("x", 2), ramp(3)), DoseError, "'rise' has no meaning"),
        (
            lambda: Intervention("a", transfer("x", 2), during(1) * pulses(1, 0, 2)),
            DoseError,
            "leave out the window around the pulses",
        ),
        (lambda: Drug("d", "fast"), ModelError, "needs pharmacokinetics"),  # type: ignore[arg-type]
        (lambda: Drug("d", SMALL, route="nasal"), DoseError, "unknown route 'nasal'"),
        (lambda: Drug("d", SMALL, weight=-70), DoseError, "weight must be above 0 kg"),
        (
            lambda: Drug("d", SMALL).inhibit("k", 1.5, 2),
            ModelError,
            r"imax must lie in \[0, 1\], got 1.5; 0.9 means 90",
        ),
        (lambda: Drug("d", SMALL).inhibit("k", 0.5, 0), ModelError, "ic50 must be above 0, got 0"),
        (lambda: Drug("d", SMALL).inhibit("k", 0.5, 2, 0), ModelError, "hill must be above 0"),
        (lambda: Drug("d", SMALL).stimulate("k", -1, 2), ModelError, "emax must be 0 or above, got -1"),
        (lambda: Drug("d", SMALL).inhibit("k", 0.5, 2).inhibit("k", 0.5, 2), ModelError, "inhibit on 'k' twice"),
    ],
)
def test_wrong_declarations_are_refused(make: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("chosen", "error", "message"),
    [
        (Drug("d", SMALL), DoseError, "drug 'd' has no doses; use .dose"),
        (Drug("d", SMALL, "1 mg once").inhibit("k", 0.5, "3 day"), UnitError, "can't convert"),
        (Drug("d", SMALL, "1 mg once").inhibit("k", 0.5, "fast"), ModelError, "can't read ic50 'fast'"),
        (Intervention("a", scale("k", 2), during(3, "2 days")), DoseError, "'a.stop' must not lie before 'a.start'"),
        (Intervention("a", scale("k", 2), pulses(1, "2 days", 3)), DoseError, "'a.width' must not be longer"),
        (Intervention("a", scale("k", 2), pulses(1, 0.5, 3) * ramp(2)), DoseError, "'a.rise' must not be longer"),
    ],
)
def test_what_only_a_model_shows_is_refused(
    toy: Callable[..., Any], chosen: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        perturb(toy(), chosen)


def test_times_that_go_backwards_only_in_the_model_are_refused(toy: Callable[..., Any]) -> None:
    from immunode.intervention import Dose, Regimen

    mixed = Regimen((Dose(1, at=("2 week",)), Dose(1, at=(5,))))
    with pytest.raises(DoseError, match="times go backwards, a dose at 5 after one at 14"):
        perturb(toy(), Drug("d", SMALL, mixed))


@pytest.mark.parametrize(
    ("knob", "value", "message"),
    [
        ("d.dose", -1, "'d.dose' must be 0 or above"),
        ("a.strength", 1.1, r"'a.strength' must lie in \[0, 1\]"),
        ("a.inhibit", 2, r"'a.inhibit' must lie in \[0, 1\]"),
        ("a.scale", 0, "'a.scale' must be above 0"),
        ("a.width", 0, "'a.width' must be above 0"),
        ("b.stop", 1, "'b.stop' must not lie before 'b.start'"),
    ],
)
def test_swept_knobs_are_guarded(toy: Callable[..., Any], knob: str, value: float, message: str) -> None:
    import re

    from immunode.program.lowering import lower
    from immunode.program.numpy.functions import compile_numpy

    composed = perturb(
        toy(),
        Intervention("a", [inhibit("k", 0.5), scale("g", 2)], pulses(3, 1, 2)),
        Intervention("b", add("s", 1), during(2, 3)),
        Drug("d", SMALL, "1 mg sc once"),
    )
    f = compile_numpy(lower(composed))
    values = np.array(f.program.values)[:, None].repeat(2, axis=1)
    values[f.program.parameters.index(knob), 1] = value
    held = f.requirements(f.parameters(values))
    assert held[:, 0].all()
    failed = [text for (_, text), ok in zip(f.program.requirements, held[:, 1], strict=True) if not ok]
    assert any(re.search(message, text) for text in failed), failed


def test_events_of_the_model_stay_its_own(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    own = toy(events=[Event("cut", {"x": "x/2"}, at=1.0)], states=[State("x", 8, "cell"), State("y", 0, "cell")])
    composed = perturb(own.with_values(k=0, s=0), Intervention("a", transfer("x", 2), during(1)))
    # at one time the model's events come first, then interventions by name
    assert run(composed, [1.0])["x"][0] == 6


def test_cards_say_what_when_and_on_whose_authority() -> None:
    card = repr(
        Intervention(
            "anti_tnf",
            inhibit("alpha", 0.5),
            during(0, "2 weeks"),
            kind="drug",
            direction="suppress",
            expects={"p": "down"},
            source="Smith 2000",
            evidence="assumed",
            strength=0.5,
        )
    )
    assert card.splitlines() == [
        "anti_tnf (drug, suppress)",
        "  does     inhibits alpha by 50 %",
        "  when     from time 0 to week 2",
        "  strength 0.5",
        "  expects  p down",
        "  source   Smith 2000 (assumed)",
    ]
    assert "40 mg sc q2w x 26" in repr(drug("adalimumab").dose("40 mg sc q2w x 26"))
    assert "half-life 16.3 d" in repr(drug("adalimumab"))


def test_all_orders_of_three_are_one_model(toy: Callable[..., Any]) -> None:
    three: tuple[Intervention | Drug, ...] = (
        Intervention("z", set_to("k", 2), during(0, 5)),
        Intervention("a", set_to("k", 3), during(5, 9)),
        drug("tocilizumab").dose("8 mg/kg iv over 1 h q4w", weight=70).inhibit("k", 0.5, 10),
    )
    assert len({perturb(toy(), *order) for order in itertools.permutations(three)}) == 1


@pytest.fixture
def clocked() -> Model:
    """A model that doses itself: `tau` is the interval, `first` the initial amount, `dose` the size."""
    return Model(
        name="clocked",
        time_unit="day",
        horizon=10.0,
        states=[State("A", "first")],
        parameters=[
            Parameter(name, 1.0, unit, source="assumed: a test")
            for name, unit in (("tau", "day"), ("first", ""), ("dose", ""), ("k", "1/day"))
        ],
        processes=[Process("loss", "A ->", "k*A")],
        events=[Event("given", at=1.0, every="tau", count=5, changes={"A": "A + dose"})],
    )


@pytest.mark.parametrize(
    ("target", "said"), [("tau", "'tau' says when event 'given' comes"), ("first", "initial value of 'A' only")]
)
def test_an_intervention_on_what_is_settled_before_a_run_is_refused(clocked: Model, target: str, said: str) -> None:
    """It would act on nothing, and nobody would know."""
    with pytest.raises(ModelError, match=said):
        perturb(clocked, Intervention("late", [scale(target, 2)]))


def test_an_intervention_on_a_dose_or_on_a_rate_that_a_start_uses_too_is_taken(clocked: Model) -> None:
    held = clocked.replace(states=[State("A", "k/k")])
    for target in ("dose", "k"):
        run = simulate(held, interventions=[Intervention("more", [scale(target, 2)])], times=[0.0, 5.0])
        assert run["A"][0] == 1.0
        assert run["A"][1] != pytest.approx(simulate(held, times=[0.0, 5.0])["A"][1], rel=0.01)
