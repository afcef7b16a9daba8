from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import immunode as im
from immunode.intervention import Intervention, remove, transfer
from immunode.language.expression import parse_arrow
from immunode.model import Compartment, Derived, Effect, Event, Model, Parameter, Process, State, Switch, Variant
from immunode.model.views.balances import conserved_totals
from immunode.model.views.report import Report, check

Make = Callable[..., Model]


def _said(report: Report) -> list[str]:
    return [str(finding) for finding in report.findings]


def _small(processes: list[Process], **parts: Any) -> Model:
    states = sorted({name for p in processes for side in parse_arrow(p.arrow) for name, _ in side})
    return Model(
        **{
            "name": "m",
            "clock": "day",
            "states": [State(name, 1.0) for name in states],
            "parameters": [Parameter("k", 1.0, source="assumed: shown")],
            "processes": processes,
            **parts,
        }
    )


def test_a_sound_model_has_nothing_to_report(model: Model) -> None:
    report = check(model)
    assert report.ok
    assert report.findings == ()
    assert str(report) == repr(report) == "kuznetsov1994: names and units fit; nothing to report"
    assert str(model.check()) == str(report)


def test_a_state_that_falls_below_zero_is_an_error_that_names_the_process(killing: Make) -> None:
    report = check(killing("n*E*g + d*E"))
    assert not report.ok
    (said,) = _said(report)
    assert said.startswith("error: state 'T': it falls below 0: at T = 0 it is still taken by 'killing' (-")
    assert said.endswith("cell/day)")


def test_a_source_may_make_up_for_a_loss_at_zero() -> None:
    balanced = [Process("feed", "-> A", "2*k*B"), Process("take", "A -> B", "k*B"), Process("loss", "B ->", "k*B")]
    assert check(_small(balanced)).ok
    short = [Process("feed", "-> A", "0.5*k*B"), *balanced[1:]]
    assert "taken by 'take'" in str(check(_small(short)))


def test_a_loss_that_only_an_effect_brings_is_found() -> None:
    processes = [Process("turnover", "A ->", "k*A + j*B"), Process("loss", "B ->", "k*B")]
    parameters = [Parameter("k", 1.0, source="x"), Parameter("j", 0.0, source="x")]
    quiet = _small(processes, parameters=parameters)
    assert check(quiet).ok
    assert not check(quiet.replace(effects=[Effect("j", "add", "0.1", by="drug")])).ok


def test_a_rate_without_a_value_at_zero_is_an_error() -> None:
    report = check(_small([Process("growth", "-> A", "k*A*log(A)")]))
    assert _said(report) == ["error: process 'growth': its rate is not a finite number where A is 0"]


def test_what_nothing_uses_is_a_warning(make: Make) -> None:
    base = make()
    report = check(
        make(
            parameters=[*base.parameters, Parameter("spare", 1.0, source="x")],
            switches=[Switch("idle")],
            compartments=[Compartment("nowhere", 1.0)],
            states=[*base.states, State("X", 1.0, "cell")],
        )
    )
    assert _said(report) == [
        "warning: parameter 'spare': nothing uses it",
        "warning: switch 'idle': nothing uses it",
        "warning: state 'X': no process, event or intervention changes it; make it a parameter",
        "warning: compartment 'nowhere': no state lives in it",
    ]


@pytest.mark.parametrize(
    "parts",
    [
        {"derived": [Derived("u", "x")]},
        {"effects": [Effect("k", "scale", "x", by="d")]},
        {"effects": [Effect("k", "set", "1", "x", by="d")]},
        {"events": [Event("e", {"A": "x"}, at=1)]},
        {"events": [Event("e", {"A": "1"}, at="x", every="x", count="x")]},
        {"events": [Event("e", {"A": "1"}, when="A > x")]},
        {"variants": [Variant("v", initial={"A": "x"})]},
        {"states": [State("A", "x")]},
        {"switches": [Switch("s", "x")], "derived": [Derived("u", "s")]},
    ],
)
def test_a_name_is_used_wherever_it_stands(parts: dict[str, Any]) -> None:
    parameters = [Parameter("k", 1.0, source="x"), Parameter("x", 1.0, source="x")]
    assert "nothing uses it" not in str(check(_small([Process("loss", "A ->", "k*A")], parameters=parameters, **parts)))


def test_processes_without_effect_are_warnings() -> None:
    report = check(
        _small([Process("wave", "A -> A", "k*A"), Process("off", "-> A", "0*k"), Process("never", "-> A", "0")])
    )
    assert [said.split(":")[1] for said in _said(report)] == [" process 'wave'", " process 'off'", " process 'never'"]


