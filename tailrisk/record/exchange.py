"""What a process has retained of its paths, as bytes to the process that writes, and taken in there.

Counts and sums are whole numbers and tails have a total order, so the sum over processes has the bits of one
process that met every path.
"""

import io
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core.processes import Group, gathered
from ..simulate.blocks import dealt
from ..tail import MomentStream
from .tally import Counts

if TYPE_CHECKING:
    from .collect import Sample

Arrays = dict[str, NDArray[Any]]


def together(sampled: "Sample", group: Group) -> None:
    """Let the first process's sample hold what every process met; all learn how many paths are at fault.

    Raises Fault where a process was lost.
    """
    if group.count == 1:
        return
    tails, moments = list(sampled.streams().values()), list(sampled.moments().values())
    counts = list(sampled.tallies().values())
    parts = [as_bytes(_head(sampled), {f"{k}": m.state() for k, m in enumerate(moments)})]
    parts += [as_bytes({f"{k}": x for k, x in enumerate(_of_counts(counts))}), as_bytes(_rest(sampled))]
    columns = [(tail, c) for tail in tails for c in range(tail.columns)]
    parts += [as_bytes({str(k): x for k, x in enumerate(tail.stored(c))}) for tail, c in columns]
    for k, found in enumerate(gathered(parts, group)):
        theirs = [of_bytes(data) for number, data in enumerate(found) if number != group.number]
        if k == 0:
            _take_head(sampled, theirs)
        if not group.writes:
            continue
        if k == 0:
            _take_moments(moments, theirs)
        elif k == 1:
            _take_counts(counts, theirs)
        elif k == 2:
            _take_rest(sampled, [of_bytes(data)[0] for data in found], group)
        else:
            tail, column = columns[k - 3]
            for arrays, _ in theirs:
                tail.take(column, tuple(arrays[str(n)] for n in range(len(arrays))))


def as_bytes(arrays: Arrays, facts: Any = None) -> bytes:
    """Arrays, and what JSON can say, as bytes."""
    out = io.BytesIO()
    text = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    np.savez(out, said=text, **{f"a{name}": array for name, array in arrays.items()})  # type: ignore[arg-type]
    return out.getvalue()


def of_bytes(data: bytes) -> tuple[Arrays, Any]:
    """The arrays and what was said."""
    with np.load(io.BytesIO(data), allow_pickle=False) as found:
        arrays = {name[1:]: found[name] for name in found.files if name != "said"}
        return arrays, json.loads(found["said"].tobytes())


def _of_counts(counts: list[Counts]) -> Iterator[NDArray[np.int64]]:
    for one in counts:
        yield one.whole
        yield np.zeros(0, np.int64) if one.part is None else one.part


def _head(sampled: "Sample") -> Arrays:
    residual = 0.0 if sampled.crowd is None else sampled.crowd.residual
    return {
        "faults": np.array([sampled.faults, sampled.unbalanced], np.int64),
        "residual": np.array(residual),
        "seen": sampled.seen,
    }


def _take_head(sampled: "Sample", theirs: list[tuple[Arrays, Any]]) -> None:
    for arrays, _ in theirs:
        sampled.faults += int(arrays["faults"][0])
        sampled.unbalanced += int(arrays["faults"][1])
        sampled.seen += arrays["seen"]
        if sampled.crowd is not None:
            sampled.crowd.residual = max(sampled.crowd.residual, float(arrays["residual"]))


def _take_moments(moments: list[MomentStream], theirs: list[tuple[Arrays, Any]]) -> None:
    for _, states in theirs:
        for k, mine in enumerate(moments):
            mine.merge(MomentStream.of(states[str(k)]))


def _take_counts(counts: list[Counts], theirs: list[tuple[Arrays, Any]]) -> None:
    for arrays, _ in theirs:
        for k, mine in enumerate(counts):
            mine.take(arrays[str(2 * k)], None if mine.part is None else arrays[str(2 * k + 1)])


def _rest(sampled: "Sample") -> Arrays:
    """Weights by the first path of their block, and the first paths' losses."""
    weights = {f"weight{first}": weight for first, weight in sampled.weights.items()}
    return {**weights, "first": sampled.risks.first}


def _take_rest(sampled: "Sample", every: list[Arrays], group: Group) -> None:
    for number, arrays in enumerate(every):
        starts = {name.removeprefix("weight"): x for name, x in arrays.items() if name != "first"}
        sampled.weights |= {int(first): weight for first, weight in starts.items()}
        for places in dealt(sampled.risks.first.shape[1], Group(number, group.count)):
            sampled.risks.first[:, places] = arrays["first"][:, places]
