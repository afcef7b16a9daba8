"""The shell command `immunode`."""

from __future__ import annotations

import io
import shlex
import sys
from collections.abc import Sequence

from immunode.cli.output import remark
from immunode.errors import ImmunodeError


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code of one call of `immunode`; without arguments, print the help.

    Exit codes: 0 all well, 1 a finding or a failure, 2 a usage error, 130 interrupted.

    Parameters
    ----------
    arguments : Sequence[str] | None
        the words after `immunode`; None takes them from the shell.
    """
    from immunode.cli.group import ClickException, app  # loads typer, which `import immunode.cli` can do without

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower() not in ("utf-8", "utf8"):
            stream.reconfigure(errors="replace")  # a question mark for a Greek letter, not an end in the middle
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        typed = shlex.join(["immunode", *words])
        code = app(args=words or ["--help"], prog_name="immunode", obj=typed, standalone_mode=False)
    except SystemExit as exit_:
        code = exit_.code
    except ClickException as error:
        remark(error.format_message())
        code = error.exit_code
    except ImmunodeError as error:
        remark(str(error))
        code = getattr(error, "exit_code", 1)
    return code if isinstance(code, int) else int(code is not None)
