"""Okta's manners: SSWS, Bearer and DPoP tokens, E-codes, SCIM filters, `q`, `sortBy`, its limits.

Before: `core` has a request, or a Refusal. After: the response speaks as Okta's does.
"""

from __future__ import annotations

from quaestor.catalog.model import Method
from quaestor.sandbox.answer.buckets import Bucket, Table
from quaestor.sandbox.answer.manners import STATUS, Manners, ordered, text_of, values_at
from quaestor.sandbox.answer.query import Query
from quaestor.sandbox.answer.refusal import Refusal
from quaestor.sandbox.data.collection import Collection, encode
from quaestor.sandbox.data.seeded import CodeKeys, mix, salt
from quaestor.sandbox.okta.dialect import WORDS
from quaestor.sandbox.okta.scim import Filter, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from quaestor.catalog.model import Schema

#: Requests a minute, as the recorded headers of an organisation with the usual limits say, but for those marked.
LIMITS = Table(
    (
        Bucket("GET /api/v1/users", 600),
        Bucket("POST /api/v1/users", 600),
        Bucket("GET /api/v1/users/*", 2000),
        Bucket("/api/v1/users/**", 600),
        Bucket("/api/v1/apps", 100),
        Bucket("/api/v1/apps/*", 500),
        Bucket("/api/v1/apps/**", 100),
        Bucket("/api/v1/groups", 500),
        Bucket("/api/v1/groups/*", 1000),
        Bucket("/api/v1/groups/**", 500),
        Bucket("/api/v1/logs", 120),  # assumed
        Bucket("/api/v1/sessions**", 750),  # recorded is 375, where an app has half of a limit
        Bucket("/api/v1/brands**", 600),
        Bucket("/api/v1/captchas**", 500),
        Bucket("/api/v1/mappings**", 500),
        Bucket("/api/v1/realms**", 500),
        Bucket("/api/v1/api-tokens**", 300),
        Bucket("/api/v1/logStreams**", 300),
        Bucket("/api/v1/iam/**", 100),
        Bucket("/api/v1/zones**", 100),
        Bucket("/api/v1/**", 1000),
        Bucket("/oauth2/v1/token", 150),
        Bucket("/oauth2/v1/clients**", 100),  # assumed
        Bucket("/integrations/**", 1000),
        Bucket("*", 1200),  # assumed
    ),
    75,  # at once: https://developer.okta.com/docs/reference/rl-additional-limits/, assumed
)
#: https://developer.okta.com/docs/reference/error-codes/
_OUTAGES = {
    400: ("E0000001", "Api validation failed"),
    401: ("E0000011", "Invalid token provided"),
    403: ("E0000006", "You do not have permission to perform the requested action"),
    404: ("E0000007", "Not found: Resource not found"),
    405: ("E0000022", "The endpoint does not support the provided HTTP method"),
    409: ("E0000025", "Service is in use"),
    429: ("E0000047", "API call exceeded rate limit due to too many requests."),
    500: ("E0000009", "Internal Server Error"),
}


