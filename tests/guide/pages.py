"""The guide's pages in pieces: fenced blocks, links, commands."""

import re
import shlex
from dataclasses import dataclass

from tailrisk.guide import page, topics

FENCE = re.compile(r"^```(\w+)(?: ([\w.]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block: its page, language, what it is beside, and its text."""

    topic: str
    language: str
    kind: str
    text: str

    @property
    def file(self) -> str:
        """The name of the file it is: of its first line if that is a comment with one, or of its fence."""
        named = re.match(r"# (\w+\.toml)\n", self.text)
        return named[1] if named else self.kind


def blocks(language: str) -> list[Block]:
    """Every block in one language, in the order of the pages."""
    return [
        Block(topic, *found.groups(default=""))
        for topic in topics()
        for found in FENCE.finditer(page(topic))
        if found[1] == language
    ]


def lines() -> list[tuple[str, list[str]]]:
    """(page, words) of every `tailrisk` command in a shell block, settings of the environment left out."""
    found = []
    for block in blocks("sh"):
        for line in block.text.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
                words = words[1:]
            if words and words[0] == "tailrisk":
                found.append((block.topic, words[1:]))
    return found
