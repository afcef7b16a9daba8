"""A model as a picture."""

from __future__ import annotations
