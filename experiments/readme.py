"""Put the results' own words into the README, between its markers.

    python -m experiments.readme

A block `<!-- begin show -->` gets `tailrisk show results/feb2024`; `<!-- begin results/<name> -->` gets that
folder's README below its title, and `<!-- begin results/<name>#Answers -->` its section of that heading.
tests/test_readme.py holds that this has been done.
"""

import re
from pathlib import Path

from tailrisk.report.terminal import show

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"(<!-- begin (\S+) -->\n).*?(<!-- end \2 -->)", re.DOTALL)


def filled(text: str) -> str:
    """The README with every block made anew from results/."""
    return BLOCK.sub(lambda found: found[1] + content(found[2]) + found[3], text)


def content(name: str) -> str:
    if name == "show":
        return "\n```text\n" + show(ROOT / "results" / "feb2024") + "```\n\n"
    folder, _, heading = name.partition("#")
    text = "\n" + (ROOT / folder / "README.md").read_text(encoding="utf-8").split("\n", 2)[2]
    return text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0] + "\n" if heading else text


if __name__ == "__main__":
    page = ROOT / "README.md"
    page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
