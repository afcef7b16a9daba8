"""The sparse factorization as loops over tables of places, for systems whose unrolled code is too long to compile.

The same operations in the same order as in `source.Factors`.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager

from immunode.program.llvm.source import Factors
from immunode.program.llvm.text import Code, Value


class Tables:
    """Tables of one pattern as constants of a module, and the loops that go through them.

    slot : place of an entry (row, column) among the factors, which take the place of the matrix.
    """

    def __init__(self, factors: Factors) -> None:
        self.factors = factors
        self.slot = {(i, j): place for place, (_, i, j) in enumerate(factors.names)}
        self.first_pivot = sum(len(columns) for columns in factors.lower.values())
        self.first_upper = self.first_pivot + factors.n
        self.constants: list[str] = []
        order, lower, upper = factors.order, factors.lower, factors.upper
        below: dict[int, list[int]] = {k: [] for k in order}
        for i in order:
            for k in lower[i]:
                below[k].append(i)
        self._keep("rows", order)
        self._keep("lower_ends", _running(len(lower[i]) for i in order))
        self._keep("lower_columns", [k for i in order for k in lower[i]])
        self._keep("upper_ends", _running(len(upper[i]) for i in order))
        self._keep("upper_columns", [j for i in order for j in upper[i]])
        self._keep("below_ends", _running(len(below[k]) for k in order))
        self._keep("below_slots", [self.slot[i, k] for k in order for i in below[k]])
        self._keep("targets", [self.slot[i, j] for k in order for i in below[k] for j in upper[k]])

    def _keep(self, name: str, values: Iterable[int]) -> None:
        # an empty table is never read
        numbers = list(values) or [0]
        text = ", ".join(f"i32 {v}" for v in numbers)
        self.constants.append(f"@{name} = internal constant [{len(numbers)} x i32] [{text}]")

    def factorize(self, code: Code, lu: Value, worst: Value) -> None:
        """Turn the matrix J - w at `lu` (one vector a place) into its factors; write the largest |1/pivot|."""
        n, at = self.factors.n, code.integer(0, "l")
        target = code.variable(at)
        most = code.variable(code.number(0.0))
        with code.count_to(n) as k:
            pivot = _place(code, lu, k + self.first_pivot)
            inverse = code.number(-1.0) / code.load("f", pivot, 64)
            code.store(inverse, pivot, 64)
            size, before = code.intrinsic("fabs", inverse), code.load("f", most, 64)
            # the order of the comparison keeps a NaN
            code.store(code.select(code.compare("ole", size, before), before, size), most, 64)
            with self._span(code, "below_ends", k) as i:
                left = _place(code, lu, _entry(code, "below_slots", i))
                factor = code.load("f", left, 64) * inverse
                code.store(factor, left, 64)
                with self._span(code, "upper_ends", k) as j:
                    now = code.load("l", target)
                    place = _place(code, lu, _entry(code, "targets", now))
                    right = code.load("f", _place(code, lu, j + self.first_upper), 64)
                    code.store(code.fused(factor, right, code.load("f", place, 64)), place, 64)
                    code.store(now + 1, target)
        code.store(code.load("f", most, 64), worst, 64)

    def solve(self, code: Code, lu: Value, x: Value) -> None:
        """Replace the right-hand side at `x` by the solution."""
        n = self.factors.n
        with code.count_to(n) as k:
            self._add_row(code, lu, x, k, "lower", 0)
        with code.count_to(n) as passed:
            k = code.integer(n - 1, "l") - passed
            row = self._add_row(code, lu, x, k, "upper", self.first_upper)
            inverse = code.load("f", _place(code, lu, k + self.first_pivot), 64)
            code.store(code.load("f", row, 64) * inverse, row, 64)

    def _add_row(self, code: Code, lu: Value, x: Value, k: Value, side: str, first: int) -> Value:
        row = _place(code, x, _entry(code, "rows", k))
        total = code.variable(code.load("f", row, 64))
        with self._span(code, f"{side}_ends", k) as j:
            other = code.load("f", _place(code, x, _entry(code, f"{side}_columns", j)), 64)
            factor = code.load("f", _place(code, lu, j + first), 64)
            code.store(code.fused(factor, other, code.load("f", total, 64)), total, 64)
        code.store(code.load("f", total, 64), row, 64)
        return row

    def _span(self, code: Code, ends: str, k: Value) -> AbstractContextManager[Value]:
        """Go through the entries of the k-th row of a table."""
        return code.count_to(_entry(code, ends, k + 1), _entry(code, ends, k))


def _running(counts: Iterable[int]) -> list[int]:
    ends = [0]
    for count in counts:
        ends.append(ends[-1] + count)
    return ends


def _entry(code: Code, table: str, index: Value) -> Value:
    where = code.emit("p", f"getelementptr inbounds i32, ptr @{table}, i64 {index.text}")
    narrow = code.emit("l", f"load i32, ptr {where.text}, align 4")
    return code.emit("l", f"zext i32 {narrow.text} to i64")


def _place(code: Code, base: Value, row: Value) -> Value:
    return code.address(base, row * code.width)
