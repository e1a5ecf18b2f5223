"""What each vendor's service says when it can't answer: the bodies of limits and outages.

Refusals for what was asked are in `vendors`; these come from before or beside the sandbox.
Before: `limits` and `mischief` know the status. After: they answer with it.
"""

from __future__ import annotations

from quaestor.fetch.http import HttpResponse
from quaestor.sandbox.data.collection import encode
from quaestor.sandbox.data.seeded import CodeKeys, mix, salt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quaestor.fetch.http import HttpRequest

#: https://developer.okta.com/docs/reference/error-codes/
_OKTA = {
    400: ("E0000001", "Api validation failed"),
    401: ("E0000011", "Invalid token provided"),
    403: ("E0000006", "You do not have permission to perform the requested action"),
    404: ("E0000007", "Not found: Resource not found"),
    405: ("E0000022", "The endpoint does not support the provided HTTP method"),
    409: ("E0000025", "Service is in use"),
    429: ("E0000047", "API call exceeded rate limit due to too many requests."),
    500: ("E0000009", "Internal Server Error"),
}
_DATADOG = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    429: "Too many requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


def vendor_of(request: HttpRequest, path: str, providers: Sequence[str]) -> tuple[str, str]:
    """Whose service a request is for, and its path there without the prefix.

    Where no prefix says it, Datadog's keys do; else it is the first of the others.
    """
    first, _, rest = path[1:].partition("/")
    if first in providers:
        return first, f"/{rest}"
    if len(providers) > 1 and "datadog" in providers:
        keyed = any(name.lower() in ("dd-api-key", "dd-application-key") for name, _ in request.headers)
        others = [name for name in providers if name != "datadog"]
        return ("datadog" if keyed else others[0]), path
    return providers[0], path


def answer(vendor: str, status: int, headers: Mapping[str, str], url: str) -> HttpResponse:
    """An answer that isn't the service's own: JSON as the vendor writes it; nothing where a status has no body."""
    if status in (204, 304):
        return HttpResponse(status, tuple(headers.items()), b"", url)
    if vendor == "okta":
        code, summary = _OKTA.get(status, ("E0000009" if status >= 500 else "E0000001", f"HTTP {status}"))
        error_id = CodeKeys(mix(salt(url), status), "oae", 10, "AbCdEf").key(1)
        body = {
            "errorCode": code,
            "errorSummary": summary,
            "errorLink": code,
            "errorId": error_id,
            "errorCauses": [],
        }
        return HttpResponse(status, (("content-type", "application/json"), *headers.items()), encode(body), url)
    said = _DATADOG.get(status, f"HTTP {status}")
    made = encode({"errors": [said]} if vendor == "datadog" else {"message": said})
    return HttpResponse(status, (("content-type", "application/json"), *headers.items()), made, url)
