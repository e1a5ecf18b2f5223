"""What an API says when it says no, as one of our errors.

Before: `fetch.client` has a response that isn't a success. After: a surface shows the error, `run` may take "not
found" for "no row". All text from outside passes the redactor here and loses its control characters.
"""

from __future__ import annotations

from quaestor.errors import (
    AuthError,
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    ProviderError,
    RateLimitError,
    ServerError,
)
from quaestor.fetch.url import query_items, shown, split, unquote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from quaestor.catalog.model import Method
    from quaestor.fetch.http import HttpRequest, HttpResponse
    from quaestor.secrets import Redactor

#: Where vendors put the id that their support asks for, if the catalog doesn't say.
REQUEST_IDS = ("x-okta-request-id", "x-request-id", "dd-request-id", "x-datadog-trace-id")
#: Parameters that are credentials whatever their column says: the code of OAuth's consent, the token of a share.
SECRET_NAMES = frozenset({"code", "token", "password", "secret", "client_secret", "access_token", "refresh_token"})
#: The longest that a vendor's own words may be.
MOST_TEXT = 500


def failure(
    method: Method,
    request: HttpRequest,
    response: HttpResponse,
    redactor: Redactor,
    *,
    request_id_header: str = "",
    sources: Iterable[str] = (),
) -> ProviderError | ForbiddenError:
    """The error for a response that isn't a success: 3xx, 4xx or 5xx.

    Args:
        request: as it was before signing, so that it holds no credential.
        sources: where the credential came from, for the hint of 401.
    """
    if 300 <= response.status < 400:
        return _redirect(request, response, redactor)
    code, summary, is_vendors = _vendor_error(response)
    needs = (*method.permissions, *method.scopes) if response.status == 403 else ()
    what = redactor.mask(f"{request.method} {_clean(request.url)}")
    said = redactor.mask(" ".join(part for part in (code, summary) if part))
    message = f"{what} answered {response.status}{': ' if said else ''}{said}"
    if needs:
        message += f" (needs {', '.join(needs)})"
    kind = _KINDS.get(response.status, ServerError if response.status >= 500 else InvalidRequestError)
    header = request_id_header.lower()
    identifier = next(
        (response.header(name) for name in (header, *REQUEST_IDS) if name and response.header(name)), ""
    )
    error = kind(
        message,
        hint=_hint(response.status, method, tuple(sources)),
        status=response.status,
        vendor_code=redactor.mask(code),
        request_id=redactor.mask(_clean(identifier)),
        request=what,
        needs=needs,
    )
    if isinstance(error, NotFoundError):
        # Okta says E0000007 for an object that isn't there, other codes for paths that don't exist.
        error.names_no_object = is_vendors and (code == "E0000007" or not code.startswith("E0"))
    return error


def secrets_in(method: Method, url: str) -> list[str]:
    """The values of a request's URL that are secrets themselves: `/api/v1/api_key/{key}` has the key in its path."""
    columns = {column.name for column in method.columns if column.secret}
    names = {p.wire for p in method.parameters if p.wire in SECRET_NAMES or p.field in columns}
    if not names:
        return []
    template = method.path.split("/")
    path = split(url)[1].partition("?")[0].split("/")[-len(template) :]
    found = [unquote(segment) for name, segment in zip(template, path, strict=False) if name.strip("{}") in names]
    return found + [value for name, value in query_items(url) if name in names]


_KINDS: dict[int, type[ProviderError]] = {
    401: AuthError,
    403: AuthError,
    404: NotFoundError,
    409: ConflictError,
    412: ConflictError,
    429: RateLimitError,
}


def _hint(status: int, method: Method, sources: tuple[str, ...]) -> str:
    if status == 401:
        names = " and ".join(sources)
        return f"is the credential in {names} still valid, and for this host?" if names else "no credential was sent"
    if status == 403 and not (method.permissions or method.scopes):
        return "the credential's owner may not do this"
    if status == 429:
        return "try again later, or allow a longer wait with --max-wait"
    return ""


