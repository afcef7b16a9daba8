"""Writers of one store, each killed by SIGKILL at a random moment; run as a script, for it forks.

    python tests/study/killed_writers.py FOLDER KILLS SEED

After every kill the same sweep is started again; its store must then be that of an undisturbed one, byte for byte.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
import warnings
from pathlib import Path
from typing import Any


def write(store: Path | None) -> Any:
    """Run the sweep whose writers are killed; 15 blocks, two arms, some runs that fail."""
    from immunode.catalogue import load_model
    from immunode.study import grid, sobol, space, sweep

    model = load_model("kuznetsov1994")
    design = sobol(space(model, "p", "g"), 150, seed=1) + grid(n=[-1.0] * 10, p=0.1) + sobol(space(model, "p"), 140)
    return sweep(
        model,
        design,
        arms=["control", "cytostatic"],
        endpoints=["final(T)", "peak(E)"],
        until=5,
        block=20,
        engine="numpy",
        store=store,
    )


def content(store: Path) -> dict[str, bytes]:
    """Return every file of a store by its path."""
    files = sorted(path for path in store.rglob("*") if path.is_file())
    return {path.relative_to(store).as_posix(): path.read_bytes() for path in files}


def child(store: Path) -> int:
    """Fork a writer; return its process number."""
    number = os.fork()
    if number:
        return number
    try:
        write(store)
    except Exception as error:  # noqa: BLE001 - told to who started it
        print(f"writer: {error!r}", file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)


def main(folder: Path, kills: int, seed: int) -> dict[str, Any]:
    """Kill writers; return what was seen."""
    # what writers need is loaded before they are forked; the thread that Zarr starts is not needed for that
    import xarray  # noqa: F401
    import zarr.codecs
    import zarr.storage  # noqa: F401

    import immunode.study.store.continuation  # noqa: F401

    warnings.simplefilter("error")
    write(None)
    dice = random.Random(seed)
    assert os.waitpid(child(folder / "whole.zarr"), 0)[1] == 0
    started = time.monotonic()
    assert os.waitpid(child(folder / "again.zarr"), 0)[1] == 0
    span = time.monotonic() - started
    whole = content(folder / "whole.zarr")
    seen: dict[str, Any] = {"seconds": span, "killed": 0, "with blocks": 0, "without a store": 0, "same": 0}
    store = folder / "killed.zarr"
    while seen["killed"] < kills:
        number = child(store)
        time.sleep(dice.uniform(0, span))
        os.kill(number, signal.SIGKILL)
        if os.waitpid(number, 0)[1] == signal.SIGKILL:
            seen["killed"] += 1
            begun = list((store / "status/c").glob("*")) if store.exists() else []
            seen["with blocks"] += bool(begun)
            seen["without a store"] += not (store / "zarr.json").exists()
            span *= 1.0 if begun else 1.2  # the machine may be slower by now
        else:
            span *= 0.8
        assert os.waitpid(child(store), 0)[1] == 0, "the sweep could not go on"
        after = content(store)
        assert after.keys() == whole.keys(), sorted(after.keys() ^ whole.keys())[:5]
        assert after == whole, [name for name in whole if after[name] != whole[name]][:5]
        assert not Path(f"{store}.lock").exists()
        seen["same"] += 1
        shutil.rmtree(store)
    return seen


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
