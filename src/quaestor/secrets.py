"""Secrets, and the masking of them in everything that people or files see.

A `Secret` prints as `***` wherever it goes; only `reveal()` gives the value, and only `fetch.auth` calls it.
The `Redactor` knows the values that are in use and masks them, and their encoded forms, in any text.
"""

from __future__ import annotations

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
        self._needles: set[str] = set()

    def add(self, secret: Secret) -> None:
        """Mask this value from now on: plain, URL-encoded, JSON-escaped, base64."""
        value = secret.reveal()
        if len(value) < 4:  # too short to tell from ordinary text
            return
        import base64
        import json
        from urllib.parse import quote, quote_plus

        raw = value.encode()
        self._needles |= {value, quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1]}
        self._needles |= {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}

    def mask(self, text: str) -> str:
        """`text` with every known secret replaced by `***`."""
        for needle in sorted(self._needles, key=len, reverse=True):
            if needle in text:
                text = text.replace(needle, MASK)
        return text
