from __future__ import annotations

import numpy as np
import pytest

import immunode as im
from immunode.intervention import perturb
from immunode.model import Model
from immunode.program.llvm.compile import available
from immunode.program.model_functions import functions
from immunode.study.lanes import widened
from immunode.study.run.recorder import Recorder


@pytest.fixture
def recorder(decay: Model) -> Recorder:
    """Return a recorder of three runs of an arm with a window from 2 to 6, told of jumps by hand."""
    made = functions(perturb(decay, "slow"))
    values = np.repeat(np.array(made.program.values)[:, None], 3, axis=1)
    return Recorder(made, values, np.array([0.0, 3.0, 9.0]), ["A", "slow.signal"])


def tell(recorder: Recorder, lanes: list[int], t: float, before: float, after: float, on: float) -> None:
    """Tell of a jump of A and of the switch in some runs."""
    p = recorder.functions.parameters(recorder.values)[:, lanes]
    p[len(recorder.functions.program.values) :] = on
    y = np.ones((1, len(lanes)))
    recorder.on_jump(np.array(lanes), np.full(len(lanes), t), before * y, after * y, p)


def test_switches_hold_from_a_jump_on_in_the_runs_that_jumped(recorder: Recorder) -> None:
    tell(recorder, [0, 2], 2.0, 5.0, 5.0, on=1.0)
    tell(recorder, [2], 3.0, 5.0, 5.0, on=0.0)
    grid = recorder.grid(np.full((3, 1, 3), 5.0))
    assert grid[1].T.tolist() == [[0, 1, 1], [0, 0, 0], [0, 0, 0]]


def test_jumps_stand_between_outputs_run_by_run(recorder: Recorder) -> None:
    tell(recorder, [0, 2], 2.0, 5.0, 7.0, on=1.0)
    tell(recorder, [2], 2.5, 6.0, 9.0, on=0.0)
    y = np.array([4.0, 8.0, 3.0])[:, None, None] * np.ones((3, 1, 3))
    samples = recorder.samples(recorder.grid(y))
    assert samples.t[:, 2].tolist() == [0, 2, 2, 2.5, 2.5, 3, 9]
    assert samples.values["A"][:, 2].tolist() == [4, 5, 7, 6, 9, 8, 3]
    assert samples.values["slow.signal"][:, 2].tolist() == [0, 0, 1, 1, 0, 0, 0]
    assert samples.segment[:, 2].tolist() == [0, 0, 1, 1, 2, 2, 2]
    # runs with fewer jumps repeat their first sample, which changes no endpoint
    assert samples.values["A"][:, 0].tolist() == [4, 4, 4, 5, 7, 8, 3]
    assert samples.values["A"][:, 1].tolist() == [4, 4, 4, 4, 4, 8, 3]


def test_a_jump_at_an_output_comes_before_it_and_one_at_the_start_is_not_seen(recorder: Recorder) -> None:
    tell(recorder, [0, 1, 2], 0.0, 1.0, 4.0, on=0.0)
    tell(recorder, [1], 3.0, 4.0, 8.0, on=0.0)
    y = np.array([4.0, 8.0, 3.0])[:, None, None] * np.ones((3, 1, 3))
    samples = recorder.samples(recorder.grid(y))
    assert samples.values["A"][:, 1].tolist() == [4, 4, 8, 8, 3]


def test_what_a_failed_run_did_not_reach_is_nan_even_where_no_state_enters(recorder: Recorder) -> None:
    y = np.full((3, 1, 3), 5.0)
    y[1:, :, 1] = np.nan
    assert np.isnan(recorder.grid(y)[1]).tolist() == [[False] * 3, [False, True, False], [False, True, False]]


def test_lanes_are_filled_up_by_copies_of_the_last() -> None:
    assert widened(np.arange(6.0).reshape(2, 3)).tolist() == [[0, 1, 2, 2, 2, 2, 2, 2], [3, 4, 5, 5, 5, 5, 5, 5]]
    whole = np.ones((2, 16))
    assert widened(whole) is whole


def test_what_was_told_of_a_run_that_begins_anew_is_forgotten(recorder: Recorder) -> None:
    tell(recorder, [0, 2], 2.0, 5.0, 7.0, on=1.0)
    recorder.on_restart(np.array([2]))
    tell(recorder, [2], 2.5, 6.0, 9.0, on=1.0)
    y = np.array([4.0, 8.0, 3.0])[:, None, None] * np.ones((3, 1, 3))
    samples = recorder.samples(recorder.grid(y))
    assert samples.t[:, 2].tolist() == [0, 2.5, 2.5, 3, 9]
    assert samples.values["A"][:, 2].tolist() == [4, 6, 9, 8, 3]
    assert samples.values["slow.signal"][:, 2].tolist() == [0, 0, 1, 1, 1]
    assert samples.t[:, 0].tolist() == [0, 2, 2, 3, 9]


def test_several_jumps_of_a_run_in_one_call_count_one_after_the_other() -> None:
    """Kernels tell of many jumps at once; what was before each is what the one before it left."""
    pulse = im.Intervention("p", [im.scale("k", 0.5)], im.pulses(every=1.0, width=0.25, n=4, start=1.0))
    decay = im.Model(
        "decay",
        horizon=6,
        states=[im.State("A", 8.0)],
        parameters=[im.Parameter("k", 0.5)],
        processes=[im.Process("loss", "A ->", "k*A")],
    )
    times = [float(t) for t in np.arange(1.0, 5.0)]
    for engine in ("scipy", "numpy", *(("compiled",) if available() else ())):
        run = im.simulate(decay, 6, times=[0, 1.1, 1.3, 6], interventions=[pulse], engine=engine, rtol=1e-9)
        assert run.breaks == tuple(sorted([*times, *(t + 0.25 for t in times)])), engine
        assert run["k.effective"].tolist() == [0.5, 0.25, 0.5, 0.5]
        for t in times:
            assert run.path["k.effective"][run.path_times == t].tolist() == [0.5, 0.25], engine
            assert run.path["k.effective"][run.path_times == t + 0.25].tolist() == [0.25, 0.5], engine
