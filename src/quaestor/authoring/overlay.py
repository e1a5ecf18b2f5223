"""The overlay: what we know of an API that its spec doesn't say, or says wrong.

Before: a person (or `provider build`'s report) finds out; this file is written by hand, reviewed in diffs.
After: `authoring.build` lays it over what `authoring.infer` found. What it names wins over any inference, and
every key must be one of these and fit the spec, else CatalogError: an overlay can't rot silently.

It is a YAML 1.2 mapping of up to six sections, each of them optional:

    links: true                         # lists that are bare arrays name their next page in a Link header (RFC 8288),
                                        #   and the last page has none; false: they don't. Left out: where there is
                                        #   a parameter `after`, perhaps; a full page without the header is an error

    provider:                           # facts of the vendor as a whole
      title: Okta
      version: 2026.06.3                # default: the first spec's info.version
      server:
        url: https://{subdomain}.okta.com
        variables:                      # one for each {variable} of the URL
          subdomain: {env: OKTA_SUBDOMAIN}
          # keys: env default enum required format; one without a default has to be given
        domains: [okta.com, oktapreview.com]    # suffixes a host must have; the value may spell one out
      credentials:                      # the headers of the token sign-in, all of them are sent
        - {header: Authorization, prefix: "SSWS ", env: OKTA_API_TOKEN}
      auth: {type: basic, username_var: ACME_USER, password_var: ACME_PASSWORD}
                                        # what isn't a header, as in StackQL's documents, in place of credentials
      request_id_header: x-okta-request-id

    services:                           # by service
      iam: {title: Identity and access}         # default: from the name

    resources:                          # by service.resource
      iam.roles: {title: Custom roles}          # default: from the name

    operations:                         # by method and path template, as in the specs; all keys optional
      GET /api/v1/users/{id}/groups:
        # --- the answer
        status: 200                     # of success
        media_type: application/json
        schema: Group                   # of the body: a name under components/schemas
        rows: $.data                    # where rows are: `$` the body itself, `$.a.b`, `$.a.*` each member of a;
                                        #   a list there is one row an item, an object one row
        map_key: name                   # rows are the members of the object at `rows`: column for their keys
        scalar: value                   # rows are bare strings or numbers: the column that holds them
        flatten: jsonapi                # or `none`: columns out of `attributes`
        columns:                        # columns added or corrected, by name; null takes one away
          secret_key: {secret: true}
          teams: {type: array, path: [relationships, teams]}
          # keys: type path format enum nullable read_only write_only required secret hidden
        # --- paging: `none`; with `style` the whole of it; without, corrections of what was inferred
        #     (`pagination: {size_max: 200}`)
        pagination:
          style: cursor                 # none link next_url cursor last_row page offset
          token_param: page[cursor]     # wire name; with `token_in: body` a dotted path in the body
          token_in: query               # query (default) or body
          token_path: $.meta.page.after # of the cursor, or of the URL for next_url; for last_row in the row
          size_param: page[limit]       # size_max, size_default: from the parameter's schema unless said
          size_max: 1000
          size_default: 10
          first: 0                      # number of the first page, offset of the first row
          step: rows                    # offset counts rows, or `pages` of the page size
          more_path: $.meta.more        # a boolean: does more follow
          total_path: $.meta.page.total
          stops_empty: true             # an empty page ends it, even one that names a next page
          assumed: false                # what was inferred is so: a page that doesn't lead on is the last
        # --- parameters; keys are WIRE names, but see `rename`
        rename: {id: userId}            # its name in SQL
        item_key: {apiServiceId: id}    # path parameter that names the row itself: the row's column
        echo: {userId: userId}          # parameter whose value each row repeats: the row's column;
                                        #   item_key and echo: null after the colon undoes what was inferred
        parents: {appId: okta.apps.applications.id}     # whose column fills it when unbound; null undoes
        matches: {name: superset}       # optional parameter with a column's name: exact, superset or other
        roles: {limit: size}            # cursor, offset, page, size, or null for none
        parameters:                     # corrections; a wire name that the spec lacks adds one (needs `location`)
          api-version: {location: query, required: true, type: string, default: "2"}
          # keys: location type item_type required format enum style explode default
        # --- the body that it takes: `none`, or some of these
        body: {schema: Group, media_type: application/json, required: true,
               envelope: [data, attributes], constants: {data.type: okta-accounts}}
        # --- who may
        permissions: [integrations_read]        # instead of the spec's
        scopes: [okta.users.read]
        lifecycle: beta                 # ga beta ea deprecated
        natural_key: [profile.name]     # of an insert: no two objects have the same; dots lead into a column
        hidden:                         # what the bare list leaves out, and how to ask for it
          - parameters: {filter: 'status eq "DEPROVISIONED"'}    # of the query, besides
            column: status              # all of these rows have this value in this column
            value: DEPROVISIONED
            key: id                     # the column that identifies a row
            unless: [filter, search, q] # SQL names: nothing is added where one of them is bound
        listing:                        # what a list tests and what makes it whole: `catalog.listings`
          filter: filter
          fields: {status: [eq], lastUpdated: [eq, gt, lt]}
        server: {url: "https://logs.{site}"}    # as in provider.server; variables default to the provider's

    schemas:                            # by name: laid over the spec's schema, properties one by one
      OktaAccountAttributes:
        properties:
          client_secret: {secret: true, write_only: true}
          # keys as in the record Schema (`catalog.model`), except that properties, items, additional nest;
          # null takes a property away

Paths are `$`, `$.key`, `$.key.key`; a key that holds a dot is written in a list: `[a.b, c]`.
"""

