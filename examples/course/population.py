import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Populations: from records to a dose")


@app.cell
def _():
    import marimo as mo
    import numpy as np
    import pandas as pd
    from exercise import choice, number

    import immunode as im

    return choice, im, mo, np, number, pd


@app.cell
def _(mo):
    mo.md("""
    # 5. Populations: from the records of patients to a dose

    Patients differ. A **population model** says how: typical values, the variability around them, and the error of
    measurement. This notebook goes from records to a model, to estimates, to a check, and to a dose: first for
    theophylline, an old drug for asthma, then for an antibody that its target removes.

    All data are simulated, so that the truth is known. The first set has the design of a classic study: 12 people, one
    oral dose of 320 mg, blood samples over a day (Boeckmann, Sheiner & Beal 1994, NONMEM Users Guide V).
    """)
    return


@app.cell
def _(im):
    why = "assumed: exercise"
    truth = im.Model(
        name="theophylline",
        time_unit="h",
        states=[im.State("depot", 0.0, "mg", "drug in the gut"), im.State("central", 0.0, "mg", "drug in the body")],
        parameters=[
            im.Parameter("ka", 1.58, "1/h", "absorption", source=why),
            im.Parameter("CL", 2.75, "L/h", "clearance", source=why),
            im.Parameter("V", 31.6, "L", "volume", source=why),
        ],
        processes=[
            im.Process("absorption", "depot -> central", "ka*depot"),
            im.Process("elimination", "central ->", "CL/V*central"),
        ],
        derived=[im.Derived("cp", "central/V", "mg/L", "concentration in plasma")],
        variability=[im.Variability("ka", sd=0.64), im.Variability("CL", sd=0.27), im.Variability("V", sd=0.14)],
        observed=[im.Observed("cp", additive=0.7)],
    )
    return truth, why


@app.cell
def _(im, np, pd, truth):
    _times = [0.25, 0.5, 1.0, 2.0, 3.5, 5.0, 7.0, 9.0, 12.0, 24.0]
    _people = im.population(truth).draw(12, seed=5)
    _run = im.sweep(truth.with_initial(depot=320.0), _people, times=[0.0, *_times], keep=["cp"])
    _exact = _run.trajectories("cp")[:, 1:]
    _seen = _exact + 0.7 * np.random.default_rng(1).standard_normal(_exact.shape)
    _doses = pd.DataFrame({"ID": range(1, 13), "TIME": 0.0, "EVID": 1, "AMT": 320.0})
    _samples = pd.DataFrame(
        {"ID": np.repeat(range(1, 13), 10), "TIME": np.tile(_times, 12), "EVID": 0, "DV": _seen.ravel().round(2)}
    )
    table = pd.concat([_doses, _samples]).sort_values(["ID", "TIME", "EVID"], ignore_index=True)
    return (table,)


@app.cell
def _(mo, table):
    mo.vstack(
        [
            mo.md("""
    ## Records

    A row is a dose (`EVID` 1) or a sample (`EVID` 0). `AMT` is the amount, `DV` the measured value. The rows of the
    first person:
    """),
            mo.plain_text(table[table["ID"] == 1].to_string(index=False)),
        ]
    )
    return


@app.cell
def _(im, mo, table, truth):
    records = im.individual_data(table, routes="depot")  # a dose goes into the gut
    start = truth.with_values({"ka": 1.0, "CL": 2.0, "V": 25.0})  # where the search begins: not at the truth
    fit = im.estimate(start, records, draws=500)
    mo.vstack(
        [
            mo.md("## Model and estimate\n\nThe search forgets the truth and begins elsewhere."),
            mo.plain_text(fit.summary()),
        ]
    )
    return fit, records, start


@app.cell
def _(mo):
    mo.md("""
    ## Exercise 5.1

    By how many percent does clearance vary between people (CV), as estimated? `fit.table()` has a column `cv_percent`.
    The truth is 27 %, and 12 people can't tell it better than the interval says.
    """)
    return


@app.cell
def _():
    variation_of_clearance = None  # your answer, in percent
    return (variation_of_clearance,)


