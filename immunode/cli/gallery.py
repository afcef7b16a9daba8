"""`immunode gallery NAME -o DIR`: every kind of figure that fits a model, and a page that shows them."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from immunode.cli import output
from immunode.errors import ImmunodeError


@dataclass(frozen=True, slots=True)
class _Plate:
    """One entry of the page: a figure with its script, or the reason why there is none."""

    kind: str
    title: str
    file: str = ""
    script: str = ""
    reason: str = ""


def gallery(
    name: str,
    *,
    arms: Sequence[str],
    variant: str,
    quantities: Sequence[str],
    until: str,
    style: str,
    ending: str,
    out: Path,
    as_json: bool,
) -> int:
    """Draw every figure that fits, tell how far it is, write `index.html`; return 1 where a figure failed, else 0."""
    from immunode.cli.figure import ENDINGS, draw, read_wish
    from immunode.cli.scripts import KINDS, fits, make_drawing

    if f".{ending}" not in ENDINGS:
        raise output.UsageError(f"--as {ending}: figures are png, svg or pdf")
    wish = read_wish(name, variant=variant, arms=arms, quantities=quantities, until=until, style=style)
    output.prepare_folder(out)
    plates: list[_Plate] = []
    failed = False
    for i, (kind, (title, _)) in enumerate(KINDS.items(), 1):
        reason = fits(kind, wish)
        if reason:
            plates.append(_Plate(kind, title, reason=reason))
            continue
        path, started = out / f"{kind}.{ending}", time.perf_counter()
        drawing = make_drawing(kind, wish)
        try:
            draw(drawing, path)
        except KeyboardInterrupt:
            _write(out, wish.model.label, plates)
            output.remark(f"interrupted; {sum(bool(p.file) for p in plates)} figures are in {out}")
            return 130
        except ImmunodeError as error:
            # a question that this model has no answer to is no failure
            failed |= not isinstance(error, output.UsageError)
            plates.append(_Plate(kind, title, reason=" ".join(str(error).split())))
        else:
            plates.append(_Plate(kind, title, path.name, drawing.script(path.name)))
        took = time.perf_counter() - started
        state = "failed: " + plates[-1].reason if plates[-1].reason else f"{took:.1f} s"
        output.notes().print(f"{i:>2}/{len(KINDS)}  {kind}  {state}")
    page = _write(out, wish.model.label, plates)
    if as_json:
        rows = [{"kind": p.kind, "file": p.file, "reason": p.reason} for p in plates]
        output.print_json(
            {
                "model": wish.model.name,
                "variant": wish.model.variant_name,
                "arms": wish.arms,
                "figures": rows,
                "page": page,
            }
        )
    for plate in plates:
        if plate.reason and not as_json:
            output.notes().print(f"no {plate.kind}: {plate.reason}")
    output.say_written([page])
    return int(failed)


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


def _write(folder: Path, name: str, plates: Sequence[_Plate]) -> Path:
    """Write the page and return its path."""
    from immunode.version import __version__

    shown = "\n".join(_figure(plate) for plate in plates if plate.file)
    left = [f"<li>{escape(p.kind)}: {escape(p.reason)}</li>" for p in plates if p.reason]
    rest = f"<details><summary>Figures that are not here</summary><ul>{''.join(left)}</ul></details>" if left else ""
    text = _PAGE.format(name=escape(name), plates=shown, rest=rest, version=escape(__version__))
    return output.write_text(folder / "index.html", text)


def _figure(plate: _Plate) -> str:
    file, title = escape(plate.file), escape(plate.title)
    picture = (
        f'<object data="{file}" type="application/pdf" height="360"></object>'
        if plate.file.endswith(".pdf")
        else f'<a href="{file}"><img src="{file}" alt={json.dumps(title)} loading="lazy"></a>'
    )
    code = f"<details><summary>Script</summary><pre>{escape(plate.script)}</pre></details>"
    return f"<figure>{picture}<figcaption>{title}</figcaption>{code}</figure>"
