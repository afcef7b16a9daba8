"""The shell command `immunode`."""

from __future__ import annotations

import io
import shlex
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code of one call of `immunode`.

    arguments : the words after `immunode`; None takes them from the shell.
    Exit codes: 0 all well, 1 a finding or a failure, 2 a usage error, 130 interrupted.
    """
    from immunode.cli.app import app
    from immunode.cli.output import remark
    from immunode.errors import ImmunodeError

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower() not in ("utf-8", "utf8"):
            stream.reconfigure(errors="replace")  # a question mark for a Greek letter, not an end in the middle
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        app(args=words, prog_name="immunode", obj=shlex.join(["immunode", *words]))
    except SystemExit as exit_:
        if isinstance(getattr(exit_.__context__, "__cause__", None), KeyboardInterrupt):
            remark("interrupted")
        return exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
    except ImmunodeError as error:
        remark(str(error))
        return getattr(error, "exit_code", 1)
    return 0