@app.cell
def _(fit, mo, number, variation_of_clearance):
    _hint = "The row omega(CL): the CV of a log-normal number is sqrt(exp(omega**2) - 1), here nearly omega itself."
    mo.md(number("5.1", variation_of_clearance, fit.table().loc["omega(CL)", "cv_percent"], within=0.1, hint=_hint))
    return


@app.cell
def _(fit, mo):
    mo.vstack([mo.md("## Look: each person, and the typical one"), fit.plot.individuals()])
    return


@app.cell
def _(mo):
    mo.md("""
    ## Exercise 5.2

    Individual estimates shrink towards the typical value where a person's data tell little. Of which parameter do the
    individual estimates shrink most here, `"ka"`, `"CL"` or `"V"`?
    """)
    return


@app.cell
def _():
    shrinks_most = None  # "ka", "CL" or "V"
    return (shrinks_most,)


@app.cell
def _(choice, fit, mo, shrinks_most):
    _shrinkage = {name: fit.shrinkage[name] for name in ("ka", "CL", "V")}
    _truth = max(_shrinkage, key=lambda name: _shrinkage[name])
    _hints = {
        name: f"Its shrinkage is {100 * value:.0f} %; another one has more." for name, value in _shrinkage.items()
    }
    mo.md(choice("5.2", shrinks_most, _truth, {name: text for name, text in _hints.items() if name != _truth}))
    return


@app.cell
def _(fit, mo):
    mo.vstack(
        [
            mo.md("""
    ## Check: does the model make such data?

    A **visual predictive check** simulates the study 500 times. If the model is right, the percentiles of the data
    (black) lie in the bands of the same percentiles of the simulated sets.
    """),
            fit.plot.predictive_check(),
        ]
    )
    return


@app.cell
def _(im, records, start):
    _proportional = start.replace(observed=[im.Observed("cp", proportional=0.2)])
    by_error = {
        "additive": im.estimate(start, records, method="focei"),
        "proportional": im.estimate(_proportional, records, method="focei"),
    }
    return (by_error,)


@app.cell
def _(by_error, mo):
    _lines = [f"- {name} error: -2LL = {fit.likelihood.minus2ll:.1f}" for name, fit in by_error.items()]
    mo.md(
        """
    ## Exercise 5.3

    Is the error of measurement the same at all concentrations (`"additive"`), or a part of the value
    (`"proportional"`)? Both models have seven numbers; the lower -2 log likelihood is better. Compare values of one
    method only (here FOCEI for both).

    """
        + "\n".join(_lines)
    )
    return


@app.cell
def _():
    better_error = None  # "additive" or "proportional"
    return (better_error,)


@app.cell
def _(better_error, by_error, choice, mo):
    _truth = min(by_error, key=lambda name: by_error[name].likelihood.minus2ll)
    _other = next(name for name in by_error if name != _truth)
    mo.md(
        choice("5.3", better_error, _truth, {_other: "Its -2LL is the higher one: the data are less likely with it."})
    )
    return


@app.cell
def _(mo):
    mo.md("""
    ## A dose

    The fitted model is a population to simulate with. 300 new people take theophylline every 12 hours for ten days,
    each of them at every dose. The aim: above 5 mg/L before the next dose, and never above 15 mg/L (assumed: exercise).
    """)
    return


@app.cell
def _(fit, im, np):
    _doses = (100, 150, 200, 250, 300, 350, 400)
    _times = [float(t) for t in np.arange(0, 240, 12)]
    arms = im.Arms(
        **{
            f"{dose} mg": [
                im.Intervention(f"dose_{dose}", [im.transfer("depot", dose)], im.schedules.at_times(*_times))
            ]
            for dose in _doses
        }
    )
    trial = im.sweep(
        fit.model(),
        fit.population().draw(300, seed=3) * arms,
        until=240,
        endpoints=["final(cp)", "peak(cp)"],
    )
    in_range = im.responders(trial, "(final(cp) > 5) and (peak(cp) < 15)")
    return in_range, trial


