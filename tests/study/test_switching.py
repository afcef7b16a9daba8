"""What results tell about rules."""

from __future__ import annotations

import numpy as np
import pytest

from immunode.errors import StudyError
from immunode.intervention import (
    Intervention,
    at_visits,
    during,
    inhibit,
    one_compartment,
    scale,
    sequence,
    to_target,
    transfer,
)
from immunode.intervention.drugs.drug import Drug
from immunode.model import Model
from immunode.study import Arms, final, simulate, sobol, space, sweep, switch_log, time_to

# A = 8 exp(-t/2): below 2 from 2.77 on, below 0.5 from 5.55 on
SLOWER = Intervention("slower", inhibit("k", 0.5), at_visits(1, when="A < 2", stop_when="A < 0.5"))


def test_a_simulation_lists_when_its_rules_switched(decay: Model) -> None:
    one = simulate(decay, interventions=SLOWER)
    # from 3 on A halves half as fast: 8 exp(-1.5) exp(-(t - 3)/4) is below 0.5 from 8.1 on
    assert one.switches == {"slower": ((3.0, "on"), (9.0, "off"))}
    log = switch_log(one)
    assert log.to_dict("list") == {"intervention": ["slower"] * 2, "time": [3.0, 9.0], "change": ["on", "off"]}
    assert one.windows["slower"] == ((3.0, 9.0),)


def test_levels_are_told(decay: Model) -> None:
    tuned = Intervention("tuned", inhibit("k", 0.5), to_target(2, lower_when="A < 2", low=0.25))
    assert simulate(decay, interventions=tuned).switches["tuned"] == ((6.0, "level 0.5"), (8.0, "level 0.25"))


def test_a_change_at_time_0_is_told(decay: Model) -> None:
    early = Intervention("early", scale("k", 2), at_visits(5, when="A > 7"))
    assert simulate(decay, interventions=early).switches["early"] == ((0.0, "on"),)


def test_doses_that_a_rule_held_back_are_not_marked(decay: Model) -> None:
    drug = Drug("d", one_compartment(CL=1.0, V1=1.0), "1 mg iv q1d x 9").inhibit("k", 0.1, 5)
    ruled = drug.when(at_visits(1, when="A < 2", stop_when="A < 0.5"))
    assert simulate(decay, interventions=ruled).doses["d"] == (3.0, 4.0, 5.0)
    graft = Intervention("graft", transfer("A", 5), at_visits(1, when="A < 2"))
    assert simulate(decay, interventions=graft).doses["graft"] == (3.0, 6.0, 9.0)


def test_engines_and_batches_decide_alike(decay: Model) -> None:
    design = sobol(space(decay, "k"), 16, seed=3)
    keep = ["slower.on", "slower.since", "slower.changes"]
    logs = [
        switch_log(sweep(decay, design, arms={"slower": SLOWER}, engine=engine, block=block, keep=keep))
        for engine, block in (("numpy", 3), ("numpy", 16), ("scipy", 16))
    ]
    assert len(logs[0]) > 8
    assert logs[0].equals(logs[1])
    assert logs[0].equals(logs[2])


def test_the_log_of_a_sweep_is_that_of_its_runs(decay: Model) -> None:
    design = sobol(space(decay, "k"), 4, seed=3)
    keep = ["slower.on", "slower.since", "slower.changes"]
    result = sweep(decay, design, arms={"slower": SLOWER}, keep=keep)
    log = switch_log(result)
    for run, k in enumerate(result.inputs()[:, 0]):
        alone = simulate(decay.with_values(k=k), interventions=SLOWER).switches["slower"]
        mine = log[log["run"] == run]
        assert list(zip(mine["time"], mine["change"], strict=True)) == list(alone)


def test_a_sweep_that_kept_nothing_is_told_what_to_keep(decay: Model) -> None:
    design = sobol(space(decay, "k"), 4, seed=3)
    with pytest.raises(StudyError, match=r"keep=\['slower.on', 'slower.since', 'slower.changes'\]"):
        switch_log(sweep(decay, design, arms={"slower": SLOWER}))
    with pytest.raises(StudyError, match="no arm has an intervention that follows a rule"):
        switch_log(sweep(decay, design))


def test_endpoints_on_rules(decay: Model) -> None:
    design = sobol(space(decay, "k"), 4, seed=3)
    ends = [final("slower.changes"), time_to("slower.on > 0.5")]
    result = sweep(decay, design, arms={"control": [], "slower": SLOWER}, endpoints=ends)
    treated = result.arm == "slower"
    assert np.isnan(result.values[~treated]).all()
    # A falls below 2 after ln 4/k; what is seen at the next visit
    expected = np.ceil(np.log(4) / result.inputs()[treated, 0])
    late = expected > 10
    assert result.values[treated, 1][~late] == pytest.approx(expected[~late])


@pytest.mark.slow
def test_a_factorial_of_eight_arms_with_rescue_rules_is_the_same_in_any_blocks() -> None:
    from immunode.catalogue import load_model

    model = load_model("kuznetsov1994", variant="large_tumor")
    rescue = Intervention("rescue", scale("s", 6), at_visits("4 weeks", when="T > 1e8", stop_when="T < 2e7"))
    drug = Drug("drug", one_compartment(CL=0.2, V1=5.0), "240 mg iv over 1 h q2w x 12").stimulate("p", 0.5, 20)
    tuned = drug.when(to_target("8 weeks", lower_when="E > 2e6", low=0.25))
    lympho = Intervention("lympho", inhibit("s", 0.9), during("7 days", "10 days"))
    cells = Intervention("cells", transfer("E", 2e5, over="1 h"))
    arms = Arms.factorial(rescue, tuned, car_t=sequence(lympho, cells, gap="2 days"))
    assert len(arms) == 8
    design = sobol(space(model), 10_000, seed=1) * arms
    ends = ["final(T)", "peak(T)", "final(rescue.changes)", "final(drug.level)", "time_to(rescue.on > 0.5)"]
    result = sweep(model, design, until="26 weeks", endpoints=ends)
    assert len(result) == 80_000
    assert result.ok.all()
    again = sweep(model, design, until="26 weeks", endpoints=ends, block=1777)
    assert np.array_equal(result.values, again.values, equal_nan=True)
