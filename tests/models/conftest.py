"""Put this folder on the path, so that the tests can import `behavior` and the hand-written `reference` equations."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
