"""The language of rates: expressions as tuples, the parser that makes them, units, and the evaluator."""

from __future__ import annotations
