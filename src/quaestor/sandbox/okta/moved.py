"""Steps of Okta's that have gone elsewhere: the spec documents nothing but 301 for them.

Before: `rules` knows their paths. After: the client follows the Location, or reads that it is told to.
"""

from __future__ import annotations

from quaestor.sandbox.answer.answers import Answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from quaestor.sandbox.answer.rules import Act

_SUPPORT = "/api/v1/org/privacy/oktaSupport"
#: What took the place of these, relative to them.
_INSTEAD = "cases"
MOVED = tuple(f"{_SUPPORT}/{step}" for step in ("grant", "extend", "revoke"))


def moved(act: Act) -> Answer:
    """Where the cases are that support is granted access by."""
    return Answer(301, b"", headers=(("location", _INSTEAD),))
