"""Keys that a YAML text says twice, which YAML 1.2 (3.2.1.3) forbids and its readers let pass: the last one counts.

A document that says a key twice means something else to whom reads the first. Mappings in block style are looked
through, which is how documents are written; of the others, `{a: 1}`, only the reader knows. Before: `document` has a
text. After: it is refused.
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


def repeated(text: str) -> tuple[str, int] | None:
    """The first key that one mapping has twice, and its line from 1; None if there is none."""
    key, item, empty = re.compile(_KEY), re.compile(_ITEM), re.compile(_NO_VALUE)
    seen: list[tuple[int, set[str]]] = []  # of each open mapping, where its keys begin
    inside = -1  # lines further right than this belong to a value
    for number, line in enumerate(text.split("\n"), 1):
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
    return None
