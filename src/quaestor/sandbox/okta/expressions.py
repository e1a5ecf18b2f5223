"""Conditions of group rules: as much of Okta's expression language as rules are written in.

    user.department=="Sales" AND !String.startsWith(user.title, "Chief")

Comparisons with `==` and `!=`, AND, OR, NOT (`&&`, `||`, `!`), brackets, `String.startsWith`,
`String.stringContains`, `isMemberOfGroup`, `isMemberOfAnyGroup`, `isMemberOfGroupName`. What is anything else is
refused, not guessed.
https://developer.okta.com/docs/reference/okta-expression-language/

Before: `okta.rules` activates a rule. After: a test of users.
"""

from __future__ import annotations

import re

from quaestor.sandbox.answer.refusal import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    #: A user's profile, and the ids and names of their groups → whether the rule holds.
    Condition = Callable[[dict[str, Any], Callable[[], Iterable[str]]], bool]

_TOKEN = re.compile(
    r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|==|!=|&&|\|\||[!(),]|[A-Za-z_][\w.]*|\d+(?:\.\d+)?)"""
)
_DEEPEST = 50
_GROUPS = ("ismemberofgroup", "ismemberofanygroup", "ismemberofgroupname")
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "string.startswith": lambda text, part: text.startswith(part),
    "string.stringcontains": lambda text, part: part in text,
}


def condition(text: str) -> Condition:
    """The condition that an expression is. Raises Refusal `body` for what is none that the sandbox can tell."""
    return _Parser(text).whole()


class _Parser:
    """Recursive descent: or, and, not, comparison."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[str] = []
        self.depth = 0
        at = 0
        while at < len(text.rstrip()):
            found = _TOKEN.match(text, at)
            if not found:
                raise self.refusal()
            self.tokens.append(found[1])
            at = found.end()
        self.at = 0

    def refusal(self) -> Refusal:
        said = f"expression: the sandbox can't tell what {self.text!r} means"
        return Refusal("body", "conditions.expression", causes=[said])

    def next(self) -> str:
        token = self.tokens[self.at] if self.at < len(self.tokens) else ""
        self.at += 1
        return token

    def peek(self) -> str:
        return self.tokens[self.at].lower() if self.at < len(self.tokens) else ""

    def whole(self) -> Condition:
        found = self.either()
        if self.at < len(self.tokens):
            raise self.refusal()
        return found

    def either(self) -> Condition:
        parts = [self.both()]
        while self.peek() in ("or", "||"):
            self.next()
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else lambda user, groups: any(part(user, groups) for part in parts)

    def both(self) -> Condition:
        parts = [self.single()]
        while self.peek() in ("and", "&&"):
            self.next()
            parts.append(self.single())
        return parts[0] if len(parts) == 1 else lambda user, groups: all(part(user, groups) for part in parts)

    def single(self) -> Condition:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.refusal()
        try:
            return self.negated_or_plain()
        finally:
            self.depth -= 1

    def negated_or_plain(self) -> Condition:
        if self.peek() in ("!", "not"):
            self.next()
            inner = self.single()
            return lambda user, groups: not inner(user, groups)
        if self.peek() == "(":
            self.next()
            found = self.either()
            self.expect(")")
            return found
        name = self.next()
        if name.lower() in (*_GROUPS, *_TEXTS):
            return self.call(name.lower())
        left = self.operand(name)
        operator = self.next()
        if operator not in ("==", "!="):
            raise self.refusal()
        right = self.operand(self.next())
        return lambda user, groups: (left(user) == right(user)) is (operator == "==")

    def call(self, name: str) -> Condition:
        self.expect("(")
        if name in _GROUPS:
            wanted = {self.literal(self.next())}
            while self.peek() == ",":
                self.next()
                wanted.add(self.literal(self.next()))
            self.expect(")")
            return lambda user, groups: not wanted.isdisjoint(groups())
        text = self.operand(self.next())
        self.expect(",")
        part = self.operand(self.next())
        self.expect(")")
        test = _TEXTS[name]
        return lambda user, groups: test(str(text(user) or ""), str(part(user) or ""))

    def operand(self, token: str) -> Callable[[dict[str, Any]], Any]:
        if token.startswith("user."):
            name = token.removeprefix("user.")
            return lambda user: user.get(name)
        if token.lower() in ("null", "true", "false"):
            value = {"null": None, "true": True, "false": False}[token.lower()]
            return lambda user: value
        if token[:1].isdigit():
            number = float(token)
            return lambda user: number
        text = self.literal(token)
        return lambda user: text

    def literal(self, token: str) -> str:
        if len(token) < 2 or token[0] not in "\"'":
            raise self.refusal()
        return re.sub(r"\\(.)", r"\1", token[1:-1])

    def expect(self, token: str) -> None:
        if self.next() != token:
            raise self.refusal()
