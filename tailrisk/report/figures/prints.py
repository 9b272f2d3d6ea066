"""Figures as PNG and PDF too, for slides and papers: written by `svg` as it draws, where asked for."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.text import Text

DPI = 160
FONTS = (
    "DejaVu Sans",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "PingFang SC",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
)
"""The font figures are laid out in, then those that have Chinese."""
HELD = re.compile(r"~([0-9a-f]+)~")
_asked: ContextVar[tuple[Path, tuple[str, ...]] | None] = ContextVar("asked", default=None)


@contextmanager
def printing(folder: Path, kinds: Sequence[str]) -> Iterator[None]:
    """Within the block every figure is also written into `folder` in these formats, named by its key."""
    token = _asked.set((folder, tuple(kinds)) if kinds else None)
    try:
        yield
    finally:
        _asked.reset(token)


def printed(figure: Figure, key: str) -> None:
    """Write the figure in the formats asked for, if any; the figure itself is left as it was."""
    asked = _asked.get()
    if asked is None:
        return
    from matplotlib import font_manager

    folder, kinds = asked
    known = {font.name for font in font_manager.fontManager.ttflist}
    family = [font for font in FONTS if font in known]
    texts = [each for each in figure.findobj(Text) if isinstance(each, Text)]
    before = [(each, each.get_text(), each.get_fontfamily()) for each in texts]
    for each, words, _ in before:
        each.set_text(HELD.sub(lambda code: chr(int(code[1], 16)), words))
        each.set_fontfamily(family)
    for kind in kinds:
        about = {"Software": None} if kind == "png" else {"CreationDate": None}
        figure.savefig(folder / f"{key}.{kind}", dpi=DPI, facecolor="white", metadata=about)
    for each, words, old in before:
        each.set_text(words)
        each.set_fontfamily(old)
