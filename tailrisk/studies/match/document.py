"""The ensemble file: matched parameter sets of the crowd as TOML, what they mean and how they fit."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ... import __version__
from ...calibrate.ladder import Array
from .identify import Identified
from .ordinary import Judged
from .prior import Prior


@dataclass(frozen=True)
class Matched:
    """An ensemble, best member first, and its fit."""

    prior: Prior
    draws: Array  # [member, parameter]  prior units
    costs: Array  # [member]
    identified: Identified
    error: Mapping[str, Array]  # [member] by name of a summary of the misses, fractions of return
    window: tuple[str, str]
    digests: Mapping[str, str]
    command: str
    seed: int
    acceptance: float
    autocorrelation: float
    effective: float  # draws of the posterior, as `search.Sample` has them
    posterior: Array  # [draw, parameter]  prior units
    weather: Judged | None = None  # None where the episode alone was matched


def ensemble_document(matched: Matched) -> str:
    """The file's text."""
    prior = matched.prior
    values, drawn = (prior.tabulated(z) for z in (matched.draws, matched.posterior))
    lines = [
        "# written by `tailrisk match`; do not edit",
        "#",
        "# Parameter sets of the crowd that fit an episode, best first. A factor multiplies the",
        "# figure of the files a [crowd] block names, a share replaces it (simulate/free.py); what begins",
        "# with record. moves the record of the replay alone. A config uses one with",
        "#   [crowd]",
        '#   ensemble = "calibrated/crowd_2024.toml"',
        "#   member = 0",
        "",
        f"parameters = {_list(prior.names)}",
        "members = [",
        *(f"  [{', '.join(f'{x:.6g}' for x in row)}]," for row in values),
        "]",
        "",
        "[match]",
        f"window = {_list(matched.window)}",
        f"version = {_text(__version__)}",
        f"command = {_text(matched.command)}",
        f"seed = {matched.seed}",
        f"acceptance = {matched.acceptance:.3f}  # of the sampler's moves",
        f"autocorrelation = {matched.autocorrelation:.0f}  # steps, the longest of any parameter",
        f"effective = {matched.effective:.0f}  # draws of the posterior behind intervals and verdicts",
        f"cost = [{', '.join(f'{c:.1f}' for c in matched.costs)}]  # -2 log posterior, by member",
    ]
    if matched.weather is not None:
        lines += _weather(matched.weather)
    for name, error in matched.error.items():
        lines.append(f"{name} = [{', '.join(f'{100 * e:.2f}' for e in error)}]  # %, by member")
    lines += ["", "[match.sha256]", *(f"{name} = {_text(d)}" for name, d in matched.digests.items())]
    for i, name in enumerate(prior.names):
        lines += ["", f'[parameter."{name}"]', *_parameter(matched, drawn, i)]
    return "\n".join(lines) + "\n"


def _weather(judged: Judged) -> list[str]:
    return [
        f"weather_weight = {judged.weight:g}  # of ordinary years in the search, beside the episode",
        f"weather_years = {judged.years}  # not those of the search",
        f"weather_outside = [{', '.join(map(str, judged.outside))}]  # of {len(judged.table)}, by member",
        f"weather_cost = [{', '.join(f'{c:.1f}' for c in judged.cost)}]  # squared misses, by member",
    ]


def _parameter(matched: Matched, drawn: Array, i: int) -> list[str]:
    belief, found = matched.prior.beliefs[i][1], matched.identified
    low, middle, high = np.quantile(drawn[:, i], [0.05, 0.5, 0.95])
    scale = "logit" if belief.share else "log"
    return [
        f'kind = "{"share" if belief.share else "factor"}"',
        f"prior = {belief.median:.6g}  # grade {belief.grade}",
        f"prior_sd = {belief.sd:.6g}  # of its {scale}",
        f"median = {middle:.4g}",
        f"interval = [{low:.4g}, {high:.4g}]  # 90 %",
        f"contraction = {found.contraction[i]:.2f}  # posterior over prior standard deviation",
        f"partner = {_text(found.partner[i])}  # correlation {found.correlation[i]:+.2f}",
        f"verdict = {_text(found.verdict(i))}",
    ]


def _list(names: tuple[str, ...]) -> str:
    return f"[{', '.join(map(_text, names))}]"


def _text(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
