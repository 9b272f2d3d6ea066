"""A kernel of rows (rows.py) on a card, through the CUDA driver alone: no toolkit, no compiler, no package.

driver = Driver()                                    # libcuda.so.1, the first card, JAX's own context
with Kernel(driver, written, binary, leaves, paths) as it:
    it.run(numbers)                                  # one launch, until it is done
    it.outputs()                                     # NumPy arrays [row, path]
"""

import ctypes
import re
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tailrisk.core.rows import codes, cuda
from tailrisk.core.rows.program import DTYPES

from .rows import Array, Written

LIBRARY = "libcuda.so.1"
MAJOR, MINOR = 75, 76
"""Attributes of a card: its compute capability."""
DYNAMIC_SHARED = 8
"""Attribute of a function: bytes of shared memory it may be launched with."""
Pointer = ctypes.c_uint64


class Driver:
    """The CUDA driver with the first card's primary context current in this thread."""

    def __init__(self, library: str = LIBRARY) -> None:
        """Raises OSError where there is no driver, RuntimeError where it does not work."""
        self.library = ctypes.CDLL(library)
        self.device, context = ctypes.c_int(), ctypes.c_void_p()
        self("cuInit", 0)
        self("cuDeviceGet", ctypes.byref(self.device), 0)
        self("cuDevicePrimaryCtxRetain", ctypes.byref(context), self.device)
        self("cuCtxSetCurrent", context)

    def __call__(self, name: str, *given: Any) -> None:
        """One call of the driver. Raises RuntimeError with the driver's word for what went wrong."""
        code = getattr(self.library, name)(*given)
        if code:
            word = ctypes.c_char_p()
            self.library.cuGetErrorName(code, ctypes.byref(word))
            raise RuntimeError(f"{name}: {(word.value or b'error').decode()} ({code})")

    @property
    def architecture(self) -> str:
        """Of the card, as ptxas calls it."""
        major, minor = ctypes.c_int(), ctypes.c_int()
        self("cuDeviceGetAttribute", ctypes.byref(major), MAJOR, self.device)
        self("cuDeviceGetAttribute", ctypes.byref(minor), MINOR, self.device)
        return f"sm_{major.value}{minor.value}{'a' * (major.value == 9)}"

    def placed(self, values: NDArray[Any]) -> Pointer:
        """A copy of an array in the card's memory."""
        place = self.room(values.nbytes)
        self.copy(values, place)
        return place

    def copy(self, values: NDArray[Any], place: Pointer) -> None:
        """Write an array to a place in the card's memory."""
        if values.nbytes:
            size = ctypes.c_size_t(values.nbytes)
            self("cuMemcpyHtoD_v2", place, ctypes.c_void_p(values.ctypes.data), size)

    def room(self, size: int) -> Pointer:
        """So many bytes of the card's memory."""
        place = Pointer()
        self("cuMemAlloc_v2", ctypes.byref(place), ctypes.c_size_t(max(size, 4)))
        return place

    def free(self, place: Pointer) -> None:
        """Give memory back."""
        self("cuMemFree_v2", place)


def visible(ptx: bytes) -> bytes:
    """PTX whose constants the driver can find: NVRTC takes `extern "C" __constant__` for static."""
    return re.sub(rb"^\.const ", b".visible .const ", ptx, flags=re.MULTILINE)


class Kernel:
    """One kernel loaded with the numbers of a world, for so many paths a launch; its memory is given back."""

    def __init__(self, driver: Driver, it: Written, binary: bytes, given: Sequence[Any], paths: int) -> None:
        """binary: cubin or PTX; given: the arguments' arrays. RuntimeError where refused, or not for them."""
        self.driver, self.it, self.paths = driver, it, paths
        if it.known is not None and not np.array_equal(it.known, codes([np.asarray(x) for x in given])):
            raise RuntimeError("the kernel was written for a world of other zeros and ones")
        self._module, self._function = ctypes.c_void_p(), ctypes.c_void_p()
        self._undo = ExitStack()
        with ExitStack() as undo:
            driver("cuModuleLoadData", ctypes.byref(self._module), binary)
            undo.callback(driver, "cuModuleUnload", self._module)
            driver("cuModuleGetFunction", ctypes.byref(self._function), self._module, b"kernel")
            self._shared = it.taken.shared * cuda.THREADS
            driver("cuFuncSetAttribute", self._function, DYNAMIC_SHARED, ctypes.c_int(self._shared))
            self._outputs = [self._room(undo, 4 * rows(one, paths)) for one in it.outputs]
            self._numbers = self._room(undo, 4 * paths)
            self._inputs = self._world(undo, [plain(x) for x in given])
            self._undo = undo.pop_all()

    def __enter__(self) -> "Kernel":
        return self

    def __exit__(self, *problem: object) -> None:
        self._undo.close()

    def load(self, numbers: NDArray[np.uint32]) -> None:
        """Say which paths [path] the next launches compute, as many as there is room for."""
        assert numbers.shape == (self.paths,)
        self.driver.copy(numbers, self._numbers)

    def run(self) -> None:
        """One launch; returns when it is done."""
        given = [*self._outputs, *self._inputs, self._numbers, ctypes.c_longlong(self.paths)]
        places = (ctypes.c_void_p * len(given))(*(ctypes.addressof(one) for one in given))
        blocks = -(-self.paths // cuda.THREADS)
        shape = (blocks, 1, 1, cuda.THREADS, 1, 1)
        self.driver("cuLaunchKernel", self._function, *shape, self._shared, None, places, None)
        self.driver("cuCtxSynchronize")

    def outputs(self) -> list[NDArray[Any]]:
        """What came out, [row, path] or [row] where it is one for all paths."""
        return [self._read(one, place) for one, place in zip(self.it.outputs, self._outputs, strict=True)]

    def _read(self, one: Array, place: Pointer) -> NDArray[Any]:
        kind = np.int32 if one.kind == "b" else DTYPES[one.kind]
        made = np.empty((one.size, self.paths) if one.lane else (one.size,), kind)
        if made.nbytes:
            size = ctypes.c_size_t(made.nbytes)
            self.driver("cuMemcpyDtoH_v2", ctypes.c_void_p(made.ctypes.data), place, size)
        return made != 0 if one.kind == "b" else made

    def _room(self, undo: ExitStack, size: int) -> Pointer:
        place = self.driver.room(size)
        undo.callback(self.driver.free, place)
        return place

    def _world(self, undo: ExitStack, arrays: list[NDArray[Any]]) -> list[Pointer]:
        """Put arguments into constant memory; those that lie beside it are arguments of the launch."""
        places = []
        for k, array in enumerate(arrays):
            if not self.it.constant(k):
                places.append(self.driver.placed(array))
                undo.callback(self.driver.free, places[-1])
            elif self.it.uses(k):  # a constant that nothing reads may not be in the binary
                self.driver.copy(array, self._constant(f"in{k}"))
        return places

    def _constant(self, name: str) -> Pointer:
        place, size = Pointer(), ctypes.c_size_t()
        where = ctypes.byref(place), ctypes.byref(size)
        self.driver("cuModuleGetGlobal_v2", *where, self._module, name.encode())
        return place


def rows(one: Array, paths: int) -> int:
    """Numbers of an output."""
    return one.size * (paths if one.lane else 1)


def plain(x: Any) -> NDArray[Any]:
    """An argument as a kernel reads it: flags are integers, at least one number."""
    array = np.ascontiguousarray(x)
    return array.astype(np.int32) if array.dtype == bool else array
