"""What an operation is in SQL: where its rows are, what it takes as its body.

Before: `catalog.openapi` reads the operation.
After: `authoring.keys` maps its parameters to columns, `authoring.build` lays an overlay over all of it.

The rules for rows, in order:

1. An array: its items.
2. `data` in an object that holds besides only what is said about a page or an answer: what `data` holds. If that
   has `type` and `attributes`, it is JSON:API and is laid flat.
3. A single list in an object that holds besides only such things: its items (`{"users": [...], "total": 3}`).
4. A single object of that kind, if the operation's name or path says that it is the thing asked for (`{"org":
   {...}}`), or a single map (`{"tags": {"env:prod": [...]}}`): that.
5. The one list of objects in a body that says besides what kind of answer it is (`{"kind": …, "etag": …, "items":
   [...]}`), or in any body of an operation that lists: one that takes a page, or whose answer leads to a next page or
   counts more than it holds, or whose name says so. Of several such lists, the one that is called after the path, or
   as lists in envelopes are (`items`, `results`). The same one level deeper, where the body holds but one object.
6. Anything else: the body is the row.

An operation that takes a page and yet answers one JSON:API object lists what that object's single list holds
(`data.attributes.incidents`). Where each item is nothing but an envelope, `{"data": {…}}`, the row is in it.
"""

from __future__ import annotations

import re

from quaestor.authoring import paging
from quaestor.authoring.keys import is_item, plain
from quaestor.authoring.verbs import first_word
from quaestor.catalog import columns
from quaestor.catalog.model import Body, Response, Schema
from quaestor.catalog.openapi import Operation, is_json
from quaestor.record import Record, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from quaestor.catalog.columns import Lookup

#: Members of a body that are about the answer, not part of what was asked for.
_ABOUT = re.compile(
    r"_?links?|included|meta(data)?|pag(e|es|ing|ination)|response_metadata|errors?|warnings?|status|_embedded"
    r"|(total|next|prev|previous|first|last|has)[a-z_]*([A-Z]\w*)?|counts?|from|to|cursor|after|limit|offset|is[A-Z_]\w*"
)
#: Members that say what kind of answer this is, or that it went well; where they are alone beside a list, it is the
#: answer.
_ENVELOPE = re.compile(
    r"api_?[vV]ersion|kind|object|etag|ur[il]|self(_?[lL]ink)?|ok|success|message|code|@.*|schemas?|request_?[iI]d|took"
)
#: Members that only a page of a list has.
_OF_PAGES = re.compile(
    r"@odata\.nextLink|next[\w]*|has_?[mM]ore\w*|has_?[nN]ext\w*|is_?[tT]runcated|total_?(count|results|items|size|pages"
    r"|Count|Results|Items|Size|Pages)|itemsPerPage|items_per_page|per_?[pP]age|page_?[sS]ize|nextPageToken"
)
_USUAL_LISTS = ("data", "items", "results", "records", "value", "values", "entries", "elements", "rows", "content",
                "Resources", "resources", "list", "hits")  # fmt: skip
#: What the column of bare values is called.
VALUE, KEY, CONTENT = "value", "key", "content"


def is_about(member: str) -> bool:
    """Whether a member of a body, by its name, is about the answer."""
    return _ABOUT.fullmatch(member) is not None


class Rows(Record):
    """Where rows are: `many` if the answer is a list, `wrapped` if it isn't the body itself, and `guess` if
    only a rule of thumb says so."""

    response: Response
    many: bool
    wrapped: bool
    guess: bool


def rows(operation: Operation, schema_name: str, lookup: Lookup) -> Rows:
    """Where the rows of an operation's answer are. `schema_name` is what its body's schema is called."""
    status = operation.status or 200
    if operation.response is None:
        return Rows(Response(status=status, media_type=""), False, False, False)
    if not is_json(operation.media_type):
        return Rows(Response(status=status, media_type=operation.media_type, scalar=CONTENT), False, False, False)
    base = Response(status=status, media_type=operation.media_type, schema=schema_name)
    path, guess = _path(operation, lookup)
    response = finished(replace(base, row_path=path), lookup)
    return Rows(response, bool(response.map_key) or _is_list(response, lookup), bool(path), guess)


