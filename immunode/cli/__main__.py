"""`python -m immunode.cli` is `immunode`."""

from __future__ import annotations

import sys

from immunode.cli import main

sys.exit(main())
