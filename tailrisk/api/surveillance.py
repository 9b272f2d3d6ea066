"""Surveillance of orders as a function: files or frames in, alarms out."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from .config import called, command
from .folder import Folder, placed
from .ladder import files

Table = str | Path | pd.DataFrame


class Surveillance(Folder):
    """A watch of orders: `.alarms`, `.counts` of the day by account and controller, `.sweep`."""

    main = "alarms"


def watch(
    orders: Table,
    output: str | Path | None = None,
    *,
    rules: str | Path = "watch.toml",
    controllers: Table | None = None,
    minutes: Table | None = None,
    set_aside: str | Path | None = None,
    force: bool = False,
) -> Surveillance:
    """Watch orders for high-frequency and abnormal trading: what `tailrisk watch` does.

    orders: a file or a frame with time, account, action and what else there is. rules: a file, or the name of
    one in the library. set_aside: a file for rows that cannot be used; without it the first one raises
    InputError with its row, field and value.
    """
    from ..studies.watch.run import watched

    with TemporaryDirectory(prefix="tailrisk") as name, called(Path(name)):
        beside = {"controllers": controllers, "minutes": minutes}
        given = {
            key: files(table, Path(name), key, parquet=key == "minutes")
            for key, table in beside.items()
            if table is not None
        }
        place, temporary = placed(output, "watch")
        watched(
            files(orders, Path(name), "orders", parquet=True),
            place,
            rules=rules,
            **given,
            set_aside=None if set_aside is None else Path(set_aside),
            force=force,
            command=command("watch", orders if isinstance(orders, str | Path) else "orders.parquet"),
        )
    return Surveillance(place, temporary=temporary)
