"""Processes of one run: how work is dealt, what options are refused, and where the first is not there."""

import socket
import time

import pytest

from tailrisk.cli.together import asked
from tailrisk.core import InputError
from tailrisk.core.processes import ALONE, Group, address, alike, gathered, join


def test_every_item_is_dealt_once():
    parts = [list(Group(k, 3).dealt(range(0, 50, 5))) for k in range(3)]
    assert sorted(number for part in parts for number in part) == list(range(0, 50, 5))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    assert list(ALONE.dealt(range(4))) == [0, 1, 2, 3]


def test_alone_nothing_is_sent():
    assert list(gathered([b"a", b""], ALONE)) == [[b"a"], [b""]]
    alike(b"digest", ALONE)


@pytest.mark.parametrize("place", ["", "host", "host:", ":7000", "host:0", "host:70000", "host:x"])
def test_an_address_is_a_host_and_a_port(place):
    with pytest.raises(InputError, match="HOST:PORT"):
        address(place)


def test_addresses_of_both_kinds_are_read():
    assert address("10.0.0.1:7000") == ("10.0.0.1", 7000)
    assert address("[::1]:7000") == ("::1", 7000)


def test_a_first_process_that_is_not_there_is_named():
    since = time.monotonic()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(InputError, match=r"nothing answers within 0\.5 s"):
        join(place, Group(1, 2), wait=0.5)
    assert time.monotonic() - since < 5


def test_a_port_that_is_taken_is_named():
    with socket.socket() as other:
        other.bind(("", 0))
        other.listen()
        with pytest.raises(InputError, match="taken"):
            join(f"127.0.0.1:{other.getsockname()[1]}", Group(0, 2), wait=1)


@pytest.mark.parametrize(
    ("processes", "coordinator", "process", "said"),
    [
        (2, None, 1, "--coordinator"),
        (2, "host:7000", None, "--process"),
        (None, "host:7000", 1, "--process"),
        (2, "host:7000", 2, "process 2 of 2"),
        (2, "host", 1, "HOST:PORT"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(processes, coordinator, process, said):
    with pytest.raises(InputError, match=said):
        asked(processes, coordinator, process, 60.0)


def test_processes_of_this_machine_are_all_started_here():
    wanted = asked(3, None, None, 60.0)
    assert wanted.groups == (Group(0, 3), Group(1, 3), Group(2, 3))
    assert wanted.several
    assert not asked(None, None, None, 60.0).several
    assert not asked(1, None, None, 60.0).several
    assert asked(2, "host:7000", 1, 60.0).groups == (Group(1, 2),)
