"""Text made fit for a terminal, whoever wrote it."""

from unicodedata import category

UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories of characters that drive a terminal, reorder or hide text, or have no shape."""
PLAIN = "\n\t"


def visible(text: str) -> str:
    """Control and formatting characters as escapes, such as \\x1b; line ends and tabs as they are."""
    return "".join(c if c in PLAIN or category(c) not in UNSEEN else _escaped(c) for c in text)


def line(text: str) -> str:
    """The same on one line: line ends and tabs are escaped too."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
