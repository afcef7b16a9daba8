"""mandema2011 gives the computed numbers of its specification (mandema2011.md, section 6)."""

from __future__ import annotations

import numpy as np
import pytest
from reference.mandema2011 import DRUGS

from immunode.catalogue import load_model
from immunode.errors import ImmunodeError
from immunode.model import Model
from immunode.study import Arms, simulate, sweep
from immunode.study.populations import population

MODEL = load_model("mandema2011")
NAIVE, EAST_ASIA = MODEL.variant("naive"), MODEL.variant("east_asia")
SCORES = ("ACR20", "ACR50", "ACR70")


def course(model: Model, arm: str, doses: list[float]) -> dict[str, np.ndarray]:
    chosen = [model.intervention(f"with_{name}") for name in arm.split(" + ")] if arm else []
    frame = simulate(model, until=max(doses), interventions=chosen, times=[0.0, *doses], rtol=1e-10).to_frame()
    return {name: frame[name].to_numpy() for name in frame}


RESPONSES = [
    # patients, drug, dose in usual doses: ACR20, 50, 70
    (MODEL, "", 1, (24.0, 8.6, 2.7)),
    (MODEL, "adalimumab", 1, (53.2, 29.5, 12.7)),
    (MODEL, "adalimumab", 0.5, (45.6, 22.7, 9.0)),
    (MODEL, "adalimumab", 2, (58.9, 35.4, 16.5)),
    (MODEL, "certolizumab", 1, (64.4, 41.9, 21.1)),
    (MODEL, "etanercept", 1, (61.1, 37.9, 18.2)),
    (MODEL, "golimumab", 1, (45.3, 22.5, 8.9)),
    (MODEL, "golimumab", 2, (52.9, 29.2, 12.6)),
    (MODEL, "infliximab", 1, (52.5, 28.9, 12.4)),
    (MODEL, "infliximab", 10 / 3, (61.4, 38.3, 18.5)),
    (MODEL, "anakinra", 1, (39.6, 18.1, 6.7)),
    (MODEL, "abatacept", 1, (51.1, 27.5, 11.6)),
    (MODEL, "rituximab", 1, (57.2, 33.6, 15.3)),
    (MODEL, "tocilizumab", 0.5, (49.7, 26.3, 10.9)),
    (MODEL, "tocilizumab", 1, (66.7, 44.8, 23.4)),
    (EAST_ASIA, "tocilizumab", 1, (78.6, 62.3, 40.2)),
    (NAIVE, "", 1, (26.8, 9.3, 2.9)),
    (NAIVE, "methotrexate", 1, (58.8, 33.3, 14.9)),
    (NAIVE, "adalimumab", 1, (56.8, 31.2, 13.6)),
    (NAIVE, "adalimumab + methotrexate", 1, (72.8, 51.0, 28.4)),
    (NAIVE, "tocilizumab", 1, (69.9, 46.8, 24.8)),
]


@pytest.mark.parametrize(("model", "arm", "dose", "wanted"), RESPONSES)
def test_responses(model: Model, arm: str, dose: float, wanted: tuple[float, ...]) -> None:
    """To the decimal printed, which the specification gives within 0.1."""
    got = course(model, arm, [dose])
    np.testing.assert_allclose([got[name][1] for name in SCORES], wanted, atol=0.1)


@pytest.mark.parametrize("drug", DRUGS)
def test_no_dose_is_placebo_and_every_dose_is_the_largest_effect(drug: str) -> None:
    p = {q.name: q.value for q in MODEL.parameters}
    named = {"anakinra": "IL1", "abatacept": "CD28", "rituximab": "CD20", "tocilizumab": "IL6"}
    largest = p[f"Emax_{named.get(drug, 'TNF')}"]
    got = course(MODEL, drug, [0.25, 1.0, 1e7])
    assert got["ACR50"][0] == pytest.approx(course(MODEL, "", [1.0])["ACR50"][0], rel=1e-9)
    assert got["ACR50"][3] == pytest.approx(100 / (1 + np.exp(-(p["e0"] + largest))), rel=1e-5)
    doses = p[f"usual_{drug}"] * np.array([0, 0.25, 1.0, 1e7])
    np.testing.assert_allclose(got["g"], largest * doses / (doses + p[f"ED50_{drug}"]), rtol=1e-8)
    assert (np.diff(got["ACR50"]) > 0).all()
    assert (got["ACR20"] >= got["ACR50"]).all()
    assert (got["ACR50"] >= got["ACR70"]).all()


@pytest.mark.parametrize("drug", DRUGS)
def test_methotrexate_adds_less_to_a_biologic_than_alone(drug: str) -> None:
    """And a biologic still adds to methotrexate: 1 - 0.32*1.585 = 0.493 of its effect."""
    alone, both = course(NAIVE, drug, [1.0])["g"][1], course(NAIVE, f"{drug} + methotrexate", [1.0])["g"][1]
    methotrexate = course(NAIVE, "methotrexate", [1.0])["g"][1]
    assert max(alone, methotrexate) < both < alone + methotrexate
    assert both - methotrexate == pytest.approx(0.4927 * alone, rel=1e-3)


def test_there_is_no_time() -> None:
    assert MODEL.axis_unit == "dose (usual doses)"
    with pytest.raises(ImmunodeError, match="24 weeks"):
        simulate(MODEL, until="24 weeks")


def test_trials_are_binomial() -> None:
    """Of 20,000 patients the share of responders is the probability, and 20 % responders are those of 50 % and more."""
    asked = [f"at(margin{x}, 1)" for x in (20, 50, 70)]
    out = sweep(MODEL, population(MODEL).draw(20_000, seed=3) * Arms({"a": ["with_adalimumab"]}), until=1,
                endpoints=asked)  # fmt: skip
    responds = out.table()[asked].to_numpy() > 0
    np.testing.assert_allclose(100 * responds.mean(axis=0), (53.2, 29.5, 12.7), atol=1.1)
    assert (responds[:, 0] >= responds[:, 1]).all()
    assert (responds[:, 1] >= responds[:, 2]).all()
