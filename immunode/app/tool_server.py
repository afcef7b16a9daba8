"""Tools for assistants over the Model Context Protocol: what the shell command can do, read-only, with limits.

Every call is one run of `immunode ... --json` in a process of its own, in an empty folder: so errors are those of the
shell, a call that takes too long is ended whole, and nothing is written but figures into the folder that was named.
Models are asked for by name; no file is opened for an assistant, since a model file in Python is code.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from inspect import signature
from pathlib import Path
from typing import Any

from immunode.errors import EngineError, did_you_mean
from immunode.version import __version__

MOST_RUNS = 5_000
"""Patients or points of one sweep."""
MOST_TEXT = 200_000
"""Characters of one answer."""
MOST_CLASSES = 10
"""Classes of patients that are shown of a model that lists hundreds."""
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\.(png|svg)")
_INSTRUCTIONS = """Published ODE models of the immune system; every treatment is a perturbation of a model's parameters.
Begin with list_models, then show_model: it names the arms, parameters with units and sources, and read-outs. simulate
runs one patient, sweep many; validate sets a model beside published trials. Numbers are a model's, not medical advice:
tell the user what `status` and `evidence` say, and name the reference."""


class ToolError(Exception):
    """What was asked can't be done; the message is that of the shell command."""


@dataclass(frozen=True)
class Desk:
    """Runs commands for an assistant.

    Attributes
    ----------
    folder : Path | None
        where figures are kept; None keeps none.
    seconds : float
        longest time of one call.
    """

    folder: Path | None = None
    seconds: float = 120.0

    def list_models(self, system: str = "") -> list[dict[str, Any]]:
        """List the models: name, title, system, status, aliases. system : only those whose system holds this text."""
        found: list[dict[str, Any]] = self._asked(["list"])
        return [one for one in found if system.lower() in str(one.get("system", "")).lower()]

    def list_drugs(self, target: str = "") -> list[dict[str, Any]]:
        """List the drugs of the library. target : only those whose class, target or name holds this text."""
        found: list[dict[str, Any]] = self._asked(["drugs"])
        return [one for one in found if target.lower() in json.dumps(one).lower()]

    def show_model(self, model: str, variant: str = "") -> dict[str, Any]:
        """Show one model: reference, states, parameters with units and sources, equations, arms, patients, trials."""

        def shortened(answer: dict[str, Any]) -> dict[str, Any]:
            left = len(answer.get("classes", ())) - MOST_CLASSES
            if left <= 0:
                return answer
            return {**answer, "classes": answer["classes"][:MOST_CLASSES], "classes_left_out": left}

        answer: dict[str, Any] = self._asked(["show", _named(model), *_option("variant", variant)], shortened)
        return answer

    def show_drug(self, drug: str) -> dict[str, Any]:
        """Show one drug of the library: kinetics, variability, usual regimens, warnings, source."""
        answer: dict[str, Any] = self._asked(["show", _named(drug)])
        return answer

    def simulate(
        self,
        model: str,
        arms: list[str] | None = None,
        until: str = "",
        settings: dict[str, float] | None = None,
        variant: str = "",
        quantities: list[str] | None = None,
    ) -> dict[str, Any]:
        """Simulate one patient in one or several arms: start, end and peak of each quantity, and the recipe.

        arms : "control", the name of an intervention, several joined by +, or "all"; none is the model's story.
        until : "24 weeks", or a number in the model's time unit. settings : parameter, or E(0), -> value.
        """
        words = ["run", _named(model), *_asks(arms, until, settings, variant)]
        answer: dict[str, Any] = self._asked(
            [*words, *(word for name in quantities or [] for word in _option("show", name))]
        )
        return answer

    def sweep(
        self,
        model: str,
        arms: list[str] | None = None,
        endpoints: list[str] | None = None,
        patients: int = 500,
        until: str = "",
        settings: dict[str, float] | None = None,
        variant: str = "",
        seed: int = 0,
    ) -> dict[str, Any]:
        """Run many virtual patients in every arm: quantiles of the endpoints by arm, and the share of failed runs.

        endpoints : such as "at(das28, 24 weeks)", "peak(T)", "auc(T)". patients : at most 5,000, of the population that
        the model declares; where it declares none, sets of its parameters.
        """
        if not 1 <= patients <= MOST_RUNS:
            raise ToolError(
                f"patients must be from 1 to {MOST_RUNS:,}, got {patients:,}; in the shell there may be more"
            )
        words = ["sweep", _named(model), *_asks(arms, until, settings, variant), f"--seed={seed}"]
        words += [word for text in endpoints or [] for word in _option("endpoint", text)]
        declared = self.show_model(model, variant).get("variability")
        answer: dict[str, Any] = self._asked([*words, f"--{'patients' if declared else 'runs'}={patients}"])
        return answer

    def validate(self, model: str, patients: int = 1000, seed: int = 0) -> dict[str, Any]:
        """Set a model beside the published trials that it declares: both numbers with intervals, and verdicts."""
        if not 1 <= patients <= MOST_RUNS:
            raise ToolError(f"patients must be from 1 to {MOST_RUNS:,}, got {patients:,}")
        answer: dict[str, Any] = self._asked(["validate", _named(model), f"--patients={patients}", f"--seed={seed}"])
        return answer

    def figure(
        self,
        model: str,
        file: str,
        kind: str = "",
        arms: list[str] | None = None,
        until: str = "",
        settings: dict[str, float] | None = None,
        variant: str = "",
        style: str = "slide",
    ) -> bytes:
        """Draw a finished figure and keep it in the output folder; its bytes come back.

        file : such as "asthma.png"; .png or .svg. kind : "courses", "heatmap", ...; "" is the model's own.
        """
        if not _FILE.fullmatch(file):
            raise ToolError(f"file must be a plain name such as asthma.png, got {file!r}")
        words = ["figure", _named(model), *_asks(arms, until, settings, variant), f"--style={style}"]
        words += _option("kind", kind)
        with tempfile.TemporaryDirectory() as own:
            made = Path(own) / file
            self._run([*words, f"--out={made}"])
            content = made.read_bytes()
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / file).write_bytes(content)
        return content

    def _asked(self, words: list[str], shortened: Callable[[Any], Any] = lambda answer: answer) -> Any:
        answer = shortened(json.loads(self._run([*words, "--json"])))
        size = len(json.dumps(answer, indent=2))
        if size > MOST_TEXT:
            raise ToolError(
                f"the answer has {size:,} characters, more than {MOST_TEXT:,}; ask for fewer arms or quantities"
            )
        return answer

    def _run(self, words: list[str]) -> str:
        """Return what a command prints. The process gets no terminal, and an empty folder to stand in."""
        command = [sys.executable, "-m", "immunode", *words]
        with tempfile.TemporaryDirectory() as empty:
            try:
                done = subprocess.run(
                    command, cwd=empty, stdin=subprocess.DEVNULL, capture_output=True, timeout=self.seconds, check=False
                )
            except subprocess.TimeoutExpired:
                raise ToolError(
                    f"stopped after {self.seconds:g} s; ask for fewer arms, patients or a shorter time"
                ) from None
        if done.returncode:
            raise ToolError(done.stderr.decode(errors="replace").strip() or f"it ended with code {done.returncode}")
        return done.stdout.decode()


