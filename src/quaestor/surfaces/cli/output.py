"""Where results go, and when: complete, or not at all.

Before: `surfaces.render` makes pieces of text. After: a pipe gets a statement's output once the statement succeeded,
a file appears under its name once all statements did, and a terminal gets rows as they come, followed by INCOMPLETE
if there were more to come. `--stream` gives pipes their rows as they come, too.
"""

from __future__ import annotations

from quaestor.run.output.export import File as File
from quaestor.run.output.export import cannot_write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO, Protocol

    class Output(Protocol):
        """A statement's text comes in with `write`; then either `commit` or `abandon`. At the end `close`."""

        def write(self, piece: str | bytes) -> None: ...

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

    def write(self, piece: str | bytes) -> None:
        """To the stream, at once."""
        self._begun = True
        _send(self._stream, piece.encode() if isinstance(piece, str) else piece)

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

    def write(self, piece: str | bytes) -> None:
        """Hold it back."""
        data = piece.encode() if isinstance(piece, str) else piece
        self._pieces.append(data)
        self._size += len(data)
        if self._size > self._memory_bytes:
            self._to_file()

    def _to_file(self) -> None:
        if self._file is None:
            import tempfile

            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the statement
        try:
            self._file.writelines(self._pieces)
        except OSError as error:
            raise cannot_write("a temporary file", error) from error
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


def _send(stream: BinaryIO, data: bytes, flush: bool = True) -> None:
    """To stdout. A reader that has gone is a BrokenPipeError, for `main` to be quiet about."""
    try:
        stream.write(data)
        if flush:
            stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise cannot_write("standard output", error) from error
