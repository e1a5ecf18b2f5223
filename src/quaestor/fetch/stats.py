"""What a statement took: counted where it happens, read after each statement.

Before: `fetch.client` and `fetch.pages` count. After: `--stats`, `Result.stats`.
"""

from __future__ import annotations

from _thread import allocate_lock
from time import monotonic

from quaestor.errors import LimitError, counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Stats:
    """Counters of one statement; `add` may be called from any thread.

    Args:
        max_requests: the most that the statement may make; 0 for no bound.
        whole: counts everything too: these are a part of its.

    Attributes:
        requests: sent, repetitions included.
        retries: of these, repetitions.
        pages: read.
        rows: decoded from pages; returned: handed to the caller.
        bytes_received: of bodies, decompressed.
        wait_s: time spent waiting for rate limits, summed over the threads that waited.
        missing_keys: keys that turned out to name nothing ("no row").
        buckets: rate limit buckets touched, each to what is left of it.
        complete: whether the statement's rows are all there is to say; False until its end.
        started, first_row_s, total_s: seconds since the statement began, None before they are known.
    """

    def __init__(self, max_requests: int = 0, whole: Stats | None = None) -> None:
        self._whole = whole
        self._max_requests = max_requests
        self._lock = allocate_lock()
        self._started = monotonic()
        self.requests = 0
        self.retries = 0
        self.pages = 0
        self.rows = 0
        self.returned = 0
        self.bytes_received = 0
        self.wait_s = 0.0
        self.missing_keys = 0
        self.buckets: dict[str, int] = {}
        self.complete = False
        self.first_row_s: float | None = None
        self.total_s: float | None = None

    def add(
        self,
        *,
        requests: int = 0,
        retries: int = 0,
        pages: int = 0,
        rows: int = 0,
        bytes_received: int = 0,
        wait_s: float = 0.0,
        missing_keys: int = 0,
    ) -> None:
        """Count. Raises LimitError for a request too many, before it is sent."""
        if self._whole is not None:
            self._whole.add(
                requests=requests,
                retries=retries,
                pages=pages,
                rows=rows,
                bytes_received=bytes_received,
                wait_s=wait_s,
                missing_keys=missing_keys,
            )
        with self._lock:
            if requests and self._max_requests and self.requests + requests > self._max_requests:
                raise LimitError(
                    f"the statement has made {counted(self.requests, 'request')} and needs more",
                    hint="narrow it, or raise --max-requests",
                )
            self.requests += requests
            self.retries += retries
            self.pages += pages
            self.rows += rows
            self.bytes_received += bytes_received
            self.wait_s += wait_s
            self.missing_keys += missing_keys
            if self._whole is not None:
                self.total_s = monotonic() - self._started  # of a part: until it was last heard of

    @property
    def avoided(self) -> int:
        """Requests that a client which gets each object by itself would have made besides."""
        return max(0, self.rows + self.missing_keys - (self.requests - self.retries))

    def note_bucket(self, bucket: str, remaining: int) -> None:
        """Note what a response said is left of a rate limit."""
        if self._whole is not None:
            self._whole.note_bucket(bucket, remaining)
        with self._lock:
            self.buckets[bucket] = remaining

    def note_returned(self, rows: int) -> None:
        """Note rows handed to the caller."""
        if self.first_row_s is None and rows:
            self.first_row_s = monotonic() - self._started
        self.returned += rows

    def finish(self) -> None:
        """Note that the statement has ended; the first call counts."""
        if self.total_s is None:
            self.total_s = monotonic() - self._started

    def to_dict(self) -> dict[str, Any]:
        """All of it, for structured output; times in seconds."""
        return {
            "requests": self.requests,
            "requests_avoided": self.avoided,
            "retries": self.retries,
            "pages": self.pages,
            "rows_read": self.rows,
            "rows_returned": self.returned,
            "bytes_received": self.bytes_received,
            "wait_s": round(self.wait_s, 3),
            "missing_keys": self.missing_keys,
            "buckets": dict(self.buckets),
            "complete": self.complete,
            "first_row_s": None if self.first_row_s is None else round(self.first_row_s, 4),
            "total_s": None if self.total_s is None else round(self.total_s, 4),
        }

    def summary(self) -> str:
        """One line for a person."""
        parts = [
            counted(self.requests, "request"),
            counted(self.pages, "page"),
            f"{counted(self.rows, 'row')} read",
            f"{self.returned:,} returned",
            _size(self.bytes_received),
        ]
        if self.avoided:
            parts.insert(1, f"{self.avoided:,} avoided")
        if self.retries:
            parts.append(counted(self.retries, "retry").replace("retrys", "retries"))
        if self.missing_keys:
            parts.append(f"{counted(self.missing_keys, 'key')} without a row")
        if self.wait_s >= 0.05:
            parts.append(f"{self.wait_s:.1f} s waited for limits, over all threads")
        if self.total_s is not None:
            parts.append(f"{self.total_s:.2f} s")
        return ", ".join(parts)


def _size(count: int) -> str:
    if count < 10_000:
        return f"{count:,} bytes"
    return f"{count / 1024:,.0f} KiB" if count < 10 << 20 else f"{count / (1 << 20):,.1f} MiB"
