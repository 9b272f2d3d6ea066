"""An index over results: a page with search and filters, and the same table in Markdown."""

import base64
import hashlib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from ...core import InputError, disk
from .catalogue import Entry, entries

PAGE, MARKDOWN = "index.html", "INDEX.md"
HEAD = ("result", "kind", "question", "at a glance", "paths", "made by", "made", "commit", "state")


def rows(results: Path) -> list[dict[str, str]]:
    """A row a result, cells of sweeps aside [result][column], and where its page is under `href`."""
    return [_row(one, results) for one in entries(results, cells=False)]


def _row(one: Entry, results: Path) -> dict[str, str]:
    record = one.record
    paths = record.get("paths")
    cells = [one.name, one.kind, one.question, glance(one), f"{paths:,}" if isinstance(paths, int) else ""]
    made = [str(record.get("command") or ""), str(record.get("created") or "")[:10]]
    cells += [*made, str(record.get("commit") or "")[:10], one.state]
    return dict(zip(HEAD, cells, strict=True)) | {"href": one.page.relative_to(results).as_posix()}


def glance(one: Entry) -> str:
    """The largest ES of a run's products over the horizon, at the highest level that is not indicative."""
    if one.kind == "sweep":
        failed = one.record.get("failed", 0)
        return f"{len(one.record.get('cells', []))} cells" + (f", {failed} failed" if failed else "")
    path = one.folder / "tail.csv"
    if one.kind != "run" or not path.is_file():
        return ""
    table = pd.read_csv(path)
    table = table[(table["view"] == "absolute") & (table["measure"] == table["measure"].iloc[0])]
    soft = set(table[table["indicative"]]["level"])
    levels = [at for at in sorted(table["level"].unique()) if at not in soft] or [table["level"].min()]
    at = table[table["level"] == levels[-1]]
    worst: Any = at.loc[at["es"].idxmax()]
    return f"ES {100 * levels[-1]:g} % at most {100 * worst['es']:.1f} % ({worst['product']})"


def publish(results: Path) -> tuple[Path, Path]:
    """Write the index of a folder of results: index.html and INDEX.md. InputError: it has no result."""
    import jinja2
    from markupsafe import Markup

    from ... import report

    if (results / PAGE).is_file() and any(
        (results / name).is_file() for name in ("sweep.json", "record.json")
    ):
        raise InputError(str(results), "is a result itself", "the folder that holds results")
    table = rows(results)
    if not table:
        raise InputError(str(results), "holds no result", "a folder with results in it")
    here = files(__package__)
    script = here.joinpath("index.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string(here.joinpath("index.html.j2").read_text(encoding="utf-8"))
    css = files(report).joinpath("page.css").read_text(encoding="utf-8")
    kinds = sorted({row["kind"] for row in table})
    words = template.render(
        css=Markup(css), script=Markup(script), digest=Markup(digest), head=HEAD, rows=table, kinds=kinds
    )
    disk.replace(results / PAGE, words)
    disk.replace(results / MARKDOWN, markdown(table))
    return results / PAGE, results / MARKDOWN


def markdown(table: list[dict[str, str]]) -> str:
    """The index [result][column] in Markdown."""
    lines = ["# Results", "", "| " + " | ".join(HEAD) + " |", "|---" * len(HEAD) + "|"]
    for row in table:
        cells = [row[name].replace("|", "\\|").replace("\n", " ") for name in HEAD]
        cells[0] = f"[{cells[0]}]({row['href'].replace(' ', '%20')})"
        cells[5] = f"`{cells[5]}`" if cells[5] else ""
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, ""])
