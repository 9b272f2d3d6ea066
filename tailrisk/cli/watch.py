"""Surveillance of a stream of orders."""

from pathlib import Path

import click

from .options import FORCE, QUIET, bar, reading, repeated, say


@click.command()
@click.argument("orders", type=click.Path(path_type=Path))
@click.option("--rules", default="watch.toml", show_default=True, help="What is watched; of the library too.")
@click.option("--controllers", type=click.Path(path_type=Path), help="Who controls: account, controller.")
@click.option(
    "--minutes", type=click.Path(path_type=Path), help="The market's minutes, of stocks and indices."
)
@click.option("--set-aside", type=click.Path(path_type=Path), help="A CSV for rows that cannot be used.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Folder to write.  [default: results/<ORDERS>]"
)
@FORCE
@QUIET
def watch(
    orders: Path,
    rules: str,
    controllers: Path | None,
    minutes: Path | None,
    set_aside: Path | None,
    output: Path | None,
    force: bool,
    quiet: bool,
) -> None:
    """Watch orders for high-frequency and abnormal trading.

    Orders plus cancels by account and by controller, in any calendar second, in any sliding second and in a
    day; and the four abnormal types of programme trading, whose thresholds are confidential and guessed in
    the rules. The folder gets every alarm with its evidence, the day's counts, and who would ring at other
    thresholds. Files of gigabytes are read in chunks. The first bad row ends the watch, unless --set-aside
    names a file for such rows.

    \b
    ORDERS is CSV or Parquet by time, one exchange's; the first three columns are needed:
      time                 YYYY-MM-DD HH:MM:SS.mmm, or YYYYMMDDHHMMSSmmm
      date                 beside it, where time is HH:MM:SS.mmm, HHMMSSmmm or HHMMSS
      account              name or number
      action               order, cancel or trade (委托, 撤单, 成交)
      order                its number: duplicates and quick cancels are seen by it
      security, side, size, price
      controller           who controls the account
    MINUTES has minute, code, return (a fraction) and amount (yuan).

    \b
    Examples:
      tailrisk watch orders.csv --controllers control.csv --set-aside bad.csv
      tailrisk watch futures.parquet --rules watch_futures.toml
    """
    from ..studies.watch.page import facts, summary
    from ..studies.watch.run import read_rules, watched

    output = output if output is not None else Path("results") / orders.stem
    with reading(quiet), bar(quiet) as tell:
        seen = watched(
            orders,
            output,
            rules=rules,
            controllers=controllers,
            minutes=minutes,
            set_aside=set_aside,
            force=force,
            command=repeated(),
            progress=lambda done, row: tell(done, f"{row:,} rows"),
        )
    if not quiet:
        known = read_rules(rules).rules
        say(summary(seen, known))
        say("\n".join(facts(seen, known)))
        say(f"see {output / 'report.html'}")
