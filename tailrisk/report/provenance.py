"""Where a result came from: the birth certificate, as names and values."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .estimate import number
from .folder import Result
from .words import confidence

MISSING = "not recorded"


def provenance(result: Result) -> list[tuple[str, str]]:
    """Everything needed to run it again, in the order a reader checks it."""
    record, run, market = result.record, result.section("run"), result.section("market")
    known = [
        ("Command", record.get("command")),
        ("Created", record.get("created")),
        ("Commit", commit(record)),
        ("Config digest (SHA-256)", record.get("config_sha256")),
        ("Data digest (SHA-256)", record.get("data_sha256") or "no market data read by this run"),
        *((f"Holdings of {name} (SHA-256)", value) for name, value in flat(record.get("holdings_sha256"))),
        ("Seed", str(record.get("seed", MISSING))),
        ("Paths", run.get("paths")),
        *((f"Sampling: {name}", value) for name, value in flat(record.get("sampling"))),
        ("Trading days", run.get("days")),
        ("Warm-up days", record.get("warmup_days")),
        ("Confidence of intervals", confidence(result.section("tail"))),
        ("Precision", run.get("precision")),
        ("Calibrated file", market.get("calibrated")),
        ("Regimes and shocks", f"{market.get('states', MISSING)}, {market.get('shocks', MISSING)}"),
        *((f"Calibration: {name}", value) for name, value in flat(record.get("calibration"))),
        *((f"Version of {name}", value) for name, value in flat(record.get("versions"))),
        ("Device", record.get("device")),
        ("Platform", record.get("platform")),
        ("Wall time, seconds", record.get("wall_seconds")),
        ("Path-days", record.get("path_days")),
        ("Path-days per second", _whole(record.get("path_days_per_second"))),
        ("Random-number version", record.get("rng_version")),
        *((f"Promise {name}".rstrip(), value) for name, value in flat(record.get("promises"))),
        *((f"Faults: {name}", value) for name, value in flat(record.get("faults"))),
    ]
    return [(name, words(value)) for name, value in known]


def sampling(result: Result) -> str:
    """How the paths were drawn, where that was not plainly; else nothing."""
    said = result.record.get("sampling")
    if not isinstance(said, Mapping) or "reason" not in said:
        return ""
    weights = said.get("weights")
    worth = ""
    if isinstance(weights, Mapping):
        worth = f", worth {words(round(float(weights['effective'])))} plain ones overall"
    return f"{said.get('method')} paths{worth}; {said['reason']}"


def commit(record: Mapping[str, Any]) -> str:
    """The commit, and loudly whether the code differed from it."""
    found = str(record.get("commit") or MISSING)
    return f"{found} WITH UNCOMMITTED CHANGES" if record.get("dirty") else found


def words(value: object) -> str:
    """A value for a reader: thousands separated, nothing left blank."""
    if value is None or value == "":
        return MISSING
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    return number(value, 0 if float(value).is_integer() else 2)


def _whole(value: object) -> object:
    return round(value) if isinstance(value, (int, float)) else value


def flat(nested: object, name: str = "") -> Iterator[tuple[str, object]]:
    """Names and values of nested tables and lists; a short list of plain values is one value."""
    if isinstance(nested, Mapping):
        for key, value in nested.items():
            yield from flat(value, f"{name} {key}".strip().replace("_", " "))
    elif isinstance(nested, Sequence) and not isinstance(nested, str):
        if all(isinstance(item, (str, int, float)) for item in nested) and name:
            yield name, " to ".join(map(str, nested)) if len(nested) == 2 else ", ".join(map(str, nested))
        else:
            for k, item in enumerate(nested, start=1):
                yield from flat(item, f"{name} {k}".strip())
    elif nested is not None:
        yield name, nested
