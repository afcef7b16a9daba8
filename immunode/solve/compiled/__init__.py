"""Vector code made for each model and method."""

from __future__ import annotations
