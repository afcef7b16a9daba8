"""Fixed and random effects of a population model, from its declaration."""

from __future__ import annotations
