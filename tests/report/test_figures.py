"""Figures: well-formed, accessible, small, the same every time, and right where the answer is known."""

import math
import os
import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

from tailrisk.report import figures
from tailrisk.report.figures.regimes import _apart, regime_names
from tailrisk.report.figures.spread import beyond, density, gaussian_beyond
from tailrisk.report.figures.svg import safe, themed
from tailrisk.report.folder import Result

NAMES = ("bars", "fan", "losses", "regimes", "spread")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def drawn(pristine):
    result = Result.read(pristine)
    return {name: getattr(figures, name)(result) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_is_well_formed_and_says_what_it_shows(drawn, name):
    root = ElementTree.fromstring(drawn[name])
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    named = {child.get("id"): child.text for child in root if child.tag in (f"{SVG}title", f"{SVG}desc")}
    assert set(root.get("aria-labelledby").split()) == set(named)
    assert all(named.values())
    assert len(re.findall(r"\d", named[f"{name}-description"])) > 20


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_is_small_and_needs_nothing_from_outside(drawn, name):
    assert len(drawn[name].encode()) < 64_000
    assert drawn[name].count("http") == 1
    assert 'xmlns="http://www.w3.org/2000/svg"' in drawn[name]
    assert not re.search(r"url\((?!#)|<(script|image|style|foreignObject)|\bon\w+=", drawn[name])


def test_ids_are_unique_on_a_page_and_every_reference_is_met(drawn):
    page = "".join(drawn.values())
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', page)) <= {(i, "") for i in ids} | {
        ("", i) for i in ids
    }


def test_the_same_folder_gives_the_same_bytes_in_another_process(pristine, drawn, tmp_path):
    code = (
        "import sys; from tailrisk.report import figures; from tailrisk.report.folder import Result\n"
        f"r = Result.read({str(pristine)!r})\n"
        f"sys.stdout.buffer.write(''.join(getattr(figures, n)(r) for n in {NAMES!r}).encode())\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    rules = tmp_path / "matplotlibrc"
    rules.write_text("font.size: 20\nsvg.fonttype: path\naxes.grid: True\n")
    env = os.environ | {"PYTHONHASHSEED": "99", "MATPLOTLIBRC": str(rules), "SOURCE_DATE_EPOCH": "5"}
    again = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=env).stdout
    assert again == "".join(drawn.values()).encode()


def test_drawing_leaves_the_readers_settings_alone(pristine):
    import matplotlib

    before = dict(matplotlib.rcParams)
    figures.bars(Result.read(pristine))
    assert dict(matplotlib.rcParams) == before


def test_bars_are_as_long_as_their_losses(pristine, drawn):
    paths = [
        node for node in ElementTree.fromstring(drawn["bars"]).iter(f"{SVG}path") if node.get("clip-path")
    ]
    solid = [node.get("d") for node in paths if "fill: #d55e00" in node.get("style")]
    corners = [[float(x) for x in re.findall(r"-?[\d.]+", path)[::2]] for path in solid]
    lengths = np.array([max(x) - min(x) for x in corners])
    result = Result.read(pristine)
    for view, found in zip(result.views, (lengths[1:11], lengths[11:21]), strict=True):
        rows = [result.row(product, view, "terminal", 0.99) for product in result.products]
        losses = np.array([row.expected_shortfall.value for row in rows])
        np.testing.assert_allclose(found / found.max(), losses / losses.max(), atol=0.001)


def test_in_a_page_every_colour_follows_the_theme(drawn):
    for words in drawn.values():
        left = re.findall(r"#[0-9a-f]{6}\b", themed(words))
        assert left == []
    assert "var(--blue)" in themed(drawn["bars"])


@pytest.mark.parametrize(
    "text", ["中证500指增", "~4e2d~", "<b>&\"'#0072b2", "a ~ b", "\x00\x1b\ud800", "𠮷 ¼ $x$"]
)
def test_a_users_words_come_back_as_they_were(folder, edit, text):
    edit(folder / "config.json", lambda config: config["products"]["cta"].update(label=text))
    root = ElementTree.fromstring(figures.bars(Result.read(folder)))
    shown = [node.text for node in root.iter(f"{SVG}text")]
    wanted = text if text.isprintable() else None
    assert wanted is None or wanted in shown
    assert re.fullmatch(r"[\w .,\-+/()%~]*", safe(text))


def test_the_gaussian_is_the_gaussian():
    assert gaussian_beyond(-7) == pytest.approx(1.279812543885835e-12, rel=1e-9)
    assert float(density(0.0)) == pytest.approx(1 / math.sqrt(2 * math.pi))
    x = np.linspace(-12, 12, 4801)
    assert np.trapezoid(density(x), x) == pytest.approx(1, abs=1e-9)


def test_counts_beyond_are_one_sided_and_only_at_an_edge():
    edges, counts = np.array([-8.0, -7.0, -3.0, 3.0, 7.0, 8.0]), np.array([1.0, 10.0, 100.0, 1000.0, 1.0])
    assert beyond(edges, counts, -7) == 1
    assert beyond(edges, counts, -3) == 11
    assert beyond(edges, counts, 3) == 1001
    assert beyond(edges, counts, 5) is None


def test_the_spread_says_how_many_days_lie_beyond_each_mark(pristine, drawn):
    result = Result.read(pristine)
    edges, counts = result.curves["z_edges"], result.curves["z_counts"][0]
    for z in (3, 5, 7):
        assert f"{counts[edges[1:] <= -z].sum():,.0f}" in drawn["spread"]
        assert f"{counts[edges[:-1] >= z].sum():,.0f}" in drawn["spread"]
    assert "3.2 billion years" in drawn["spread"]


def test_events_on_one_spread_share_a_panel(folder):
    with np.load(folder / "curves.npz") as stored:
        curves = dict(stored)
    both = figures.spread(Result.read(folder))
    curves["z_counts"][1] = curves["z_counts"][0]
    np.savez(folder / "curves.npz", **curves)
    one = figures.spread(Result.read(folder))
    assert both.count("z, standard deviations") == 2
    assert one.count("z, standard deviations") == 1


def test_a_wide_axis_is_cut_and_says_how_many_days_it_cut(folder):
    with np.load(folder / "curves.npz") as stored:
        curves = dict(stored)
    curves["z_edges"] = np.linspace(-24, 24, 193)
    np.savez(folder / "curves.npz", **curves)
    outside = int(curves["z_counts"][0][np.abs(np.linspace(-23.875, 23.875, 192)) > 12].sum())
    assert outside > 0
    assert f"{outside:,} days lie beyond ±12" in figures.spread(Result.read(folder))


def test_labels_are_moved_apart_and_stay_inside():
    placed = _apart(np.array([0.5, 0.4, 99.6, 0.0, 99.0]), room=6.0)
    assert np.diff(np.sort(placed)).min() >= 6.0 - 1e-9
    assert placed.min() >= 0
    assert placed.max() <= 100
    assert list(np.argsort(placed)) == [3, 1, 0, 4, 2]


@pytest.mark.parametrize("states", [1, 2, 3, 4])
def test_regimes_are_named_from_calm_to_crisis(states):
    names = regime_names(states)
    assert len(set(names)) == states
    assert states == 1 or (names[0], names[-1]) == ("calm", "crisis")