@app.cell
def _(in_range):
    in_range.plot(title="Theophylline every 12 hours: who stays in the range?")
    return


@app.cell
def _(mo):
    mo.md("""
    ## Exercise 5.4

    With which of these doses are most people in the range (in mg)? And why is there none with which nearly all are?
    """)
    return


@app.cell
def _():
    best_dose = None  # your answer, in mg
    return (best_dose,)


@app.cell
def _(best_dose, in_range, mo, number):
    _shares = in_range.table()["responders"]
    _best = float(str(_shares.idxmax()).split()[0])
    _hint = (
        "The longest bar. Too little helps few, too much harms many: clearance varies, and so one dose can't fit all."
    )
    mo.md(number("5.4", best_dose, _best, within=0.0, hint=_hint))
    return


@app.cell
def _(mo):
    mo.md("""
    # An antibody that its target removes

    An antibody binds its target, and the pair is taken up into cells: the target removes the drug (target-mediated
    disposition). At low concentrations it goes fast, at high ones the target is saturated. `At` is all drug in plasma
    and `Rt` all target, free and bound; `C` is the free drug (Gibiansky et al. 2008, doi:10.1007/s10928-008-9102-8).
    """)
    return


@app.cell
def _(im, why):
    _units = {"CL": "L/day", "V": "L", "Q": "L/day", "Vp": "L", "R0": "nmol/L", "kdeg": "1/day", "kint": "1/day"}
    _values = {"CL": 0.2, "V": 3.2, "Q": 0.4, "Vp": 2.6, "R0": 2.0, "kdeg": 0.8, "kint": 0.12, "Kss": 0.8}
    antibody = im.Model(
        name="antibody",
        time_unit="day",
        states=[im.State("At", 0.0, "nmol"), im.State("Ap", 0.0, "nmol"), im.State("Rt", "R0", "nmol/L")],
        parameters=[im.Parameter(name, v, _units.get(name, "nmol/L"), source=why) for name, v in _values.items()],
        derived=[
            im.Derived("gap", "At/V - Rt - Kss", "nmol/L"),
            im.Derived("C", "(gap + sqrt(gap**2 + 4*Kss*At/V))/2", "nmol/L", "free antibody"),
            im.Derived("bound", "Rt*C/(Kss + C)", "nmol/L"),
            im.Derived("free", "Rt - bound", "nmol/L", "free target"),
        ],
        processes=[
            im.Process("elimination", "At ->", "CL*C"),
            im.Process("to_tissue", "At -> Ap", "Q*C"),
            im.Process("from_tissue", "Ap -> At", "Q/Vp*Ap"),
            im.Process("internalization", "At ->", "kint*bound*V"),
            im.Process("synthesis", "-> Rt", "kdeg*R0"),
            im.Process("degradation", "Rt ->", "kdeg*free"),
            im.Process("internalization_of_target", "Rt ->", "kint*bound"),
        ],
        variability=[im.Variability("CL", sd=0.3), im.Variability("V", sd=0.2), im.Variability("R0", sd=0.4)],
        observed=[im.Observed("C", proportional=0.15)],
    )
    return (antibody,)


@app.cell
def _(antibody, im, np, pd):
    _times = [1.0, 3.0, 7.0, 14.0, 21.0, 28.0, 35.0, 49.0]
    _limit = 4.0  # nmol/L: what is below can't be measured
    _parts = []
    for _k, _dose in enumerate((200.0, 600.0, 2000.0)):
        _people = im.population(antibody).draw(12, seed=10 + _k)
        _run = im.sweep(antibody.with_initial(At=_dose), _people, times=[0.0, *_times], keep=["C"])
        _exact = _run.trajectories("C")[:, 1:]
        _seen = _exact * (1 + 0.15 * np.random.default_rng(17 + _k).standard_normal(_exact.shape))
        _ids = range(12 * _k + 1, 12 * _k + 13)
        _parts.append(pd.DataFrame({"ID": _ids, "TIME": 0.0, "EVID": 1, "AMT": _dose, "CENS": 0}))
        _parts.append(
            pd.DataFrame(
                {
                    "ID": np.repeat(_ids, 8),
                    "TIME": np.tile(_times, 12),
                    "EVID": 0,
                    "DV": np.maximum(_seen, _limit).ravel().round(2),
                    "CENS": (_seen < _limit).ravel().astype(int),
                }
            )
        )
    antibody_table = pd.concat(_parts).sort_values(["ID", "TIME"], ignore_index=True)
    return (antibody_table,)


