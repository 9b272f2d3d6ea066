"""A result in the terminal: the tail table, events, accounts and provenance in a hundred columns."""

import textwrap
from pathlib import Path

from . import crowd
from .answer import answer, happened
from .estimate import MINUS, Estimate
from .folder import Result
from .provenance import MISSING, commit, sampling, words
from .rows import TailRow
from .tables import chance, headline_measure
from .words import LOSS_PLACES, columns, confidence, in_words, label, level, plain, short, title

WIDTH = 100
WIDE, NARROW = (16, 0, 14), (15, 7, 13)
"""Columns of a product's name, of its drift and of one figure; without a drift, and with one."""
LEVELS = 3
"""Levels side by side; more go into further tables."""


def show(folder: str | Path) -> str:
    """A finished result as plain text; raises InputError where the folder cannot be used."""
    result = Result.read(folder)
    measure = headline_measure(result)
    lines = [f"{words(result.record.get('name'))}: {short(words(result.record.get('question')), 400)}", ""]
    lines += [*answer(result)[:1], "", _heading(result, measure)]
    for view in result.views:
        for first in range(0, len(result.levels), LEVELS):
            lines += ["", *_table(result, measure, view, result.levels[first : first + LEVELS])]
    if any(row.indicative for row in result.tail):
        lines += ["", "* indicative: fewer than 1,000 tail points"]
    if any(row.saturated for row in result.tail):
        names = dict.fromkeys(row.product for row in result.tail if row.saturated)
        edge = "saturated, an ES that is all there is to lose or that many paths share exactly"
        lines += ["", f"{edge}: {', '.join(names)}"]
    lines += _sections(result)
    wrapped = [piece for line in lines for piece in _wrap(line)]
    return "\n".join(wrapped).replace(MINUS, "-").replace("\u00a0", " ") + "\n"


def _heading(result: Result, measure: str) -> str:
    days = len(result.curves["regime_share"])
    sure = confidence(result.section("tail"))
    more = "; drift: mean loss" if _has_drift(result) else ""
    return f"{title(measure)} of {days} trading days, % of starting NAV (± half the {sure} interval{more})"


def _has_drift(result: Result) -> bool:
    return any(row.drift for row in result.tail)


def _table(result: Result, measure: str, view: str, levels: tuple[float, ...]) -> list[str]:
    heads = [f"{name} {level(at)}" for at in levels for name in ("VaR", "ES")]
    widths = NARROW if _has_drift(result) else WIDE
    name, drift, cell = widths
    lines = [_line(widths, view.upper(), "drift" if drift else "", heads)]
    lines.append("-" * (name + drift + cell * len(heads)))
    for product in result.products:
        rows = [result.row(product, view, measure, at) for at in levels]
        lines.append(_line(widths, product, _drift(rows[0]), [text for row in rows for text in _cells(row)]))
    return lines


def _cells(row: TailRow) -> tuple[str, str]:
    return _cell(row.value_at_risk, row.indicative), _cell(row.expected_shortfall, row.indicative)


def _cell(found: Estimate, indicative: bool) -> str:
    found = found.scaled(100)
    return f"{found.text(LOSS_PLACES)} ±{found.margin(LOSS_PLACES)}" + ("*" if indicative else " ")


def _drift(row: TailRow) -> str:
    """The mean loss over the horizon, in per cent."""
    return "" if row.drift is None else row.drift.scaled(100).text(LOSS_PLACES)


def _line(widths: tuple[int, int, int], name: str, drift: str, cells: list[str]) -> str:
    first, second, each = widths
    name = short(name, first)
    texts = [drift.rjust(second), *(cell.rjust(each) for cell in cells)]
    return name + " " * (first - columns(name)) + "".join(texts)


def _sections(result: Result) -> list[str]:
    lines = [""] if result.events else []
    lines += [
        f"{event.event} ({in_words(event.description, result.labels)}): {happened(event, result)}"
        for event in result.events
    ]
    lines += [""] if result.accounts else []
    for account in result.accounts:
        name = label(result.section("products"), account.product)
        breach, gone = (chance(e, result) for e in (account.margin_breach, account.wipe_out))
        lines.append(f"{name}: below margin on {breach} of paths, wiped out on {gone}")
    lines += ["", *crowd.lines(result)] if result.crowd else []
    record = result.record
    where = (
        f"seed {record.get('seed', MISSING)}, commit {commit(record)}, "
        f"config {str(record.get('config_sha256'))[:12]}, "
        f"{words(result.section('run').get('paths'))} paths, {words(record.get('wall_seconds'))} s "
        f"on {words(record.get('device'))}"
    )
    drawn = sampling(result)
    lines += ["", f"drawn by: {drawn}"] if drawn else []
    return [*lines, "", where, f"command: {words(record.get('command'))}"]


def _wrap(line: str) -> list[str]:
    """One line as several of at most `WIDTH` columns, however many of its characters are wide."""
    line = plain(line)
    if columns(line) <= WIDTH:
        return [line]
    wide = columns(line) - len(line)
    return textwrap.wrap(line, max(WIDTH // 2, WIDTH - max(wide, 0)))
