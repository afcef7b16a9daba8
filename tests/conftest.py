"""What all tests share: figures need no display, the cache and its key are this run's own, and Ctrl-C is heard."""

from __future__ import annotations

import gc
import os
import signal
import sys
import tempfile

import pytest
from hypothesis import HealthCheck, settings

from immunode.catalogue import list_models

if "PYTEST_XDIST_WORKER" not in os.environ:  # the processes of one run share the folder of the first
    _CACHE = tempfile.TemporaryDirectory(prefix="immunode-tests-", ignore_cleanup_errors=True)
    os.environ["IMMUNODE_CACHE"] = _CACHE.name
    os.environ["XDG_CONFIG_HOME"] = os.path.join(_CACHE.name, "config")  # where the key of the cache is made
os.environ["MPLBACKEND"] = "Agg"
# without bytecode, every process that a test starts compiles the package again
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# a shell lets what it starts in the background ignore Ctrl-C, and so do all children of that
signal.signal(signal.SIGINT, signal.default_int_handler)

# a third of the time went to looking for garbage among what imports and collection leave, which stays
gc.set_threshold(50_000, 20, 20)
# a loaded machine is slow, and no fault of what is tested; the same examples each time, so that a run can be repeated
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True, database=None
)
# new examples each time, for a search by hand: --hypothesis-profile search
settings.register_profile("search", settings.get_profile("any machine"), derandomize=False)
settings.load_profile("any machine")

STAND_FOR_ALL = {
    "baker2013": "time without a unit",
    "bindellini2024": "a largest step, floor()",
    "cartmath2021": "cells that die out, a variant with a horizon of its own",
    "chatterjee2017": "classes of patients",
    "demin2013": "compartments; stiff",
    "exercise_minimal": "a story in a variant; min",
    "immune_balance": "a variant that starts where it rests",
    "karin2020": "drugs of the library; cos()",
    "kuznetsov1994": "the one that most examples take",
    "lewkiewicz2019": "removal; years",
    "lledogarcia2022": "abs()",
    "ma2020": "doses by a rule",
    "miyano2022": "a steady state as its start; weeks",
    "myers2021": "delays",
    "yu2022_crohns": "requirements",
    "zhang2023_cdai": "an operator over a state",
}
"""The models of the quick round, and why: together they use all that any model uses (`test_quick_round.py`)."""
GENERIC = 20
"""A test that has cases of this many models is about all models."""
EVERY = 6
"""Of a test that is marked `sampled`, the quick round has every sixth case."""


def pytest_collection_finish() -> None:
    """Let the collector of garbage pass over what was collected: thousands of cases, and all modules."""
    gc.collect()
    gc.freeze()


def model_of(item: pytest.Item, names: frozenset[str]) -> str:
    """Return the model that a case is about, "" for none: a parameter is its name, file, entry or scenario."""
    params = item.callspec.params if hasattr(item, "callspec") else {}
    for value in params.values():
        for text in (value, *(getattr(value, word, "") for word in ("model", "stem", "name"))):
            if isinstance(text, str) and (name := text.partition("/")[0]) in names:
                return name
    return ""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what the quick round leaves out.

    That is cases of models for which others stand, in tests that go over all models and in the models' own files, and
    most cases of tests that are marked `sampled`.
    """
    names = frozenset(entry.name for entry in list_models())
    cases: dict[str, list[tuple[str, pytest.Item]]] = {}
    sampled: dict[str, int] = {}
    for item in items:
        test = item.nodeid.partition("[")[0]
        if item.get_closest_marker("sampled"):
            sampled[test] = sampled.get(test, -1) + 1
            if sampled[test] % EVERY:
                item.add_marker(pytest.mark.slow)
        if item.path.stem.removeprefix("test_") in names - set(STAND_FOR_ALL):
            item.add_marker(pytest.mark.slow)
        elif name := model_of(item, names):
            cases.setdefault(test, []).append((name, item))
    for found in cases.values():
        if len({name for name, _ in found}) >= GENERIC:
            for name, item in found:
                if name not in STAND_FOR_ALL:
                    item.add_marker(pytest.mark.slow)
