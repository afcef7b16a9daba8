"""What all tests share: figures need no display, the cache and its key are this run's own, and Ctrl-C is heard."""

from __future__ import annotations

import os
import signal
import tempfile

if "PYTEST_XDIST_WORKER" not in os.environ:  # the processes of one run share the folder of the first
    _CACHE = tempfile.TemporaryDirectory(prefix="immunode-tests-", ignore_cleanup_errors=True)
    os.environ["IMMUNODE_CACHE"] = _CACHE.name
    os.environ["XDG_CONFIG_HOME"] = os.path.join(_CACHE.name, "config")  # where the key of the cache is made
os.environ["MPLBACKEND"] = "Agg"
# a shell lets what it starts in the background ignore Ctrl-C, and so do all children of that
signal.signal(signal.SIGINT, signal.default_int_handler)
