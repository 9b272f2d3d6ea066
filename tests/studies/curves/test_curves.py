"""Other people's models: the fire sale against the Oxford code's output and by hand; portfolios of ES."""

from dataclasses import replace

import numpy as np
import pytest

from tailrisk.core.errors import InputError
from tailrisk.studies.curves import firesale, portfolios
from tailrisk.studies.curves.firesale import Rules

FAILED = {
    ("impact", 0.04): (0.375, 0.645833, 0.875, 0.895833, 0.9375, 0.958333),
    ("shock", 0.04): (0.0, 0.041667, 0.166667, 0.375, 0.5625, 0.6875),
    ("shock", 1.0): (0.0, 0.0625, 0.270833, 0.375, 0.5625, 0.708333),
}
SOLD = {
    ("impact", 0.04): (0.628350, 0.985259, 0.993222, 0.993222, 1.0, 1.0),
    ("shock", 0.04): (0.071268, 0.431897, 0.623143, 0.838895, 0.882367, 0.912163),
    ("shock", 1.0): (0.382538, 0.760307, 0.887344, 0.982638, 0.985829, 0.985829),
}
"""What the classes of ox-inet-resilience/firesale_stresstest print on the same balance sheets (its ledger, a
package that cannot be had, replaced by sums), at every fourth of 21 points by axis and buffer; impact 1 %
along the shock."""


@pytest.mark.parametrize(("field", "buffer"), list(FAILED))
def test_the_curves_of_the_oxford_code(field, buffer):
    rules = Rules(buffer=buffer) if field == "impact" else Rules(impact=0.01, buffer=buffer)
    values = np.linspace(0, 0.1 if field == "impact" else 0.3, 21)[::4]
    found = firesale.curve(firesale.synthetic(), rules, field, values)
    np.testing.assert_allclose([one.failed for one in found], FAILED[field, buffer], atol=6e-7)
    np.testing.assert_allclose([one.sold for one in found], SOLD[field, buffer], atol=6e-7)


def one_bank(**change):
    sheet = {
        "cash": 5.0,
        "corporate": 5.0,
        "government": 15.0,
        "other": 75.0,
        "loan": 47.5,
        "owed": 47.5,
    } | change
    arrays = {name: np.array([value]) for name, value in sheet.items()}
    tradable = np.stack([arrays.pop("corporate"), arrays.pop("government")], axis=1)
    return firesale.Banks(tradable=tradable, **arrays)


def test_one_bank_by_hand():
    """Equity 5 of 100; a shock of 10 % on 15 leaves 3.5 of 98.5, 3.55 %: it acts, and repays all of its cash.

    It wants 98.5 - 3.5 / .05 = 28.5, repays 5 and offers 5 of its 18.5 of bonds, 5 / 18.5 of each. With an
    impact of zero it has 5 of cash again after they are sold, repays it and offers 5 of 13.5.
    """
    still = firesale.run(one_bank(), Rules(shock=0.1, impact=0.0, rounds=1))
    assert still == firesale.Outcome(failed=0.0, sold=0.0)  # offered after the market has cleared
    two = firesale.run(one_bank(), Rules(shock=0.1, impact=0.0, rounds=2))
    assert two.sold == pytest.approx(5 / 18.5)
    three = firesale.run(one_bank(), Rules(shock=0.1, impact=0.0, rounds=3))
    left = 1 - 5 / 18.5
    assert three.sold == pytest.approx(1 - left * (1 - 5 / 13.5))
    cautious = firesale.run(one_bank(), Rules(shock=0.1, impact=0.0, rounds=6, buffer=0.035))
    assert cautious.sold == 0
    failing = firesale.run(one_bank(), Rules(shock=0.2, impact=0.0, rounds=2))  # 2 of 97 is 2.06 %
    assert failing == firesale.Outcome(failed=1.0, sold=1.0)


def test_impact_is_by_the_tenth():
    """Two banks: one fails and sells a tenth of what there is; with an impact of 5 % the other loses 5 %."""
    both = firesale.Banks(
        cash=np.zeros(2),
        tradable=np.array([[0.0, 10.0], [0.0, 90.0]]),
        other=np.array([90.0, 110.0]),
        loan=np.array([98.0, 100.0]),
        owed=np.array([0.0, 89.9]),
    )  # equity 2 of 100, and 10.1 of 200: 5.05 %; after 5 % of 90 it has 5.6 of 195.5, 2.86 %
    assert firesale.run(both, Rules(shock=0.0, impact=0.05, rounds=2)).failed == 1.0
    assert firesale.run(both, Rules(shock=0.0, impact=0.04, rounds=2)).failed == 0.5  # 6.5 of 196.4: 3.31 %


def test_more_of_either_is_never_better():
    banks = firesale.synthetic()
    for field, values in (("impact", np.linspace(0, 0.1, 11)), ("shock", np.linspace(0, 0.3, 11))):
        failed = [one.failed for one in firesale.curve(banks, Rules(impact=0.01), field, values)]
        assert (np.diff(failed) >= 0).all()
    target = firesale.run(banks, replace(Rules(impact=0.01), buffer=1.0))
    assert target.sold >= firesale.run(banks, Rules(impact=0.01)).sold


def test_what_is_no_balance_sheet_is_refused():
    one = np.ones(1)
    with pytest.raises(InputError, match="banks"):
        firesale.banks(one, 0.05 * one, 20 * one, 5 * one)  # securities and cash of 21 in assets of 20


def test_twenty_four_portfolios_to_five_decimals():
    found = portfolios.solved()
    assert len(found) == len(portfolios.THEIRS) == 24
    np.testing.assert_allclose([es for es, _ in found], portfolios.THEIRS, atol=2e-7)
    assert max(gap for _, gap in found) < 1e-7