def _named(name: str) -> str:
    if not _WORD.fullmatch(name):
        raise ToolError(f"give the name of a model or drug of the package, a word such as jin2025; got {name!r}")
    return name


def _option(name: str, value: str) -> list[str]:
    return [f"--{name}={value}"] if value else []


def _asks(arms: list[str] | None, until: str, settings: dict[str, float] | None, variant: str) -> list[str]:
    words = [f"--arm={arm}" for arm in arms or []]
    words += [f"--set={name}={value!r}" for name, value in (settings or {}).items()]
    return [*words, *_option("until", until), *_option("variant", variant)]


def serve(folder: Path | None = None, seconds: float = 120.0) -> None:
    """Serve the tools over standard input and output until the other side ends.

    Raises
    ------
    EngineError : the SDK of the protocol is not installed.
    """
    server(Desk(folder, seconds)).run("stdio")


def server(desk: Desk) -> Any:
    """Return the server of the protocol with the tools of a desk.

    Raises
    ------
    EngineError : the SDK of the protocol is not installed.
    """
    try:
        from mcp.server.mcpserver import Image, MCPServer
        from mcp.server.mcpserver.exceptions import ToolError as SaidError
        from mcp.types import ToolAnnotations
    except ImportError:
        raise EngineError("serving tools needs the package mcp; pip install 'immunode[mcp]'") from None

    def told(tool: Callable[..., Any]) -> Callable[..., Any]:
        # of its own kind of error the SDK hands the message on; others it keeps to itself
        @wraps(tool)
        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                return tool(*args, **kwargs)
            except ToolError as error:
                raise SaidError(str(error)) from None

        return call

    def drawn(model: str, file: str, **asked: Any) -> Any:
        content = desk.figure(model, file, **asked)
        kept = f"kept as {desk.folder / file}" if desk.folder is not None else "not kept: there is no output folder"
        return [Image(data=content, format="png"), kept] if file.endswith(".png") else kept

    class Checked(MCPServer):  # type: ignore[type-arg, unused-ignore]
        # the SDK drops arguments that a tool does not have, and a call would mean something else than was asked
        async def call_tool(self, name: str, arguments: dict[str, Any], context: Any = None) -> Any:
            if name in known:
                check_arguments(name, known[name], arguments, SaidError)
            try:
                return await super().call_tool(name, arguments, context)
            except SaidError as error:
                raise SaidError(_in_one_line(name, str(error))) from None

    known: dict[str, tuple[str, ...]] = {}
    made: Any = Checked("immunode", instructions=_INSTRUCTIONS, version=__version__, log_level="ERROR")
    reading = ToolAnnotations(read_only_hint=True, open_world_hint=False)
    tools: tuple[Any, ...] = (desk.list_models, desk.list_drugs, desk.show_model, desk.show_drug)
    for tool in (*tools, desk.simulate, desk.sweep, desk.validate):
        made.tool(annotations=reading)(told(tool))
        known[tool.__name__] = tuple(signature(tool).parameters)
    figure: Any = wraps(desk.figure)(drawn)
    figure.__annotations__ = {**desk.figure.__annotations__, "return": Any}
    figure.__signature__ = signature(desk.figure).replace(return_annotation=Any)
    made.tool(structured_output=False)(told(figure))
    known[desk.figure.__name__] = tuple(signature(desk.figure).parameters)
    return made


def _in_one_line(tool: str, message: str) -> str:
    """Return what the SDK says of an argument of the wrong kind, several lines with an address, as our messages are."""
    found = re.findall(r"^(\S+)\n +(.*?) \[type=", message, re.MULTILINE)
    if "validation error" not in message or not found:
        return message
    return f"{tool}: " + "; ".join(f"'{name}': {said}" for name, said in found)


def check_arguments(tool: str, known: Iterable[str], given: Iterable[str], error: type[Exception] = ToolError) -> None:
    """Refuse arguments that a tool does not have.

    Raises
    ------
    error : with the name that was likely meant, and those that there are.
    """
    known = tuple(known)
    for name in given:
        if name not in known:
            raise error(f"{tool}: unknown argument '{name}'{did_you_mean(name, known)}; it has {', '.join(known)}")
