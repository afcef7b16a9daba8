import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Anti-TNF: patients and bistability")


@app.cell
def _():
    import marimo as mo
    import numpy as np
    from exercise import answer, choice, equations, number, say

    import immunode as im

    return answer, choice, equations, im, mo, np, number, say


@app.cell
def _(mo):
    mo.md("""
    # 2. Anti-TNF: patients, then a theory of bistability

    Leil et al. (2021): seven drugs for rheumatoid arthritis on one scale, DAS28-CRP, from the means of many trials.
    Below 2.6 is remission. Three arms: placebo, adalimumab (anti-TNF) for a year, adalimumab for 24 weeks.
    """)
    return


@app.cell
def _(im, mo):
    trials = im.load_model("leil2021")
    patients = im.simulate(
        trials, arms=im.Arms(placebo=[], adalimumab=["with_adalimumab"], stopped=["adalimumab_24_weeks"])
    )
    mo.accordion({"Look: three arms": patients.plot("das28")})
    return (patients,)


@app.cell
def _(mo):
    mo.md("""
    ## Exercise 2.1

    By how many points is DAS28 lower at week 52 with adalimumab than with placebo (to 10 %)? `patients["placebo"]` is
    an arm, and `.final("das28")` its last value. How much of the fall since the start is the drug's?
    """)
    return


@app.cell
def _():
    drug_effect = None  # your answer, in points of DAS28
    return (drug_effect,)


@app.cell
def _(drug_effect, mo, number, patients):
    _last = {arm: run.final("das28") for arm, run in patients.items()}
    _hint = "The difference of two last values; not the fall since the start, of which placebo has the larger part."
    mo.md(number("2.1", drug_effect, _last["placebo"] - _last["adalimumab"], within=0.1, hint=_hint))
    return


@app.cell
def _(mo):
    mo.md("""
    ## Exercise 2.2

    Adalimumab is stopped at week 24. Which arm does that patient resemble at week 52: `"adalimumab"` or `"placebo"`?
    """)
    return


@app.cell
def _():
    resembles = None  # "adalimumab" or "placebo"
    return (resembles,)


@app.cell
def _(choice, mo, patients, resembles):
    _last = {arm: run.final("das28") for arm, run in patients.items()}
    _truth = min(("adalimumab", "placebo"), key=lambda arm: abs(_last[arm] - _last["stopped"]))
    mo.md(choice("2.2", resembles, _truth, {"adalimumab": f"At week 52 the stopped arm is at {_last['stopped']:.2f}."}))
    return


@app.cell
def _(mo):
    mo.md("""
    ## A theory: could it be otherwise?

    Trials say that the effect goes when the drug goes. In a theory a short treatment can be enough.
    Baker et al. (2013), two cytokines without units, in a time without a calendar: a pro-inflammatory cytokine `p`
    (think of TNF) drives itself, and an anti-inflammatory one `a` holds it back. `alpha2` is how strongly `p` drives
    itself: the susceptibility of a person.
    """)
    return


@app.cell
def _(equations, im, mo):
    ra = im.load_model("baker2013", variant="diseased")
    mo.vstack([mo.md(equations(ra)), im.simulate(ra, until=100).plot("p", "a")])
    return (ra,)


@app.cell
def _(mo):
    mo.md("""
    ## Exercise 2.3

    How many *stable* steady states has this patient (`alpha2` = 10)? Use `im.dynamics.steady_states(ra)`.
    """)
    return


@app.cell
def _():
    stable_states = None  # your answer, a number
    return (stable_states,)


@app.cell
def _(im, mo, number, ra, stable_states):
    states = im.dynamics.steady_states(ra)
    _hint = "Print the result and look at the word before each: only nodes and spirals called stable count."
    mo.md(number("2.3", stable_states, len(states.stable), within=0.0, hint=_hint))
    return (states,)


@app.cell
def _(im, ra):
    branches = im.dynamics.continuation(ra, "alpha2", (1, 25))
    branches.plot("p")
    return (branches,)


@app.cell
def _(mo):
    mo.md("""
    ## Exercise 2.4

    Below which `alpha2` does the diseased state no longer exist? `branches.point_table()` lists the folds.
    """)
    return


@app.cell
def _():
    lower_fold = None  # your answer
    return (lower_fold,)


