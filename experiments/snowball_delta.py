"""A snowball dealer's delta, and what the notes of 2024 did: `python experiments/snowball_delta.py [data]`.

Writes results/snowball_delta/: deltas.csv (ours against mechanism 3.4), curve.csv (error of the polynomials),
delta.svg; and, given the folder of market data, life.csv (months left by barrier, the `months` of
configs/snowballs_2024.toml) and replay.csv (knock-in and dealers' trades on the closes of the two months).
"""

import csv
import itertools
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

import jax
import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tailrisk.core.calendar import YEAR
from tailrisk.core.names import CODES
from tailrisk.crowd import snowball
from tailrisk.crowd.autocall import Market, Note, Surface, delta, observations, price
from tailrisk.crowd.snowball_book import Book, Hedge, prepare
from tailrisk.crowd.snowball_curve import fit

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "results" / "snowball_delta"
ABOVE = (1.02, 1.05, 1.10, 1.20)
MECHANISM = {  # remaining months -> delta before knock-in at ABOVE, section 3.4
    18: (1.83, 1.83, 1.73, 1.31),
    15: (2.09, 2.10, 1.97, 1.41),
    12: (2.48, 2.46, 2.26, 1.50),
    6: (3.9, 3.7, 3.1, 1.4),
}
RATES = (0.0, 0.02, 0.025, 0.03, 0.04, 0.05)
START, TABLE, END = "2023-12-29", "2024-01-16", "2024-02-23"
"""Start of the run, day on which the table of barriers is taken to hold, last day of the replay."""
VOLUME = {"IC": 110.0, "IM": 120.0}
"""Billions a day before the crisis (mechanism 4.2: lots of early January at the contract's value)."""
ROUNDS = 6


