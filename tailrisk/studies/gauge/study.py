"""`tailrisk gauge`: from a config with a crowd to a frozen gauge, its scores, and its words on real years."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...calibrate.regimes import Regimes
from ...config import Config
from ...config.load import read_market
from ...core import disk
from ...core.errors import InputError
from ...data.table import digest
from ...record import provenance
from ...record.files import write_csv
from ...record.store import replacing, write_record
from ...report import study as of_study
from ...report.figures.prints import BOTH, printing
from ...report.language import Say
from . import history, judge, logistic, markets, pictures, scores, seen, state
from .judge import Rows
from .logistic import Gauge
from .page import page
from .scores import Interval

Tell = Callable[[float, str], None]
MILD = 0.15
"""Fall that counts as a spell in real years; a rout is deeper."""
GAUGE = "gauge.json"


@dataclass(frozen=True)
class Event:
    """What is gauged: a fall of micro-caps by `fall` within `over` days, `ahead` days ahead at most."""

    fall: float
    over: int
    ahead: int

    def check(self) -> None:
        """InputError: a fall, a span or a horizon that no rout has."""
        if not 0.05 <= self.fall <= 0.6:
            raise InputError("--fall", f"{self.fall:g}", "0.05 to 0.6")
        if not 1 <= self.over <= self.ahead:
            raise InputError("--over", f"{self.over}", f"1 to --ahead, {self.ahead}")
        if not 5 <= self.ahead <= 120:
            raise InputError("--ahead", f"{self.ahead}", "5 to 120 trading days")


@dataclass(frozen=True)
class Learnt:
    """A gauge learnt, and how it did where the truth is known."""

    gauges: dict[str, Gauge]
    about: dict[str, Any]  # what the frozen file says beside the gauges
    table: pd.DataFrame  # scores, see judge.simulated
    crowd: Interval
    reliability: dict[str, list[tuple[float, Interval]]]
    recorded: dict[str, str]  # what the record says of the page, `config.report.recorded`


def gauge(
    source: str,
    *,
    overrides: Sequence[str],
    closes: Path | None,
    futures: Sequence[Path],
    future: str | None,
    event: Event,
    years: int,
    members: int,
    draws: int,
    weekly: bool,
    output: Path,
    force: bool,
    command: str,
    progress: Tell,
) -> Path:
    """Learn (or read a frozen gauge.json), judge, run on real weeks where closes are given; the folder.

    InputError: what `Event.check`, `markets.check`, `logistic.read` and `history.weeks` refuse; draws under
    20; a folder in the way.
    """
    event.check()
    if draws < 20:
        raise InputError("--draws", f"{draws}", "20 or more: the interval of a chance is theirs")
    if futures and closes is None:
        raise InputError("--futures", "without CLOSES", "closes of the buckets too")
    frozen = Path(source).suffix == ".json"
    with replacing(output, force=force) as folder:
        if frozen:
            found, about = logistic.read(Path(source))
            checked(source, found, about)
            told = None
        else:
            told = learn(source, overrides, event, years, members, draws, future, progress)
            found, about = told.gauges, told.about
        sha = logistic.write(folder / GAUGE, found, about)
        facts: dict[str, Any] = {
            "name": output.name,
            "question": "Can a crowd be seen before it runs, and did the gauge say so in real years?",
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": command,
            "gauge_sha256": sha,
            "mild": MILD,
            "answers": 1,
            **(told.recorded if told else {}),
            **{name: value for name, value in about.items() if name != "regimes"},
        }
        real, spells = None, None
        if closes is not None:
            progress(0.9, "real weeks")
            real, spells = _real(folder, found, about, closes, futures, facts, weekly)
        coefficients = _coefficients(found)
        write_csv(coefficients, folder / "coefficients.csv", digits="%.5g", missing="")
        if told is not None:
            _scores(folder, told, Say.of(facts))
        scored, crowd = (told.table, told.crowd) if told else (None, None)
        disk.write(folder / "README.md", page(facts, scored, crowd, coefficients, real, spells))
        write_record(folder, {**facts, **provenance.stamp()})
        of_study.write(folder)
    return output


def learn(
    source: str,
    overrides: Sequence[str],
    event: Event,
    years: int,
    members: int,
    draws: int,
    future: str | None,
    progress: Tell,
) -> Learnt:
    """Gauges from simulated markets whose crowd is known, and their scores on members they have not seen."""
    config, made = markets.simulated(
        source,
        overrides,
        years=years,
        members=members,
        future=future,
        tell=lambda part, what: progress(0.5 * part, what),
    )
    progress(0.5, "features")
    law = state.regimes(config.fitted)
    rows, held = judge.split(made, *_weeks(config, made, law, event))
    seed = config.run.seed
    progress(0.6, "learning")
    found = judge.gauges(rows, draws, seed)
    progress(0.75, "judging")
    every = found | judge.rivals(rows, seed)
    bins = {
        name: scores.reliability(
            one.chance(held.some(one.names)), held.came, held.year, draws=judge.DRAWS, seed=seed
        )
        for name, one in found.items()
    }
    return Learnt(
        found,
        _about(config, source, event, years, members, future, law, rows),
        judge.simulated(every, rows, held, seed),
        judge.crowd_seen(rows, held, seed),
        bins,
        config.report.recorded,
    )


def _weeks(config: Config, made: markets.Markets, law: Regimes, event: Event) -> tuple[Any, Any]:
    """(features [year, week, feature], what came [year, week]) of weeks with days enough before and after."""
    days = list(range(seen.BACK, made.returns.shape[1] - event.ahead, seen.WEEK))
    own = made.roles(config)
    values = seen.features(own, state.stress(law, made.returns), made.discount, days)
    came = seen.routs(own[:, :, -1], days, ahead=event.ahead, over=event.over, fall=event.fall)
    return values, came


def _about(
    config: Config,
    source: str,
    event: Event,
    years: int,
    members: int,
    future: str | None,
    law: Regimes,
    rows: Rows,
) -> dict[str, Any]:
    return {
        "config": Path(source).name,
        "config_sha256": config.digest(),
        "seed": config.run.seed,
        "market": config.market.file,
        "future": future or config.names.played("discount"),
        "fall": event.fall,
        "over": event.over,
        "ahead": event.ahead,
        "years": years,
        "members": members,
        "base": float(rows.came.mean()),
        "regimes": state.words(law),
    }


def checked(source: str, gauges: dict[str, Gauge], about: dict[str, Any]) -> None:
    """InputError: a file of a gauge that lacks a gauge or a word that running it needs."""
    lacking = [
        name for name in ("market", "future", "fall", "over", "ahead", "base", "regimes") if name not in about
    ]
    lacking += [name for name in judge.NAMES if name not in gauges]
    if lacking:
        raise InputError(source, f"says nothing of {', '.join(lacking)}", "a gauge.json of `tailrisk gauge`")
    for name, used in judge.NAMES.items():
        if gauges[name].names != used:
            raise InputError(f"{source}: {name}", "other features than this version sees", ", ".join(used))
    try:
        state.of_words(about["regimes"])
        Event(float(about["fall"]), int(about["over"]), int(about["ahead"])).check()
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{source}: regimes", f"{error}", "a gauge.json of `tailrisk gauge`") from None


def _real(
    folder: Path,
    found: dict[str, Gauge],
    about: dict[str, Any],
    closes: Path,
    futures: Sequence[Path],
    facts: dict[str, Any],
    weekly: bool,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores and spells of real weeks; writes their tables and picture."""
    weeks = history.weeks(
        read_market(about["market"]),
        state.of_words(about["regimes"]),
        closes,
        futures,
        about["future"],
        ahead=about["ahead"],
        over=about["over"],
        fall=about["fall"],
        mild=MILD,
    )
    used = found if futures else {"prices": found["prices"]}
    table = judge.real(used, weeks, about["base"], about.get("seed", 0))
    shown = judge.warnings(found["prices"], weeks)
    facts["real"] = {
        "first": f"{weeks.days[0]:%Y-%m-%d}",
        "last": f"{weeks.days[-1]:%Y-%m-%d}",
        "weeks": len(weeks.days),
        "complete": int(weeks.complete.sum()),
        "came": int(weeks.came.sum()),
        "spells": len(shown),
        "deep": int((weeks.spells["fall"] <= -about["fall"]).sum()),
        "sha": facts["gauge_sha256"],
    }
    facts["data_sha256"] = {path.name: digest(path) for path in (closes, *futures)}
    one = found["prices"]
    values = pd.DataFrame(weeks.values, columns=list(seen.LABELS))[list(one.names)].to_numpy()
    chance, (low, high) = one.chance(values), np.quantile(one.chances(values), [0.025, 0.975], axis=0)
    with printing(folder, BOTH):
        drawing = pictures.history(
            weeks.days, chance, low, high, weeks.spells, about["base"], about["ahead"], Say.of(facts)
        )
    disk.write(folder / "history.svg", drawing)
    write_csv(table, folder / "real.csv", digits="%.5g", missing="")
    write_csv(shown, folder / "spells.csv", digits="%.5g", missing="")
    if weekly:
        by_week = pd.DataFrame(
            {"date": weeks.days.strftime("%Y-%m-%d"), "chance": chance, "low": low, "high": high}
        )
        write_csv(by_week, folder / "weeks.csv", digits="%.5g", missing="")
    return table, shown


def _scores(folder: Path, told: Learnt, say: Say) -> None:
    write_csv(told.table, folder / "scores.csv", digits="%.5g", missing="")
    rows = [
        {"gauge": name, "given": given, "came": one.estimate, "low": one.low, "high": one.high}
        for name, bins in told.reliability.items()
        for given, one in bins
    ]
    write_csv(pd.DataFrame(rows), folder / "reliability.csv", digits="%.5g", missing="")
    with printing(folder, BOTH):
        drawing = pictures.reliability(told.reliability, say)
    disk.write(folder / "reliability.svg", drawing)


def _coefficients(found: dict[str, Gauge]) -> pd.DataFrame:
    rows = []
    for name, one in found.items():
        low, high = np.quantile(one.draws, [0.025, 0.975], axis=0)
        for k, feature in enumerate(("constant", *one.names)):
            rows.append(
                {
                    "gauge": name,
                    "feature": feature,
                    "value": one.coefficients[k],
                    "low": low[k],
                    "high": high[k],
                }
            )
    return pd.DataFrame(rows)
