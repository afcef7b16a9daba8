"""The gallery: every kind of figure on a theory and on a model of patients, each with the lines that make it.

`python docs/generate.py` draws it with the rest of the site. `python docs/gallery_page.py` draws the twelve of the
front page and of README.md again, as files in `docs/images/twelve`.
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
FRONT, WIDE, MOST = "images/twelve", 800, 60_000
"""Where the twelve of the front page are, below `docs`, how wide they are, in pixels, and how large, in bytes."""

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
    "responders": "How many respond in each arm, by a threshold that the model declares, and how sure is that?",
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
    ("ma2020", "courses", "What a larger dose buys and costs"),
    ("ma2020", "bands", "How much patients differ"),
    ("ma2020", "time_to_event", "When patients reach low disease activity"),
    ("chatterjee2017", "courses", "Who responds: one bar a patient"),
    ("asthma_eos_min", "courses --arm all", "Many arms at a glance"),
    ("kosinsky2018", "courses", "Two treatments together"),
    ("immune_balance", "atlas", "Every intervention on every read-out"),
    ("kuznetsov1994", "tornado", "Which parameters matter"),
    ("nelson2000", "isobole", "Whether two treatments help each other"),
    ("baker2013", "bifurcation", "Where health and disease part"),
    ("bindellini2024", "courses", "Hormones over three days"),
    ("kirschner_panetta1998", "diagram", "The model as a picture"),
)
"""The figures of the front page: model, kind as it is typed with further options, and what is seen."""


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


def command(model: str, kind: str) -> str:
    """Return the line of the shell that draws one of the twelve."""
    return f"immunode figure {model} --kind {kind} -o {file_name(model, kind)}"


def file_name(model: str, kind: str) -> str:
    """Return the name of the file of one of the twelve."""
    return f"{kind.split()[0]}_{model}.png"


def front() -> str:
    """Return the twelve of the front page in Markdown, each a link to its kind in the gallery."""
    from immunode.cli.words import KINDS

    links = []
    for model, kind, seen in TWELVE:
        anchor = re.sub(r"[^\w]+", "-", KINDS[kind.split()[0]].lower()).strip("-")
        links.append(f"[![{seen}: {model}]({FRONT}/{file_name(model, kind)})](gallery.md#{anchor})")
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


def write_front(folder: Path) -> None:
    """Write the twelve into a folder, in few colors, so that they stay small."""
    import matplotlib

    matplotlib.use("Agg")
    from PIL import Image

    from immunode.cli.figures.kinds import make_drawing
    from immunode.cli.figures.pictures import read_subject

    folder.mkdir(parents=True, exist_ok=True)
    for model, typed, _ in TWELVE:
        kind, *options = typed.split()
        told = dict(zip(options[::2], options[1::2], strict=True))
        arms = [told["--arm"]] if "--arm" in told else None
        subject = read_subject(model, arms=arms, until=told.get("--until", ""), story=kind == "courses")
        picture = Image.open(io.BytesIO(_png(make_drawing(kind, subject).figure()))).convert("RGB")
        size = (WIDE, round(picture.height * WIDE / picture.width))
        small, path = picture.resize(size, Image.Resampling.LANCZOS), folder / file_name(model, typed)
        for colors in (128, 64, 32):
            small.quantize(colors, dither=Image.Dither.NONE).save(path, optimize=True)
            if path.stat().st_size < MOST:
                break


if __name__ == "__main__":
    write_front(ROOT / "docs" / FRONT)
