"""Contributions to ES: of Gaussian losses what Euler's rule says, of any losses parts of their ES."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import norm

from tailrisk.assemble.world import assemble
from tailrisk.config import load
from tailrisk.core.errors import InputError
from tailrisk.record import collect, contributions
from tailrisk.record.run import run
from tailrisk.report.folder import Result
from tailrisk.report.page import write
from tailrisk.report.tables import contributions as shown
from tailrisk.tail import expected_shortfall

PATHS = 16_000
SAID = (
    *("market.process=regimes", "market.states=1", "event=[]", "run.days=5", "run.precision=float64"),
    *(f"run.paths={PATHS}", "tail.levels=[0.95]", 'tail.losses=["terminal"]'),
)
ASKED = 'tail.risks=["contribution:0.9", "contribution:0.99"]'


@pytest.fixture(scope="module")
def lived():
    config = load("feb2024.toml", [*SAID, ASKED])
    world = assemble(config)
    kept = collect.sample(config, world, progress=False)
    return config, kept, contributions.table(config, world, kept)


def test_the_parts_of_every_product_sum_to_its_es(lived):
    config, kept, table = lived
    for (product, level), rows in table[table["product"] != contributions.BOOK].groupby(["product", "level"]):
        p = list(config.products).index(product)
        whole = kept.losses(0, 0, p).expected_shortfall(str(level))
        assert rows.contribution.sum() == pytest.approx(whole, abs=2e-6)
        assert (rows.contribution_low <= rows.contribution).all()
        assert (rows.contribution_high >= rows.contribution).all()
    assert set(table.level) == {0.9, 0.99}
    assert {"hedge", "rest"} <= set(table[table["product"] == "neutral"].part)


def test_a_bought_index_contributes_what_its_covariance_says(lived):
    """C_j = (phi(z) / (1 - a)) cov(L_j, L) / sd(L) - E[gain of j] of a walk; five days are near Gaussian."""
    config, _, table = lived
    world = assemble(config)
    step = np.asarray(world.process.ladder.affine[0], float)
    p = list(config.products).index("ie500")
    book = np.asarray(world.products.long[p], float)
    covariance = config.run.days * step[:, 1:] @ step[:, 1:].T
    mean = config.run.days * step[:, 0] + 0.5 * np.diag(covariance)
    sd = np.sqrt(book @ covariance @ book)
    z = norm.ppf(0.9)
    wanted = norm.pdf(z) / 0.1 * book * (covariance @ book) / sd - book * mean
    mine = table[(table["product"] == "ie500") & (table.level == 0.9)].set_index("part")
    for b, bucket in enumerate(world.names.buckets):
        if book[b]:
            row = mine.loc[f"stocks {bucket}"]
            half = (row.contribution_high - row.contribution_low) / 2
            assert row.contribution == pytest.approx(wanted[b], abs=3 * half + 0.03 * abs(wanted[b]))


def test_a_book_of_gaussian_products_is_eulers_rule():
    """C_j = (phi(z) / (1 - a)) (S 1)_j / (n sd), of losses with covariance S in n equal parts."""
    config = load("feb2024.toml", [*SAID, ASKED])
    count = len(config.products)
    draw = np.random.default_rng(4)
    root = 0.05 * draw.standard_normal((count, count))
    losses = (root @ draw.standard_normal((count, 200_000))).astype(np.float32)
    kept = SimpleNamespace(risks=SimpleNamespace(first=np.concatenate([losses, 0 * losses])))
    rows = contributions._of_book(config, kept, "0.99")
    covariance = root @ root.T
    sd = np.sqrt(covariance.sum())
    wanted = norm.pdf(norm.ppf(0.99)) / 0.01 * covariance.sum(axis=1) / (count * sd)
    found = np.array([row["contribution"] for row in rows])
    np.testing.assert_allclose(found, wanted, atol=0.03 * np.abs(wanted).max())
    inside = [
        row["contribution_low"] < c < row["contribution_high"] for row, c in zip(rows, wanted, strict=True)
    ]
    assert np.mean(inside) > 0.7
    assert found.sum() == pytest.approx(expected_shortfall(losses.astype(float).mean(axis=0), level="0.99"))


def test_the_page_shows_them(lived, tmp_path):
    config = load("feb2024.toml", [*SAID, ASKED.replace("]", ', "pareto_es:0.99"]'), "name=shares"])
    folder = run(config, tmp_path, command="", force=False, progress=False)
    result = Result.read(folder)
    low, high = shown(result)
    assert "ES 90" in low.caption
    assert "ES 99" in high.caption
    assert low.groups[-1][0].startswith("Book of all products, equal parts")
    assert len(low.groups[-1][1]) == len(config.products)
    assert any("CSI 500" in row[0].text for _, rows in low.groups for row in rows)
    page = write(folder).read_text(encoding="utf-8")
    assert "Contributions to ES" in page
    assert "Pareto ES 0.99, tail from 0.9" in page
    assert "beyond" in page


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ('tail.losses=["worst_day"]', "without terminal"),
        ('sampling={method="importance", targets=["ie500.terminal"]}', "weighted paths"),
        ("run.paths=128", "0.99"),
    ],
)
def test_what_has_no_contributions_is_refused(said, words):
    with pytest.raises(InputError, match=words):
        load("feb2024.toml", [*SAID[:-3], 'tail.risks=["contribution:0.999"]', "tail.levels=[0.9]", said])
