import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Sleep, stress and vaccination")


@app.cell
def _():
    import marimo as mo
    import numpy as np
    from exercise import choice, number

    import immunode as im

    return choice, im, mo, np, number


@app.cell
def _(mo):
    mo.md("""
    # 4. Sleep, stress and vaccination

    Habits are perturbations like any other: they have a strength, a start and an end. These are models of mechanisms,
    not of you: **nothing here is medical advice.**
    """)
    return


@app.cell
def _(im):
    sleep = im.load_model("sleep")
    nights = im.simulate(sleep, arms=["control", "no_sleep", "sleep_4h"])
    nights.plot("NK", "IL6", timeline=True)
    return nights, sleep


@app.cell
def _(mo):
    mo.md("""
    ## Exercise 4.1

    By how many percent does the activity of natural killer cells fall, at its lowest, after one night without sleep?
    """)
    return


@app.cell
def _():
    fall = None  # your answer, in percent
    return (fall,)


@app.cell
def _(fall, mo, nights, number):
    _truth = 100 * (1 - nights["no_sleep"]["NK"].min() / nights["control"]["NK"].min())
    mo.md(
        number("4.1", fall, _truth, hint='`nights["no_sleep"]["NK"].min()` is the lowest value; the habitual one is 1.')
    )
    return


@app.cell
def _(mo):
    mo.md("""
    ## Exercise 4.2

    A vaccine is given after some nights of four hours. Which part of the antibody that a rested person has is there at
    the end? (Spiegel et al. 2002 found about half, ten days after influenza vaccination.)
    """)
    return


@app.cell
def _():
    part = None  # your answer, between 0 and 1
    return (part,)


@app.cell
def _(im, mo, number, part, sleep):
    shots = im.simulate(sleep, arms=["vaccination", "vaccination+sleep_4h"])
    _truth = shots["vaccination+sleep_4h"].final("Ab") / shots["vaccination"].final("Ab")
    _hint = 'Two arms: `im.simulate(sleep, arms=["vaccination", "vaccination+sleep_4h"])`, then `.final("Ab")` of each.'
    mo.md(number("4.2", part, _truth, hint=_hint))
    return (shots,)


@app.cell
def _(mo):
    mo.md("""
    ## Stress

    Karin et al. (2020): hormones of the stress axis make the glands that secrete them grow.
    """)
    return


@app.cell
def _(im):
    stress = im.load_model("stress")
    weeks = im.simulate(stress, arms=["control", "chronic_stress"])
    weeks.plot("cortisol", "ACTH", "A", "P", timeline=True)
    return stress, weeks


@app.cell
def _(mo):
    mo.md("""
    ## Exercise 4.3

    Stress lasts 60 days. ACTH stays low for months afterwards, although its half-life is minutes. What remembers?
    One of `"hormones"`, `"glands"` (their mass, `P` and `A`), `"receptors"`.
    """)
    return


@app.cell
def _():
    remembers = None  # your answer
    return (remembers,)


@app.cell
def _(choice, mo, np, remembers, weeks):
    _run = weeks["chronic_stress"]
    _later = int(np.searchsorted(_run.times, 90.0))
    assert _run["ACTH"][_later] < 0.9
    assert _run["A"][_later] > 1.3
    mo.md(
        choice(
            "4.3",
            remembers,
            "glands",
            {
                "hormones": "A hormone with a half-life of minutes to hours is gone within a day.",
                "receptors": "Receptors follow the hormones at once here; what is far from 1 on day 90?",
            },
        )
    )
    return


@app.cell
def _(mo):
    mo.md("""
    ## Prime and boost

    One dose, two, and two with an adjuvant.
    """)
    return


@app.cell
def _(im):
    vaccine = im.load_model("vaccination")
    doses = im.simulate(vaccine, until="730 days", arms=["control", "prime_only", "adjuvanted"])
    doses.plot("A", "M", log=True)
    return doses, vaccine


@app.cell
def _(mo):
    mo.md("""
    ## Exercise 4.4

    By which factor does the adjuvant raise the antibody after two years, against the same two doses without it?
    """)
    return


@app.cell
def _():
    factor = None  # your answer
    return (factor,)


@app.cell
def _(doses, factor, mo, number):
    _truth = doses["adjuvanted"].final("A") / doses["control"].final("A")
    mo.md(number("4.4", factor, _truth, hint='The arm "control" has both doses. Divide the two `.final("A")`.'))
    return


@app.cell
def _(mo):
    mo.md("""
    ## To go on

    When should the booster be given? The later, the lower the peak; what is left after two years hardly depends on it.
    Would you have expected that?
    """)
    return


@app.cell
def _(im, vaccine):
    timing = im.sweep(
        vaccine,
        im.grid(boost_day=[21.0, 42.0, 56.0, 90.0, 180.0, 365.0]),
        until="730 days",
        endpoints=["peak(A)", "final(A)"],
    )
    timing.table()[["boost_day", "peak(A)", "final(A)"]].round(0)
    return (timing,)


if __name__ == "__main__":
    app.run()
