"""Objects that are made and deleted by an action's parameters, where the path names nothing: AWS's query protocol.

Before: `writes` has a request whose operation goes by a collection of its resource (`answer.routes`). After: the
object is in that collection, or gone from it.
"""

from __future__ import annotations

from quaestor.catalog.model import Schema
from quaestor.sandbox.answer.refusal import Refusal
from quaestor.sandbox.answer.routes import naming

TYPE_CHECKING = False
if TYPE_CHECKING:
    from quaestor.sandbox.answer.answers import Answer
    from quaestor.sandbox.answer.rules import Act
    from quaestor.sandbox.change.writes import Writer


def by_name(writer: Writer, act: Act) -> Answer:
    """Makes or deletes the object that a parameter names. Raises Refusal where it is there already, or isn't."""
    route = act.route
    if route.method.verb == "insert":
        known = writer.read_shape(route.home) or Schema()
        named = [p.wire for p in route.method.parameters if p.wire in act.query and p.wire in known.properties]
        act.body = {name: act.query.text(name) for name in named}
        return writer.create(act, home=route.home)
    collection, key = writer.site.collection(route.home, act.values), act.query.text(naming(route))
    if not collection.has(key):
        raise Refusal("missing", key, kind=collection.kind)
    writer.places.unlink(collection, collection.canonical(key))
    return writer.done(act)
