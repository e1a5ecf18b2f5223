"""The requests that examples send, held against the vendors' specs by Prism, which knows nothing of our catalog.

Before: `running` ran the examples on the sandbox and kept their requests. After: `report` counts what Prism says of
them, `test_page_examples` demands that it is nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs
from tests.pages.running import Outcome
from tests.prism.documents import SOURCES, Document, document_of, needs_bearer
from tests.prism.harness import Mocks, mocks
from tests.prism.report import spec_faults
from tests.prism.statements import answer
from tests.prism.tap import Passed, Tap

from quaestor.fetch.http import CancelToken, HttpRequest
from quaestor.fetch.transport import HttpTransport, Limits
from quaestor.record import replace


@dataclass(frozen=True)
class Judgement:
    """What Prism found wrong with an example's requests; `excused` is the spec's own fault, with why."""

    outcome: Outcome
    requests: int
    violations: tuple[str, ...]
    excused: tuple[str, ...]


@contextmanager
def bench(outcomes: Sequence[Outcome], folder: Path) -> Iterator[Mocks]:
    """A Prism for each document that has an operation of these requests. `folder` takes specs and logs."""
    wanted: dict[str, dict[str, Any]] = {}
    for outcome in outcomes:
        for request in outcome.sent:
            doc = document_of(outcome.example.resource.provider, request.bucket)
            assert doc is not None, f"{outcome.example.name}: {request.bucket} is in no spec"
            wanted.setdefault(doc.source, {})[request.bucket] = answer(request.bucket, doc, ())
    with mocks(wanted, folder) as found:
        yield found


def judged(outcomes: Sequence[Outcome], folder: Path) -> list[Judgement]:
    """What Prism says of each example's requests."""
    with bench(outcomes, folder) as found:
        taps = {
            provider: Tap(HttpTransport(Limits()), {name: found[name] for name in sources if name in found})
            for provider, sources in SOURCES.items()
        }
        try:
            return [_judged(each, taps[each.example.resource.provider]) for each in outcomes]
        finally:
            for tap in taps.values():
                tap.close()


def _judged(outcome: Outcome, tap: Tap) -> Judgement:
    tap.passed.clear()
    provider = outcome.example.resource.provider
    for request in outcome.sent:
        tap.send(_at_the_vendor(provider, request), CancelToken())
    bad: list[str] = []
    excused: list[str] = []
    for passed in tap.passed:
        doc = document_of(provider, passed.key)
        assert doc is not None
        for violation in passed.violations:
            why = spec_faults().get((passed.key, violation)) or _overlap(passed, violation, doc)
            (excused if why else bad).append(f"{passed.key}: {violation}" + (f" [{why}]" if why else ""))
    return Judgement(outcome, len(tap.passed), tuple(dict.fromkeys(bad)), tuple(dict.fromkeys(excused)))


def _at_the_vendor(provider: str, request: HttpRequest) -> HttpRequest:
    """A request to the sandbox as it would go to the vendor: without the provider's name before the path; signed by
    OAuth where nothing else is let in, as whoever calls that has to sign in."""
    doc = document_of(provider, request.bucket)
    assert doc is not None
    headers = request.headers
    if needs_bearer(doc, request.bucket):
        headers = (*((name, value) for name, value in headers if name != "authorization"), _BEARER)
    return replace(request, url=re.sub(rf"^(https?://[^/]+)/{provider}(?=/)", r"\1", request.url), headers=headers)


_BEARER = ("authorization", "Bearer prism")


def _overlap(passed: Passed, violation: str, doc: Document) -> str:
    """Whether alternatives of the spec exclude each other in words only: more than one of them takes the body. Of a
    part of the body that is seen where nothing else is said of it: where none fits, Prism says what each lacks (its
    validator collects all errors)."""
    if not violation.startswith("body") or passed.body is None:
        return ""
    content = doc.resolved(doc.operations[passed.key].raw["requestBody"])["content"]
    schema = doc.resolved(next(iter(content.values()))["schema"])
    fitting = [part for part in schema.get("oneOf", ()) if _fits(part, json.loads(passed.body), doc)]
    if len(fitting) > 1:
        return "alternatives overlap"
    place, _, said = violation.partition(": ")
    beside = [each for each in passed.violations if each != violation and each.startswith(place)]
    alone = all(each.endswith(_ONE) for each in beside) and said.endswith(_ONE) and not schema.get("oneOf")
    return "alternatives overlap" if alone else ""


def _fits(schema: dict[str, Any], body: Any, doc: Document) -> bool:
    whole = {**schema, "components": doc.raw["components"]}
    return bool(jsonschema_rs.validator_for(whole, validate_formats=False).is_valid(body))


_ONE = "must match exactly one schema in oneOf"
