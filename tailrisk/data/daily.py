"""Whether a table of closes can be daily data of this market: its days, and moves that no index makes.

Judged by the exchange's calendar and by what price limits allow. A finding is refused, or in a warning.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import calendar
from ..core.errors import InputError
from ..core.names import Names, home
from ..core.oddities import ODDITIES
from .reading import Reading
from .table import Table

Array = NDArray[np.float64]

KINDS = ODDITIES
"""What a user may go on with, having seen it."""
HOLE = 5
"""More sessions in a row without a close than this are a hole; of fewer a note warns."""
STALE = 5
"""As many equal closes in a row are a close carried forward; of three or four a note warns."""
COPIED = 20
"""As many equal returns of two indices in a row are one index filled with another."""
SAME = 0.02
"""Two indices whose returns differ by less than this part of their deviation are one."""
REFORM = np.datetime64("2020-08-24")
"""From this day ChiNext's limit is 20 %, as STAR's: an index that holds them may move beyond 10 %."""
LIMIT = 0.105
"""Most an index of 10 % boards moves in a day, with rounding; the limits began on 1996-12-16."""
Dates = NDArray[np.datetime64]
WIDE = (0.13, 0.17)
"""The same since REFORM of the largest bucket and of the smallest, by the share of 20 % boards in it."""
FREE = 0.65
"""The same of a market without price limits: more is a change of unit, or two codes under one name."""
APART = 0.06
"""A move away from the other indices' median, undone the next day, that a note warns of."""


@dataclass(frozen=True)
class Finding:
    """Something of a table that is odd: refused, or warned of when `warn`."""

    kind: str  # of KINDS, or empty where there is no going on
    problem: str
    allowed: str = ""
    hint: str = ""
    warn: bool = False
    day: str = ""


def judge(
    place: str,
    closes: pd.DataFrame,
    reading: Reading,
    accept: Collection[str] = (),
    names: Names | None = None,
) -> None:
    """Refuse the first finding that is not accepted; add the others to its warnings.

    closes [day, index], NaN where missing. Raises InputError with file, day, and what to accept to go on.
    """
    allowable(accept)
    for one in findings(closes, names):
        if one.warn or one.kind in accept:
            reading.odd.append(one.problem + (f" ({one.hint})" if one.warn and one.hint else ""))
            continue
        raise refused(place, one)


def refused(place: str, one: Finding) -> InputError:
    """The refusal of a finding."""
    go_on = f"to go on with it: --accept {one.kind}" if one.kind else ""
    return InputError(
        f"{place}: {one.day}" if one.day else place,
        one.problem,
        one.allowed,
        "; ".join(filter(None, (one.hint, go_on))),
    )


def allowable(accept: Collection[str]) -> None:
    """Refuse a word that is no kind of finding. Raises InputError."""
    for word in accept:
        if word not in KINDS:
            raise InputError("accept", repr(word), ", ".join(KINDS))


def findings(closes: pd.DataFrame, names: Names | None = None) -> list[Finding]:
    """Everything odd about closes [day, index] of a market, NaN where missing; days ascend.

    `names` are the market's, by default the home market's: its exchange, buckets and price limits.
    Raises InputError for an exchange without a calendar.
    """
    names = names or home()
    if len(closes) < 2:
        return []
    days = closes.index.to_numpy().astype("M8[D]")
    every = frequency(days, closes, names)
    if every:
        return every
    moves = pd.DataFrame(np.log(closes.to_numpy(float)), closes.index, closes.columns).diff().to_numpy()
    return [
        *shut(days, moves, names.calendar),
        *holes(days, closes, names),
        *stale(closes, names),
        *spikes(closes, names),
        *copies(closes, names),
    ]


def require_days(table: Table, accept: Collection[str] = (), exchange: str = calendar.CHINA) -> None:
    """Refuse days of a long table that cannot be daily data; add what is odd to its warnings.

    exchange: whose sessions they are. Raises InputError with what to accept to go on.
    """
    for one in judge_days(np.unique(table.when.to_numpy().astype("M8[D]")), exchange):
        if not one.warn and one.kind not in accept:
            raise refused(table.path, one)
        table.reading.odd.append(one.problem)


def judge_days(days: Dates, exchange: str = calendar.CHINA) -> list[Finding]:
    """Everything odd about the days of a panel; days ascend within the exchange's calendar."""
    gap = apart(days, exchange)
    if len(gap) and np.median(gap) > 1:
        return [Finding("", f"days are {np.median(gap):.0f} trading days apart, daily ones are needed")]
    out, off = [], ~np.isin(days, calendar.sessions(exchange))
    weekend = off & ~np.is_busday(days)
    if weekend.any():
        problem = f"{weekend.sum()} days are Saturdays and Sundays, first {days[weekend.argmax()]}"
        hint = "stamps of another zone, or filled days?"
        out.append(Finding("closed-days", problem, f"sessions of the exchange ({exchange})", hint))
    elif off.any():
        out.append(
            Finding(
                "", f"{off.sum()} days when the exchange was closed, first {days[off.argmax()]}", warn=True
            )
        )
    out += [hole("", *one, exchange, warn=True) for one in gaps(days, exchange) if one[2] > HOLE]
    return out


