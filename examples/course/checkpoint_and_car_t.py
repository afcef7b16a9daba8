import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Checkpoint blockade and CAR-T cells")


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
    # 3. Checkpoint blockade and CAR-T cells

    Patients first. Chatterjee et al. (2017): tumor size (`SLD_change`, % since the start) in advanced melanoma under
    pembrolizumab. Three patients: 2 mg/kg every three weeks, five times that dose, and one who had ipilimumab before.
    """)
    return


@app.cell
def _(im, mo):
    melanoma = im.load_model("chatterjee2017")
    seen = im.simulate(melanoma, until="24 weeks", arms=["control", "q3w_10", "ipi_experienced"])
    mo.accordion({"Look: three patients": seen.plot("SLD_change")})
    return (seen,)


@app.cell
def _(mo):
    mo.md("""
    ## Exercise 3.1

    What changes tumor size at week 24 more: five times the dose (`"dose"`), or ipilimumab before (`"before"`)?
    """)
    return


@app.cell
def _():
    matters = None  # "dose" or "before"
    return (matters,)


@app.cell
def _(choice, matters, mo, seen):
    _end = {arm: run.final("SLD_change") for arm, run in seen.items()}
    _by = {"dose": abs(_end["q3w_10"] - _end["control"]), "before": abs(_end["ipi_experienced"] - _end["control"])}
    _truth = max(_by, key=_by.get)
    _hints = {word: f"That changes it by {by:.0f} points." for word, by in _by.items() if word != _truth}
    mo.md(choice("3.1", matters, _truth, _hints))
    return


@app.cell
def _(mo):
    mo.md("""
    ## In mice

    Kosinsky et al. (2018): a mouse tumor, killer T cells that PD-L1 holds back, an antibody against PD-L1,
    radiotherapy. Four arms: nothing, antibody, radiotherapy (5 times 2 Gy), both.
    """)
    return


@app.cell
def _(im):
    tumor = im.load_model("checkpoint_mouse")
    arms = ["control", "anti_pdl1", "rt_5x2", "anti_pdl1+rt_5x2"]
    runs = im.simulate(tumor, arms=arms)
    return arms, runs, tumor


@app.cell
def _(mo):
    mo.md("""
    ## Exercise 3.2

    In which arm is the tumor smallest at the end? Before you look: do you expect the sum of both effects,
    less, or more?
    """)
    return


@app.cell
def _(mo, runs):
    mo.accordion({"Look: all four arms": runs.plot("TVtot", "dTeff")})
    return


@app.cell
def _():
    smallest = None  # name of the arm, as in `arms`
    return (smallest,)


@app.cell
def _(choice, mo, runs, smallest):
    _end = {arm: run.final("TVtot") for arm, run in runs.items()}
    _truth = min(_end, key=_end.get)
    _hints = {arm: f"It ends at {volume:.0f} uL there." for arm, volume in _end.items() if arm != _truth}
    mo.md(choice("3.2", smallest, _truth, _hints))
    return


@app.cell
def _(im, mo, runs):
    mo.accordion({"Why: flux by flux": im.treatments.explain(runs["anti_pdl1"], runs["anti_pdl1+rt_5x2"], "TV").plot()})
    return


@app.cell
def _(mo):
    mo.md("""
    ## Exercise 3.3

    The parameter `S_L` says how much a tumor hinders T cells; the variants `responder` and `non_responder` differ in it
    only. By sweeping `S_L` from 1 to 20 with the antibody alone, find the largest `S_L` at which the tumor ends below
    100 uL (to 15 %).
    """)
    return


@app.cell
def _():
    largest_s_l = None  # your answer
    return (largest_s_l,)


@app.cell
def _(im, largest_s_l, mo, np, number, tumor):
    _grid = np.geomspace(1, 20, 120)
    sweep = im.sweep(tumor, im.grid(S_L=_grid), arms=["anti_pdl1"], endpoints="final(TVtot)")
    _truth = float(_grid[sweep.endpoint("final(TVtot)") < 100].max())
    _hint = 'im.sweep(tumor, im.grid(S_L=[1, 2, 5, 10, 20]), arms=["anti_pdl1"], endpoints="final(TVtot)").table()'
    mo.md(number("3.3", largest_s_l, _truth, within=0.15, hint=f"Start with `{_hint}`, then refine."))
    return (sweep,)


@app.cell
def _(mo):
    mo.md("""
    ## CAR-T cells

    Patients first again. Stein et al. (2019): tisagenlecleucel in the blood of patients with leukemia (`total`, copies
    of its gene per ug of DNA).

    ## Exercise 3.4

    On which day are CAR-T cells at their peak (to 5 %)? Then read on the page of the model by how much they have
    multiplied until then.
    """)
    return


@app.cell
def _():
    peak_day = None  # your answer, in days
    return (peak_day,)


@app.cell
def _(im, mo, number, peak_day):
    blood = im.simulate(im.load_model("stein2019"), until="180 days")
    _truth = float(blood.times[blood["total"].argmax()])
    _hint = 'im.simulate(im.load_model("stein2019"), until="28 days").plot("total", log=True)'
    mo.vstack(
        [mo.md(number("3.4", peak_day, _truth, within=0.05, hint=f"Look: `{_hint}`.")), blood.plot("total", log=True)]
    )
    return (blood,)


@app.cell
def _(mo):
    mo.md("""
    ## In mice

    Barros et al. (2021): CAR-T cells `CT` kill tumor cells `T`, wear out, and leave memory `CM`. They are given on
    day 42. How many are enough?

    ## Exercise 3.5

    Find the smallest dose, in cells, after which the tumor does not escape: it has fewer than 8e5 cells on day 300
    (to 15 %). The dose is the knob `car_t.transfer` of the intervention `car_t`.
    Is the tumor gone after that dose, or held?
    """)
    return


@app.cell
def _():
    smallest_dose = None  # your answer, in cells
    return (smallest_dose,)


@app.cell
def _(im, mo, np, number, smallest_dose):
    leukemia = im.load_model("cartmath2021")
    _doses = np.geomspace(1e5, 1e6, 61)
    out = im.sweep(
        leukemia, im.grid({"car_t.transfer": _doses}), arms=["car_t"], until="300 days", endpoints="final(T)"
    )
    _truth = float(_doses[out.endpoint("final(T)") < 8e5].min())
    _hint = "The tumor is either held or escapes; try doses a factor of 2 apart between 1e5 and 1e6, then refine."
    mo.md(number("3.5", smallest_dose, _truth, within=0.15, hint=_hint))
    return leukemia, out


@app.cell
def _(im, leukemia):
    again = im.simulate(leukemia, until="400 days", arms=["car_t", "car_t+rechallenge"])
    again.plot("T", "CT", "CM", log=True)
    return (again,)


@app.cell
def _(mo):
    mo.md("""
    ## Exercise 3.6

    On day 250, long after the cure, a million tumor cells are put in, and they vanish. What holds them? One of
    `"injected"` (the cells that were injected), `"memory"`, `"chance"`.
    """)
    return


@app.cell
def _():
    holds = None  # your answer
    return (holds,)


@app.cell
def _(again, choice, holds, mo, np):
    _run = again["car_t+rechallenge"]
    _before = int(np.searchsorted(_run.times, 249.0))
    assert _run["CM"][_before] > 100 * _run["CT"][_before]
    mo.md(
        choice(
            "3.6",
            holds,
            "memory",
            {
                "injected": "How many CT are left on day 249? Compare with CM.",
                "chance": "There is no chance in these equations.",
            },
        )
    )
    return


if __name__ == "__main__":
    app.run()
