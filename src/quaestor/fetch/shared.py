"""Nearly used up rate limits, told to the other processes of the same user.

A small text file in the cache folder. It is only looked for when a host is asked for the first time, and only
written for buckets of which little is left: then each request is taken off the file's number before it goes out, so
that several processes together keep to it. It is an aid: a file that can't be read or locked is done without.

Crash-safe: a new file replaces the old one whole, under a lock (`fcntl.flock`) that ends with its process. Bounded:
at most `MOST_ENTRIES` lines, none older than its window. Readable by the user alone (0600); it holds origins, path
templates and a digest that tells accounts apart, no secrets.

Before: `fetch.governor`. After: the files `limits` and `limits.lock`.
"""

from __future__ import annotations

import os

from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_ENTRIES = 200
MOST_BYTES = 128 << 10
#: A window that is said to end later than that is a mistake, or somebody's clock was wrong.
LONGEST_WINDOW_S = 7200.0
#: How often another process's lock is waited for, a millisecond each: it holds it for less than one.
LOCK_TRIES = 200

_FIRST_LINE = "quaestor limits 1"
_SAME_RESET_S = 2.0


class Entry(Record):
    """What some process knows of a bucket.

    Attributes:
        account: origin and digest of the credential.
        bucket: its name, empty if responses don't give it one.
        templates: the path templates that count against it.
        limit: requests in a window; 0 for a rest of which no limit is known.
        left: what may still be sent in the window; what is in flight is taken off.
        reset: when the window ends, in seconds since 1970.
    """

    account: str
    bucket: str
    templates: tuple[str, ...]
    limit: int
    left: int
    reset: float

    def same_bucket(self, other: Entry) -> bool:
        """Whether both are of one bucket: of the same name, or without one and with a template in common."""
        if self.account != other.account or self.bucket != other.bucket:
            return False
        return bool(self.bucket) or not set(self.templates).isdisjoint(other.templates)


class SharedLimits:
    """The file.

    Args:
        folder: the cache folder, made if it is needed.
    """

    def __init__(self, folder: str) -> None:
        self._path = os.path.join(folder, "limits")
        self._folder = folder

    def of_account(self, account: str, now: float) -> list[Entry]:
        """What is known of an account's buckets, as of `now` (seconds since 1970)."""
        return [entry for entry in self._read(now) if entry.account == account]

    def take(self, own: Entry, reserve: int, now: float) -> Entry:
        """Take one request off a bucket, if more than `reserve` are left.

        Returns the bucket as all processes know it; of the window before, what `own` says counts. Whoever gets
        `left` of at most `reserve` may not send; else one is taken off in the file, and not in what is returned.
        """
        with _Lock(f"{self._path}.lock", self._folder) as is_locked:
            if not is_locked:
                return own
            entries = self._read(now)
            merged = own
            for entry in entries:
                if entry.same_bucket(own):
                    merged = _merge(merged, entry)
            kept = [entry for entry in entries if not entry.same_bucket(own)]
            after = merged if merged.left <= reserve else _with_left(merged, merged.left - 1)
            self._write([*kept, after])
            return merged

    def tell(self, own: Entry, now: float) -> None:
        """Note that a bucket is used up, or rests."""
        with _Lock(f"{self._path}.lock", self._folder) as is_locked:
            if is_locked:
                kept = [entry for entry in self._read(now) if not entry.same_bucket(own)]
                self._write([*kept, own])

    def _read(self, now: float) -> list[Entry]:
        try:
            file = os.open(self._path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        except OSError:
            return []
        try:
            about = os.fstat(file)
            if about.st_uid != _user() or about.st_mode & 0o022:
                return []
            text = os.read(file, MOST_BYTES).decode("utf-8", "replace")
        except OSError:
            return []
        finally:
            os.close(file)
        first, *lines = text.split("\n")
        if first != _FIRST_LINE:
            return []
        found = (_entry(line) for line in lines[: MOST_ENTRIES + 1])
        return [entry for entry in found if entry is not None and now < entry.reset <= now + LONGEST_WINDOW_S]

    def _write(self, entries: Iterable[Entry]) -> None:
        lines = [_line(entry) for entry in list(entries)[-MOST_ENTRIES:]]
        data = "\n".join([_FIRST_LINE, *(line for line in lines if line)]).encode()
        fresh = f"{self._path}.new"  # one name is enough: the lock is ours
        try:
            file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o600)
            try:
                os.write(file, data[:MOST_BYTES])
            finally:
                os.close(file)
            os.replace(fresh, self._path)
        except OSError:
            return  # a full disk or a folder that is gone: every process then keeps to its own knowledge


class _Lock:
    """An exclusive lock on a file of its own, which lasts no longer than its process; True if it was got."""

    def __init__(self, path: str, folder: str) -> None:
        self._path = path
        self._folder = folder
        self._file = -1

    def __enter__(self) -> bool:
        try:
            import fcntl
        except ImportError:  # not on this system: each process keeps to its own knowledge
            return False
        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
            self._file = os.open(self._path, flags, 0o600)
        except OSError:
            return False
        from time import sleep

        for _ in range(LOCK_TRIES):
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except OSError:
                sleep(0.001)
        return False

    def __exit__(self, *_: object) -> None:
        if self._file >= 0:
            os.close(self._file)  # and with it the lock


def _user() -> int:
    return os.getuid() if hasattr(os, "getuid") else 0


def _merge(own: Entry, other: Entry) -> Entry:
    """The later window counts; of the same, the smaller number. A rest (limit 0) stays until its end."""
    if other.limit == 0 or own.limit == 0 or abs(own.reset - other.reset) > _SAME_RESET_S:
        return own if own.reset >= other.reset else other
    templates = tuple(dict.fromkeys((*own.templates, *other.templates)))
    return Entry(
        own.account, own.bucket, templates, own.limit, min(own.left, other.left), max(own.reset, other.reset)
    )


def _with_left(entry: Entry, left: int) -> Entry:
    return Entry(entry.account, entry.bucket, entry.templates, entry.limit, left, entry.reset)


def _line(entry: Entry) -> str:
    """An entry as a line, empty if it holds characters that separate."""
    fields = (entry.account, entry.bucket, *entry.templates)
    if any(ord(char) < 32 for field in fields for char in field) or sum(map(len, fields)) > 4000:
        return ""
    numbers = (str(entry.limit), str(entry.left), f"{entry.reset:.3f}")
    return "\t".join((entry.account, entry.bucket, *numbers, *entry.templates))


def _entry(line: str) -> Entry | None:
    """The entry of a line, None for one that was not written by us."""
    parts = line.split("\t")
    if len(parts) < 6:
        return None
    account, bucket, limit, left, reset, *templates = parts
    try:
        return Entry(account, bucket, tuple(templates), int(limit), int(left), float(reset))
    except ValueError:
        return None
