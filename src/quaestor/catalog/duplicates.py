"""Keys that a YAML text says twice, which YAML 1.2 (3.2.1.3) forbids and its readers let pass: the last one counts.

A document that says a key twice means something else to whom reads the first. Mappings in block style are looked
through line by line, those in braces from mark to mark. Before: `document` has a text. After: it is refused.
"""

from __future__ import annotations

import re

_KEY = (
    r"( *)((?:-[ ]+)*)"
    r"(\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'|[^\s\"'#\[\]{}&*!|>%@`,?-](?:[^:#\n]|:(?=\S)|(?<=\S)\#)*?)"
    r"[ ]*:(?:[ ]+(.*))?$"
)
_ITEM = r"( *)((?:-(?:[ ]+|$))+)(.*)$"
#: What may stand behind a key whose mapping or list begins on the next line.
_NO_VALUE = r"(?:[&!]\S*[ ]*)*(?:#.*)?$"
#: Where a value in braces or brackets begins.
_FLOW = r"(?:[&!]\S*[ ]+)*[{\[]"
#: What stands in braces: quoted texts, comments, marks, and the words between.
_TOKEN = (
    r"(?P<quoted>\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*')|(?P<comment>(?<=\s)#[^\n]*)|(?P<mark>[{}\[\],])|"
    r"(?P<colon>:(?=[\s,\[\]{}]|$)|(?<=[\"']):)|(?P<blank>\s+)|(?P<word>(?:[^\s{}\[\],:]|:(?![\s,\[\]{}]|$))+)"
)


def repeated(text: str) -> tuple[str, int] | None:
    """The first key that one mapping has twice, and its line from 1; None if there is none."""
    key, item, empty = re.compile(_KEY), re.compile(_ITEM), re.compile(_NO_VALUE)
    flow = re.compile(_FLOW)
    start = 0
    seen: list[tuple[int, set[str]]] = []  # of each open mapping, where its keys begin
    inside = -1  # lines further right than this belong to a value
    for number, line in enumerate(text.split("\n"), 1):
        at, start = start, start + len(line) + 1
        stripped = line.lstrip(" ")
        if not stripped or stripped[0] == "#" or stripped == "\r":
            continue
        depth = len(line) - len(stripped)
        if inside >= 0 and depth > inside:
            continue
        inside = -1
        if depth == 0 and line.startswith(("---", "...")):
            seen.clear()
            continue
        found = key.match(line.rstrip("\r"))
        if found is None:
            other = item.match(line)
            while seen and seen[-1][0] > depth:
                seen.pop()
            if other is not None and not empty.match(other[3]):
                inside = depth
            begins = flow.match(line, other.start(3) if other is not None else depth)
            if begins is not None and (twice := _in_braces(text, at + begins.end() - 1)) is not None:
                return twice, number
            continue
        column = found.start(3)
        first_dash = depth if found[2] else column
        while seen and (seen[-1][0] > column or (found[2] and seen[-1][0] > first_dash)):
            seen.pop()
        name = found[3].strip("\"'")
        if not seen or seen[-1][0] < column:
            seen.append((column, set()))
        if name in seen[-1][1]:
            return name, number
        seen[-1][1].add(name)
        if found[4] and not empty.match(found[4]):
            inside = column
            begins = flow.match(line, found.start(4))
            if begins is not None and (twice := _in_braces(text, at + begins.end() - 1)) is not None:
                return twice, number
    return None


def _in_braces(text: str, at: int) -> str | None:
    """The first key that a mapping in braces has twice, from `at` to where the brace or bracket there is closed."""
    token = re.compile(_TOKEN)
    open_: list[set[str] | None] = []  # the keys of each mapping, None for a list
    words: list[str] = []
    is_key = True
    while (found := token.match(text, at)) is not None:
        at = found.end()
        mark = found["mark"]
        if found["quoted"] or found["word"]:
            words.append(found[0])
        elif found["colon"] or mark in (",", "}"):
            keys = open_[-1] if open_ else None
            if keys is not None and is_key and words:
                name = " ".join(words).strip("\"'")
                if name in keys:
                    return name
                keys.add(name)
            is_key = not found["colon"]
            words = []
        if mark in ("{", "["):
            open_.append(set() if mark == "{" else None)
            words, is_key = [], True
        elif mark in ("}", "]"):
            if open_:
                open_.pop()
            words, is_key = [], False
            if not open_:
                return None
    return None
