"""Stores of sweeps: opened as results, and put together by copying blocks."""

from __future__ import annotations

import os

from immunode.errors import StoreError
from immunode.study.result.sweep_result import SweepResult
from immunode.study.store.blocks import Store
from immunode.study.store.layout import MOST_BYTES
from immunode.study.store.lock import writing
from immunode.study.store.place import Place
from immunode.study.store.stored_columns import stored_data
from immunode.study.store.stored_plan import StoredPlan


def open_store(store: str | os.PathLike[str]) -> SweepResult:
    """Return the sweep in a store, finished or not; nothing of it is loaded but its description.

    It is the result that `sweep` returned, with columns that are read when they are looked at. Every value is checked
    then: where a file of a block is missing, damaged or another block's, reading raises a StoreError that names it.
    `counts` and `verify` tell of such blocks without an error. Rows that did not run have the status "not run".

    Parameters
    ----------
    store : str | path
        folder or URL. It may come from a stranger: nothing in it is executed or unpickled, and a store that declares
        other arrays, types, codecs or sizes than ours is refused.

    Raises
    ------
    StoreError
        there is no store, it is damaged, or not safe to open.
    """
    found = _opened(store)
    blocks = found.layout.cut.blocks()
    return SweepResult(StoredPlan(found, blocks), stored_data(found, blocks))


def merge_stores(target: str | os.PathLike[str], *sources: str | os.PathLike[str]) -> SweepResult:
    """Copy the finished blocks of stores into one, and return it; every block is checked before and after.

    Parameters
    ----------
    target : str | path
        a store of the same study, or where a new one is to be; a damaged block of it is mended where a source has that
        block.
    sources : str | path
        are only read.

    Raises
    ------
    StoreError
        a store holds another study (says how it differs), is cut into other blocks, or a block is damaged where no
        other store has it.
    """
    if not sources:
        raise StoreError("merge_stores needs at least one store to copy from")
    stores = [_opened(source) for source in sources]
    place = Place.of(target)
    with writing(place) as held:
        first = stores[0]
        opened = Store.open(place) or Store.create(place, first.layout, first.times(), first.notes)
        layout = opened.layout
        for store in stores:
            store.refuse_other(layout)
            if store.layout.cut.span != layout.cut.span:
                raise StoreError(
                    f"{store.place.name} is cut into blocks of {store.layout.cut.span} rows, {place.name} into blocks "
                    f"of {layout.cut.span}; run both with the same block="
                )
        done = {block for block in opened.begun() if opened.read_sound(block) is not None}
        damaged = {block: place.name for block in opened.begun() if block not in done}
        for store in stores:
            for block in store.begun():
                if block in done:
                    continue
                if store.read_sound(block) is None:
                    damaged[block] = store.place.name
                    continue
                held()
                opened.forget(block)
                _copy(store, opened, block)
                if opened.read_sound(block) is not None:
                    done.add(block)
    lost = sorted(set(damaged) - done)
    if lost:
        raise StoreError(
            f"{damaged[lost[0]]}: block {lost[0]} is damaged and in no other store; the sweep's line, with "
            f"store='{place.name}', computes it again (all sound blocks are copied)"
        )
    return open_store(target)


def _opened(store: str | os.PathLike[str]) -> Store:
    place = Place.of(store)
    found = Store.open(place)
    if found is None:
        raise StoreError(f"{place.name}: there is no store; sweep(..., store=...) makes one")
    return found


def _copy(source: Store, target: Store, block: int) -> None:
    """Copy the files of a block, its checksums last."""
    for files in source.layout.files(block).values():
        for file in files:
            content = source.place.read(file, 2 * MOST_BYTES)
            if content is not None:
                target.place.write(file, content)
