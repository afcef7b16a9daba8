"""A console on which the texts of models, files and results are shown, never obeyed."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from immunode.language.characters import visible


class Screen(Console):
    """A console that reads no markup and no emoji codes in texts, and makes control characters in them visible.

    Style comes from `rich.text.Text` and from arguments alone, so that no text can end in a MarkupError, color the
    rest of the screen or set the title of the window.
    """

    def __init__(self, *, stderr: bool = False, soft_wrap: bool = False) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, stderr=stderr, soft_wrap=soft_wrap)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Yield the pieces of what is shown; what moves the cursor comes from rich itself and stays."""
        for piece in super().render(renderable, options):
            yield piece if piece.control else piece._replace(text=visible(piece.text))
