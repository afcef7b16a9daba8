"""Steady states, their stability and bifurcations, cycles, basins and phase planes."""

from __future__ import annotations
