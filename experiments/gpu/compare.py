"""Whether programs compiled anew cost more than what is published: a spill, or half as many bytes again."""

from collections.abc import Iterator

import pandas as pd

KEY = ["card", "program"]
GROWTH = 1.5
"""What bytes and launches may grow by before it counts."""
GROWING = ("bytes_path_day", "own_moved_path_day", "launches")
SPILLS = "spill_bytes"


def worse(published: pd.DataFrame, made: pd.DataFrame) -> list[str]:
    """What is worse in a table made anew [row], a line for each figure; a row not published is one too."""
    known = {tuple(row[name] for name in KEY): row for row in published.to_dict("records")}
    lines = []
    for row in made.to_dict("records"):
        card, program = (row[name] for name in KEY)
        before = known.get((card, program))
        problems = ["is not in the published table"] if before is None else _grown(before, row)
        lines += [f"{program} for {card}: {problem}" for problem in problems]
    return lines


def _grown(before: dict[str, float], now: dict[str, float]) -> Iterator[str]:
    if now[SPILLS] > before[SPILLS]:
        yield f"{SPILLS} {now[SPILLS]:g}, published {before[SPILLS]:g}"
    for name in GROWING:
        if name in before and name in now and now[name] > GROWTH * before[name]:
            yield f"{name} {now[name]:g}, published {before[name]:g}, beyond {GROWTH:g} times"
