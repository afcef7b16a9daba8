"""What endpoints ask of a solver's steps: courses, conditions, extrema and turns."""

from __future__ import annotations
