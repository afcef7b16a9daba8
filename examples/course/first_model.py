import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="A first model")


@app.cell
def _():
    import marimo as mo
    import numpy as np
    from exercise import choice, equations, model, number

    import immunode as im
    from immunode.plot import courses

    return choice, courses, equations, im, mo, model, np, number


@app.cell
def _(mo):
    mo.md("""
    # 1. A first model

    A model is **states** (what there is), **parameters** (numbers with units and sources) and **processes** (what
    happens, how fast). We begin with cells that divide until there is no room.

    Cells with no limit grow as *dN/dt = r N*. With room for *K* cells: *dN/dt = r N (1 - N/K)*.
    """)
    return


@app.cell
def _(equations, im, mo):
    logistic = im.Model(
        name="logistic",
        time_unit="day",
        horizon=30.0,
        states=[im.State("N", 1.0, "cell", "cells", kind="cell")],
        parameters=[
            im.Parameter("r", 0.5, "1/day", "growth", source="assumed: exercise"),
            im.Parameter("K", 100.0, "cell", "room", source="assumed: exercise"),
        ],
        processes=[im.Process("growth", "-> N", "r*N*(1 - N/K)", "division, slower the fuller it is")],
    )
    grown = im.simulate(logistic)
    mo.vstack([mo.md(equations(logistic)), grown.plot("N")])
    return grown, logistic


@app.cell
def _(mo):
    mo.md("""
    ## Exercise 1.1

    When is the space half full? Read it from the figure, or from `grown.to_frame()`; then derive it:
    *N(t) = K / (1 + (K/N0 - 1) exp(-r t))*. Give days, to 5 %.
    """)
    return


@app.cell
def _():
    half_full = None  # your answer, in days
    return (half_full,)


@app.cell
def _(half_full, logistic, mo, np, number):
    _p = {p.name: p.value for p in logistic.parameters}
    _truth = np.log(_p["K"] / logistic.states[0].initial - 1) / _p["r"]
    mo.md(number("1.1", half_full, _truth, hint="Set N = K/2 and solve for t: the exponential must be 1/(K/N0 - 1)."))
    return


@app.cell
def _(mo):
    mo.md("""
    ## A second kind of cell

    Now the cells are a tumor `T`, and effector cells `E` kill them on contact: the more of both, the more contacts. So
    the flux is *n E T*, in cells per day.

    ## Exercise 1.2

    Which unit has *n*? One of `"1/day"`, `"cell/day"`, `"1/(cell*day)"`.
    """)
    return


@app.cell
def _():
    unit_of_n = None  # your answer, as text
    return (unit_of_n,)


@app.cell
def _(choice, mo, unit_of_n):
    mo.md(
        choice(
            "1.2",
            unit_of_n,
            "1/(cell*day)",
            {
                "1/day": "Then n*E*T would be in cells squared a day.",
                "cell/day": "Then n*E*T would be in cells cubed a day.",
            },
        )
    )
    return


@app.cell
def _(mo):
    mo.md("""
    A wrong unit is an error as soon as the model is declared. Try it: change a unit in `logistic` above, and read the
    message.

    ## Exercise 1.3

    Write the model: states `T` (from 1e6 cells) and `E` (from 1e5 cells). The tumor grows with limits and is killed by
    `E`; `E` comes at a constant rate, dies, and is recruited by the tumor. Declare an intervention `transfer` that puts
    1e6 effector cells in on day 5: `im.Intervention("transfer", [im.transfer("E", 1e6)], im.schedules.at_times(5))`.

    What is graded is what your model does, not how it is written.
    """)
    return


@app.cell
def _():
    my_model = None  # im.Model(name="mine", time_unit="day", states=[...], parameters=[...], processes=[...], ...)
    return (my_model,)


@app.cell
def _(im, mo, model, my_model):
    task = im.teaching.assignment(
        "A tumor and those who kill it",
        states={"T": "cell", "E": "cell"},
        influences={"E -> T": "-", "T -> E": "+"},
        responses={"transfer": {"E": "up", "T": "down"}},
        until="60 days",
        hints={"influence": "Killing takes from T and needs both; recruitment makes E and needs T."},
    )
    mo.md(model("1.3", my_model, task))
    return


@app.cell
def _(mo):
    mo.md("""
    ## Exercise 1.4

    The same system, published (Kuznetsov 1994), fits mouse lymphoma. Two tumors, one found early and one late, get no
    treatment at all, and end differently. In what do the two runs below differ? One of `"parameters"`, `"equations"`,
    `"start"`.
    """)
    return


@app.cell
def _(courses, im):
    published = im.load_model("kuznetsov1994")
    early = im.simulate(published, until="800 days")
    late = im.simulate(published.variant("large_tumor"), until="800 days")
    _both = {"early": early, "late": late}
    courses(
        {name: run.times for name, run in _both.items()},
        {"T": {name: run["T"] for name, run in _both.items()}},
        units={"T": "cell"}, time_unit="day", labels={"T": "tumor cells"}, log=["T"],
    )  # fmt: skip
    return early, late, published


@app.cell
def _():
    difference = None  # your answer
    return (difference,)


@app.cell
def _(choice, difference, early, late, mo):
    _same = [p.value for p in early.model.parameters] == [p.value for p in late.model.parameters]
    assert _same
    mo.md(
        choice(
            "1.4",
            difference,
            "start",
            {
                "parameters": "Compare early.model.parameters with late.model.parameters.",
                "equations": "Compare early.model.equations() with late.model.equations().",
            },
        )
    )
    return


if __name__ == "__main__":
    app.run()
