"""XML answers as JSON: whole (as StackQL's `mxj` transform sees them), and by the schema of a row.

Documents with a DOCTYPE are refused: nothing that an API answers has one, and entities are how XML attacks.
Before: `transforms` has an XML body. After: plain dicts and lists.
"""

from __future__ import annotations

import json

from quaestor.errors import DecodeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from typing import Any
    from xml.etree.ElementTree import Element

#: How deep elements may nest.
MAX_DEPTH = 200
#: Marks elements that are lists, however many items they have.
LIST = "quaestor:list"
#: Attributes as documents call them; the reader gives names with their whole namespace.
_PREFIXES = {"{http://www.w3.org/2001/XMLSchema-instance}type": "xsi:type"}


def parse(body: bytes) -> Element:
    """The root element, names without their namespaces. Raises DecodeError for what isn't XML, has a DOCTYPE, or
    nests too deep."""
    from xml.etree import ElementTree  # 10 ms, and only few providers answer XML

    if b"<!DOCTYPE" in body[:4096] or b"<!ENTITY" in body:
        raise DecodeError("the XML has a DOCTYPE or entities of its own, which are not read")
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        raise DecodeError(f"the answer is no XML: {error}") from error
    level: list[Element] = [root]
    for _ in range(MAX_DEPTH):
        below: list[Element] = []
        for element in level:
            element.tag = element.tag.rpartition("}")[2]
            below += element
        level = below
    if level:
        raise DecodeError(f"the XML nests deeper than {MAX_DEPTH} elements")
    return root


def whole(root: Element) -> dict[str, Any]:
    """An element as a map: attributes as `-name`, text as the value or `#text`, repeated elements as a list
    (github.com/clbanning/mxj's convention)."""
    return {root.tag: _value(root)}


def _value(element: Element) -> Any:
    text = (element.text or "").strip()
    out: dict[str, Any] = {f"-{name.rpartition('}')[2]}": value for name, value in element.attrib.items()}
    for child in element:
        value = _value(child)
        if child.tag not in out:
            out[child.tag] = value
        elif isinstance(out[child.tag], list):
            out[child.tag].append(value)
        else:
            out[child.tag] = [out[child.tag], value]
    if not out:
        return text
    if text:
        out["#text"] = text
    return out


def named(root: Element, elements: Mapping[str, str]) -> Element:
    """The same element with the names of the document: lists in one element, their items being `member`s.

    `elements` are written as in `catalog.stackql.s3`: what the document calls a member → the elements that are it.
    """
    if elements:
        _rename(root, _by_element(elements))
    return root


