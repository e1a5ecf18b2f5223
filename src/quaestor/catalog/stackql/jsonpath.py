"""The JSON paths and XPaths of documents as keys: `$.data.items`, `$[*]`, `$['@odata.nextLink']`, `/*/x/member`.

Before: a document's text. After: `methods`, `paging` and `graphql` put the keys into the catalog.
"""

from __future__ import annotations

import re


def keys(text: str, *, keeps_last: bool = False) -> tuple[str, ...]:
    """The keys on a path; `*` goes over all members.

    The items of a list are its rows anyway, so a `*` at the end is left out, unless `keeps_last`: the members of an
    object are meant then.
    """
    if text.startswith("/"):
        return tuple(part for part in text.split("/") if part and part != "*")
    steps = re.findall(r"\[\*\]|\['([^']*)'\]|([^.\[\]$]+)", text)
    found = tuple(quoted or plain or "*" for quoted, plain in steps)
    while found and found[-1] == "*" and not keeps_last:
        found = found[:-1]
    return found
