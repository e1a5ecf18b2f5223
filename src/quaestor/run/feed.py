"""The rows of a scan on their way from the network: several requests at once, in a fixed order.

A scan is made of parts: one for each distinct combination of bound values, each a run of pages. A `Feed` reads
up to `width` parts at the same time and each a few batches ahead, and hands the batches out in the order of the
parts, so that a statement's rows don't depend on which answer came first. What waits is bounded in batches and in
bytes. Before: `run.spooling` makes the parts from a plan. After: `run.tables` gives the batches to SQLite.
"""

from __future__ import annotations

import queue
import threading

from quaestor.errors import Cancelled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeAlias

    from quaestor.fetch.http import CancelToken
    from quaestor.values import SqlValue

    Batch: TypeAlias = list[tuple[SqlValue, ...]]
    Part: TypeAlias = Callable[[], Iterator[Batch]]

#: How many parts are read at once, the most that the governor lets through to one host.
WIDTH = 16
#: How many batches (pages) each part may be ahead of the reader.
AHEAD = 2
#: How much memory the batches of a statement that wait for their reader may take, as estimated.
MOST_BYTES = 16 << 20
#: Of how many rows of a batch the size is taken.
SAMPLE = 32


class Room:
    """How much may wait to be read, over all feeds of a statement. Thread safe."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._taken = 0
        self._changed = threading.Condition()

    def take(self, size: int, is_next: Callable[[], bool]) -> None:
        """Wait until there is room. Not for what the reader waits for itself, nor where nothing else waits."""
        with self._changed:
            while self._taken and self._taken + size > self._most and not is_next():
                self._changed.wait()
            self._taken += size

    def give_back(self, size: int) -> None:
        """What was waiting is read."""
        with self._changed:
            self._taken -= size
            self._changed.notify_all()

    def look_again(self) -> None:
        """Another part is the next one, or the feed is closed."""
        with self._changed:
            self._changed.notify_all()


def size_of(batch: Batch) -> int:
    """About how many bytes of memory a batch takes, judged by some of its rows."""
    rows = batch[:: max(1, len(batch) // SAMPLE)]
    if not rows:
        return 0
    # of CPython: a tuple has 48 bytes and 8 for each value, a text 49 and its characters, a number about 32
    texts = sum(len(value) for row in rows for value in row if isinstance(value, str | bytes))
    return (texts + sum(48 + 48 * len(row) for row in rows)) * len(batch) // len(rows)


class Feed:
    """Batches of a scan in order, read ahead by threads that stop when it is closed.

    With `lazy`, nothing is read before it is asked for and no thread is made: a LIMIT costs just the pages that
    fill it.
    """

    def __init__(
        self, parts: Sequence[Part], cancel: CancelToken, *, lazy: bool = False, room: Room | None = None
    ) -> None:
        self._room = room or Room()
        self._reading = 0  # the part whose batches are the next to be handed out
        self._parts = parts
        self._cancel = cancel
        self._lazy = lazy
        self._queues: dict[int, queue.Queue[tuple[Batch, int] | BaseException | None]] = {}
        self._lock = threading.Lock()
        self._next_part = 0
        self._open = threading.Semaphore(2 * WIDTH)  # parts that may be unread at a time
        self._closed = False
        self._threads: list[threading.Thread] = []

    def __iter__(self) -> Iterator[Batch]:
        """The batches, once. Raises what a part raised, at its place in the order, and Cancelled."""
        if self._lazy:
            return self._iterate_lazily()
        return self._iterate_ahead()

    def start(self) -> None:
        """Begin to read ahead, if that isn't under way."""
        if self._lazy or self._threads:
            return
        for _ in range(min(WIDTH, len(self._parts))):
            thread = threading.Thread(target=self._work, daemon=True, name="quaestor-feed")
            self._threads.append(thread)
            thread.start()

    def close(self) -> None:
        """Stop reading; the threads end by themselves as soon as their request does."""
        self._closed = True
        self._room.look_again()
        for _ in self._threads:
            self._open.release()
        for thread in self._threads:
            while thread.is_alive():
                self._drain()
                thread.join(0.02)
        self._threads.clear()

    def _iterate_lazily(self) -> Iterator[Batch]:
        for part in self._parts:
            for batch in part():
                if self._cancel.cancelled:
                    raise Cancelled("the statement was cancelled")
                yield batch

    def _iterate_ahead(self) -> Iterator[Batch]:
        self.start()
        try:
            for index in range(len(self._parts)):
                self._reading = index
                self._room.look_again()
                source = self._queue(index)
                while (item := source.get()) is not None:
                    if isinstance(item, BaseException):
                        raise item
                    batch, size = item
                    self._room.give_back(size)
                    yield batch
                with self._lock:
                    del self._queues[index]
                self._open.release()
        finally:
            self.close()

    def _queue(self, index: int) -> queue.Queue[tuple[Batch, int] | BaseException | None]:
        with self._lock:
            if index not in self._queues:
                self._queues[index] = queue.Queue(AHEAD)
            return self._queues[index]

    def _work(self) -> None:
        while not self._closed:
            self._open.acquire()
            with self._lock:
                index = self._next_part
                self._next_part += 1
            if self._closed or index >= len(self._parts):
                return
            target = self._queue(index)
            try:
                for batch in self._parts[index]():
                    size = size_of(batch)
                    self._room.take(size, lambda: self._closed or self._reading == index)  # noqa: B023 - used at once
                    target.put((batch, size))
                    if self._closed:
                        return
                target.put(None)
            except BaseException as error:  # noqa: BLE001 - handed to the reader, who raises it in its own thread
                target.put(error)

    def _drain(self) -> None:
        with self._lock:
            queues = list(self._queues.values())
        for pending in queues:
            while not pending.empty():
                try:
                    item = pending.get_nowait()
                except queue.Empty:
                    break
                if isinstance(item, tuple):
                    self._room.give_back(item[1])
