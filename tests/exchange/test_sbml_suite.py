"""The SBML Test Suite passes: a fixed tenth by default, all of it with `-m soak`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.exchange import suite
from tests.libraries import needs

pytestmark = [needs("libsbml"), pytest.mark.skipif(not suite.FOLDER.is_dir(), reason="the SBML Test Suite is not here")]
PLAIN = ("ode_core", "ode_events")
LONG = ("00962",)
"""Cases of more than 5 s."""


def _cases(*classes: str) -> list[str]:
    return [row["id"] for row in suite.index() if row["klass"] in classes]


def _tenth() -> list[str]:
    """Return every tenth case, and the first case of each construct that is in none of these."""
    rows = [row for row in suite.index() if row["klass"] in (*PLAIN, "comp")]
    rows = [row for row in rows if row["outside_ode"] in ("", "comp")]
    chosen = {row["id"]: row for row in rows[::10]}

    def words(row: dict[str, str]) -> set[str]:
        return {*row["componentTags"].split(";"), *row["testTags"].split(";"), *row["features"].split(";")}

    covered = set().union(*(words(row) for row in chosen.values()))
    for row in rows:
        if not words(row) <= covered:
            chosen[row["id"]] = row
            covered |= words(row)
    return sorted(chosen)


@pytest.mark.sampled
@pytest.mark.parametrize(
    "case",
    [pytest.param(c, marks=[pytest.mark.slow] * (c in LONG)) for c in (_tenth() if suite.FOLDER.is_dir() else [])],
)
def test_a_case_agrees_to_the_tolerance_of_the_suite(case: str) -> None:
    assert suite.run_case(case) == suite.Verdict(case, "pass")


@pytest.mark.parametrize("case", ["00001", "00023", "00117", "00205", "00299"])
def test_a_case_in_level_2_agrees_too(case: str) -> None:
    if not suite.model_file(case, "l2v4").exists():
        pytest.skip("no copy in Level 2")
    assert suite.run_case(case, level="l2v4").detail == ""


def test_the_comparison_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    true = suite.simulate

    def off(*arguments: Any, **options: Any) -> dict[str, Any]:
        return {name: 1.001 * series for name, series in true(*arguments, **options).items()}

    monkeypatch.setattr(suite, "simulate", off)
    assert suite.run_case("00001").outcome == "wrong"


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize(("classes", "least"), [(PLAIN, 976), (("comp",), 78)])
def test_all_cases_agree(classes: tuple[str, ...], least: int) -> None:
    verdicts = suite.run_all(_cases(*classes))
    failed = [v for v in verdicts if not v.passed]
    assert len(verdicts) - len(failed) >= least, failed
