"""What the HTTP library raises, as our errors: what happened, and whether the request may have arrived.

Part of `fetch.transport`.
"""

from __future__ import annotations

from quaestor.errors import LimitError, TransportError
from quaestor.fetch.url import split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from quaestor.fetch.http import HttpRequest
    from quaestor.fetch.transport import Limits


def broken(message: str) -> TransportError:
    """An answer that the same request would get again."""
    error = TransportError(message)
    error.retryable = False
    return error


def _causes(error: BaseException) -> list[str]:
    details = getattr(error, "details", None)
    causes = details.get("causes") if isinstance(details, dict) else None
    return [cause["message"] for cause in causes or ()] or [str(error)]


def innermost(error: BaseException) -> str:
    """What is behind an error of the library, in its words."""
    return _causes(error)[-1]


def wire_error(
    error: BaseException, request: HttpRequest, state: str, limits: Limits
) -> TransportError | LimitError | BaseException:
    """Our error for what the library raised while `waiting` for the answer, `reading` it, or when time was up.

    Its classes can't be relied on: a time-out while waiting for the answer is a ConnectTimeoutError, a reset
    ConnectError. The chain of causes tells them apart, so `tests/faults/test_transport.py` holds each of these to
    the version in use.
    """
    from pyreqwest import exceptions as library

    causes = _causes(error)
    text = " | ".join(causes)
    host = split(request.url)[0].host
    if isinstance(error, library.ClientClosedError):
        return _refusal("the connection was closed while a request was under way", arrived=True)
    if isinstance(error, library.RequestPanicError):
        return _refusal(f"the HTTP library failed: {causes[-1]}", arrived=True)
    if "client error (Connect)" in causes:
        return _connect_error(error, text, host, limits)
    if isinstance(error, library.RequestTimeoutError):
        if state == "total":
            return TransportError(f"{host} took longer than {limits.total_s:g} s for one answer")
        if state == "reading":
            return TransportError(f"{host} stopped in the middle of its answer for {limits.first_byte_s:g} s")
        return TransportError(f"{host} sent no answer within {limits.first_byte_s:g} s")
    if "message head is too large" in causes or "header list too large" in text:
        return LimitError(f"the answer of {host} has too many headers, or too large ones")
    if any(word in text for word in _BROKEN_OFF):
        return TransportError(f"{host} broke the connection off: {causes[-1]}")
    if isinstance(error, library.RequestError):
        return _refusal(f"the answer of {host} is not valid HTTP: {causes[-1]}", arrived=True)
    if isinstance(error, ValueError):
        return _refusal(f"the request can't be sent: {error}", arrived=False)
    return error


_BROKEN_OFF = ("closed before message", "end of file before", "unexpected EOF", "os error", "connection error")


def _refusal(message: str, *, arrived: bool, hint: str = "") -> TransportError:
    """An error that the same request would meet again."""
    error = TransportError(message, may_have_arrived=arrived, hint=hint)
    error.retryable = False
    return error


def _connect_error(error: BaseException, text: str, host: str, limits: Limits) -> TransportError:
    """What went wrong before the first byte of the request."""
    if "invalid peer certificate" in text:
        reason = text.partition("invalid peer certificate: ")[2].partition(" | ")[0]
        hint = "a private CA is named with --tls.CABundle" if "UnknownIssuer" in reason else ""
        return _refusal(f"the certificate of {host} is refused: {reason}", arrived=False, hint=hint)
    if "dns error" in text:
        return _refusal(f"there is no host {host}: {innermost(error)}", arrived=False)
    if "timed out" in text or "deadline has elapsed" in text:
        return TransportError(f"no connection to {host} within {limits.connect_s:g} s", may_have_arrived=False)
    if "reset by peer" in text or "unexpected EOF" in text or "eof" in text.lower():
        return TransportError(f"{host} broke the connection off: {innermost(error)}", may_have_arrived=False)
    return _refusal(f"no connection to {host}: {innermost(error)}", arrived=False)
