"""The page that sets all models beside the trials that they declare: `python docs/validation_page.py` writes it anew.

It is kept as a file, since it takes the runs of thousands of patients. Each section has the key of what its model
declares; those whose model did not change are kept, and `python docs/validation_page.py --all` makes all of them again.
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

HEAD = """# Models beside trials

What published trials reported, and what the models give for trials of the same size. Each model draws its declared
population and gives it the arms of the trial; replicate trials of the published size give the interval, with the
errors of measurement that the model declares. Numbers that helped to make a model test nothing: they are shown and not
counted. Nothing is tuned to make a line of this page look better, and what does not agree says what the model is not
to be asked.

Verdicts: *inside*, the published value lies in the middle 95 % of replicate trials; *near*, it does not, but its own
95 % interval overlaps them, or, where none is published, it lies within half their width of them; *off*, neither.

`immunode validate NAME` prints the same for one model, `immunode validate --all` for all; see
[who the patients are](howto/patients.md) for how a model declares them.
"""


def page(kept: str = "") -> str:
    """Return the page in Markdown. kept : an earlier page, whose sections stay where their model is the same."""
    from immunode.catalogue import list_models, load_model

    models = [load_model(entry.name) for entry in list_models()]
    declaring = [model for model in models if model.trials]
    without = [f"[`{model.name}`](models/{model.name}.md)" for model in models if not model.trials]
    earlier = sections(kept)
    parts = [HEAD.strip(), *(earlier.get(key(model)) or remade(model) for model in declaring)]
    parts += ["## Models without trials", f"These declare no published trials yet: {', '.join(without)}."]
    return "\n\n".join(parts) + "\n"


def key(model: Any) -> str:
    """Return what names a section: the model, and a hash of all that it declares."""
    return f"{model.name} {hashlib.sha256(model.to_json().encode()).hexdigest()[:12]}"


def sections(page: str) -> dict[str, str]:
    """Return key -> section of a page."""
    found = re.split(r"\n\n(?=<!-- [\w.]+ [0-9a-f]{12} -->\n)|\n\n(?=## Models without trials)", page)
    return {part[5 : part.index(" -->")]: part.rstrip("\n") for part in found if part.startswith("<!-- ")}


def remade(model: Any) -> str:
    """Return the section of a model, from runs of its patients in all arms of its trials."""
    from immunode.analysis.trials.validation import validate

    first, *rest = section(model, validate(model))
    return "\n\n".join([f"<!-- {key(model)} -->\n{first}", *rest])


def section(model: Any, validation: Any) -> list[str]:
    """Return the paragraphs about one model: how far it agrees in words, then every number."""
    from immunode.model import markdown

    counts = validation.counts()
    told = (
        f"[`{model.name}`](models/{model.name}.md): of {len(validation.tests)} numbers that test it, "
        f"{counts['inside']} lie inside what it gives, {counts['near']} near, {counts['off']} off."
    )
    parts = [f"## {markdown.plain(model.title)}", told]
    for verdict, words in (("inside", "It agrees on"), ("near", "It comes near"), ("off", "It does not agree on")):
        listed = [sentence(one) for one in validation.tests if one.verdict == verdict]
        if listed:
            parts.append("\n".join([f"**{words}**", "", *(f"- {markdown.plain(text)}" for text in listed)]))
    made = [sentence(one) for one in validation.verdicts if one.result.used]
    if made:
        parts.append("\n".join(["**Not counted, since it made the model**", "",
                                *(f"- {markdown.plain(text)}" for text in made)]))  # fmt: skip
    about = [
        "; ".join(
            part for part in (trial.name, trial.doi, trial.only and f"patients with {trial.only}", trial.note) if part
        )
        for trial in validation.trials
    ]
    return [*parts, "\n".join(["**Trials**", "", *(f"- {markdown.plain(text)}" for text in about)])]


def sentence(one: Any) -> str:
    """Return one published number and that of the model in words; shares in percent."""
    result = one.result
    percent = result.statistic == "share" and result.compared != "ratio"
    factor, unit = (100.0, "%") if percent else (1.0, one.unit.replace("percent", "%"))

    def said(value: float, ends: tuple[float, float] | None) -> str:
        shown = f"{factor * value:.3g}"
        return shown + (f" ({factor * ends[0]:.3g} to {factor * ends[1]:.3g})" if ends else "")

    versus = f" against {result.versus}" if result.versus else ""
    memory = "; quoted from memory" if result.seen == "memory" else ""
    return (
        f"{one.trial}, {result.arm}{versus}: {one.words}: published {said(result.value, result.interval)}, "
        f"model {said(one.model, (one.low, one.high))}{' ' + unit if unit else ''}{memory}"
    )


if __name__ == "__main__":
    file = ROOT / "docs" / "validation.md"
    earlier = "" if "--all" in sys.argv[1:] else file.read_text(encoding="utf-8")
    file.write_text(page(earlier), encoding="utf-8")
