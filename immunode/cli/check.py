"""`immunode check FILE`: what is doubtful about a model."""

from __future__ import annotations

from immunode.cli.output import load, print_json, say


def check(file: str, *, as_json: bool) -> int:
    """Print the report on a model; return 0 when there is no finding, else 1."""
    report = load(file).check()
    if as_json:
        findings = [{"severity": f.severity, "where": f.where, "message": f.message} for f in report.findings]
        print_json({"model": report.name, "variant": report.variant, "ok": report.ok, "findings": findings})
    else:
        say(str(report))
    return 0 if report.ok else 1
