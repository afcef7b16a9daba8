"""Simulate one model, one curve per arm: a table, and with -o a figure (PNG, SVG) and the curves (CSV).

Without --arm it tells the model's story: the arms, quantities and end that its file declares.
"""

from __future__ import annotations

import typer

from immunode.cli import options, output


def command(
    context: typer.Context,
    name: options.Name,
    arm: options.Arm = None,
    until: options.Until = "",
    set_: options.Set = None,
    variant: options.Variant = "",
    show: options.Show = None,
    log: options.Log = False,
    no_log: options.NoLog = False,
    no_data: options.NoData = False,
    engine: options.Engine = "auto",
    method: options.Method = "auto",
    rtol: options.Rtol = 1e-6,
    style: options.Style = "slide",
    out: options.Folder = None,
    as_json: options.Json = False,
) -> int:
    """Return the exit code: 130 where it was interrupted, else 0."""
    # SciPy is loaded here, so that help and completion answer at once
    from immunode.cli.studies import courses, request

    asked = request.read_request(
        name,
        variant=variant,
        arms=arm,
        settings=set_,
        quantities=show,
        until=until,
        style=style,
        log=options.logarithmic(log, no_log),
        data=not no_data,
        story=True,
    )
    computing = request.read_engine(engine, method, rtol)
    output.prepare_folder(out)
    done, interrupted = courses.simulate_arms(asked, computing)
    if not done:
        output.remark("interrupted")
        return 130
    rows = courses.course_rows(done, asked.shown)
    written = [] if out is None else courses.write_courses(out, asked, done, options.typed(context))
    if as_json:
        recipe = {arm: run.recipe for arm, run in done.items()}
        sentence = done.story.sentence if done.story is not None else ""
        facts = {"story": sentence, "arms": list(done), "rows": rows, "recipe": recipe, "files": written}
        output.print_json({**asked.head, **facts})
    else:
        courses.print_courses(asked, done, rows)
    output.say_written(written)
    for line in dict.fromkeys(line for run in done.values() for line in run.recipe["remarks"]):
        output.remark(line)
    if interrupted:
        output.remark(f"interrupted; finished and kept: {', '.join(done)}")
        return 130
    return 0
