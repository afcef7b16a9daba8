"""Population estimation: a model with random effects fitted to the records of many individuals."""

from __future__ import annotations
