"""What a statement gives back: rows as they come, or a message; in Python, Arrow, pandas or polars.

Before: `run.engine` starts a statement. After: the surfaces render it, Python programs iterate over it.
"""

from __future__ import annotations

from quaestor.errors import InterfaceError, UsageError
from quaestor.values import to_python

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import TracebackType
    from typing import Any

    import pandas
    import polars
    import pyarrow

    from quaestor.fetch.http import CancelToken
    from quaestor.fetch.stats import Stats
    from quaestor.run.failures import Failure
    from quaestor.values import ResultColumn


class Result:
    """The rows of one statement, lazily: what isn't asked for may never be requested.

    Iterate over it, or take all with `fetchall()`, `dicts()`, `arrow()`, `df()`, `pl()`; the rows come once. An error
    that ends the statement early is raised before the rows end, so a loop that finishes has seen all of them.

    Attributes:
        columns: names and types, in order; empty for a statement without rows.
        message: what a statement without rows did, else empty.
        stats: what it has taken so far: requests, pages, rows, waits.
    """

    def __init__(
        self,
        columns: tuple[ResultColumn, ...],
        batches: Iterable[list[tuple[Any, ...]]],
        *,
        stats: Stats,
        message: str = "",
        cancel: CancelToken | None = None,
        explain: Callable[[], Result] | None = None,
        on_close: Callable[[], None] | None = None,
        failures: Sequence[Failure] = (),
    ) -> None:
        self.columns = columns
        self.message = message
        self.stats = stats
        self._batches = self._guarded(iter(batches))
        self._cancel = cancel
        self._explain = explain
        self._on_close = on_close
        self._failures = failures
        self._complete = False
        self._closed = False
        self._pending: Iterator[tuple[Any, ...]] = iter(())

    @property
    def complete(self) -> bool:
        """Whether every row has been handed out and nothing is missing: False until the last one is."""
        return self._complete and not self._failures

    @property
    def failures(self) -> tuple[Failure, ...]:
        """With `partial`, what couldn't be read and is missing; also the rows of the table `quaestor.failures`."""
        return tuple(self._failures)

    def batches(self) -> Iterator[list[tuple[Any, ...]]]:
        """The rows in lists, as they arrive; booleans are bool, JSON is text."""
        rest = list(self._pending)
        if rest:
            yield rest
        yield from self._batches

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        for batch in self.batches():
            yield from batch

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows that weren't taken yet."""
        return list(self)

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row, or None after the last."""
        while True:
            row = next(self._pending, None)
            if row is not None:
                return row
            batch = next(self._batches, None)
            if batch is None:
                return None
            self._pending = iter(batch)

    def dicts(self) -> list[dict[str, Any]]:
        """All rows as dicts. Raises InterfaceError where two columns have the same name."""
        names = [column.name for column in self.columns]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise InterfaceError(f"two columns are called {twice!r}: name one of them with AS")
        return [dict(zip(names, row, strict=True)) for row in self]

    def explain(self) -> Result:
        """What the statement asks of the APIs, a row for each scan; no request is made."""
        if self._explain is None:
            raise UsageError("this statement makes no requests: there is nothing to explain")
        return self._explain()

    def cancel(self) -> None:
        """Stop the statement; may be called from any thread."""
        if self._cancel is not None:
            self._cancel.cancel()

    def close(self) -> None:
        """Stop what is under way and forget the rows not taken."""
        if self._closed:
            return
        self._closed = True
        self._batches.close()
        if self._on_close is not None:
            self._on_close()

    def __enter__(self) -> Result:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        if self.message:
            return f"<Result: {self.message}>"
        return f"<Result: {', '.join(column.name for column in self.columns)}>"

    def arrow(self, *, structs: bool = False) -> pyarrow.Table:
        """All rows as a pyarrow Table; needs `quaestor[arrow]`.

        Booleans are bool, date-times UTC timestamps (milliseconds), objects and arrays JSON text, or with `structs`
        Arrow structs and lists.
        """
        from quaestor.run.output.arrow import to_arrow

        return to_arrow(self.columns, self.batches(), structs=structs)

    def df(self) -> pandas.DataFrame:
        """All rows as a pandas DataFrame; needs `quaestor[pandas]`."""
        return self.arrow().to_pandas()

    def pl(self) -> polars.DataFrame:
        """All rows as a polars DataFrame; needs `quaestor[polars]`."""
        from quaestor.run.output.arrow import to_polars

        return to_polars(self.arrow())

    def _guarded(self, batches: Iterator[list[tuple[Any, ...]]]) -> Any:
        """The batches with booleans made bool, the stats counted, and the end noted."""
        booleans = [index for index, column in enumerate(self.columns) if column.type == "boolean"]
        try:
            for batch in batches:
                self.stats.note_returned(len(batch))
                yield _with_booleans(batch, booleans) if booleans else batch
            self._complete = True
            self.stats.complete = self.complete
        finally:
            close = getattr(batches, "close", None)
            if close is not None:
                close()
            self.stats.finish()


def _with_booleans(batch: list[tuple[Any, ...]], booleans: list[int]) -> list[tuple[Any, ...]]:
    out = []
    for row in batch:
        values = list(row)
        for index in booleans:
            values[index] = to_python(values[index], "boolean")
        out.append(tuple(values))
    return out