@app.cell
def _(branches, lower_fold, mo, number):
    _points = branches.point_table()
    fold = float(_points[_points["kind"] == "fold"]["alpha2"].min())
    mo.md(
        number("2.4", lower_fold, fold, within=0.01, hint="There are two folds: at which does the *upper* branch end?")
    )
    return (fold,)


@app.cell
def _(mo):
    mo.md("""
    ## Exercise 2.5

    A drug inhibits `alpha2` by the fraction *f* for as long as you like. Which *f* must it exceed, so that this patient
    is cured when it is stopped? Think first; then try values with the slider of the next cell.
    """)
    return


@app.cell
def _():
    needed_fraction = None  # your answer, between 0 and 1
    return (needed_fraction,)


@app.cell
def _(fold, mo, needed_fraction, number, ra):
    _alpha2 = next(p.value for p in ra.parameters if p.name == "alpha2")
    _hint = "The diseased state must disappear while the drug acts: alpha2*(1 - f) below the fold of exercise 2.4."
    mo.md(number("2.5", needed_fraction, 1 - fold / _alpha2, within=0.03, hint=_hint))
    return


@app.cell
def _(mo):
    strength = mo.ui.slider(0.0, 0.9, 0.05, value=0.1, label="inhibition of alpha2", show_value=True)
    length = mo.ui.slider(1, 100, 1, value=60, label="length of treatment", show_value=True)
    mo.vstack([strength, length])
    return length, strength


@app.cell
def _(im, length, ra, strength):
    tried = im.Intervention("anti_tnf", [im.inhibit("alpha2", strength.value)], im.during(14, 14 + length.value))
    im.simulate(ra, until=200, interventions=[tried]).plot("p")
    return


@app.cell
def _(mo):
    mo.md("""
    ## Exercise 2.6

    Two treatments: `strong` inhibits by 60 % for 14 units of time, `weak` by 20 % for 140. Which one is
    followed by relapse?
    """)
    return


@app.cell
def _():
    relapses = None  # "strong" or "weak"
    return (relapses,)


@app.cell
def _(choice, im, mo, ra, relapses):
    arms = im.Arms(
        strong=[im.Intervention("drug", [im.inhibit("alpha2", 0.6)], im.during(14, 28))],
        weak=[im.Intervention("drug", [im.inhibit("alpha2", 0.2)], im.during(14, 154))],
    )
    courses = im.simulate(ra, until=300, arms=arms)
    _truth = max(courses, key=lambda arm: courses[arm].final("p"))
    mo.md(
        choice(
            "2.6", relapses, _truth, {"strong": "Does alpha2*(1 - 0.6) lie left of the fold? Then nothing holds p up."}
        )
    )
    return (courses,)


@app.cell
def _(courses, relapses):
    # the figure comes with the answer
    courses.plot("p") if relapses else None
    return


@app.cell
def _(mo):
    mo.md("""
    ## Exercise 2.7

    Declare a treatment of your own, `im.Intervention("cure", [...], im.during(...))`, that acts for at most 30 units,
    inhibits `alpha2` by at most 60 %, and cures: `p` is below 0.1 at 300.
    """)
    return


@app.cell
def _():
    cure = None  # your intervention
    return (cure,)


@app.cell
def _(answer, cure, im, mo, ra, say):
    _told = answer("2.7", cure)
    if _told is None:
        _text = say("2.7", None, False, "")
    else:
        _run = im.simulate(ra, until=300, interventions=[_told])
        _spans = [b - a for a, b in _run.windows.get(_told.name, ((0.0, 300.0),))]
        _lowest = float((_run["alpha2.effective"]).min()) if "alpha2.effective" in _run else 0.0
        _faults = [
            ("It acts for more than 30.", sum(_spans) > 30.001),
            ("It inhibits alpha2 by more than 60 %, or something else than alpha2.", _lowest < 10 * 0.4 - 1e-6),
            (f"At 300 p is {_run.final('p'):.3g}.", _run.final("p") >= 0.1),
        ]
        _wrong = [text for text, fault in _faults if fault]
        _text = say("2.7", _told.name, not _wrong, " ".join(_wrong))
    mo.md(_text)
    return


if __name__ == "__main__":
    app.run()
