"""What a card says of itself: power over time, windows, a driver that counts energy and one that does not."""

import math
import time

import pytest

from experiments.gpu.board import Board, Sample, Window, integrated
from tailrisk.core import compiler

from .native import library

needs_compiler = pytest.mark.skipif(compiler.find() is None, reason="no C++ compiler is here")
NVML = """
#include <time.h>
#include <string.h>
typedef unsigned U;
extern "C" {
int nvmlInit_v2() { return 0; }
int nvmlDeviceGetHandleByIndex_v2(U index, void** card) { *card = (void*)1; return index != 0; }
int nvmlDeviceGetPowerUsage(void*, U* milliwatts) { *milliwatts = 200000; return 0; }
int nvmlDeviceGetClockInfo(void*, U which, U* mhz) { *mhz = which == 1 ? 1980 : 2619; return 0; }
int nvmlDeviceGetMaxClockInfo(void*, U which, U* mhz) { *mhz = 1980; return 0; }
int nvmlDeviceGetTemperature(void*, U, U* degrees) { *degrees = 61; return NO_TEMPERATURE; }
int nvmlDeviceGetEnforcedPowerLimit(void*, U* milliwatts) { *milliwatts = 700000; return 0; }
int nvmlSystemGetDriverVersion(char* text, U length) { strncpy(text, "575.1", length); return 0; }
#if COUNTS
int nvmlDeviceGetTotalEnergyConsumption(void*, unsigned long long* millijoules) {
  timespec now; clock_gettime(CLOCK_MONOTONIC, &now);
  *millijoules = 300 * (now.tv_sec * 1000ull + now.tv_nsec / 1000000);  // 300 W
  return 0;
}
#endif
}
"""


def nvml(folder, counts, no_temperature=0):
    flags = f"#define COUNTS {counts}\n#define NO_TEMPERATURE {no_temperature}\n"
    return library(flags + NVML, folder, "nvml")


def sample(at, watts):
    return Sample(at, watts, 1000.0, 2000.0, 50.0)


def test_power_is_integrated_between_its_samples():
    ramp = [sample(0.0, 0.0), sample(1.0, 100.0), sample(2.0, 100.0)]
    assert integrated(ramp, 0.0, 2.0) == pytest.approx(150.0)
    assert integrated(ramp, 0.5, 1.5) == pytest.approx(37.5 + 50.0)
    assert integrated(ramp, 2.0, 5.0) == pytest.approx(300.0), "level after the last"
    assert integrated(ramp, 0.2, 0.4) == pytest.approx(0.2 * 30.0), "between two samples"


def test_without_power_there_is_no_energy():
    assert math.isnan(integrated([], 0.0, 1.0))
    assert math.isnan(integrated([sample(0.0, math.nan)], 0.0, 1.0))


def test_means_leave_out_what_has_no_figure():
    it = Window(0.0, 1.0, samples=[sample(0.1, 10.0), sample(0.2, math.nan), sample(0.3, 20.0)])
    assert it.mean("watts") == 15.0
    assert math.isnan(Window(0.0, 1.0).mean("watts"))


def test_without_a_driver_the_reason_is_given():
    with Board("libno-such-nvml.so") as board, board.window() as seen:
        pass
    assert "libno-such-nvml" in board.reason
    assert board.facts == {}
    assert math.isnan(seen.joules)


@needs_compiler
@pytest.mark.parametrize(("counts", "watts"), [(0, 200.0), (1, 300.0)])
def test_a_card_is_watched(counts, watts, tmp_path, monkeypatch):
    """Its own count of energy is taken before its power over time."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    with Board(nvml(tmp_path, counts)) as board:
        time.sleep(0.15)
        with board.window() as seen:
            time.sleep(0.4)
    assert board.reason == ""
    assert board.facts == {"driver": "575.1", "watts_limit": 700.0, "clock_max": 1980.0}
    assert seen.joules / seen.seconds == pytest.approx(watts, rel=0.02)
    assert len(seen.samples) >= 3
    assert (seen.mean("clock"), seen.mean("memory_clock"), seen.mean("degrees")) == (1980.0, 2619.0, 61.0)


@needs_compiler
def test_a_figure_the_card_refuses_is_left_out(tmp_path, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    with Board(nvml(tmp_path, 0, no_temperature=3)) as board, board.window() as seen:
        time.sleep(0.2)
    assert math.isnan(seen.mean("degrees"))
    assert seen.mean("watts") == 200.0


@needs_compiler
def test_a_card_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5")
    with Board(nvml(tmp_path, 0)) as board:
        pass
    assert "no card 5" in board.reason
