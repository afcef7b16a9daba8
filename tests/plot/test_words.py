"""What names are called in figures and tables: labels, phrases, and units."""

from __future__ import annotations

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.text import Text

import immunode as im
from immunode.catalogue import list_models, load_model
from immunode.cli.figures.kinds import make_drawing
from immunode.cli.figures.pictures import read_subject
from immunode.model.views.words import arm_labels, in_words, input_label, name_labels, threshold_levels, unit_notes
from immunode.plot.charts.patient_changes import waterfall
from immunode.plot.charts.responder_bars import responder_shares
from immunode.plot.kit.text import pretty_unit, quantity_label
from immunode.study.endpoints.endpoint import time_words
from immunode.study.result.row_words import condition_words, endpoint_phrases, rule_in_words

NAMES = [entry.name for entry in list_models()]
IDENTIFIER = re.compile(r"_|^(?!C3$)[A-Za-z]\d?$")  # C3 is what the protein is called


@pytest.mark.parametrize("name", NAMES)
def test_what_default_figures_draw_has_a_label_for_people(name: str) -> None:
    """States of the diagram, read-outs and panels of the courses, rows and columns of the atlas."""
    model = load_model(name)
    labels = name_labels(model)
    shown = [*(s.name for s in model.states), *model.readouts, *(i.name for i in model.interventions)]
    shown += model.story.panels if model.story is not None else ()
    assert {n: labels[n] for n in shown if not labels[n] or IDENTIFIER.search(labels[n])} == {}
    assert {n: labels[n] for n in shown if len(labels[n]) > 48} == {}


@pytest.mark.parametrize("name", NAMES)
def test_no_two_states_and_no_two_arms_are_called_alike(name: str) -> None:
    model = load_model(name)
    labels = name_labels(model)
    states = [labels[s.name] for s in model.states]
    assert sorted(set(states)) == sorted(states)
    arms = list(arm_labels(model, ["control", *(i.name for i in model.interventions)]).values())
    assert sorted(set(arms)) == sorted(arms)


def test_arms_are_called_by_their_labels_unless_they_were_named() -> None:
    labels = arm_labels(load_model("kosinsky2018"), ["control", "rt_1x10", "anti_pdl1+rt_1x10", "mine"])
    assert labels["rt_1x10"] == "radiation 1 x 10 Gy"
    assert labels["anti_pdl1+rt_1x10"] == "anti-PD-L1 + radiation 1 x 10 Gy"
    assert (labels["control"], labels["mine"]) == ("control", "mine")


def test_endpoints_are_phrases() -> None:
    model = load_model("ma2020")
    given = ["at(das28, 12 weeks)", "final(das28)", "peak(anc)", "auc(das28)", "time_to(das28 < 2.6)"]
    assert list(endpoint_phrases(given, model, 168.0).values()) == [
        "DAS28-CRP at week 12",
        "DAS28-CRP at week 24",
        "peak of neutrophils",
        "DAS28-CRP, area under the curve",
        "time until remission (DAS28-CRP < 2.6)",
    ]
    assert endpoint_phrases(["final(damage)"], load_model("baker2013"), 100.0) == {
        "final(damage)": "joint damage at time 100"
    }
    # what would be called alike keeps its name
    alike = ["at(das28, 24 weeks)", "final(das28)"]
    assert endpoint_phrases(alike, model, 168.0) == {name: name for name in alike}


@pytest.mark.parametrize(
    ("time", "unit", "said"),
    [("24 weeks", "day", "week 24"), (60, "day", "day 60"), (364, "day", "week 52"), (5, "", "time 5"),
     (6.4512, "day", "day 6.45"), ("8760 hours", "hour", "day 365"), (1, "dose", "dose 1"),
     (40320, "minute", "day 28"), (90, "min", "minute 90"),
     (12, "h", "hour 12"), ("soon", "day", "soon")],
)  # fmt: skip
def test_times_are_said_as_people_say_them(time: float | str, unit: str, said: str) -> None:
    assert time_words(time, unit) == said


