"""The whole site as files: what is written by hand, and the pages of models, drugs and public names made from the code.

    python docs/generate.py && mkdocs build --strict -f build/site/mkdocs.yml

`zensical build --strict -f build/site/mkdocs.yml` builds the same tree. `site_pages/` makes the pages from the code.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
for _folder in (ROOT, ROOT / "docs"):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

import gallery_page  # noqa: E402
from site_pages import assistants, drugs, models, reference  # noqa: E402
from site_pages.text import slug  # noqa: E402

SITE = ROOT / "build" / "site"


def write_site(folder: Path = SITE) -> None:
    """Write `mkdocs.yml` and the folder `docs` with all pages and figures into a folder, which is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    for path, write in (("llms.txt", assistants.index), ("llms-full.txt", assistants.whole)):
        _put(folder / "docs" / path, write(written()).encode())
    for path, content in {**written(), **pages()}.items():
        _put(folder / "docs" / path, equations_set(content).encode())
    for kind in ("stylesheets", "images"):
        shutil.copytree(ROOT / "docs" / kind, folder / "docs" / kind, dirs_exist_ok=True)
    for shown in sorted((ROOT / "images").glob("*.png")):
        _put(folder / "docs" / "images" / shown.name, shown.read_bytes())
    for path, drawn in chain(figures(), gallery_page.figures()):
        _put(folder / "docs" / path, drawn)
    _put(folder / "mkdocs.yml", configuration().encode())


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def written() -> dict[str, str]:
    """Return path -> Markdown of every page that is written by hand."""
    docs = ROOT / "docs"
    found = sorted(page for page in docs.rglob("*.md") if page.parent.name != "paper")
    pages = {page.relative_to(docs).as_posix(): page.read_text(encoding="utf-8") for page in found}
    return {path: text.replace("<!-- the twelve figures -->", gallery_page.front()) for path, text in pages.items()}


def configuration() -> str:
    """Return the configuration of the site, with the generated pages in its navigation."""
    from immunode.catalogue import list_models

    parts = {
        "Models": ["models/index.md", *(f"{entry.name}: models/{entry.name}.md" for entry in list_models())],
        "Drugs": ["drugs/index.md", *(f"{name}: drugs/{name}.md" for name in sorted(drugs.library()))],
        "Reference": ["api/index.md", *(f"{title}: api/{slug(title)}.md" for title, _ in reference.groups())],
    }
    lists = {
        title: "\n".join([f"  - {title}:", *(f"      - {page}" for page in made)]) for title, made in parts.items()
    }
    text = (ROOT / "docs" / "mkdocs.yml").read_text(encoding="utf-8").rstrip("\n")
    text = text.replace("  - How to:\n", f"  - Gallery: gallery.md\n{lists['Models']}\n{lists['Drugs']}\n  - How to:\n")
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
    made = {"models/index.md": models.models_index(), "api/index.md": reference.api_index()}
    made |= {f"models/{entry.name}.md": models.model_page(entry) for entry in entries}
    made |= {"drugs/index.md": drugs.drugs_index()} | {
        f"drugs/{name}.md": drugs.drug_page(one) for name, one in drugs.library().items()
    }
    made["gallery.md"] = gallery_page.page()
    return made | {f"api/{slug(title)}.md": reference.api_page(title, names) for title, names in reference.groups()}


def figures() -> Iterator[tuple[str, bytes]]:
    """Yield path and PNG of every figure that is drawn from the code."""
    import matplotlib

    matplotlib.use("Agg")
    yield from models.figures()
    yield from drugs.figures()


if __name__ == "__main__":
    write_site(Path(sys.argv[1]) if len(sys.argv) > 1 else SITE)
