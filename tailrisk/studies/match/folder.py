"""The folder of a match: what the episode identifies, what moves what, the replay beside the record."""

from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from ...calibrate.document import write
from ...calibrate.ladder import Array
from ...core import disk
from ...core.names import Names
from ...record.files import write_csv
from ...record.provenance import stamp
from ...record.store import write_record
from ...report import study
from ...report.figures.prints import BOTH, printing
from ...report.language import Say
from .config import Terms
from .document import Matched, ensemble_document
from .moments import answered
from .ordinary import Judged
from .picture import replay_picture
from .run import CRASHED, DRIFTED, Problem, shown


def publish(
    matched: Matched,
    posed: Problem,
    returns: Array,
    output: Path,
    folder: Path,
    page: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Write the ensemble file, then everything into `folder`; a summary for the terminal comes back.

    page: what the record says of the page, `config.report.recorded`.
    """
    ensemble = ensemble_document(matched)
    write(output, ensemble)
    write_csv(parameters(matched), folder / "parameters.csv", digits=None, missing="")
    write_csv(sensitivity(matched, posed), folder / "sensitivity.csv", digits=None, missing="")
    prior = matched.prior
    drawn = pd.DataFrame(prior.tabulated(matched.posterior), columns=pd.Index(prior.names))
    write_csv(drawn, folder / "posterior.csv", digits="%.6g", missing="")
    free = int(np.argmin(np.asarray(posed.record.imposed.pinned)[:, answered(posed.crowd.names)[0]]))
    names = posed.crowd.names
    titles = [(place, names.labels[place]) for place in answered(names)]
    with printing(folder, BOTH, {"match": "replay"}):
        drawing = replay_picture(
            posed.episode.days[free:], posed.episode.returns[free:], returns[:, free:], titles, Say.of(page)
        )
    disk.write(folder / "replay.svg", drawing)
    said = {"command": matched.command, "seed": matched.seed, "sha256": dict(matched.digests)}
    said["episode"] = posed.terms.model_dump(by_alias=True)
    said["ensemble_sha256"] = sha256(ensemble.encode()).hexdigest()
    write_record(folder, said | dict(page) | stamp())
    if matched.weather is not None:
        write_csv(matched.weather.table, folder / "weather.csv", digits="%.6g", missing="")
    text = summary(matched, posed.terms, names)
    disk.write(folder / "README.md", text)
    study.write(folder)
    return text


def parameters(matched: Matched) -> pd.DataFrame:
    """A row a parameter: prior, posterior, and what the episode says of it."""
    prior, found = matched.prior, matched.identified
    values, beliefs = prior.tabulated(matched.draws), [belief for _, belief in prior.beliefs]
    low, middle, high = np.quantile(prior.tabulated(matched.posterior), [0.05, 0.5, 0.95], axis=0)
    return pd.DataFrame(
        {
            "parameter": prior.names,
            "kind": ["share" if belief.share else "factor" for belief in beliefs],
            "grade": [belief.grade for belief in beliefs],
            "prior": [belief.median for belief in beliefs],
            "best": values[0].round(4),
            "low": low.round(4),
            "median": middle.round(4),
            "high": high.round(4),
            "contraction": found.contraction.round(3),
            "partner": found.partner,
            "correlation": found.correlation.round(3),
            "verdict": [found.verdict(i) for i in range(len(beliefs))],
        }
    )


def sensitivity(matched: Matched, posed: Problem) -> pd.DataFrame:
    """Change of returns, in points, for one prior standard deviation: days of the event, sum after it."""
    names, parameters = posed.crowd.names, matched.prior.names
    change = 100 * matched.identified.sensitivity.reshape(len(parameters), len(posed.episode.days), -1)
    free = [(place, names.buckets[place]) for place in answered(names)]
    columns: dict[str, object] = {"parameter": parameters}
    days = np.array(posed.episode.days)
    for day in days[posed.terms.event.holds(days)]:
        for b, bucket in free:
            columns[f"{day} {bucket}"] = change[:, posed.episode.at(day), b].round(3)
    after = days > posed.terms.event.end
    for b, bucket in free:
        columns[f"after {bucket}"] = change[:, after, b].sum(axis=1).round(3)
    return pd.DataFrame(columns)


def summary(matched: Matched, terms: Terms, names: Names) -> str:
    """What a reader wants first, as Markdown."""
    error, found, large = matched.error, matched.identified, names.label(names.played("large"))
    days = {
        "free": _said(terms.free),
        "crash": _said(terms.event.start),
        "end": _said(terms.event.end),
        "last": _said(terms.last),
    }
    lines = [
        f"# The crowd matched to {days['crash'].split(' ', 1)[1]} {terms.event.start[:4]}",
        "",
        f"Replay from {days['free']} to {days['last']} {terms.last[:4]}, given {large} and the state's",
        "schedule: the best",
        f"parameter set, and in brackets the range over the {len(matched.draws)} of the ensemble.",
        "",
        "| | |",
        "|---|---|",
    ]
    rows = {
        f"mean absolute error of daily returns, {days['crash']} to {days['end']}, points": ("event_mae", 100),
        f"the same, {days['free']} until then": ("before_mae", 100),
        f"the same, after it, to {days['last']}": ("after_mae", 100),
    }
    rows |= {f"{names.label(b)} on {days['crash']}, %": (f"crash_{b}", 100) for b in shown(names, CRASHED)}
    rows |= {
        f"{names.label(b)}, after {days['end']}, over the record's": (f"drift_{b}", 1)
        for b in shown(names, DRIFTED)
    }
    for label, (name, scale) in rows.items():
        values = scale * np.asarray(error[name])
        lines.append(f"| {label} | {values[0]:.2f} [{values.min():.2f}, {values.max():.2f}] |")
    if matched.weather is not None:
        lines += _weather(matched.weather)
    verdicts = [(name, found.verdict(i)) for i, name in enumerate(matched.prior.names)]
    known = [name for name, verdict in verdicts if verdict == "identified"]
    tied = [f"{name} {verdict}" for name, verdict in verdicts if verdict.startswith("with")]
    lines += [
        "",
        f"Identified (posterior under 0.6 of the prior's width): {', '.join(known) or 'none'}.",
        "",
        f"Only together: {', '.join(tied) or 'none'}. All others: the prior.",
        "",
        f"Sampler: {matched.acceptance:.0%} of moves accepted, {_mixing(matched)}",
        f"Made by `{matched.command}`; see parameters.csv and",
        "sensitivity.csv; draws of the posterior in posterior.csv.",
    ]
    return "\n".join(lines) + "\n"


def _mixing(matched: Matched) -> str:
    """How far the chain may be trusted."""
    if np.isfinite(matched.autocorrelation):
        return (
            f"longest autocorrelation time {matched.autocorrelation:.0f} steps: {matched.effective:.0f}"
            " effective draws, of the parameter that mixes worst."
        )
    return (
        "and stopped too early to tell its autocorrelation: the members fit, but widths and verdicts say how"
        " far the walkers had come, not what the data identify."
    )


def _weather(judged: Judged) -> list[str]:
    """Ordinary years of the best member beside what is accepted, and of the others how many are outside."""
    lines = [
        "",
        f"Ordinary years, {judged.years:,} of them that the search has not seen: the best set, and what is",
        f"accepted. Weight of their squared misses in the search: {judged.weight:g}.",
        f"Outside by member: {min(judged.outside)} to {max(judged.outside)} of {len(judged.table)},"
        f" {np.median(judged.outside):g} in the median.",
        "",
        "| statistic | best set | accepted | |",
        "|---|---|---|---|",
    ]
    for row in judged.table.itertuples(index=False):
        flag = "" if row.inside else "**outside**"
        lines.append(f"| {row.label} | {row.simulated:.3g} | {row.low:g} to {row.high:g} | {flag} |")
    return lines


def _said(day: str) -> str:
    """5 February, of 2024-02-05."""
    return f"{int(day[8:])} {date.fromisoformat(day):%B}"