from __future__ import annotations

import re

from quaestor.catalog import document, facts, listings
from quaestor.catalog.model import VERBS, Column, Credential, Pagination, Provider, Schema, Server
from quaestor.errors import CatalogError, did_you_mean
from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

ROLES = ("cursor", "offset", "page", "size")
MATCHES = ("exact", "superset", "other")
LIFECYCLES = ("ga", "beta", "ea", "deprecated")
PARAMETER_KEYS = ("location", "type", "item_type", "required", "format", "enum", "style", "explode", "default")
BODY_KEYS = ("schema", "media_type", "required", "envelope", "constants")
_SCHEMA_KEYS = tuple(Schema.__fields__)
_COLUMN_KEYS = tuple(field for field in Column.__fields__ if field != "name")
_OPERATION = re.compile(r"(GET|PUT|POST|PATCH|DELETE|HEAD|OPTIONS|TRACE) /")


class Overlay(Record):
    """What an overlay says, checked as far as it can be without the spec.

    Attributes:
        provider: the fields of the provider's record that it sets; `server` and `credentials` are records.
        services, resources: titles, by `service` and `service.resource`.
        operations: by `GET /path`, the mapping of the document; `rows` and the paths of `pagination` are tuples of
            keys, `server` is a record.
        schemas: by name, what is laid over them.
        links: whether bare lists are paged by Link headers; None where nothing is said.
    """

    provider: dict[str, Any] = {}
    services: dict[str, str] = {}
    resources: dict[str, str] = {}
    operations: dict[str, dict[str, Any]] = {}
    schemas: dict[str, dict[str, Any]] = {}
    links: bool | None = None


def load(path: str) -> Overlay:
    """The overlay in the file at `path`. Raises CatalogError, naming file and place, for what it can't read."""
    return parse(document.read(path), path)


def parse(root: Mapping[str, Any], source: str) -> Overlay:
    """The overlay that a document says; `source` names it in errors. Raises CatalogError."""
    _known(root, ("links", "provider", "services", "resources", "operations", "schemas"), source)
    links = root.get("links")
    if links is not None and not isinstance(links, bool):
        raise CatalogError(f"{source}: links: {links!r} is neither true nor false")
    operations = {}
    for key, fields in _mapping(root.get("operations"), f"{source}: operations").items():
        if not _OPERATION.match(key):
            raise CatalogError(f"{source}: operations: {key!r} is no operation", hint="write GET /path")
        operations[key] = _operation(_mapping(fields, f"{source}: {key}"), f"{source}: {key}")
    schemas = _mapping(root.get("schemas"), f"{source}: schemas")
    for name, patch in schemas.items():
        _schema_patch(patch, f"{source}: schemas: {name}")
    return Overlay(
        provider=_provider(_mapping(root.get("provider"), f"{source}: provider"), f"{source}: provider"),
        services=_titles(root.get("services"), f"{source}: services"),
        resources=_titles(root.get("resources"), f"{source}: resources"),
        operations=operations,
        schemas=dict(schemas),
        links=links,
    )