def _redirect(request: HttpRequest, response: HttpResponse, redactor: Redactor) -> ForbiddenError:
    target = response.header("location")
    where = f" to {shown(target)}" if target else ""
    return ForbiddenError(
        redactor.mask(
            f"{request.method} {_clean(request.url)} answered {response.status}: redirects{where} are not followed"
        ),
        hint="is this the API's host? A sign-in page answers like this",
    )


def _vendor_error(response: HttpResponse) -> tuple[str, str, bool]:
    """The vendor's code and summary, and whether the body was an error in the form of an API at all."""
    import json

    try:
        body = json.loads(response.body)
    except (ValueError, RecursionError):
        return "", _plain_text(response.body), False
    if not isinstance(body, dict):
        return "", "" if body in (None, []) else _clean(body if isinstance(body, str) else json.dumps(body)), False
    code, summary = _okta(body) or _datadog(body) or _generic(body)
    return _clean(code), _clean(summary), bool(code or summary)


def _okta(body: dict[str, Any]) -> tuple[str, str] | None:
    """`errorCode`, `errorSummary`, `errorCauses`; of its OAuth endpoints `error`, `error_description`."""
    if "errorCode" in body or "errorSummary" in body:
        causes = [
            cause["errorSummary"]
            for cause in _list(body.get("errorCauses"))
            if isinstance(cause, dict) and isinstance(cause.get("errorSummary"), str)
        ]
        summary = _text(body.get("errorSummary"))
        return _text(body.get("errorCode")), "; ".join(dict.fromkeys([summary, *causes] if summary else causes))
    if isinstance(body.get("error"), str) and "error_description" in body:
        return body["error"], _text(body["error_description"])
    return None


def _datadog(body: dict[str, Any]) -> tuple[str, str] | None:
    """`errors`: a list of texts (v1), or of JSON:API error objects (v2)."""
    errors = body.get("errors")
    if not errors:
        return None
    if not isinstance(errors, list):
        return "", _text(errors)
    codes = [_text(error.get("code")) for error in errors if isinstance(error, dict) and error.get("code")]
    return (codes[0] if codes else ""), "; ".join(_json_api(error) for error in errors)


def _json_api(error: Any) -> str:
    if not isinstance(error, dict):
        return _text(error)
    source = error.get("source")
    pointer = _text(source.get("pointer") or source.get("parameter")) if isinstance(source, dict) else ""
    words = [_text(error[key]) for key in ("title", "detail") if error.get(key)]
    return ": ".join(dict.fromkeys(words)) + (f" (at {pointer})" if pointer else "") or _text(error)


def _generic(body: dict[str, Any]) -> tuple[str, str]:
    """What other APIs write: `error`, `message`, `detail` (RFC 9457), `code`."""
    inner = body["error"] if isinstance(body.get("error"), dict) else body
    code = next((inner[key] for key in ("code", "type", "status") if isinstance(inner.get(key), str | int)), "")
    keys = ("message", "detail", "title", "error_description", "error", "msg")
    words = [inner[key] for key in keys if isinstance(inner.get(key), str) and inner[key]]
    return str(code), "; ".join(dict.fromkeys(words))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    import json

    return json.dumps(value, ensure_ascii=False)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _plain_text(body: bytes) -> str:
    text = body[:20_000].decode("utf-8", "replace").strip()
    if not text.startswith("<"):
        return _clean(text)
    lower = text.lower()
    start = lower.find("<title>")
    end = lower.find("</title>", start)
    title = _clean(text[start + 7 : end]).strip() if 0 <= start < end else ""
    return f"an HTML page{f' titled {title!r}' if title else ''}"


def _clean(text: str) -> str:
    """One line of bounded length without control characters."""
    text = " ".join("".join(char if char.isprintable() else " " for char in text[: 4 * MOST_TEXT]).split())
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}…"
