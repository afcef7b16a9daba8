"""The reference: the public names by subject, each with its signature and its docstring."""

from __future__ import annotations

import inspect
import re
from operator import attrgetter
from pathlib import Path
from typing import Any

from site_pages.text import docstring, prose, slug

ROOT = Path(__file__).resolve().parents[2]


def groups() -> list[tuple[str, list[str]]]:
    """Return the public names under headings: those of the root as `__init__.pyi` groups them, then each submodule."""
    import immunode

    text = (ROOT / "immunode" / "__init__.pyi").read_text(encoding="utf-8")
    block = text[text.index("__all__ = [") : text.index("]  # fmt: skip")]
    grouped: list[tuple[str, list[str]]] = []
    for line in block.splitlines()[1:]:
        if line.strip().startswith("#"):
            title = line.strip("# ")
            grouped.append((title[:1].upper() + title[1:], []))
        else:
            grouped[-1][1].extend(name for name in re.findall(r'"(\w+)"', line) if name != "__version__")
    _, parts = grouped.pop()  # the last heading is that of the submodules
    return [
        *grouped,
        *((f"im.{part}", [f"{part}.{name}" for name in getattr(immunode, part).__all__]) for part in parts),
    ]


def api_index() -> str:
    """Return the page that lists every public name with the first line of its docstring."""
    lines = ["# Reference", "", "Everything is reached as `import immunode as im`, then `im.name` or `im.part.name`."]
    for title, names in groups():
        lines += ["", f"## {title}", ""]
        if title.startswith("im."):
            lines += [prose(_summary(public(title.removeprefix("im.")))), ""]
        lines += ["| | |", "|---|---|"]
        for name in names:
            link = f"[`{name}`]({slug(title)}.md#{name.lower()})"
            lines.append(f"| {link} | {prose(_summary(public(name))).replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"


def api_page(title: str, names: list[str]) -> str:
    """Return the page of one group of public names."""
    return "\n\n".join([f"# {title}", *(_entry(name) for name in names)]) + "\n"


def public(name: str) -> Any:
    """Return the public object `name`, such as "sweep" or "plot.save"."""
    import immunode

    return attrgetter(name)(immunode)


def _documentation(thing: Any) -> str:
    """Return the docstring of a function, class or module; of a constant nothing, not that of its type."""
    return (inspect.getdoc(thing) or "") if hasattr(thing, "__name__") else ""


def _summary(thing: Any) -> str:
    return _documentation(thing).partition("\n\n")[0].replace("\n", " ")


def _entry(name: str) -> str:
    thing = public(name)
    attribute = f" {{ #{name.lower()} }}"
    parts = [f"## {name}{attribute}", f"```text\n{signature(name, thing)}\n```", docstring(_documentation(thing))]
    if inspect.isclass(thing) and not issubclass(thing, Exception):
        for member, value in members(thing):
            parts.append(f'<div class="doc-member" markdown>\n\n`{member}`\n\n{docstring(value)}\n\n</div>')
    return "\n\n".join(parts)


def signature(name: str, thing: Any) -> str:
    """Return `name(...)` as it is called, one parameter a line where it is long."""
    try:
        found = inspect.signature(thing)
    except (TypeError, ValueError):
        return name
    text = _plain(str(found).replace("<factory>", "..."))
    if len(name + text) <= 100:
        return name + text
    result = "" if found.return_annotation is inspect.Signature.empty else f" -> {found.return_annotation}"
    rows, star = [], False
    for parameter in found.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not star:
            rows.append("*")
            star = True
        rows.append(str(parameter) if parameter.default is parameter.empty else _default(parameter))
        star = star or parameter.kind is parameter.VAR_POSITIONAL
    return f"{name}(\n" + "".join(f"    {_plain(row)},\n" for row in rows) + _plain(f"){result}")


def _plain(text: str) -> str:
    """Return a signature without the quotation marks around its types; those of its defaults stay."""
    return re.sub(r"= '([^']*)'", r'= "\1"', text).replace("'", "")


def _default(parameter: inspect.Parameter) -> str:
    kind = "" if parameter.annotation is parameter.empty else f": {parameter.annotation}"
    value = "..." if "factory" in repr(parameter.default) else repr(parameter.default)
    return f"{parameter.name}{kind} = {value}"


def members(thing: type) -> list[tuple[str, str]]:
    """Return signature and docstring of the public methods and properties that a class defines."""
    made = []
    for name, value in vars(thing).items():
        function = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
        if name.startswith("_") or not inspect.isfunction(function) or not function.__doc__:
            continue
        text = "" if isinstance(value, property) else str(inspect.signature(function)).replace("'", "")
        text = re.sub(r"\((self|cls)(, )?", "(", text)
        made.append((name + text, inspect.cleandoc(function.__doc__)))
    return made
