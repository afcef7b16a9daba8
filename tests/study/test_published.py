"""What published trials found, on figures of the same quantity and treatment."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import immunode as im
from immunode.model import Trial, TrialResult
from immunode.plot.kit.style import arm_colors
from immunode.study.published.results import curve_results, event_results, every, share_results
from immunode.study.published.words import published_words


def circles(figure: Any) -> list[tuple[int, float, float, str]]:
    """Panel, place and color of each circle."""
    return [
        (i, float(line.get_xdata()[0]), float(line.get_ydata()[0]), line.get_markeredgecolor())
        for i, ax in enumerate(figure.axes)
        for line in ax.lines
        if line.get_gid() == "found"
    ]


def recipe(*names: str, **changed: float) -> dict[str, Any]:
    numbers = {name.replace("__", "."): value for name, value in changed.items()}
    return {"interventions": list(names), "knobs": numbers}


def test_changes_that_a_trial_found_stand_below_the_start_of_their_arm() -> None:
    """OPTION: DAS28 fell by 1.5, 2.7 and 3.4 until week 24, with 0, 4 and 8 mg/kg."""
    runs = im.teaching.run_story(im.load_model("frey2013"), engine="scipy")
    figure = runs.plot()
    colors = list(arm_colors(runs, "placebo").values())
    expected = [
        (0, 24.0, pytest.approx(runs[arm]["das28"][0] + fall), color)
        for arm, fall, color in zip(runs, (-1.5, -2.7, -3.4), colors, strict=True)
    ]
    assert circles(figure) == expected
    assert "circles: published means (OPTION, " in figure.get_supxlabel().replace("\n", " ")
    plain = runs.plot(data=False)
    assert circles(plain) == []
    assert "circles" not in plain.get_supxlabel()


def trial(**facts: Any) -> Trial:
    results = facts.pop("results", [TrialResult("a", "at(E, 10)", 5e5, low=4e5, high=6e5)])
    return Trial("T", "doi:1", arms={"a": "more_influx"}, results=results, **facts)


@pytest.fixture(scope="module")
def model() -> Any:
    return im.load_model("kuznetsov1994").replace(
        interventions=(im.Intervention("more_influx", [im.scale("s", 2)]),), story=None
    )


def drawn(model: Any, published: Trial, arms: Any) -> list[Any]:
    found = curve_results(model.replace(trials=(published,)), arms, ["E", "T"])
    return [one.point(1.0) for listed in found.values() for one in every(listed)]


def test_only_the_same_quantity_and_treatment_count(model: Any) -> None:
    arms = {"control": recipe(), "more": recipe("more_influx")}
    assert drawn(model, trial(), arms) == [(10.0, 5e5, 4e5, 6e5)]
    assert drawn(model, trial(), {"control": recipe()}) == []
    assert drawn(model, trial(), {"more": recipe("more_influx", more_influx__strength=0.5)}) == []
    assert drawn(model, trial(variant="escaping"), arms) == []
    assert drawn(model, trial(only="s > 1"), arms) == []
    assert drawn(model, trial(), {"more": recipe("more_influx", more_influx__strength=1.0)}) != []
    runs = im.simulate(im.perturb(model, "more_influx").with_values({"more_influx.strength": 0.5}), 10)
    assert drawn(model, trial(), {"more": runs.recipe["model"]}) == []
    for result in (
        TrialResult("a", "peak(E)", 5e5),
        TrialResult("a", "at(E, 10)", 0.2, "sd"),
        TrialResult("a", "at(E, 10) > 1e5", 0.2, "share"),
    ):
        assert drawn(model, trial(results=[result]), arms) == []
    changes = [TrialResult("a", "change(E, 10)", -0.25, se=0.1), TrialResult("a", "percent_change(E, 10)", -40.0)]
    of_start, of_percent = drawn(model, trial(results=changes), arms)
    assert of_start == pytest.approx((10.0, 0.75, 0.75 - 0.196, 0.75 + 0.196))
    assert of_percent == pytest.approx((10.0, 0.6, np.nan, np.nan), nan_ok=True)


def test_shares_are_those_of_the_same_rule_at_the_same_time() -> None:
    model = im.load_model("bedathuru2024")
    arms = {"control": recipe(), "MTX": recipe("mtx15")}
    found = share_results(model, arms, "final(DAS28) < 2.6", 182.0)
    assert [(arm, one.trial.name, one.result.value) for arm, listed in found.items() for one in listed] == [
        ("MTX", "OPTIMA", 0.17)
    ]
    assert [one.trial.name for one in every(share_results(model, arms, "at(DAS28, 24 weeks) < 2.6", 182.0))] == [
        "AMBITION"
    ]
    assert share_results(model, arms, "final(DAS28) < 3.2", 182.0) == {}


def test_a_stored_sweep_shows_them_too_and_a_weaker_treatment_does_not(tmp_path: Any) -> None:
    model, asked = im.load_model("frey2013"), {"patients": 4, "seed": 1, "endpoints": [im.final("das28")]}
    out = im.sweep(model, arms=["tocilizumab_8"], keep=["das28"], store=tmp_path / "runs.zarr", **asked)
    for result in (out, im.open_store(tmp_path / "runs.zarr")):
        ((_, x, y, _),) = circles(result.plot.bands("das28"))
        start = float(result.quantiles("das28", (0.5,))["tocilizumab_8"][0, 0])
        assert (x, y) == (24.0, pytest.approx(start - 3.4))
        assert circles(im.responders(result, "remission").plot())
    half = replace(model.intervention("tocilizumab_8"), strength=0.5)
    weaker = im.sweep(model, arms={"half": [half]}, keep=["das28"], **asked)
    assert circles(weaker.plot.bands("das28")) == []


def test_the_interval_of_a_share_is_exact() -> None:
    """Of no responder among 38 it ends at 1 - 0.025^(1/38)."""
    model = im.load_model("checchio2017")
    listed = curve_results(model, {"placebo": recipe()}, ["PASI75"])["PASI75"]["placebo"]
    none = next(one for one in listed if one.trial.name == "Papp 2012")
    assert none.interval == pytest.approx((0.0, 1 - 0.025 ** (1 / 38)), abs=1e-9)


def test_a_median_time_stands_at_half_of_the_patients() -> None:
    model = im.load_model("yu2022_ofatumumab")
    found = event_results(model, {"20 mg": recipe("mg_20")}, "B<=8")
    assert [one.result.value for one in every(found)] == [11.0]
    assert event_results(model, {"20 mg": recipe("mg_20")}, "B < 9") == {}
    out = im.sweep(model, arms=["mg_20"], patients=8, seed=1, endpoints=[im.time_to("B <= 8")])
    figure = out.plot.time_to_event("B <= 8")
    shown = [(y, 7 * x) for _, x, y, _ in circles(figure)]
    assert shown == [(50.0, pytest.approx(11.0))]
    assert circles(out.plot.time_to_event("B <= 8", data=False)) == []
    sets = im.sweep(model, arms=["mg_20"], n=8, seed=1, endpoints=[im.time_to("B <= 8")])
    assert circles(sets.plot.time_to_event("B <= 8")) == []  # parameter sets are no patients


def test_the_note_says_where_numbers_come_from_and_what_they_were_used_for() -> None:
    model = im.load_model("checchio2017")
    found = curve_results(model, {"placebo": recipe(), "e": recipe("etanercept_50")}, ["PASI75"])["PASI75"]
    assert published_words(every(found)) == (
        "circles: published medians and shares (Checchio 2017, Table 1, FIXTURE, 3 more, used to make the model) "
        "with 95 % intervals (exact, of their patients)"
    )
    assert published_words([]) == ""


def test_bars_of_responders_show_published_shares_below_them() -> None:
    out = im.sweep(
        im.load_model("frey2013"), arms=["control", "tocilizumab_8"], patients=12, seed=1, endpoints=[im.final("das28")]
    )
    who = im.responders(out, "remission")
    option = [(x, y) for _, x, y, _ in circles(who.plot())]
    assert (pytest.approx(1.0), pytest.approx(0.32)) in option
    assert (pytest.approx(27.0), pytest.approx(1.32)) in option
    assert circles(who.plot(data=False)) == []
    weighted = im.responders(out, "remission", weights=np.arange(1.0, 13.0))
    assert circles(weighted.plot()) == []  # of other patients than the trial's
