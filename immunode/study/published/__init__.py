"""Numbers of published trials that belong onto figures."""

from __future__ import annotations
