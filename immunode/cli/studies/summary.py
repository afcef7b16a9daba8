"""The table and the files of a sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from immunode.cli import output
from immunode.cli.studies.files import picture_files
from immunode.cli.studies.request import Request
from immunode.cli.studies.tables import print_arm_names, shown_unit
from immunode.study.result.row_words import sweep_words
from immunode.study.result.sweep_result import SweepResult


def write_summary(folder: Path, request: Request, result: SweepResult, command: str) -> list[Path]:
    """Write tables, recipe and figures; return their paths. command : what was typed."""
    notes = {"command": command}
    try:
        written = result.save(folder, trajectories=False, notes=notes)
    except KeyboardInterrupt:
        # what took long to compute is written all the same; a second Ctrl-C is heeded
        written = result.save(folder, trajectories=False, notes=notes)
        output.remark("interrupted: the tables are written, the figures are not drawn")
        return written
    if not result.ok.any():
        return written
    try:
        return written + _draw(folder, request, result, command)
    except KeyboardInterrupt:
        output.remark("interrupted: the tables are written, not all figures are drawn")
        return written


def _draw(folder: Path, request: Request, result: SweepResult, command: str) -> list[Path]:
    """Write bands of what was kept, and the endpoints; return the paths."""
    written: list[Path] = []
    for i, quantity in enumerate(result.kept):
        bands = result.plot.bands(quantity, log=request.log, data=request.data, style=request.style)
        written += picture_files(bands, folder, f"figure_{output.file_name(quantity)}" if i else "figure", command)
    endpoints = result.plot.endpoints(log=bool(request.log), style=request.style)
    return written + picture_files(endpoints, folder, "endpoints" if result.kept else "figure", command)


def print_summary(request: Request, result: SweepResult, written: Sequence[Path], *, as_json: bool) -> None:
    """Print endpoints by arm, the share of failed runs, how runs were sampled and computed."""
    for line in result.recipe["remarks"]:
        output.remark(line)
    summary = result.summary()
    counts = {
        arm: {s: int(n) for s, n in result.status[result.arm == arm].value_counts().items()} for arm in result.arms
    }
    if as_json:
        records = summary.to_dict(orient="records")
        facts = {"summary": records, "status": counts, "recipe": result.recipe, "files": list(written)}
        output.print_json({**request.head, **facts})
        output.say_written(written)
        return
    rows: list[dict[str, object]] = []
    apart = "  " if len(result.arms) < 3 else "\n"
    words = sweep_words(result.model, result.arms, result.endpoints, float(result.times[-1]))
    for name in result.endpoints:
        meaning = words.endpoints[name]
        cells: dict[str, object] = {"endpoint": name, "meaning": meaning, "unit": shown_unit(result.units[name])}
        about = summary[summary["endpoint"] == name]
        for arm, median, low, high in about[["arm", "median", "q05", "q95"]].to_numpy().tolist():
            text = f"{output.number(median)}{apart}({output.number(low)} to {output.number(high)})"
            cells[words.arms[arm]] = text.replace("inf", "never")  # only time_to can be infinite
        rows.append(cells)
    failed = {words.arms[arm]: _failed(counts[arm], apart) for arm in result.arms}
    rows.append({"endpoint": "failed runs", "meaning": "", "unit": "", **failed})
    screen = output.console()
    output.print_rows(
        screen, f"{request.model.label}, {len(result):,} runs: median (5 % to 95 %) by arm", rows, rule_before_last=True
    )
    print_arm_names(screen, words.arms)
    screen.print(f"sampled: {result.recipe['design']}", soft_wrap=True)
    screen.print(_computed(result), soft_wrap=True)
    output.say_written(written)


def _failed(counts: Mapping[str, int], apart: str) -> str:
    """Return the share of failed runs in words: "0.1 % (12 of 10,000: 10 not finite, 2 refused)"."""
    started = sum(n for label, n in counts.items() if label != "not run")
    if not started:
        return "none was started"
    bad = {label: n for label, n in counts.items() if label not in ("ok", "not run")}
    failed = sum(bad.values())
    why = ": " + ", ".join(f"{n:,} {label}" for label, n in bad.items()) if bad else ""
    return f"{100 * failed / started:.3g} %{apart}({failed:,} of {started:,}{why})"


def _computed(result: SweepResult) -> str:
    """Return what computed the runs, and why it was chosen."""
    recipe = result.recipe
    used = ", ".join(f"{name} {count:,}" for name, count in recipe["methods used"].items())
    reasons = dict.fromkeys(arm["reason"] for arm in recipe["arms"].values() if arm["reason"])
    text = f"computed: engine {recipe['engine']}, methods {used}, rtol {recipe['rtol']:g}"
    return text + (f" ({'; '.join(reasons)})" if reasons else "")
