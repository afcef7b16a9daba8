"""The pages of models: an index by system, and for each its sheet with two figures."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from site_pages.pictures import png
from site_pages.text import prose


def models_index() -> str:
    """Return the page that lists all models by system."""
    from immunode.catalogue import list_models

    lines = [
        "# Models",
        "",
        "Each page is made from the model's file: equations, numbers with their sources, interventions, a figure, and",
        "what differs from the paper. *Published* models follow a paper; those called *ours* take values from",
        "publications and call everything else assumed. None of them is [medical advice](../limits.md).",
    ]
    by_system: dict[str, list[Any]] = {}
    for entry in list_models():
        by_system.setdefault(entry.system, []).append(entry)
    for system in sorted(by_system):
        lines += ["", f"## {system[:1].upper()}{system[1:]}", "", "| model | | status | states | also known as |"]
        lines += ["|---|---|---|---|---|"]
        for entry in by_system[system]:
            also = ", ".join(f"`{alias}`" for alias, _ in entry.aliases)
            link = f"[`{entry.name}`]({entry.name}.md)"
            lines.append(f"| {link} | {prose(entry.title)} | {entry.status} | {entry.n_states} | {also} |")
    return "\n".join(lines) + "\n"


def model_page(entry: Any) -> str:
    """Return the page of one model: about it, a figure, how to try it, then its whole sheet."""
    from immunode.catalogue import load_model
    from immunode.exchange.sheets import sheet

    model = load_model(entry.name, "")
    title, _, rest = sheet(model).partition("\n\n")
    facts, _, tables = rest.partition("\n\n")
    about = ast.get_docstring(ast.parse(entry.path.read_text(encoding="utf-8"))) or ""
    first, _, more = about.partition("\n\n")
    names = ", ".join(f"`{alias}`" for alias, _ in entry.aliases)
    facts = re.sub(r"doi:(10\.[^\s;]+?)(?=[.;]?(?:\s|$))", r"[doi:\1](https://doi.org/\1)", facts.replace("\\_", "_"))
    parts = [title, f"**{prose(first)}**", facts + (f" Also known as {names}." if names else "")]
    parts += [f"![{prose(model.title)}: time courses](figures/{entry.name}.png){{ .figure }}", f"*{caption(model)}*"]
    parts += [f"![{prose(model.title)}: states and fluxes](figures/{entry.name}_diagram.png){{ .figure }}"]
    parts += ["## What it is, and what differs from the paper", prose(more or first), "## Try it", _try(entry, model)]
    return "\n\n".join([*parts, tables])


def _try(entry: Any, model: Any) -> str:
    shell = f"immunode run {entry.name} -o out\nimmunode show {entry.name}"
    code = [f'model = im.load_model("{entry.name}", "")', "runs = im.teaching.run_story(model)", "runs.plot()"]
    python = "\n".join(["import immunode as im", "", *code])
    copy = f"`immunode new mine.py --like {entry.name}` makes a copy of it to change."
    return f"```sh\n{shell}\n```\n\n```python\n{python}\n```\n\n{copy}"


def caption(model: Any) -> str:
    """Return what the figure of a model's story shows."""
    story = model.story
    given = [f"{prose(name)} (`{text}`)" if text and text != name else prose(name) for name, text in story.arms]
    told = f"{prose(story.sentence)} Arms: {', '.join(given)}."
    return told + (f" Variant `{story.variant}`." if story.variant else "")


def figures() -> Iterator[tuple[str, bytes]]:
    """Yield path and PNG of every model's default figure and of its diagram."""
    from immunode.catalogue import list_models, load_model
    from immunode.plot import diagram
    from immunode.study.stories import run_story, with_story_variant

    for entry in list_models():
        model = load_model(entry.name, "")
        yield f"models/figures/{entry.name}.png", png(run_story(model, engine="auto").plot())
        yield f"models/figures/{entry.name}_diagram.png", png(diagram(with_story_variant(model)))
