"""`run_story`: what a model shows first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_hex

import immunode as im
from immunode.errors import ModelError, StudyError
from immunode.plot.kit.style import PALETTE
from immunode.study.result.paired_differences import exact_interval
from immunode.study.stories import find_story, with_story_variant

DECAY = im.Model(
    name="decay",
    time_unit="day",
    states=[
        im.State("x", 1.0, "mg", "drug", label="level", source="s"),
        im.State("y", 1.0, "mg", "bystander", source="s"),
    ],
    parameters=[im.Parameter("k", 0.1, "1/day", "loss", "s"), im.Parameter("g", 0.1, "1/day", "loss", "s")],
    processes=[im.Process("loss", "x ->", "k*x"), im.Process("loss_y", "y ->", "g*y")],
    readouts=["x"],
    horizon=10.0,
    interventions=[
        im.Intervention("aside", im.scale("g", 3.0)),
        im.Intervention("slower", im.scale("k", 0.5)),
        im.Intervention("slowest", im.scale("k", 0.1)),
        im.Intervention("quicker", im.scale("k", 2.0)),
        im.Intervention("quickest", im.scale("k", 4.0)),
    ],
    thresholds=[im.Threshold("most", "x < 0.6", "most of it"), im.Threshold("none", "x < -3")],
    variants=[im.Variant("fast", values={"k": 1.0}), im.Variant("slow", values={"k": 0.01})],
)
STORY = im.Story(
    "It falls.", {"placebo": "", "both, at once": "slower + aside"}, ["y", "x"], until=4.0, logarithmic=["x"]
)
TOLD = DECAY.replace(story=STORY)


def test_a_story_runs_its_arms_to_its_end() -> None:
    runs = im.teaching.run_story(TOLD)
    assert list(runs) == ["placebo", "both, at once"]
    assert set(runs["both, at once"].model.applied) == {"slower", "aside"}
    assert runs["placebo"].times[-1] == 4.0
    assert runs.story == STORY
    same = im.simulate(TOLD, 4.0, arms={"placebo": [], "both, at once": ["slower", "aside"]})
    assert runs["both, at once"].final("x") == same["both, at once"].final("x")


PATIENTS = TOLD.replace(
    variability=[im.Variability("k", 0.5)],
    story=im.Story("s", {"placebo": "", "slow": "slower"}, ["x"], until=4.0, patients=400),
)


def test_a_story_of_patients_shows_medians_and_bands() -> None:
    """Of x0*exp(-k*t) the quantiles are those of k, which is log-normal: exp(0.5*1.645) apart from its median.

    Tolerances are three standard errors of these quantiles in 400 patients.
    """
    runs = im.teaching.run_story(PATIENTS)
    figure = runs.plot()
    ax = figure.axes[0]
    line = next(one for one in ax.lines if one.get_label() == "placebo")
    assert float(line.get_ydata()[-1]) == pytest.approx(np.exp(-0.1 * 4), rel=0.03)
    bands = [one for one in ax.collections if one.get_gid() == "band"]
    assert len(bands) == 2
    at_end = bands[0].get_paths()[0].vertices
    ends = at_end[np.isclose(at_end[:, 0], 4.0), 1]
    spread = np.exp(0.5 * 1.645)
    assert ends.min() == pytest.approx(np.exp(-0.4 * spread), rel=0.145)
    assert ends.max() == pytest.approx(np.exp(-0.4 / spread), rel=0.028)
    assert "median and 5–95 % of 400 declared patients" in figure.get_supxlabel()


def test_a_story_may_be_a_waterfall_with_its_rates() -> None:
    """Half of the patients have k above its median, where exp(-0.1*t) = 0.6 at t = 5.108."""
    told = im.Story("s", {"placebo": "", "slow": "slower"}, ["x"], until=5.108, patients=400, kind="waterfall")
    figure = im.teaching.run_story(PATIENTS.replace(story=told)).plot()
    titles = [" ".join(ax.get_title(loc="left").split()) for ax in figure.axes]
    rate = [int(title.split(": ")[1].split(" %")[0]) for title in titles]
    assert [title.split(":")[0] for title in titles] == ["placebo", "slow"]
    assert all(title.endswith(" %") for title in titles)
    assert "dashed: most of it, its rate above" in figure.get_supxlabel()
    assert rate[0] == pytest.approx(50, abs=8)  # three standard errors of 400 patients
    assert rate[1] == pytest.approx(8.3, abs=5)  # k must be twice its median: 1.386 standard deviations


def test_a_story_may_be_bars_of_responders_with_exact_intervals() -> None:
    told = im.Story("s", {"placebo": "", "slow": "slower"}, ["x"], until=5.108, patients=400, kind="responders")
    figure = im.teaching.run_story(PATIENTS.replace(story=told)).plot()
    ax = figure.axes[0]
    shares = [float(bar.get_width()) for bar in ax.patches]  # type: ignore[attr-defined]
    assert shares[0] == pytest.approx(50, abs=8)  # as in the waterfall
    assert shares[1] == pytest.approx(8.3, abs=5)
    for share, line in zip(shares, ax.lines, strict=False):
        low, high = exact_interval(4 * share, 400)
        assert line.get_xdata() == pytest.approx([100 * low, 100 * high])
    assert "most of it" in ax.get_xlabel()
    assert to_hex(ax.patches[0].get_facecolor()) == PALETTE[0].lower()  # nothing is applied to placebo
    with pytest.raises(StudyError, match="no threshold"):
        im.teaching.run_story(PATIENTS.replace(story=replace(told, panels=("y",)))).plot()
    with pytest.raises(ModelError, match="need patients"):
        replace(told, patients=0)


def test_patients_need_a_population() -> None:
    with pytest.raises(StudyError, match="population"):
        im.teaching.run_story(TOLD.replace(story=replace(PATIENTS.story, patients=10)))


def test_its_end_can_be_moved() -> None:
    assert im.teaching.run_story(TOLD, "2 days")["placebo"].times[-1] == 2.0


def test_a_story_is_told_with_its_variant() -> None:
    model = DECAY.replace(story=im.Story("s", {"a": "", "b": "slower"}, ["x"], variant="fast"))
    assert im.teaching.run_story(model)["a"].model.variant_name == "fast"
    assert find_story(with_story_variant(model)) == model.story
    # in another variant its sentence need not hold
    other = im.teaching.run_story(model.variant("slow"))
    assert other["control"].model.variant_name == "slow"
    assert other.story != model.story


def test_without_a_story_the_first_interventions_are_shown_that_change_something_shown() -> None:
    runs = im.teaching.run_story(DECAY)
    assert list(runs) == ["control", "slower", "slowest", "quicker"]
    assert runs.story is not None
    assert runs.story.panels == ("x",)


def test_a_model_without_interventions_shows_itself() -> None:
    assert list(im.teaching.run_story(DECAY.replace(interventions=()))) == ["control"]


def test_arms_of_the_story_have_names_everywhere() -> None:
    arms = im.Arms.of(TOLD, "both, at once", "placebo", "slower+aside", "control")
    assert [entry.name for entry in arms["both, at once"]] == ["slower", "aside"]  # type: ignore[union-attr]
    assert arms["placebo"] == ()
    assert arms["slower+aside"] == arms["both, at once"]
    with pytest.raises(StudyError, match="did you mean 'placebo'"):
        im.Arms.of(TOLD, "placbo")


@pytest.mark.parametrize("arms", [{"slower": ""}, {"control": "slower"}, {"all": ""}, {"slower": "slowest"}])
def test_a_story_cannot_call_an_arm_what_means_something_else(arms: dict[str, str]) -> None:
    with pytest.raises(ModelError, match="rename"):
        DECAY.replace(story=im.Story("s", arms, ["x"]))


def test_the_figure_says_the_sentence_and_the_model_and_uses_labels_and_thresholds() -> None:
    figure = im.teaching.run_story(TOLD.replace(title="Decay")).plot()
    y, x = figure.axes
    assert figure.get_suptitle() == "It falls."
    assert figure.get_supxlabel() == "Decay (decay)"
    assert y.get_ylabel() == "bystander (mg)"  # a short meaning serves as label
    assert x.get_ylabel() == "level (mg)"
    assert (x.get_yscale(), y.get_yscale()) == ("log", "linear")
    named = [text.get_text() for text in x.texts if text.get_gid() == "level-name"]
    assert named == ["most of it"]
    assert not [text for text in y.texts if text.get_gid() == "level-name"]


def test_named_quantities_are_drawn_without_the_sentence() -> None:
    figure = im.teaching.run_story(TOLD).plot("x")
    assert figure.get_suptitle() == "decay"
    assert len(figure.axes) == 1


def test_arms_that_were_chosen_freely_tell_no_story() -> None:
    assert im.simulate(TOLD, arms=["placebo"]).story is None
