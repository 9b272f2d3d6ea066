"""Contracts rolled into what a hedger earns, and tables refused."""

import numpy as np
import pandas as pd
import pytest

from tailrisk.calibrate import realised
from tailrisk.calibrate.futures import read_futures, rolled
from tailrisk.core.errors import InputError
from tailrisk.core.names import home

DAYS = pd.bdate_range("2024-03-06", "2024-03-20")  # IM2403 last trades on 15 March


def table(tmp_path, **changes):
    rows = [
        {"date": day.date().isoformat(), "symbol": symbol, "close": 100 + k + 10 * (symbol == "IM2406")}
        for k, day in enumerate(DAYS)
        for symbol in ("IM2403", "IM2404", "IM2406", "IH2403")
        if not (symbol == "IM2403" and day > pd.Timestamp("2024-03-15"))
    ]
    rows[3] |= changes
    path = tmp_path / "futures.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def test_the_hedger_leaves_a_contract_days_before_its_end(tmp_path):
    spot = pd.Series(np.full(len(DAYS), 100.0), index=DAYS)
    future = rolled(read_futures(table(tmp_path)), "IM", spot, "quarter", roll=2)
    changed = DAYS.get_loc(pd.Timestamp("2024-03-13"))  # two trading days before the 15th
    assert future.held == ("IM2403",) * changed + ("IM2406",) * (len(DAYS) - changed)
    price = [100.0 + k for k in range(len(DAYS))]
    before = [price[k] / price[k - 1] - 1 for k in range(1, changed + 1)]
    after = [(10 + price[k]) / (10 + price[k - 1]) - 1 for k in range(changed + 1, len(DAYS))]
    np.testing.assert_allclose(future.returns[1:], before + after, atol=1e-15)
    np.testing.assert_allclose(future.basis[[0, -1]], [0.0, 0.10 + 0.01 * (len(DAYS) - 1)], atol=1e-15)
    assert future.annual_basis[1] == pytest.approx(0.01 * 365 / 8), "from 7 to 15 March"
    monthly = rolled(read_futures(table(tmp_path)), "IM", spot, "all", roll=2)
    assert monthly.held[-1] == "IM2404"


@pytest.mark.parametrize("changes", [{"close": -1.0}, {"close": "x"}, {"date": "nonsense"}])
def test_bad_cells_are_refused(tmp_path, changes):
    rows = {"symbol": "IM2403", **changes}
    with pytest.raises(InputError):
        read_futures(table(tmp_path, **rows))


def test_a_contract_without_a_close_is_refused(tmp_path):
    spot = pd.Series(np.full(len(DAYS), 100.0), index=DAYS)
    with pytest.raises(InputError, match="no contract of IC"):
        rolled(read_futures(table(tmp_path)), "IC", spot, "all", roll=2)
    frame = read_futures(table(tmp_path))
    frame.loc[DAYS[2], "IM2403"] = np.nan
    with pytest.raises(InputError, match="IM2403 on 2024-03-08"):
        rolled(frame, "IM", spot, "quarter", roll=2)


def test_the_tape_of_real_days():
    """Gaps count as calendar days, fees fall due on the last day of a year, limits stop part of the sales."""
    days = pd.DatetimeIndex(["2023-12-28", "2023-12-29", "2024-01-02"])
    closes = pd.DataFrame({name: [100.0, 110.0, 99.0] for name in home().buckets}, index=days)
    frictions = realised.Frictions({"2024-01-02": {"micro": 0.5}}, {"2023-12-29": 0.9}, locked=0.2)
    quotes = realised.without_basis(closes, {"IF": {"2023-12-28": 0.0, "2023-12-29": 0.02}}, home())
    tape = realised.tape(closes, quotes, frictions)
    np.testing.assert_allclose(np.asarray(tape.returns)[:, 0, 0], [0.1, -0.1])
    np.testing.assert_allclose(np.asarray(tape.futures)[:, 0, 0], [1.1 * 1.02 - 1, -0.1])
    np.testing.assert_allclose(np.asarray(tape.years) * 365, [1, 4])
    np.testing.assert_allclose(np.asarray(tape.sells)[1, :, 0], [1, 1, 1, 1, 0.6])
    np.testing.assert_allclose(np.asarray(tape.refused)[:, 0], [0.9, 0])
    assert np.asarray(tape.crystallised).tolist() == [True, False]
    with pytest.raises(InputError, match="not a day of the replay"):
        realised.tape(closes, quotes, realised.Frictions({}, {"2024-01-01": 0.9}, locked=0.2))