def finished(response: Response, lookup: Lookup) -> Response:
    """A response whose `row_path` is known, with what follows from it: JSON:API, maps, bare values."""
    if not response.schema:
        return response
    found = columns.row_schemas(response, lookup)
    members = columns.object_fields(found, lookup)
    if "attributes" in members and "type" in members and not response.flatten:
        attributes = columns.object_fields(members["attributes"][0], lookup)
        return replace(response, flatten="jsonapi") if attributes else response
    if members or response.map_key or response.scalar:
        return response
    each = [branch for schema in found for branch in columns.branches(schema, lookup)]
    values = [branch.additional for branch in each if branch.additional is not None]
    if len(each) != 1 or not values or values[0] == Schema() or _is_list(response, lookup):
        return replace(response, scalar=VALUE)
    if columns.object_fields(values, lookup):
        return replace(response, map_key=KEY)
    return replace(response, map_key=KEY, scalar=VALUE)


def _path(operation: Operation, lookup: Lookup) -> tuple[tuple[str, ...], bool]:
    """Keys from the body to the rows, and whether a rule of thumb found them."""
    assert operation.response is not None
    if operation.paging.get("resultsPath"):
        path = tuple(str(operation.paging["resultsPath"]).split("."))
        return _opened(path, operation.response, lookup), False
    if any(branch.type == "array" for branch in columns.branches(operation.response, lookup)):
        return (), False
    members = {name: found for name, (found, _) in columns.object_fields([operation.response], lookup).items()}
    asked = [name for name in members if not _ABOUT.fullmatch(name)]
    if "data" in members and asked == ["data"]:
        listed = _in_attributes(members["data"], operation, lookup)
        return (_opened(listed, operation.response, lookup), True) if listed else (("data",), False)
    name = asked[0] if len(asked) == 1 else ""
    if not asked:
        lists = [each for each in members if columns.type_of(members[each][0], lookup) == "array"]
        name = lists[0] if len(lists) == 1 and lists[0] not in ("errors", "warnings") else ""
    if name and _is_thing(name, members[name], operation, lookup):
        inside = _listed(members[name], operation, lookup) if _asks_for_pages(operation) else ()
        return (name, *inside), True
    listed = _listed([operation.response], operation, lookup)
    return listed, bool(listed)


def _asks_for_pages(operation: Operation) -> bool:
    """Whether a parameter or the name of an operation says that it lists."""
    return paging.has_pages(operation) or first_word(operation) == "list"


def _listed(body: list[Schema], operation: Operation, lookup: Lookup, *, inside: bool = False) -> tuple[str, ...]:
    """The path of the list in a body that is more than its envelope, empty if it is no list."""
    members = {name: found for name, (found, _) in columns.object_fields(body, lookup).items()}
    lists = [name for name in members if _is_list_of_objects(members[name], lookup) and not is_about(name)]
    if not lists:
        lists = [name for name in _USUAL_LISTS if name in members]
        lists = [name for name in lists if columns.type_of(members[name][0], lookup) == "array"][:1]
    others = [name for name in members if name not in lists and not is_about(name) and not _ENVELOPE.fullmatch(name)]
    asked, alone = _asks_for_pages(operation), not others and len(lists) == 1
    told = any(_OF_PAGES.fullmatch(name) for name in members)
    told = told or "_embedded" in members
    if not ((asked and alone) if is_item(operation.path) else (asked or alone or told or inside)):
        return ()
    last = plain(operation.path).rpartition("/")[2]
    usual = [name for name in lists if name == last] or [name for name in _USUAL_LISTS if name in lists]
    if len(lists) == 1 or usual:
        return ((usual or lists)[0],)
    whole = [name for name in others if columns.type_of(members[name][0], lookup) == "object"]
    whole = ["_embedded"] if "_embedded" in members else whole
    if inside or lists or len(whole) != 1 or (len(others) > 1 and whole != ["_embedded"]):
        return ()
    below = _listed(members[whole[0]], operation, lookup, inside=whole == ["_embedded"])
    return (whole[0], *below) if below else ()


