"""Secrets, where they are kept, and the masking of them in everything that people or files see.

A `Secret` prints as `***` wherever it goes; only `reveal()` gives the value, and only what signs requests calls it
(`fetch.auth`, `fetch.oauth`).
The `Redactor` knows the values that are in use and masks them, and their encoded forms, in any text.
"""

from __future__ import annotations

from quaestor.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

MASK = "***"


class Secret:
    """A credential that doesn't show: not by print, repr, format, pickle or comparison."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself. Only what puts it on the wire may ask."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __format__(self, spec: str) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __reduce__(self) -> str:
        raise TypeError("a Secret can't be pickled or copied")


class Redactor:
    """Masks known secret values, as they are and encoded, in any text."""

    def __init__(self) -> None:
        self._values: frozenset[str] = frozenset()
        self._needles: tuple[frozenset[str], tuple[str, ...]] = (
            frozenset(),
            (),
        )  # of which values, the longest first

    def add(self, secret: Secret) -> None:
        """Mask this value from now on: plain, URL-encoded, JSON-escaped, base64."""
        value = secret.reveal()
        if len(value) >= 4:  # shorter ones can't be told from ordinary text
            self._values |= {value}  # a new set: another thread may be masking by the old one

    def mask(self, text: str) -> str:
        """`text` with every known secret replaced by `***`."""
        values, needles = self._needles
        if values != self._values:
            values = self._values
            needles = _forms(values)
            self._needles = (values, needles)
        for needle in needles:
            if needle in text:
                text = text.replace(needle, MASK)
        return text


def _forms(values: frozenset[str]) -> tuple[str, ...]:
    """How the values may stand in a text, the longest first."""
    # imported when something is masked, which is seldom: 4 ms of a cold SELECT
    import base64
    import json
    from urllib.parse import quote, quote_plus

    forms: set[str] = set()
    for value in values:
        raw = value.encode()
        forms |= {value, quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1]}
        forms |= {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
    return tuple(sorted(forms, key=len, reverse=True))


#: The most that a command may print, and how long it may take: time to touch a key or to type a password.
MOST_OUTPUT = 64 << 10
COMMAND_S = 60.0


def from_command(argv: Sequence[str], where: str) -> Secret:
    """What a command prints, without surrounding whitespace; no shell is involved.

    Its standard error stays where ours is, so that it can ask for a password. Raises UsageError if it can't be
    started, fails, prints nothing or too much, or takes longer than `COMMAND_S`; never with what it printed.
    """
    import os
    import select
    import subprocess
    from time import monotonic

    try:
        child = subprocess.Popen(list(argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{where}: the command {argv[0]!r} can't be started: {reason}") from error
    data, wrong = b"", ""
    ends = monotonic() + COMMAND_S
    with child:
        assert child.stdout is not None
        try:
            while not wrong:
                left = ends - monotonic()
                if left <= 0 or not select.select([child.stdout], [], [], left)[0]:
                    wrong = f"took longer than {COMMAND_S:g} s"
                    break
                piece = os.read(child.stdout.fileno(), MOST_OUTPUT)
                if not piece:
                    break
                data += piece
                wrong = f"printed more than {MOST_OUTPUT:,} bytes" if len(data) > MOST_OUTPUT else ""
            if not wrong:
                child.wait(max(0.0, ends - monotonic()))
        except subprocess.TimeoutExpired:
            wrong = f"took longer than {COMMAND_S:g} s"
        finally:
            if child.poll() is None:
                child.kill()
    if not wrong and child.returncode:
        wrong = f"failed with the exit code {child.returncode}"
    try:
        value = data.decode().strip()
    except UnicodeDecodeError:
        value, wrong = "", wrong or "printed what isn't UTF-8"
    if wrong or not value:
        raise UsageError(f"{where}: the command {argv[0]!r} {wrong or 'printed nothing'}")
    return Secret(value)


def from_keyring(service: str, user: str, where: str) -> Secret:
    """A password of the system's keyring. Raises UsageError if there is none, or no keyring."""
    try:
        import keyring
        import keyring.errors
    except ImportError as error:
        raise UsageError(
            f"{where}: the keyring needs one more package", hint="pip install 'quaestor[keyring]'"
        ) from error
    try:
        value = keyring.get_password(service, user)
    except keyring.errors.KeyringError as error:
        raise UsageError(f"{where}: the keyring can't be read: {type(error).__name__}") from error
    if not value or not value.strip():
        raise UsageError(
            f"{where}: the keyring has nothing for {service!r} and {user!r}",
            hint=f"python -m keyring set {service} {user}",
        )
    return Secret(value.strip())
