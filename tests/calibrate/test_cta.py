"""The trend rule and its law: long in a rise, the volatility asked for, and nothing of tomorrow."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tailrisk.calibrate.commodities import read_futures
from tailrisk.calibrate.cta import bootstrap, no_loading, student
from tailrisk.calibrate.trend import Rule, earned, positions
from tailrisk.cli import main
from tailrisk.core.calendar import YEAR
from tailrisk.core.errors import InputError

RULE = Rule(horizons=(5, 20, 60), target=0.11)


def walk(days: int, products: int, seed: int) -> pd.DataFrame:
    """Independent normal returns of volatilities from 1 % to 3 % a day."""
    sd = np.linspace(0.01, 0.03, products)
    returns = np.random.default_rng(seed).normal(0.0, sd, (days, products))
    return pd.DataFrame(returns, pd.bdate_range("2015-01-01", periods=days), list("ABCDEFGHIJKL")[:products])


def table(days: int = 90) -> pd.DataFrame:
    """One product that gains 1 % a day, half of it overnight, with open interest of 1,000."""
    close = 100 * 1.01 ** np.arange(days)
    opened = np.concatenate([[100.0], close[:-1] * 1.005])
    when = pd.bdate_range("2022-01-03", periods=days).strftime("%Y-%m-%d")
    return pd.DataFrame({"date": when, "symbol": "AU", "open": opened, "close": close, "hold": 1000.0})


def saved(folder: Path, frame: pd.DataFrame) -> Path:
    frame.to_csv(folder / "futures.csv", index=False)
    return folder / "futures.csv"


def test_a_rise_is_held_long_and_a_fall_short() -> None:
    returns = walk(120, 2, 1) * 0.1 + [0.01, -0.01]
    held = positions(returns, RULE)
    assert held.iloc[:60].isna().all(axis=None)
    assert (held["A"].iloc[60:] > 0).all()
    assert (held["B"].iloc[60:] < 0).all()


def test_the_volatility_asked_for_is_met_on_random_walks() -> None:
    returns = walk(4000, 12, 2)
    gains = earned(returns, positions(returns, RULE))
    assert len(gains) == 4000 - 61
    # Signs are chosen by the past, whose trends count as risk, so the book is scaled a little too small.
    error = np.sqrt((gains.kurt() + 2) / (4 * len(gains)))
    assert error < 0.015
    assert 0.95 - 4 * error < gains.std() * YEAR**0.5 / 0.11 < 1 + 4 * error
    double = positions(returns, Rule(horizons=RULE.horizons, target=0.22))
    np.testing.assert_allclose(double, 2 * positions(returns, RULE), rtol=1e-12)
    assert abs(gains.mean()) < 4 * gains.std() / len(gains) ** 0.5


def test_tomorrow_changes_no_position_of_today() -> None:
    returns = walk(150, 3, 3)
    other = returns.copy()
    other.iloc[100:] = walk(150, 3, 4).iloc[100:] * 5
    one, two = positions(returns, RULE), positions(other, RULE)
    pd.testing.assert_frame_equal(one.iloc[:100], two.iloc[:100], check_exact=True)
    assert (one.iloc[100] != two.iloc[100]).all()
    gains = earned(returns, one)
    assert gains.iloc[0] == pytest.approx(one.iloc[60] @ returns.iloc[61])


def test_tomorrow_changes_no_roll_of_today(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    frame = table()
    frame["open"] *= np.exp(rng.normal(0, 0.01, 90))
    frame["hold"] *= np.exp(rng.normal(0, 0.2, 90))
    frame.loc[49:, ["open", "close"]] *= 1.5
    frame.loc[49, "hold"] = frame.loc[48, "hold"]
    whole = read_futures(saved(tmp_path, frame))
    part = read_futures(saved(tmp_path, frame[:50]))
    assert part.rolled.to_numpy().sum() > 2
    assert part.rolled["AU"].iloc[49]
    pd.testing.assert_frame_equal(whole.rolled[:50], part.rolled, check_exact=True)
    pd.testing.assert_frame_equal(whole.returns[:50], part.returns, check_exact=True)


@pytest.mark.parametrize("seen", ["hold", "gap"])
def test_the_gap_of_a_roll_is_no_gain(tmp_path: Path, seen: str) -> None:
    frame = table()
    later = frame.index >= 40
    frame.loc[later, ["open", "close"]] *= 1.002 if seen == "hold" else 1.2
    frame.loc[later, "hold"] *= 1.5 if seen == "hold" else 1.0
    found = read_futures(saved(tmp_path, frame))
    assert found.rolled["AU"].to_numpy().nonzero()[0].tolist() == [40]
    inside = 1.01 / 1.005 - 1
    expected = np.where(np.arange(90) == 40, inside, 0.01)
    np.testing.assert_allclose(found.returns["AU"].iloc[1:], expected[1:], rtol=1e-9)
    raw = read_futures(saved(tmp_path, frame), rolls=False).returns["AU"].iloc[40]
    assert raw == pytest.approx(1.01 * (1.002 if seen == "hold" else 1.2) - 1)


def test_a_gap_after_a_holiday_is_kept(tmp_path: Path) -> None:
    frame = table()
    frame.loc[frame.index >= 40, ["open", "close"]] *= 1.2
    frame.loc[frame.index >= 40, "date"] = (
        pd.bdate_range("2022-03-21", periods=50).strftime("%Y-%m-%d").to_numpy()
    )
    assert not read_futures(saved(tmp_path, frame)).rolled.any(axis=None)


def test_tails_and_loadings_are_told_from_none() -> None:
    rng = np.random.default_rng(6)
    x = rng.normal(size=(500, 5))
    assert no_loading(rng.normal(size=500), x) > 0.05
    assert no_loading(x[:, 3] + 2 * rng.normal(size=500), x) < 0.001
    assert student(rng.normal(size=2000))[1] > 0.05
    nu, heavy = student(rng.standard_t(4, size=2000))
    assert heavy < 1e-6
    assert 3 < nu < 5.5


def test_bounds_are_those_of_the_textbook_on_independent_days() -> None:
    rows = np.random.default_rng(7).normal(size=2000)
    found = bootstrap(lambda r: float(r.mean()), rows, 0)
    assert found.value == rows.mean()
    np.testing.assert_allclose(found.high - found.low, 2 * 1.96 / 2000**0.5, rtol=0.1)
    again = bootstrap(lambda r: float(r.mean()), rows, 0)
    assert (found.low, found.high) == (again.low, again.high)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda f: f.drop(columns="hold"), "no column 'hold'"),
        (lambda f: f.assign(open=f["open"].where(f.index != 3, 0.0)), "AU open = 0"),
        (
            lambda f: f.assign(close=f["close"].astype(object).where(f.index != 3, "x")),
            "close = 'x' is not a",
        ),
        (lambda f: pd.concat([f, f[-1:]]), "comes a second time"),
        (lambda f: pd.concat([f[-1:], f[:-1]]), "comes after a later date"),
    ],
)
def test_a_bad_file_is_refused(tmp_path: Path, change: object, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        read_futures(saved(tmp_path, change(table())))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--until", "2023-02-30"], "--until"),
        (["--until", "2023-12-31", "--horizons", "20,20"], "--horizons"),
        (["--until", "2023-12-31"], "no such file"),
    ],
)
def test_the_command_refuses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], expected: str
) -> None:
    output = tmp_path / "cta.toml"
    with pytest.raises(SystemExit) as stop:
        main(["cta", "no.csv", "no.csv", *arguments, "--regimes", "no.toml", "-o", str(output)])
    assert stop.value.code == 2
    assert expected in capsys.readouterr().err
    assert not output.exists()
