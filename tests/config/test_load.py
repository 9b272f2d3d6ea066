"""The loader: extends, overrides, provenance, digests, round trips."""

import json
import os
from pathlib import Path

import pytest

from tailrisk.config import library, load
from tailrisk.config.explain import SHOWN
from tailrisk.core.errors import InputError


def test_a_config_is_read_with_the_files_it_names(folder: Path) -> None:
    config = load("small.toml")
    assert (config.run.paths, config.run.days, config.run.seed) == (20_000, 30, 20240205)
    assert config.event[0].pair == ("csi1000", "csi300")
    assert (config.fitted.states, config.fitted.shocks, config.fitted.nu) == (4, "gaussian", None)
    assert config.burn_in == 60
    assert config.path_days == 20_000 * 90
    assert config.history is None


def test_a_child_says_only_what_differs(folder: Path) -> None:
    (folder / "child.toml").write_text(
        'extends = "small.toml"\nname = "child"\n[run]\ndays = 10\n[products.dma]\nlong = 2.0\n'
    )
    parent, child = load("small.toml"), load("child.toml")
    assert (child.name, child.run.days, child.run.paths) == ("child", 10, 20_000)
    assert (child.products["dma"].long, parent.products["dma"].long) == (2.0, 4.0)
    assert child.products["ie"] == parent.products["ie"]


def test_lists_and_events_are_replaced_whole_and_tables_merge(folder: Path) -> None:
    (folder / "child.toml").write_text(
        'extends = "small.toml"\n[tail]\nlevels = [0.9]\n'
        '[[event]]\nname = "up"\npair = ["micro", "csi300"]\nthreshold = 3.0\n'
        "[products.ie.weights]\ncsi300 = 0.6\ncsi500 = 0.0\n"
    )
    child = load("child.toml")
    assert child.tail.levels == (0.9,)
    assert [event.name for event in child.event] == ["up"]
    assert child.products["ie"].weights == {"csi300": 0.6, "csi500": 0.0, "micro": 0.4}


def test_precedence_is_parent_then_child_then_overrides_in_order(folder: Path) -> None:
    (folder / "child.toml").write_text('extends = "small.toml"\n[run]\ndays = 10\nseed = 2\n')
    config = load("child.toml", ["run.seed=3", "run.seed=4", "market.start=calm", "tail.levels=[0.9, 0.95]"])
    assert (config.run.paths, config.run.days, config.run.seed) == (20_000, 10, 4)
    assert (config.market.start, config.tail.levels) == ("calm", (0.9, 0.95))


def test_files_are_found_beside_the_file_that_names_them(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = folder / "below"
    below.mkdir()
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    (below / "child.toml").write_text('extends = "../small.toml"\n[market]\nstates = 3\nshocks = "student"\n')
    child = load(below / "child.toml")
    assert child.fitted.states == 3  # ladder.toml lies beside small.toml, not beside child.toml


def test_the_library_answers_where_no_file_does(folder: Path) -> None:
    config = load("smoke.toml", ["market.calibrated=ladder.toml"])
    assert (config.name, config.run.paths, len(config.products)) == ("smoke", 2_048, 10)
    assert load("small.toml", ["market.calibrated=ladder.toml"]).calibrated == config.calibrated


def test_the_library_is_not_climbed_out_of() -> None:
    base = library.find("base.toml")
    assert base is not None
    assert library.find(f"../{base.parent.name}/base.toml") is None
    assert library.find(str(base.resolve())) is None


@pytest.mark.parametrize("name", ["base", "feb2024", "smoke"])
def test_shipped_configs_are_valid(folder: Path, name: str) -> None:
    config = load(f"{name}.toml", ["market.calibrated=ladder.toml"])
    assert config.name == name
    assert all(product.alpha_annual == product.fee_annual == 0 for product in config.products.values())
    assert len({product.family for product in config.products.values()}) == 7


def test_the_demo_is_the_one_the_documents_describe(folder: Path) -> None:
    demo = load("feb2024.toml", ["market.calibrated=ladder.toml"])
    assert (demo.run.seed, demo.run.paths, demo.run.days) == (20240205, 200_000, 60)
    assert (demo.market.states, demo.market.shocks) == (4, "gaussian")
    assert (demo.market.start, demo.market.warmup) == ("filtered", "simulated")
    assert [(e.pair[0], e.window, e.threshold) for e in demo.event] == [
        ("csi1000", 250, -7.0),
        ("csi1000", 250, -5.0),
        ("micro", 250, -7.0),
    ]


def test_the_digest_is_of_what_is_said_not_of_where_it_lies(folder: Path) -> None:
    here = load("small.toml")
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "other.toml").write_bytes((folder / "small.toml").read_bytes())
    (elsewhere / "moved.toml").write_bytes((folder / "ladder.toml").read_bytes())
    absolute = f"market.calibrated={elsewhere / 'moved.toml'}"
    there = load(elsewhere / "other.toml", [absolute])
    assert here.digest() == load("small.toml").digest() == there.digest()
    assert str(folder) not in json.dumps(there.resolved(), ensure_ascii=False)
    assert there.resolved()["market"]["calibrated"] == "moved.toml"


def test_the_digest_follows_every_change(folder: Path) -> None:
    changes = [[], ["run.seed=1"], ["products.dma.long=3.9"], ["tail.levels=[0.95]"], ["name=b"]]
    digests = {load("small.toml", change).digest() for change in changes}
    assert len(digests) == len(changes)
    before = load("small.toml").digest()
    ladder = (folder / "ladder.toml").read_text(encoding="utf-8")
    (folder / "ladder.toml").write_text(ladder.replace("nu = 5.0", "nu = 5.5"), encoding="utf-8")
    assert load("small.toml").digest() != before


