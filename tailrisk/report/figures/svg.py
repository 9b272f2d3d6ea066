"""SVG text: a drawn figure as a small, self-contained, accessible string that is the same every time."""

import io
import re
from html import escape

from matplotlib.figure import Figure

from .prints import printed
from .style import THEME

FONT = "system-ui,'Segoe UI',Roboto,'Noto Sans','PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif"
PLAIN = " .,-+/()%"
"""Characters of a user's words, besides letters and digits, that need no care."""
LONG = 400
"""Characters of a path beyond which a tenth of a point is precise enough."""


def svg(figure: Figure, key: str, title: str, description: str) -> str:
    """The figure as SVG with `role="img"`, its title, and a description that carries the numbers.

    key: prefix of every id, unique on a page.
    """
    printed(figure, key)
    words = _drawn(figure)
    words = re.sub(r'(\bd|\bx|\by|transform)="([^"]*)"', _rounded, words)
    words = re.sub(r' fill="(#[0-9a-f]{6})"', r' style="fill: \1"', words)
    words = re.sub(r'(id="|url\(#|href="#)', rf"\1{key}-", words)
    box = re.search(r'viewBox="[^"]*"', words)
    body = re.sub(r"~([0-9a-f]+)~", lambda code: escape(chr(int(code[1], 16))), _body(words))
    style = f"stroke-linejoin:round;stroke-linecap:butt;font-family:{FONT};background: #ffffff"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {box[0] if box else ""} role="img" '
        f'aria-labelledby="{key}-title {key}-description" style="{style}">\n'
        f'<title id="{key}-title">{escape(title)}</title>\n'
        f'<desc id="{key}-description">{escape(description)}</desc>\n{body}\n</svg>\n'
    )


def themed(drawn: str) -> str:
    """The figure in the page's CSS variables instead of fixed colours, so that it follows a dark theme."""
    colours = re.compile(r"(fill|stroke|background): (#[0-9a-f]{6})\b")

    def named(style: re.Match[str]) -> str:
        return colours.sub(lambda c: f"{c[1]}: var(--{THEME[c[2]]})" if c[2] in THEME else c[0], style[0])

    return re.sub(r'style="[^"]*"', named, drawn)


def safe(text: str) -> str:
    """A user's words in characters the layout font has and `svg` leaves alone; `svg` turns them back.

    The font that lays figures out has no Chinese, and the fonts of a machine must not move a figure.
    Characters that XML does not allow are replaced.
    """
    return "".join(c if (c.isalnum() and c <= "\u024f") or c in PLAIN else f"~{_code(c):x}~" for c in text)


def _code(character: str) -> int:
    code = ord(character)
    allowed = 0x20 <= code < 0x7F or 0xA0 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code > 0xFFFF
    return code if allowed else 0xFFFD


def _drawn(figure: Figure) -> str:
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    return drawn.getvalue()


def _body(words: str) -> str:
    """What lies between the outer tags, less fonts, bare groups, empty turns and the global style."""
    body = words[words.index(">", words.index("<svg")) + 1 : words.rindex("</svg>")]
    body = re.sub(r'<defs>\s*<style type="text/css">.*?</style>\s*</defs>', "", body, flags=re.DOTALL)
    body = re.sub(r'font-family: [^;"]*;? ?', "", body)
    body = re.sub(r' transform="rotate\(-?0 [^"]*\)"', "", body)
    body = _ungrouped(body.replace("xlink:href", "href"))
    return re.sub(r"\s*\n\s*", "\n", body).strip()


def _ungrouped(body: str) -> str:
    """Without the groups that only carry an id."""
    kept: list[bool] = []

    def tag(found: re.Match[str]) -> str:
        if found[0] == "</g>":
            return found[0] if kept.pop() else ""
        bare = re.fullmatch(r'<g( id="[^"]*")?/?>', found[0]) is not None
        if not found[0].endswith("/>"):
            kept.append(not bare)
        return "" if bare else found[0]

    return re.sub(r"<g\b[^>]*>|</g>", tag, body)


def _rounded(found: re.Match[str]) -> str:
    """Coordinates to a hundredth of a point (a tenth in long paths), on one line, less repeated L."""
    places = 1 if len(found[2]) > LONG and "C" not in found[2] else 2
    digits = re.sub(r"-?\d+\.\d+(e-?\d+)?", lambda n: f"{float(n[0]):.{places}f}", found[2])
    digits = re.sub(r"(\.\d*?)0+\b", r"\1", digits).replace(". ", " ")
    line = " ".join(digits.split()).rstrip(".")
    return f'{found[1]}="{line if "C" in line else line.replace(" L ", " ")}"'
