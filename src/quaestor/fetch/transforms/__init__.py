"""What becomes of an answer's body before it is read as JSON: StackQL's transforms.

`golang_template_text` sees the body as text, `golang_template_json` as JSON, `golang_template_mxj` as XML made into
maps; `schema_driven_xml` finds the rows of a schema in XML; `graphql` refuses an answer with errors. The templates
that only wrap a bare list (`{"users": <body>}`) never come here: `catalog.stackql` recognises them.

Before: `client` has a whole body. After: `decode` reads the JSON that this makes.
"""

from __future__ import annotations

import json

from quaestor.errors import DecodeError
from quaestor.fetch.transforms import gotemplate, markup
from quaestor.fetch.transforms.graphql import check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


#: Before a kind of XML: the answer's token for the next page is kept beside its rows.
PAGED = "paged_"


def transform(kind: str, template: str, body: bytes) -> bytes:
    """The JSON that a transform makes of a body.

    `kind` is the document's word without its version. For `schema_driven_xml` the template is JSON that describes a
    row: `name` of its schema, `columns`, wire name → type, and `elements`, member → element. Raises CatalogError for
    a template that isn't understood, DecodeError where the body doesn't fit.
    """
    if kind == "graphql":
        return check(body)
    if kind.startswith(PAGED):
        return _paged(kind.removeprefix(PAGED), template, body)
    if kind == "schema_driven_xml":
        return _json({"line_items": _rows(json.loads(template), body)})
    return gotemplate.execute(gotemplate.parse(template), _input(kind, body)).encode()


def _rows(row: dict[str, Any], body: bytes) -> list[Any]:
    """The rows of an XML answer; one, the whole answer, where the document says nothing of its members."""
    if not body.strip():
        return []
    if not row["columns"] and not body.lstrip().startswith(b"<"):  # a policy, a torrent: not XML, whatever it says
        try:
            return [body.decode()]
        except UnicodeDecodeError as error:
            raise DecodeError(f"the answer is no UTF-8 text: byte {error.start}") from error
    root = markup.named(markup.parse(body), row.get("elements", {}))
    return markup.rows(root, row["columns"], row["name"]) if row["columns"] else [markup.plain(root)]


def _paged(kind: str, template: str, body: bytes) -> bytes:
    """What the transform makes, and beside it what the XML says of a further page, which transforms drop.

    The template begins with a line that names the parameter of the token, empty for none. Raises DecodeError where
    more follows and the transform makes a bare list, which has no place for the token.
    """
    parameter, _, rest = template.partition("\n")
    token, more = markup.following(markup.parse(body), parameter) if body.strip() else (None, None)
    made = transform(kind, rest, body).strip()
    if token is None and not more:
        return made
    if made[:1] != b"{":
        raise DecodeError("more follows this answer, and its transform doesn't keep what would ask for it")
    members = f'"quaestor:next":{json.dumps(token)},"quaestor:more":{json.dumps(more)}'.encode()
    return b"{" + members + (b"," if made[1:].strip() != b"}" else b"") + made[1:]


def _input(kind: str, body: bytes) -> Any:
    if kind == "golang_template_mxj":
        return markup.whole(markup.parse(body))
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise DecodeError(f"the answer is no UTF-8 text: byte {error.start}") from error
    if kind == "golang_template_text":
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise DecodeError(f"the answer is no JSON: {error}") from error


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
