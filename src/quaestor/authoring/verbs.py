"""Which SQL verb an operation is, where nobody has said so: by HTTP method, path and the first word of its name.

Before: `catalog.openapi` reads the operations. After: `authoring.naming` gives them names.

HTTP methods decide (GET select, POST insert, PATCH update, PUT replace, DELETE delete), but for these:

- The first word of the operationId acts (`activate`, `publish`, `reorder`), or an HTTP method and the word don't go
  together (a DELETE that `disable`s): exec.
- The path goes on behind an item with something that can't be read (`PATCH /issues/{id}/assignee` without a GET):
  it changes a part of the item, which is exec. So is what two parameters in a row name (`/{feature}/{lifecycle}`).
- GET of something that isn't JSON (a download) or of nothing, and GETs that convert or preview: exec.
- POST of a custom method (`/topics/{topic}:publish`): exec.
- POST on an item's path, or POST that `update`s what can be read there as one object: update.
- POST that `list`s: select. POST that searches: exec, since what it asks for is in its body.
"""

from __future__ import annotations

import re

from quaestor.authoring.keys import plain, shape
from quaestor.authoring.words import words
from quaestor.catalog.openapi import is_json
from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from quaestor.catalog.openapi import Operation

_BY_HTTP = {"GET": "select", "POST": "insert", "PATCH": "update", "PUT": "replace", "DELETE": "delete"}
_READING = frozenset(words("get list search find fetch retrieve read query describe show lookup count check"))
_MAKING = frozenset(words("create add assign insert new make grant submit upsert generate register"))
_CHANGING = frozenset(words("update edit modify patch change set replace put upsert save"))
_HTTP = frozenset(words("get post put patch delete"))
_REMOVING = frozenset(words("delete remove revoke unassign unlink close unenroll cancel clear destroy purge end"))
#: Words that act on something, whatever the HTTP method.
_ACTING = frozenset(
    words(
        "acknowledge activate aggregate analyze approve archive bulk calculate cancel clone complete compute confirm"
        " convert deactivate deny detach disable download enable end escalate evaluate execute expire export extend"
        " finalize forgot"
        " import initiate invite link lock map mark merge move mute opt order pause ping preview probe publish query"
        " reactivate rebuild refresh regenerate reject reorder resend reset resolve restart restore resume retry"
        " revert revoke rotate run search send simulate start stop subscribe suspend swap sync terminate test"
        " transfer trigger unarchive undelete undo unlock unmute unpublish unregister unsubscribe unsuspend upload"
        " validate verify watch"
    )
)
_ACTING_GET = frozenset(words("download preview convert export render validate"))
_ACTING_DELETE = frozenset(words("disable unpublish unregister deactivate suspend"))
_KNOWN = _READING | _MAKING | _CHANGING | _REMOVING | _ACTING | _HTTP
#: What the last part of a POST's path begins with where it acts, whatever it acts on (`getMemberGroups`).
_SURELY = frozenset(words("batch calculate check compute evaluate get make validate verify"))


class Around(Record):
    """What else an API has: the shapes of all paths, of those with a GET, and of those whose GET gives one object."""

    shapes: frozenset[str]
    readable: frozenset[str]
    single: frozenset[str]


def around(operations: Iterable[Operation]) -> Around:
    """What there is around each of these operations."""
    listed = list(operations)
    gets = [each for each in listed if each.http == "GET" and not _is_acting_get(each)]
    return Around(
        frozenset(shape(each.path) for each in listed),
        frozenset(shape(each.path) for each in gets),
        frozenset(shape(each.path) for each in gets if not answers_list(each)),
    )


def answers_list(operation: Operation) -> bool:
    """Whether a GET's name or schema says that it lists."""
    return first_word(operation) == "list" or (operation.response is not None and operation.response.type == "array")


def first_word(operation: Operation) -> str:
    """The word of its operationId that says what it does, usually the first one; empty if none does."""
    said, last = words(operation.operation), words(re.split(r"[./]", operation.operation)[-1])
    return next((word for word in (*said[:1], *said[-1:], *last[:1]) if word in _KNOWN), "")


def acts(operation: Operation) -> bool:
    """Whether an operation's name says that it acts, which names no resource."""
    return first_word(operation) in _ACTING


def is_verb(word: str) -> bool:
    """Whether a word says what an operation does, not what with."""
    return word in _KNOWN


def verb(operation: Operation, api: Around) -> str:
    """The SQL verb of an operation."""
    if operation.http == "GET":
        return "exec" if _is_acting_get(operation) else "select"
    if operation.http == "POST":
        return _of_post(operation, api)
    word = first_word(operation)
    if operation.http == "DELETE":
        acts = word in _ACTING_DELETE or _is_part(operation, api)
    else:
        acts = word in (_ACTING | {"register"}) - {"set"} or _is_part(operation, api)
    return "exec" if acts else _BY_HTTP.get(operation.http, "exec")


def _is_acting_get(operation: Operation) -> bool:
    if operation.response is None:  # whether there is something is all that it says
        return operation.status > 0
    answers_file = not is_json(operation.media_type)
    return answers_file or first_word(operation) in _ACTING_GET


def _of_post(operation: Operation, api: Around) -> str:
    word, parts = first_word(operation), plain(operation.path).split("/")
    if _is_action(operation, parts):
        return "exec"
    if parts[-1].startswith("{"):
        return "exec" if parts[-2].startswith("{") else "insert" if word in _MAKING else "update"
    if word in _CHANGING - {"upsert"}:
        return "update" if shape(operation.path) in api.single else "exec"
    if word == "list":
        return "select"
    return "insert" if word in _MAKING or not _looks_acting(operation, parts, api) else "exec"


def _is_action(operation: Operation, parts: list[str]) -> bool:
    """Whether the operation's name or the last part of its path says that it acts."""
    if first_word(operation) in _ACTING:
        return True
    if "{" in parts[-1]:
        return False
    if _is_custom(operation):
        return True
    last = words(parts[-1])
    plural = bool(last) and last[-1].endswith("s") and not last[-1].endswith("ss")
    if not last:
        return False
    sure = last[0] in _SURELY and len(last) > 1 and first_word(operation) not in _MAKING
    return sure or last == ["add"] or (last[0] in _ACTING | {"assign"} and not plural)


def _is_custom(operation: Operation) -> bool:
    """Whether its path ends in a custom method, `/topics/{topic}:publish`
    (https://google.aip.dev/136)."""
    return ":" in operation.path.partition("?")[0].rpartition("/")[2]


def _looks_acting(operation: Operation, parts: list[str], api: Around) -> bool:
    """Whether a POST whose name says nothing acts on an item: its path goes on behind one with no collection."""
    last = words(parts[-1])
    plural = bool(last) and last[-1].endswith("s") and not last[-1].endswith("ss")
    return any("{" in part for part in parts[:-1]) and not plural and shape(operation.path) not in api.readable


def _is_part(operation: Operation, api: Around) -> bool:
    """Whether its path names a part of an item that is no resource: nothing reads it, nothing is in it."""
    path = shape(operation.path)
    below_item = "{}" in path and not path.endswith("{}")
    return below_item and path not in api.readable and f"{path}/{{}}" not in api.shapes
