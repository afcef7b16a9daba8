"""Doses and when they are given: records, their text, and event tables."""

from __future__ import annotations
