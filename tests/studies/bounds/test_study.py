"""The bounds' study on cases whose answers are known: snapping, the filter, the contract that is held."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tailrisk.core import calendar
from tailrisk.core.errors import InputError
from tailrisk.core.names import STYLES, home
from tailrisk.optimise.paths import simulate
from tailrisk.studies.bounds import realised, study, watch
from tailrisk.universe import default


def test_weeks_see_the_styles_that_the_horizon_has():
    """Memory in the styles' residuals too: the last week's sum is that of the whole path, day by day."""
    it, world = study.world_of("feb2024.toml", ("run.days=10", "event=[]"))
    whole = simulate(world, 128, default().styles, chunk=128)
    weeks = watch.watch(world, it.fitted, default(), 128)
    styles = slice(len(it.names.buckets), -len(it.names.futures))
    np.testing.assert_allclose(weeks.factors[:, styles].sum(axis=0), whole.style, atol=2e-6)


def test_the_models_of_an_ensemble_differ():
    """Every law is another world: numbers of regimes mean nothing to a process with memory."""
    ends = [study.paths("feb2024.toml", 128, (*one, "run.days=2", "event=[]")).bucket for one in study.MODELS]
    assert all(not np.allclose(one, other) for k, one in enumerate(ends) for other in ends[:k])


def test_weights_next_to_their_bounds_are_put_on_them():
    region = SimpleNamespace(lower=np.zeros(4), upper=np.array([0.5, 0.5, 0.5, 9.0]))
    chosen = SimpleNamespace(weights=np.array([2e-8, 0.3, 0.5 - 3e-8]), region=region)
    np.testing.assert_array_equal(study.snapped(chosen), [0.0, 0.3, 0.5])


def test_the_filter_is_hamiltons():
    """Two regimes of one factor, days by hand."""
    moves = np.array([[0.9, 0.1], [0.2, 0.8]])
    fitted = SimpleNamespace(
        mean=[[0.0], [-0.01]], covariance=[[[1e-4]], [[9e-4]]], transition=moves, filtered=[0.7, 0.3]
    )
    returns = np.array([0.005, -0.06, 0.01])
    found = watch.filtered(returns[:, None, None], fitted)
    law = np.array([0.7, 0.3])
    for day, r in enumerate(returns):
        sd, mean = np.array([0.01, 0.03]), np.array([0.0, -0.01])
        law = law @ moves * np.exp(-0.5 * ((r - mean) / sd) ** 2) / sd
        law /= law.sum()
        assert found[day, 0] == pytest.approx(law[1], rel=1e-9)


def test_the_contract_is_the_first_listed_at_both_ends():
    listed = pd.DataFrame(
        {"IC2403": [100.0, np.nan], "IC2406": [50.0, 45.0]}, index=["2024-01-02", "2024-03-29"]
    )
    assert realised.rolled(listed, "IC", "2024-01-02", "2024-03-29", home()) == pytest.approx(-0.1)
    with pytest.raises(InputError, match="IC, 2024-01-02 to 2024-03-29"):
        realised.rolled(listed.assign(IC2406=np.nan), "IC", "2024-01-02", "2024-03-29", home())


def files(folder, *, turned=False):
    """Closes, futures and styles of a few days, as an exchange writes them or as a vendor does."""
    days = [day for day in calendar.sessions().astype(str) if "2023-12-25" <= day <= "2024-04-03"]
    draw, names = np.random.default_rng(3), home()
    level = pd.DataFrame(
        3000 * np.exp(0.01 * draw.standard_normal((len(days), 5)).cumsum(axis=0)), days, names.buckets
    ).round(2)
    future = pd.DataFrame(
        [
            {"date": day, "symbol": f"{future}{month}", "close": round(0.99 * level[on][day], 1)}
            for future, on in names.futures
            for month, end in (("2403", "2024-03-15"), ("2406", "2024-06-21"))
            for day in days
            if day <= end
        ]
    )
    style = pd.DataFrame(0.001 * draw.standard_normal((len(days), len(STYLES))), days, STYLES)
    closes = level.rename_axis("date").reset_index()
    style = style.rename_axis("date").reset_index()
    if turned:  # newest first, vendor's titles and days, exchange after the symbol
        closes = closes[::-1].rename(columns={"date": "日期", "csi300": "沪深300", "csi1000": "000852.SH"})
        future = future[::-1].assign(
            symbol=future["symbol"] + ".CFE", date=future["date"].str.replace("-", "")
        )
        style = style[::-1]
    folder.mkdir()
    for name, table in (("indices", closes), ("index_futures", future), ("style_factors", style)):
        table.to_csv(folder / f"{name}_daily.csv", index=False)
    return folder


@dataclass(frozen=True)
class Held:
    """A book of fixed assets."""

    book: np.ndarray

    def losses(self, one):
        return one.losses(self.book)


def test_the_realised_path_is_read_by_the_one_reader(tmp_path):
    """Vendors' spellings give the same losses: an index's own members lose what it does, a future its own."""
    universe, names = default(stocks=4300), home()
    index = np.append(universe.benchmark[:, names.bucket("csi1000")], np.zeros(3))
    future = np.eye(len(index))[len(universe.ids) + names.future("IM")]
    it, chosen = SimpleNamespace(universe=universe), {"held": (Held(index), Held(future))}
    plain = realised.realised(it, files(tmp_path / "plain"), chosen)
    assert plain == realised.realised(it, files(tmp_path / "turned", turned=True), chosen)
    close = pd.read_csv(tmp_path / "plain" / "indices_daily.csv", index_col="date")["csi1000"]
    contract = pd.read_csv(tmp_path / "plain" / "index_futures_daily.csv").pivot(
        index="date", columns="symbol", values="close"
    )
    for row, (first, last), symbol in zip(
        plain, realised.WINDOWS.values(), ("IM2403", "IM2403", "IM2406"), strict=True
    ):
        assert row["tuned"] == pytest.approx(1 - close[last] / close[first], abs=1e-12)
        assert row["loose"] == pytest.approx(1 - contract[symbol][last] / contract[symbol][first], abs=1e-12)
    path = files(tmp_path / "short") / "index_futures_daily.csv"
    table = pd.read_csv(path)
    table[table["date"] < "2024-02-06"].to_csv(path, index=False)
    with pytest.raises(InputError, match="2024-02-07"):
        realised.realised(it, path.parent, chosen)