def test_conditions_and_rules_have_labels_and_powers_of_ten() -> None:
    model = load_model("kuznetsov1994")
    assert condition_words("T > 3e8", model) == "tumor cells > 3×10⁸"
    said = rule_in_words("final(T) <= 0.5*at(T, 0)", model, 500.0)
    assert said == "tumor cells at day 500 ≤ 0.5*tumor cells at the start"
    assert condition_words("das28 < 2.6", load_model("ma2020")) == "remission (DAS28-CRP < 2.6)"
    assert in_words("x > 1e8 + k2e8", {"k2e8": "rate"}) == "x > 10⁸ + rate"


def test_knobs_and_starts_are_called_after_what_they_belong_to() -> None:
    model = load_model("immune_balance")
    labels = name_labels(model)
    assert input_label("anti_tnf.strength", labels) == "anti-TNF, strength"
    assert input_label("Ag(0)", labels) == "antigen at the start"
    composed = im.perturb(model, model.intervention("anti_tnf"))
    assert name_labels(composed)["anti_tnf.strength"] == "anti-TNF, strength"


def test_a_unit_that_a_model_made_up_is_explained_below() -> None:
    figure = im.simulate(load_model("immune_balance"), until=5).plot("Ag")
    said = " ".join(" ".join(t.get_text() for t in figure.findobj(Text)).split())
    assert "unit of antigen: 10⁶ units per mL of tissue" in said
    assert "Ag_unit" not in said
    assert unit_notes(load_model("ma2020"), ["das28"]) == ""
    plt.close("all")


@pytest.mark.parametrize("unit", ["", "1", "dimensionless"])
def test_no_axis_says_dimensionless(unit: str) -> None:
    assert quantity_label("share", unit) == "share"
    assert quantity_label("share", unit, -3) == "share (10⁻³)"


def test_units_of_products_are_short() -> None:
    assert pretty_unit("1*day") == "day"
    assert quantity_label("change", "percent") == "change (%)"


def test_a_waterfall_has_no_empty_half() -> None:
    falls = np.linspace(-60, -5, 40)
    figure = waterfall({"drug": falls, "other": falls / 2}, label="change (%)")
    for ax in figure.axes:
        low, high = ax.get_ylim()
        assert high < 0.1 * (high - low)
        assert low > -70
    mixed = waterfall({"drug": np.linspace(150, -40, 40)}, label="change (%)")
    assert mixed.axes[0].get_ylim()[1] > 100
    plt.close("all")


@pytest.mark.parametrize(
    ("whom", "said"), [("declared patients", "patients"), ("parameter sets, +-30 %", "parameter sets")]
)
def test_responders_are_called_what_they_are(whom: str, said: str) -> None:
    figure = responder_shares({"drug": (0.4, 0.3, 0.5)}, rule="in remission", patients=90, whom=whom)
    assert figure.axes[0].get_xlabel() == f"% of {said} in remission"
    assert any(f"90 {whom}".replace("+-", "±") in " ".join(t.get_text().split()) for t in figure.findobj(Text))
    plt.close("all")


def test_an_atlas_leaves_out_what_is_nothing_in_control() -> None:
    model = load_model("frey2013")
    figure = im.treatments.atlas(model, interventions=[model.interventions[0].name], until=28).plot()
    columns = [t.get_text().strip() for t in figure.axes[0].get_xticklabels()]
    assert columns == ["DAS28-ESR"]
    assert any("not shown: tocilizumab" in " ".join(t.get_text().split()) for t in figure.findobj(Text))
    plt.close("all")


def test_the_axis_that_a_story_declares_logarithmic_is_so_in_the_shell() -> None:
    drawing = make_drawing("courses", read_subject("kuznetsov1994", story=True))
    assert drawing.values["log"] is None  # not False, which would override the story


def test_micro_is_printed_as_in_papers() -> None:
    eosinophils = threshold_levels(load_model("asthma_eos_min"))["eos"]
    assert [name for name, _ in eosinophils] == ["eosinophils below 150 per µL"]
    assert arm_labels(load_model("melhem2018"), ["filgrastim_300"])["filgrastim_300"] == "filgrastim 300 µg"
