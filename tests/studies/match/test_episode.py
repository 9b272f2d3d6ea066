"""The record of an episode: read by the one reader, and refused where it is not whole."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tailrisk.core import calendar
from tailrisk.core.errors import InputError
from tailrisk.core.names import BUCKETS, named
from tailrisk.studies.match.config import read_terms
from tailrisk.studies.match.episode import Files, read_episode

DAYS = calendar.sessions()
DAYS = DAYS[(np.datetime64("2023-09-01") <= DAYS) & (np.datetime64("2024-03-29") >= DAYS)]
FIRST, LAST = "2024-01-02", "2024-02-23"
CONTRACTS = ("IM2402", "IM2403")
TERMS = read_terms("episode_feb2024.toml").model_copy(update={"contracts": dict.fromkeys(CONTRACTS, "IM")})
FUNDS = [code for codes in TERMS.state.funds.values() for code in codes]


def closes() -> pd.DataFrame:
    draw = np.random.default_rng(5)
    move = 0.01 * draw.standard_normal((len(DAYS), 1)) + 0.005 * draw.standard_normal(
        (len(DAYS), len(BUCKETS))
    )
    close = np.round(3000 * np.exp(np.cumsum(np.clip(move, -0.05, 0.05), axis=0)), 2)
    return pd.DataFrame(close, index=pd.Index(DAYS.astype(str), name="date"), columns=list(BUCKETS))


def futures() -> pd.DataFrame:
    spot = closes()["csi1000"]
    last = {"IM2402": "2024-02-19", "IM2403": "2024-03-15"}
    return pd.DataFrame(
        [
            {"date": day, "symbol": name, "close": round(0.99 * level, 1), "spot_close": level}
            for name in CONTRACTS
            for day, level in spot.items()
            if "2023-12-18" <= str(day) <= last[name]
        ]
    )


def turnover() -> pd.DataFrame:
    draw = np.random.default_rng(6)
    return pd.DataFrame(
        [
            {"date": str(day), "code": code, "amount": 1e9 * np.exp(0.3 * draw.standard_normal())}
            for code in FUNDS
            for day in DAYS
        ]
    )


def saved(folder: Path, **changed: object) -> Files:
    parts = {"indices": closes().reset_index(), "futures": futures(), "etfs": turnover()}
    for name, table in parts.items():
        change = changed.get(name)
        (table if change is None else change(table)).to_csv(folder / f"{name}.csv", index=False)  # type: ignore[operator]
    return Files(*(folder / f"{name}.csv" for name in parts))


def read(files: Files):  # type: ignore[no-untyped-def]
    return read_episode(files, TERMS)


def test_an_episode_is_whole_and_finite(tmp_path: Path) -> None:
    whole = read(saved(tmp_path))
    assert whole.days[0] == FIRST
    assert whole.days[-1] == LAST
    assert np.isfinite(whole.returns).all()
    assert np.isfinite(whole.purchases).all()
    large = BUCKETS.index("csi300")
    assert whole.purchases[:, large].sum() == pytest.approx(311)
    assert whole.purchases.sum() == pytest.approx(410)
    ended = whole.at("2024-02-20")
    assert np.isfinite(whole.basis["IM2402"][:ended]).all()
    assert np.isnan(whole.basis["IM2402"][ended:]).all()
    np.testing.assert_allclose(whole.basis["IM2403"], -0.01, atol=1e-4)


@pytest.mark.parametrize("part", ["indices", "futures", "etfs"])
@pytest.mark.parametrize(
    "spelled",
    [
        lambda t: t.assign(date=t["date"].str.replace("-", "")),
        lambda t: t.assign(date=t["date"].str.replace("-", "/")),
        lambda t: t.assign(date=t["date"] + " 00:00:00"),
        lambda t: t[::-1],
        lambda t: t.rename(
            columns={"date": "日期", "amount": "成交额", "close": "收盘价", "symbol": "合约代码"}
        ),
    ],
    ids=["numbers", "slashes", "midnight", "newest first", "chinese"],
)
def test_every_file_is_read_by_the_one_reader(tmp_path: Path, part: str, spelled: object) -> None:
    truth, other = read(saved(tmp_path)), read(saved(tmp_path, **{part: spelled}))
    assert truth.days == other.days
    np.testing.assert_array_equal(truth.returns, other.returns)
    np.testing.assert_array_equal(truth.purchases, other.purchases)
    for name in CONTRACTS:
        np.testing.assert_array_equal(truth.basis[name], other.basis[name])


def test_vendors_codes_of_funds_and_contracts(tmp_path: Path) -> None:
    truth = read(saved(tmp_path))
    other = read(
        saved(
            tmp_path,
            etfs=lambda t: t.assign(code=t["code"] + np.where(t["code"].str[0] == "5", ".SH", ".SZ")),
            futures=lambda t: t.assign(symbol=t["symbol"] + ".CFE"),
        )
    )
    np.testing.assert_array_equal(truth.purchases, other.purchases)
    np.testing.assert_array_equal(truth.basis["IM2403"], other.basis["IM2403"])


def put(column: str, value: object, where: object):  # type: ignore[no-untyped-def]
    def change(table: pd.DataFrame) -> pd.DataFrame:
        out = table.astype({column: object})
        out.loc[where(out), column] = value  # type: ignore[operator]
        return out

    return change


def on(day: str, **equal: str):  # type: ignore[no-untyped-def]
    def rows(table: pd.DataFrame) -> pd.Series:
        mask = table["date"] == day
        for column, value in equal.items():
            mask &= table[column] == value
        return mask

    return rows


REFUSED = {
    "half of the indices": ("indices", lambda t: t[t["date"] < "2024-01-20"], "lacks 19 of 33 days"),
    "a day of the indices": ("indices", lambda t: t[t["date"] != "2024-01-17"], "lacks 1 of 33 days"),
    "a close": ("indices", put("micro", "", on("2024-01-17")), "no return of micro on 2024-01-17"),
    "half of the funds": (
        "etfs",
        lambda t: t[t["date"] < "2024-01-20"],
        "on 19 of 33 days, first 2024-01-22",
    ),
    "a fund's day": (
        "etfs",
        lambda t: t[~on("2024-02-05", code="512100")(t)],
        "no turnover of 512100 on 1 of 33 days, first 2024-02-05",
    ),
    "before": (
        "etfs",
        lambda t: t[t["date"] >= "2023-12-20"],
        "days of turnover of 510300 before 2024-01-02",
    ),
    "a zero amount": ("etfs", put("amount", 0, on("2024-02-05", code="512100")), "512100 amount = 0"),
    "an infinite amount": (
        "etfs",
        put("amount", "inf", on("2024-02-05", code="512100")),
        "512100 amount = inf",
    ),
    "no amount": ("etfs", put("amount", "", on("2024-02-05", code="512100")), "512100 amount = nan"),
    "nothing bought": (
        "etfs",
        lambda t: t.assign(amount=np.where(t["date"] < FIRST, 1e9, 1e8)),
        "never above its normal",
    ),
    "half of the futures": (
        "futures",
        lambda t: t[t["date"] < "2024-02-05"],
        "no basis of IM2402 on 5 of 29 days",
    ),
    "a contract": ("futures", lambda t: t[t["symbol"] != "IM2403"], "no contract IM2403"),
    "a negative spot": (
        "futures",
        put("spot_close", -5300, on("2024-02-05", symbol="IM2403")),
        "IM2403 spot_close = -5300",
    ),
    "no spot": (
        "futures",
        put("spot_close", "", on("2024-02-05", symbol="IM2403")),
        "no basis of IM2403 on 1 of 33 days, first 2024-02-05",
    ),
    "a day twice": ("futures", lambda t: pd.concat([t, t[-1:]]), "comes a second time"),
    "a bad day": ("etfs", put("date", "9999-12-31", on("2024-03-29")), "9999-12-31 is after"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_episode_that_is_not_whole_is_refused_with_what_is_missing(tmp_path: Path, name: str) -> None:
    part, change, words = REFUSED[name]
    with pytest.raises(InputError) as refusal:
        read(saved(tmp_path, **{part: change}))
    assert words in str(refusal.value)
    assert f"{part}.csv" in str(refusal.value)


def test_an_episode_of_another_market_has_its_buckets_futures_and_days(tmp_path: Path) -> None:
    """The same numbers under other names and in another order, on the days of New York, nobody buying."""
    made = named(
        {
            "label": "Made up",
            "calendar": "XNYS",
            "bucket": [{"name": "tiny"}, {"name": "big"}],
            "future": [{"name": "MX", "bucket": "big"}],
            "roles": {"large": "big"},
        }
    )
    days = calendar.sessions("XNYS")
    days = days[(np.datetime64("2023-12-18") <= days) & (np.datetime64("2024-02-23") >= days)]
    level = 3000 * np.exp(0.01 * np.random.default_rng(1).standard_normal((len(days), 2)).cumsum(axis=0))
    table = pd.DataFrame(
        level.round(2), index=pd.Index(days.astype(str), name="date"), columns=["big", "tiny"]
    )
    table.to_csv(tmp_path / "indices.csv")
    spot = table["big"]
    rows = [{"date": d, "symbol": "MX2403", "close": 0.98 * x, "spot_close": x} for d, x in spot.items()]
    pd.DataFrame(rows).to_csv(tmp_path / "futures.csv", index=False)
    terms = TERMS.model_copy(update={"contracts": {"MX2403": "MX"}, "state": None})
    whole = read_episode(Files(tmp_path / "indices.csv", tmp_path / "futures.csv"), terms, made)
    assert "2024-02-12" in whole.days, "New York's days: Shanghai was closed"
    simple = table[["tiny", "big"]].pct_change().loc[FIRST:LAST].to_numpy()
    np.testing.assert_allclose(whole.returns, simple)
    np.testing.assert_allclose(whole.basis["MX2403"], -0.02)
    assert not whole.purchases.any()


def test_purchases_need_their_file(tmp_path: Path) -> None:
    files = saved(tmp_path)
    with pytest.raises(InputError, match="--etfs"):
        read_episode(Files(files.indices, files.futures), TERMS)
