"""What a config may just say and just not: limits from both sides, and which of two files is read."""

import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from tailrisk.config import library, load
from tailrisk.config.accounts import AccountsFile, Terms
from tailrisk.config.calibrated import Calibrated
from tailrisk.config.layers import Layers, Source
from tailrisk.config.load import read_ensemble, read_toml
from tailrisk.config.market import Market
from tailrisk.config.market_file import MarketNames
from tailrisk.config.memory import Memory, StyleMemory
from tailrisk.config.residuals import read_residuals
from tailrisk.config.tail import Tail
from tailrisk.core.errors import InputError
from tailrisk.core.names import FACTORS

Edit = Callable[..., None]
LIBRARY = Path(__file__).resolve().parents[2] / "configs"


def test_an_event_may_be_as_long_as_the_path_and_no_longer(folder: Path) -> None:
    event = 'event=[{name="e", pair=["micro", "csi300"], threshold=-3.0, window=20, days=5}]'
    assert load("small.toml", [event, "run.days=5"]).event[0].days == 5
    with pytest.raises(InputError, match=r"event\.0\.days: 5 with run\.days = 4"):
        load("small.toml", [event, "run.days=4"])


def test_sampling_takes_two_to_the_31st_paths_and_no_more(folder: Path) -> None:
    said = ['sampling.method="importance"', f"run.paths={2**31}"]
    assert load("small.toml", said).run.paths == 2**31
    with pytest.raises(InputError, match="at most 2,147,483,648 with sampling"):
        load("small.toml", [*said, f"run.paths={2**31 + 1}"])


def test_a_style_of_exposure_zero_is_not_simulated(folder: Path) -> None:
    assert load("small.toml", ["products.ie.style_exposure.liquidity=0.0"]).styles_in_use == []
    assert load("small.toml").styles_in_use == ["liquidity"]


@pytest.mark.parametrize("method", ["importance", "automatic"])
def test_days_of_history_have_no_tilt(folder: Path, method: str) -> None:
    residuals(folder / "days.csv", 250)
    said = ["market.process=days", "market.residuals=days.csv", f'sampling.method="{method}"']
    with pytest.raises(InputError, match=r"sampling\.method.*no tilt"):
        load("small.toml", said)


def residuals(path: Path, rows: int, last: float = 0.5) -> Path:
    line = ",".join(["0.5"] * (len(FACTORS) - 1))
    lines = [f"2020-01-01,{line},{last if k == rows - 1 else 0.5}" for k in range(rows)]
    path.write_text("\n".join(["date," + ",".join(FACTORS), *lines]) + "\n", encoding="utf-8")
    return path


def test_a_table_of_residuals_holds_250_days_within_fifty_deviations(tmp_path: Path) -> None:
    for last in (-50.0, 50.0):
        rows = read_residuals(residuals(tmp_path / "days.csv", 250, last), FACTORS)
        assert len(rows) == 250
        assert rows[-1][-1] == last
    with pytest.raises(InputError, match="249 days"):
        read_residuals(residuals(tmp_path / "days.csv", 249), FACTORS)
    for last in (-50.1, 50.1):
        with pytest.raises(InputError, match="line 251"):
            read_residuals(residuals(tmp_path / "days.csv", 250, last), FACTORS)


def test_a_renamed_table_of_residuals_has_the_same_digest(folder: Path) -> None:
    residuals(folder / "a.csv", 250)
    shutil.copy(folder / "a.csv", folder / "b.csv")
    said = ['name="x"', "market.process=days"]
    made = [load("feb2024.toml", [*said, f"market.residuals={folder / name}.csv"]).digest() for name in "ab"]
    assert made[0] == made[1]
    residuals(folder / "b.csv", 251)
    assert load("feb2024.toml", [*said, f"market.residuals={folder / 'b.csv'}"]).digest() != made[0]


def test_a_chain_of_eight_files_is_read_and_of_nine_is_not(folder: Path) -> None:
    for k in range(8):
        (folder / f"c{k}.toml").write_text(f'extends = "{f"c{k - 1}" if k else "small"}.toml"\n')
    assert load("c6.toml").name == "small"
    with pytest.raises(InputError, match="more than 8 files deep"):
        load("c7.toml")


