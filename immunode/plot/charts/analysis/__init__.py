"""Charts of analyses, a file for each kind."""

from __future__ import annotations
