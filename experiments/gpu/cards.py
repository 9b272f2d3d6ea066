"""Cards by their data sheets: what XLA is told of one that is absent, the limits of one that is there."""

import re
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Card:
    """A GPU by its data sheet."""

    name: str
    architecture: str  # of ptxas
    capability: tuple[int, int]
    cores: int  # multiprocessors
    fpus: int  # float32 units a multiprocessor
    bandwidth: float  # bytes a second
    shared: int  # bytes of shared memory a multiprocessor
    l2: int  # bytes
    memory: float  # bytes
    clock: float  # GHz
    threads: int = 2048  # a multiprocessor

    def resident(self, registers: int, shared: int, block: int) -> int:
        """Threads a multiprocessor holds, given a thread's registers and bytes of shared memory."""
        by_shared = self.shared // (shared * block + 1024)
        return block * min(by_shared, 65536 // (registers * block), self.threads // block)

    @property
    def operations(self) -> float:
        """Instructions a second, one a float32 unit and clock."""
        return self.cores * self.fpus * self.clock * 1e9

    def target(self) -> str:
        """XLA's description of the card, a text protocol buffer."""
        major, minor = self.capability
        return f"""gpu_device_info {{
  threads_per_block_limit: 1024 threads_per_warp: 32 shared_memory_per_block: 49152
  shared_memory_per_core: {self.shared} threads_per_core_limit: {self.threads}
  core_count: {self.cores} fpus_per_core: {self.fpus}
  block_dim_limit_x: 2147483647 block_dim_limit_y: 65535 block_dim_limit_z: 65535
  memory_bandwidth: {self.bandwidth:.0f} l2_cache_size: {self.l2} clock_rate_ghz: {self.clock}
  device_memory_size: {self.memory:.0f} shared_memory_per_block_optin: {self.shared - 1024}
  cuda_compute_capability {{ major: {major} minor: {minor} }}
  registers_per_core_limit: 65536 registers_per_block_limit: 65536
}}
platform_name: "CUDA"
dnn_version_info {{ major: 9 minor: 8 }}
runtime_version {{ major: 12 minor: 9 }}
device_description_str: "{self.name}"
"""


CARDS = {
    "h100": Card("NVIDIA H100", "sm_90a", (9, 0), 132, 128, 3.35e12, 233472, 52428800, 85e9, 1.98),
    "a100": Card("NVIDIA A100", "sm_80", (8, 0), 108, 64, 2.04e12, 167936, 41943040, 85e9, 1.41),
    "rtx4090": Card(
        "NVIDIA RTX 4090", "sm_89", (8, 9), 128, 128, 1.01e12, 102400, 75497472, 25e9, 2.52, threads=1536
    ),
}
"""Those that programs are compiled for."""
H100, A100 = CARDS["h100"], CARDS["a100"]
KNOWN: tuple[tuple[frozenset[str], Card], ...] = (
    (frozenset({"H200"}), replace(H100, name="NVIDIA H200", bandwidth=4.8e12, memory=141e9)),
    (
        frozenset({"H100", "PCIE"}),
        replace(H100, name="NVIDIA H100 PCIe", cores=114, bandwidth=2.04e12, clock=1.755),
    ),
    (
        frozenset({"H100", "NVL"}),
        replace(H100, name="NVIDIA H100 NVL", bandwidth=3.94e12, memory=94e9, clock=1.785),
    ),
    (frozenset({"H100"}), H100),
    (frozenset({"A100", "40GB"}), replace(A100, name="NVIDIA A100 40GB", bandwidth=1.56e12, memory=40e9)),
    (frozenset({"A100"}), A100),
    (frozenset({"RTX", "4090"}), CARDS["rtx4090"]),
    (
        frozenset({"L40S"}),
        Card("NVIDIA L40S", "sm_89", (8, 9), 142, 128, 8.64e11, 102400, 100663296, 48e9, 2.52, threads=1536),
    ),
    (
        frozenset({"L4"}),
        Card("NVIDIA L4", "sm_89", (8, 9), 58, 128, 3.0e11, 102400, 50331648, 24e9, 2.04, threads=1536),
    ),
    (
        frozenset({"T4"}),
        Card("NVIDIA T4", "sm_75", (7, 5), 40, 64, 3.2e11, 65536, 4194304, 16e9, 1.59, threads=1024),
    ),
)
"""Words of a card's name and its data sheet, the particular before the general."""
LESS = {"MIG", "LAPTOP", "MAX", "D", "VGPU"}
"""Words of a part of a card, or of a weaker one of the same name."""


def find(kind: str) -> Card | None:
    """The data sheet of a card by the name it gives itself; None where that is not known."""
    words = set(re.split(r"[^A-Z0-9]+", kind.upper()))
    if words & LESS:
        return None
    return next((card for named, card in KNOWN if named <= words), None)
