"""Endpoints taken from samples; every number depends on its own run only, bit for bit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.study.endpoints import Endpoint
from immunode.study.recorder import Samples, widened

Array = NDArray[np.float64]
Lookup = Callable[[str], Any]


def reduce_samples(one: Endpoint, samples: Samples, constants: Mapping[str, Array]) -> Array:
    """Return an endpoint of every run, shape (n_runs,), for the kinds that look at samples.

    constants : parameters by name, shape (n_runs,), for conditions.
    """
    with np.errstate(all="ignore"):
        if one.kind == "peak":
            return highest(samples, one.subject)[0]
        if one.kind == "time_of_peak":
            return highest(samples, one.subject)[1]
        if one.kind == "trough":
            v = samples.values[one.subject]
            # not min(): which of 0.0 and -0.0 it returns depends on the shape; the first smallest does not
            return np.asarray(v[np.argmin(v, axis=0), np.arange(v.shape[1])])
        from immunode.model.expression import parse

        def lookup(name: str) -> Any:
            return widened(samples.values[name] if name in samples.values else constants[name])

        condition, t = parse(one.subject), widened(np.asarray(samples.t))
        holds = np.broadcast_to(truth(condition, lookup, t), t.shape)
        margin = np.broadcast_to(distance(condition, lookup, t), t.shape)
        found = first_time(t, holds, margin) if one.kind == "time_to" else share(t, holds, margin)
        return found[: samples.t.shape[1]]


def highest(samples: Samples, name: str) -> tuple[Array, Array]:
    """Return the peak and its time, each shape (n_runs,), refined by the parabola through three samples."""
    v, t, runs = samples.values[name], samples.t, np.arange(samples.t.shape[1])
    last = len(v) - 1
    i = np.argmax(v, axis=0)
    left, right = np.maximum(i - 1, 0), np.minimum(i + 1, last)
    value, time = v[i, runs], t[i, runs]
    a, b = t[left, runs] - time, t[right, runs] - time
    f_a, f_b = v[left, runs] - value, v[right, runs] - value
    smooth = (samples.segment[left, runs] == samples.segment[right, runs]) & (a < 0) & (b > 0)
    determinant = a * b * (b - a)
    slope = (f_a * b * b - f_b * a * a) / determinant
    curve = (f_b * a - f_a * b) / determinant
    bent = smooth & (curve < 0) & np.isfinite(slope) & np.isfinite(curve)
    return (
        np.where(bent, value - slope * slope / (4 * curve), value),
        np.where(bent, time - slope / (2 * curve), time),
    )


def first_time(t: Array, holds: NDArray[np.bool_], margin: Array) -> Array:
    """Return when a condition first holds, shape (n_runs,); infinity where it never does."""
    runs = np.arange(t.shape[1])
    i = np.argmax(holds, axis=0)
    left = np.maximum(i - 1, 0)
    start, end = t[left, runs], t[i, runs]
    time = start + (end - start) * crossing(margin[left, runs], margin[i, runs])
    return np.where(holds.any(axis=0), np.where(i == 0, t[0], time), np.inf)


def share(t: Array, holds: NDArray[np.bool_], margin: Array) -> Array:
    """Return the share of time for which a condition holds, shape (n_runs,)."""
    step = np.diff(t, axis=0)
    part = crossing(margin[:-1], margin[1:])
    before, after = holds[:-1], holds[1:]
    held = np.where(before & after, step, np.where(after, step * (1 - part), np.where(before, step * part, 0.0)))
    # a running sum adds in the same order whatever the shape; np.sum does not
    return np.asarray(np.add.accumulate(held, axis=0)[-1] / (t[-1] - t[0]))


def crossing(start: Array, end: Array) -> Array:
    """Return where a straight line from `start` to `end` passes 0, as a part of the way (0 to 1)."""
    part = -start / (end - start)
    return np.asarray(np.clip(np.where(np.isnan(part), 1.0, part), 0.0, 1.0))


_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "pow": np.power,
}
_CALLS: dict[str, Callable[..., Any]] = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "min": lambda *a: np.minimum.reduce(np.broadcast_arrays(*a)),
    "max": lambda *a: np.maximum.reduce(np.broadcast_arrays(*a)),
    "tanh": np.tanh,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "floor": np.floor,
    "ceil": np.ceil,
    "hill": lambda x, k, n: np.maximum(x, 0.0) ** n / (k**n + np.maximum(x, 0.0) ** n),
    "michaelis": lambda x, k: x / (k + x),
}


def evaluate(expression: tuple[Any, ...], lookup: Lookup, t: Any) -> Any:
    """Return the value of an expression. lookup : name -> array or number.   t : time."""
    kind, rest = expression[0], expression[1:]
    if kind == "number":
        return float(rest[0])
    if kind == "name":
        return lookup(rest[0])
    if kind == "time":
        return t
    if kind == "neg":
        return np.negative(evaluate(rest[0], lookup, t))
    if kind in _BINARY:
        return _BINARY[kind](evaluate(rest[0], lookup, t), evaluate(rest[1], lookup, t))
    if kind == "call":
        return _CALLS[rest[0]](*(evaluate(part, lookup, t) for part in rest[1:]))
    if kind == "piecewise":
        value = evaluate(rest[-1], lookup, t)
        for i in range(len(rest) - 3, -1, -2):
            value = np.where(truth(rest[i + 1], lookup, t), evaluate(rest[i], lookup, t), value)
        return value
    return truth(expression, lookup, t)


def truth(condition: tuple[Any, ...], lookup: Lookup, t: Any) -> Any:
    """Return where a condition holds."""
    kind, rest = condition[0], condition[1:]
    if kind == "and":
        return np.logical_and(truth(rest[0], lookup, t), truth(rest[1], lookup, t))
    if kind == "or":
        return np.logical_or(truth(rest[0], lookup, t), truth(rest[1], lookup, t))
    if kind == "not":
        return np.logical_not(truth(rest[0], lookup, t))
    a, b = evaluate(rest[1], lookup, t), evaluate(rest[2], lookup, t)
    compare = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal}
    return compare[rest[0]](a, b)


def distance(condition: tuple[Any, ...], lookup: Lookup, t: Any) -> Any:
    """Return by how much a condition holds: above 0 where it does, in the unit of what is compared."""
    kind, rest = condition[0], condition[1:]
    if kind == "and":
        return np.minimum(distance(rest[0], lookup, t), distance(rest[1], lookup, t))
    if kind == "or":
        return np.maximum(distance(rest[0], lookup, t), distance(rest[1], lookup, t))
    if kind == "not":
        return np.negative(distance(rest[0], lookup, t))
    a, b = evaluate(rest[1], lookup, t), evaluate(rest[2], lookup, t)
    return np.subtract(b, a) if rest[0] in ("<", "<=") else np.subtract(a, b)
