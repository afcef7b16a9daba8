"""Records of individuals: tables as people have them, doses that differ between the runs of one batch."""

from __future__ import annotations