def frequency(days: Dates, closes: pd.DataFrame, names: Names) -> list[Finding]:
    """Closes [day, index] that are not a session apart: weekly, monthly, every second day; days [day]."""
    for name, known in [("", np.ones(len(days), bool)), *((n, closes[n].notna().to_numpy()) for n in closes)]:
        gap = apart(days[known], names.calendar)
        if len(gap) and np.median(gap) > 1:
            whose = f"closes of {name}" if name and len(closes.columns) > 1 else "closes"
            problem = f"{whose} are {np.median(gap):.0f} trading days apart, daily ones are needed"
            return [Finding("", problem, "a close on every trading day")]
    return []


def apart(days: Dates, exchange: str = calendar.CHINA) -> NDArray[np.int64]:
    """Sessions from each day to the next [day - 1]; zero where the market did not trade between them."""
    place = np.searchsorted(calendar.sessions(exchange), days, side="right")
    return np.diff(place)


def shut(days: Dates, moves: Array, exchange: str) -> list[Finding]:
    """Closes on days [day] when the exchange was closed; moves: log returns [day, index]."""
    off = ~np.isin(days, calendar.sessions(exchange))
    if not off.any():
        return []
    with np.errstate(invalid="ignore"):
        moved = (
            np.nanmax(np.abs(np.nan_to_num(moves)), axis=1) > 0 if moves.size else np.zeros(len(days), bool)
        )
    weekend = off & ~np.is_busday(days)
    first = str(days[off.argmax()])
    filled = off & ~moved
    filled[0] = False
    allowed = f"sessions of the exchange ({exchange})"
    if filled.any():
        which = "Saturdays and Sundays" if (filled & weekend).sum() * 2 > filled.sum() else "holidays"
        problem = f"{filled.sum()} closes on {which} equal to the day before's, first {days[filled.argmax()]}"
        return [Finding("closed-days", problem, allowed, "leave out days on which the exchange was closed")]
    if weekend.any():
        hint = "stamps of another zone, a day early or late?"
        problem = f"{weekend.sum()} closes on Saturdays and Sundays, first {days[weekend.argmax()]}"
        return [Finding("", problem, allowed, hint)]
    problem = f"{off.sum()} closes on days when the exchange was closed, first {first}"
    return [Finding("closed-days", problem, allowed, "another market's days, or made-up data?", warn=True)]


def holes(days: Dates, closes: pd.DataFrame, names: Names) -> list[Finding]:
    """Sessions without a close, of all indices or of one; days [day], closes [day, index]."""
    out, short = [], []
    whole = gaps(days, names.calendar)
    for start, end, count in whole:
        out += [hole("", start, end, count, names.calendar)] if count > HOLE else []
        short += [] if count > HOLE else [(start, count)]
    if short:
        problem = f"{sum(count for _, count in short)} sessions without a close, first after {short[0][0]}"
        hint = "the move over them counts as one day's"
        out.append(Finding("holes", problem, hint=hint, warn=True))
    for name in closes.columns:
        known = closes[name].notna().to_numpy()
        mine = [one for one in gaps(days[known], names.calendar) if one not in whole and one[2] > HOLE]
        out += [hole(called(name, names), *one, names.calendar, warn=True) for one in mine]
    return out


def hole(
    name: str, start: np.datetime64, end: np.datetime64, count: int, exchange: str, *, warn: bool = False
) -> Finding:
    """No close between two days."""
    known = calendar.sessions(exchange)
    missing = known[(known > start) & (known < end)]
    start, end, whose = missing[0], missing[-1], f" of {name}" if name else ""
    problem = f"no close{whose} from {start} to {end} ({count} sessions)"
    hint = "" if warn else "the move over it would count as one day's"
    return Finding("holes", problem, "a close on every trading day", hint, warn)


def called(name: object, names: Names) -> str:
    """A bucket with the code of its index."""
    code = next((code for code, bucket in names.codes if bucket == name), "")
    return f"{name} ({code})" if code else str(name)


def gaps(days: Dates, exchange: str = calendar.CHINA) -> list[tuple[np.datetime64, np.datetime64, int]]:
    """Day before, day after and number of the sessions left out between them, of days [day]."""
    missing = apart(days, exchange) - 1
    return [(days[k], days[k + 1], int(missing[k])) for k in np.flatnonzero(missing > 0)]


def stale(closes: pd.DataFrame, names: Names) -> list[Finding]:
    """The same close on many days running; closes [day, index]."""
    out, few = [], []
    for name in closes.columns:
        known = closes[name].dropna()
        for first, length in runs(known.to_numpy()[1:] == known.to_numpy()[:-1]):
            day = str(known.index[first].date())
            if length + 1 >= STALE:
                problem = f"{called(name, names)} has the same close on {length + 1} days running from {day}"
                out.append(Finding("stale", problem, "closes of the day", "a close carried forward?"))
            elif length + 1 >= 3:
                few.append((name, day, length + 1))
    if few:
        name, day, length = few[0]
        problem = f"{called(name, names)} has the same close on {length} days running from {day}"
        out.append(Finding("stale", problem, hint=f"{len(few)} such runs", warn=True))
    return out


