"""Memory and drawn days in a config: what the calibrated file must hold, and the user's own table."""

import numpy as np
import pytest

from tailrisk.assemble.world import assemble
from tailrisk.config import load
from tailrisk.core.errors import InputError
from tailrisk.core.names import FACTORS

MEMORY = ["market.process=memory", "run.precision=float64"]


def table(path, rows=300, header=True, seed=0):
    values = np.random.default_rng(seed).normal(size=(rows, 5)) + 0.2
    lines = ["date," + ",".join(FACTORS)] if header else []
    lines += [
        f"2020-01-{1 + i % 28:02d}," + ",".join(f"{x:.6f}" for x in row) for i, row in enumerate(values)
    ]
    path.write_text("\n".join(lines) + "\n")
    return values


def test_the_filter_in_the_world_is_the_files():
    config = load("feb2024.toml", MEMORY)
    law, block = assemble(config).process, config.calibrated.memory
    np.testing.assert_allclose(np.asarray(law.filter.weight)[1:4], np.array(block.weight).T[1:4])
    base = np.array(block.weight)[:, 0] * np.array(block.long_run)
    np.testing.assert_allclose(np.asarray(law.filter.weight)[0], base)
    np.testing.assert_allclose(np.expm1(np.asarray(law.filter.high)), block.limit)
    assert np.asarray(law.filter.mean)[1:].tolist() == [0.0] * 4, "no drift of spreads unless asked"
    np.testing.assert_allclose(np.asarray(law.start.square)[:, :, 0], block.eve.square)
    affine, nu = np.asarray(law.ladder.affine), block.residuals.nu
    for k in range(block.residuals.states):
        covariance = affine[k, :, 1:] @ affine[k, :, 1:].T * nu / (nu - 2)
        np.testing.assert_allclose(covariance, block.residuals.covariance[k], rtol=1e-9)


@pytest.mark.parametrize(("start", "continues"), [("stationary", True), ("calm", False), ("crisis", False)])
def test_starts_are_states_of_the_long_run(start, continues):
    law = assemble(load("feb2024.toml", [*MEMORY, f"market.start={start}"])).process
    common = np.asarray(law.start.common)
    assert law.continues == continues
    if start == "calm":
        assert common.max() <= np.median(np.asarray(law.past.common))
    if start == "crisis":
        assert common.min() >= np.quantile(np.asarray(law.past.common), 0.5)
        assert len(common) >= 16


def test_days_come_from_the_users_table(tmp_path):
    values = table(tmp_path / "days.csv")
    said = [f"market.residuals={tmp_path / 'days.csv'}", "market.process=days", "market.block=4"]
    config = load("feb2024.toml", [*said, "run.precision=float64"])
    days = assemble(config).process.days
    assert float(days.leave) == 0.25
    got = np.asarray(days.rows)
    np.testing.assert_allclose(got[:, 0], values[:, 0], atol=1e-6)
    np.testing.assert_allclose(got[:, 1:].mean(axis=0), 0, atol=1e-12)
    market = config.resolved()["market"]
    assert (market["residuals"], len(market["residuals_sha256"])) == ("days.csv", 64)
    assert str(tmp_path) not in str(config.resolved())


@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        (lambda path: table(path, header=False), "begins with"),
        (lambda path: table(path, rows=100), "100 days"),
        (lambda path: path.write_text("date," + ",".join(FACTORS) + "\n2020-01-01,1,2,nan,4,5\n"), "line 2"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(tmp_path, spoil, match):
    spoil(tmp_path / "days.csv")
    with pytest.raises(InputError, match=match):
        load("feb2024.toml", [f"market.residuals={tmp_path / 'days.csv'}", "market.process=days"])


def test_days_without_a_table_and_their_tilt_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"market\.process"):
        load("feb2024.toml", ["market.process=days"])
    table(tmp_path / "days.csv")
    said = [f"market.residuals={tmp_path / 'days.csv'}", "market.process=days", "run.paths=100000"]
    with pytest.raises(InputError, match="no tilt"):
        load("feb2024.toml", [*said, "sampling.method=importance"])


def test_regimes_say_nothing_new_in_a_record():
    """Configs of before keep their digests: what memory adds is only there when it is used."""
    market = load("feb2024.toml", ["market.process=regimes"]).resolved()["market"]
    assert not {"process", "residuals", "block"} & set(market)
    assert load("feb2024.toml").resolved()["market"]["process"] == "memory"
