"""Names in SQL for operations that nobody has named, and titles that are made of names.

Before: `catalog.openapi` reads the operations; a `names.yaml` names those that it knows; `verbs` finds their verbs.
After: `authoring.build` puts the rest where these rules say.

- Service: the first part of the path that is no version and no `api`, in small letters.
- Resource: all operations of a collection, of its items and of what acts on them are one resource. It is called
  after what its list is said to list: `listApplicationUsers` makes `application_users`, `listRulesForGroup` `rules`.
  Without a list, its other operations tell; without operationIds, the last part of the path.
- Method: the operationId in snake case, or HTTP method and path.
"""

from __future__ import annotations

import re

from quaestor.authoring import verbs
from quaestor.authoring.keys import plain, shape
from quaestor.authoring.words import plural, singular, snake, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from quaestor.catalog.openapi import Operation

#: What English titles write in capitals.
_ACRONYMS = re.compile(
    "api|apm|aws|ca|ci|csm|csrs?|dns|gcp|http|id|idps?|ip|jwks?|json|llm|mfa|oauth2?|oci|rum|saml|scim|slos?|sms|smtp"
    "|ssf|sso|tls|ui|uri|url|uuid"
)
_SKIPPED = re.compile(r"api|rest|v\d+(\.\d+)*|v\d+(alpha|beta)\d*|unstable", re.IGNORECASE)
#: A version within a name: what is before it says which API it is (`networking_v1_peerings`, `sqlv1_tools`).
_VERSION = re.compile(r"[a-z]*v\d+((alpha|beta)\d*)?")
#: Where a name's noun ends: what follows says whose it is, or how it is found.
_WHOSE = frozenset(words("for to from by in of with on at using via affecting"))
#: What stands before a noun and says nothing, and what stands behind it so.
_ARTICLES = frozenset(words("all new a an the existing current my"))
_BEHIND = frozenset(words("instance details async list get post"))


def title_of(name: str) -> str:
    """A title for a service or resource, made of its name alone."""
    shown = [word.upper() if _ACRONYMS.fullmatch(word) else word for word in words(name)]
    text = " ".join(shown)
    return text[:1].upper() + text[1:]


def places(operations: Iterable[Operation]) -> dict[str, tuple[str, str, str, str]]:
    """Service, resource, method and verb of each operation, by its key, as if none had a name."""
    listed = list(operations)
    api = verbs.around(listed)
    groups: dict[str, list[Operation]] = {}
    for each in listed:
        groups.setdefault(_collection(each, api), []).append(each)
    out: dict[str, tuple[str, str, str, str]] = {}
    for collection, group in groups.items():
        resource = _resource(collection, group)
        for each in group:
            out[each.key] = (_service(each.path), resource, _method(each), verbs.verb(each, api))
    return {each.key: out[each.key] for each in listed}


def _fixed(path: str) -> list[str]:
    """The parts of a path that name something."""
    return [part for part in plain(path).split("/") if part and "{" not in part and not _SKIPPED.fullmatch(part)]


def _service(path: str) -> str:
    fixed = _fixed(path)
    name = re.sub(r"\W+", "_", fixed[0].partition(".")[0] or fixed[0]).lower() if fixed else "root"
    return f"_{name}" if name[0].isdigit() else name


def _method(operation: Operation) -> str:
    if operation.operation:
        return snake(operation.operation)
    parts = [part for part in plain(operation.path).split("/") if part]
    tail = [snake(part.strip("{}")) for part in parts if part not in _fixed(operation.path)[:1]]
    return "_".join([operation.http.lower(), *tail][-6:])


def _collection(operation: Operation, api: verbs.Around) -> str:
    """The shape of the path of the collection, or of the single thing, that an operation belongs to: the longest
    beginning of its path that can be read, without the item's key."""
    parts = shape(operation.path).split("/")
    for count in range(len(parts), 1, -1):
        prefix = "/".join(parts[:count])
        if prefix in api.readable or f"{prefix}/{{}}" in api.readable:
            return prefix.removesuffix("/{}")
    if verbs.verb(operation, api) == "exec" and "{}" in parts:  # it acts on an item, which nothing reads
        parts = parts[: len(parts) - parts[::-1].index("{}")]
    while len(parts) > 2 and parts[-1] == "{}":
        parts.pop()
    return "/".join(parts)


def _resource(collection: str, group: Sequence[Operation]) -> str:
    """What the resource of a group of operations is called."""
    lists = [each for each in group if each.http == "GET" and shape(each.path) == collection]
    items = [each for each in group if each.http == "GET" and shape(each.path) == f"{collection}/{{}}"]
    makes = [each for each in group if each.http == "POST" and verbs.first_word(each) in ("create", "add", "insert")]
    others = [each for each in group if not verbs.acts(each)]
    several = bool(items or (makes and not lists)) or any(verbs.answers_list(each) for each in lists)
    several = several or any(shape(each.path).startswith(f"{collection}/{{}}") for each in group)
    said = next((_noun(each) for each in (*lists, *items, *makes, *others, *group)), [])
    if not said:
        fixed = _fixed(collection)
        said = words(fixed[-1]) if fixed else ["root"]
    return snake("_".join([*said[:-1], plural(said[-1]) if several else said[-1]]))


def _without_verb(said: list[str]) -> list[str]:
    if verbs.is_verb(said[0]):
        return said[1:]
    return said[:-1] if verbs.is_verb(said[-1]) else said


def _noun(operation: Operation) -> list[str]:
    """The words of an operationId that say what it deals with: in its last part (`issues/list-for-repo`,
    `pubsub.projects.topics.list`), or, where that is but a verb, in the part before it."""
    said = words(operation.operation)
    spelled = [
        word for part in plain(operation.path).split("/") for word in words(part) if not _SKIPPED.fullmatch(word)
    ]
    of_path = (
        "{" in operation.path and said[1:] == spelled
    )  # `GetCustomersCustomerCards` says nothing that is its own
    if not verbs.first_word(operation) or of_path:
        return []
    *above_it, last = [words(part) for part in re.split(r"[./]", operation.operation) if words(part)]
    said = _without_verb(last)
    while said and said[0] in _ARTICLES:
        said = said[1:]
    if above_it and (not said or said[0] in _WHOSE):
        said = _without_verb(above_it[-1])
    versions = [at for at, word in enumerate(said) if _VERSION.fullmatch(word)]
    said = said[versions[-1] + 1 :] if versions else said
    above = {word for part in re.findall(r"([^/{}]+)/\{", operation.path) for word in words(part)[-1:]}
    said = [singular(word) if word in above and word != said[-1] else word for word in said]
    in_path = {word for part in _fixed(operation.path) for word in words(part)}
    end = next((at for at, word in enumerate(said) if at and word in _WHOSE and word not in in_path), len(said))
    said = said[:end]
    while len(said) > 1 and said[-1] in _BEHIND:
        said = said[:-1]
    return said
