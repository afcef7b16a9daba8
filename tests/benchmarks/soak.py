"""Mixed sweeps of random models, designs, arms and absurd values for as long as is asked; looks for leaks and hangs.

    python tests/benchmarks/soak.py MINUTES [SEED]

Every round draws a model of the package, some of its columns, arms, endpoints, an engine, a design with a few absurd
cells, and whether it goes through a store, through threads, or is interrupted. It fails where a round takes longer than
`LONGEST`, a status is not explained, a table differs between two ways of computing it, or memory grows after warm-up.
"""

from __future__ import annotations

import faulthandler
import gc
import random
import shutil
import sys
import tempfile
import time
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from immunode.catalogue import list_models, load_model
from immunode.errors import ImmunodeError
from immunode.program.lowering import lower
from immunode.program.numpy.functions import compile_numpy
from immunode.study import open_store, sobol, space, sweep
from immunode.study.design.design import Design

LONGEST = 900.0
"""Seconds that one round may take."""
WARM = 0.4
"""Share of the time after which, and once the caches of programs are full, memory is expected to stay."""
ALLOWED = 50.0
"""Growth of memory that is allowed then, MB."""
ABSURD = (0.0, -1.0, 1e300, -1e300, 1e-300, np.nan, np.inf, -np.inf, 5e-324)


def resident() -> float:
    """Return the memory of this process in MB."""
    import psutil

    return float(psutil.Process().memory_info().rss / 1e6)


def full() -> bool:
    """Return whether the caches of programs and of their functions hold as many as they may."""
    return all(cache.cache_info().currsize == cache.cache_info().maxsize for cache in (lower, compile_numpy))


def design_of(model: Any, dice: random.Random) -> Design:
    """Return a random design; some of its cells are absurd."""
    box = space(model)
    names = dice.sample(box.names, min(len(box.names), dice.randint(1, 6)))
    made = sobol(space(model, *names), dice.randint(1, 200), seed=dice.randint(0, 99))
    values = made.values.copy()
    for _ in range(dice.randint(0, 5)):
        values[dice.randrange(len(values)), dice.randrange(values.shape[1])] = dice.choice(ABSURD)
    return Design(made.names, values, made.recipe, made.seed)


def one_round(dice: random.Random, names: list[str], folder: Path, seen: Counter[str]) -> str:
    """Run one random sweep, and once more another way; return what it was."""
    model = load_model(dice.choice(names))
    declared = [i.name for i in model.interventions]
    arms = ["control", *dice.sample(declared, min(len(declared), dice.randint(0, 2)))]
    engine = dice.choice(["auto"] * 5 + ["numpy"])
    asked: dict[str, Any] = {
        "arms": arms,
        "engine": engine,
        # absurd values cost the NumPy engine all steps that a run may take
        "until": model.horizon * (dice.choice([0.02, 0.1, 0.5]) if engine == "auto" else 0.01),
        "keep": dice.choice(["endpoints", "endpoints", "trajectories"]),
        "rtol": dice.choice([1e-6, 1e-4]),
    }
    design = design_of(model, dice)
    out = sweep(model, design, **asked)
    seen.update(out.status)
    bad = np.flatnonzero(~out.ok)
    assert all(str(out.reasons.get(int(i), "")) for i in bad), f"{model.name}: a status without a reason"
    assert np.isnan(out.values[bad]).all()
    way = dice.choice(["store", "threads", "blocks"])
    seen[way] += 1
    if way == "threads":
        with ThreadPoolExecutor(2) as pool:
            again = sweep(model, design, **asked, block=16, executor=pool)
    elif way == "blocks":
        again = sweep(model, design, **asked, block=dice.randint(1, 50))
    else:
        store = folder / "soak.zarr"
        shutil.rmtree(store, ignore_errors=True)
        asked["block"] = 32

        class Stop(Exception):
            pass

        def stop(done: int, total: int) -> None:
            if done < total and dice.random() < 0.3:
                raise Stop

        for _ in range(20):
            try:
                sweep(model, design, **asked, store=store, progress=stop)
                break
            except Stop:
                seen["stopped"] += 1
        again = sweep(model, design, **asked, store=store)
        assert open_store(store).verify() == []
    assert again.table().equals(out.table()), f"{model.name}: {way} gave other numbers"
    return f"{model.name}, {arms}, {len(design)} rows, {engine}, {way}"


def main(minutes: float, seed: int = 0) -> int:
    """Soak; return 1 where memory grew."""
    faulthandler.enable()
    warnings.simplefilter("error")
    names = [entry.name for entry in list_models()]
    dice, seen = random.Random(seed), Counter[str]()
    started, rounds, base, longest, what = time.monotonic(), 0, 0.0, 0.0, ""
    with tempfile.TemporaryDirectory() as folder:
        while (spent := time.monotonic() - started) < 60 * minutes:
            faulthandler.dump_traceback_later(LONGEST, exit=True)
            begun = time.monotonic()
            try:
                what = one_round(dice, names, Path(folder), seen)
            except ImmunodeError as error:
                seen["refused with a message"] += 1
                what = str(error)
                print(f"round {rounds}: {error}", flush=True)
            took = time.monotonic() - begun
            if took > max(longest, 20.0):
                print(f"round {rounds} took {took:.0f} s: {what}", flush=True)
            longest = max(longest, took)
            rounds += 1
            gc.collect()
            if not base and spent > 60 * minutes * WARM and full():
                base = resident()
            if rounds % 10 == 0:
                print(f"{spent / 60:.1f} min, {rounds} rounds, {resident():.0f} MB, {dict(seen)}", flush=True)
        faulthandler.cancel_dump_traceback_later()
    if not base:
        print(f"{rounds} rounds are too few: the caches are not full, so nothing is said of memory")
        return 1
    grown = resident() - base
    print(f"{rounds} rounds; memory {base:.0f} MB after warm-up, {grown:+.0f} MB since; longest round {longest:.1f} s")
    return int(grown > ALLOWED)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
