"""The page of a gallery: figures with their scripts, and why others are not there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from immunode.cli.studies.files import text_file
from immunode.version import __version__


@dataclass(frozen=True, slots=True)
class Plate:
    """One entry of the page: a figure with its script, or the reason why there is none."""

    kind: str
    title: str
    file: str = ""
    script: str = ""
    reason: str = ""


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{name}: gallery</title><style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }}
main {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(min(32rem, 100%), 1fr)); gap: 1.5rem; }}
figure {{ margin: 0; }} img, object {{ width: 100%; border: 1px solid #8884; }}
figcaption {{ font-weight: 600; }} pre {{ overflow-x: auto; font-size: 13px; background: #8882; padding: .6rem; }}
</style></head><body>
<h1>{name}</h1>
<main>{plates}</main>
{rest}
<p><small>Made by immunode {version}. Every picture holds its script: <code>immunode figure FILE --code</code>.
Not medical advice.</small></p>
</body></html>
"""


def write_gallery_page(folder: Path, name: str, plates: Sequence[Plate]) -> Path:
    """Write the page and return its path."""
    shown = "\n".join(_figure(plate) for plate in plates if plate.file)
    left = [f"<li>{escape(p.kind)}: {escape(p.reason)}</li>" for p in plates if p.reason]
    rest = f"<details><summary>Figures that are not here</summary><ul>{''.join(left)}</ul></details>" if left else ""
    text = _PAGE.format(name=escape(name), plates=shown, rest=rest, version=escape(__version__))
    return text_file(folder / "index.html", text)


def _figure(plate: Plate) -> str:
    file, title = escape(plate.file), escape(plate.title)
    picture = (
        f'<object data="{file}" type="application/pdf" height="360"></object>'
        if plate.file.endswith(".pdf")
        else f'<a href="{file}"><img src="{file}" alt={json.dumps(title)} loading="lazy"></a>'
    )
    code = f"<details><summary>Script</summary><pre>{escape(plate.script)}</pre></details>"
    return f"<figure>{picture}<figcaption>{title}</figcaption>{code}</figure>"
