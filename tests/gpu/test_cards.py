"""A card is known by the name it gives itself; a part of one, or a weaker one of the same name, is not."""

import pytest

from experiments.gpu.cards import CARDS, find


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("NVIDIA H100 80GB HBM3", "NVIDIA H100"),
        ("NVIDIA H100 PCIe", "NVIDIA H100 PCIe"),
        ("NVIDIA H100 NVL", "NVIDIA H100 NVL"),
        ("NVIDIA H200", "NVIDIA H200"),
        ("NVIDIA A100-SXM4-80GB", "NVIDIA A100"),
        ("NVIDIA A100-PCIE-40GB", "NVIDIA A100 40GB"),
        ("NVIDIA GeForce RTX 4090", "NVIDIA RTX 4090"),
        ("NVIDIA L4", "NVIDIA L4"),
        ("NVIDIA L40S", "NVIDIA L40S"),
        ("Tesla T4", "NVIDIA T4"),
    ],
)
def test_names(kind, name):
    card = find(kind)
    assert card is not None
    assert card.name == name


@pytest.mark.parametrize(
    "kind",
    [
        "NVIDIA H100 80GB HBM3 MIG 1g.10gb",
        "NVIDIA GeForce RTX 4090 Laptop GPU",
        "NVIDIA GeForce RTX 4090 D",
        "NVIDIA L40",
        "cpu",
        "TPU v5e",
        "",
    ],
)
def test_what_is_not_known(kind):
    assert find(kind) is None


def test_limits_of_a_card():
    h100, pcie = CARDS["h100"], find("NVIDIA H100 PCIe")
    assert h100.operations == pytest.approx(132 * 128 * 1.98e9)
    assert pcie.operations < h100.operations
    assert pcie.bandwidth < h100.bandwidth < find("NVIDIA H200").bandwidth
