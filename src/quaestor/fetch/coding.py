"""A body compressed as the statement's `Content-Encoding` says: deflate and gzip; a header alone would be a lie.

Before: `fetch.body` has made the bytes. After: `fetch.request` makes a request of them.
"""

from __future__ import annotations

from quaestor.errors import BindError

#: Names under which bytes go as they are (RFC 9110, 8.4: identity is the absence of a coding).
PLAIN = ("", "identity")


def compressed(body: bytes, coding: str) -> bytes:
    """The bytes in a content coding of RFC 9110, 8.4.1. The same bytes give the same result: no time is kept.

    Raises BindError for a coding that isn't known here.
    """
    name = coding.strip().lower()
    if name in PLAIN:
        return body
    # late: a body of a megabyte is rare (docs/decisions/0003-late-imports.md)
    if name == "deflate":  # with zlib's frame (RFC 9110, 8.4.1.2)
        import zlib

        return zlib.compress(body)
    if name == "gzip":
        import gzip

        return gzip.compress(body, mtime=0)
    raise BindError(f"a body can't be sent as {coding}: only deflate, gzip and identity are known here")
