"""Days as files spell them: 2024-02-05, 2024/2/5, 20240205, 2024年2月5日, with a time or without."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

DATES = "YYYY-MM-DD, YYYYMMDD, YYYY/M/D or YYYY年M月D日, with or without a time"
MIDNIGHT_IN_UTC = "16:00:00"
"""When it is midnight in Shanghai it is 16:00 of the day before in UTC."""

DAY = r"(?:(\d{4})([-/.])(\d{1,2})\2(\d{1,2})|(\d{4})(\d{2})(\d{2})(?:\.0)?|(\d{4})年(\d{1,2})月(\d{1,2})日?)"
TIME = r"(?:[T ]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?"
ZONE = r"\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?"
STAMP = re.compile(DAY + TIME + ZONE, re.IGNORECASE)


class Stamp(NamedTuple):
    """A day of the exchange, the time of day as written, and whether a zone was written."""

    day: date
    time: str
    zoned: bool


def stamp(text: str, zone: str = "Asia/Shanghai") -> Stamp | None:
    """The day a text stands for, or None where it is none; a stamp with a zone is taken to the exchange's."""
    match = STAMP.fullmatch(text.strip().lstrip("'").strip())
    if match is None:
        return None
    parts = match.groups()
    year, month, day = next(p for p in ((parts[0], *parts[2:4]), parts[4:7], parts[7:10]) if p[0])
    hour, minute, second = (int(part or 0) for part in parts[10:13])
    try:
        when = datetime(int(year), int(month), int(day), hour, minute, second)
        if parts[13]:
            when = (when - offset(parts[13])).replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    except (ValueError, OverflowError):
        return None
    said = f"{hour:02}:{minute:02}:{second:02}" if parts[10] else ""
    return Stamp(when.date(), said, bool(parts[13]))


def offset(zone: str) -> timedelta:
    """How far a zone such as +08:00 or Z is ahead of UTC."""
    if zone[0] not in "+-":
        return timedelta(0)
    ahead = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return -ahead if zone[0] == "-" else ahead
