"""A panel of another market: tickers for codes, money of its own, splits known by their shares."""

import numpy as np
import pandas as pd
import pytest

from tailrisk.cli import main
from tailrisk.config.load import read_market
from tailrisk.core import calendar
from tailrisk.core.errors import InputError
from tailrisk.data.book_rows import Market
from tailrisk.data.by_code import read_scores, read_weights
from tailrisk.data.holdings import read_holdings, read_stocks
from tailrisk.data.panel import read_panel
from tailrisk.universe.measure import measure
from tailrisk.universe.stocks import write_stocks
from tests.markets import write
from tests.walks.test_other_market import market

DAYS, STOCKS = 330, 240
SPLIT, MERGED = "BRK.B", "3M"


def tickers():
    """Names with a dot, a figure first, and one that pandas would take for nothing."""
    return [SPLIT, MERGED, "NA", *(f"T{k:03d}" for k in range(STOCKS - 3))]


def rows():
    """Days and stocks in dollars; one splits two for one, one merges ten into one on the same day."""
    draw, when = np.random.default_rng(3), calendar.sessions("XNYS")
    when = when[when >= np.datetime64("2022-01-03")][:DAYS]
    spread = np.exp(np.cumsum(0.01 * draw.standard_normal((DAYS, STOCKS)), axis=0))
    close = 40 * spread
    shares = np.tile(np.exp(21 - 0.02 * np.arange(STOCKS)), (DAYS, 1))
    for stock, times in ((0, 2.0), (1, 0.1)):
        shares[200:, stock] *= times
        close[200:, stock] /= times
    index = pd.MultiIndex.from_product([when.astype(str), tickers()], names=["date", "code"])
    table = {
        "close": close,
        "total_shares": shares,
        "amount": 0.01 * close * shares,
        "turnover": 0 * close + 0.01,
    }
    return pd.DataFrame({name: values.ravel() for name, values in table.items()}, index).reset_index(), spread


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tickers")
    write(folder / "market.toml", market(["great", "middling", "tiny"]))
    table, spread = rows()
    table.to_csv(folder / "panel.csv", index=False)
    return folder, read_market(folder / "market.toml"), spread


def test_splits_and_merges_make_no_return(files):
    folder, names, spread = files
    panel = read_panel([folder / "panel.csv"], names=names)
    assert panel.ids == tuple(sorted(tickers()))
    place = [panel.ids.index(name) for name in tickers()]
    np.testing.assert_allclose(panel.returns[1:, place], spread[1:] / spread[:-1] - 1, atol=1e-9)


def test_a_book_by_ticker_finds_its_buckets(files):
    folder, names, _ = files
    measured = measure([folder / "panel.csv"], names=names)
    write_stocks(folder / "stocks.csv", measured.universe)
    known = read_stocks(folder / "stocks.csv", Market(names, ()))
    assert set(known) == set(tickers())
    assert known["3M"].bucket == "great"
    book = folder / "book.csv"
    book.write_text("code,weight\n3m,0.5\nT000,0.25\nT236,0.15\nGONE,0.1\n")
    held = read_holdings(book, names, (), folder / "stocks.csv")
    assert held.remainder == {"unknown to the file of stocks": pytest.approx(0.1)}
    assert held.weights == {"great": pytest.approx(0.75 / 0.9), "tiny": pytest.approx(0.15 / 0.9)}
    weights = read_weights(book, set(known), names)
    assert weights.values == pytest.approx({"3M": 0.5, "T000": 0.25, "T236": 0.15})
    (folder / "alpha.csv").write_text("code,alpha\nbrk.b,0.1\nna,-0.1\nGONE,0\n")
    _, scores = read_scores(folder / "alpha.csv", set(known))
    assert scores.values == {"BRK.B": 0.1, "NA": -0.1}


def test_look_takes_the_market(files, capsys):
    folder = files[0]
    for more, code in ((["--market", str(folder / "market.toml")], 0), ([], 2)):
        with pytest.raises(SystemExit) as stop:
            main(["look", str(folder / "panel.csv"), *more])
        assert stop.value.code == code
        shown = capsys.readouterr().out
        assert ("240 stocks worth" in shown) == (code == 0)
        assert "yuan" not in shown


def test_a_row_without_a_ticker_is_refused(files, tmp_path):
    _, names, _ = files
    table, _ = rows()
    table.loc[5, "code"] = " "
    table.head(500).to_csv(tmp_path / "panel.csv", index=False)
    with pytest.raises(InputError, match=r"row 6.*without a code"):
        read_panel([tmp_path / "panel.csv"], names=names)
    with pytest.raises(InputError, match="is not a stock code"):
        read_panel([files[0] / "panel.csv"])
