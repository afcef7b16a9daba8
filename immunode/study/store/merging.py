"""Stores of one study put together, by copying blocks."""

from __future__ import annotations

import os

from immunode.errors import StoreError
from immunode.study.store.blocks import Store
from immunode.study.store.layout import MOST_BYTES
from immunode.study.store.lock import writing
from immunode.study.store.place import Place
from immunode.study.store.reading import StoredSweep, open_store


def merge_stores(target: str | os.PathLike[str], *sources: str | os.PathLike[str]) -> StoredSweep:
    """Copy the finished blocks of stores into one, and return it; every block is checked before and after.

    target : a store of the same study, or where a new one is to be; a damaged block of it is mended where a source
        has that block.   sources : are only read.

    Raises
    ------
    StoreError : a store holds another study (says how it differs), is cut into other blocks, or a block is damaged
        where no other store has it.
    """
    if not sources:
        raise StoreError("merge_stores needs at least one store to copy from")
    stores = [open_store(source).store for source in sources]
    place = Place.of(target)
    with writing(place) as held:
        first = stores[0]
        opened = Store.open(place) or Store.create(place, first.layout, first.times(), first.notes)
        layout = opened.layout
        for store in stores:
            store.refuse_other(layout)
            if store.layout.span != layout.span:
                raise StoreError(
                    f"{store.place.name} is cut into blocks of {store.layout.span} rows, {place.name} into blocks of "
                    f"{layout.span}; run both with the same block="
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


def _copy(source: Store, target: Store, block: int) -> None:
    """Copy the files of a block, its checksums last."""
    for files in source.layout.files(block).values():
        for file in files:
            content = source.place.read(file, 2 * MOST_BYTES)
            if content is not None:
                target.place.write(file, content)
