"""What launches a kernel of rows, against a driver that computes on the CPU what it is told to launch."""

import re

import jax
import numpy as np
import pytest

from experiments.gpu import launch
from experiments.gpu.launch import Driver, Kernel, visible
from experiments.gpu.rows import Written, arrays, taken
from tailrisk.core import compiler
from tailrisk.core.rows import codes, cuda, read
from tailrisk.core.rows.thread import Budget, Threaded
from tests.core.rows.programs import EXACT, WORLD

from .native import library

pytestmark = [
    pytest.mark.skipif(compiler.find() is None, reason="no C++ compiler is here"),
    pytest.mark.skipif(
        tuple(map(int, jax.__version__.split(".")[:2])) >= (0, 11),
        reason="rows read loops of JAX before 0.11",
    ),
]
PATHS = 100
"""More than a block of threads, and no multiple of one."""

BEFORE = """
#include <stdlib.h>
#include <string.h>
#define __global__
#define __restrict__ __restrict
#define __launch_bounds__(n)
struct Place { unsigned x; };
static Place blockIdx, blockDim, threadIdx;
static float state[1 << 16];
"""
AFTER = """
typedef unsigned long long Pointer;
static long long allocated = 0, asked_shared = 0;
static int wrong = 0;
extern "C" {
int cuInit(unsigned) { return 0; }
int cuDeviceGet(int* device, int) { *device = 7; return 0; }
int cuDeviceGetAttribute(int* value, int which, int device) {
  *value = which == 75 ? 9 : 0;
  return device != 7;
}
int cuDevicePrimaryCtxRetain(void** context, int device) { *context = (void*)3; return device != 7; }
int cuCtxSetCurrent(void* context) { return context != (void*)3; }
int cuGetErrorName(int code, const char** word) { *word = code == 2 ? "OUT_OF_MEMORY" : "WRONG"; return 0; }
int cuMemAlloc_v2(Pointer* place, size_t size) {
  if (size > (1u << 28)) return 2;
  allocated++;
  *place = (Pointer)malloc(size);
  memset((void*)*place, 0xcd, size);
  return 0;
}
int cuMemFree_v2(Pointer place) { allocated--; free((void*)place); return 0; }
int cuMemcpyHtoD_v2(Pointer to, const void* from, size_t size) { memcpy((void*)to, from, size); return 0; }
int cuMemcpyDtoH_v2(void* to, Pointer from, size_t size) { memcpy(to, (void*)from, size); return 0; }
int cuModuleLoadData(void** module, const void* binary) {
  *module = (void*)5;
  return strcmp((const char*)binary, "a kernel") ? 200 : 0;
}
int cuModuleUnload(void* module) { return module != (void*)5; }
int cuModuleGetFunction(void** function, void*, const char* name) {
  *function = (void*)9;
  return strcmp(name, "kernel") != 0;
}
int cuModuleGetGlobal_v2(Pointer* place, size_t* size, void* module, const char* name) {
  @globals@
  return 500;
}
int cuFuncSetAttribute(void*, int which, int value) { asked_shared = value; return which != 8; }
int cuLaunchKernel(void* f, unsigned gx, unsigned, unsigned, unsigned bx, unsigned, unsigned,
                   unsigned shared, void* stream, void** given, void** extra) {
  if (f != (void*)9 || shared != asked_shared || stream || extra) return 1;
  blockDim.x = bx;
  for (blockIdx.x = 0; blockIdx.x < gx; ++blockIdx.x)
    for (threadIdx.x = 0; threadIdx.x < bx; ++threadIdx.x) kernel(@call@);
  return 0;
}
int cuCtxSynchronize() { return 0; }
long long left() { return allocated; }
}
"""


def driver_of(it, folder):
    """A driver's library that has one kernel, compiled for the CPU from the text of the card's."""
    text = re.sub(r'asm volatile\("ld\.const.*?\[in(\d+)\+%1\].*?\);', r"x = in\1[B / 4];", it.text)
    text = re.sub(r'^extern "C" __constant__ ', "static ", text, flags=re.MULTILINE)
    given = re.search(r"__global__ void .*? kernel\(\s*(.*?)\) \{", text, re.DOTALL)[1]
    kinds = [re.sub(r"\w+$", "", one.strip()) for one in given.split(",")]
    call = ", ".join(f"*({kind}*)given[{k}]" for k, kind in enumerate(kinds))
    found = [
        f'if (!strcmp(name, "in{k}")) {{ *place = (Pointer)in{k}; *size = sizeof in{k}; return 0; }}'
        for k in range(len(it.arguments))
        if it.constant(k) and it.uses(k)
    ]
    after = AFTER.replace("@globals@", "\n  ".join(found)).replace("@call@", call.replace("__restrict__", ""))
    return library(BEFORE + text + after, folder, "driver")


