"""What clients have changed: documents by place and key, kept in memory and, if asked, in a file that survives kill.

A place is a provider's path filled in, such as `okta:/api/v1/users`. At each place there are documents that a client
made (`born`), generated ones that a client changed (`changed`), and generated ones that are gone. Where a place holds
objects of another one (the users of a group), a document is `HERE`, and the object stands at its own place.

With a file, a request's changes are one line, written before the request is answered. What `write` has taken
survives the death of the process (kill -9); the last lines may be lost if the machine itself goes down, as nothing
waits for the disk. A line without an end belongs to a request that was never answered: the next start cuts it off.

Before: nothing. After: `overlay` lays the documents over generated collections, `writes` makes them.
"""

from __future__ import annotations

import os
import re

import msgspec

from quaestor.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

#: A document of a place whose objects stand elsewhere.
HERE = b"true"
#: What the file says of itself: whoever reads another number doesn't know the layout.
_LAYOUT = 1
_BORN, _CHANGED, _GONE = "born", "changed", "gone"
#: The place of what isn't an object: the count of changes.
_OWN = ""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Place:
    """The changes at one place.

    Attributes:
        born: documents that clients made, oldest first.
        changed: documents of generated objects that clients changed.
        gone: keys of generated objects that clients deleted.
    """

    __slots__ = ("_at", "_keys", "born", "changed", "gone")

    def __init__(self) -> None:
        self.born: dict[str, bytes] = {}
        self.changed: dict[str, bytes] = {}
        self.gone: dict[str, bytes] = {}
        self._keys: list[str] | None = None
        self._at: dict[str, int] = {}

    def __bool__(self) -> bool:
        return bool(self.born or self.changed or self.gone)

    def keys(self) -> list[str]:
        """The keys of `born`, in order."""
        if self._keys is None:
            self._keys = list(self.born)
            self._at = {key: at for at, key in enumerate(self._keys)}
        return self._keys

    def at(self, key: str) -> int:
        """The position of a key in `keys`, or -1."""
        self.keys()
        return self._at.get(key, -1)

    def of(self, kind: str) -> dict[str, bytes]:
        """The documents of one kind."""
        return self.born if kind == _BORN else self.changed if kind == _CHANGED else self.gone

    def added(self, key: str) -> None:
        """A key of `born` is new."""
        if self._keys is not None:
            self._at[key] = len(self._keys)
            self._keys.append(key)

    def touched(self) -> None:
        """The keys of `born` are others now."""
        self._keys = None


def clock_of(path: str) -> str:
    """The instant at which the world of a file's changes stands still; empty if there is no file, or it says none."""
    try:
        with open(path, "rb") as lines:
            head = lines.readline().decode(errors="replace")
    except OSError:
        return ""
    found = re.search(r"; clock ([^;\"\\]+)", head)
    return found[1] if found else ""


class State:
    """All changes of a sandbox. Not thread safe: `core` holds a lock round each request.

    Args:
        path: a file to keep them in, or empty.
        about: what the world was made of; a file made for another one is refused.

    Raises UsageError for a file that is none of ours, is in use, or was made for another world.
    """

    def __init__(self, path: str = "", about: str = "") -> None:
        self._places: dict[str, Place] = {}
        self._undo: list[Callable[[], None]] = []
        self._pending: list[tuple[str, str, str, bytes | None]] = []
        self._file = _File(path, about) if path else None
        self.count = 0
        if self._file is not None:
            for place, key, kind, document in self._file.changes():
                if place == _OWN:
                    self.count = int(document or 0)
                elif document is None:
                    self.at(place).of(kind).pop(key, None)
                else:
                    self.at(place).of(kind)[key] = document.encode()

    # -- reading

    def at(self, place: str) -> Place:
        """The changes at a place."""
        found = self._places.get(place)
        if found is None:
            found = self._places[place] = Place()
        return found

    def __iter__(self) -> Iterator[tuple[str, Place]]:
        """Every place that has changes."""
        return iter([(name, place) for name, place in self._places.items() if place])

    def dump(self) -> dict[str, Any]:
        """All changes as plain values: place → `born`, `changed` (key → document) and `gone` (keys)."""
        return {
            name: {
                "born": {key: _decode(document) for key, document in place.born.items()},
                "changed": {key: _decode(document) for key, document in place.changed.items()},
                "gone": list(place.gone),
            }
            for name, place in self
        }

    # -- changing; all of a request's changes hold together, or none of them does

    def tick(self) -> int:
        """The number of the next thing that happens, from 1: no two are the same."""
        before = self.count
        self._undo.append(lambda: setattr(self, "count", before))
        self.count += 1
        self._pending.append((_OWN, "count", _BORN, str(self.count).encode()))
        return self.count

    def bear(self, place: str, key: str, document: bytes) -> None:
        """A client made (or, of one that it made, changed) the object of this key."""
        self._set(place, key, _BORN, document)

    def change(self, place: str, key: str, document: bytes) -> None:
        """A client changed a generated object."""
        self._set(place, key, _CHANGED, document)

    def bury(self, place: str, key: str) -> None:
        """A client deleted a generated object, or took it out of a place."""
        self.forget(place, key)
        self._set(place, key, _GONE, b"")

    def forget(self, place: str, key: str) -> None:
        """Nothing is said of this key any more: one that a client made is gone, a generated one as it was."""
        here = self.at(place)
        for kind in (_BORN, _CHANGED, _GONE):
            if key in here.of(kind):
                self._drop(place, key, kind)

    def _set(self, place: str, key: str, kind: str, document: bytes) -> None:
        here = self.at(place)
        rows = here.of(kind)
        before = rows.get(key)

        def back() -> None:
            if before is not None:
                rows[key] = before
            else:
                rows.pop(key, None)
            here.touched()

        self._undo.append(back)
        rows[key] = document
        if kind == _BORN and before is None:
            here.added(key)
        self._pending.append((place, key, kind, document))

    def _drop(self, place: str, key: str, kind: str) -> None:
        here = self.at(place)
        rows = here.of(kind)
        value, oldest = rows[key], next(iter(rows)) == key
        before = {} if oldest else dict(rows)  # its order too

        def back() -> None:
            again = {key: value, **rows} if oldest else before
            rows.clear()
            rows.update(again)
            here.touched()

        self._undo.append(back)
        del rows[key]
        here.touched()
        self._pending.append((place, key, kind, None))

    def commit(self) -> bool:
        """The changes since the last commit hold, in the file too; whether there were any."""
        changed = bool(self._pending)
        if changed and self._file is not None:
            self._file.write(self._pending)
        self._undo.clear()
        self._pending.clear()
        return changed

    def rollback(self) -> None:
        """The changes since the last commit never were."""
        for back in reversed(self._undo):
            back()
        self._undo.clear()
        self._pending.clear()

    def reset(self) -> None:
        """Everything is as it was generated."""
        self._places.clear()
        self._undo.clear()
        self._pending.clear()
        self.count = 0
        if self._file is not None:
            self._file.clear()

    def close(self) -> None:
        """The file is let go."""
        if self._file is not None:
            self._file.close()


