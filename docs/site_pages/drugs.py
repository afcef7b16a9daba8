"""The pages of drugs: an index by target, and for each its tables with a figure of its concentration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from site_pages.pictures import png
from site_pages.text import prose


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
    ends = given.regimen.to_table(
        until=f"{span} {one.pk.time}", time_unit=one.pk.time, weight=given.weight, BSA=given.area
    )
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
    given = one.usual()
    return one.usual(weight=70) if given.regimen.by_weight and given.weight is None else given


def _try_drug(one: Any) -> str:
    given = usual(one)
    typical = given.weight in (None, one.weight, *(c.reference for c in one.pk.covariates if c.name == "weight"))
    dose = ".usual()" if typical else ".usual(weight=70)"
    python = f'import immunode as im\n\ngiven = im.drug("{one.name}"){dose}\nprint(given)'
    return f"```sh\nimmunode show {one.name}\n```\n\n```python\n{python}\n```"


def figures() -> Iterator[tuple[str, bytes]]:
    """Yield path and PNG of every drug's concentration."""
    for name, one in library().items():
        yield f"drugs/figures/{name}.png", png(drug_figure(one))
