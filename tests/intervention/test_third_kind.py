"""A treatment of a kind that the package does not know goes wherever an intervention or a drug goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pytest

from immunode.errors import ModelError, StoreError
from immunode.intervention import Draft, Intervention, Perturbation, card, during, knobs, perturb, scale, sequence
from immunode.model import Contribution, Declaration, Model, Parameter, Process, State
from immunode.model.records import Derived, Effect
from immunode.model.serial import register
from immunode.study import Arms, grid, simulate, sweep


@dataclass(frozen=True)
class Warming:
    """What warming does: k times q10**(degrees/10)."""

    target: str
    degrees: float
    on_state: bool = False

    def full(self, value: float, strength: float) -> str:
        return f"{value * 2 ** (strength * self.degrees / 10):.6g}"


@register
@dataclass(frozen=True)
class Fever:
    """Every rate constant in `targets` doubles with each 10 degrees."""

    name: str
    targets: tuple[str, ...]
    degrees: float
    strength: float = 1.0
    kind: str = "fever"
    direction: str = "enhance"
    acts_on: str = ""
    expects: tuple[tuple[str, str], ...] = ()
    source: str = "assumed: for this test"
    evidence: str = "assumed"
    note: str = ""
    beside: str = ""

    @property
    def acts(self) -> tuple[Warming, ...]:
        return tuple(Warming(target, self.degrees) for target in self.targets)

    def contribution(self, model: Declaration, units: Mapping[str, str]) -> Contribution:
        draft = Draft(self.name, model, units, self.source, self.evidence)
        strength = draft.knob("strength", self.strength, "", "part of the full rise", bounds=(0, 1))
        degrees = draft.knob("degrees", self.degrees, "", "rise of temperature")
        draft.within([strength], 0, 1)
        q10 = f"{self.name}.q10"
        draft.derived.append(Derived(q10, f"2**({strength}*{degrees}/10)", "", "factor on rates"))
        draft.effects += [Effect(target, "scale", q10, by=self.name) for target in self.targets]
        return draft

    def card_rows(self) -> tuple[str, dict[str, str]]:
        return self.kind, {"does": f"warms by {self.degrees:g} degrees"}

    def at(self, strength: float) -> Self:
        return replace(self, strength=strength)

    def renamed(self, name: str) -> Self:
        return replace(self, name=name)

    def later(self, by: float | str) -> Self:
        return self

    def end(self) -> float:
        return 4.0


FEVER = Fever("fever", ("loss",), 10.0)
MODEL = Model(
    name="pool",
    states=[State("x", 1.0)],
    parameters=[Parameter("loss", 0.5, source="assumed: for this test")],
    processes=[Process("decay", "x ->", "loss*x")],
    interventions=[FEVER],
    horizon=4.0,
)
HALVED = Intervention("halved", scale("loss", 0.5), during(0, 1))


def test_it_is_a_perturbation() -> None:
    assert isinstance(FEVER, Perturbation)


def test_perturb_and_knobs_take_it_by_value_and_by_name() -> None:
    assert perturb(MODEL, FEVER) == perturb(MODEL, "fever")
    assert [p.name for p in knobs(MODEL, FEVER)] == ["fever.strength", "fever.degrees"]


def test_simulate_follows_it() -> None:
    """With 10 degrees more, the loss is 1 per unit of time: x = exp(-t)."""
    out = simulate(MODEL, interventions=[FEVER], rtol=1e-9)
    np.testing.assert_allclose(out["x"], np.exp(-out.times), rtol=1e-7)


def test_its_knobs_are_swept_and_it_stands_in_arms_beside_others() -> None:
    arms = Arms(control=[], fever=[FEVER], both=["fever", HALVED], half=FEVER.at(0.5))
    table = sweep(MODEL, grid(loss=[0.5]) * arms, endpoints=["final(x)"], rtol=1e-9).table()
    exponents = {"control": 0.5 * 4, "fever": 4.0, "both": 0.5 + 3.0, "half": 0.5 * 2**0.5 * 4}
    for arm, value in zip(table["arm"], table["final(x)"], strict=True):
        assert value == pytest.approx(np.exp(-exponents.pop(arm)), rel=1e-6)
    assert not exponents
    warmer = sweep(MODEL, grid({"fever.degrees": [0.0, 20.0]}), arms=Arms(fever=[FEVER]), endpoints=["final(x)"])
    np.testing.assert_allclose(warmer.table()["final(x)"], np.exp([-2.0, -8.0]), rtol=1e-4)


def test_its_card_tells_values_with_a_model() -> None:
    shown = card(FEVER, MODEL)
    assert shown.changes == (("loss", "", "0.5", "1", ""),)
    assert "warms by 10 degrees" in str(shown)


def test_it_is_followed_in_a_sequence() -> None:
    following = sequence(FEVER, HALVED, gap=1.0)[1]
    assert isinstance(following, Intervention)
    assert following.schedule == during(5, 6)


def test_the_report_on_a_model_tries_it() -> None:
    misfit = MODEL.replace(interventions=[Fever("fever", ("los",), 10.0)]).check()
    assert [f.where for f in misfit.findings if f.severity == "error"] == ["intervention 'fever'"]
    with pytest.raises(ModelError, match="unknown parameter 'los'; did you mean 'loss'"):
        perturb(MODEL, Fever("fever", ("los",), 10.0))


def test_a_registered_kind_travels_in_the_json_of_its_model() -> None:
    assert Model.from_json(MODEL.to_json()) == MODEL


def test_what_lacks_a_member_is_no_perturbation() -> None:
    class Half:
        name = "half"

    with pytest.raises(ModelError, match="Half is no intervention"):
        MODEL.replace(interventions=[Half()])
    with pytest.raises(ModelError, match="not an intervention"):
        perturb(MODEL, Half())  # type: ignore[arg-type]


@dataclass(frozen=True)
class Chill(Fever):
    """A kind that nobody registered."""


def test_a_kind_that_is_not_registered_runs_where_a_model_declares_it() -> None:
    """It only can't be written as JSON, and the message says what to do."""
    chill = Chill("chill", ("loss",), -10.0)
    own = MODEL.replace(interventions=[*MODEL.interventions, chill])
    warm, cold = (simulate(own, interventions=given, until=3)["x"][-1] for given in ([], ["chill"]))
    assert warm != pytest.approx(cold)
    with pytest.raises(StoreError, match="register"):
        own.to_json()