def test_equal_numbers_written_differently_have_one_digest(folder: Path) -> None:
    one = load("small.toml", ["products.dma.long=3"])
    other = load("small.toml", ["products.dma.long=3.0"])
    assert one.digest() == other.digest()


def test_resolved_states_every_field_and_reads_back_to_the_same_config(folder: Path) -> None:
    config = load("small.toml")
    said = json.loads(json.dumps(config.resolved(), allow_nan=False))
    assert len(said["market"].pop("calibrated_sha256")) == 64
    assert said["products"]["dma"]["financing_annual"] == 0.035
    assert type(config).model_validate(said).model_dump() == config.model_dump()


def test_a_config_cannot_be_changed(folder: Path) -> None:
    config = load("small.toml")
    with pytest.raises(ValueError, match="frozen"):
        config.run.paths = 1


def test_every_problem_is_listed_with_the_file_that_set_it(folder: Path) -> None:
    (folder / "child.toml").write_text('extends = "small.toml"\n[run]\ndays = 0\n[market]\nstates = 9\n')
    small = (folder / "small.toml").read_text(encoding="utf-8")
    (folder / "small.toml").write_text(small.replace("0.4", "0.7"), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load("child.toml", ["tail.confidence=2"])
    text = str(caught.value)
    assert "child.toml: run.days: 0\n  allowed: a whole number, at least 1" in text
    assert "child.toml: market.states: 9" in text
    assert "small.toml: products.ie.weights: the weights sum to 1.3" in text
    assert "--set tail.confidence=2: tail.confidence: 2" in text


def test_many_problems_fit_one_screen(folder: Path) -> None:
    with pytest.raises(InputError) as caught:
        load("small.toml", [f"run.wrong{i}=1" for i in range(25)])
    assert str(caught.value).endswith("and 15 more")
    assert len(str(caught.value).splitlines()) == 2 * SHOWN + 1


def test_of_two_problems_both_are_told(folder: Path) -> None:
    with pytest.raises(InputError) as caught:
        load("small.toml", ["run.paths=0", "run.days=0"])
    assert "run.paths" in str(caught.value)
    assert "run.days" in str(caught.value)


def test_a_byte_order_mark_is_no_matter(folder: Path) -> None:
    content = (folder / "small.toml").read_bytes()
    (folder / "small.toml").write_bytes(b"\xef\xbb\xbf" + content)
    assert load("small.toml").name == "small"


def test_history_is_found_beside_the_config_and_counted_in_the_digest(folder: Path) -> None:
    (folder / "closes.csv").write_text("date,code,close\n")
    said = ["market.warmup=history", "market.history=closes.csv"]
    config = load("small.toml", said)
    assert config.history is not None
    assert os.path.samefile(config.history, folder / "closes.csv")
    assert config.burn_in == 0
    (folder / "closes.csv").write_text("date,code,close,\n")
    assert load("small.toml", said).digest() != config.digest()


def test_former_names_of_keys_are_read_as_todays(folder: Path) -> None:
    """A file of another year over one of today: the same field, so the file on top decides."""
    (folder / "old.toml").write_text(
        'extends = "small.toml"\n[tail]\nmeasures = ["terminal"]\n[products.dma]\ngross_leverage = 2.0\n'
        '[products.n]\nlabel = "N"\nfamily = "long_short"\nweights = { micro = 1 }\nhedge = { IM = 1 }\n'
        "exposure = 0.7\nshort_gross = 0.3\n"
    )
    old = load("old.toml", ["products.n.exposure=0.6"])
    assert (old.products["dma"].long, old.products["n"].long, old.products["n"].short) == (2.0, 0.6, 0.3)
    assert old.tail.losses == ("terminal",)
    assert "gross_leverage" not in old.resolved()["products"]["dma"]


def test_a_former_name_is_said_with_todays(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Once a file, whichever table holds it: a config, a crowd's cohorts, the terms of funds."""
    crowd = library.find("crowd_2024.toml").read_text(encoding="utf-8")
    assert crowd.count("\nlong = ") == 8
    (folder / "crowd.toml").write_text(crowd.replace("\nlong = ", "\ngross_leverage = "), encoding="utf-8")
    terms = library.find("accounts_2024.toml").read_text(encoding="utf-8")
    assert "long_spread" in terms
    (folder / "terms.toml").write_text(terms.replace("long_spread", "exposure_spread"), encoding="utf-8")
    today = load("crowd_feb2024.toml")
    caplog.clear()
    caplog.set_level("WARNING", logger="tailrisk.config")  # a quiet command before may have hushed it
    said = ["crowd.parameters=crowd.toml", "crowd.leverage_cap=1000.0", "accounts.terms=terms.toml"]
    old = load("crowd_feb2024.toml", said)
    assert old.attached.crowd.participants == today.attached.crowd.participants
    assert old.crowd.long_cap == 1000.0
    assert (
        old.attached.accounts
        == load("crowd_feb2024.toml", ["accounts.terms=accounts_2024.toml"]).attached.accounts
    )
    load("crowd_feb2024.toml", said)
    words = [record.getMessage() for record in caplog.records]
    assert sorted(word.split(": ", 1)[1] for word in words) == [
        "the key exposure_spread is called long_spread now",
        "the key gross_leverage is called long now",
        "the key leverage_cap is called long_cap now",
    ]
    assert any(word.startswith("crowd.toml: ") for word in words)


def test_a_key_under_both_its_names_is_refused(folder: Path) -> None:
    (folder / "both.toml").write_text(
        'extends = "small.toml"\n[products.dma]\ngross_leverage = 2.0\nlong = 3.0\n'
    )
    with pytest.raises(InputError, match=r"products.dma.gross_leverage: unknown key"):
        load("both.toml")
