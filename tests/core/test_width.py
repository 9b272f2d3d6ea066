"""Width: narrow on a CPU; on an accelerator all paths, up to what a call and its memory may hold."""

import jax
import pytest

from tailrisk.core import width


class Card:
    """A device with so many bytes, or one that does not say."""

    def __init__(self, room):
        self.room = room

    def memory_stats(self):
        return None if self.room is None else {"bytes_limit": self.room}


@pytest.fixture
def card(monkeypatch):
    """An accelerator with so many bytes."""

    def found(room=None):
        monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
        monkeypatch.setattr(jax, "local_devices", lambda: [Card(room)])

    return found


def test_a_cpu_takes_the_narrow_width_whatever_is_asked():
    assert width.width(10**9, 128) == width.width(1, 128, 1e12) == 128


def test_an_accelerator_takes_all_paths_in_whole_multiples(card):
    card()
    assert width.width(1000, 128) == 1024
    assert width.width(1, 128) == 128
    assert width.width(10**9, 128) == width.WIDE


@pytest.mark.parametrize(("room", "wanted"), [(4e9, 100_096), (4e6, 128), (1.0, 128), (4e12, width.WIDE)])
def test_what_a_call_hands_back_is_a_quarter_of_memory_at_most(card, room, wanted):
    card(room)
    found = width.width(10**9, 128, 1e4 - 10)
    assert found == wanted
    assert found * (1e4 - 10) <= room / width.PART or found == 128
