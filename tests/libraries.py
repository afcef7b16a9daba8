"""Marks for tests of optional libraries, which are looked up and not imported: collecting the tests loads none."""

from __future__ import annotations

from importlib.util import find_spec

import pytest


def needs(*libraries: str) -> pytest.MarkDecorator:
    """Return the mark that skips tests where one of the libraries is not installed."""
    missing = [name for name in libraries if find_spec(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")
