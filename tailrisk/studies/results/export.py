"""A result packed for others: one zip, the same bytes each time, described as an RO-Crate if wanted."""

import json
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

from ...core import InputError, disk, seal
from .catalogue import Entry, entry

CRATE = "ro-crate-metadata.json"
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file in a zip: what is the same has the same bytes."""


def export(folder: Path, target: Path, *, crate: bool = False, force: bool = False) -> Path:
    """Write a result, checked against its seal, as a zip. InputError: it is damaged, or `target` is there."""
    if target.exists() and not force:
        raise InputError(str(target), "is there already", "another -o", "--force replaces it")
    one = entry(folder)
    names = seal.check(folder)
    names |= {seal.SUMS} | {f"{Path(n).parent}/{p}" for n in names if Path(n).name == seal.SUMS
                            for p in seal.check((folder / n).parent)}  # fmt: skip
    data = BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as pack:
        for name in sorted(names):
            pack.writestr(_stamped(f"{folder.name}/{name}"), (folder / name).read_bytes())
        if crate:
            text = json.dumps(described(one, sorted(names)), indent=1, ensure_ascii=False)
            pack.writestr(_stamped(f"{folder.name}/{CRATE}"), text)
    disk.replace(target, data.getvalue())
    return target


def _stamped(name: str) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name, EPOCH)
    made.compress_type, made.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    return made


def described(one: Entry, names: list[str]) -> dict[str, Any]:
    """RO-Crate 1.1 metadata: a data set, its files, the software and the command that made it."""
    record = one.record
    files = [{"@id": name, "@type": "File", "name": name} for name in names]
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": str(record.get("name", one.name)),
        "description": one.question,
        "datePublished": str(record.get("created", ""))[:10] or "1970-01-01",
        "license": {"@id": "https://spdx.org/licenses/Apache-2.0"},
        "hasPart": [{"@id": name} for name in names],
        "mentions": {"@id": "#made"},
    }
    made = {
        "@id": "#made",
        "@type": "CreateAction",
        "name": str(record.get("command", "tailrisk sweep")),
        "instrument": {"@id": "#tailrisk"},
        "result": {"@id": "./"},
    }
    software = {
        "@id": "#tailrisk",
        "@type": "SoftwareApplication",
        "name": "tailrisk",
        "version": str(record.get("versions", {}).get("tailrisk", "")),
        "identifier": str(record.get("commit", "")),
    }
    about = {
        "@id": CRATE,
        "@type": "CreativeWork",
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
        "about": {"@id": "./"},
    }
    graph = [about, root, made, software, *files]
    return {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph}
