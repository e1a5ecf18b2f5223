"""The filter language of Okta's `filter` and `search`: SCIM's (RFC 7644, 3.4.2.2), as far as Okta takes it.

    status eq "ACTIVE" and (profile.department eq "Sales" or not (profile.city sw "B"))

Before: a list's query. After: a test of rows. What isn't this language is a Refusal: a filter is never passed over.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from quaestor.record import Record
from quaestor.sandbox.answer.manners import values_at
from quaestor.sandbox.answer.refusal import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Test = Callable[[dict[str, Any]], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<bracket>[()])|(?P<word>[^\s()"]+))""",
    re.X,
)
_TRAILING_ZEROS = re.compile(r"\.0+(?=Z$)")
#: Attributes that hold times.
INSTANTS = frozenset(
    {"created", "activated", "statusChanged", "lastUpdated", "lastMembershipUpdated", "lastLogin", "published"}
)
#: How deep brackets and `not` may nest.
_DEEPEST = 50
_OPERATORS = ("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr")


class Filter(Record):
    """A filter that was understood.

    Attributes:
        test: whether a row passes.
        attributes: the attributes that it looks at, with dots.
        operators: the operator of each, in the same order.
        words: what joins them, of `and`, `or` and `not`.
        equal: attribute and value, if the whole filter is one `eq`; else empty.
    """

    test: Test
    attributes: tuple[str, ...]
    operators: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    equal: tuple[str, ...] = ()


def parse(text: str, parameter: str) -> Filter:
    """The filter that `text` is. Raises Refusal `filter`, naming `parameter`, for what isn't one."""
    return _Parser(text, parameter).whole()


class _Parser:
    """Recursive descent: or, and, not, comparison."""

    def __init__(self, text: str, parameter: str) -> None:
        self.text = text
        self.parameter = parameter
        self.tokens: list[str] = []
        at = 0
        while at < len(text.rstrip()):
            found = _TOKEN.match(text, at)
            if not found:
                raise self.refusal(f"can't be read from character {at + 1}")
            self.tokens.append(found[0].strip())
            at = found.end()
        self.at = 0
        self.attributes: list[str] = []
        self.operators: list[str] = []
        self.words: list[str] = []
        self.equal: tuple[str, ...] = ()
        self.comparisons = 0
        self.depth = 0

    def refusal(self, why: str) -> Refusal:
        return Refusal("filter", self.parameter, detail=f"{self.parameter} {self.text!r} {why}")

    def next(self) -> str:
        token = self.tokens[self.at] if self.at < len(self.tokens) else ""
        self.at += 1
        return token

    def peek(self) -> str:
        return self.tokens[self.at].lower() if self.at < len(self.tokens) else ""

    def whole(self) -> Filter:
        test = self.either()
        if self.at < len(self.tokens):
            raise self.refusal(f"goes on with {self.tokens[self.at]!r} where it should end")
        equal = self.equal if self.comparisons == 1 else ()
        return Filter(test, tuple(self.attributes), tuple(self.operators), tuple(self.words), equal)

    def either(self) -> Test:
        tests = [self.both()]
        while self.peek() == "or":
            self.words.append(self.next().lower())
            tests.append(self.both())
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)

    def both(self) -> Test:
        tests = [self.single()]
        while self.peek() == "and":
            self.words.append(self.next().lower())
            tests.append(self.single())
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    def single(self) -> Test:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.refusal("is nested too deep")
        test = self.negated_or_bracketed()
        self.depth -= 1
        return test

    def negated_or_bracketed(self) -> Test:
        if self.peek() == "not":
            self.words.append(self.next().lower())
            if self.peek() != "(":
                raise self.refusal("needs a bracket behind `not`")
            inner = self.single()
            self.comparisons += 1  # `not (a eq b)` is no equality
            return lambda row: not inner(row)
        if self.peek() == "(":
            self.next()
            inner = self.either()
            if self.next() != ")":
                raise self.refusal("lacks a closing bracket")
            return inner
        return self.comparison()

    def comparison(self) -> Test:
        path, operator = self.next(), self.next().lower()
        if not path or path.startswith(('"', ")")) or operator not in _OPERATORS:
            raise self.refusal("isn't `attribute operator value` with one of " + " ".join(_OPERATORS))
        self.attributes.append(path)
        self.operators.append(operator)
        self.comparisons += 1
        if operator == "pr":
            return lambda row: bool(values_at(row, path))
        raw = self.next()
        if not raw or raw in "()":
            raise self.refusal(f"lacks the value behind `{path} {operator}`")
        if raw.startswith('"'):
            raw = re.sub(r"\\(.)", r"\1", raw[1:-1])
        wanted = _plain(self.instant(path, raw) if path.rpartition(".")[2] in INSTANTS else raw)
        if operator == "eq":
            self.equal = (path, raw)
        if operator == "ne":
            return lambda row: all(_plain(value) != wanted for value in values_at(row, path))
        compare = _COMPARE[operator]
        return lambda row: any(compare(_plain(value), wanted) for value in values_at(row, path))

    def instant(self, path: str, raw: str) -> str:
        """A time as rows have theirs, in UTC. Raises Refusal for what is none."""
        try:
            at = datetime.fromisoformat(raw)
        except ValueError:
            raise self.refusal(f"compares {path} with {raw!r}, which is no time of ISO 8601") from None
        whole = (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).astimezone(UTC)
        return whole.strftime("%Y-%m-%dT%H:%M:%S.") + f"{whole.microsecond // 1000:03d}Z"


def _plain(value: Any) -> str:
    """A value as it is compared: without case, a time without its zero fraction."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _TRAILING_ZEROS.sub("", str(value)).lower()


_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "eq": lambda value, wanted: value == wanted,
    "co": lambda value, wanted: wanted in value,
    "sw": lambda value, wanted: value.startswith(wanted),
    "ew": lambda value, wanted: value.endswith(wanted),
    "gt": lambda value, wanted: value > wanted,
    "ge": lambda value, wanted: value >= wanted,
    "lt": lambda value, wanted: value < wanted,
    "le": lambda value, wanted: value <= wanted,
}
