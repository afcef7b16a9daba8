"""`llms.txt` and `llms-full.txt`: the documentation as programs that write text read it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping

from immunode.catalogue import list_models
from site_pages import reference

WHAT = "Published ODE models of the immune system; every treatment is a perturbation of a model's parameters over time."
_PARTS = {"Start": "start/", "Concepts": "concepts/", "How to": "howto/"}
_FULL = ("start/", "concepts/", "howto/")


def index(pages: Mapping[str, str]) -> str:
    """Return `llms.txt`: what the package is, and each page with its first sentence. pages : path -> Markdown."""
    lines = [
        "# immunode",
        "",
        f"> {WHAT}",
        "",
        "Numbers are a model's, not medical advice. `llms-full.txt` has the text.",
    ]
    for title, folder in _PARTS.items():
        lines += ["", f"## {title}", ""]
        lines += [
            f"- [{_title(text)}]({path}): {_first(text)}" for path, text in pages.items() if path.startswith(folder)
        ]
    lines += ["", "## Models", ""]
    lines += [f"- [{one.name}](models/{one.name}.md): {one.title} ({one.system})" for one in list_models()]
    return "\n".join([*lines, ""])


def whole(pages: Mapping[str, str]) -> str:
    """Return `llms-full.txt`: the pages written by hand, the models in a line each, and the public names."""
    parts = ["# immunode", WHAT]
    parts += [f"<!-- {path} -->\n{_plain(text)}" for path, text in pages.items() if path.startswith(_FULL)]
    rows = [f"- {m.name}: {m.title}; {m.system}; {m.status}; {m.species or 'no species'}" for m in list_models()]
    parts.append("# Models\n\n" + "\n".join(rows))
    for title, names in reference.groups():
        parts.append(f"# {title}\n\n" + "\n".join(_named(name) for name in names))
    return "\n\n".join(parts) + "\n"


def _title(text: str) -> str:
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return found[1] if found else ""


def _first(text: str) -> str:
    """Return the first sentence below the title."""
    for block in re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE).split("\n\n"):
        line = " ".join(block.split())
        if line and not line.startswith(("#", "```", "|", "-", "!", "<")):
            return re.split(r"(?<=[.:])\s", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", line))[0]
    return ""


def _plain(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"!\[[^]]*\]\([^)]*\)\n?", "", text)).strip()


def _named(name: str) -> str:
    """Return a public name with its parameters and the first line of what it does."""
    thing = reference.public(name)
    if not callable(thing) and not inspect.ismodule(thing):
        return f"- `{name}`"  # what it says of itself is its class's
    said = (inspect.getdoc(thing) or "").partition("\n\n")[0]
    asked = reference.signature(name, thing) if callable(thing) else name
    return f"- `{' '.join(asked.split())}`: {' '.join(said.split())}"