def load_names(path: str) -> dict[str, tuple[str, str, str, str]]:
    """Service, resource, method and verb of each operation: `GET /users: users.users.list_users select`.
    Raises CatalogError for a line that isn't so, or a method named twice."""
    out: dict[str, tuple[str, str, str, str]] = {}
    taken: dict[tuple[str, str, str], str] = {}
    root = document.read(path)
    for key, text in root.items():
        found = re.fullmatch(r"([\w-]+)\.([\w-]+)\.([\w-]+) (\w+)", str(text))
        if not found or found[4] not in VERBS or not _OPERATION.match(key):
            raise CatalogError(f"{path}: {key}: {text!r}", hint="write GET /path: service.resource.method verb")
        place = (found[1], found[2], found[3])
        if place in taken:
            raise CatalogError(f"{path}: {'.'.join(place)} is both {taken[place]} and {key}")
        taken[place] = key
        out[key] = (*place, found[4])
    return out


# -- the sections


def _provider(fields: Mapping[str, Any], where: str) -> dict[str, Any]:
    _known(fields, [field for field in Provider.__fields__ if field != "name"], where)
    out: dict[str, Any] = {
        key: _text(value, f"{where}.{key}")
        for key, value in fields.items()
        if key not in ("server", "credentials", "auth")
    }
    if "auth" in fields:
        out["auth"] = dict(_mapping(fields["auth"], f"{where}.auth"))
    if "server" in fields:
        out["server"] = _server(fields["server"], f"{where}.server")
    if "credentials" in fields:
        out["credentials"] = tuple(
            _credential(each, f"{where}.credentials") for each in _list(fields["credentials"], f"{where}.credentials")
        )
    return out


def _credential(fields: Any, where: str) -> Credential:
    _known(_mapping(fields, where), Credential.__fields__, where)
    for key in ("header", "env"):
        _text(fields.get(key), f"{where}.{key}")
    return Credential(**fields)


def _server(fields: Any, where: str) -> Server:
    """A server: `variables` holds `{env, default, enum, …}` each; the variables that its URL has but it doesn't
    describe are described by the provider's."""
    _known(_mapping(fields, where), ("url", "variables", "domains"), where)
    variables, environment = {}, {}
    for name, each in _mapping(fields.get("variables"), f"{where}.variables").items():
        each = _mapping(each, f"{where}.variables.{name}")
        _known(each, ("env", "default", "enum", "required", "format"), f"{where}.variables.{name}")
        if "env" in each:
            environment[name] = _text(each["env"], f"{where}.variables.{name}.env")
        variables[name] = {"required": "default" not in each, **{k: v for k, v in each.items() if k != "env"}}
    url = _text(fields.get("url"), f"{where}.url")
    unused = variables.keys() - set(re.findall(r"\{(\w+)\}", url))
    if unused:
        raise CatalogError(f"{where}: the URL has no {{{sorted(unused)[0]}}}")
    domains = [_text(each, f"{where}.domains") for each in _list(fields.get("domains", []), f"{where}.domains")]
    text = {"url": url, "variables": variables, "variables_env": environment, "domains": domains}
    return facts.server_from(text, where)


def _titles(section: Any, where: str) -> dict[str, str]:
    out = {}
    for name, fields in _mapping(section, where).items():
        _known(_mapping(fields, f"{where}.{name}"), ("title",), f"{where}.{name}")
        out[name] = _text(fields.get("title"), f"{where}.{name}.title")
    return out


def _operation(fields: Mapping[str, Any], where: str) -> dict[str, Any]:
    _known(fields, tuple(_OPERATION_KEYS), where)
    return {key: _OPERATION_KEYS[key](value, f"{where}: {key}") for key, value in fields.items()}


def _pagination(value: Any, where: str) -> dict[str, Any]:
    if value == "none":
        return {"style": "none"}
    fields = dict(_mapping(value, where))
    _known(fields, Pagination.__fields__, where)
    if "style" in fields:
        _one_of(facts.PAGE_STYLES)(fields["style"], f"{where}.style")
    for key in ("token_path", "more_path", "total_path"):
        if key in fields:
            fields[key] = facts.path_keys(fields[key], f"{where}.{key}")
    if "token_in" in fields:
        _one_of(("query", "body"))(fields["token_in"], f"{where}.token_in")
    if "step" in fields:
        _one_of(("rows", "pages"))(fields["step"], f"{where}.step")
    return fields


