"""Which values every run gets: ranges, designs, virtual populations."""

from __future__ import annotations
