"""What all tests share: figures need no display, and the cache on disk is a folder of this run's own."""

from __future__ import annotations

import os
import tempfile

_CACHE = tempfile.TemporaryDirectory(prefix="immunode-tests-", ignore_cleanup_errors=True)
os.environ["IMMUNODE_CACHE"] = _CACHE.name
os.environ["MPLBACKEND"] = "Agg"