def _parameters(value: Any, where: str) -> dict[str, Any]:
    for name, fields in _mapping(value, where).items():
        _known(_mapping(fields, f"{where}.{name}"), PARAMETER_KEYS, f"{where}.{name}")
    return dict(value)


def _columns(value: Any, where: str) -> dict[str, Any]:
    for name, fields in _mapping(value, where).items():
        if fields is None:
            continue
        _known(_mapping(fields, f"{where}.{name}"), _COLUMN_KEYS, f"{where}.{name}")
        if "type" in fields:
            _one_of(COLUMN_TYPES)(fields["type"], f"{where}.{name}.type")
    return dict(value)


def _body(value: Any, where: str) -> dict[str, Any] | None:
    if value == "none":
        return None
    _known(_mapping(value, where), BODY_KEYS, where)
    return dict(value)


def _schema_patch(patch: Any, where: str) -> dict[str, Any]:
    _known(_mapping(patch, where), _SCHEMA_KEYS, where)
    for key in ("items", "additional"):
        if key in patch:
            _schema_patch(patch[key], f"{where}.{key}")
    for name, each in _mapping(patch.get("properties"), f"{where}.properties").items():
        if each is not None:
            _schema_patch(each, f"{where}.properties.{name}")
    return dict(patch)


# -- checks of one value each


def _known(fields: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    names = tuple(known)
    for key in fields:
        if key not in names:
            meant = did_you_mean(str(key), names)
            raise CatalogError(f"{where}: there is no key {key!r}", hint=meant or f"the keys are {', '.join(names)}")


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise CatalogError(f"{where} should be a mapping, not {value!r}")
    return value


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise CatalogError(f"{where} should be a list, not {value!r}")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise CatalogError(f"{where} should be text, not {value!r}")
    return value


def _one_of(allowed: tuple[str, ...]) -> Callable[[Any, str], str]:
    def check(value: Any, where: str) -> str:
        if value not in allowed:
            raise CatalogError(f"{where}: {value!r} is none of {', '.join(allowed)}")
        return str(value)

    return check


def _texts(value: Any, where: str) -> tuple[str, ...]:
    return tuple(_text(each, where) for each in _list(value, where))


def _status(value: Any, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 200 <= value < 300:
        raise CatalogError(f"{where}: {value!r} is no status of success")
    return value


def _by_parameter(check: Callable[[Any, str], Any], *, undo: bool) -> Callable[[Any, str], dict[str, Any]]:
    """A mapping by wire name; with `undo`, null in place of a value takes back what was inferred."""

    def each(value: Any, where: str) -> dict[str, Any]:
        fields = _mapping(value, where)
        return {
            name: None if undo and item is None else check(item, f"{where}.{name}") for name, item in fields.items()
        }

    return each


def _parent(value: Any, where: str) -> str:
    if not isinstance(value, str) or value.count(".") < 3:
        raise CatalogError(f"{where}: {value!r} is no column", hint="write provider.service.resource.column")
    return value


COLUMN_TYPES = ("string", "integer", "number", "boolean", "object", "array", "date-time", "any")
_OPERATION_KEYS: dict[str, Callable[[Any, str], Any]] = {
    "status": _status,
    "media_type": _text,
    "schema": _text,
    "rows": facts.path_keys,
    "map_key": _text,
    "scalar": _text,
    "flatten": _one_of(("jsonapi", "none")),
    "columns": _columns,
    "pagination": _pagination,
    "rename": _by_parameter(_text, undo=False),
    "item_key": _by_parameter(_text, undo=True),
    "echo": _by_parameter(_text, undo=True),
    "parents": _by_parameter(_parent, undo=True),
    "matches": _by_parameter(_one_of(MATCHES), undo=False),
    "roles": _by_parameter(_one_of(ROLES), undo=True),
    "parameters": _parameters,
    "body": _body,
    "permissions": _texts,
    "scopes": _texts,
    "lifecycle": _one_of(LIFECYCLES),
    "hidden": listings.hidden_from,
    "listing": listings.listing_from,
    "natural_key": _texts,
    "server": _server,
}
