"""Results as files: COPY, and what the command line's `-f` writes; in CSV, JSON and Parquet.

Before: a `Result` has its rows. After: a file that is there whole or not at all. Memory stays flat: text goes out
batch by batch, and for Parquet, whose types stand before its rows, the batches wait in a temporary file until all
values were seen.
"""

from __future__ import annotations

import os

from quaestor.errors import IncompleteError, QuaestorError, UsageError
from quaestor.run.output.text import csv_text, json_text, jsonl_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any, BinaryIO, TypeAlias

    from quaestor.run.result import Result
    from quaestor.values import ResultColumn

    Batches: TypeAlias = Iterable[list[tuple[Any, ...]]]
    Writer: TypeAlias = Callable[[Sequence[ResultColumn], Batches], Iterator[str] | Iterator[bytes]]

#: Rows of a row group: what is in memory at a time.
GROUP_ROWS = 50_000


def export(result: Result, path: str, form: str) -> int:
    """Write a result's rows to a file, which appears when they are all there. Returns how many there were.

    Raises UsageError for a file that can't be written, and IncompleteError instead of leaving rows out.
    """
    target = File(path)
    whole, count = False, 0

    def counted() -> Iterator[list[tuple[Any, ...]]]:
        nonlocal count
        for batch in result.batches():
            count += len(batch)
            yield batch

    try:
        for piece in WRITERS[form](result.columns, counted()):
            target.write(piece)
        if result.failures:
            raise IncompleteError(len(result.failures), result.failures[0].message)
        target.commit()
        whole = True
    finally:
        target.close(whole)
    return count


def format_of(path: str, given: str = "") -> str:
    """The format that is meant: the one that is given, else by the file's ending. Raises UsageError."""
    form = given.casefold() or os.path.splitext(path)[1].removeprefix(".").casefold()
    if form in WRITERS:
        return form
    said = f"there is no format {given!r}" if given else f"the ending of {path!r} doesn't tell the format"
    raise UsageError(said, hint=f"write (FORMAT {'|'.join(WRITERS)}) behind it")


# ------------------------------------------------------------------------------------------- Parquet


def parquet(columns: Sequence[ResultColumn], batches: Batches) -> Iterator[bytes]:
    """A Parquet file, piece by piece; a column whose values are of several types is text.

    Raises UsageError where pyarrow isn't installed, and for two columns of one name.
    """
    import marshal
    import tempfile

    from quaestor.run.output.arrow import ArrowColumn, arrow

    pa = arrow()
    from pyarrow.parquet import ParquetWriter

    names = [column.name for column in columns]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"two columns are called {twice!r}: a Parquet file can't have both", hint="use AS")
    kinds = [ArrowColumn(column.type) for column in columns]
    with tempfile.TemporaryFile() as spool:
        groups = 0
        for rows in _groups(batches):
            values = list(zip(*rows, strict=True))
            for kind, seen in zip(kinds, values, strict=True):
                kind.see(seen)
            try:
                marshal.dump(values, spool)
            except OSError as error:
                raise cannot_write("a temporary file", error) from error
            groups += 1
        spool.seek(0)
        pieces = _Pieces()
        schema = pa.schema([(name, kind.type(pa)) for name, kind in zip(names, kinds, strict=True)])
        with ParquetWriter(pieces, schema) as writer:
            for _ in range(groups):
                arrays = [kind.array(pa, seen) for kind, seen in zip(kinds, marshal.load(spool), strict=True)]
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
                yield pieces.taken()
        yield pieces.taken()


def _groups(batches: Batches) -> Iterator[list[tuple[Any, ...]]]:
    """The rows in lists of about `GROUP_ROWS`."""
    rows: list[tuple[Any, ...]] = []
    for batch in batches:
        rows.extend(batch)
        if len(rows) >= GROUP_ROWS:
            yield rows
            rows = []
    if rows:
        yield rows


class _Pieces:
    """What a writer of files takes for one: the bytes are handed on."""

    def __init__(self) -> None:
        self._data: list[bytes] = []
        self._size = 0
        self.closed = False

    def write(self, data: Any) -> int:
        """Keep some bytes until they are taken."""
        self._data.append(bytes(data))
        self._size += len(self._data[-1])
        return len(self._data[-1])

    def tell(self) -> int:
        """How many bytes there were in all."""
        return self._size

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """The last bytes are there."""
        self.closed = True

    def taken(self) -> bytes:
        """The bytes since the last time."""
        data, self._data = b"".join(self._data), []
        return data


#: How each format is written.
WRITERS: dict[str, Writer] = {
    "csv": csv_text,
    "json": json_text,
    "jsonl": jsonl_text,
    "ndjson": jsonl_text,
    "parquet": parquet,
}


# --------------------------------------------------------------------------------------------- files


class File:
    """A file next to the one that was asked for, which takes its name when all is well.

    What isn't an ordinary file (`/dev/null`, a named pipe) can't be replaced: it gets the text at the end instead.
    """

    def __init__(self, path: str) -> None:
        self._path = os.path.realpath(path)
        self._replaces = not os.path.exists(self._path) or os.path.isfile(self._path)
        self._temporary = f"{self._path}.{os.getpid()}.part" if self._replaces else ""
        self._committed = 0
        try:
            self._file: BinaryIO = self._opened()
        except OSError as error:
            raise UsageError(f"can't write to {path}: {error.strerror or error}") from error

    def _opened(self) -> BinaryIO:
        if not self._replaces:
            import tempfile

            open(self._path, "ab").close()  # so that it is known before any request whether it can be written
            return tempfile.TemporaryFile()
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
        descriptor = os.open(self._temporary, flags, 0o666)
        if os.path.exists(self._path):
            os.chmod(self._temporary, os.stat(self._path).st_mode & 0o7777)
        return os.fdopen(descriptor, "w+b")

    def write(self, piece: str | bytes) -> None:
        """Into the temporary file."""
        try:
            self._file.write(piece.encode() if isinstance(piece, str) else piece)
        except OSError as error:
            raise cannot_write(self._path, error) from error

    def commit(self) -> None:
        """A statement's text is there."""
        self._committed = self._file.tell()

    @property
    def holds_results(self) -> bool:
        """Whether some were committed."""
        return self._committed > 0

    def abandon(self) -> None:
        """Take the failed statement's text away again."""
        self._file.seek(self._committed)
        self._file.truncate()

    def close(self, success: bool) -> None:
        """Give the file its name, or remove it."""
        try:
            if success:
                self._finish()
        except OSError as error:
            raise cannot_write(self._path, error) from error
        finally:
            self._file.close()
            if self._temporary and os.path.exists(self._temporary):
                os.unlink(self._temporary)

    def _finish(self) -> None:
        self._file.flush()
        if self._replaces:
            os.replace(self._temporary, self._path)
            return
        self._file.seek(0)
        with open(self._path, "wb") as target:
            while block := self._file.read(1 << 20):
                target.write(block)


def cannot_write(where: str, error: OSError) -> QuaestorError:
    """The error for results that have nowhere to go."""
    return QuaestorError(f"can't write the results to {where}: {error.strerror or error}")
