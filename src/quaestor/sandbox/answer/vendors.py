"""Each vendor's manners: who may ask, how it says no, which headers it sends, how its lists are filtered.

Before: `core` has a request, or a Refusal. After: the response speaks as the vendor's does.
What a vendor does beyond the catalog's facts is here and in its world, nowhere else.
"""

from __future__ import annotations

from time import time

from quaestor.catalog.model import Method, Provider
from quaestor.sandbox.answer.query import Query
from quaestor.sandbox.answer.refusal import Refusal
from quaestor.sandbox.data.collection import Collection, encode
from quaestor.sandbox.data.seeded import CodeKeys, UuidKeys, mix
from quaestor.sandbox.okta.scim import Filter, parse, values_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from quaestor.catalog.model import Schema

_STATUS = {
    "unauthenticated": 401,
    "forbidden": 403,
    "missing": 404,
    "no_route": 404,
    "method": 405,
    "invalid": 400,
    "filter": 400,
    "malformed": 400,
    "body": 400,
    "conflict": 409,
    "rule": 403,
    "unsupported": 501,
}

#: So many requests a minute are allowed; nothing is refused yet, the headers only count.
REQUESTS_A_MINUTE = 600_000


class Manners:
    """What any HTTP API of the catalog does; vendors refine it."""

    #: The style of times in bodies: `2026-11-15T12:00:00.000000+00:00` if true, else with milliseconds and Z.
    micros = False

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self._count = 0
        self._window = 0

    def admit(self, route_path: str, headers: Mapping[str, str]) -> None:
        """Raises Refusal unless every credential is there: any token that isn't empty will do."""
        missing = [
            c for c in self.provider.credentials if not self._token(headers.get(c.header.lower(), ""), c.prefix)
        ]
        if missing:
            first = len(missing) == len(self.provider.credentials)
            raise Refusal("unauthenticated" if first else "forbidden", missing[0].header)

    @staticmethod
    def _token(value: str, prefix: str) -> str:
        if prefix and value.lower().startswith(prefix.lower()):
            return value[len(prefix) :].strip()
        return "" if prefix else value.strip()

    def refuse(self, refusal: Refusal) -> tuple[int, bytes]:
        """Status and body of a refusal."""
        return refusal.status or _STATUS[refusal.why], encode({"message": self.sentence(refusal)})

    @staticmethod
    def sentence(refusal: Refusal) -> str:
        """A refusal in words of ours."""
        if refusal.detail:
            return refusal.detail
        if refusal.causes:
            return "; ".join(refusal.causes)
        return {
            "malformed": "the body isn't JSON",
            "unauthenticated": "no valid credential",
            "forbidden": "not allowed",
            "missing": f"not found: {refusal.subject} ({refusal.kind})",
            "no_route": f"no such endpoint: {refusal.subject}",
            "method": f"the endpoint doesn't take this method: {refusal.subject}",
        }.get(refusal.why, refusal.why)

    def headers(self) -> list[tuple[str, str]]:
        """Headers of every response: the rate limit, the request's id."""
        remaining, reset = self._spend()
        return [
            ("x-ratelimit-limit", str(REQUESTS_A_MINUTE)),
            ("x-ratelimit-remaining", str(remaining)),
            ("x-ratelimit-reset", str(reset)),
        ]

    def _spend(self) -> tuple[int, int]:
        """What is left of this minute's requests, and the epoch second at which it ends."""
        window = int(time()) // 60
        if window != self._window:
            self._window, self._count = window, 0
        self._count += 1
        return max(1, REQUESTS_A_MINUTE - self._count), (window + 1) * 60

    def select(self, collection: Collection, shape: Schema, method: Method, query: Query) -> Sequence[int]:
        """The positions of a collection that a list holds: equality on the parameters that the catalog calls
        exact, or that name a column and must be given. Raises Refusal for a filter that can't be."""
        positions: Sequence[int] = collection.positions()
        for parameter in method.parameters:
            if parameter.location != "query" or parameter.wire not in query or parameter.role:
                continue
            if parameter.matches not in ("exact", "superset"):
                continue
            column = next((c for c in method.columns if c.name in (parameter.name, parameter.field)), None)
            wanted = query.text(parameter.wire)
            if column is not None:
                path = ".".join(column.path)
                positions = [
                    at for at in positions if wanted in map(_text, values_at(collection.row(at, shape), path))
                ]
        return positions