class OktaManners(Manners):
    """Okta: SSWS or Bearer tokens, E-codes, SCIM filters, `q`, `sortBy`.

    https://developer.okta.com/docs/reference/error-codes/ and …/rl-best-practices/ are where the rules are from.
    """

    limits = LIMITS
    _CODES = {
        "unauthenticated": "E0000011",
        "forbidden": "E0000006",
        "missing": "E0000007",
        "no_route": "E0000022",
        "method": "E0000022",
        "invalid": "E0000001",
        "filter": "E0000031",
        "malformed": "E0000003",
        "body": "E0000001",
        "conflict": "E0000001",
        "rule": "E0000056",
        "unsupported": "E0000060",
    }
    #: Fields in which `q` looks, at the beginning of each.
    _Q = ("name", "label", "profile.name", "displayName", "profile.displayName", "key")

    def admit(self, route_path: str, headers: Mapping[str, str]) -> None:
        if route_path.startswith("/.well-known/"):
            return
        value = headers.get("authorization", "")
        # the blank after SSWS may be missing: Okta's Python SDK leaves it out
        if not any(self._token(value, prefix) for prefix in ("SSWS", "Bearer ", "DPoP ")):
            raise Refusal("unauthenticated", "Authorization")

    def refuse(self, refusal: Refusal, operation: str) -> tuple[int, bytes]:
        code = refusal.code or self._CODES[refusal.why]
        summary = {
            "unauthenticated": "Invalid token provided",
            "forbidden": "You do not have permission to perform the requested action",
            "malformed": "The request body was not well-formed.",
            "body": f"Api validation failed: {refusal.subject}",
            "conflict": f"Api validation failed: {refusal.subject}",
            "invalid": f"Api validation failed: {refusal.subject}",
            "missing": f"Not found: Resource not found: {refusal.subject} ({refusal.kind})",
            "filter": "Invalid search criteria",
        }.get(refusal.why, self.sentence(refusal))
        said = refusal.causes
        if not said and refusal.detail and refusal.why in ("filter", "invalid", "body", "conflict"):
            said = (refusal.detail,)
        causes = [{"errorSummary": cause} for cause in said]
        status = refusal.status or (400 if refusal.why == "conflict" else STATUS[refusal.why])
        return status, _error(code, summary, causes, mix(self._count, len(summary)), self._count)

    @staticmethod
    def outage(status: int, url: str) -> bytes:
        code, summary = _OUTAGES.get(status, ("E0000009" if status >= 500 else "E0000001", f"HTTP {status}"))
        return _error(code, summary, [], mix(salt(url), status), 1)

    @staticmethod
    def counted(bucket: Bucket, left: int, now: float, reset: int, name: str) -> dict[str, str]:
        """Okta tells when the window ends in epoch seconds."""
        return {
            "x-rate-limit-limit": str(bucket.limit),
            "x-rate-limit-remaining": str(left),
            "x-rate-limit-reset": str(reset),
            "x-okta-request-id": f"{mix(reset, left):016x}{mix(reset, left + 1):016x}",
        }

    def select(self, collection: Collection, shape: Schema, method: Method, query: Query) -> Sequence[int]:
        positions = super().select(collection, shape, method, query)
        takes = {p.wire: p for p in method.parameters if p.location == "query"}
        keyword = method.path in WORDS
        for name in ("filter", "search"):
            if name in takes and query.text(name) and not (keyword and name == "search"):
                text = query.text(name)
                if text in takes[name].enum and " " not in text:  # an attribute, where an expression is spoken of
                    text += " pr"
                positions = matching(collection, shape, positions, parse(text, name))
        start = query.text("search" if keyword else "q").lower() if keyword or "q" in takes else ""
        if start:
            positions = [at for at in positions if _begins(collection.row(at, shape), self._Q, start)]
        if "sortBy" in takes and query.text("sortBy"):
            positions = ordered(collection, shape, positions, query)
        return positions


def matching(collection: Collection, shape: Schema, positions: Sequence[int], wanted: Filter) -> Sequence[int]:
    """Those of the positions whose rows pass a filter; a lone `id eq` looks no row up but that one."""
    if wanted.equal and wanted.equal[0] == "id":
        found = {collection.index(value) for value in (wanted.equal[1],)}
        exact = [at for at in positions if at in found]
        if exact:
            return exact
    return [at for at in positions if wanted.test(collection.row(at, shape))]


def _begins(row: Any, paths: Sequence[str], start: str) -> bool:
    return any(text_of(value).lower().startswith(start) for path in paths for value in values_at(row, path))


def _error(code: str, summary: str, causes: Sequence[Mapping[str, str]], state: int, number: int) -> bytes:
    """The body of an error (https://developer.okta.com/docs/reference/error-codes/)."""
    return encode(
        {
            "errorCode": code,
            "errorSummary": summary,
            "errorLink": code,
            "errorId": CodeKeys(state, "oae", 10, "AbCdEf").key(number),
            "errorCauses": causes,
        }
    )
