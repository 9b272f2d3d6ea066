"""The page: one self-contained report.html, and the figures it shows as files of their own."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from ..core import disk
from . import crowd, funds, tables
from .answer import answer, headline_measure
from .folder import Result
from .provenance import MISSING, provenance
from .words import LOSS_PLACES, confidence, count, level, title

EXCESS = {
    "geometric": "(1 + r) / (1 + b) − 1, where r is the product's return and b its benchmark's",
    "arithmetic": "r − b, where r is the product's return and b its benchmark's",
}
START = {
    "filtered": "with the regime probabilities of the last day of the calibration window",
    "stationary": "with the stationary regime probabilities",
    "calm": "in the calm regime",
    "crisis": "in the crisis regime",
}
NO_LIMITS = ("This record does not list what is left out of the model.",)


def write(folder: str | Path) -> Path:
    """Write report.html and figures/*.svg into a result that is being written, before it is sealed.

    The same folder gives the same bytes. Raises InputError where the folder is incomplete, corrupt, or of a
    run with non-finite paths.
    """
    result = Result.read(folder, sealed=False)
    drawn = figures(result)
    page = result.folder / "report.html"
    (result.folder / "figures").mkdir(exist_ok=True)
    for name, words in drawn.items():
        disk.write(result.folder / "figures" / f"{name}.svg", words)
    disk.write(page, render(result, drawn))
    return page


def figures(result: Result) -> dict[str, str]:
    """The figures this result has something to draw for, as SVG."""
    from . import figures as draw  # imports matplotlib

    drawn = {"bars": draw.bars(result), "losses": draw.losses(result)}
    if result.events:
        drawn["spread"] = draw.spread(result)
    if result.crowd:
        drawn["crowd"] = draw.crowd(result)
    if result.components:
        drawn |= {"tail": draw.tail(result), "components": draw.components(result)}
    return drawn | {"fan": draw.fan(result), "regimes": draw.regimes(result)}


def render(result: Result, drawn: Mapping[str, str]) -> str:
    """The page as HTML: no scripts, nothing fetched, every word of the result escaped."""
    import jinja2
    from markupsafe import Markup

    from .figures.svg import themed

    here = files(__package__)
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(here.joinpath("page.html.j2").read_text(encoding="utf-8"))
    css = Markup(here.joinpath("page.css").read_text(encoding="utf-8"))
    shown = {name: Markup(themed(words)) for name, words in drawn.items()}
    return template.render(css=css, figures=shown, **_words(result))


def _words(result: Result) -> dict[str, Any]:
    """Everything the template says."""
    record = result.record
    return {
        "name": str(record.get("name") or result.folder.name),
        "question": str(record.get("question") or "The record states no question."),
        "dirty": bool(record.get("dirty")),
        "commit": str(record.get("commit") or MISSING),
        "answer": answer(result),
        "headline": tables.headline(result),
        "tails": tables.tails(result),
        "drift": tables.drift(result) if result.drift else None,
        "risks": [*tables.risks(result), *tables.contributions(result)],
        "every_path": funds.every_path(result),
        "events": tables.events(result) if result.events else None,
        "accounts": tables.accounts(result) if result.accounts else None,
        "funds": funds.tables(result) if result.funds else None,
        "crowd": (crowd.market(result), crowd.cohorts(result)) if result.crowd else None,
        "worst": tables.worst_paths(result) if result.components else None,
        "components": tables.components(result) if result.components else None,
        "firmness": tables.firmness(result),
        "composition": tables.composition(result),
        "provenance": provenance(result),
        "indicative": _indicative(result),
        "method": _method(result),
        "excess": EXCESS.get(str(result.section("tail").get("excess")), "as the config states"),
        "limitations": [str(item) for item in record.get("limitations") or NO_LIMITS],
        "measure": title(headline_measure(result)).lower(),
        "level": level(result.headline),
        "confidence": confidence(result.section("tail")),
        "fan_paths": f", from the first {count(result.curves['fan_paths'].item())} paths"
        if "fan_paths" in result.curves
        else "",
    }


def _method(result: Result) -> dict[str, str]:
    run, market = result.section("run"), result.section("market")
    days = len(result.curves["regime_share"])
    paths = run.get("paths")
    return {
        "paths": count(paths) if isinstance(paths, (int, float)) else "an unrecorded number of",
        "days": str(days),
        "market": market_words(market, result.curves["regime_share"].shape[1]),
        "start": START.get(str(market.get("start")), "as the config states"),
        "warmup": "simulated days"
        if market.get("warmup") == "simulated"
        else "the history before the first day",
    }


def market_words(market: Mapping[str, Any], regimes: int) -> str:
    """The process of returns in words, from the record's [market] and the regimes of its picture."""
    if market.get("process", "regimes") != "regimes":
        left = "whole days of history" if market["process"] == "days" else "regimes of shocks"
        return f"memory of volatility and of trends, and {left} on what is left"
    states = int(market.get("states", regimes))
    shocks = {"student": "Student\u2011t", "gaussian": "Gaussian"}.get(str(market.get("shocks")), "random")
    return f"{states} {'regime' if states == 1 else 'regimes'} and {shocks} shocks"


def _indicative(result: Result) -> list[str]:
    """One line a level: which measures have indicative figures, and how wide their intervals are."""
    lines = []
    for at in result.levels:
        soft = [row for row in result.tail if row.level == at and row.indicative]
        if soft:
            widest = max(soft, key=lambda row: row.expected_shortfall.half_width)
            es = widest.expected_shortfall.scaled(100)
            measures = ", ".join(title(m).lower() for m in dict.fromkeys(row.measure for row in soft))
            lines.append(
                f"{level(at)}: {count(len(soft))} figures ({measures}). The widest interval is that of "
                f"{widest.product}, {title(widest.measure).lower()}, {widest.view}: ES "
                f"{es.text(LOSS_PLACES)} % ({es.interval(LOSS_PLACES)})."
            )
    return lines
