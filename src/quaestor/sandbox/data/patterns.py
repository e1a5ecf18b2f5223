"""Strings that a simple regular expression matches, made from a state.

Reads the subset that API specs use: literals, classes, `\\d \\w \\s`, groups, alternatives, counts. What it
can't read, or makes wrongly, is reported by None; the caller takes an ordinary word then.

Before: `seeded`. After: `invent` asks it for fields with a `pattern`.
"""

from __future__ import annotations

import re

from quaestor.sandbox.data.seeded import mix

_DIGITS = "0123456789"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_CLASSES = {"d": _DIGITS, "w": _LETTERS + _DIGITS, "s": " ", "S": _LETTERS, "W": "-", "D": _LETTERS}
_MOST = 4  # how many times more than it must an open count repeats at most


class _Unreadable(Exception):
    """A construct outside of the subset."""


class _Maker:
    """Walks the expression once and writes one string that it matches."""

    def __init__(self, pattern: str, state: int) -> None:
        self.pattern = pattern
        self.state = state
        self.at = 0

    def roll(self, sides: int) -> int:
        self.state = mix(self.state, 1)
        return self.state % sides

    def peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def alternatives(self) -> str:
        made = [self.sequence()]
        while self.peek() == "|":
            self.at += 1
            made.append(self.sequence())
        return made[self.roll(len(made))]

    def sequence(self) -> str:
        out = []
        while self.peek() not in ("", "|", ")"):
            start = self.at
            text = self.atom()
            low, high = self.count()
            end = self.at
            if (low, high) != (1, 1):
                text = ""
                for _ in range(low + self.roll(high - low + 1)):
                    self.at = start
                    text += self.atom()
                self.at = end
            out.append(text)
        return "".join(out)

    def atom(self) -> str:
        char = self.peek()
        self.at += 1
        if char in "^$":
            return ""
        if char == ".":
            return _LETTERS[self.roll(26)]
        if char == "[":
            return self.of_class()
        if char == "(":
            if self.peek() == "?":
                if self.pattern[self.at : self.at + 2] != "?:":
                    raise _Unreadable(self.pattern)
                self.at += 2
            text = self.alternatives()
            if self.peek() != ")":
                raise _Unreadable(self.pattern)
            self.at += 1
            return text
        if char == "\\":
            char = self.peek()
            self.at += 1
            if char in _CLASSES:
                return _CLASSES[char][self.roll(len(_CLASSES[char]))]
        return char

    def of_class(self) -> str:
        end = self.pattern.find("]", self.at + 1)
        body = self.pattern[self.at : end]
        if end < 0 or body.startswith("^"):
            raise _Unreadable(self.pattern)
        self.at = end + 1
        chars = ""
        at = 0
        while at < len(body):
            if body[at] == "\\" and at + 1 < len(body):
                chars += _CLASSES.get(body[at + 1], body[at + 1])
                at += 2
            elif body[at + 1 : at + 2] == "-" and at + 2 < len(body):
                chars += "".join(chr(code) for code in range(ord(body[at]), ord(body[at + 2]) + 1))
                at += 3
            else:
                chars += body[at]
                at += 1
        wordy = [char for char in chars if char.isalnum()]
        return (wordy or list(chars))[self.roll(len(wordy or chars))]

    def count(self) -> tuple[int, int]:
        char = self.peek()
        if char == "{" and (found := re.compile(r"\{(\d+)(,?)(\d*)\}").match(self.pattern, self.at)):
            self.at = found.end()
            low = int(found[1])
            return low, max(low, min(int(found[3]), low + _MOST)) if found[3] else low + (_MOST if found[2] else 0)
        if char and char in "?*+":
            self.at += 1
            return {"?": (0, 1), "*": (0, _MOST), "+": (1, _MOST)}[char]
        return 1, 1


def matching(pattern: str, state: int) -> str | None:
    """A string that `pattern` matches from its first to its last character, or None."""
    plain = pattern.removeprefix("(?i)")
    try:
        text = _Maker(plain, state).alternatives()
        return text if re.search(pattern, text) else None
    except (_Unreadable, re.error, ValueError, IndexError):
        return None
