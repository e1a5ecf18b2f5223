"""Faults: how they are written, what is refused and where, and which requests they hit."""

from __future__ import annotations

from pathlib import Path

import pytest

from quaestor.errors import UsageError
from quaestor.sandbox.wire.faults import FAULTS, Fault, Faults, Rule, When, parse, seconds

USERS = ("/okta/api/v1/users", "/api/v1/users")


def refuse(spec: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        parse(spec)
    return caught.value


def hits(spec: str, count: int, seed: int = 1) -> list[int]:
    """Which of so many requests are hit, from 1."""
    faults = Faults(parse(spec), seed)
    return [number for number in range(1, count + 1) if faults.decide("GET", USERS)]


def test_a_rule() -> None:
    text = "GET,post /api/v1/users* first 3: status 503 retry-after 2s, latency 50ms..1.5s"
    status, latency = Fault("status", 503, text="2"), Fault("latency", 0.05, 1.5)
    assert parse(text) == (Rule(text, ("GET", "POST"), "/api/v1/users*", When("first", (3,)), ((status, latency),)),)


def test_rules_and_scripts() -> None:
    rules = parse(" * 12.5%: reset ; /a/b:c at 2,5: status 429 then reset body then ok; ")
    assert [rule.path for rule in rules] == ["*", "/a/b:c"]
    assert rules[0].when == When("chance", (12.5,))
    assert rules[1].when == When("at", (2, 5))
    assert rules[1].steps == ((Fault("status", 429),), (Fault("reset", text="body"),), (Fault("ok"),))
    assert parse("") == parse(" ; ") == ()


@pytest.mark.parametrize("kind", FAULTS)
def test_every_fault_can_be_written(kind: str) -> None:
    argument = {"status": " 500", "latency": " 1s", "drip": " 2kB/s"}.get(kind, "")
    (rule,) = parse(f"*: {kind}{argument}")
    assert rule.steps[0][0].kind == kind
    optional = {"reset": " body", "truncate": " 10%", "redirect": " /login"}.get(kind)
    if optional:
        assert parse(f"*: {kind}{optional}") != parse(f"*: {kind}")


@pytest.mark.parametrize(
    ("spec", "column", "said", "hint"),
    [
        ("*: stauts 500", 4, "no fault 'stauts'", "status"),
        ("* fist 3: reset", 3, "'fist' is none of", ""),
        ("*: status", 10, "needs a value", "CODE"),
        ("*: status 99", 11, "no status", "200"),
        ("*: status ok", 11, "no whole number", ""),
        ("*: status 503 after 2", 15, "not expected", "retry-after"),
        ("*: latency soon", 12, "no time", "50ms"),
        ("*: latency 2s..1s", 12, "longer time", ""),
        ("*: latency 1s..x", 16, "no time", ""),
        ("*: drip 5", 9, "no speed", "500B/s"),
        ("*: truncate 100%", 13, "no share", "50%"),
        ("*: reset now", 10, "not expected", "reset body"),
        ("*: redirect there", 13, "no address", ""),
        ("* first: reset", 3, "needs a number", "first 3"),
        ("* first x: reset", 9, "no whole number", ""),
        ("* first 0: reset", 9, "no whole number", ""),
        ("* 101%: reset", 3, "more than always", ""),
        ("* x%: reset", 3, "no number", ""),
        ("GTE /a: reset", 1, "no method", "GET"),
        ("GET users: reset", 5, "no path", ""),
        ("GET: reset", 4, "no path", ""),
        ("/a?b=c: reset", 3, "without its query", ""),
        ("*:reset", 1, "colon and a blank", ""),
        ("*: ", 4, "missing", "status"),
        ("*: reset,", 10, "missing", ""),
        ("*: reset then", 14, "missing", ""),
        ("*: html html", 9, "not expected", "comma"),
        ("*: status 500, status 503", 16, "doesn't go with", "then"),
        ("*: reset, truncate", 11, "doesn't go with", ""),
        ("*: reset, html", 11, "doesn't go with", ""),
        ("*: ok, html", 8, "doesn't go with", ""),
        ("/a: expired-tls", 1, "before a path", "*: expired-tls"),
        ("*: reset; *: nothing", 14, "no fault", ""),
    ],
)
def test_a_refusal_names_the_place(spec: str, column: int, said: str, hint: str) -> None:
    error = refuse(spec)
    assert f"--faults, column {column}: " in error.message
    assert said in error.message
    assert hint in error.hint
    *_, caret = error.message.splitlines()
    assert caret.index("^") == column + 1


def test_when() -> None:
    assert hits("*: reset", 4) == [1, 2, 3, 4]
    assert hits("* first 2: reset", 4) == [1, 2]
    assert hits("* after 2: reset", 4) == [3, 4]
    assert hits("* every 3rd: reset", 7) == [3, 6]
    assert hits("* at 2,5: reset", 7) == [2, 5]
    assert hits("* 0%: reset", 50) == []
    assert hits("* 100%: reset", 50) == list(range(1, 51))
    some = hits("* 20%: reset", 1000)
    assert 140 < len(some) < 260
    assert some == hits("* 20%: reset", 1000)
    assert some != hits("* 20%: reset", 1000, seed=2)


def test_scripts() -> None:
    faults = Faults(parse("*: status 500 then ok then reset"))
    kinds = [[fault.kind for fault in faults.decide("GET", USERS)] for _ in range(5)]
    assert kinds == [["status"], [], ["reset"], [], []]
    again = Faults(parse("* every 2nd: status 500 then reset"))
    kinds = [[fault.kind for fault in again.decide("GET", USERS)] for _ in range(6)]
    assert kinds == [[], ["status"], [], ["reset"], [], ["status"]]
    assert [hit.method for hit in again.hits] == ["GET"] * 3


@pytest.mark.parametrize(
    ("route", "fits"),
    [
        ("*", True),
        ("/api/v1/users", True),
        ("/okta/api/v1/users", True),
        ("/okta/**", True),
        ("/api/*/users", True),
        ("/api/v1/us*", True),
        ("/api/*", False),
        ("/api/v1/users/**", False),
        ("/api/v1.users", False),
        ("GET /api/v1/users", True),
        ("POST,GET /api/v1/users", True),
        ("POST /api/v1/users", False),
    ],
)
def test_routes(route: str, fits: bool) -> None:
    assert bool(Faults(parse(f"{route}: reset")).decide("GET", USERS)) is fits


def test_the_first_rule_that_hits_decides() -> None:
    faults = Faults(parse("* every 2nd: reset; *: html"))
    assert [faults.decide("GET", USERS)[0].kind for _ in range(4)] == ["html", "reset", "html", "reset"]


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_text(
        "faults:\n  - {route: GET /api/v1/users, when: first 3, fault: 'status 503, latency 1s'}\n"
        "  - route: '*'\n    script: [status 429 retry-after 1, ok]\n"
    )
    assert parse(str(file)) == parse(
        "GET /api/v1/users first 3: status 503, latency 1s; *: status 429 retry-after 1 then ok"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "should hold a mapping"),
        ("faults: []", "a list `faults`"),
        ("other: 1", "'other'"),
        ("faults: [1]", "faults[0] should be a mapping"),
        ("faults: [{route: /a}]", "faults[0] needs either"),
        ("faults: [{rout: /a, fault: reset}]", "faults[0] has a key 'rout'"),
        ("faults: [{fault: 1}]", "faults[0].fault"),
        ("faults: [{script: []}]", "faults[0].script"),
        ("faults: [{route: 1, fault: reset}]", "are texts"),
        ("faults: [{fault: reset}, {fault: rest}]", "faults[1], column 4: there is no fault 'rest'"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "f.yaml"
    file.write_text(text)
    assert said in refuse(str(file)).message
    assert "can't read" in refuse(str(tmp_path / "absent.yml")).message


def test_seconds() -> None:
    assert [seconds(text) for text in ("50ms", "2s", "1.5", "2m")] == [0.05, 2, 1.5, 120]
    for text in ("", "-1s", "1h", "١s", "1e3"):
        with pytest.raises(ValueError):
            seconds(text)
