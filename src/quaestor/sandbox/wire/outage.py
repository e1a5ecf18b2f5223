"""Whose service a request is for, and answers that come from before or beside it: limits, outages.

Before: `limits` and `mischief` know the status. After: the vendor's manners say the body.
"""

from __future__ import annotations

from quaestor.fetch.http import HttpResponse
from quaestor.sandbox.answer.manners import Manners
from quaestor.sandbox.vendors import vendor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quaestor.fetch.http import HttpRequest


def vendor_of(request: HttpRequest, path: str, providers: Sequence[str]) -> tuple[str, str]:
    """Whose service a request is for, and its path there without the prefix.

    Where no prefix says it, a vendor's own credentials do; else it is the first of those that claim none.
    """
    first, _, rest = path[1:].partition("/")
    if first in providers:
        return first, f"/{rest}"
    if len(providers) == 1:
        return providers[0], path
    headers = {name.lower(): value for name, value in request.headers}
    claiming = [name for name in providers if vendor(name).manners.claims(headers)]
    modest = [name for name in providers if vendor(name).manners.claims is Manners.claims]
    return (claiming or modest or list(providers))[0], path


def answer(provider: str, status: int, headers: Mapping[str, str], url: str) -> HttpResponse:
    """An answer that isn't the service's own: JSON as the vendor writes it; nothing where a status has no body."""
    if status in (204, 304):
        return HttpResponse(status, tuple(headers.items()), b"", url)
    body = vendor(provider).manners.outage(status, url)
    return HttpResponse(status, (("content-type", "application/json"), *headers.items()), body, url)
