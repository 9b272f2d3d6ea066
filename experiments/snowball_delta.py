"""A snowball dealer's delta, and what the notes of 2024 did.

    python -m experiments.snowball_delta [--data ../shared/data]

Writes results/snowball_delta: deltas.csv (ours against mechanism 3.4), rates.csv (the same for other rates),
curve.csv (error of the polynomials), delta.svg; life.csv (months left by barrier, the `months` of
configs/snowballs_2024.toml) and replay.csv (knock-in and dealers' trades on the closes of the two months).
"""

import itertools
import tomllib
from collections.abc import Iterable
from pathlib import Path

import click
import jax
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tailrisk.calibrate.picture import drawn
from tailrisk.core.calendar import YEAR
from tailrisk.core.names import CODES
from tailrisk.crowd import snowball
from tailrisk.crowd.autocall import Market, Note, Surface, delta, observations, price
from tailrisk.crowd.snowball_book import Book, Hedge, prepare
from tailrisk.crowd.snowball_curve import fit
from tailrisk.data.prices import digest
from tailrisk.record.publishing import markdown, publish

WORDS = Path(__file__).resolve().parents[1] / "configs" / "snowballs_2024.toml"
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


@click.command()
@click.option(
    "--data", default="../shared/data", show_default=True, type=click.Path(exists=True, path_type=Path)
)
@click.option(
    "-o", "--output", default="results/snowball_delta", show_default=True, type=click.Path(path_type=Path)
)
def main(data: Path, output: Path) -> None:
    """Delta of a note beside the mechanism's, and the notes of 2024 on the closes there were."""
    jax.config.update("jax_enable_x64", True)
    words = tomllib.loads(WORDS.read_text())
    note, market = Note(**words["terms"]), Market(**words["pricing"])
    surface, closes = price(note, market), read(data)
    tables = {
        "deltas": compare(note, surface),
        "rates": rates(note, words["pricing"]),
        "curve": errors(note, surface),
        "life": life(note, closes, words["book"]),
        "replay": replay(note, market, closes, words),
    }
    said = {
        "command": "python -m experiments.snowball_delta",
        "config_sha256": digest(WORDS),
        "data_sha256": digest(data / "indices_daily.csv"),
    }
    frames = {name: pd.DataFrame(rows) for name, rows in tables.items()}
    publish(output, "snowball_delta", frames, page(frames), said, {"delta": picture(note, surface)})
    click.echo(f"wrote {output}")


PAGE = """\
# A snowball dealer's delta

![Delta before and after knock-in](delta.svg)

Dealers' delta of notes not knocked in, in units of the index, beside mechanism 3.4. The largest difference at
the rate of configs/snowballs_2024.toml is {worst}.

{deltas}

At other rates the largest difference is:

{rates}

Largest error of the polynomials the simulator uses, delta capped at 2.5:

{curve}

Months left at the start of 2024 of notes issued daily in the two years before and alive on {table}, by
barrier:

{life}

Dealers on the closes from {start} to {end} are in replay.csv: share knocked in, hedge held, trades, and
notional within 5 % of its barrier, in billions.

Made by `python -m experiments.snowball_delta`.
"""


def page(tables: dict[str, pd.DataFrame]) -> str:
    """The page in words; every number in it comes from the tables."""
    worst = tables["deltas"]["difference"].astype(float).abs().max()
    shown = {name: markdown(tables[name]) for name in ("deltas", "rates", "curve", "life")}
    return PAGE.format(worst=f"{worst:.3f}", table=TABLE, start=START, end=END, **shown)


def rates(note: Note, pricing: dict[str, float]) -> list[dict[str, object]]:
    """Largest difference from mechanism 3.4 by the interest rate."""
    rows: list[dict[str, object]] = []
    for rate in RATES:
        compared = compare(note, price(note, Market(**pricing | {"rate_annual": rate})))
        gap = max(abs(float(str(row["difference"]))) for row in compared)
        rows.append({"rate": rate, "largest_difference": f"{gap:.3f}"})
    return rows


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
        share = np.asarray(snowball.knocked_in_fraction(params, state))[:, 0]
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


def picture(note: Note, surface: Surface) -> str:
    """Delta before and after knock-in by spot over barrier, with the mechanism's figures as points."""
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
    return drawn(figure)


if __name__ == "__main__":
    main()
