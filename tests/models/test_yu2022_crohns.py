"""yu2022_crohns gives the computed numbers of its specification (yu2022_crohns.md, Behavior to reproduce)."""

from __future__ import annotations

import numpy as np
import pytest
from reference import yu2022_crohns as written

from immunode.catalogue import load_model
from immunode.study import from_table, simulate, sweep

MODEL = load_model("yu2022_crohns")
P = {p.name: p.value for p in MODEL.parameters}
# percent in remission at week 12 in the typical trial; the paper's figure, as digitized
TYPICAL: dict[str, tuple[float, float]] = {
    "pf04236921_200": (56.21, 56.12), "risankizumab_600": (53.06, 53.52), "infliximab": (44.43, 44.38),
    "adalimumab_160": (39.87, 39.80), "laquinimod": (38.09, 38.19), "fontolizumab": (35.91, 35.77),
    "vedolizumab": (34.20, 34.20), "brazikumab": (33.99, 33.96), "abrilumab": (30.32, 30.50),
    "risankizumab_200": (30.32, 30.47), "adalimumab_80": (29.73, 29.71), "certolizumab": (29.54, 29.49),
    "ontamalimab": (29.15, 29.12), "natalizumab": (28.95, 28.92), "ustekinumab": (28.95, 28.84),
    "pf04236921_50": (28.50, 28.50), "adalimumab_40": (25.26, 25.28), "cdp571": (24.22, 24.31),
    "onercept": (24.22, 24.24), "pf04236921_10": (22.59, 22.60), "apilimod": (19.44, 19.55),
    "vercirnon": (18.44, 18.53), "andecaliximab": (17.47, 17.48), "etanercept": (12.30, 12.35),
}  # fmt: skip
JAK = {"filgotinib": (43.03, 35.56), "upadacitinib": (36.31, 31.42), "tofacitinib": (31.26, 27.38)}
EVERY = {**TYPICAL, **JAK}


def test_all_arms_of_the_typical_trial() -> None:
    """To the digits printed, within 0.5 points of the figure (JAK inhibitors apart); order and closed form."""
    # all arms as values of parameters, in one program; that interventions set these is for test_reference
    given = [P, *(written.ARMS[arm](0.0, P) for arm in EVERY)]
    design = from_table({name: [p[name] for p in given] for name in P if name.startswith(("on_", "dose_"))})
    out = sweep(MODEL, design, until=12, endpoints=["at(remission, 12)"], rtol=1e-10)
    got = dict(zip(("placebo", *EVERY), 100 * out.endpoint("at(remission, 12)"), strict=True))
    assert got["placebo"] == pytest.approx(21.26, abs=1e-9)
    for arm, (computed, figure) in EVERY.items():
        assert got[arm] == pytest.approx(computed, abs=5.1e-3), arm
        expected = written.remission(written.ARMS[arm](0.0, P), 12.0)
        assert got[arm] / 100 == pytest.approx(float(expected), rel=1e-8)
        if arm in TYPICAL:
            assert got[arm] == pytest.approx(figure, abs=0.5)
    assert {one.name for one in MODEL.interventions} == set(EVERY)


def test_size_of_the_effects() -> None:
    """K is 0.935754 in the typical trial (printed 0.93576) and 1 at the references."""
    for values, expected in (({}, 0.935754), ({"CDAI0": 303.19, "CRP0": 1.688}, 1.0)):
        run = simulate(MODEL.with_values(**values), until=1, times=[0.0, 1.0])
        assert run["K"][0] == pytest.approx(expected, abs=5.1e-7)


def test_baseline_matters() -> None:
    """Infliximab by mean CDAI (outside of 280 to 330 by the formula only) and by mean CRP."""
    given = {**P, "on_infliximab": 1.0}
    for cdai, percent in ((220, 99.2), (260, 78.0), (303.19, 46.1), (340, 33.7), (400, 26.2)):
        assert 100 * float(written.remission({**given, "CDAI0": cdai}, 12)) == pytest.approx(percent, abs=0.051)
    for crp, percent in ((0.5, 32.7), (1.688, 44.6), (4.0, 59.5)):
        run = simulate(
            MODEL.with_values(CRP0=crp), until=12, interventions=[MODEL.intervention("infliximab")], times=[12.0]
        )
        assert 100 * run["remission"][-1] == pytest.approx(percent, abs=0.051)


@pytest.mark.parametrize("cdai", [220.0, 400.0])
def test_an_arm_outside_of_the_data_is_refused(cdai: float) -> None:
    with pytest.raises(Exception, match="280 to 330"):
        simulate(MODEL.with_values(CDAI0=cdai), until=12)


def test_the_onset_of_jak_inhibitors() -> None:
    """Filgotinib at weeks 2, 4, 8, 12 and 26; at the start it is placebo."""
    weeks = [0.0, 2.0, 4.0, 8.0, 12.0, 26.0]
    run = simulate(MODEL, until=26, interventions=[MODEL.intervention("filgotinib")], times=weeks, rtol=1e-10)
    np.testing.assert_allclose(100 * run["remission"], [21.26, 26.3, 30.8, 38.0, 43.0, 50.3], atol=0.051)


def test_later_trials() -> None:
    """With the placebo rate of each; percent."""
    for variant, arm, week, percent in [
        ("advance", "risankizumab_600", 12, 58.3),
        ("motivate", "risankizumab_600", 12, 51.1),
        ("u_exceed", "upadacitinib", 12, 36.0),
        ("gemini_3", "vedolizumab", 6, 20.9),
        ("uniti_1", "ustekinumab", 8, 10.6),
        ("uniti_2", "ustekinumab", 8, 26.9),
    ]:
        model = MODEL.variant(variant)
        run = simulate(model, until=week, interventions=[model.intervention(arm)], times=[float(week)])
        assert 100 * run["remission"][-1] == pytest.approx(percent, abs=0.1), variant


def test_what_the_paper_draws_for_jak_inhibitors_is_a_median_over_draws() -> None:
    """4,000 virtual studies: nearer to the figure than the typical trial is, and within 1.5 points of it."""
    out = sweep(MODEL, patients=4000, seed=1, arms={arm: [arm] for arm in JAK}, endpoints=["at(remission, 12)"])
    table = out.table()
    for arm, (typical, figure) in JAK.items():
        median = 100 * float(table.loc[table["arm"] == arm, "at(remission, 12)"].median())
        assert median == pytest.approx(figure, abs=1.5)
        assert abs(median - figure) < abs(typical - figure) / 2
