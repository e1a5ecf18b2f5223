"""A request that the sandbox says no to, before a vendor's manners put it into words.

Before: raised anywhere below `core`. After: `vendors` turn it into the status and body that the real API has.
"""

from __future__ import annotations


class Refusal(Exception):
    """Why there is no answer.

    Attributes:
        why: `unauthenticated` no credential · `forbidden` only a part of it · `missing` no such object ·
            `no_route` no such endpoint · `method` the endpoint takes other methods · `invalid` a parameter that
            can't be · `filter` a filter expression that can't be · `unsupported` the sandbox can't do it yet.
        subject: the key, path or parameter at fault.
        kind: of `missing`, what was looked for, such as `User`.
        detail: a sentence for people.
    """

    def __init__(self, why: str, subject: str = "", *, kind: str = "", detail: str = "") -> None:
        super().__init__(why, subject, detail)
        self.why = why
        self.subject = subject
        self.kind = kind
        self.detail = detail
