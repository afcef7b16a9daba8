"""Shared sources and tables of parameters say the same as records written out."""

from __future__ import annotations

import pytest

from immunode.errors import ModelError
from immunode.intervention import Intervention, scale
from immunode.model import Parameter, Process, State, parameter_table, sourced


def test_a_shared_source_is_that_of_every_record_without_one() -> None:
    made = sourced(
        "Table 1",
        Parameter("a", 1.0, "1/day", "growth"),
        Parameter("b", 2.0, "", "weight", "Table 2", "measured", (1.0, 3.0)),
        Parameter("c", 3.0, evidence="derived"),
        evidence="fitted",
    )
    assert made == (
        Parameter("a", 1.0, "1/day", "growth", "Table 1", "fitted"),
        Parameter("b", 2.0, "", "weight", "Table 2", "measured", (1.0, 3.0)),
        Parameter("c", 3.0, source="Table 1", evidence="derived"),
    )


def test_every_kind_of_record_with_a_source_can_share_it() -> None:
    made = sourced(
        "code", State("x", 1.0), Process("p", "x ->", "x"), Intervention("i", [scale("k", 2)]), evidence="fitted"
    )
    assert [record.source for record in made] == ["code"] * 3
    assert made[2].evidence == "fitted"


def test_what_is_called_assumed_is_assumed() -> None:
    assert Parameter("a", 1.0, source="assumed: scale").evidence == "assumed"
    assert sourced("assumed: scale", Parameter("a", 1.0))[0].evidence == "assumed"
    assert Parameter("a", 1.0, source="assumed: scale", evidence="memory").evidence == "memory"
    assert Parameter("a", 1.0, source="Table 1").evidence == ""
    assert Intervention("i", [scale("k", 2)], source="assumed size").evidence == "assumed"


def test_a_table_is_its_parameters_row_by_row() -> None:
    made = parameter_table(
        {"per": "Per", "cry": "Cry"},
        ("dm", "1/hour", "mRNA degradation", 0.1, 0.5),
        ("ki_{}_rev", "nM", "inhibition by REV", None, 0.64),
        source="code",
        evidence="published",
    )
    assert made == (
        Parameter("dm_per", 0.1, "1/hour", "Per: mRNA degradation", "code", "published"),
        Parameter("dm_cry", 0.5, "1/hour", "Cry: mRNA degradation", "code", "published"),
        Parameter("ki_cry_rev", 0.64, "nM", "Cry: inhibition by REV", "code", "published"),
    )


def test_what_has_no_source_and_a_row_of_another_length_are_refused() -> None:
    with pytest.raises(ModelError, match=r"sourced\('Table 1', ...\): 'b' is no record"):
        sourced("Table 1", "b")
    with pytest.raises(ModelError, match="row 'dm': 1 values for 2 columns"):
        parameter_table({"a": "A", "b": "B"}, ("dm", "", "loss", 1.0), source="code")
