"""How much is simulated, with what seed, precision and memory."""

from typing import Literal

from pydantic import Field

from .model import Model


class Run(Model):
    """The size of a run; nothing here changes the law that is simulated."""

    seed: int = Field(
        default=20240205,
        ge=0,
        lt=2**63,
        description="the same seed gives the same paths, whatever else changes",
    )
    paths: int = Field(default=200_000, ge=1, lt=2**32, description="simulated paths")
    days: int = Field(default=60, ge=1, le=2420, description="trading days per path; 242 make a year")
    precision: Literal["float32", "float64"] = Field(
        default="float32", description="of the path arithmetic; statistics are always float64"
    )
    memory_gb: float = Field(
        default=4.0, gt=0, le=65536, description="gigabytes the run may use; more is refused"
    )
    chunk: Literal[64, 128, 256, 512, 1024, 2048, 4096, 8192] = Field(
        default=4096, description="paths per inner chunk on a CPU; moves speed, never a digit"
    )
    backend: Literal["xla", "rows"] = Field(
        default="xla",
        description="what computes paths: xla, the reference, or rows, one kernel by your C++ compiler "
        "(faster; figures differ by rounding; float32 on a CPU)",
    )