class _File:
    """The changes as lines of JSON: first what the world is, then one for each request that changed it."""

    def __init__(self, path: str, about: str) -> None:
        self._path = path
        self._about = about
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise self._refusal(error) from None
        try:
            self._own()
            self._lines = self._read()
        except BaseException:
            os.close(self._fd)
            raise
        if not self._lines:
            self._append({"sandbox": _LAYOUT, "world": about})

    def _refusal(self, why: object) -> UsageError:
        return UsageError(
            f"the state can't be kept in {self._path}: {why}", hint="name a file of its own, in a folder that exists"
        )

    def _own(self) -> None:
        """Nobody else writes the file while this process lives. Raises UsageError if somebody does."""
        import fcntl

        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise self._refusal("another sandbox has it open") from None

    def _read(self) -> list[Any]:
        """All lines; one without an end was never answered, and is cut off. Raises UsageError for a foreign file."""
        text = b""
        while part := os.pread(self._fd, max(1 << 20, os.fstat(self._fd).st_size), len(text)):
            text += part
        whole = text[: text.rfind(b"\n") + 1]
        try:
            lines = [_decode(line) for line in whole.splitlines()]
        except msgspec.DecodeError:
            raise self._refusal("it is no sandbox's state") from None
        head = lines[0] if lines else None
        if (head is None and text) or (head is not None and not (isinstance(head, dict) and "sandbox" in head)):
            raise self._refusal("it is no sandbox's state")
        if head is not None and (head["sandbox"], head.get("world")) != (_LAYOUT, self._about):
            raise UsageError(
                f"{self._path} holds the state of another sandbox: {head.get('world')}",
                hint=f"this one is {self._about}; start with the same options, or name another file",
            )
        if len(whole) < len(text):
            os.ftruncate(self._fd, len(whole))
        return lines

    def changes(self) -> Iterator[tuple[str, str, str, str | None]]:
        """Place, key, kind and document of every change, oldest first."""
        for line in self._lines[1:]:
            yield from line
        self._lines = []

    def write(self, changes: Sequence[tuple[str, str, str, bytes | None]]) -> None:
        """One line. Raises UsageError if the disk won't take it; the file is as before then."""
        self._append([(place, key, kind, None if d is None else d.decode()) for place, key, kind, d in changes])

    def _append(self, line: Any) -> None:
        data = _encode(line) + b"\n"
        before = os.fstat(self._fd).st_size
        try:
            written = os.write(self._fd, data)
            while written < len(data):
                written += os.write(self._fd, data[written:])
        except OSError as error:
            os.ftruncate(self._fd, before)
            raise self._refusal(error) from None

    def clear(self) -> None:
        """No change is left."""
        os.ftruncate(self._fd, 0)
        self._append({"sandbox": _LAYOUT, "world": self._about})

    def close(self) -> None:
        os.close(self._fd)


def packed(document: Any) -> bytes:
    """A document as it is kept."""
    return _encode(document)


def unpacked(document: bytes) -> Any:
    """A kept document, as nobody else holds it."""
    return _decode(document)