def runs(true: NDArray[np.bool_]) -> Iterable[tuple[int, int]]:
    """Start and length of every run of True [day]."""
    edges = np.diff(np.concatenate([[0], true.astype(int), [0]]))
    return zip(
        np.flatnonzero(edges == 1).tolist(),
        (np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)).tolist(),
        strict=True,
    )


def spikes(closes: pd.DataFrame, names: Names) -> list[Finding]:
    """Moves beyond what price limits let an index do, and moves there and back that no other index made.

    closes [day, index].
    """
    out = []
    for name in closes.columns:
        known = closes[name].dropna()
        when, level = known.index.to_numpy().astype("M8[D]"), known.to_numpy()
        move = level[1:] / level[:-1] - 1
        span = np.maximum(apart(when, names.calendar), 1)
        most = limit(str(name), when[1:], names)
        bad = (move > (1 + most) ** span - 1) | (move < (1 - np.minimum(most, 0.9)) ** span - 1)
        if bad.any():
            k = int(bad.argmax())
            back = k + 1 < len(move) and bad[k + 1] and move[k] * move[k + 1] < 0
            about = f"{called(name, names)} close goes from {level[k]:g} to {level[k + 1]:g}"
            about += f" in one day ({move[k]:+.0%})"
            about += " and back the next" if back else ""
            hint = "a wrong close?" if back else "two codes under one name, or a change of unit?"
            allowed = f"moves within {most[k]:.1%}" + (": price limits allow no more" if names.boards else "")
            out.append(Finding("spikes", about, allowed, hint, day=str(when[k + 1])))
    return out + ([] if out else alone(closes))


def limit(name: str, days: Dates, names: Names) -> Array:
    """The most an index moves in a session on each day [day], as a simple return."""
    if not names.boards:
        return np.full(len(days), FREE)
    widest = max(names.boards) + 0.005
    if names.calendar != calendar.CHINA:
        return np.full(len(days), widest)
    if name not in names.buckets:
        return np.full(len(days), widest)
    place = names.bucket(name) / max(len(names.buckets) - 1, 1)
    most = np.where(days < REFORM, LIMIT, WIDE[0] + (WIDE[1] - WIDE[0]) * place)
    return np.where(days < np.datetime64("1996-12-16"), 1.5, most)


def alone(closes: pd.DataFrame) -> list[Finding]:
    """Moves away from the other indices that are undone the next day; closes [day, index]."""
    if len(closes.columns) < 3:
        return []
    moves = closes.map(np.log).diff()
    off = moves.sub(moves.median(axis=1), axis=0)
    back = off.shift(-1)
    odd = (off.abs() > APART) & ((off + back).abs() < 0.4 * off.abs())
    return [
        Finding(
            "spikes", f"{name} moves {off[name][day]:+.0%} alone on {day.date()} and back the next", warn=True
        )
        for name in closes.columns
        for day in odd.index[odd[name]][:1]
    ]


def copies(closes: pd.DataFrame, names: Names) -> list[Finding]:
    """One index that is another, rescaled, late by a day, or for a while; closes [day, index]."""
    buckets = [name for name in names.buckets if name in closes.columns]
    moves = closes[buckets].map(np.log).diff()
    for large, small in combinations(buckets, 2):
        rough = float(np.hypot(rounding(closes[large]), rounding(closes[small])))
        for late, other in ((0, moves[large]), (1, moves[large].shift()), (-1, moves[large].shift(-1))):
            apart_ = (moves[small] - other).dropna()
            if len(apart_) < COPIED:
                continue
            whole = max(SAME * float(moves[small].std()), 1.5 * rough)
            if float(apart_.std()) < whole:
                when = "" if not late else f", {'a day late' if late > 0 else 'a day early'}"
                problem = f"{small}-{large} never moves (beyond rounding{when})"
                return [Finding("", problem, "different indices", "is one a copy of another?")]
            if late:
                continue
            length, first = longest(np.abs(apart_.to_numpy()) <= 3 * rough)
            if length >= COPIED and rough < 0.03 * float(moves[small].std()):
                day = apart_.index[first].date()
                problem = f"{small} moves as {large} on {length} days running from {day}"
                return [Finding("copies", problem, "different indices", "filled with another index?")]
    return []


def longest(true: NDArray[np.bool_]) -> tuple[int, int]:
    """Length and start of the longest run of True [day]."""
    found = [(length, start) for start, length in runs(true)]
    return max(found, default=(0, 0))


def rounding(close: "pd.Series[float]") -> float:
    """Deviation of a log return that rounding of the closes alone brings."""
    known = close.dropna().to_numpy(float)
    if not len(known):
        return 0.0
    places = next((d for d in range(6) if np.allclose(known, np.round(known, d), rtol=1e-12, atol=0)), 6)
    return float(10.0**-places / np.sqrt(6) / np.median(known))