def _is_list_of_objects(found: list[Schema], lookup: Lookup) -> bool:
    items = [b.items for schema in found for b in columns.branches(schema, lookup) if b.items is not None]
    return bool(columns.object_fields(items, lookup))


def _is_thing(name: str, found: list[Schema], operation: Operation, lookup: Lookup) -> bool:
    """Whether the only member of a wrapper is what was asked for: a list, a map, or an object of that name."""
    kind = columns.type_of(found[0], lookup)
    if kind != "object":
        return kind == "array"
    inside = columns.object_fields(found, lookup)
    if not inside:
        return columns.resolved(found[0], lookup).additional not in (None, Schema())
    return len(inside) > 1 and _is_named(name, operation)


def _in_attributes(data: list[Schema], operation: Operation, lookup: Lookup) -> tuple[str, ...]:
    """The path of the single list or map in the attributes of one object, if the operation takes a page."""
    if not paging.has_pages(operation):
        return ()
    if any(branch.type == "array" for schema in data for branch in columns.branches(schema, lookup)):
        return ()
    members = columns.object_fields(data, lookup)
    attributes = columns.object_fields(members["attributes"][0], lookup) if "attributes" in members else {}
    lists = []
    for name, (found, _) in attributes.items():
        kind = columns.type_of(found[0], lookup)
        if kind == "array" or (kind == "object" and columns.resolved(found[0], lookup).additional):
            lists.append(name)
    others = [name for name in attributes if name not in lists and not _ABOUT.fullmatch(name) and name != "facets"]
    return ("data", "attributes", lists[0]) if len(lists) == 1 and not others else ()


def _opened(path: tuple[str, ...], body: Schema, lookup: Lookup) -> tuple[str, ...]:
    """The path, into the envelope of each item where that is all that an item has."""
    schemas = [body]
    for key in path:
        members = columns.object_fields(schemas, lookup)
        schemas = members[key][0] if key in members else []
    items = [b.items for schema in schemas for b in columns.branches(schema, lookup) if b.items is not None]
    inside = columns.object_fields(items, lookup)
    return (*path, "*", "data") if len(path) > 1 and list(inside) == ["data"] else path


def _is_named(member: str, operation: Operation) -> bool:
    """Whether the operation's name or path names this member: `user` in `getUser` or `/user/{id}`."""
    flat = member.replace("_", "").replace("-", "").lower()
    said = (operation.operation + operation.path).replace("_", "").replace("-", "").lower()
    return flat in said


def _is_list(response: Response, lookup: Lookup) -> bool:
    schemas = [Schema(ref=response.schema)]
    for key in response.row_path:
        if key == "*":
            return True
        members = columns.object_fields(schemas, lookup)
        schemas = members[key][0] if key in members else []
    return any(branch.type == "array" for schema in schemas for branch in columns.branches(schema, lookup))


def body(operation: Operation, schema_name: str, lookup: Lookup) -> Body | None:
    """What an operation takes as its body, None for nothing. JSON:API's envelope is found, and its `type` where
    the schema leaves no choice."""
    if not operation.body_media_type:
        return None
    found = Body(schema=schema_name, media_type=operation.body_media_type, required=operation.body_required)
    if operation.body is None or not is_json(operation.body_media_type):
        return found
    members = columns.object_fields([operation.body], lookup)
    if "data" not in members or columns.type_of(members["data"][0][0], lookup) != "object":
        return found
    data = columns.object_fields(members["data"][0], lookup)
    if "type" not in data:
        return found
    constants: dict[str, Any] = {}
    kind = columns.resolved(data["type"][0][0], lookup)
    if len(kind.enum) == 1:
        constants["data.type"] = kind.enum[0]
    elif isinstance(kind.default, str):
        constants["data.type"] = kind.default
    return replace(found, envelope=("data", "attributes") if "attributes" in data else ("data",), constants=constants)
