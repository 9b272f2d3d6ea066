"""The market file: names a config may use, what is refused of one, and tables that leave a name out."""

import pytest

from tailrisk.config import load
from tailrisk.config.load import read_market
from tailrisk.core.errors import InputError
from tailrisk.core.names import BUCKETS, CODES, FACTORS, FUTURES, home
from tests.markets import table, write


@pytest.fixture
def china(tmp_path):
    return lambda said: read_market(write(tmp_path / "market.toml", said))


def test_the_home_market_is_the_library_s_file():
    names = home()
    assert read_market("markets/china_a.toml") == names
    assert names.buckets == BUCKETS == ("csi300", "csi500", "csi1000", "csi2000", "micro")
    assert dict(names.futures) == FUTURES == {"IF": "csi300", "IC": "csi500", "IM": "csi1000"}
    assert FACTORS == ("csi300", "csi500-csi300", "csi1000-csi500", "csi2000-csi1000", "micro-csi2000")
    assert CODES["932000"] == "csi2000"
    assert names.underlying == (0, 1, 2)
    assert names.boards == (0.1, 0.2)
    assert not names.same_day_sale


def change(place, value):
    """China's table with one place changed."""
    said = table("markets/china_a.toml")
    part = said
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = value
    return said


REFUSED = {
    "bucket twice": (("bucket", 1, "name"), "csi300", "bucket: 'csi300' is there twice"),
    "code twice": (("bucket", 1, "codes"), ["000300"], "'000300' is there twice"),
    "cash is no bucket": (("bucket", 4, "name"), "cash", "'cash' is the name of no index"),
    "name of a bucket": (("bucket", 0, "name"), "CSI 300", "bucket.0.name"),
    "ranks overlap": (("bucket", 1, "ranks"), [300, 800], "bucket.1.ranks: [300, 800] after rank 300"),
    "ranks turned round": (("bucket", 1, "ranks"), [800, 301], "bucket.1.ranks"),
    "future on nothing": (("future", 0, "bucket"), "csi30", "did you mean 'csi300'?"),
    "future twice": (("future", 1, "name"), "IF", "future: 'IF' is there twice"),
    "role of a bucket": (
        ("roles", "micro"),
        "mirco",
        "roles.micro: 'mirco' is unknown, did you mean 'micro'?",
    ),
    "role of a future": (("roles", "discount"), "csi300", "roles.discount: 'csi300' is unknown"),
    "unknown role": (("roles", "tiny"), "micro", "roles.tiny: 'tiny' is unknown"),
    "board": (("board", 0, "limit"), 10, "board.0.limit: 10"),
    "calendar": (("calendar",), "Shanghai", "calendar"),
    "one bucket": (("bucket",), [{"name": "all"}], "bucket"),
}


@pytest.mark.parametrize(("place", "value", "message"), REFUSED.values(), ids=REFUSED)
def test_a_bad_market_file_is_refused(china, place, value, message):
    with pytest.raises(InputError) as refusal:
        china(change(place, value))
    assert message in str(refusal.value)


def test_no_such_market_file_is_refused():
    with pytest.raises(InputError, match=r"market\.file: \"markets/mars\.toml\": no such file"):
        load("feb2024.toml", ["market.file=markets/mars.toml"])


def test_the_digest_of_a_config_at_home_does_not_move_with_the_market_key():
    said = load("feb2024.toml")
    named = load("feb2024.toml", ["market.file=markets/china_a.toml"])
    assert named.digest() == said.digest()
    assert "file" not in said.resolved()["market"]


def test_another_market_file_is_part_of_the_digest(tmp_path):
    said = table("markets/china_a.toml")
    path = write(tmp_path / "copy.toml", said)
    copied = load("feb2024.toml", [f"market.file={path}"])
    assert copied.resolved()["market"]["file"] == "copy.toml"
    assert copied.digest() != load("feb2024.toml").digest()
    said["roles"]["watched"] = "micro"
    assert load("feb2024.toml", [f"market.file={write(path, said)}"]).digest() != copied.digest()


def test_a_config_of_one_market_is_refused_in_another():
    with pytest.raises(InputError) as refusal:
        load("feb2024.toml", ["market.file=markets/us_indices.toml"])
    assert "unknown key" in str(refusal.value)
    assert "sp500, nasdaq" in str(refusal.value)


def test_a_calibrated_file_of_another_ladder_is_refused():
    with pytest.raises(InputError, match=r"fitted on csi300, [^\n]*micro\s+allowed: a file fitted on sp500"):
        load("us_indices.toml", ["market.calibrated=calibrated/ladder_2023.toml", "market.states=4"])
    with pytest.raises(InputError, match=r"fitted on sp500, nasdaq\s+allowed: a file fitted on csi300"):
        load("feb2024.toml", ["market.calibrated=calibrated/us_2018.toml", "market.states=3"])


LEFT_OUT = {
    "impact": ("market", "impact", "strength", "csi500"),
    "a day's volume": ("market", "impact", "volume", "micro"),
    "the state's budget": ("market", "state", "budget", "micro"),
    "who follows": ("market", "followers", "half", "csi300"),
    "what followers trade": ("market", "followers", "rotation", "micro"),
    "boards": ("market", "limits", "wide_board", "csi2000"),
    "carry": ("market", "basis", "carry", "IF"),
    "where the basis settles": ("market", "basis", "mean", "IM"),
    "noise of the basis": ("market", "basis", "noise", "IC"),
    "speculators": ("parameters", "crowd", "speculators", "strength", "IF"),
    "panic": ("parameters", "crowd", "panic", "strength", "csi300"),
}
FILES = {"market": "crowd_market_2024.toml", "parameters": "crowd_2024.toml"}


@pytest.mark.parametrize("place", LEFT_OUT.values(), ids=LEFT_OUT)
def test_a_name_left_out_is_refused_and_not_zero(tmp_path, place):
    key, *steps, name = place
    said = table(FILES[key])
    part = said
    for step in steps:
        part = part[step]
    zero = dict(part)
    del part[name]
    path = write(tmp_path / "crowd.toml", said)
    with pytest.raises(InputError) as refusal:
        load("crowd_feb2024.toml", [f"crowd.{key}={path}"])
    assert f"{'.'.join(steps)}: nothing for {name}" in str(refusal.value)
    part |= zero
    write(path, said)
    load("crowd_feb2024.toml", [f"crowd.{key}={path}"])


def test_the_accounts_file_names_every_bucket(tmp_path):
    said = table("accounts_2024.toml")
    del said["volume"]["micro"]
    path = write(tmp_path / "accounts.toml", said)
    with pytest.raises(InputError, match="volume: nothing for micro"):
        load("funds_feb2024.toml", [f"accounts.terms={path}"])


def test_a_book_of_notes_lies_on_its_future_s_index(tmp_path):
    said = table("snowballs_2024.toml")
    said["book"][1]["underlying"] = "csi2000"
    path = write(tmp_path / "notes.toml", said)
    with pytest.raises(InputError, match=r"book\.1\.underlying: 'csi2000'\s+allowed: csi1000, as IM"):
        load("crowd_feb2024.toml", [f"crowd.snowballs={path}"])
    said["book"][1]["underlying"], said["book"][1]["future"] = "csi500", "IC"
    write(path, said)
    with pytest.raises(InputError, match=r"book\.1\.future: 'IC' has a book already"):
        load("crowd_feb2024.toml", [f"crowd.snowballs={path}"])
