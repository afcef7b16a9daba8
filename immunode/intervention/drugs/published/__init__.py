"""The drugs of the library, a file for each kind of target; every number with its source."""

from __future__ import annotations
