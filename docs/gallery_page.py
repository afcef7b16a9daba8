"""The gallery: every kind of figure on a theory and on a model of patients, each with the lines that make it.

`python docs/generate.py` draws it with the rest of the site. `python docs/gallery_page.py` draws the twelve of the
front page again, as one picture in `images`.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

THEORY, CLINIC = "kuznetsov1994", "ma2020"
FOLDER = "gallery/figures"
SHEET = "images/gallery.png"
"""The twelve in one picture, for README.md."""

QUESTIONS = {
    "courses": "What happens, and what does each treatment change? Without arms, the model's own story.",
    "timeline": "When does each treatment act, and what follows?",
    "diagram": "What is in the model, and what acts on what?",
    "equations": "What does the model say, exactly?",
    "atlas": "What does every intervention do to every read-out?",
    "bands": "How much do patients differ over time? Of a theory: how much does it matter that numbers are uncertain?",
    "endpoints": "How are the numbers that a trial would report distributed in each arm?",
    "waterfall": "Who gains, who loses, and how much? Patients change from their start, parameter sets from control.",
    "time_to_event": "When do patients reach the event? A threshold that the model declares, else a level ahead.",
    "tornado": "Which parameters matter?",
    "heat": "How do the two that matter most act together?",
    "dose_response": "How much is enough?",
    "isobole": "Do two treatments help each other?",
    "why": "By which processes does a treatment do what it does?",
    "phase": "Where does the system go from anywhere? Models of two states.",
    "basins": "Which start ends where? Models of two states.",
    "bifurcation": "At which value of a parameter does the answer change its kind?",
    "work_precision": "How long does a run take, for which precision?",
}
"""Kind of figure -> the question that it answers, as the page asks it."""

TWELVE = (
    ("courses", CLINIC), ("courses", THEORY), ("atlas", THEORY), ("bands", CLINIC), ("time_to_event", CLINIC),
    ("waterfall", CLINIC), ("endpoints", CLINIC), ("tornado", THEORY), ("isobole", THEORY), ("bifurcation", THEORY),
    ("phase", THEORY), ("diagram", THEORY),
)  # fmt: skip
"""The figures of the front page: kind and model."""


@cache
def drawings() -> dict[tuple[str, str], Any]:
    """Return (kind, model) -> the drawing, for the kinds that say something about a model."""
    from immunode.cli.figures.kinds import fits, make_drawing
    from immunode.cli.figures.pictures import read_subject
    from immunode.cli.words import KINDS

    subjects = {name: (read_subject(name), read_subject(name, story=True)) for name in (THEORY, CLINIC)}
    made = {}
    for kind in KINDS:
        for name, (subject, told) in subjects.items():
            shown = told if kind == "courses" else subject
            if not fits(kind, shown):
                made[kind, name] = make_drawing(kind, shown)
    return made


def page() -> str:
    """Return the page in Markdown."""
    from immunode.cli.words import KINDS

    theory, clinic = (f"[`{name}`](models/{name}.md)" for name in (THEORY, CLINIC))
    head = (
        f"Every kind of figure that the package draws, on a theory ({theory}: effector cells against a tumor in mice) "
        f"and on a model of patients ({clinic}: sarilumab in rheumatoid arthritis), where the kind says something "
        f"about it. `immunode gallery {CLINIC}` draws all kinds that fit a model, with their scripts; `--style` makes "
        "slides, papers and posters of them, see [figures for slides](howto/slide.md)."
    )
    parts = ["# Gallery", head]
    for kind, title in KINDS.items():
        shown = [name for name in (THEORY, CLINIC) if (kind, name) in drawings()]
        pictures = [f"![{title}: {name}]({FOLDER}/{kind}_{name}.png){{ .figure }}" for name in shown]
        commands = [f"immunode figure {name} --kind {kind} -o {kind}.png" for name in shown]
        parts += [
            f"## {title}",
            QUESTIONS[kind],
            '<div class="pair" markdown>\n\n' + "\n\n".join(pictures) + "\n\n</div>",
            "```sh\n" + "\n".join(commands) + "\n```",
            f"```python\n{python(kind, shown[0])}\n```",
        ]
    return "---\nhide:\n  - navigation\n---\n\n" + "\n\n".join(parts) + "\n"


def python(kind: str, name: str) -> str:
    """Return the lines of Python that draw a figure, with its values written in."""
    script: str = drawings()[kind, name].script("figure.png")
    lines = [line for line in script.splitlines() if not line.startswith(("from immunode.plot import save", "print("))]
    text = re.sub(r"\n{2,}", "\n", "\n".join(lines)).strip()
    for word, usual in (
        ("until", "None  # the model's own end"),
        ("log", "None"),
        ("log", "False"),
        ("style", "'slide'"),
    ):
        if f"\n{word} = {usual}\n" in text:  # what is so anyway need not be said
            text = text.replace(f"\n{word} = {usual}\n", "\n")
            text = re.sub(rf",\s*{word}={word}\b|\b{word}={word},?\s*", "", text)
    return text


def front() -> str:
    """Return the twelve of the front page in Markdown, each a link to its place in the gallery."""
    from immunode.cli.words import KINDS

    links = []
    for kind, name in TWELVE:
        anchor = re.sub(r"[^\w]+", "-", KINDS[kind].lower()).strip("-")
        links.append(f"[![{KINDS[kind]}: {name}]({FOLDER}/{kind}_{name}.png)](gallery.md#{anchor})")
    return '<div class="twelve" markdown>\n\n' + "\n".join(links) + "\n\n</div>"


def figures() -> Iterator[tuple[str, bytes]]:
    """Yield path and PNG of every figure of the gallery."""
    import matplotlib.pyplot as plt

    for (kind, name), drawing in drawings().items():
        yield f"{FOLDER}/{kind}_{name}.png", _png(drawing.figure())
        plt.close("all")


def _png(figure: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    return buffer.getvalue()


def write_sheet(path: Path, columns: int = 3, width: int = 330) -> None:
    """Write the twelve as one picture in few colors, so that it stays small."""
    import matplotlib

    matplotlib.use("Agg")
    from PIL import Image

    tiles = []
    for key in TWELVE:
        picture = Image.open(io.BytesIO(_png(drawings()[key].figure()))).convert("RGB")
        tiles.append(picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS))
    gap = 12
    rows = [tiles[i : i + columns] for i in range(0, len(tiles), columns)]
    tops = [0]
    for row in rows:
        tops.append(tops[-1] + max(tile.height for tile in row) + gap)
    sheet = Image.new("RGB", (columns * (width + gap) - gap, tops[-1] - gap), "white")
    for top, row in zip(tops, rows, strict=False):
        for i, tile in enumerate(row):
            sheet.paste(tile, (i * (width + gap), top))
    sheet.quantize(64).save(path, optimize=True)


if __name__ == "__main__":
    write_sheet(ROOT / SHEET)
