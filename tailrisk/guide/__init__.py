"""What a person reads: the guide's pages, Markdown beside this file, shipped with the package."""

import re
from importlib.resources import files

from ..core.errors import InputError


def topics() -> dict[str, str]:
    """Every page by name, with its title: the first heading."""
    names = sorted(
        file.name.removesuffix(".md") for file in files(__package__).iterdir() if file.name.endswith(".md")
    )
    return {name: page(name).split("\n", 1)[0].removeprefix("# ") for name in names}


def page(topic: str) -> str:
    """The text of one page; InputError where there is none of that name."""
    path = files(__package__).joinpath(f"{topic}.md")
    if not path.is_file():
        raise InputError("topic", f"{topic!r} is no page of the guide", ", ".join(topics()))
    return path.read_text(encoding="utf-8")


def section(topic: str, number: str) -> str:
    """A numbered section of a page ("mechanism 5.2") or a numbered item of one ("mechanism 9.3").

    InputError where the page has no such number.
    """
    text = page(topic)
    heading = re.search(rf"^(#+) {re.escape(number)} .*$", text, re.MULTILINE)
    if heading:
        rest = re.compile(rf"^#{{1,{len(heading[1])}}} ", re.MULTILINE).search(text, heading.end())
        return text[heading.start() : rest.start() if rest else None].rstrip()
    item = re.search(rf"\*\*{re.escape(number)}\*\*.*?(?=\*\*\d|\n\n|\n- |\Z)", text, re.DOTALL)
    if item:
        return item[0].rstrip()
    raise InputError(f"{topic}.md", f"no section {number!r}", "a number of its headings or items")
