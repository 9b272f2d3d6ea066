"""The counts of a day as loops that can be checked by eye: the monitor's slow twin."""

from collections import defaultdict

from tailrisk.surveillance.rules import SECOND

Row = tuple[int, str]
"""Stamp and name of who counts as one."""


def calendar_alarms(rows: list[Row], n: int) -> list[tuple[str, int, int]]:
    """(name, second, events) of every calendar second with at least n."""
    counts: dict[tuple[str, int], int] = defaultdict(int)
    for time, name in rows:
        counts[name, time // SECOND] += 1
    return sorted((name, second, count) for (name, second), count in counts.items() if count >= n)


def window(times: list[int], k: int) -> int:
    """Events up to the k-th in the second that ends with it."""
    return sum(1 for t in times[: k + 1] if t > times[k] - SECOND)


def sliding_alarms(rows: list[Row], n: int) -> list[tuple[str, int, int, int]]:
    """(name, first full window's end, last one's, most events) of every stretch of full windows."""
    alarms = []
    for name, times in by_name(rows).items():
        stretch: list[tuple[int, int]] = []
        for k in range(len(times) + 1):
            count = window(times, k) if k < len(times) else 0
            if count >= n:
                stretch.append((times[k], count))
            elif stretch:
                alarms.append((name, stretch[0][0], stretch[-1][0], max(c for _, c in stretch)))
                stretch = []
    return sorted(alarms)


def busiest(rows: list[Row]) -> dict[str, tuple[int, int]]:
    """Most events in a calendar second and in a sliding one, by name."""
    most: dict[str, int] = defaultdict(int)
    for name, _, count in calendar_alarms(rows, 1):
        most[name] = max(most[name], count)
    return {
        name: (most[name], max(window(times, k) for k in range(len(times))))
        for name, times in by_name(rows).items()
    }


def disjoint(times: list[int], n: int) -> int:
    """The largest number of disjoint windows [t, t + 1 s) with at least n events, by trying every choice."""
    starts = [k for k in range(len(times)) if k + n <= len(times) and times[k + n - 1] - times[k] < SECOND]
    best = [0] * (len(times) + 1)
    for k in range(len(times) - 1, -1, -1):
        best[k] = best[k + 1]
        if k in starts:
            after = next((j for j in range(k, len(times)) if times[j] >= times[k] + SECOND), len(times))
            best[k] = max(best[k], 1 + best[after])
    return best[0]


def by_name(rows: list[Row]) -> dict[str, list[int]]:
    """Stamps by name, in order of time."""
    times: dict[str, list[int]] = defaultdict(list)
    for time, name in sorted(rows):
        times[name].append(time)
    return dict(times)
