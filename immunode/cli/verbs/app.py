"""Open the lab in the browser: perturb a model, predict, see, and ask why. Served to this machine only.

With --arm the interventions of that arm are on when the page opens; without, the arms of the model's story
are ready to be opened.
"""

from __future__ import annotations

import webbrowser
from typing import Annotated

import typer

from immunode.cli import completion, options, output


def command(
    name: Annotated[
        str,
        typer.Argument(
            metavar="[NAME]",
            help="A model's name or alias, or a file; without it, the ready scenarios of seven models.",
            autocompletion=completion.models,
        ),
    ] = "",
    arm: options.Arm = None,
    variant: options.Variant = "",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address and open no browser.")] = False,
) -> None:
    """Serve the page until interrupted."""
    # SciPy is loaded here, so that help and completion answer at once
    from immunode.app import lab, server, web_page
    from immunode.cli.studies import request

    for option, given in (("--variant", variant), ("--arm", arm)):
        if given and not name:
            raise output.UsageError(f"{option} goes with a model: immunode app NAME {option} NAME")
    if name:
        asked = request.read_request(name, variant=variant, arms=arm, story=True)
        told = asked.story is not None
        with output.usage():
            on = [] if told else request.read_page_arm(asked.model, list(asked.arms))
            labs = [lab.load_lab(name, asked.variant, on=on, with_story=told)]
    else:
        labs = web_page.scenario_labs()
    try:
        local = server.PageServer(web_page.page(labs), port)
    except server.ServerError as error:
        raise output.UsageError(f"--port: {error}") from None
    output.notes().print(f"the lab is at {local.address} (for this machine only); Ctrl-C ends it")
    if not no_browser:
        webbrowser.open(local.address)
    try:
        local.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        local.server_close()
