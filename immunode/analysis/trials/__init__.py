"""Sweeps read as trials, and populations weighted to match real ones."""

from __future__ import annotations