GIVEN = {"a": np.ones(3, np.float32), **WORLD}
"""What a kernel is given: of the first it reads nothing."""


def everything(world, number):
    return [function(world, number) for function in EXACT.values()]


CONSTANTS = {"constant memory": (60_000, 6), "arguments": (0, 0), "both": (60, 5)}
"""Bytes of constant memory, and how many of the arguments lie there: the table is the largest."""
BUDGET = Budget(24, 120)
"""Little room: something lies in every place there is."""


@pytest.fixture(scope="module", params=["constant memory", "arguments", "both"])
def made(request, tmp_path_factory):
    """(kernel, shapes of what comes out, its driver's library), the world in constant memory or not."""
    with pytest.MonkeyPatch.context() as patch, jax.enable_x64(False), jax.numpy_rank_promotion("allow"):
        patch.setattr(cuda, "CONSTANT", CONSTANTS[request.param][0])
        rows, shapes = read(everything, GIVEN)
        known = codes([np.asarray(x) for x in jax.tree.leaves(GIVEN)])
        writer = Threaded(rows, BUDGET)
        given = arrays(rows.arguments), arrays(rows.outputs)
        it = Written(cuda.text(writer), taken(writer, 1), 1.0, known, *given)
    count = len(it.arguments)
    assert sum(map(it.constant, range(count))) == CONSTANTS[request.param][1]
    if it.constant(0):
        assert [it.uses(k) for k in range(count)] == [False] + [True] * len(WORLD)
    return it, shapes, driver_of(it, tmp_path_factory.mktemp("driver"))


def test_a_launch_computes_the_program(made):
    it, shapes, name = made
    driver, numbers = Driver(name), np.arange(3, 3 + PATHS, dtype=np.uint32)
    with Kernel(driver, it, b"a kernel", jax.tree.leaves(GIVEN), PATHS) as kernel:
        kernel.load(numbers)
        kernel.run()
        found = kernel.outputs()
    with jax.enable_x64(False), jax.numpy_rank_promotion("allow"):
        expected = jax.tree.leaves(jax.jit(everything)(GIVEN, numbers))
    assert len(found) == len(expected) == len(jax.tree.leaves(shapes))
    for row, wanted in zip(found, expected, strict=True):
        assert row.dtype == wanted.dtype
        np.testing.assert_allclose(row.reshape(wanted.shape), wanted, rtol=3e-6, atol=1e-6)


def test_the_next_launch_computes_other_paths(made):
    it, _, name = made
    with Kernel(Driver(name), it, b"a kernel", jax.tree.leaves(GIVEN), PATHS) as kernel:
        kernel.load(np.arange(PATHS, dtype=np.uint32))
        kernel.run()
        first = kernel.outputs()
        kernel.load(np.arange(10, 10 + PATHS, dtype=np.uint32))
        kernel.run()
        second = kernel.outputs()
    lanes = [k for k, one in enumerate(it.outputs) if one.lane]
    assert lanes
    for k in lanes:
        assert first[k][:, 10:].tobytes() == second[k][:, :-10].tobytes()


def test_memory_is_given_back(made):
    it, _, name = made
    driver = Driver(name)
    driver.library.left.restype = np.ctypeslib.ctypes.c_longlong
    with Kernel(driver, it, b"a kernel", jax.tree.leaves(GIVEN), PATHS):
        assert driver.library.left() > len(it.outputs)
    assert driver.library.left() == 0
    with pytest.raises(RuntimeError, match="OUT_OF_MEMORY"):
        Kernel(driver, it, b"a kernel", jax.tree.leaves(GIVEN), 1 << 27)
    assert driver.library.left() == 0, "what was had before is given back"


def test_a_binary_the_driver_refuses_is_named(made):
    it, _, name = made
    with pytest.raises(RuntimeError, match="cuModuleLoadData"):
        Kernel(Driver(name), it, b"another", jax.tree.leaves(GIVEN), PATHS)


def test_the_cards_architecture(made):
    assert Driver(made[2]).architecture == "sm_90a"


def test_without_a_driver():
    with pytest.raises(OSError, match="no-such-driver"):
        Driver("libno-such-driver.so")


def test_constants_are_made_visible_to_the_driver():
    """NVRTC writes `.const`, which cuModuleGetGlobal does not find."""
    ptx = b".version 8.8\n.const .align 4 .b8 in0[64];\n.visible .const .align 4 .b8 in1[4];\n\tld.const x;\n"
    found = visible(ptx)
    assert found.count(b".visible .const") == 2
    assert visible(found) == found
    assert launch.LIBRARY == "libcuda.so.1"
