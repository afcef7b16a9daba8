"""Blocks of runs in lockstep, in NumPy alone."""

from __future__ import annotations
