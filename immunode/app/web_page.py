"""One self-contained HTML file: models as data and JavaScript, the integrator, the lab around them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import lru_cache
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from immunode.app.lab import Lab, load_lab, make_lab
from immunode.app.picture import shapes
from immunode.errors import ModelError
from immunode.solve.tableaus import RODAS5P
from immunode.study.run.recipe import write_text
from immunode.version import __version__

if TYPE_CHECKING:
    from immunode.model import Model

ENGINE = ("linear.js", "delays.js", "integrator.js", "core.js")
"""What runs in workers as well."""
SCRIPTS = (
    "uplot.js", "elements.js", "levels.js", "stage.js", "marks.js", "curves.js", "timeline.js", "doses.js", "pool.js",
    "panels.js", "class.js", "lab.js",
)  # fmt: skip
MOST_BYTES = 1_200_000


def page(labs: Sequence[Lab]) -> str:
    """Return the HTML of a page with these labs; it holds all it needs and asks the network for nothing.

    Raises
    ------
    ModelError : no lab, or one model twice.
    """
    if not labs:
        raise ModelError("a page needs at least one model")
    ids = [lab.data["id"] for lab in labs]
    if len(set(ids)) < len(ids):
        raise ModelError(f"a page holds each model once, got {', '.join(ids)}")
    shown = [one for lab in labs for one in lab.scenarios]
    shown += [one for one in scenarios() if one["model"] in ids]
    data = {
        "version": __version__,
        "labs": [lab.data for lab in labs],
        "scenarios": shown,
        "shapes": shapes(),
        "strings": json.loads(_static("strings.json")),
        "phrases": json.loads(_static("phrases.json")),
    }
    programs = ",\n".join(f"{{program: {lab.program}, rest: {lab.rest}}}" for lab in labs)
    parts = {
        "TITLE": escape(labs[0].data["heading"] if len(labs) == 1 else "immunode lab"),
        "STYLE": _static("uplot.css") + _static("style.css"),
        "DATA": json_for_script(data),
        "ENGINE": "\n".join(_static(name) for name in ENGINE),
        "TABLEAU": json_for_script(asdict(RODAS5P)),
        "PROGRAMS": programs,
        "SCRIPTS": "\n".join(_static(name) for name in SCRIPTS),
    }
    # in one pass: what is put in is never searched for places of its own
    return re.sub(r"<!--([A-Z]+)-->", lambda place: parts[place[1]], _static("page.html"))


def write_page(model: Model | Sequence[Model], path: str | Path, *, on: Iterable[str] = ()) -> Path:
    """Write the page of a model, or of several, to `path` and return it.

    Parameters
    ----------
    on : Iterable[str]
        names of interventions of the first model that are on when the page opens; without, the arms of the stories are
        ready, and the first that changes most curves is open.

    Raises
    ------
    ModelError
        the page can't run a model: it has none or too many states, or events that fire on states; or it has no
        intervention of a name in `on`.
    """
    models = list(model) if isinstance(model, Sequence) else [model]
    names = list(on)
    labs = [make_lab(one, on=names if one is models[0] else (), with_story=not names) for one in models]
    write_text(Path(path), page(labs))
    return Path(path)


def scenario_labs() -> list[Lab]:
    """Return the labs of all ready scenarios, one a model, in the order of the scenarios."""
    wanted = dict.fromkeys((one["model"], one["variant"]) for one in scenarios())
    return [load_lab(model, variant) for model, variant in wanted]


@lru_cache(maxsize=1)
def _scenarios() -> str:
    return _static("scenarios.json")


def scenarios() -> list[dict[str, Any]]:
    """Return the ready scenarios: id, model, variant, title, story and controls, each text in every language."""
    ready: list[dict[str, Any]] = json.loads(_scenarios())
    return ready


def json_for_script(value: object) -> str:
    """Return JSON that can't end the script element it stands in, nor open a comment there."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _static(name: str) -> str:
    return files("immunode.app").joinpath("static", name).read_text("utf-8")
