"""Order and gap against a model whose answer is known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from immunode.analysis.treatment.sequence_maps import sequence_map
from immunode.errors import DoseError, StudyError
from immunode.intervention import Intervention, at_times, during, inhibit, remove, transfer
from immunode.model import Model, Parameter, Process, State

GAPS = [0.0, 1.0, 3.0]


def _model() -> Model:
    return Model(
        name="pool",
        time_unit="day",
        states=[State("x", 8.0, "mg")],
        parameters=[Parameter("d", 0.5, "1/day", source="assumed: a test", bounds=(0.25, 1.0))],
        processes=[Process("loss", "x ->", "d*x")],
        interventions=[
            Intervention("give", [transfer("x", 4.0)], at_times(1)),
            Intervention("halve", [remove("x", 0.5)], at_times(1)),
            Intervention("always", [inhibit("d", 0.5)]),
            Intervention("pause", [inhibit("d", 1.0)], during(0, 2)),
        ],
        horizon=10.0,
    )


def _exact(order: int, gap: float, d: float = 0.5, end: float = 10.0) -> float:
    first, second = 1.0, 2.0 + gap
    x = 8 * np.exp(-d * first)
    x = (x + 4 if order == 0 else x / 2) * np.exp(-d * (second - first))
    x = x / 2 if order == 0 else x + 4
    return float(x * np.exp(-d * (end - second)))


def test_both_orders_and_all_gaps_are_those_of_the_closed_form() -> None:
    found = sequence_map(_model(), "give", "halve", GAPS, endpoints="final(x)")
    exact = [[_exact(order, gap) for gap in GAPS] for order in (0, 1)]
    np.testing.assert_allclose(found.values[0, :, :, 0], exact, rtol=1e-5)
    assert found.references["control"][0, 0] == pytest.approx(8 * np.exp(-5), rel=1e-5)
    assert found.orders == ("give, then halve", "halve, then give")
    assert found.table().shape == (6, 8)


def test_virtual_patients_are_drawn_in_every_order_alike() -> None:
    found = sequence_map(_model(), "give", "halve", [0, 2], endpoints="final(x)", space=["d"], n=8)
    assert found.values.shape == (1, 2, 2, 8)
    # what is given later decays less, whoever the patient is
    assert (found.values[0, 1] > found.values[0, 0]).all()


def test_gaps_may_be_written_with_units() -> None:
    by_number = sequence_map(_model(), "give", "halve", [1], endpoints="final(x)")
    by_text = sequence_map(_model(), "give", "halve", "1 day", endpoints="final(x)")
    assert by_number.gaps.tolist() == by_text.gaps.tolist() == [1]
    np.testing.assert_allclose(by_number.values, by_text.values, rtol=1e-9)


def test_what_can_not_be_is_one_line() -> None:
    with pytest.raises(DoseError, match="'always' has no end"):
        sequence_map(_model(), "always", "halve", GAPS)
    with pytest.raises(StudyError, match="gaps must increase from 0 on"):
        sequence_map(_model(), "give", "halve", [3, 1])
    with pytest.raises(StudyError, match="both interventions are called 'give'"):
        sequence_map(_model(), "give", "give", GAPS)
    with pytest.raises(StudyError, match="3 draws need a space"):
        sequence_map(_model(), "give", "halve", GAPS, n=3)


@pytest.mark.parametrize("style", ["slide", "paper"])
@pytest.mark.parametrize("kind", ["curves", "map"])
def test_its_figures_can_be_drawn(kind: str, style: str) -> None:
    figure = sequence_map(_model(), "give", "halve", GAPS, endpoints="final(x)").plot(kind=kind, style=style)
    figure.canvas.draw()
    with pytest.raises(StudyError, match="has no plot 'lines'"):
        sequence_map(_model(), "give", "halve", GAPS, endpoints="final(x)").plot(kind="lines")
