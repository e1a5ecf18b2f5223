"""Every exception of Quaestor.

    QuaestorError               .code .hint .retryable .exit_code
    ├── UsageError         2    a flag, file or setting that can't be used as given
    ├── SqlSyntaxError     2    position, caret under the text
    ├── BindError          2    unknown name ("did you mean"), missing or contradictory parameter, not there yet
    ├── EvaluationError    2    SQLite can't compute the statement: malformed JSON, integer overflow
    ├── CatalogError       3    a provider document, spec or compiled catalog that can't be used
    ├── JournalError       3    the journal of writes: locked, damaged, of a newer version, full disk
    ├── ProviderError      4    the API said no: status, vendor code and summary, request id
    │   ├── AuthError           401, 403: names the missing permission or scope; no credential
    │   ├── NotFoundError       404
    │   ├── ConflictError       409, 412
    │   ├── InvalidRequestError other 4xx
    │   ├── RateLimitError      429
    │   └── ServerError         5xx
    ├── TransportError     5    DNS, TLS, time-out, reset, cut off
    ├── DecodeError        5    not JSON, wrong shape: $.path
    ├── PartialWriteError  6    done, refused, unknown, not tried: journal id
    ├── IncompleteError    6    with --partial: rows are missing, `quaestor.failures` says which
    ├── LimitError         7    a bound of ours was reached: pages, bytes, depth, time
    ├── ForbiddenError     8    read-only, foreign origin, plain http
    └── Cancelled        130

Each leaf also derives from the PEP 249 class that callers of a DB-API expect.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Error(Exception):
    """PEP 249: the base of all database errors."""


class InterfaceError(Error):
    """PEP 249: wrong use of the interface."""


class DatabaseError(Error):
    """PEP 249: anything that went wrong with the data source."""


class DataError(DatabaseError):
    """PEP 249: a value that can't be processed."""


class OperationalError(DatabaseError):
    """PEP 249: trouble outside the statement."""


class IntegrityError(DatabaseError):
    """PEP 249: a conflict with what is there."""


class InternalError(DatabaseError):
    """PEP 249: an inconsistency of our own."""


class ProgrammingError(DatabaseError):
    """PEP 249: a wrong statement."""


class NotSupportedError(DatabaseError):
    """PEP 249: something that isn't supported."""


class QuaestorError(Exception):
    """What every error of ours has in common.

    Attributes:
        message: what is wrong, one or a few lines, secrets masked.
        hint: what to write or do instead; empty if there is nothing to say.
        code: a stable word for programs (`syntax_error`, `bind_error` …).
        retryable: whether the same statement may succeed later as it is.
        exit_code: what the command line exits with.
    """

    code = "error"
    retryable = False
    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def details(self) -> dict[str, Any]:
        """What else is known, for JSON and other structured surfaces; no secrets."""
        return {}

    def to_dict(self) -> dict[str, Any]:
        """The one shape of an error on every structured surface."""
        return {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "retryable": self.retryable,
            "exit_code": self.exit_code,
            **self.details(),
        }


class UsageError(QuaestorError, InterfaceError):
    """A flag, argument, file or setting that can't be used as it was given."""

    code = "usage_error"
    exit_code = 2


