"""What to cite for a result: the methods its record says it used, and its data, as BibTeX."""

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from ..core import seal
from ..core.errors import InputError

RISKS = {
    "es": "rockafellar2000",
    "expectile": "newey1987",
    "entropic": "foellmer2002",
    "partial_moment": "fishburn1977",
    "exponential_spectral": "cotter2006",
    "proportional_hazard": "wang1995",
    "wang": "wang2000",
    "conditional_drawdown": "chekhlov2005",
}
"""Kind of risk -> its source; those that are not here have none of their own (a mean, a quantile)."""
PROCESSES = {
    "regimes": ("hamilton1989",),
    "memory": ("hamilton1989", "corsi2009", "baroneadesi1999"),
    "days": ("corsi2009", "baroneadesi1999"),
}
SAMPLING = {"importance": "rubinstein2004", "splitting": "cerou2007"}
CROWD = ("khandani2011", "cont2013")
STUDIES = {
    "demo": (*CROWD, "rockafellar2000", "fletcher1989", "efron1979"),
    "tune": ("rockafellar2000", "fletcher1989", "efron1979"),
    "backtest": ("rockafellar2000", "kupiec1995", "christoffersen1998", "fissler2016"),
    "monitor": ("wang2022", "nolde2017", "bayer2022"),
    "match": (*CROWD, "hansen2016", "foremanmackey2013"),
    "reverse": (*CROWD, "lloyd1982", "arthur2007"),
    "audit": (*CROWD, "rockafellar2000"),
    "minute": ("shapley1953", "bouchaud2004", "toth2011"),
    "liquidity": (*CROWD, "rockafellar2000", "bouchaud2004", "toth2011"),
}


def cite(folder: str | Path) -> str:
    """BibTeX of tailrisk, of every method the result used, and of its data, each entry once.

    Raises InputError where the folder holds no result.
    """
    place = Path(folder)
    record = _json(place / "record.json")
    config = _json(place / "config.json") if (place / "config.json").exists() else {}
    if (place / seal.SUMS).exists():
        seal.check(place)
    known = entries()
    wanted = dict.fromkeys(["tailrisk", *keys(record, config, place)])
    return "\n".join(
        [*(_own(known[key], record) if key == "tailrisk" else known[key] for key in wanted), *data(record)]
    )


def entries() -> dict[str, str]:
    """Every entry of references.bib by its key."""
    text = files(__package__).joinpath("references.bib").read_text(encoding="utf-8")
    return {
        found[1]: found[0]
        for found in re.finditer(r"^@\w+\{(\w+),\n.*?^\}\n", text, re.MULTILINE | re.DOTALL)
    }


def keys(record: dict[str, Any], config: dict[str, Any], folder: Path) -> Iterator[str]:
    """Keys of the methods used, in the order of the run: process, crowd, sampling, risks, study."""
    command = str(record.get("command") or "").split()
    verb = command[1] if command[:1] == ["tailrisk"] and len(command) > 1 else ""
    process = config.get("market", {}).get("process", "regimes") if config else record.get("process")
    yield from PROCESSES.get(str(process), ())
    if config:
        yield "salmon2011"
        if "crowd" in config:
            yield from CROWD
        method = record.get("sampling", {}).get("method")
        if method in SAMPLING:
            yield SAMPLING[method]
        risks = config.get("tail", {}).get("risks") or ["var", "es"]
        yield from (RISKS[kind] for kind in (str(risk).partition(":")[0] for risk in risks) if kind in RISKS)
    if (folder / "components.csv").exists():
        yield "tasche1999"
    yield from STUDIES.get(verb or ("tune" if "tune" in record else ""), ())


def data(record: dict[str, Any]) -> list[str]:
    """An entry for the closes a market was calibrated to, where the record says which."""
    fit = record.get("calibration")
    window = fit.get("window") if isinstance(fit, dict) else None
    digest = (
        fit.get("data_sha256") or fit.get("sha256") if isinstance(fit, dict) else record.get("data_sha256")
    )
    if not window and not digest:
        return []
    span = f"Daily closes, {window[0]} to {window[1]}" if window else "Daily closes"
    lines = (
        [f"  title = {{{span}}},", f"  note = {{SHA-256 {digest}}},"]
        if digest
        else [f"  title = {{{span}}},"]
    )
    return ["\n".join(["@misc{data,", *lines, "}", ""])]


def _own(entry: str, record: dict[str, Any]) -> str:
    """The entry of tailrisk itself, with the version and commit that made the result."""
    told = [f"  version = {{{record['version']}}}," if record.get("version") else ""]
    told.append(
        f"  note = {{Distribution crowdtail, commit {str(record['commit'])[:12]}}},"
        if record.get("commit")
        else ""
    )
    kept = [line for line in entry.splitlines()[:-1] if not (told[1] and line.startswith("  note"))]
    return "\n".join([*kept, *filter(None, told), "}", ""])


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise InputError(
            str(path), "missing, or no record", "a folder that a tailrisk command wrote"
        ) from None
    if not isinstance(found, dict):
        raise InputError(str(path), "is no record", "a folder that a tailrisk command wrote")
    return found
