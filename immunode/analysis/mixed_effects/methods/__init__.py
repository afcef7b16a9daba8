"""The searches for the best point of a population model."""

from __future__ import annotations
