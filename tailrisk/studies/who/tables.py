"""The tables of who made a fall: intervals of shares, the crowds at their ends, routs by leverage."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ...calibrate.ladder import Array
from .actors import OWN
from .crowds import Asked
from .search import Admitted
from .shares import last, shapley

NOBODY = "outside: nobody's"
MEMBER = "member"


def intervals(asked: Asked, admitted: Sequence[Admitted], value: Array) -> pd.DataFrame:
    """A row for each thing divided, window and actor: least and largest share of the whole, percent.

    value [crowd, coalition, row] of the admitted, the best first. `member_` columns are of the ensemble
    alone, `points` of the best crowd; `last_` is of what is not there without the actor alone.
    """
    parts = [shapley(one) for one in value]
    share = np.stack([np.concatenate([actor, none[None]]) for actor, none in parts])
    alone = np.stack([last(one) for one in value])
    named = np.array([one.source.startswith(MEMBER) for one in admitted])
    lines = []
    for row, what in enumerate(asked.rows.what):
        for k, actor in enumerate((*asked.actors.names, NOBODY)):
            of = 100 * share[:, k, row]
            at = {"low": int(np.nanargmin(of)), "high": int(np.nanargmax(of))}
            without = 100 * alone[:, k, row] if actor != NOBODY else np.array([np.nan])
            lines.append(
                {
                    "what": what,
                    "window": asked.rows.labels[row],
                    "days": asked.rows.span[row],
                    "actor": actor,
                    "whole, %": 100 * value[0, -1, row],
                    "best": of[0],
                    "points": of[0] * value[0, -1, row],
                    "member_low": of[named].min(),
                    "member_high": of[named].max(),
                    **{end: of[number] for end, number in at.items()},
                    "last_low": without.min(),
                    "last_high": without.max(),
                    **{f"{end}_by": admitted[number].source for end, number in at.items()},
                    **{f"{end}_cost": admitted[number].cost for end, number in at.items()},
                    **{f"{end}_ordinary": admitted[number].weather for end, number in at.items()},
                    **{f"{end}_error": admitted[number].error for end, number in at.items()},
                }
            )
    return pd.DataFrame(lines)


def crowds(asked: Asked, admitted: Sequence[Admitted]) -> pd.DataFrame:
    """A row for each admitted crowd [crowd]: where it came from, what it costs, every parameter."""
    points = np.stack([one.point for one in admitted])
    frame = pd.DataFrame(
        {
            "crowd": [one.source for one in admitted],
            "cost": [one.cost for one in admitted],
            "ordinary": [one.weather for one in admitted],
            "error, points": [one.error for one in admitted],
        }
    )
    prior = asked.prior
    count = len(prior.names)
    own = np.exp(OWN * points[:, count:])
    names = [f"participation, {name}" for name in asked.actors.names[: own.shape[1]]]
    values = np.concatenate([prior.tabulated(points[:, :count]), own], axis=1)
    return pd.concat([frame, pd.DataFrame(values, columns=[*prior.names, *names])], axis=1)


def spans(table: pd.DataFrame, what: str, window: str) -> pd.DataFrame:
    """The rows [actor] of one thing divided, as a page shows them."""
    rows = table[(table["what"] == what) & (table["window"] == window)]
    return pd.DataFrame(
        {
            "actor": rows["actor"],
            "best": rows["best"].map("{:z.0f}".format),
            "members": _range(rows, "member_low", "member_high"),
            "least to largest": _range(rows, "low", "high"),
            "not there without, alone": _range(rows, "last_low", "last_high"),
            "points, best": rows["points"].map("{:z.1f}".format),
            "least by": rows["low_by"],
            "largest by": rows["high_by"],
        }
    )


def _range(rows: pd.DataFrame, low: str, high: str) -> list[str]:
    pairs = zip(rows[low], rows[high], strict=True)
    return ["" if a != a else f"{round(a)} to {round(b)}" for a, b in pairs]  # no minus before a nought
