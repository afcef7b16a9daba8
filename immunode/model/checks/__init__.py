"""Whether a declaration holds together: types, numbers, names and units."""

from __future__ import annotations
