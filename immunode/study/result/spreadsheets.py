"""Tables as CSV that a spreadsheet shows and never computes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_COMPUTED = ("=", "+", "-", "@")


def csv_text(frame: pd.DataFrame, *, index: bool = False, header: bool = True) -> str:
    """Return a table as CSV, lines ending in a line feed.

    A text that a spreadsheet would take for a formula (it begins with = + - @ after any spaces, and is no number) gets
    an apostrophe before it, among the heads too. A table that knows its model (`attrs`) names it and its variant in
    the last two columns, `model` and `variant`.
    """
    import pandas as pd

    shown = frame.copy(deep=False)
    for name in ("model", "variant"):
        if name in frame.attrs:
            shown[_free(name, shown.columns)] = str(frame.attrs[name])
    shown.columns = pd.Index([_shown(name) for name in shown.columns])
    for i, kind in enumerate(shown.dtypes):
        if not pd.api.types.is_numeric_dtype(kind):
            shown.isetitem(i, [_shown(cell) for cell in shown.iloc[:, i]])
    if index:
        shown.index = _index(frame.index)
    text: str = shown.to_csv(index=index, header=header, lineterminator="\n")
    return text


def _free(name: str, columns: Iterable[Any]) -> str:
    """Return the name of a further column: a parameter may be called `model`."""
    taken = set(columns)
    while name in taken:
        name += "_"
    return name


def _index(index: pd.Index[Any]) -> pd.Index[Any]:
    import pandas as pd

    if isinstance(index, pd.MultiIndex):
        made = pd.MultiIndex.from_arrays([index.get_level_values(i).map(_shown) for i in range(index.nlevels)])
        return made.set_names([_shown(name) for name in index.names])
    return index.map(_shown).rename(_shown(index.name))


def _shown(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    # some readers end a row there, also inside of quotes
    cell = cell.replace("\r", " ")
    if not cell.lstrip().startswith(_COMPUTED):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell
