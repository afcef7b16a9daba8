"""Designs: which values every run of a sweep gets, and how they were made."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from inspect import signature
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from immunode.errors import StudyError, quoted
from immunode.language.characters import problem
from immunode.model.table_file import number_hint, read_number
from immunode.study.arms import Arms
from immunode.study.design.amounts import check_room, whole_number
from immunode.study.design.ranges import Space, as_space
from immunode.study.design.row_labels import RowLabels, appended, is_missing, taken

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
_MOST_SOBOL = 2**30
"""Points that SciPy has, which counts them by 30 bits."""


@dataclass(frozen=True, eq=False, repr=False)
class Design:
    """A table of values, one row a run; never changes. Made by `grid`, `sobol`, `latin_hypercube`, `from_table`.

    `a * b` crosses (every row of a with every row of b, b fastest), `a & b` pairs rows (equal lengths),
    `a + b` appends rows. An `Arms` crosses or pairs like a design.

    Parameters
    ----------
    names : tuple[str, ...]
        columns: parameters, knobs (`"anti_tnf.strength"`) or initial values (`"E(0)"`).
    values : ndarray
        shape (n_rows, n_columns), each in its column's unit.
    recipe : str
        how it was made, in words.
    seed : int | None
        what random numbers started from; None where none were drawn.
    unset : ndarray
        shape (n_rows, n_columns), True where the model's own value holds (rows appended from a design without that
        column).
    arms : Arms | None
        the arms to compose, or None.
    labels, arm
        names of arms and, shape (n_rows,), which one each row belongs to; without arms empty.
    draw : ndarray
        shape (n_rows,), which parameter set a row holds: rows of several arms share it.
    row_labels : RowLabels
        name -> shape (n_rows,), identifiers of patients and other labels, which results show beside the rows.
    declared : tuple[str, ...]
        columns drawn as models declare. In an arm whose drug does not draw one, such as a covariate that was stated,
        the arm's own value holds.

    Raises
    ------
    StudyError
        no rows, a column given twice, or shapes that do not fit.
    """

    names: tuple[str, ...]
    values: Array
    recipe: str = ""
    seed: int | None = None
    unset: NDArray[np.bool_] = field(default_factory=lambda: np.empty((0, 0), bool))
    arms: Arms | None = None
    labels: tuple[str, ...] = ()
    arm: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, np.intp))
    draw: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, np.intp))
    row_labels: RowLabels = field(default_factory=dict)
    declared: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        values = np.array(self.values, dtype=float)
        if values.ndim != 2 or values.shape[1] != len(self.names):
            raise StudyError(f"design: {len(self.names)} columns do not fit values of shape {values.shape}")
        if not len(values):
            raise StudyError("design: it has no rows, so there is nothing to run")
        twice = sorted({n for n in self.names if self.names.count(n) > 1})
        if twice:
            raise StudyError(f"design: the column '{twice[0]}' is given twice")
        for text in (*self.names, *self.labels, *self.row_labels):
            refuse_unshown("design", text, text)
        for name, column in self.row_labels.items():
            if name in self.names or len(column) != len(values):
                raise StudyError(f"design: the label '{name}' is a column too, or does not fit {len(values)} rows")
        if not len(self.draw):
            object.__setattr__(self, "draw", np.arange(len(values)))
        unset = self.unset if self.unset.size else np.zeros(values.shape, bool)
        for name, array in (("values", values), ("unset", unset), ("arm", self.arm), ("draw", self.draw)):
            frozen = np.array(array)
            frozen.setflags(write=False)
            object.__setattr__(self, name, frozen)

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        return f"Design({len(self)} runs: {self.recipe})"

    def table(self) -> pd.DataFrame:
        """Return the table; NaN where the model's own value holds. `arm` and labels of rows are the first columns."""
        import pandas as pd

        frame = pd.DataFrame(np.where(self.unset, np.nan, self.values), columns=list(self.names))
        for i, (name, column) in enumerate(self.row_labels.items()):
            frame.insert(i, name, column)
        if self.labels:
            frame.insert(0, "arm", [self.labels[i] for i in self.arm])
        return frame

    def __mul__(self, other: Design | Arms) -> Design:
        if isinstance(other, Arms):
            return cross_arms(self, other)
        if not isinstance(other, Design):
            return NotImplemented
        check_room("design", len(self) * len(other), len(self.names) + len(other.names))
        left, right = np.divmod(np.arange(len(self) * len(other)), len(other))
        return _beside(self, left, other, right, "x")

    def __rmul__(self, arms: object) -> Design:
        """Return every row for the first arm, then for the next (the design crosses fastest)."""
        return cross_arms(self, arms, arms_slowest=True) if isinstance(arms, Arms) else NotImplemented

    def __and__(self, other: Design | Arms) -> Design:
        if isinstance(other, Arms):
            return _pair_arms(self, other)
        if not isinstance(other, Design):
            return NotImplemented
        if len(self) != len(other):
            raise StudyError(f"design: & pairs rows one to one, but there are {len(self)} and {len(other)}; * crosses")
        rows = np.arange(len(self))
        return _beside(self, rows, other, rows, "paired with")

    def __add__(self, other: Design) -> Design:
        if not isinstance(other, Design):
            return NotImplemented
        return _append(self, other)


def grid(columns: Mapping[str, ArrayLike] | None = None, /, **named: ArrayLike) -> Design:
    """Return every combination of the values given, the last column fastest.

    `grid(k=[1, 2, 3])`, `grid({"anti_tnf.strength": np.linspace(0, 1, 5)}, k=[1, 2])`

    Raises
    ------
    StudyError
        a column is empty or holds text.
    """
    given = _columns({**(columns or {}), **named})
    if not given:
        raise StudyError("design: grid needs at least one column, such as grid(k=[1, 2, 3])")
    check_room("design", math.prod(len(v) for v in given.values()), len(given))
    mesh = np.meshgrid(*given.values(), indexing="ij")
    size = " x ".join(str(len(v)) for v in given.values())
    recipe = f"grid of {size} over {', '.join(given)}"
    return Design(tuple(given), np.stack([m.ravel() for m in mesh], axis=1), recipe)


def sobol(space: Space | Mapping[str, tuple[float, float]], n: int, *, seed: int = 0) -> Design:
    """Return `n` scrambled Sobol points in a space; the first points of a longer design are the same.

    Parameters
    ----------
    space : Space | Mapping[str, tuple[float, float]]
        from `space(model, ...)`, or a mapping of names to (low, high).
    n : int
        powers of 2 are balanced best; any number works.
    seed : int
        0 is a seed like any other.

    Raises
    ------
    StudyError
        `n` or `seed` is no whole number, or the memory of this machine can't hold so many points.

    References
    ----------
    Sobol 1967; scrambled after Owen 1998, as in scipy.stats.qmc.
    """

    def draw(columns: int, rows: int) -> Array:
        from scipy.stats import qmc

        if rows > _MOST_SOBOL:
            raise StudyError(f"design: Sobol points are at most {_MOST_SOBOL:,}, got {rows:,}; use latin_hypercube")
        # whole powers of 2 keep SciPy silent on balance; the points of a shorter design come first
        points = qmc.Sobol(columns, scramble=True, **_generator(qmc.Sobol, seed)).random_base2(_log2(rows))
        return np.asarray(points[:rows], float)

    return _sampled("Sobol points", draw, as_space(space), n, seed)


def latin_hypercube(space: Space | Mapping[str, tuple[float, float]], n: int, *, seed: int = 0) -> Design:
    """Return `n` points of a Latin hypercube in a space: each of n equal slices of every column holds one.

    Parameters as for `sobol`. Source: McKay et al. 1979, as in scipy.stats.qmc.
    """

    def draw(columns: int, rows: int) -> Array:
        from scipy.stats import qmc

        return np.asarray(qmc.LatinHypercube(columns, **_generator(qmc.LatinHypercube, seed)).random(rows), float)

    return _sampled("Latin hypercube points", draw, as_space(space), n, seed)


def refuse_unshown(source: str, column: str, text: str, *, lines: bool = False) -> None:
    """Refuse a text that a terminal would obey instead of showing it. lines : whether it may have line breaks."""
    told = problem(text, lines=lines)
    if told:
        raise StudyError(f"{source}: {quoted(text)} in or over the column {quoted(column)} can't be used: {told}")


def cross_arms(design: Design, arms: Arms, *, arms_slowest: bool = False) -> Design:
    """Return every row of `design` for every arm; the arms run fastest unless told."""
    _refuse_second_arms(design)
    if not len(arms):
        raise StudyError("design: there are no arms to cross with")
    check_room("design", len(design) * len(arms), len(design.names))
    rows, arm = np.divmod(np.arange(len(design) * len(arms)), len(arms))
    if arms_slowest:
        arm, rows = np.divmod(np.arange(len(design) * len(arms)), len(design))
    recipe = f"{design.recipe} x arms {', '.join(arms)}"
    return replace(_take(design, rows), arms=arms, labels=tuple(arms), arm=arm, recipe=recipe)


def _pair_arms(design: Design, arms: Arms) -> Design:
    _refuse_second_arms(design)
    if len(design) != len(arms):
        raise StudyError(f"design: & pairs rows one to one, but there are {len(design)} rows and {len(arms)} arms")
    recipe = f"{design.recipe} paired with arms {', '.join(arms)}"
    return replace(design, arms=arms, labels=tuple(arms), arm=np.arange(len(arms)), recipe=recipe)


def _refuse_second_arms(design: Design) -> None:
    if design.labels:
        raise StudyError(f"design: it has arms already ({', '.join(design.labels)})")


def _take(design: Design, rows: NDArray[np.intp]) -> Design:
    arm = design.arm[rows] if len(design.arm) else design.arm
    return replace(
        design,
        values=design.values[rows],
        unset=design.unset[rows],
        arm=arm,
        draw=design.draw[rows],
        row_labels=taken(design.row_labels, rows),
    )


def _beside(a: Design, rows_a: NDArray[np.intp], b: Design, rows_b: NDArray[np.intp], word: str) -> Design:
    """Return the columns of two designs side by side, the given rows of each."""
    shared = [n for n in a.names if n in b.names]
    if shared:
        raise StudyError(f"design: the column '{shared[0]}' is on both sides; + appends rows")
    if a.labels and b.labels:
        _refuse_second_arms(a)
    left, right = _take(a, rows_a), _take(b, rows_b)
    armed = left if left.labels else right
    twice = [n for n in left.row_labels if n in right.row_labels]
    if twice:
        raise StudyError(f"design: the label '{twice[0]}' is on both sides; + appends rows")
    return Design(
        (*a.names, *b.names),
        np.hstack([left.values, right.values]),
        f"({a.recipe}) {word} ({b.recipe})",
        a.seed if a.seed is not None else b.seed,
        np.hstack([left.unset, right.unset]),
        armed.arms,
        armed.labels,
        armed.arm,
        _numbered(left.draw, right.draw),
        {**left.row_labels, **right.row_labels},
        (*a.declared, *b.declared),
    )


def _numbered(left: NDArray[np.intp], right: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return a number for every pair of draws, in the order in which pairs appear."""
    _, first, inverse = np.unique(np.stack([left, right], axis=1), axis=0, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.intp)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse.ravel()]


def _append(a: Design, b: Design) -> Design:
    if bool(a.labels) != bool(b.labels):
        raise StudyError("design: + needs arms in both designs or in neither; cross with arms after appending")
    merged = dict(a.arms or {})
    for name, entries in (b.arms or {}).items():
        if merged.setdefault(name, entries) != entries:
            raise StudyError(f"design: the arm '{name}' means two different things in the designs appended")
    names = tuple(dict.fromkeys((*a.names, *b.names)))
    values, unset = np.full((len(a) + len(b), len(names)), np.nan), np.ones((len(a) + len(b), len(names)), bool)
    for design, start in ((a, 0), (b, len(a))):
        for j, name in enumerate(design.names):
            values[start : start + len(design), names.index(name)] = design.values[:, j]
            unset[start : start + len(design), names.index(name)] = design.unset[:, j]
    labels = tuple(dict.fromkeys((*a.labels, *b.labels)))
    arm = np.array([labels.index(d.labels[i]) for d in (a, b) for i in d.arm], np.intp)
    return Design(
        names,
        values,
        f"({a.recipe}) then ({b.recipe})",
        a.seed if a.seed is not None else b.seed,
        unset,
        Arms(merged) if merged else None,
        labels,
        arm,
        np.concatenate([a.draw, b.draw + (int(a.draw.max()) + 1)]),
        appended([(a.row_labels, len(a)), (b.row_labels, len(b))]),
        tuple(name for name in names if all(name in d.declared for d in (a, b) if name in d.names)),
    )


def _log2(n: int) -> int:
    return int(n - 1).bit_length()


def _generator(sampler: Any, seed: int) -> dict[str, Any]:
    """Return the keyword that hands a generator to a sampler of SciPy: `rng` since 1.15, `seed` before."""
    keyword = "rng" if "rng" in signature(sampler).parameters else "seed"
    return {keyword: np.random.default_rng(seed)}


def _sampled(words: str, draw: Callable[[int, int], Array], box: Space, n: int, seed: int) -> Design:
    n = whole_number("design", "the number of points", n)
    if seed is not None:
        seed = whole_number("design", "the seed", seed, 0)
    if not box.axes:
        raise StudyError("design: the space has no columns to sample")
    check_room("design", n, len(box.axes))
    u = draw(len(box.axes), n)
    values = np.stack([axis.place(u[:, i]) for i, axis in enumerate(box.axes)], axis=1)
    return Design(box.names, values, f"{n} {words}, seed {seed} ({box.words()})", seed)


def _columns(given: Mapping[str, ArrayLike]) -> dict[str, Array]:
    made = {}
    for name, values in given.items():
        array = np.asarray(values).ravel()
        if not array.size:
            raise StudyError(f"design: the column '{name}' is empty")
        made[name] = as_numbers("design", name, array)
    return made


def as_numbers(source: str, name: str, values: NDArray[Any]) -> Array:
    """Return a column as floats; an empty cell is NaN.

    Raises
    ------
    StudyError : a cell is no number.
    """
    if values.dtype.kind in "iuf":
        return values.astype(float)
    numbers = np.empty(len(values))
    for row, value in enumerate(values.tolist()):
        try:
            # True and False are answers to a question, and no amounts
            if isinstance(value, bool) or (isinstance(value, str) and not value.strip()):
                raise ValueError
            numbers[row] = (
                np.nan if is_missing(value) else read_number(value) if isinstance(value, str) else float(value)
            )
        except (TypeError, ValueError):
            raise StudyError(
                f"{source}: column '{name}', row {row}: {quoted(value)} is not a number{number_hint(value)}"
            ) from None
    return numbers
