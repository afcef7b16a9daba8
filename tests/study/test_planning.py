"""What a sweep would take, and how far one has come."""

from __future__ import annotations

from inspect import signature
from pathlib import Path

import pytest

from immunode.errors import StoreError, StudyError
from immunode.model import Model
from immunode.study import plan_sweep, sobol, sweep
from immunode.study.run.progress import Pace, duration
from immunode.study.sweeps import SweepOptions


def test_a_plan_counts_runs_and_blocks_and_measures_time(decay: Model) -> None:
    design = sobol({"k": (0.1, 1)}, 100_000)
    told = plan_sweep(decay, design, arms=["control", "slow"], endpoints=["final(A)"], engine="numpy", block=8192)
    assert (told.runs, told.arms) == (200_000, 2)
    assert told.blocks == -(-200_000 // (2 * 8192))
    assert 0 < told.measured <= 2 * 8192
    assert told.seconds > 0
    # arm, draw, one column, one endpoint, reached, method, status: 47 bytes a run
    assert told.disk == 200_000 * 47
    assert str(told).startswith("200,000 runs in 2 arms and 13 blocks: ")


def test_a_plan_of_a_part_counts_its_runs_only(decay: Model) -> None:
    design = sobol({"k": (0.1, 1)}, 1000)
    parts = [plan_sweep(decay, design, block=100, part=(i, 3), engine="numpy") for i in (1, 2, 3)]
    assert [told.runs for told in parts] == [400, 300, 300]
    assert [told.blocks for told in parts] == [4, 3, 3]
    with pytest.raises(StudyError, match="write \\(2, 8\\) for the second of eight"):
        plan_sweep(decay, design, part=(4, 3))


def test_a_plan_knows_what_trajectories_take(decay: Model) -> None:
    told = plan_sweep(decay, sobol({"k": (0.1, 1)}, 1000), keep=["A"], times=range(101), until=100, engine="numpy")
    assert told.disk > 1000 * 101 * 8


def test_a_plan_refuses_what_the_sweep_would_refuse(decay: Model) -> None:
    with pytest.raises(StudyError, match="did you mean 'k'"):
        plan_sweep(decay, sobol({"kk": (0.1, 1)}, 10))
    with pytest.raises(StudyError, match="unknown option 'untl'; did you mean 'until'"):
        plan_sweep(decay, untl=3)


def test_pace_tells_rate_and_time_left_of_what_is_computed_now() -> None:
    now = [100.0]
    pace = Pace(first=4000, clock=lambda: now[0])
    now[0] += 10
    assert pace.words(5000, 10_000) == "5,000 of 10,000 runs, 100 runs/s, 50 s left"
    now[0] += 50
    assert pace.words(10_000, 10_000) == "10,000 of 10,000 runs, 100 runs/s, 1 min 0 s in all"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.96, "10.0 s"),
        (59.6, "1 min 0 s"),
        (200, "3 min 20 s"),
        (18_720, "5 h 12 min"),
        (184_000, "2 d 3 h"),
    ],
)
def test_durations_read_well(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_log_file_gets_a_line_a_block(decay: Model, tmp_path: Path) -> None:
    sweep(decay, sobol({"k": (0.1, 1)}, 30), engine="numpy", block=10, log=tmp_path / "a.log")
    lines = (tmp_path / "a.log").read_text().splitlines()
    assert [line.split(" ", 1)[1].split(",")[0] for line in lines] == [f"{n} of 30 runs" for n in (10, 20, 30)]
    with pytest.raises(StoreError, match=r"no/a\.log: it can't be written"):
        sweep(decay, sobol({"k": (0.1, 1)}, 30), engine="numpy", log=tmp_path / "no" / "a.log")


def test_a_line_is_shown_where_that_is_asked_for(decay: Model, capsys: pytest.CaptureFixture[str]) -> None:
    sweep(decay, sobol({"k": (0.1, 1)}, 30), engine="numpy", block=10, progress=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "30 of 30 runs" in shown.err


def test_what_a_sweep_may_be_asked_is_written_in_one_more_place_only() -> None:
    """For tools that complete and check; the defaults stay with `sweep`."""
    assert list(SweepOptions.__annotations__) == list(signature(sweep).parameters)[2:]
