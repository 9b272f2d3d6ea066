"""The bill of materials: every package the lock pins, with its hashes, and what is installed beside it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SBOM = ROOT / ".ci/sbom"
pytestmark = pytest.mark.skipif(not SBOM.exists(), reason="a source distribution has no .ci")


def asked(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(SBOM), *words], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_pin_and_every_hash_is_in_the_bill(name: str) -> None:
    lock = (ROOT / name).read_text()
    bill = json.loads(asked(str(ROOT / name)).stdout)
    parts = bill["components"]
    assert len(parts) == len(re.findall(r"^\S+==", lock, re.MULTILINE)) > 20
    assert sum(len(part["hashes"]) for part in parts) == lock.count("--hash=sha256:")
    assert all(part["hashes"] and part["purl"].endswith(f"@{part['version']}") for part in parts)
    assert all(f"\n{part['name']}=={part['version']} " in f"\n{lock}" for part in parts)


def test_what_is_installed_beside_the_lock_is_named(tmp_path: Path) -> None:
    path = tmp_path / "lock.txt"
    path.write_text("numpy==0.0.1 \\\n    --hash=sha256:" + "0" * 64 + "\n")
    done = asked("--installed", str(path))
    assert done.returncode == 1
    assert "numpy" in done.stderr
    assert "the lock has 0.0.1" in done.stderr
    path.write_text("no-such-package==1.0 ; sys_platform == 'none' \\\n    --hash=sha256:" + "0" * 64 + "\n")
    assert asked("--installed", str(path)).returncode == 0
