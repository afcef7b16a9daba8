"""Fits to data: problems, searches, profiles, posteriors."""

from __future__ import annotations