class OktaManners(Manners):
    """Okta: SSWS or Bearer tokens, E-codes, SCIM filters, `q`, `sortBy`.

    https://developer.okta.com/docs/reference/error-codes/ and …/rl-best-practices/ are where the rules are from.
    """

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
        if not any(self._token(value, prefix) for prefix in ("SSWS ", "Bearer ", "DPoP ")):
            raise Refusal("unauthenticated", "Authorization")

    def refuse(self, refusal: Refusal) -> tuple[int, bytes]:
        code = refusal.code or self._CODES[refusal.why]
        summary = {
            "unauthenticated": "Invalid token provided",
            "malformed": "The request body was not well-formed.",
            "body": f"Api validation failed: {refusal.subject}",
            "conflict": f"Api validation failed: {refusal.subject}",
            "missing": f"Not found: Resource not found: {refusal.subject} ({refusal.kind})",
            "filter": "Invalid search criteria",
        }.get(refusal.why, self.sentence(refusal))
        said = refusal.causes
        if not said and refusal.detail and refusal.why in ("filter", "invalid", "body", "conflict"):
            said = (refusal.detail,)
        causes = [{"errorSummary": cause} for cause in said]
        status = refusal.status or (400 if refusal.why == "conflict" else _STATUS[refusal.why])
        error_id = CodeKeys(mix(self._count, len(summary)), "oae", 10, "AbCdEf").key(self._count)
        return status, encode(
            {
                "errorCode": code,
                "errorSummary": summary,
                "errorLink": code,
                "errorId": error_id,
                "errorCauses": causes,
            }
        )

    def headers(self) -> list[tuple[str, str]]:
        remaining, reset = self._spend()
        return [
            ("x-rate-limit-limit", str(REQUESTS_A_MINUTE)),
            ("x-rate-limit-remaining", str(remaining)),
            ("x-rate-limit-reset", str(reset)),
            ("x-okta-request-id", f"{mix(reset, self._count):016x}{mix(reset, self._count + 1):016x}"),
        ]

    def select(self, collection: Collection, shape: Schema, method: Method, query: Query) -> Sequence[int]:
        positions = super().select(collection, shape, method, query)
        takes = {p.wire for p in method.parameters if p.location == "query"}
        for name in ("filter", "search"):
            if name in takes and query.text(name):
                positions = matching(collection, shape, positions, parse(query.text(name), name))
        start = query.text("q").lower() if "q" in takes else ""
        if start:
            positions = [at for at in positions if _begins(collection.row(at, shape), self._Q, start)]
        if "sortBy" in takes and query.text("sortBy"):
            positions = ordered(collection, shape, positions, query)
        return positions


class DatadogManners(Manners):
    """Datadog: two keys, `{"errors": […]}`, limits whose reset counts down.

    https://docs.datadoghq.com/api/latest/rate-limits/ is where the headers are from.
    """

    micros = True

    def admit(self, route_path: str, headers: Mapping[str, str]) -> None:
        if route_path == "/":  # the published address ranges
            return
        if not headers.get("dd-api-key", "").strip() and not self._token(headers.get("authorization", ""), "Bearer "):
            raise Refusal("unauthenticated", "DD-API-KEY")
        if route_path == "/api/v1/validate" or "authorization" in headers:
            return
        if not headers.get("dd-application-key", "").strip():
            raise Refusal("forbidden", "DD-APPLICATION-KEY")

    def refuse(self, refusal: Refusal) -> tuple[int, bytes]:
        sentence = {"unauthenticated": "Unauthorized", "forbidden": "Forbidden", "missing": "Not found"}
        said = list(refusal.causes) or [sentence.get(refusal.why) or self.sentence(refusal)]
        return refusal.status or _STATUS[refusal.why], encode({"errors": said})

    def headers(self) -> list[tuple[str, str]]:
        remaining, reset = self._spend()
        return [
            ("x-ratelimit-limit", str(REQUESTS_A_MINUTE)),
            ("x-ratelimit-period", "60"),
            ("x-ratelimit-remaining", str(remaining)),
            ("x-ratelimit-reset", str(max(1, reset - int(time())))),
            ("x-ratelimit-name", "sandbox"),
            ("dd-request-id", UuidKeys(reset).key(self._count)),
        ]


def manners(provider: Provider) -> Manners:
    """The manners of a provider's vendor."""
    return {"okta": OktaManners, "datadog": DatadogManners}.get(provider.name, Manners)(provider)


def matching(collection: Collection, shape: Schema, positions: Sequence[int], wanted: Filter) -> Sequence[int]:
    """Those of the positions whose rows pass a filter; a lone `id eq` looks no row up but that one."""
    if wanted.equal and wanted.equal[0] == "id":
        found = {collection.index(value) for value in (wanted.equal[1],)}
        exact = [at for at in positions if at in found]
        if exact:
            return exact
    return [at for at in positions if wanted.test(collection.row(at, shape))]


def ordered(collection: Collection, shape: Schema, positions: Sequence[int], query: Query) -> Sequence[int]:
    """The positions in the order that `sortBy` and `sortOrder` ask for; rows without the field come first."""
    path = query.text("sortBy")
    down = query.text("sortOrder").lower().startswith("desc")
    keyed = [(sorted(map(_text, values_at(collection.row(at, shape), path))), at) for at in positions]
    return [at for _, at in sorted(keyed, reverse=down)]


def _begins(row: Any, paths: Sequence[str], start: str) -> bool:
    return any(_text(value).lower().startswith(start) for path in paths for value in values_at(row, path))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