def _by_element(elements: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """What an element is: the member's name, and what the items of its list are called, empty for an element that
    is an item itself, `*` where there is no list."""
    out: dict[str, tuple[str, str]] = {}
    for member, element in elements.items():
        parent, _, name = member.rpartition("/")
        holder, is_list, item = element.rpartition("/")
        place = f"{parent}/" if parent else ""
        out.setdefault(f"{place}{holder or item}", (name, (item if holder else "") if is_list else "*"))
    return out


def _rename(element: Element, known: dict[str, tuple[str, str]]) -> None:
    from xml.etree import ElementTree

    kept: list[Element] = []
    lists: dict[str, Element] = {}
    for child in list(element):
        _rename(child, known)
        name, items = known.get(f"{element.tag}/{child.tag}") or known.get(child.tag) or (child.tag, "*")
        if items == "" and name not in lists:
            lists[name] = ElementTree.Element(name, {LIST: ""})
            kept.append(lists[name])
        if items == "":
            lists[name].append(child)
            continue
        if items != "*" and all(item.tag == items for item in child):
            child.set(LIST, "")
        child.tag = name
        kept.append(child)
    for attribute, value in element.attrib.items():
        name, _ = known.get(f"{element.tag}/@{_PREFIXES.get(attribute, attribute)}") or ("", "")
        if name:
            kept.append(ElementTree.Element(name))
            kept[-1].text = value
    element[:] = kept


def rows(root: Element, columns: dict[str, str], name: str) -> list[dict[str, Any]]:
    """The elements that are rows of a schema: the items of the list that has its name (`Users` of `User`), else the
    shallowest elements whose children are mostly its columns, or most of them.

    `columns` are wire names with their types, `name` the schema's (`BucketDisplay`), which decides between kinds of
    elements that would both do (`Version` and `DeleteMarker`).
    """
    listed = _listed(root, name.removesuffix("Display").lower())
    if listed is not None:
        return [_row(element, columns) for element in listed]
    for level in _levels(root):
        fitting = [element for element in level if _fits(element, columns)]
        if fitting:
            kinds = dict.fromkeys(element.tag for element in fitting)
            called = name.removesuffix("Display")
            chosen = [kind for kind in kinds if called.endswith(kind)] or list(kinds)
            return [_row(element, columns) for element in fitting if element.tag in chosen]
    return []


def _listed(root: Element, called: str) -> list[Element] | None:
    """The items of the list of what is `called` so, None if no such list is there: what is beside it (the group of
    `Users`) may look like a row too."""
    names = {called, f"{called}s", f"{called}es", f"{called.removesuffix('y')}ies"}
    for element in (each for level in _levels(root) for each in level if each is not root):
        tag = element.tag.lower()
        # without children, an element of just this name may be an object that has nothing
        is_list = all(child.tag == "member" for child in element) and (len(element) or tag != called)
        if tag in names and is_list:
            return list(element)
    return None


def following(root: Element, parameter: str) -> tuple[str | None, bool | None]:
    """The token of the next page and whether there is one, as AWS says it; None for what isn't said.

    The token of `Marker` is in `NextMarker` or `Marker`, that of `continuation-token` in `NextContinuationToken`;
    S3's list of objects names none without a delimiter: the next page begins behind the last key
    (https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html, NextMarker). Of two parameters, with `&`
    between them, the token is a JSON object (.../API_ListObjectVersions.html, NextKeyMarker, NextVersionIdMarker).
    """
    near = [element for holder in (root, *root) for element in holder if len(element) == 0]
    said = {element.tag.lower(): (element.text or "").strip() for element in near}
    truncated = said.get("istruncated")
    more = None if truncated is None else truncated == "true"
    if more is False or not parameter:
        return None, more
    if "&" in parameter:
        told = {each: said.get(f"next{each.replace('-', '')}", "") for each in parameter.split("&")}
        given = {each: text for each, text in told.items() if text}
        return json.dumps(given) if given else None, more
    name = "".join(letter for letter in parameter.lower() if letter.isalnum())
    token = said.get(f"next{name}") or (said.get(name) if parameter != "marker" else "")
    if not token and more and parameter == "marker":
        keys = [element.findtext("Key") or "" for element in root if element.tag == "Contents"]
        token = keys[-1] if keys else ""
    return token or None, more


def _levels(root: Element) -> Iterator[list[Element]]:
    level = [root]
    while level:
        yield level
        level = [child for element in level for child in element if child.tag != "ResponseMetadata"]


def _fits(element: Element, columns: Collection[str]) -> bool:
    """Whether an element's children are mostly columns, or have most of the columns: services add members."""
    names = {child.tag for child in element}
    return 2 * len(names.intersection(columns)) > min(len(names), len(columns))


def _row(element: Element, columns: dict[str, str]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for child in element:
        value = plain(child)
        known = out.get(child.tag)
        if known is None:
            out[child.tag] = typed(value, columns.get(child.tag, ""))
        else:  # a list without a wrapper: the elements follow each other
            out[child.tag] = [*known, value] if isinstance(known, list) else [known, value]
    return out


def plain(element: Element) -> Any:
    """A value: text, a list where it is one by name, or all children are `member` or have one name and repeat, else
    a map."""
    children = list(element)
    if LIST in element.attrib:
        return [plain(child) for child in children]
    if not children:
        return (element.text or "").strip()
    names = {child.tag for child in children}
    if names == {"member"} or (len(names) == 1 and len(children) > 1):
        return [plain(child) for child in children]
    values: dict[str, list[Any]] = {}
    for child in children:
        values.setdefault(child.tag, []).append(plain(child))
    return {tag: each[0] if len(each) == 1 else each for tag, each in values.items()}


def typed(value: Any, kind: str) -> Any:
    """A text as its schema's type; as it is where it doesn't look like one."""
    if not isinstance(value, str):
        return value
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    try:
        if kind == "integer":
            return int(value)
        return float(value) if kind == "number" else value
    except ValueError:
        return value
