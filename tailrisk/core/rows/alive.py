"""What of a program is needed: rows that lead to an output, and the memory and loops on their way."""

from typing import Any

from .program import Loop, Memory, Program, Row, Store


class Alive:
    """The rows, memories and carried rows of a program that its outputs need."""

    def __init__(self, program: Program) -> None:
        self.rows: set[int] = set()
        self.memories: set[int] = {id(memory) for memory in program.outputs}
        self.stores: dict[int, list[Store]] = {}
        self.carries: dict[int, tuple[Row, Row]] = {}
        self._todo: list[Row] = []
        self._walk(program.body)
        for memory in program.outputs:
            self._written(memory)
        while self._todo:
            self._follow(self._todo.pop())

    def has(self, it: Any) -> bool:
        """Whether a row, a store or a loop is needed."""
        if isinstance(it, Store):
            return id(it.to.memory) in self.memories
        if isinstance(it, Loop):
            return any(self.has(inner) for inner in it.body) or any(id(c) in self.rows for c in it.carried)
        return id(it) in self.rows

    def _walk(self, block: list[Any]) -> None:
        for it in block:
            if isinstance(it, Store):
                self.stores.setdefault(id(it.to.memory), []).append(it)
            elif isinstance(it, Loop):
                self.carries |= {id(c): both for c, *both in zip(it.carried, it.start, it.after, strict=True)}  # type: ignore[misc]
                self._walk(it.body)

    def _written(self, memory: Memory) -> None:
        self.memories.add(id(memory))
        for store in self.stores.pop(id(memory), []):
            self._todo += [store.row, *(row for row, _ in store.to.terms)]

    def _follow(self, row: Row) -> None:
        if id(row) in self.rows:
            return
        self.rows.add(id(row))
        self._todo += row.of
        if row.op == "load":
            self._written(row.at[0])
        elif row.op == "carried":
            self._todo += self.carries[id(row)]
