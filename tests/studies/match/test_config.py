"""The file of an episode: the library's own is read, days out of order and unknown names are refused."""

import pytest

from tailrisk.config import library
from tailrisk.core.errors import InputError
from tailrisk.studies.match.config import read_terms

SAID = library.find("episode_feb2024.toml").read_text()


def test_the_librarys_is_found_by_name():
    terms = read_terms("episode_feb2024.toml")
    assert terms.event.start == "2024-02-05"
    assert terms.contracts["IM2403"] == "IM"


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('free = "2024-01-29"', 'free = "2023-12-29"', "free"),
        ('free = "2024-01-29"', 'free = "2024-02-06"', "event.from"),
        ('to = "2024-02-08" }', 'to = "2024-02-02" }', "event.to"),
        ('last = "2024-02-23"', 'last = "2024-02-07"', "last"),
        ('rescue = "2024-02-08"', 'rescue = "2024-03-08"', "rescue"),
        ('first = "2024-01-02"', 'first = "2 January"', "first"),
        ('IM2403 = "IM"', 'IM24 = "IM"', "IM24"),
        (", micro = 0.014 }", " }", "error.returns"),
        ("csi500 = 0.0085,", "csi300 = 0.0085, csi500 = 0.0085,", "error.returns"),
        ("basis = 0.017", "basis = 0", "error.basis"),
        ("wider = 2.5", "wider = 0.5", "error.wider"),
        ("rest = 99.0", "rest = 0.0", "state.rest"),
        ("bought = { csi300", "bought = { micro", "state.bought.micro"),
        ("bought = { csi300", "bought = { big", "state.bought.big"),
    ],
)
def test_what_cannot_be_is_refused_by_name(tmp_path, old, new, field):
    assert old in SAID
    path = tmp_path / "mine.toml"
    path.write_text(SAID.replace(old, new, 1))
    with pytest.raises(InputError, match=field.replace(".", r"\.")):
        read_terms(path)


def test_no_such_file():
    with pytest.raises(InputError, match=r"nowhere\.toml"):
        read_terms("nowhere.toml")
