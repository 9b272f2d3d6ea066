"""Files of orders, a chunk at a time: CSV in blocks cut at line ends, Parquet by row groups."""

import csv
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import InputError
from ..data.cells import decoded, kind, separated
from .columns import CELLS, roles_of
from .convert import is_stamp
from .events import Events, Ints, Registers
from .rows import read
from .sequence import Refused

BLOCK = 16 * 2**20
"""Bytes of CSV read at once."""
ROWS = 2**18
"""Rows of Parquet read at once."""
KINDS = "a CSV file in UTF-8 or GBK with a header, or Parquet"
WORDS = ("account", "action", "security", "side", "controller", "date")
AHEAD = 2
"""Blocks parsed while one is watched."""


@dataclass
class Parsed:
    """Columns of a chunk by role, the number of each row, and the lines that are no rows."""

    columns: dict[str, Any]
    rows: Ints
    ragged: list[tuple[int, str]] = field(default_factory=list)


def chunks(
    path: Path,
    registers: Registers,
    refuse: Callable[[Refused], None],
    *,
    block: int = BLOCK,
    rows: int = ROWS,
) -> Iterator[Events]:
    """Events of a file in its order; memory is bounded by a few blocks. Raises InputError for no table."""
    what = kind(path)
    if what == "Parquet":
        parsed = _parquet(path, registers, rows)
    elif what == "text":
        parsed = _csv(path, registers, block)
    else:
        raise InputError(str(path), f"is {what}", KINDS)
    any_rows = False
    for part in parsed:
        for row, line in part.ragged:
            any_rows = True
            cells = (line[:200], *([""] * (len(CELLS) - 1)))
            refuse(
                Refused(
                    row, "row", line[:60], "has more or fewer cells than the header", "a cell a column", cells
                )
            )
        if len(part.rows):
            any_rows = True
            yield read(part.columns, part.rows, registers, refuse)
    if not any_rows:
        raise InputError(str(path), "a header but no rows", "at least one order")


