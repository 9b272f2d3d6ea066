"""From a file of orders to a folder: alarms, counts, minutes, sweep, page, record."""

from collections.abc import Callable
from pathlib import Path

from ...core.seal import sha256
from ...record.publishing import publish
from ...record.store import free
from ...report import study as report
from ...surveillance import sweep, watch
from ...surveillance.monitor import Watched
from .config import Watch, read_rules
from .page import page


def watched(
    orders: Path,
    output: Path,
    *,
    rules: str | Path = "watch.toml",
    controllers: Path | None = None,
    minutes: Path | None = None,
    set_aside: Path | None = None,
    force: bool = False,
    command: str = "",
    progress: Callable[[float, int], None] | None = None,
) -> Watched:
    """Watch a file of orders and write its folder.

    InputError: bad rules, a row that cannot be used and is not set aside, a folder that is there already.
    """
    said = read_rules(rules)
    free(output, force=force)
    files = {"controllers": controllers, "minutes": minutes}
    seen = watch(
        orders,
        said.rules,
        controllers=controllers,
        minutes=minutes,
        set_aside=set_aside,
        progress=progress,
    )
    facts = {
        "question": said.question,
        "command": command,
        "rules": said.model_dump(mode="json"),
        "data_sha256": {name: sha256(path) for name, path in {"orders": orders, **files}.items() if path},
        "events": seen.events,
        "set_aside": seen.refused,
        **seen.facts,
    }
    write(seen, output, said, command, facts)
    return seen


def write(seen: Watched, output: Path, settings: Watch, command: str, facts: dict) -> None:
    """The folder of a watch, its page in it. Raises InputError where it cannot be written."""
    swept = sweep(seen, settings.rules)
    tables = {"alarms": seen.alarms, "counts": seen.counts, "minutes": seen.minutes, "sweep": swept}
    filled = {name: table for name, table in tables.items() if len(table.columns)}
    text = page(seen, swept, settings.rules, settings.question, command)
    publish(output, output.name, filled, text, facts | settings.report.recorded, finish=report.write)
