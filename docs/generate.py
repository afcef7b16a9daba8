"""The whole site as files: what is written by hand, and the pages of models, drugs and public names made from the code.

    python docs/generate.py && mkdocs build --strict -f build/site/mkdocs.yml

`zensical build --strict -f build/site/mkdocs.yml` builds the same tree.
"""

from __future__ import annotations

import ast
import inspect
import io
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from operator import attrgetter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

SITE = ROOT / "build" / "site"

# The site -------------------------------------------------------------------------------------------------------------


def write_site(folder: Path = SITE) -> None:
    """Write `mkdocs.yml` and the folder `docs` with all pages and figures into a folder, which is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    for path, content in {**written(), **pages()}.items():
        _put(folder / "docs" / path, equations_set(content).encode())
    for kind in ("stylesheets", "images"):
        shutil.copytree(ROOT / "docs" / kind, folder / "docs" / kind, dirs_exist_ok=True)
    for shown in sorted((ROOT / "images").glob("*.png")):
        _put(folder / "docs" / "images" / shown.name, shown.read_bytes())
    for path, drawn in figures():
        _put(folder / "docs" / path, drawn)
    _put(folder / "mkdocs.yml", configuration().encode())


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def written() -> dict[str, str]:
    """Return path -> Markdown of every page that is written by hand."""
    docs = ROOT / "docs"
    found = sorted(page for page in docs.rglob("*.md") if page.parent.name != "paper")
    return {page.relative_to(docs).as_posix(): page.read_text(encoding="utf-8") for page in found}


def configuration() -> str:
    """Return the configuration of the site, with the generated pages in its navigation."""
    from immunode.catalogue import list_models

    parts = {
        "Models": ["models/index.md", *(f"{entry.name}: models/{entry.name}.md" for entry in list_models())],
        "Drugs": ["drugs/index.md", *(f"{name}: drugs/{name}.md" for name in sorted(library()))],
        "Reference": ["api/index.md", *(f"{title}: api/{slug(title)}.md" for title, _ in groups())],
    }
    lists = {
        title: "\n".join([f"  - {title}:", *(f"      - {page}" for page in made)]) for title, made in parts.items()
    }
    text = (ROOT / "docs" / "mkdocs.yml").read_text(encoding="utf-8").rstrip("\n")
    text = text.replace("  - How to:\n", f"{lists['Models']}\n{lists['Drugs']}\n  - How to:\n")
    return text.replace("  - About:\n", f"{lists['Reference']}\n  - About:\n") + "\n"


def equations_set(markdown: str) -> str:
    """Return a page with its equations as MathML, which browsers draw by themselves."""
    return re.sub(r"\$\$\n(.*?)\n\$\$", lambda found: mathml(found[1]), markdown, flags=re.DOTALL)


def mathml(latex: str) -> str:
    """Return an equation in LaTeX as a block of MathML."""
    from latex2mathml.converter import convert

    # parentheses grow with what they hold
    made = convert(latex, display="block").replace(' stretchy="false"', "")
    return f'<div class="equation">{made}</div>'


def pages() -> dict[str, str]:
    """Return path -> Markdown of every generated page."""
    from immunode.catalogue import list_models

    entries = list_models()
    made = {"models/index.md": models_index(), "api/index.md": api_index()}
    made |= {f"models/{entry.name}.md": model_page(entry) for entry in entries}
    made |= {"drugs/index.md": drugs_index()} | {f"drugs/{name}.md": drug_page(one) for name, one in library().items()}
    return made | {f"api/{slug(title)}.md": api_page(title, names) for title, names in groups()}


def slug(title: str) -> str:
    """Return a title as part of a path."""
    return re.sub(r"\W+", "_", title.lower()).strip("_")


# Models ---------------------------------------------------------------------------------------------------------------


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
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from immunode.catalogue import list_models, load_model
    from immunode.plot import diagram
    from immunode.study.stories import run_story, with_story_variant

    for entry in list_models():
        model = load_model(entry.name, "")
        yield f"models/figures/{entry.name}.png", _png(run_story(model, engine="auto").plot())
        yield f"models/figures/{entry.name}_diagram.png", _png(diagram(with_story_variant(model)))
        plt.close("all")
    for name, one in library().items():
        yield f"drugs/figures/{name}.png", _png(drug_figure(one))
        plt.close("all")


def _png(figure: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()


# Drugs ----------------------------------------------------------------------------------------------------------------


def library() -> Mapping[str, Any]:
    """Return the drugs of the library by name."""
    from immunode.intervention import LIBRARY

    return LIBRARY


def drugs_index() -> str:
    """Return the page that lists all drugs by target."""
    from immunode.treatments import list_drugs

    lines = [
        "# Drugs",
        "",
        "Published pharmacokinetics with the differences between patients, each number with its source: what",
        "`im.drug(name)` gives, and `immunode drugs` lists. Regimens are those of labels, from memory. What a drug",
        "does to a model is stated where it is used, with a source. None of this is [medical advice](../limits.md).",
        "",
        "| drug | class | target | | usual regimen |",
        "|---|---|---|---|---|",
    ]
    for one in list_drugs():
        cells = (one.klass, one.target, one.about, one.regimen)
        lines.append(f"| [`{one.name}`]({one.name}.md) | " + " | ".join(map(prose, cells)) + " |")
    return "\n".join(lines) + "\n"


def drug_page(one: Any) -> str:
    """Return the page of one drug: about it, how to try it, then its tables."""
    from immunode.intervention.drugs.tables import drug_facts, drug_tables
    from immunode.model import markdown

    facts = drug_facts(one)
    said = dict(facts)
    several = {word: [text for other, text in facts if other == word] for word in ("warning", "left out")}
    does = said["does"][:1].upper() + said["does"][1:]
    about = f"Class: {said['class']}; target: {said['target']}."
    parts = [f"# {one.name}", f"**{markdown.plain(does)}.** {markdown.plain(about)}"]
    shown = "5 to 95 % of 500 patients at the reference covariates" if one.variability else "the typical patient"
    parts += [f"![{one.name}: concentration under usual doses](figures/{one.name}.png){{ .figure }}"]
    parts += [f"*{markdown.plain(f'Concentration under {usual(one).regimen}: {shown}.')}*"]
    for word, title in (("warning", "Before you trust it"), ("left out", "What is left out")):
        if several[word]:
            parts += [f"## {title}", "\n".join(f"- {markdown.plain(text)}" for text in several[word])]
    rows = [(word, text) for word, text in facts if word in ("given", "typical", "studied in", "half-life", "source")]
    parts += ["## The typical patient", markdown.table(("", ""), rows), "## Try it", _try_drug(one)]
    for table in drug_tables(one):
        parts += [f"## {table.heading}", markdown.table(table.columns, table.rows)]
    return "\n\n".join(parts) + "\n"


def drug_figure(one: Any, patients: int = 500) -> Any:
    """Return the concentration of a drug under its usual doses: quantiles of patients, or the typical one alone."""
    from immunode.intervention import perturb
    from immunode.study import simulate, sweep

    given = usual(one)
    span = _span(given)
    model = perturb(_body(one.pk.time, span), given)
    quantity, title = f"{one.name}.C", f"{one.name}, {given.regimen}"
    if not one.variability:
        return simulate(model).plot(quantity, title=title)
    ends = given.regimen.to_table(until=f"{span} {one.pk.time}", time_unit=one.pk.time, weight=given.weight)
    ends = [
        row.TIME + k * row.II + after
        for row in ends.fillna(0).itertuples()
        for k in range(int(row.ADDL) + 1)
        for after in (0.0, row.DUR)
    ]
    times = sorted({*(span * i / 800 for i in range(801)), *(time for time in ends if time <= span)})
    out = sweep(model, patients=patients, seed=1, times=times, keep=[quantity], endpoints=[f"final({quantity})"])
    return out.plot.bands(title=title)


def _body(time_unit: str, horizon: float) -> Any:
    """Return a model of nobody in particular, in which a drug comes and goes."""
    from immunode.model import Model, Parameter, Process, State

    return Model(
        name="body",
        title="A body",
        time_unit=time_unit,
        horizon=horizon,
        states=[State("x", 1.0)],
        parameters=[Parameter("k", 0.0, f"1/{time_unit}", source="assumed: nothing happens")],
        processes=[Process("nothing", "x ->", "k*x")],
    )


def _span(given: Any) -> float:
    """Return how long the figure of a drug is, in its time: five half-lives, three to twelve intervals."""
    from immunode.intervention.times import DAYS, size

    def length(time: Any) -> float:
        number, unit = size(time)
        return float(number * DAYS[unit or given.pk.time] / DAYS[given.pk.time])

    last = given.regimen.blocks[-1]
    half_life = given.pk.half_life if given.pk.CL else 0.0
    begin = max(
        (length(time) for block in given.regimen.blocks for time in (*block.at, block.start or 0.0)), default=0.0
    )
    every = length(last.ii) if last.ii is not None else half_life or 24.0
    return begin + min(max(3 * every, 5 * half_life), 12 * every)


def usual(one: Any) -> Any:
    """Return a drug given as usual, to a patient of 70 kg where its source tells no weight."""
    from immunode.errors import DoseError

    try:
        return one.usual()
    except DoseError:
        return one.usual(weight=70)


def _try_drug(one: Any) -> str:
    given = usual(one)
    typical = given.weight in (None, one.weight, *(c.reference for c in one.pk.covariates if c.name == "weight"))
    dose = ".usual()" if typical else ".usual(weight=70)"
    python = f'import immunode as im\n\ngiven = im.drug("{one.name}"){dose}\nprint(given)'
    return f"```sh\nimmunode show {one.name}\n```\n\n```python\n{python}\n```"


# Reference ------------------------------------------------------------------------------------------------------------


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
    text = str(found).replace("'", "").replace("<factory>", "...")
    if len(name + text) <= 100:
        return name + text
    result = "" if found.return_annotation is inspect.Signature.empty else f" -> {found.return_annotation}"
    rows, star = [], False
    for parameter in found.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not star:
            rows.append("*")
            star = True
        rows.append(str(parameter).replace("'", "") if parameter.default is parameter.empty else _default(parameter))
        star = star or parameter.kind is parameter.VAR_POSITIONAL
    return f"{name}(\n" + "".join(f"    {row},\n" for row in rows) + f"){result}".replace("'", "")


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


_SECTION = re.compile(r"(?m)^([A-Z][A-Za-z ]+)\n-{3,}\n")
_PROSE = ("Notes", "References", "Examples", "See Also", "Warnings")
_ENTRY = re.compile(r"([\w*][\w*,. ]{0,40}?) : (.+)")


def docstring(text: str) -> str:
    """Return a docstring as Markdown: paragraphs, and a list of definitions for each section of numpydoc.

    What is named "name : meaning" outside of sections, on a line of its own or after others, is a list as well.
    """
    first, *rest = _SECTION.split(text)
    parts = [_described(first, every=False)]
    for title, body in zip(rest[::2], rest[1::2], strict=True):
        parts += [f"**{title}**", _described(body, every=title not in _PROSE)]
    return "\n\n".join(part for part in parts if part)


def _described(text: str, *, every: bool) -> str:
    """Return text as Markdown in which entries are definitions. every : a line that is not indented is always one."""
    lines: list[str] = []
    source = text.strip("\n").split("\n")
    while source:
        line = source.pop(0)
        entry = _ENTRY.fullmatch(line)
        if not line.strip() or line.startswith(" ") or not (entry or every):
            lines.append(line if line.startswith("    ") else prose(line))
            continue
        body = []
        while source and source[0].startswith("    "):
            body.append(source.pop(0).strip())
        lines += ["", *_definitions(line, " ".join(body))]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _definitions(head: str, body: str) -> Iterator[str]:
    """Yield the lines of one entry, or of several that share a line.

    In numpydoc a type follows the name, and the meaning is a sentence below; else the meaning follows the name.
    """
    name, _, said = head.partition(" : ")
    if body[:1].isupper() and not said.endswith("."):
        yield from (f"`{name}`" + (f" : {prose(said)}" if said else ""), f":   {prose(body)}", "")
        return
    for one in re.split(r"\s{2,}(?=[\w*]+ : )", f"{head} {body}".rstrip()):
        name, _, meaning = one.partition(" : ")
        yield from (f"`{name}`", f":   {prose(meaning)}", "")


def prose(text: str) -> str:
    """Return plain text in which Markdown reads only what stands between backticks."""
    pieces = re.split(r"(`[^`]+`)", text)
    return "".join(p if p.startswith("`") and len(p) > 1 else _marked(p) for p in pieces)


def _marked(text: str) -> str:
    """Return text in which Markdown reads nothing; an entity for what would begin raw HTML."""
    return re.sub(r"([*_\[\]|$])", r"\\\1", text.replace("<", "&lt;"))


if __name__ == "__main__":
    write_site(Path(sys.argv[1]) if len(sys.argv) > 1 else SITE)
