"""What Okta makes along with another object, or out of one: the permissions of a new role, a copy of a signing key.

Before: `okta.rules` has a role that was just made, or a request for a copy. After: it is in its own place.
"""

from __future__ import annotations

from quaestor.catalog.model import Schema
from quaestor.sandbox.answer.refusal import Refusal
from quaestor.sandbox.answer.rules import Act

TYPE_CHECKING = False
if TYPE_CHECKING:
    from quaestor.sandbox.answer.answers import Answer
    from quaestor.sandbox.change.writes import Writer

ROLES = "/api/v1/iam/roles"
#: Where keys are copied, and the parameter that says whose the copy is.
COPIES = {"/api/v1/apps/{}/credentials/keys": "targetAid", "/api/v1/idps/{}/credentials/keys": "targetIdpId"}


def permit(writer: Writer, act: Act, role: str) -> None:
    """Gives a new role the permissions that the request names."""
    template = ROLES + "/{}/permissions"
    named = act.body.get("permissions") if isinstance(act.body, dict) else None
    collection = writer.site.collection(template, (role,))
    for name in dict.fromkeys(named if isinstance(named, list) else ()):
        writer.make(act, template, (role,), collection, {"label": name}, {}, str(name))


def copied(writer: Writer, act: Act) -> Answer:
    """Puts a signing key into the application or provider that the request names. Raises Refusal if that has no
    keys, or this isn't there."""
    home = act.route.template.removesuffix("/{}/clone")
    owner, key = act.values
    row = writer.site.collection(home, (owner,)).get(key, act.route.shape)
    if row is None:
        raise Refusal("missing", key, kind="JsonWebKey")
    target = act.query.text(COPIES[home])
    owners = writer.site.collection(home.partition("/{}")[0], ())
    if not owners.has(target):
        raise Refusal("missing", target, kind=owners.kind)
    there = writer.site.collection(home, (target,))
    if there.get(key, Schema()) is None:
        writer.places.keep(there, key, row)
    return writer.done(act, row)
