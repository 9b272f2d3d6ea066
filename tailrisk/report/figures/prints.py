"""Figures as PNG and PDF too, for slides and papers: written by `svg` as it draws, where asked for."""

import logging
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, Formatter, FuncFormatter

BOTH = ("png", "pdf")
DPI = 160
LAYOUT = "DejaVu Sans"
"""The font figures are laid out in."""
CHINESE = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",  # what a collection of all four is called by its first face
    "Noto Sans SC",
    "Source Han Sans SC",
    "PingFang SC",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
)
"""Fonts that have Chinese, the first that is there is used."""
FILES = re.compile(r"NotoSansCJK-Regular|NotoSansSC|SourceHanSans|PingFang|msyh|wqy", re.IGNORECASE)
"""Of files, where matplotlib's list is older than the font."""
HELD = re.compile(r"~([0-9a-f]+)~")
Asked = tuple[Path, tuple[str, ...], Mapping[str, str]]
_asked: ContextVar[Asked | None] = ContextVar("asked", default=None)


@contextmanager
def printing(folder: Path, kinds: Sequence[str], names: Mapping[str, str] | None = None) -> Iterator[None]:
    """Within the block every figure is also written into `folder` in these formats.

    A file is named by the figure's key, or as `names` has it.
    """
    token = _asked.set((folder, tuple(kinds), names or {}) if kinds else None)
    try:
        yield
    finally:
        _asked.reset(token)


def printed(figure: Figure, key: str) -> None:
    """Write the figure in the formats asked for, if any; the figure itself is left as it was."""
    asked = _asked.get()
    if asked is None:
        return
    folder, kinds, names = asked
    family = families()
    texts = [each for each in figure.findobj(Text) if isinstance(each, Text)]
    before = [(each, each.get_text(), each.get_fontfamily()) for each in texts]
    for each, words, _ in before:
        each.set_text(plain(words))
        each.set_fontfamily(family)
    formats = _plain_ticks(figure)
    for kind in kinds:
        about = {"Software": None} if kind == "png" else {"CreationDate": None}
        logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # no bold of a Chinese font
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing")  # a machine without Chinese fonts
            path = folder / f"{names.get(key, key)}.{kind}"
            figure.savefig(path, dpi=DPI, facecolor="white", metadata=about)
    for axis, formatter in formats:
        axis.set_major_formatter(formatter)
    for each, words, old in before:
        each.set_text(words)
        each.set_fontfamily(old)


def plain(words: str) -> str:
    """The characters that `safe` held back."""
    return HELD.sub(lambda code: chr(int(code[1], 16)), words)


def _plain_ticks(figure: Figure) -> list[tuple[Axis, Formatter]]:
    """Names on an axis are laid out again when drawn, by its formatter: those before, of axes with names."""
    before: list[tuple[Axis, Formatter]] = []
    for axis in (axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)):
        formatter = axis.get_major_formatter()
        if isinstance(formatter, FuncFormatter | FixedFormatter):
            before.append((axis, formatter))
            axis.set_major_formatter(FuncFormatter(lambda x, at, names=formatter: plain(names(x, at))))
    return before


@cache
def families() -> list[str]:
    """The font figures are laid out in, then one that has Chinese, if the machine has any."""
    from matplotlib import font_manager

    def known() -> list[str]:
        names = {font.name for font in font_manager.fontManager.ttflist}
        return [font for font in CHINESE if font in names][:1]

    if not known():
        for file in filter(FILES.search, sorted(font_manager.findSystemFonts())):
            font_manager.fontManager.addfont(file)
    return [LAYOUT, *known()]
