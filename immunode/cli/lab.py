"""`immunode app [MODEL]`: the lab in one page, served to this machine alone."""

from __future__ import annotations

import webbrowser

from immunode.cli import output


def lab(name: str, *, variant: str, port: int, browse: bool) -> int:
    """Serve the page until interrupted; return the exit code."""
    from immunode.app.lab import load_lab
    from immunode.app.server import PageServer, ServerError
    from immunode.app.web_page import page, scenario_labs

    if variant and not name:
        raise output.UsageError("--variant goes with a model: immunode app NAME --variant NAME")
    if name:
        output.load(name, variant)
        labs = [load_lab(name, variant)]
    else:
        labs = scenario_labs()
    try:
        server = PageServer(page(labs), port)
    except ServerError as error:
        raise output.UsageError(f"--port: {error}") from None
    output.notes().print(f"the lab is at {server.address} (for this machine only); Ctrl-C ends it")
    if browse:
        webbrowser.open(server.address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
    return 0