def test_missing_sources_units_and_clocks_are_told(make: Make) -> None:
    base = make()
    report = check(
        make(parameters=[Parameter("s", 1.0, "cell/day"), *base.parameters[1:]], status="published", reference="")
    )
    assert _said(report) == [
        "warning: parameters: no source: s (give source=, or 'assumed: why')",
        "warning: reference: a published model needs one",
    ]
    assert not report.ok
    bare = check(_small([Process("loss", "A ->", "k*A")], clock=""))
    assert bare.ok
    assert "'52 weeks' can't be used" in str(bare)
    timed = _small(
        [Process("loss", "A ->", "k*A")], time_unit="day", parameters=[Parameter("k", 1.0, "1/day", source="x")]
    )
    assert "note: states: no unit: A" in _said(check(timed))


def test_the_gravest_findings_come_first(killing: Make) -> None:
    base = killing("n*E*T")
    report = check(killing("n*E*g", parameters=[*base.parameters, Parameter("spare", 1.0)]))
    assert [finding.severity for finding in report.findings] == ["error", "warning", "warning"]
    assert str(report).splitlines()[0] == "kuznetsov1994: names and units fit; 1 error, 2 warnings"


def test_conserved_totals_are_notes() -> None:
    binding = _small(
        [
            Process("bind", "drug + tnf -> complex", "k*drug*tnf"),
            Process("unbind", "complex -> drug + tnf", "k*complex"),
            Process("loss", "waste ->", "k*waste"),
        ]
    )
    assert _said(check(binding)) == [
        "note: conserved total: complex + drug stays constant",
        "note: conserved total: complex + tnf stays constant",
    ]
    dimer = _small([Process("pair", "2 A -> B", "k*A")])
    assert "note: conserved total: A + 2 B stays constant" in _said(check(dimer))
    assert conserved_totals(_small([Process("make", "-> A", "k"), Process("turn", "A -> B", "k*A")])) == []


def test_totals_among_some_states_leave_out_those_that_hold_another() -> None:
    moves = _small(
        [Process("turn", "A -> B", "k*A"), Process("move", "B -> C", "k*B"), Process("pair", "2 D -> E", "k")]
    )
    assert conserved_totals(moves, among=["D", "E", "A"]) == [(("D", Fraction(1)), ("E", Fraction(2)))]
    assert conserved_totals(moves, among=["A", "B"]) == []


@given(
    st.lists(
        st.tuples(st.sampled_from("ABCD"), st.sampled_from("ABCD"), st.integers(1, 3), st.integers(1, 3)),
        min_size=1,
        max_size=5,
    )
)
def test_no_process_changes_a_conserved_total(moves: list[tuple[str, str, int, int]]) -> None:
    model = Model(
        name="m",
        states=[State(name, 1.0) for name in "ABCD"],
        processes=[Process(f"p{i}", f"{m} {a} -> {n} {b}", "1") for i, (a, b, m, n) in enumerate(moves)],
    )
    for total in conserved_totals(model):
        weight = dict(total)
        assert all(value.denominator == 1 for value in weight.values())
        for a, b, m, n in moves:
            assert weight.get(b, Fraction(0)) * n - weight.get(a, Fraction(0)) * m == 0


def test_interventions_that_do_not_fit_the_model_are_errors(killing: Make) -> None:
    """Alone, and beside another one whose knob they act on."""
    fits = im.Intervention("fits", im.scale("n", 2.0))
    more = im.Intervention("more", im.scale("fits.scale", 2.0))
    base = killing("n*E*g")
    found = check(base.replace(interventions=[fits, more])).findings
    assert [f for f in found if f.where.startswith("intervention")] == []
    strange = [im.Intervention(name, im.scale(target, 2.0)) for name, target in (("a", "__class__"), ("b", "a.scale"))]
    report = check(base.replace(interventions=[fits, *strange]))
    assert not report.ok
    told = [str(f) for f in report.findings if f.where.startswith("intervention")]
    assert [line.partition("; ")[0] for line in told] == [
        "error: intervention 'a': unknown parameter '__class__'",
        told[1].partition("; ")[0],
    ]
    assert "'a': unknown parameter '__class__'" in told[1]
    assert not any("\n" in line for line in told)


def test_the_report_names_the_variant() -> None:
    report = im.load_model("baker2013", variant="diseased").check()
    assert str(report).startswith("baker2013, variant diseased: names and units fit")
    assert str(im.load_model("baker2013", "").check()).startswith("baker2013: names")


def test_the_same_model_gets_the_same_report(killing: Make) -> None:
    assert str(check(killing("n*E*g"))) == str(check(killing("n*E*g")))


@pytest.mark.parametrize(("operation", "told"), [(transfer("X", 1.0), False), (remove("X", 0.5), False), (None, True)])
def test_a_state_that_only_interventions_change_is_no_parameter(operation: Any, told: bool) -> None:
    """Such as the total of a drug that was injected."""
    declared = [Intervention("dose", [operation])] if operation is not None else []
    model = Model("m", states=[State("X", 1.0), State("A", 1.0)], parameters=[Parameter("k", 1.0, source="test")],
                  processes=[Process("loss", "A ->", "k*A*X")], interventions=declared)  # fmt: skip
    assert ("event or intervention changes it" in str(check(model))) == told
