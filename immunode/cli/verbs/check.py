"""Check one model: units, unused names, signs at zero, conserved totals, missing sources, growth without bounds.

Exit code 1 on any.
"""

from __future__ import annotations

from dataclasses import replace

from immunode.cli import options
from immunode.cli.output import load, print_json, say


def command(name: options.Name, variant: options.Variant = "", as_json: options.Json = False) -> int:
    """Print the report on a model; return 0 when there is no finding, else 1."""
    from immunode.study.unbounded_growth import outgrown_states

    model = load(name, variant)
    report = model.check()
    notes = [finding for finding in report.findings if finding.severity == "note"]
    graver = [finding for finding in report.findings if finding.severity != "note"]
    report = replace(report, findings=(*graver, *outgrown_states(model), *notes))
    if as_json:
        findings = [{"severity": f.severity, "where": f.where, "message": f.message} for f in report.findings]
        print_json({"model": report.name, "variant": report.variant, "ok": report.ok, "findings": findings})
    else:
        say(str(report))
    return 0 if report.ok else 1
