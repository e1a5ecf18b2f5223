"""Words of names, and English as far as names need it. Nothing here knows an API.

Before: names as documents spell them. After: `naming`, `verbs` and `keys` compare and make names of the words.
"""

from __future__ import annotations

import re

#: `listAWSAccounts` is list, AWS, Accounts; `customAAGUIDs` is custom, AAGUIDs: an acronym's plural is one word.
_BORDER = re.compile(r"([a-z0-9])([A-Z])|([A-Z]+)([A-Z](?!s(?![a-z]))[a-z])")


def words(name: str) -> list[str]:
    """The words of a name in any spelling, in lower case: `listAWSAccounts` is list, aws, accounts."""
    spaced = _BORDER.sub(r"\1\3 \2\4", name)
    return [word.lower() for word in re.split(r"[^A-Za-z0-9]+", spaced) if word]


def snake(name: str) -> str:
    """A name in snake case; one that begins with a digit gets an underscore before it."""
    text = "_".join(words(name)) or "_"
    return f"_{text}" if text[0].isdigit() else text


def singular(word: str) -> str:
    """An English plural's singular, or the word itself."""
    for end, instead in (("ies", "y"), ("sses", "ss"), ("ses", "se"), ("xes", "x"), ("ches", "ch")):
        if word.endswith(end) and len(word) > len(end) + 1:
            return word[: -len(end)] + instead
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def plural(word: str) -> str:
    """An English noun's plural, or the word itself where it is one."""
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("y") and word[-2:-1] not in ("a", "e", "i", "o", "u", ""):
        return word[:-1] + "ies"
    if word.endswith(("ss", "us", "is", "x", "z", "ch", "sh")):
        return word + "es"
    return word + "s"
