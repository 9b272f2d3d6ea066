"""One kernel from the project's own program, row by row: C++ for a CPU, CUDA for a GPU, or jax.numpy."""

from .kernel import Kernel
from .read import read
from .simplify import codes

__all__ = ["Kernel", "codes", "read"]
