"""Expiries: the third Friday, holidays, the slots contracts move through, and the roll."""

import numpy as np
import pytest

from tailrisk.market import expiry

HOLIDAYS = ["2024-01-01", "2024-02-09", "2024-02-12", "2024-02-13", "2024-02-14", "2024-02-15", "2024-02-16"]


def last_day(month):
    return str(expiry.last_day(np.datetime64(month), HOLIDAYS))


def schedule(first="2024-01-15", days=45, roll=5):
    return expiry.schedule(first, days, HOLIDAYS, roll)


def on(plan, day):
    return int(np.flatnonzero(plan.dates == np.datetime64(day))[0])


def test_the_three_expiries_of_early_2024():
    assert [last_day(m) for m in ("2024-01", "2024-02", "2024-03")] == [
        "2024-01-19",
        "2024-02-19",
        "2024-03-15",
    ]


def test_without_the_holiday_february_would_end_on_its_third_friday():
    assert str(expiry.last_day(np.datetime64("2024-02"))) == "2024-02-16"


@pytest.mark.parametrize(
    ("day", "months"),
    [
        ("2024-02-02", ["2024-02", "2024-03", "2024-06"]),
        ("2024-02-19", ["2024-02", "2024-03", "2024-06"]),
        ("2024-02-20", ["2024-03", "2024-04", "2024-06"]),
        ("2024-03-18", ["2024-04", "2024-05", "2024-06"]),
        ("2024-12-23", ["2025-01", "2025-02", "2025-03"]),
    ],
)
def test_listed_contracts(day, months):
    assert [str(m) for m in expiry.listed(np.datetime64(day), HOLIDAYS)] == months


def test_days_to_expiry_are_calendar_days():
    plan = schedule()
    day = on(plan, "2024-02-02")
    assert plan.contracts.days[day].tolist() == [17, 42, 140]
    assert plan.contracts.before[day].tolist() == [18, 43, 141]
    reopening = on(plan, "2024-02-19")
    assert plan.contracts.days[reopening, 0] == 0
    assert plan.contracts.before[reopening, 0] == 11  # eleven calendar days since 8 February


def test_a_contract_keeps_its_identity_across_slots():
    plan = schedule()
    assert plan.contracts.origin[on(plan, "2024-02-19")].tolist() == [0, 1, 2]
    assert plan.contracts.origin[on(plan, "2024-02-20")].tolist() == [1, -1, 2]
    assert plan.contracts.origin[on(plan, "2024-01-22")].tolist() == [1, 2, -1]


def test_the_limit_doubles_on_the_last_day_only():
    plan = schedule()
    assert plan.contracts.limit[on(plan, "2024-02-19")].tolist() == [0.2, 0.1, 0.1]
    assert plan.contracts.limit[on(plan, "2024-02-08")].tolist() == [0.1, 0.1, 0.1]


def test_the_held_contract_rolls_at_the_close_so_many_days_before():
    plan = schedule(roll=5)
    assert plan.contracts.held[on(plan, "2024-02-02")].tolist() == [
        1,
        0,
        0,
    ]  # five trading days before the 19th
    assert plan.contracts.held[on(plan, "2024-02-05")].tolist() == [0, 1, 0]
    assert plan.contracts.held[on(plan, "2024-02-20")].tolist() == [
        1,
        0,
        0,
    ]  # the same contract, now in front


def test_without_a_roll_the_front_is_held_to_its_last_day():
    plan = schedule(roll=0)
    assert (plan.contracts.held[:, 0] == 1).all()


def test_one_contract_is_held_a_day():
    for roll in (0, 3, 15):
        np.testing.assert_array_equal(schedule(roll=roll).contracts.held.sum(axis=1), 1.0)


@pytest.mark.market_data
def test_every_contract_ended_on_its_computed_day(market_data):
    import pandas as pd

    index = pd.read_csv(market_data / "indices_daily.csv", usecols=["date"])
    traded = np.unique(index.date.to_numpy().astype("M8[D]"))
    weekdays = np.arange(traded[0], traded[-1] + np.timedelta64(1, "D"))
    weekdays = weekdays[np.is_busday(weekdays)]
    holidays = np.setdiff1d(weekdays, traded)
    futures = pd.read_csv(market_data / "index_futures_daily.csv", usecols=["symbol", "date"])
    final = futures.groupby("symbol").date.max()
    months = np.array([f"20{s[2:4]}-{s[4:6]}" for s in final.index], "M8[M]")
    computed = expiry.last_day(months, holidays)
    over = computed < traded[-1]
    assert over.sum() > 150
    np.testing.assert_array_equal(final.to_numpy().astype("M8[D]")[over], computed[over])