def rows_about(path: Path) -> int:
    """About how many rows a file has, at least one: of CSV by the length of its first lines.

    InputError: no file, or a damaged one.
    """
    if kind(path) == "Parquet":
        import pyarrow as pa
        from pyarrow import parquet

        try:
            return max(1, parquet.read_metadata(path).num_rows)
        except (pa.ArrowInvalid, OSError) as error:
            raise InputError(str(path), f"is damaged ({str(error)[:120]})", KINDS) from None
    with open(path, "rb") as stream:
        head = stream.read(2**16)
    return max(1, path.stat().st_size * head.count(b"\n") // max(len(head), 1))


def _parquet(path: Path, registers: Registers, size: int) -> Iterator[Parsed]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        roles = roles_of(str(path), parquet.read_schema(path).names)
        file = parquet.ParquetFile(path, read_dictionary=[t for role, t in roles.items() if role in WORDS])
        registers.controlled |= "controller" in roles
        first = 1
        for batch in file.iter_batches(size, columns=list(roles.values())):
            columns = {role: batch.column(title) for role, title in roles.items()}
            yield Parsed(columns, np.arange(first, first + len(batch)))
            first += len(batch)
    except (pa.ArrowInvalid, OSError) as error:
        problem = f"is damaged ({' '.join(str(error).split())[:120]})"
        raise InputError(str(path), problem, KINDS) from None


@dataclass(frozen=True)
class Form:
    """How the CSV is written, as its first lines say."""

    path: str
    encoding: str
    separator: str
    titles: list[str]
    roles: dict[str, str]
    first: dict[str, str]  # the first row's cells by role
    start: int  # byte at which the rows begin


def form(path: Path) -> Form:
    """The form of a CSV. Raises InputError for bytes that are no text, or a header without what is needed."""
    with open(path, "rb") as stream:
        head = stream.read(2**18)
    cut = head.rfind(b"\n") + 1 or len(head)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in head:
        raise InputError(str(path), "is UTF-16 or no text", KINDS, "save it as UTF-8")
    content, encoding = decoded(path, head[:cut])
    separator = separated(content)
    lines = content.splitlines()
    titles = [title.strip() for title in next(csv.reader([lines[0]], delimiter=separator))]
    roles = roles_of(str(path), titles)
    second = next((line for line in lines[1:] if line.strip()), "")
    cells = next(csv.reader([second], delimiter=separator), [])
    first = {
        role: cells[titles.index(t)].strip() for role, t in roles.items() if titles.index(t) < len(cells)
    }
    start = head.index(b"\n") + 1 if b"\n" in head else len(head)
    return Form(
        str(path), "utf8" if encoding == "UTF-8" else "gb18030", separator, titles, roles, first, start
    )


def _csv(path: Path, registers: Registers, size: int) -> Iterator[Parsed]:
    """Blocks in the file's order, parsed ahead by other threads; each is numbered when its turn comes."""
    written = form(path)
    registers.controlled |= "controller" in written.roles
    first = 1
    with ThreadPoolExecutor(AHEAD) as pool:
        waiting: deque[tuple[Future[Parsed], int]] = deque()
        for block in _blocks(path, written.start, size):
            waiting.append((pool.submit(_parsed, block, written), block.count(b"\n")))
            if len(waiting) > AHEAD:
                part, lines = waiting.popleft()
                yield _numbered(part.result(), first)
                first += lines
        for part, lines in waiting:
            yield _numbered(part.result(), first)
            first += lines


def _blocks(path: Path, start: int, size: int) -> Iterator[bytes]:
    """The rows' bytes in blocks of whole lines; every block ends with a line end."""
    with open(path, "rb") as stream:
        stream.seek(start)
        rest = b""
        while block := stream.read(size):
            cut = block.rfind(b"\n") + 1
            if not cut:
                rest += block
                if len(rest) > 16 * size:
                    raise InputError(str(path), f"no line end in {len(rest):,} bytes", KINDS)
                continue
            yield rest + block[:cut]
            rest = block[cut:]
        if rest.strip():
            yield rest + b"\n"


def _numbered(part: Parsed, first: int) -> Parsed:
    return Parsed(part.columns, part.rows + first, [(row + first, line) for row, line in part.ragged])


def _parsed(block: bytes, written: Form) -> Parsed:
    """A block, typed; where a cell does not fit its type, or a line the header, as text line by line."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    if b"\n\n" not in block and b"\n\r\n" not in block:
        try:
            table = arrow.read_csv(
                pa.BufferReader(block),
                arrow.ReadOptions(
                    use_threads=False,
                    column_names=written.titles,
                    encoding=written.encoding,
                    block_size=len(block) + 1,
                ),
                arrow.ParseOptions(delimiter=written.separator),
                arrow.ConvertOptions(
                    column_types=_types(written),
                    include_columns=list(written.roles.values()),
                    null_values=[""],
                ),
            )
            columns = {role: _one(table.column(title)) for role, title in written.roles.items()}
            return Parsed(columns, np.arange(len(table)))
        except (pa.ArrowInvalid, pa.ArrowKeyError):
            pass
    return _as_text(block, written)


def _types(written: Form) -> dict[str, Any]:
    """The type of each column that a good file of this form has."""
    import pyarrow as pa

    word = pa.dictionary(pa.int32(), pa.string())
    times = {"stamp": pa.timestamp("us"), "digits": pa.int64()}
    times |= {"clock": pa.time64("us")} if "date" in written.roles else {}
    types = dict.fromkeys(WORDS, word)
    types |= {"size": pa.float64(), "price": pa.float64()}
    types["time"] = times.get(is_stamp(written.first.get("time", "")) or "", pa.string())
    number = written.first.get("order", "")
    types["order"] = pa.int64() if number.isdigit() and len(number) < 19 else pa.string()
    return {title: types[role] for role, title in written.roles.items()}


def _one(column: Any) -> Any:
    """A column of one chunk."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _as_text(block: bytes, written: Form) -> Parsed:
    """A block as text, a line at a time: slow, and every line has its number."""
    import pyarrow as pa

    try:
        lines = block.decode(written.encoding).split("\n")[:-1]
    except UnicodeDecodeError as error:
        raise InputError(written.path, f"is no text ({error.reason})", KINDS) from None
    cells: list[list[str]] = []
    rows: list[int] = []
    ragged: list[tuple[int, str]] = []
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        parts = [cell.strip() for cell in next(csv.reader([line.rstrip("\r")], delimiter=written.separator))]
        if len(parts) == len(written.titles):
            cells.append(parts)
            rows.append(number)
        else:
            ragged.append((number, line.strip()))
    places = {role: written.titles.index(title) for role, title in written.roles.items()}
    columns = {role: pa.array([row[k] for row in cells], pa.string()) for role, k in places.items()}
    return Parsed(columns, np.array(rows, np.int64), ragged)