def main(arguments: list[str]) -> None:
    jax.config.update("jax_enable_x64", True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    words = tomllib.loads((ROOT / "configs" / "snowballs_2024.toml").read_text())
    note, market = Note(**words["terms"]), Market(**words["pricing"])
    surface = price(note, market)
    write("deltas", compare(note, surface))
    write("curve", errors(note, surface))
    draw(note, surface)
    for rate in RATES:
        other = Market(**words["pricing"] | {"rate_annual": rate})
        gap = max(abs(float(row["difference"])) for row in compare(note, price(note, other)))
        print(f"rate {rate:.3f}: largest difference from mechanism 3.4 {gap:.3f}")
    if arguments:
        closes = read(Path(arguments[0]))
        write("life", life(note, closes, words["book"]))
        write("replay", replay(note, market, closes, words))


def compare(note: Note, surface: Surface) -> list[dict[str, object]]:
    """Delta before knock-in, and after it at the barrier, beside the mechanism's."""
    before, after = delta(surface)
    rows: list[dict[str, object]] = []
    for months, theirs in MECHANISM.items():
        left = round(months * YEAR / 12) - 1
        ours = np.interp(np.array(ABOVE) * note.knock_in, surface.spot, before[left])
        knocked_in = np.interp(note.knock_in, surface.spot, after[left])
        rows += [
            {
                "months_left": months,
                "spot_over_barrier": u,
                "delta": f"{mine:.3f}",
                "mechanism": given,
                "difference": f"{mine - given:.3f}",
                "after_knock_in_at_barrier": f"{knocked_in:.3f}",
            }
            for u, mine, given in zip(ABOVE, ours, theirs, strict=True)
        ]
    return rows


def errors(note: Note, surface: Surface) -> list[dict[str, object]]:
    """Largest error of the polynomials over their range, delta capped at 2.5, month averages the truth."""
    curve = fit(note, surface)
    return [
        {
            "months_left": months,
            "alive": f"{curve.alive_error[round(months * YEAR / 12) - 1]:.3f}",
            "knocked_in": f"{curve.knocked_in_error[round(months * YEAR / 12) - 1]:.3f}",
        }
        for months in (1, 2, 3, 4, 6, 8, 10, 12, 15, 18, 21)
    ]


def read(folder: Path) -> pd.DataFrame:
    """Closes [date, bucket]."""
    rows = pd.read_csv(folder / "indices_daily.csv", dtype={"code": str}, usecols=["date", "code", "close"])
    rows = rows[rows["code"].isin(CODES)]
    return rows.assign(bucket=rows["code"].map(CODES)).pivot(index="date", columns="bucket", values="close")


def life(note: Note, closes: pd.DataFrame, books: list[dict]) -> list[dict[str, object]]:
    """Mean months left at START by barrier of notes issued daily and alive at TABLE, at 75 % and 80 %."""
    rows: list[dict[str, object]] = []
    for book in books:
        left = surviving(note, closes[book["underlying"]].dropna(), (0.75, 0.80))
        for barrier in book["barrier"]:
            inside = left[(left["barrier"] - barrier).abs() <= 50]["months"]
            rows.append(
                {
                    "index": book["underlying"],
                    "barrier": barrier,
                    "issue_days": len(inside),
                    "months_left": f"{inside.mean():.1f}",
                    "standard_deviation": f"{inside.std():.1f}",
                }
            )
    return rows


def surviving(note: Note, closes: pd.Series, ratios: Iterable[float]) -> pd.DataFrame:
    """Barrier and months left at START of each note issued in the two years before and alive at TABLE."""
    table, start = closes.index.get_loc(TABLE), closes.index.get_loc(START)
    dates, whole, points = observations(note), round(note.months * YEAR / 12), closes.to_numpy()
    rows = []
    for issue in range(start - whole + 1, start):
        seen = points[issue + dates[issue + dates <= table]]
        if (seen >= note.knock_out * points[issue]).any():
            continue
        low = points[issue + 1 : table + 1].min() / points[issue]
        rows += [(k * points[issue], (whole - start + issue) * 12 / YEAR) for k in ratios if low > k]
    return pd.DataFrame(rows, columns=["barrier", "months"])


def replay(note: Note, market: Market, closes: pd.DataFrame, words: dict) -> list[dict[str, object]]:
    """The dealers on the path of the index: prices move to the close in equal steps, one a round."""
    path = closes.loc[START:END]
    names = [book["underlying"] for book in words["book"]]
    levels = (path[names] / path[names].iloc[0]).to_numpy()
    limit = [words["hedge"]["participation"] * VOLUME[book["future"]] / ROUNDS for book in words["book"]]
    hedge = Hedge(**{k: v for k, v in words["hedge"].items() if k != "participation"}, limit=limit)
    books = [Book(**{k: v for k, v in b.items() if k not in ("future", "underlying")}) for b in words["book"]]
    params = prepare(note, market, books, hedge, len(levels) - 1)
    state, rows = snowball.init(params, 1), []
    for day, (before, after) in enumerate(itertools.pairwise(levels)):
        today, flow = snowball.today(params, day), np.zeros(len(books))
        for j in range(1, ROUNDS + 1):
            now = before + (after - before) * j / ROUNDS
            state, round_ = snowball.step(params, today, state, now[:, None])
            flow += np.asarray(round_.flow)[:, 0]
        state = snowball.close(params, today, state, after[:, None])
        share = np.asarray(snowball.knocked_in_share(params, state))[:, 0]
        near = np.asarray(snowball.near(params, state, after[:, None], 0.05))[:, 0]
        held = np.asarray(state.held)[:, 0] * after
        row: dict[str, object] = {"date": path.index[day + 1]}
        for q, name in enumerate(names):
            row |= {
                f"{name}_knocked_in": f"{share[q]:.3f}",
                f"{name}_hedge_bn": f"{held[q]:.1f}",
                f"{name}_flow_bn": f"{flow[q]:.1f}",
                f"{name}_near_bn": f"{near[q]:.1f}",
            }
        rows.append(row)
    return rows


def draw(note: Note, surface: Surface) -> None:
    """Delta before and after knock-in by spot over barrier, with the mechanism's figures as points."""
    mpl.rcParams.update({"svg.hashsalt": "tailrisk", "svg.fonttype": "none"})
    before, after = delta(surface)
    figure = Figure(figsize=(6.4, 3.8), layout="constrained")
    axes = figure.subplots()
    u = surface.spot / note.knock_in
    for colour, style, months in zip(
        ("#0072B2", "#009E73", "#E69F00", "#D55E00"), ("-", "--", "-.", ":"), MECHANISM, strict=True
    ):
        left = round(months * YEAR / 12) - 1
        axes.plot(u[u >= 1], before[left][u >= 1], style, color=colour, label=f"{months} months left")
        axes.plot(u[u < 1], after[left][u < 1], style, color=colour)
        axes.plot(ABOVE, MECHANISM[months], "o", color=colour, markersize=4)
    axes.set(
        xlim=(0.85, 1.45), ylim=(-0.5, 4.2), xlabel="spot / knock-in barrier", ylabel="delta, index units"
    )
    axes.axvline(1, color="#999999", linewidth=0.8)
    axes.set_title("Dealer's delta, knocked in below the barrier; points: mechanism 3.4", fontsize=10)
    axes.legend(frameon=False, fontsize=8)
    figure.savefig(FOLDER / "delta.svg", metadata={"Date": None})


def write(name: str, rows: list[dict[str, object]]) -> None:
    with (FOLDER / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, rows[0], lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


if __name__ == "__main__":
    main(sys.argv[1:])
