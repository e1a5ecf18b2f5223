"""Where results go, and when: complete, or not at all.

Before: `surfaces.render` makes pieces of text. After: a pipe gets a statement's output once the statement succeeded,
a file appears under its name once all statements did, and a terminal gets rows as they come, followed by INCOMPLETE
if there were more to come. `--stream` gives pipes their rows as they come, too.
"""

from __future__ import annotations

import os

from quaestor.errors import QuaestorError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO, Protocol

    class Output(Protocol):
        """A statement's text comes in with `write`; then either `commit` or `abandon`. At the end `close`."""

        def write(self, text: str) -> None: ...

        def commit(self) -> None: ...

        def abandon(self) -> None: ...

        def close(self, success: bool) -> None: ...


#: What a pipe's output may take of memory before it goes to a temporary file.
MEMORY_BYTES = 8 * 1024 * 1024


class Direct:
    """Text goes out as it comes: to a terminal, and with `--stream`."""

    def __init__(self, stream: BinaryIO, marks_incomplete: bool) -> None:
        self._stream, self._marks = stream, marks_incomplete
        self._begun = False

    def write(self, text: str) -> None:
        """To the stream, at once."""
        self._begun = True
        _send(self._stream, text.encode())

    def commit(self) -> None:
        """It is all there already."""
        self._begun = False

    def abandon(self) -> None:
        """Tell whoever reads the rows that there would be more."""
        if self._marks and self._begun:
            _send(self._stream, b"INCOMPLETE\n")
        self._begun = False

    def close(self, success: bool) -> None:
        """Nothing is left to do."""


class Spool:
    """Text is held back, in memory and then in a file without a name, until its statement has succeeded."""

    def __init__(self, stream: BinaryIO, memory_bytes: int = MEMORY_BYTES) -> None:
        self._stream, self._memory_bytes = stream, memory_bytes
        self._pieces: list[bytes] = []
        self._size = 0
        self._file: BinaryIO | None = None

    def write(self, text: str) -> None:
        """Hold it back."""
        piece = text.encode()
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > self._memory_bytes:
            self._to_file()

    def _to_file(self) -> None:
        if self._file is None:
            import tempfile

            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the statement
        try:
            self._file.writelines(self._pieces)
        except OSError as error:
            raise _cannot_write("a temporary file", error) from error
        self._pieces, self._size = [], 0

    def commit(self) -> None:
        """Let it out."""
        file, pieces = self._file, self._pieces
        if file is not None:
            file.flush()
            file.seek(0)
            while block := file.read(1 << 20):
                _send(self._stream, block, flush=False)
        _send(self._stream, b"".join(pieces))
        self.abandon()

    def abandon(self) -> None:
        """Forget it."""
        if self._file is not None:
            self._file.close()
        self._file, self._pieces, self._size = None, [], 0

    def close(self, success: bool) -> None:
        """Forget what was neither committed nor abandoned."""
        self.abandon()


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

    def write(self, text: str) -> None:
        """Into the temporary file."""
        try:
            self._file.write(text.encode())
        except OSError as error:
            raise _cannot_write(self._path, error) from error

    def commit(self) -> None:
        """A statement's text is there."""
        self._committed = self._file.tell()

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
            raise _cannot_write(self._path, error) from error
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


def _send(stream: BinaryIO, data: bytes, flush: bool = True) -> None:
    """To stdout. A reader that has gone is a BrokenPipeError, for `main` to be quiet about."""
    try:
        stream.write(data)
        if flush:
            stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _cannot_write("standard output", error) from error


def _cannot_write(where: str, error: OSError) -> QuaestorError:
    return QuaestorError(f"can't write the results to {where}: {error.strerror or error}")
