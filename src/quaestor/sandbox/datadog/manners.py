"""Datadog's manners: two keys, `{"errors": […]}`, limits whose reset counts down.

Before: `core` has a request, or a Refusal. After: the response speaks as Datadog's does.
"""

from __future__ import annotations

from quaestor.sandbox.answer.buckets import Bucket, Table
from quaestor.sandbox.answer.manners import SAID, STATUS, Manners
from quaestor.sandbox.answer.observed import error_of, wants_uuid
from quaestor.sandbox.answer.refusal import Refusal
from quaestor.sandbox.data.collection import encode
from quaestor.sandbox.data.seeded import UUID, UuidKeys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

#: No recording holds Datadog's headers: these figures are assumed, of the size that users report.
LIMITS = Table(
    (
        Bucket("/api/v2/logs/**", 300),
        Bucket("/api/v1/logs-queries/list", 300, 3600),
        Bucket("/api/v1/query", 1600, 3600),
        Bucket("/api/v1/slo**", 100, 10),
        Bucket("/api/v1/events**", 1000, 60),
        Bucket("/api/v2/users**", 300, 10),
        Bucket("*", 1000, 10),
    )
)


class DatadogManners(Manners):
    """Datadog: two keys, `{"errors": […]}`, limits whose reset counts down.

    https://docs.datadoghq.com/api/latest/rate-limits/ is where the headers are from.
    """

    micros = True
    limits = LIMITS

    def admit(self, route_path: str, headers: Mapping[str, str]) -> None:
        if route_path == "/":  # the published address ranges
            return
        if not headers.get("dd-api-key", "").strip() and not self._token(headers.get("authorization", ""), "Bearer "):
            raise Refusal("unauthenticated", "DD-API-KEY")
        if route_path == "/api/v1/validate" or "authorization" in headers:
            return
        if not headers.get("dd-application-key", "").strip():
            raise Refusal("forbidden", "DD-APPLICATION-KEY")

    def refuse(self, refusal: Refusal, operation: str) -> tuple[int, bytes]:
        sentence = {"unauthenticated": "Unauthorized", "forbidden": "Forbidden", "missing": "Not found"}
        said = list(refusal.causes) or [sentence.get(refusal.why) or self.sentence(refusal)]
        status = refusal.status or STATUS[refusal.why]
        template = operation.rpartition(" ")[2]
        if refusal.why == "missing" and wants_uuid("datadog", template) and not UUID.fullmatch(refusal.subject):
            status, said = 400, [f"{refusal.subject} is no UUID"]
        keys = error_of(operation) if refusal.why not in ("unauthenticated", "forbidden") else ()
        if template == "/v1/input":  # the oldest intake of logs
            return status, encode({"code": status, "message": said[0]})
        if keys:
            return status, encode({"errors": [_error(keys, status, each) for each in said]})
        return status, encode({"errors": said})

    @staticmethod
    def claims(headers: Mapping[str, str]) -> bool:
        return "dd-api-key" in headers or "dd-application-key" in headers

    @staticmethod
    def outage(status: int, url: str) -> bytes:
        return encode({"errors": [SAID.get(status, f"HTTP {status}")]})

    @staticmethod
    def counted(bucket: Bucket, left: int, now: float, reset: int, name: str) -> dict[str, str]:
        """Datadog tells how many whole seconds are left of the window."""
        return {
            "x-ratelimit-limit": str(bucket.limit),
            "x-ratelimit-period": str(bucket.per),
            "x-ratelimit-remaining": str(left),
            "x-ratelimit-reset": str(max(1, int(-((now - reset) // 1)))),
            "x-ratelimit-name": name,
            "dd-request-id": UuidKeys(reset).key(left),
        }


def _error(keys: tuple[str, ...], status: int, said: str) -> dict[str, Any]:
    """An error as an object of JSON:API, with the keys that the operation's have."""
    values: dict[str, Any] = {
        "title": SAID.get(status, "Error"),
        "detail": said,
        "status": str(status),
        "code": str(status),
        "id": UuidKeys(status).key(0),
        "meta": {},
        "source": {},
    }
    return {key: values.get(key, "") for key in keys}
