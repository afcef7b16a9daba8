"""The command `immunode`: it finds its verbs by the files of the folder `verbs`, and imports the one that is called.

A file of that folder is a verb of the same name. Its docstring is the help, whose first line stands in the list of
verbs, and its function `command` declares the arguments and returns the exit code.
"""

from __future__ import annotations

import re
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from immunode.cli import verbs
from immunode.cli.output import remark, say
from immunode.errors import did_you_mean
from immunode.version import __version__

ClickException: Any = typer.BadParameter.__mro__[2]
"""Base of the errors about what was typed; where typer keeps it depends on its version."""

_FIRST_LINE = re.compile(r'\s*"""(.*?)(?:"""|\n)')


class Verbs(TyperGroup):
    """The verbs, read from the folder; listing them imports none."""

    def get_params(self, ctx: Any) -> Any:
        """Return the options of the command itself."""
        return _plain_flags(super().get_params(ctx))

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all verbs."""
        return sorted(found.name.replace("_", "-") for found in iter_modules(verbs.__path__))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a verb with the first line of its help alone, or None."""
        if cmd_name not in self.list_commands(ctx):
            return None
        return Verb(name=cmd_name, help=_first_line(_module_name(cmd_name)))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the name of the verb that was called, its command, and the words for it."""
        name, *rest = args
        if name not in self.list_commands(ctx):
            if not ctx.resilient_parsing:
                ctx.fail(f"no command is called '{name}'{did_you_mean(name, self.list_commands(ctx))}")
            return None, None, rest
        return name, load_verb(name), rest

    def invoke(self, ctx: Any) -> Any:
        """Return the exit code of the verb that was called."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            remark("interrupted")
            return 130


class Verb(TyperCommand):
    """One verb with its arguments."""

    def get_params(self, ctx: Any) -> Any:
        """Return the arguments and options of the verb."""
        return _plain_flags(super().get_params(ctx))


def _plain_flags(params: Any) -> Any:
    """Return the same options, flags that are not given being False: to convert None typer would load pydantic."""
    for option in params:
        if getattr(option, "is_flag", False) and option.default is None:
            option.default = False
    return params


def load_verb(name: str) -> Any:
    """Return the command of a verb, with its arguments: its file is imported."""
    module = import_module(_module_name(name))
    alone = typer.Typer(add_completion=False)
    alone.command(name, cls=Verb, help=module.__doc__)(module.command)
    return get_command(alone)


def _module_name(verb: str) -> str:
    return f"{verbs.__name__}.{verb.replace('-', '_')}"


def _first_line(module: str) -> str:
    """Return the first line of the docstring of a module that is not imported."""
    spec = find_spec(module)
    source = getattr(spec.loader, "get_source", None) if spec is not None else None
    found = _FIRST_LINE.match(source(module) or "") if source is not None else None
    return found[1] if found else ""


def _version(wanted: bool) -> None:
    if wanted:
        say(f"immunode {__version__}")
        raise typer.Exit


app = typer.Typer(
    name="immunode",
    cls=Verbs,
    help="Published immune models, interventions on them, and fast sweeps of virtual patients. Not medical advice.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass
