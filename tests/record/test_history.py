"""The spreads before the first day: the last there are, oldest first, each detector its own."""

import numpy as np
import pandas as pd
import pytest

from tailrisk.assemble.world import warmup_days
from tailrisk.config import load
from tailrisk.core import InputError
from tailrisk.record.history import spreads

EVENTS = (
    'event=[{name="a", pair=["csi1000","csi300"], window=30, threshold=-3.0},'
    '{name="b", pair=["csi500","csi300"], window=20, days=3, threshold=-3.0},'
    '{name="c", pair=["csi1000","csi300"], window=30, threshold=-5.0}]'
)
CODES = {"csi300": "000300", "csi500": "000905", "csi1000": "000852"}


def config(path, *more):
    sets = ["run.paths=1000", "run.days=12", "tail.levels=[0.9]", 'market.warmup="history"']
    return load("feb2024.toml", [*sets, f"market.history={str(path)!r}", EVENTS, *more])


@pytest.fixture
def closes(tmp_path):
    """Ninety days of closes up to the end of the fit's window, ten after it, and where they are."""
    random = np.random.default_rng(4)
    days = pd.bdate_range(end="2023-12-29", periods=90).append(pd.bdate_range("2024-01-02", periods=10))
    levels = 1000 * np.exp(0.01 * random.standard_normal((100, 3)).cumsum(axis=0))
    table = pd.DataFrame(levels, index=days, columns=list(CODES))
    return table, tmp_path / "closes.csv"


def written(table, path):
    lines = [
        f"{day.date()},{CODES[bucket]},{value!r}"
        for day, row in table.iterrows()
        for bucket, value in row.items()
        if np.isfinite(value)
    ]
    path.write_text("date,code,close\n" + "\n".join(lines) + "\n")
    return path


def test_the_last_days_up_to_the_window_s_end_oldest_first(closes):
    table, path = closes
    it = config(written(table, path))
    returns = table.loc[:"2023-12-29"].pct_change().iloc[1:]
    found, days = spreads(it), warmup_days(it)
    assert found.shape == (days, 2), "one column a detector, not an event"
    assert 30 <= days < 60
    for column, large in zip(found.T, ("csi1000", "csi500"), strict=True):
        np.testing.assert_allclose(column, (returns[large] - returns["csi300"]).to_numpy()[-days:], rtol=1e-9)


def test_a_short_series_is_filled_with_zeros_before_it_begins(closes):
    table, path = closes
    table.loc[table.index[:65], "csi500"] = np.nan
    it = config(written(table, path))
    found, days = spreads(it), warmup_days(it)
    known = 90 - 65 - 1
    assert known < days
    assert not found[: days - known, 1].any()
    assert found[days - known :, 1].all()
    assert found[:, 0].all()


def test_a_day_too_few_is_refused(closes):
    table, path = closes
    table.loc[table.index[: 90 - 23], "csi500"] = np.nan
    spreads(config(written(table, path)))
    table.loc[table.index[: 90 - 22], "csi500"] = np.nan
    with pytest.raises(InputError, match="21 daily spreads for event b up to 2023-12-29"):
        spreads(config(written(table, path)))


def test_odd_closes_are_refused_and_gone_on_with_when_the_config_accepts_them(closes):
    table, path = closes
    table.iloc[40:47, table.columns.get_loc("csi1000")] = 1234.5
    with pytest.raises(InputError, match="same close on 7 days") as refusal:
        spreads(config(written(table, path)))
    assert 'market.accept = ["stale"]' in str(refusal.value)
    assert "--accept" not in str(refusal.value)
    accepted = 'market.accept=["stale", "holes", "closed-days", "spikes"]'
    assert spreads(config(path, accepted)).shape[1] == 2
    with pytest.raises(InputError, match="same close"):
        spreads(config(path, 'market.accept=["holes", "closed-days"]'))
    with pytest.raises(InputError, match=r"market\.accept"):
        config(path, 'market.accept=["weekly"]')
