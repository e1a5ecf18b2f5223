"""A request that the sandbox says no to, before a vendor's manners put it into words.

Before: raised anywhere below `core`. After: `manners` turn it into the status and body that the real API has.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Refusal(Exception):
    """Why there is no answer.

    Attributes:
        why: `unauthenticated` no credential · `forbidden` only a part of it · `missing` no such object ·
            `no_route` no such endpoint · `method` the endpoint takes other methods · `invalid` a parameter that
            can't be · `filter` a filter expression that can't be · `malformed` a body that isn't JSON ·
            `body` a body that can't be · `conflict` there is such an object · `rule` the state of things doesn't
            allow it · `unsupported` the sandbox can't do it.
        subject: the key, path, parameter or field at fault.
        kind: of `missing`, what was looked for, such as `User`.
        detail: a sentence for people.
        causes: of `body` and `conflict`, what is wrong, one sentence each.
        status, code: where the vendor has its own for this rule; 0 and empty otherwise.
        headers: that the response has because of it.
    """

    def __init__(
        self,
        why: str,
        subject: str = "",
        *,
        kind: str = "",
        detail: str = "",
        causes: Sequence[str] = (),
        status: int = 0,
        code: str = "",
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(why, subject, detail)
        self.why = why
        self.subject = subject
        self.kind = kind
        self.detail = detail
        self.causes = tuple(causes)
        self.status = status
        self.code = code
        self.headers = tuple(headers)