class SqlSyntaxError(QuaestorError, ProgrammingError):
    """Text that is not a statement.

    Attributes:
        text: the whole text.
        position: offset of the offending character in code points, from 0.
    """

    code = "syntax_error"
    exit_code = 2

    def __init__(self, message: str, *, text: str, position: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.text = text
        self.position = position

    def details(self) -> dict[str, Any]:
        line, column = line_and_column(self.text, self.position)
        return {"position": self.position, "line": line, "column": column}


class BindError(QuaestorError, ProgrammingError):
    """A statement that is well formed but doesn't fit the catalog.

    Attributes:
        text: the statement's text, or empty.
        position: offset into it, or -1.
    """

    code = "bind_error"
    exit_code = 2

    def __init__(self, message: str, *, text: str = "", position: int = -1, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.text = text
        self.position = position

    def details(self) -> dict[str, Any]:
        if self.position < 0 or not self.text:
            return {}
        line, column = line_and_column(self.text, self.position)
        return {"position": self.position, "line": line, "column": column}


class UnsupportedError(BindError, NotSupportedError):
    """A statement that parses and that this version doesn't run yet."""

    code = "not_supported"


class EvaluationError(QuaestorError, DataError):
    """A value that SQLite can't compute with, met while the statement ran."""

    code = "evaluation_error"
    exit_code = 2


class CatalogError(QuaestorError, OperationalError):
    """A provider document, a spec or a compiled catalog that can't be used."""

    code = "catalog_error"
    exit_code = 3


class WorkspaceError(QuaestorError, OperationalError):
    """The workspace file can't be used: locked by others, damaged, of a newer version, or not to be written."""

    code = "workspace_error"
    exit_code = 3


class JournalError(QuaestorError, OperationalError):
    """The journal of writes can't be used: locked by others, damaged, of a newer version, or not to be written.

    What can't be noted isn't sent.
    """

    code = "journal_error"
    exit_code = 3


class ProviderError(QuaestorError, OperationalError):
    """The API answered, and said no.

    Attributes:
        status: HTTP status, 0 if the request was never sent (no credential).
        vendor_code: the vendor's own error code, such as `E0000007`.
        request_id: what the vendor's support asks for.
        request: method and URL, secrets masked.
        needs: permissions or scopes that the operation needs.
    """

    code = "provider_error"
    exit_code = 4

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        status: int = 0,
        vendor_code: str = "",
        request_id: str = "",
        request: str = "",
        needs: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.vendor_code = vendor_code
        self.request_id = request_id
        self.request = request
        self.needs = needs

    def details(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "vendor_code": self.vendor_code,
            "request_id": self.request_id,
            "request": self.request,
            "needs": list(self.needs),
        }


class AuthError(ProviderError):
    """401 or 403, or no credential to send."""

    code = "auth_error"


class NotFoundError(ProviderError):
    """404.

    Attributes:
        names_no_object: the vendor says that no object has the key, not that the path is unknown or hidden.
    """

    code = "not_found"
    names_no_object = False


class ConflictError(ProviderError, IntegrityError):
    """409 or 412."""

    code = "conflict"


class InvalidRequestError(ProviderError, DataError):
    """400, 422 and other refusals of what was sent."""

    code = "invalid_request"


class RateLimitError(ProviderError):
    """429, or a wait for the limit's reset that is longer than allowed."""

    code = "rate_limit"
    retryable = True


class ServerError(ProviderError):
    """5xx after the retries."""

    code = "server_error"
    retryable = True


class TransportError(QuaestorError, OperationalError):
    """No usable answer: name resolution, TLS, time-out, reset, cut off.

    Attributes:
        may_have_arrived: whether some byte of the request may have reached the server.
    """

    code = "transport_error"
    exit_code = 5
    retryable = True

    def __init__(self, message: str, *, hint: str = "", may_have_arrived: bool = True) -> None:
        super().__init__(message, hint=hint)
        self.may_have_arrived = may_have_arrived


class DecodeError(QuaestorError, DataError):
    """An answer that isn't what it should be.

    Attributes:
        path: where in the document, such as `$.data[3].id`.
    """

    code = "decode_error"
    exit_code = 5

    def __init__(self, message: str, *, path: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.path = path

    def details(self) -> dict[str, Any]:
        return {"path": self.path}


class PartialWriteError(QuaestorError, OperationalError):
    """Some rows of a write are not done.

    Attributes:
        outcomes: the numbers of the rows, from 1, by how they ended: done, refused, unknown, not tried.
        journal: what `quaestor journal show` takes; empty if none is kept.
        returned: what RETURNING gives of the rows done, a `Result`; None without RETURNING.
    """

    code = "partial_write"
    exit_code = 6

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        outcomes: dict[str, tuple[int, ...]] | None = None,
        journal: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.outcomes = outcomes or {}
        self.journal = journal
        self.returned: Any = None

    def details(self) -> dict[str, Any]:
        rows = {state.replace(" ", "_"): list(numbers) for state, numbers in self.outcomes.items()}
        return {**rows, "journal": self.journal}


class IncompleteError(QuaestorError, OperationalError):
    """With `partial`: the rows are there, but some requests failed and theirs are missing. Told, not raised.

    Attributes:
        failures: how many lists or objects couldn't be read.
    """

    code = "incomplete"
    exit_code = 6

    def __init__(self, failures: int, first: str) -> None:
        many = "what one request was for" if failures == 1 else f"what {failures:,} requests were for"
        super().__init__(
            f"the result is INCOMPLETE: it lacks {many}; the first: {first}",
            hint="SELECT * FROM quaestor.failures, as the next statement, lists them",
        )
        self.failures = failures

    def details(self) -> dict[str, Any]:
        return {"complete": False, "failures": self.failures}


class LimitError(QuaestorError, OperationalError):
    """A bound of ours was reached: pages, bytes, depth, time."""

    code = "limit_exceeded"
    exit_code = 7


class ForbiddenError(QuaestorError, OperationalError):
    """Something that we refuse to do: a write when read-only, a credential to a foreign origin."""

    code = "forbidden"
    exit_code = 8


class Cancelled(QuaestorError, OperationalError):
    """The statement was cancelled."""

    code = "cancelled"
    exit_code = 130


def line_and_column(text: str, position: int) -> tuple[int, int]:
    """Line and column, both from 1, of an offset in `text`."""
    before = text[:position]
    return before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1


def caret(text: str, position: int) -> str:
    """The line of `text` that holds `position`, and under it a caret."""
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    line = text[start : len(text) if end < 0 else end]
    offset = position - start
    if len(line) > 100:  # a window around the place, so that the caret stays on the screen
        first = max(0, offset - 60)
        line, offset = line[first : first + 100], offset - first
    pad = "".join("\t" if char == "\t" else " " for char in line[:offset])
    return f"{line}\n{pad}^"


def nearest(name: str, candidates: list[str] | tuple[str, ...], count: int = 3) -> list[str]:
    """Up to `count` candidates that someone who typed `name` may have meant, nearest first."""
    import difflib

    folded = {candidate.casefold(): candidate for candidate in candidates}
    wanted = name.casefold()
    close = difflib.get_close_matches(wanted, folded, n=count, cutoff=0.6)
    inside = [key for key in folded if wanted and key not in close and (wanted in key or key in wanted)]
    return [folded[key] for key in [*close, *sorted(inside, key=len)][:count]]


def counted(number: int, noun: str) -> str:
    """`1 row`, `2,000 rows`: a number with its noun, which takes an s."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def did_you_mean(name: str, candidates: list[str] | tuple[str, ...]) -> str:
    """`did you mean 'a' or 'b'?`, or an empty text."""
    names = nearest(name, candidates)
    return f"did you mean {' or '.join(repr(n) for n in names)}?" if names else ""


def no_such(kind: str, name: str, known: list[str], show: str, *, text: str, position: int) -> BindError:
    """The error for a name that the catalog doesn't have; `show` is the statement that lists those it has."""
    hint = did_you_mean(name, known)
    return BindError(
        f"there is no {kind} called {name}",
        text=text,
        position=position,
        hint=f"{hint} {show} lists them all" if hint else f"{show} lists them",
    )