@app.cell
def _(antibody, antibody_table, im, mo):
    _start = antibody.with_values({"CL": 0.3, "V": 4.0, "R0": 3.0})
    antibody_fit = im.estimate(_start, im.individual_data(antibody_table, routes="At"), method="focei")
    mo.vstack(
        [
            mo.md("""
    ## Values below the limit

    Three groups of 12 get 200, 600 or 2,000 nmol. What is below 4 nmol/L can't be measured: such a row has `CENS` 1,
    and `DV` is the limit. The likelihood then has the probability of a value below it.
    """),
            mo.plain_text(antibody_fit.summary()),
            antibody_fit.plot.predictive_check(log=True),
        ]
    )
    return (antibody_fit,)


@app.cell
def _(antibody, antibody_table, im):
    _start = antibody.with_values({"CL": 0.3, "V": 4.0, "R0": 3.0})
    _kept = antibody_table[antibody_table["CENS"] == 0]
    dropped_fit = im.estimate(_start, im.individual_data(_kept, routes="At"), method="focei")
    return (dropped_fit,)


@app.cell
def _(mo):
    mo.md("""
    ## Exercise 5.5

    What if the values below the limit are left out (`dropped_fit`)? Those that stay are the highest ones at late times.
    Does the estimated amount of target, `R0`, become `"higher"`, `"lower"`, or does it stay the `"same"` (to 1 %)?
    """)
    return


@app.cell
def _():
    target_without = None  # "higher", "lower" or "same"
    return (target_without,)


@app.cell
def _(antibody_fit, choice, dropped_fit, mo, target_without):
    _ratio = dropped_fit["R0"] / antibody_fit["R0"]
    _truth = "same" if abs(_ratio - 1) < 0.01 else "higher" if _ratio > 1 else "lower"
    _told = f"Compare dropped_fit['R0'] = {dropped_fit['R0']:.2f} with antibody_fit['R0'] = {antibody_fit['R0']:.2f}."
    mo.md(choice("5.5", target_without, _truth, {w: _told for w in ("higher", "lower", "same") if w != _truth}))
    return


@app.cell
def _(antibody_fit, im):
    _doses = (400, 600, 800, 1000, 1200, 1600)
    _arms = im.Arms(
        **{
            f"{dose} nmol": [im.Intervention(f"dose_{dose}", [im.transfer("At", dose)], im.schedules.at_times(0.0))]
            for dose in _doses
        }
    )
    _trial = im.sweep(
        antibody_fit.model(),
        antibody_fit.population().draw(200, seed=3) * _arms,
        until=28,
        endpoints=["final(free)", "at(free, 0)"],
    )
    suppressed = im.responders(_trial, "final(free) < 0.1*R0")
    return (suppressed,)


@app.cell
def _(suppressed):
    suppressed.plot(title="Free target below a tenth of R0 four weeks after one dose")
    return


@app.cell
def _(mo):
    mo.md("""
    ## Exercise 5.6

    What is the smallest of these doses (in nmol) with which at least 80 % of patients have less than a tenth of their
    free target left after four weeks?
    """)
    return


@app.cell
def _():
    smallest_dose = None  # your answer, in nmol
    return (smallest_dose,)


@app.cell
def _(mo, number, smallest_dose, suppressed):
    _shares = suppressed.table()["responders"]
    _enough = float(str(_shares[_shares >= 0.8].index[0]).split()[0])
    mo.md(number("5.6", smallest_dose, _enough, within=0.0, hint="The first bar that reaches 80 %."))
    return


if __name__ == "__main__":
    app.run()
