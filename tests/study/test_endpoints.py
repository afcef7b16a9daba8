from __future__ import annotations

import pytest

from immunode.errors import StudyError
from immunode.model import Model
from immunode.study import at, auc, endpoint, final, fraction_of_time, peak, time_of_peak, time_to, trough
from immunode.study.endpoints import as_endpoints, check_endpoints


def test_an_endpoint_is_named_as_it_is_written() -> None:
    made = [final("D"), at("DAS28", "24 weeks"), at("T", 30), peak("d"), trough("d"), auc("tnf"), time_to("T > 1e8")]
    assert [e.name for e in made] == [
        "final(D)",
        "at(DAS28, 24 weeks)",
        "at(T, 30)",
        "peak(d)",
        "trough(d)",
        "auc(tnf)",
        "time_to(T > 1e8)",
    ]


@pytest.mark.parametrize(
    "made", [final("D"), at("D", "24 weeks"), at("D", 30.5), time_of_peak("D"), fraction_of_time("D > 2 and E < 1")]
)
def test_a_name_reads_back_to_the_same_endpoint(made) -> None:
    assert endpoint(made.name) == made


def test_without_endpoints_final_and_peak_of_the_readouts_are_taken(decay: Model) -> None:
    assert [e.name for e in as_endpoints(None, ["A"])] == ["final(A)", "peak(A)"]


def test_a_condition_looks_at_all_its_names() -> None:
    assert time_to("A > 2*k and B < 1").names() == {"A", "B", "k"}


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: endpoint("peek(T)"), "unknown kind 'peek'; did you mean 'peak'"),
        (lambda: endpoint("T"), r"write it as peak\(T\)"),
        (lambda: endpoint("at(T)"), r"at needs a time, such as at\(T, 24 weeks\)"),
        (lambda: peak(""), "needs the name of a quantity"),
        (lambda: time_to("A").names(), r"it needs a condition, such as time_to\(T > 1e8\)"),
        (lambda: time_to("A == 2").names(), "equal for no time at all"),
        (lambda: time_to("A > __import__('os')").names(), "endpoint time_to"),
        (
            lambda: check_endpoints([peak("twise")], ["A", "twice"], ["k"]),
            "unknown quantity 'twise'; did you mean 'twice'",
        ),
        (lambda: check_endpoints([peak("k")], ["A"], ["k"]), "it is a parameter"),
        (lambda: check_endpoints([time_to("A > kk")], ["A"], ["k"]), "unknown quantity 'kk'"),
    ],
)
def test_a_wrong_endpoint_is_one_clear_line(make, says: str) -> None:
    with pytest.raises(StudyError, match=says):
        make()


def test_an_endpoint_given_twice_is_refused(decay: Model) -> None:
    with pytest.raises(StudyError, match=r"peak\(A\) is given twice"):
        as_endpoints([peak("A"), "peak(A)"], ["A"])
