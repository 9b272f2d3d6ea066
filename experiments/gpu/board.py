"""What a card says of itself while it computes: power, clocks, temperature, energy; by NVML, of every driver.

    with Board() as board:
        with board.window() as seen:
            ...
        seen.joules, seen.mean("clock")

NVML is what nvidia-smi asks; called directly it needs no package, and a sample has the time it was taken at.
"""

import ctypes
import math
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

LIBRARY = "libnvidia-ml.so.1"
EVERY = 0.05
"""Seconds between samples."""
SM, MEMORY = 1, 2
"""Clocks, as NVML numbers them."""


class Sample(NamedTuple):
    """The card at one moment; NaN where it has no figure."""

    at: float  # seconds of time.perf_counter
    watts: float
    clock: float  # MHz
    memory_clock: float  # MHz
    degrees: float  # Celsius


@dataclass
class Window:
    """A stretch of time and what was seen in it."""

    start: float
    end: float = math.nan
    joules: float = math.nan
    samples: list[Sample] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """How long it was."""
        return self.end - self.start

    def values(self, name: str) -> list[float]:
        """A figure of every sample that has it."""
        return [x for one in self.samples if not math.isnan(x := getattr(one, name))]

    def mean(self, name: str) -> float:
        """The mean of a figure; NaN where no sample has it."""
        values = self.values(name)
        return sum(values) / len(values) if values else math.nan


class Nvml:
    """A card by NVML. Raises OSError where there is none, RuntimeError where it does not know the card."""

    def __init__(self, library: str = LIBRARY) -> None:
        self._library, self._card = ctypes.CDLL(library), ctypes.c_void_p()
        name = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[0] or "0"
        if self._library.nvmlInit_v2():
            raise RuntimeError("NVML does not start")
        if name.isdecimal():
            wrong = self._library.nvmlDeviceGetHandleByIndex_v2(int(name), ctypes.byref(self._card))
        else:
            wrong = self._library.nvmlDeviceGetHandleByUUID(name.encode(), ctypes.byref(self._card))
        if wrong:
            raise RuntimeError(f"NVML knows no card {name} ({wrong})")

    def number(self, name: str, *given: int, kind: Any = ctypes.c_uint) -> float:
        """A figure of the card; NaN where it has none."""
        value = kind()
        function = getattr(self._library, f"nvmlDeviceGet{name}", None)
        if function is None or function(self._card, *given, ctypes.byref(value)):
            return math.nan
        return float(value.value)

    def joules(self) -> float:
        """What the card has taken since its driver was loaded; NaN where it does not count."""
        return self.number("TotalEnergyConsumption", kind=ctypes.c_ulonglong) / 1e3

    def sample(self) -> Sample:
        """The card now."""
        clocks = (self.number("ClockInfo", which) for which in (SM, MEMORY))
        watts = self.number("PowerUsage") / 1e3
        return Sample(time.perf_counter(), watts, *clocks, self.number("Temperature", 0))

    def facts(self) -> dict[str, str | float]:
        """The driver, the power limit in W and the highest clock in MHz."""
        version = ctypes.create_string_buffer(96)
        self._library.nvmlSystemGetDriverVersion(version, len(version))
        limit, clock = self.number("EnforcedPowerLimit") / 1e3, self.number("MaxClockInfo", SM)
        return {"driver": version.value.decode(), "watts_limit": limit, "clock_max": clock}


class Board:
    """Samples a card in a thread from `with` to its end; `reason` says why where there is nothing to see."""

    def __init__(self, library: str = LIBRARY) -> None:
        self.samples: list[Sample] = []
        self.facts: dict[str, str | float] = {}
        self.reason, self._library = "", library
        self._card: Nvml | None = None
        self._done = threading.Event()

    def __enter__(self) -> "Board":
        try:
            self._card = Nvml(self._library)
            self.facts = self._card.facts()
        except (OSError, RuntimeError, AttributeError) as error:
            self.reason, self._card = str(error), None
            return self
        self._thread = threading.Thread(target=self._watch, args=(self._card,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._done.set()

    @contextmanager
    def window(self) -> Iterator[Window]:
        """What is seen while the block runs; energy is the card's own count, else its power over time."""
        before = self._joules()
        it = Window(time.perf_counter())
        yield it
        it.end = time.perf_counter()
        counted = self._joules() - before
        it.joules = integrated(self.samples, it.start, it.end) if math.isnan(counted) else counted
        it.samples = [one for one in self.samples if it.start <= one.at <= it.end]

    def _joules(self) -> float:
        return math.nan if self._card is None else self._card.joules()

    def _watch(self, card: Nvml) -> None:
        while not self._done.wait(EVERY):
            self.samples.append(card.sample())


def integrated(samples: list[Sample], start: float, end: float) -> float:
    """Joules between two times: power straight between samples, level beyond the outermost; NaN of none."""
    seen = [(one.at, one.watts) for one in samples if not math.isnan(one.watts)]
    if not seen:
        return math.nan
    at, watts = np.array(seen).T
    knots = np.concatenate([[start], at[(at > start) & (at < end)], [end]])
    return float(np.trapezoid(np.interp(knots, at, watts), knots))
