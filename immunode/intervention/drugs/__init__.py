"""Drugs: what they do, how they are dosed, and the library of published ones."""

from __future__ import annotations
