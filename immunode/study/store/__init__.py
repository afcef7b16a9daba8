"""Sweeps on disk or in a bucket: written block by block, checked when they are read."""

from __future__ import annotations
