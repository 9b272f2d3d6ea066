"""Bad markets, events and tail levels: each is refused with the place, the value and what is allowed."""

from collections.abc import Callable
from pathlib import Path

import pytest

Refusal = Callable[..., str]
Edit = Callable[..., None]

# what is wrong: (text of small.toml, what takes its place, what the message must say)
EDITS = {
    "unknown key in market": (
        "calibrated =",
        "calibratd =",
        ["market.calibratd", "did you mean 'calibrated'"],
    ),
    "unknown key in an event": ("window = 60", "windw = 60", ["event.0.windw", "did you mean 'window'"]),
    "unknown key in tail": ("levels =", "level =", ["tail.level: unknown key, did you mean 'levels'?"]),
    "unknown bucket in a pair": (
        '["csi1000", "csi300"]',
        '["csi1000", "sse50"]',
        ['event.0.pair.1: "sse50"', '"micro"'],
    ),
    "levels out of range": ("[0.95, 0.99]", "[0.95, 1.0]", ["tail.levels.1: 1.0", "below 1"]),
    "levels in percent": ("[0.95, 0.99]", "[95, 99]", ["tail.levels.0: 95", "below 1"]),
    "levels not rising": ("[0.95, 0.99]", "[0.99, 0.95]", ["tail.levels: [0.99, 0.95]", "rising"]),
    "levels a number": ("[0.95, 0.99]", "0.95", ["tail.levels: 0.95", "a list"]),
    "levels empty": ("[0.95, 0.99]", "[]", ["tail.levels: []", "a list of 1 or more"]),
    "measure unknown": (
        "[tail]",
        '[tail]\nlosses = ["drawdown"]',
        ['tail.losses.0: "drawdown"', '"max_drawdown"'],
    ),
    "measure twice": ("[tail]", '[tail]\nlosses = ["terminal", "terminal"]', ["tail.losses", "once"]),
    "event named twice": (
        "[tail]",
        '[[event]]\nname = "seven"\npair = ["micro", "csi300"]\nthreshold = 3.0\n[tail]',
        ["event.1.name: 'seven' is taken"],
    ),
    "event is a table": ("[[event]]", "[event]", ["small.toml: event: a table", "a list"]),
    "event against itself": (
        '["csi1000", "csi300"]',
        '["micro", "micro"]',
        ["event.0.pair: 'micro' against itself"],
    ),
    "event pair of three": (
        '["csi1000", "csi300"]',
        '["micro", "csi300", "csi500"]',
        ["event.0.pair", "of 2"],
    ),
    "event window too long": ("window = 60", "window = 5000", ["event.0.window: 5000", "at most 1,250"]),
    "event window too short": ("window = 60", "window = 10", ["event.0.window: 10", "at least 20"]),
    "flag not a flag": (
        "window = 60",
        'mean_removed = "no"',
        ['event.0.mean_removed: "no"', "true or false"],
    ),
    "event longer than the path": (
        "days = 30\n\n[market]",
        'days = 3\n[[event]]\nname = "up"\npair = ["micro", "csi300"]\nthreshold = 3.0\ndays = 5\n[market]',
        ["event.0.days: 5 with run.days = 3"],
    ),
    "threshold zero": ("-7.0", "0.0", ["event.0.threshold: 0.0", "below zero for falls"]),
    "threshold missing": ("threshold = -7.0\n", "", ["event.0.threshold: missing", "standard deviations"]),
    "states out of range": (
        "[market]",
        "[market]\nstates = 7",
        ["market.states: 7", "at least 1 and at most 4"],
    ),
    "states a fraction": ("[market]", "[market]\nstates = 4.0", ["market.states: 4.0", "a whole number"]),
    "model not fitted": (
        "[market]",
        '[market]\nprocess = "regimes"\nstates = 2',
        ["market.states: no fitted model", "states = 3 with 'student'"],
    ),
    "shocks unknown": (
        "[market]",
        '[market]\nshocks = "levy"',
        ['market.shocks: "levy"', '"student", "gaussian"'],
    ),
    "start unknown": ("[market]", '[market]\nstart = "panic"', ['market.start: "panic"', '"crisis"']),
    "history not given": (
        "[market]",
        '[market]\nwarmup = "history"',
        ["market.warmup", "without market.history"],
    ),
    "history missing": (
        "[market]",
        '[market]\nwarmup = "history"\nhistory = "no.csv"',
        ['market.history: "no.csv": no such file', "relative to the one that names it"],
    ),
    "calibrated missing": (
        '"ladder.toml"',
        '"no.toml"',
        ['market.calibrated: "no.toml": no such file', "library"],
    ),
}


@pytest.mark.parametrize(("old", "new", "expected"), EDITS.values(), ids=EDITS)
def test_a_bad_market_event_or_level_is_refused(
    folder: Path, edit: Edit, refusal: Refusal, old: str, new: str, expected: list[str]
) -> None:
    edit("small.toml", old, new)
    said = refusal("check", "small.toml")
    for fragment in expected:
        assert fragment in said
