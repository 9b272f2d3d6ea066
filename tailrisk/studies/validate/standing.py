"""How a memory just fitted stands beside its data, in one line, for any market."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from ...config import Config, load
from ...core.errors import InputError
from ...core.names import Names
from .page import verdict
from .study import FEWEST, LONG_RUN, compare

PLAIN = """name = "calibrated"
question = "Does the memory just fitted describe its data?"
[market]
process = "memory"
[products.largest]
label = "The largest bucket"
family = "index_enhanced"
benchmark = "{bucket}"
weights = {{ {bucket} = 1.0 }}
"""
"""A config of any market: what it holds does not matter here."""


def standing(
    calibrated: Path,
    prices: Sequence[Path],
    *,
    market: Path,
    names: Names,
    since: str | None,
    until: str,
    histories: int,
    accept: Sequence[str] = (),
) -> str:
    """Statistics outside the band of simulated histories (FEWEST at least), or why there is no saying.

    calibrated: the file just written from `prices`; `market`: the file that `names` are of.
    """
    count, config = max(histories, FEWEST), plain(calibrated, market, names)
    try:
        found = compare(config, prices, since=since, until=until, count=count, accept=accept)
    except InputError as error:
        return f"memory is not set beside simulated histories: {error.problem} (needed: {error.allowed})"
    text = verdict(found.outside, len(found.table), found.families()).replace("**", "")
    return f"memory, beside {count} simulated histories: {text}"


def plain(calibrated: Path, market: Path, names: Names) -> Config:
    """A config of the market with this calibrated file, from its long run."""
    named = {"file": market, "calibrated": calibrated}
    said = [f"market.{key}={path.resolve()}" for key, path in named.items()]
    with TemporaryDirectory() as folder:
        config = Path(folder) / "plain.toml"
        config.write_text(PLAIN.format(bucket=names.buckets[0]), encoding="utf-8")
        return load(config, [*said, *LONG_RUN])
