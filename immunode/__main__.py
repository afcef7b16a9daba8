"""`python -m immunode` is the command `immunode`, also where the folder of scripts is not on the path."""

from __future__ import annotations

import sys

from immunode.cli import main

sys.exit(main())
