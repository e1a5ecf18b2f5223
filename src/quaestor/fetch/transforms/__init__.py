"""What becomes of an answer's body before it is read as JSON: StackQL's transforms.

`golang_template_text` sees the body as text, `golang_template_json` as JSON, `golang_template_mxj` as XML made into
maps; `schema_driven_xml` finds the rows of a schema in XML. The templates that only wrap a bare list
(`{"users": <body>}`) never come here: `catalog.stackql` recognises them.

Before: `client` has a whole body. After: `decode` reads the JSON that this makes.
"""

from __future__ import annotations

import json

from quaestor.errors import DecodeError
from quaestor.fetch.transforms import gotemplate, markup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def transform(kind: str, template: str, body: bytes) -> bytes:
    """The JSON that a transform makes of a body.

    `kind` is the document's word without its version. For `schema_driven_xml` the template is JSON that describes a
    row: `name` of its schema, and `columns`, wire name → type. Raises CatalogError for a template that isn't
    understood, DecodeError where the body doesn't fit.
    """
    if kind == "schema_driven_xml":
        row = json.loads(template)
        found = markup.rows(markup.parse(body), row["columns"], row["name"]) if body.strip() else []
        return _json({"line_items": found})
    return gotemplate.execute(gotemplate.parse(template), _input(kind, body)).encode()


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
