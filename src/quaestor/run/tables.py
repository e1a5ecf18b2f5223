"""Scans as tables of SQLite: a virtual table for one that is streamed, a temporary table for one that is spooled.

Columns have internal names (`c0`, `c1` …), so that neither names that differ in case only nor SQLite's limits on
names matter; their declared types carry the affinity. Before: `run.feed` delivers the batches. After: SQLite.
"""

from __future__ import annotations

from quaestor.errors import LimitError
from quaestor.values import DECLARED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import apsw

    from quaestor.run.feed import Batch
    from quaestor.values import SqlValue

#: SQLite's default limit on the columns of a table.
MAX_COLUMNS = 2000


def declaration(types: Sequence[str]) -> str:
    """`c0 TEXT, c1 INTEGER`: the columns of a scan's table, `c0` alone if the statement wants none."""
    if len(types) > MAX_COLUMNS:
        raise LimitError(f"a statement can use {MAX_COLUMNS} columns of a resource at most, this one {len(types)}")
    return ", ".join(f"c{i} {DECLARED[kind]}".rstrip() for i, kind in enumerate(types)) or "c0"


def stream(db: apsw.Connection, name: str, types: Sequence[str], batches: Iterable[Batch]) -> None:
    """Make `name` a table that yields `batches` as SQLite pulls. It can be read once."""
    db.create_module(
        name,
        _StreamModule(f"CREATE TABLE x({declaration(types)})", batches),  # type: ignore[arg-type]  # read-only: no more
        eponymous=True,
        eponymous_only=True,
        read_only=True,
    )


def create(db: apsw.Connection, name: str, types: Sequence[str]) -> None:
    """Make the table that a scan is spooled into, empty."""
    db.execute(f"CREATE TABLE {name}({declaration(types)})")


def spool(db: apsw.Connection, name: str, types: Sequence[str], batches: Iterable[Batch]) -> int:
    """Put all of `batches` into the table, and return how many rows there were."""
    return Filling(db, name, types, is_there=True).add(batches)


class Filling:
    """A table that a scan is spooled into, in one go or in several.

    Args:
        is_there: it was made before; else it is made here.
    """

    def __init__(self, db: apsw.Connection, name: str, types: Sequence[str], *, is_there: bool = False) -> None:
        self._db = db
        self._name = name
        self._types = list(types)
        self._insert = f"INSERT INTO {name} VALUES({','.join('?' * max(1, len(types)))})"
        self._numeric = [index for index, kind in enumerate(types) if kind in ("integer", "number", "boolean")]
        if not is_there:
            create(db, name, types)

    def add(self, batches: Iterable[Batch]) -> int:
        """Put all of `batches` into it, and return how many rows there were."""
        count = 0
        with self._db:
            for batch in batches:
                exact = {index for index in self._numeric if any(_is_exact_text(row[index]) for row in batch)}
                if exact:
                    self._free(exact)
                self._db.executemany(self._insert, batch if self._types else [(None,)] * len(batch))
                count += len(batch)
        return count

    def clear(self) -> None:
        """Drop all rows."""
        self._db.execute(f"DELETE FROM {self._name}")  # noqa: S608 - the name is ours

    def _free(self, columns: set[int]) -> None:
        """Take the affinity from some columns: SQLite would make REALs of numbers that are texts to stay exact."""
        self._types = ["any" if index in columns else kind for index, kind in enumerate(self._types)]
        self._numeric = [index for index in self._numeric if index not in columns]
        name = self._name
        create(self._db, f"{name}_free", self._types)
        self._db.execute(f"INSERT INTO {name}_free SELECT * FROM {name}")  # noqa: S608 - names are ours
        self._db.execute(f"DROP TABLE {name}")
        self._db.execute(f"ALTER TABLE {name}_free RENAME TO {name}")


def _is_exact_text(value: SqlValue) -> bool:
    """Whether it is a number of more digits than SQLite's own numbers have, kept as text."""
    return isinstance(value, str) and len(value) > 15 and value[-1].isdigit() and value[0] in "-0123456789"


class _StreamModule:
    """One streamed scan as an eponymous virtual table."""

    def __init__(self, schema: str, batches: Iterable[Batch]) -> None:
        self._schema = schema
        self._batches: Iterable[Batch] | None = batches

    def Connect(self, *_: object) -> tuple[str, _StreamModule]:
        return self._schema, self

    Create = Connect

    def BestIndex(self, constraints: object, orderbys: object) -> None:
        """SQLite tests every predicate itself; there is nothing to choose."""
        return

    def Open(self) -> _StreamCursor:
        return _StreamCursor(self)

    def Disconnect(self) -> None:
        """Nothing is held here: the feed belongs to the result."""

    Destroy = Disconnect

    def take(self) -> Iterator[Batch]:
        """The batches; a second scan of the same stream is an error of ours, not of the statement's."""
        batches, self._batches = self._batches, None
        if batches is None:
            raise RuntimeError("a streamed scan was read twice")
        return iter(batches)


class _StreamCursor:
    """Walks the batches row by row. `Column` is called for every value: it does nothing but index."""

    __slots__ = ("_batches", "_index", "_row", "_rows", "_size", "_table")

    def __init__(self, table: _StreamModule) -> None:
        self._table = table
        self._rows: Batch = []
        self._size = 0
        self._index = -1
        self._row: tuple[SqlValue, ...] | None = None

    def Filter(self, indexnum: int, indexname: str, args: object) -> None:
        self._batches = self._table.take()
        self.Next()

    def Next(self) -> None:
        self._index += 1
        while self._index >= self._size:
            batch = next(self._batches, None)
            if batch is None:
                self._row = None
                return
            self._rows, self._size, self._index = batch, len(batch), 0
        self._row = self._rows[self._index]

    def Eof(self) -> bool:
        return self._row is None

    def Column(self, number: int) -> SqlValue:
        row = self._row
        return row[number] if row and number >= 0 else None

    def Rowid(self) -> int:
        return self._index

    def Close(self) -> None:
        self._rows = []