def test_a_file_beside_is_read_before_the_librarys_of_that_name(folder: Path) -> None:
    shutil.copy("small.toml", "base.toml")
    (folder / "child.toml").write_text('extends = "base.toml"\n')
    assert load("child.toml").name == "small"
    (folder / "calibrated").mkdir()
    text = Path("ladder.toml").read_text(encoding="utf-8") + "# mine\n"
    (folder / "calibrated" / "ladder_2023.toml").write_text(text, encoding="utf-8")
    said = load("small.toml", ["market.calibrated=calibrated/ladder_2023.toml", "market.process=regimes"])
    assert said.calibrated == load("small.toml", ["market.process=regimes"]).calibrated


def test_the_library_has_no_stand_in_for_a_users_data(folder: Path) -> None:
    """Not even where it has a file of that name."""
    history = ['market.warmup="history"', "market.history=smoke.toml"]
    with pytest.raises(InputError, match=r'market\.history: "smoke\.toml": no such file'):
        load("small.toml", history)
    with pytest.raises(InputError, match=r'holdings: "smoke\.toml": no such file'):
        load("small.toml", ["products.ie.holdings=smoke.toml"])
    assert library.find("markets/../smoke.toml") is None


def test_a_whole_number_of_128_bits_is_read_and_of_129_is_not(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(f"[x]\ny = {2**128 - 1}\n")
    assert read_toml(tmp_path / "a.toml")["x"]["y"] == 2**128 - 1
    (tmp_path / "a.toml").write_text(f"[x]\ny = {2**128}\n")
    with pytest.raises(InputError, match=r"x\.y"):
        read_toml(tmp_path / "a.toml")


def ladder() -> dict:
    return tomllib.loads((LIBRARY / "calibrated" / "ladder_2023.toml").read_text(encoding="utf-8"))


def test_a_ladder_in_another_order_is_another_ladder(folder: Path, edit: Edit) -> None:
    turned = '["micro", "csi2000", "csi1000", "csi500", "csi300"]'
    edit("ladder.toml", "[fit]", f"buckets = {turned}\n[fit]")
    with pytest.raises(InputError, match="fitted on micro, csi2000"):
        load("small.toml")


def test_a_deviation_of_twenty_percent_a_day_is_the_most(folder: Path) -> None:
    said = ladder()
    del said["styles"], said["memory"]
    said["model"] = said["model"][:1]
    size = len(said["model"][0]["mean"][0])
    for scale, fits in ((0.19**2, True), (0.21**2, False)):
        states = len(said["model"][0]["mean"])
        said["model"][0]["covariance"] = (scale * np.array([np.eye(size)] * states)).tolist()
        if fits:
            Calibrated.model_validate(said)
        else:
            with pytest.raises(ValidationError, match="do not fit"):
                Calibrated.model_validate(said)


def test_one_figure_off_the_diagonal_of_correlations_is_enough(folder: Path, edit: Edit) -> None:
    said = ladder()
    said["styles"]["residual_correlation"][-1][-1] = 1.5
    with pytest.raises(ValidationError) as refusal:
        Calibrated.model_validate(said)
    (found,) = refusal.value.errors()
    assert "ones on the diagonal" in str(found["ctx"])


def test_an_asymmetry_counts_beside_the_matrix_itself() -> None:
    said = ladder()
    covariance = said["model"][0]["covariance"][0]
    covariance[0][1] += 1e-4 * covariance[0][0]
    assert abs(covariance[0][1] - covariance[1][0]) < 1e-6
    with pytest.raises(ValidationError) as refusal:
        Calibrated.model_validate(said)
    assert "is not symmetric" in str(refusal.value.errors()[0]["ctx"])


def test_problems_beyond_ten_are_counted(folder: Path) -> None:
    """Twelve products that cannot be, one problem each; and terms with two problems in one block."""
    bad = "".join(f'[products.p{k}]\nlabel = "x"\nfamily = "cta"\nfee_annual = 2.0\n' for k in range(12))
    (folder / "bad.toml").write_text(f'extends = "small.toml"\n{bad}')
    with pytest.raises(InputError, match="and 2 more"):
        load("bad.toml")
    short = "weights = { csi500 = 0.6 }\nhedge = { IM = 0.9 }\nlong = 5.0\nmargin_rate = 0.5"
    bad += f'[products.q]\nlabel = "x"\nfamily = "dma"\n{short}\n'
    (folder / "bad.toml").write_text(f'extends = "small.toml"\n{bad}')
    with pytest.raises(InputError, match="and 5 more"):
        load("bad.toml")


def test_the_screen_is_ten_problems_wherever_the_eleventh_is_found(folder: Path) -> None:
    """The tenth product has three problems at once: two of the twelve are counted."""
    bad = "".join(f'[products.p{k}]\nlabel = "x"\nfamily = "cta"\nfee_annual = 2.0\n' for k in range(9))
    short = "weights = { csi500 = 0.6 }\nhedge = { IM = 0.9 }\nlong = 5.0\nmargin_rate = 0.5"
    bad += f'[products.q]\nlabel = "x"\nfamily = "dma"\n{short}\n'
    (folder / "bad.toml").write_text(f'extends = "small.toml"\n{bad}')
    with pytest.raises(InputError, match="and 2 more"):
        load("bad.toml")


def test_two_ctas_have_one_shock(folder: Path) -> None:
    said = [f'products.c{k}={{label="x", family="cta", nu={nu}}}' for k, nu in enumerate((5.0, 6.0))]
    with pytest.raises(InputError, match=r"nu: 5, 6\s|nu: 6, 5\s"):
        load("small.toml", said)
    assert load("small.toml", said[:1]).products["c0"].nu == 5.0


def test_every_row_of_a_matrix_has_its_length(folder: Path) -> None:
    said = ladder()
    said["styles"]["loading"][-1] = said["styles"]["loading"][-1][:-1]
    with pytest.raises(ValidationError, match="do not fit"):
        Calibrated.model_validate(said)


def test_a_memory_of_styles_has_its_shapes() -> None:
    said = ladder()["styles"]["memory"]
    count = len(said["phi"])
    assert StyleMemory.model_validate(said).problems(count, 5) == []
    said["square"] = said["square"][:-1]
    assert "memory.square" in [it.field for it in StyleMemory.model_validate(said).problems(count, 5)]


@pytest.mark.parametrize(("field", "value", "fits"), [
    ("gain", 0.0, True), ("gain", -1e-9, False), ("gain", 1.0, True), ("gain", 1.1, False),
    ("persistence", 0.0, True), ("persistence", 0.9999, True), ("persistence", 1.0, False),
])  # fmt: skip
def test_loadings_that_follow_come_back(field: str, value: float, fits: bool) -> None:
    said = ladder()["styles"]["memory"]
    said["adaptive"][field] = value
    if fits:
        assert StyleMemory.model_validate(said).problems(len(said["phi"]), 5) == []
    else:
        with pytest.raises(ValidationError, match=field):
            StyleMemory.model_validate(said)


def test_a_file_written_before_loadings_moved_has_one_for_every_day() -> None:
    said = ladder()
    del said["styles"]["memory"]["adaptive"]
    styles = Calibrated.model_validate(said).styles
    assert styles is not None
    assert styles.memory is not None
    assert styles.memory.adaptive is None
    said = ladder()
    said["styles"]["memory"]["adaptive"]["shift"][-1] = said["styles"]["memory"]["adaptive"]["shift"][-1][:-1]
    with pytest.raises(ValidationError, match="do not fit"):
        Calibrated.model_validate(said)


@pytest.mark.parametrize(("limit", "fits"), [(0.0, False), (1e-6, True), (0.999, True), (1.0, False)])
def test_a_price_limit_of_memory_is_a_fraction(limit: float, fits: bool) -> None:
    said = ladder()["memory"]
    said["limit"][-1] = limit
    if fits:
        assert Memory.model_validate(said).limit[-1] == limit  # type: ignore[index]
        return
    with pytest.raises(ValidationError, match="do not fit"):
        Memory.model_validate(said)


@pytest.mark.parametrize(("value", "fits"), [(1e-9, True), (0.0, False), (999_999.0, True), (1e6, False)])
def test_a_member_of_an_ensemble_is_above_zero_and_below_a_million(
    tmp_path: Path, value: float, fits: bool
) -> None:
    (tmp_path / "e.toml").write_text(f'parameters = ["a", "b"]\nmembers = [[1.0, 1.0], [1.0, {value}]]\n')
    if fits:
        assert read_ensemble(tmp_path / "e.toml").member(1) == {"a": 1.0, "b": value}
        return
    with pytest.raises(InputError, match=r"members\.1"):
        read_ensemble(tmp_path / "e.toml")


def test_lines_of_a_fund_may_meet_and_a_line_that_is_off_meets_nothing() -> None:
    Terms(margin_call=0.2, margin_reset=0.2)
    Terms(warning_line=0.8, stop_line=0.8)
    Terms(stop_line=0.7)
    for wrong in (
        {"margin_call": 0.2, "margin_reset": 0.19},
        {"warning_line": 0.8, "stop_line": 0.81},
        {"impact": 1.0},
        {"participation": 0.1},
    ):
        with pytest.raises(ValidationError, match="do not fit"):
            Terms(**wrong)
    Terms(participation=0.1, impact=1.0, size=1.0)


def test_a_products_own_terms_lie_over_everyones() -> None:
    said = AccountsFile(
        volume={"a": 1.0}, everyone={"cost": 0.1, "dealing": 0.2}, products={"dma": {"cost": 0.3}}
    )
    assert (said.terms("dma").cost, said.terms("dma").dealing, said.terms("cta").cost) == (0.3, 0.2, 0.1)


def test_the_lowest_level_is_that_of_any_var_or_es() -> None:
    assert Tail(levels=(0.95, 0.99)).lowest == 0.95
    assert Tail(levels=(0.95, 0.99), risks=("var:0.8", "es")).lowest == 0.8
    assert Tail(levels=(0.95, 0.99), risks=("var", "es:0.7")).lowest == 0.7
    assert Tail(levels=(0.95, 0.99), risks=("var", "expectile:0.6")).lowest == 0.95


def test_one_risk_of_every_day_is_enough_to_need_the_days() -> None:
    assert Tail(risks=("var", "es", "conditional_drawdown:0.9")).of_days
    assert not Tail(risks=("var", "es")).of_days


def test_a_run_may_end_on_the_last_day_of_the_calendar(folder: Path) -> None:
    """The last session of 2026 that the exchange has announced, or that calendar's own last."""
    from tailrisk.core import calendar

    first = np.datetime64("2024-01-02")
    closed = calendar.beyond((), "XSHG")
    days = 1
    while (
        days < 2420
        and not calendar.problem(np.busday_offset(first, days, holidays=closed).item(), (), "XSHG")[0]
    ):
        days += 1
    said = ["crowd.rounds=6", "run.paths=1000", "event=[]", "tail.levels=[0.9]"]
    assert load("small.toml", [*said, f"run.days={days}"]).run.days == days
    with pytest.raises(InputError, match=r"crowd\.first_day.*end on"):
        load("small.toml", [*said, f"run.days={days + 1}"])


@pytest.mark.parametrize(
    ("name", "old", "new", "place"),
    [
        (
            "crowd_2024.toml",
            "mix = { IC = 0.5, IM = 0.5 } # 20-80",
            "mix = { IC = 0.4, IM = 0.5 } # 20-80",
            "dma.mix",
        ),
        ("crowd_market_2024.toml", "csi2000 = -0.9", "csi2000 = -0.95", "followers.rotation.csi300"),
        ("crowd_market_2024.toml", "limit = [0.10, 0.20]", "limit = [0.10]", "limits.wide_board"),
    ],
)
def test_what_falls_short_is_refused_like_what_exceeds(
    folder: Path, name: str, old: str, new: str, place: str
) -> None:
    for file in ("crowd_2024.toml", "snowballs_2024.toml", "crowd_market_2024.toml"):
        text = (LIBRARY / file).read_text(encoding="utf-8")
        if file == name:
            assert old in text
            text = text.replace(old, new, 1)
        (folder / file).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=place):
        load("small.toml", ["crowd.rounds=6"])


def test_ranks_of_a_bucket_begin_after_the_last_of_the_one_before() -> None:
    said = tomllib.loads((LIBRARY / "markets" / "china_a.toml").read_text(encoding="utf-8"))
    said["bucket"][1]["ranks"] = [301, 700]
    said["bucket"][2]["ranks"] = [650, 1800]  # after the first of the one before, not after its last
    with pytest.raises(ValidationError, match="do not fit"):
        MarketNames.model_validate(said)


def test_an_empty_table_sets_nothing() -> None:
    low, high = Source("low.toml", Path()), Source("high.toml", Path())
    both = Layers.of(low, {"run": {"paths": 1}}).over({"run": {}}, high)
    assert both.label(("run", "days")) == "low.toml"
    assert both.over({"run": {"days": 2}}, high).label(("run", "seed")) == "high.toml"


def test_the_picture_has_the_chains_regimes_or_three_with_memory() -> None:
    assert [Market(process="regimes", states=k).pictured for k in (1, 2, 4)] == [1, 2, 4]
    assert Market(process="memory", states=4).pictured == 3
