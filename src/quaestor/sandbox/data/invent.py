"""Values in the shape of a schema: what the sandbox answers where nobody wrote a world by hand.

A value follows from its state and the names on the way to it, so the list of a collection and the get of one
of its objects say the same of every field that both have, and a field that a new release of a spec adds
changes no other.

Before: `seeded`, `words`, `clock`, `patterns`. After: `collection.Generated` makes its rows here.
"""

from __future__ import annotations

import re
from functools import lru_cache
from uuid import UUID

from quaestor.catalog.model import Schema
from quaestor.record import Record
from quaestor.sandbox.data.clock import Clock, iso, iso_micros
from quaestor.sandbox.data.patterns import matching
from quaestor.sandbox.data.seeded import CodeKeys, mix, pick, salt
from quaestor.sandbox.data.words import ADJECTIVES, DEPARTMENTS, FIRST, LAST, NOUNS, OFFICES, SERVICES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    #: Field name and state → the key of an object that exists, or None where the name refers to nothing known.
    Referrer = Callable[[str, int], str | None]
    #: JSON:API type and state → the id of an object of that type that exists, or None.
    Linker = Callable[[str, int], str | None]

#: Nesting at which objects keep to what they must have, and at which they stop altogether.
_SPARE = 5
_DEEPEST = 14
#: What leads to other objects or embeds them: said by the collection that knows, or asked for by `expand`.
_ELSEWHERE = ("_links", "_embedded", "included")
#: Values that a status most often has, in this order where the schema allows them.
_USUAL = ("ACTIVE", "Active", "active", "ENABLED", "enabled", "SUCCESS", "success", "OK", "ok", "LIVE", "published")

_EARLY = re.compile(
    r"^(created|added|registered|published|start|first|begin|since|from|activated|opened|reported)", re.I
)
_LATE = re.compile(r"^(expir|valid_?(to|until)|end|until|next|due|not_?after|renew)|expir", re.I)
_MOMENT = re.compile(
    r"(_at|At|_time|Time|timestamp|Timestamp|_date|Date|_ts)$|^(created|modified|updated|timestamp)$"
)


class Born(Record):
    """What all fields of one object have in common.

    Attributes:
        state: the object's own.
        epoch_s: when it was made.
        given: values of fields that are known beforehand, by name, at the top of the object.
    """

    state: int
    epoch_s: int
    given: dict[str, Any] = {}


class Inventor:
    """Makes values for the schemas of one provider.

    Attributes:
        lookup: a schema by its name.
        refer, link: see `Referrer` and `Linker`; the sandbox sets them when it knows its collections.
    """

    def __init__(self, lookup: Callable[[str], Schema | None], clock: Clock, *, micros: bool = False) -> None:
        self._lookup = lru_cache(maxsize=None)(lookup)
        self._clock = clock
        self._iso = iso_micros if micros else iso
        self._uuids = micros  # of the vendor that writes times so
        self.refer: Referrer = lambda name, state: None
        self.link: Linker = lambda kind, state: None

    def born(self, state: int) -> Born:
        """The object of this state, made some time in the last years."""
        return Born(state, self._clock.past(mix(state, 11)))

    def object(self, schema: Schema, born: Born) -> Any:
        """One object, or whatever else the schema describes."""
        return self._value(schema, born.state, "", born, 0)

    def field(self, schema: Schema, name: str, state: int) -> Any:
        """What an object has in a field of this name and schema."""
        return self._value(schema, state, name, self.born(state), 1)

    def code(self, name: str, state: int) -> str:
        """A text that nobody knows more of than the name of its field; keys are of the vendor's kind."""
        if self._uuids and name.lower().endswith("id"):
            return str(UUID(int=state << 64 | mix(state, 9), version=4))
        return CodeKeys(state, length=10).key(0)

    def resolve(self, schema: Schema) -> Schema:
        """The schema itself, behind its references; an empty one for a name that isn't there."""
        for _ in range(32):
            if not schema.ref:
                return schema
            schema = self._lookup(schema.ref) or Schema()
        return Schema()

    def _value(self, schema: Schema, state: int, name: str, born: Born, depth: int) -> Any:
        schema = self.resolve(schema)
        branches = schema.one_of or schema.any_of
        if schema.discriminator and schema.mapping:
            return self._variant(schema, state, name, born, depth)
        if branches and not schema.enum:
            return self._branch(schema, branches, state, name, born, depth)
        if schema.properties or schema.type == "object" or schema.additional is not None:
            return self._object(schema, state, name, born, depth)
        if schema.type == "array":
            return self._array(schema, state, name, born, depth)
        return self._scalar(schema, state, name, born)

    def _variant(self, schema: Schema, state: int, name: str, born: Born, depth: int) -> Any:
        """The object of one of the types that a discriminator tells apart, with that type said in it."""
        named = sorted(schema.mapping)
        wanted = born.given.get(schema.discriminator) if depth == 0 else None
        value = wanted if wanted in schema.mapping else pick(named, mix(state, salt(schema.discriminator)))
        variant = self.resolve(Schema(ref=schema.mapping[value]))
        made = self._object(_merged(schema, variant), state, name, born, depth)
        if isinstance(made, dict):
            made[schema.discriminator] = value
        return made

    def _branch(
        self, schema: Schema, branches: tuple[Schema, ...], state: int, name: str, born: Born, depth: int
    ) -> Any:
        """A value of one alternative; where it gets deep, the one that nests least."""
        if schema.type:  # a type beside alternatives holds for each of them
            branches = tuple(b for b in branches if self.resolve(b).type in ("", schema.type)) or branches
        if depth >= _SPARE:
            choice = min(branches, key=lambda branch: self._weight(self.resolve(branch)))
        else:
            choice = pick(branches, mix(state, salt(name) + 7))
        resolved = self.resolve(choice)
        if schema.properties and (resolved.properties or not resolved.type):
            resolved = _merged(schema, resolved)
        return self._value(resolved, state, name, born, depth + (0 if resolved.properties else 1))

    @staticmethod
    def _weight(schema: Schema) -> int:
        if schema.type in ("string", "integer", "number", "boolean") or schema.enum:
            return 0
        return 1 + len(schema.required) + (10 if schema.one_of or schema.any_of or schema.mapping else 0)

    def _object(self, schema: Schema, state: int, name: str, born: Born, depth: int) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for field, sub in schema.properties.items():
            known = self.resolve(sub)
            if sub.write_only or known.write_only:
                continue
            if depth == 0 and field in born.given:
                out[field] = born.given[field]
                continue
            must = field in schema.required
            if field in _ELSEWHERE and not must:
                continue
            if not must and ((depth >= _SPARE and self._weight(known)) or sub.deprecated or known.deprecated):
                continue
            if depth >= _DEEPEST and self._weight(known):
                continue
            inner = mix(state, salt(field))
            if (sub.nullable or known.nullable) and not must and inner % 8 == 0:
                out[field] = None
                continue
            out[field] = self._value(sub, inner, field, born, depth + 1)
        if schema.additional is not None and not schema.properties and depth < _SPARE:
            for turn in range(1 + state % 2):
                inner = mix(state, 100 + turn)
                out[pick(SERVICES, inner)] = self._value(schema.additional, inner, name, born, depth + 1)
        self._relate(schema, out, state)
        return out

    def _relate(self, schema: Schema, made: dict[str, Any], state: int) -> None:
        """A JSON:API identifier `{id, type}` names an object that exists (jsonapi.org 1.1, resource linkage)."""
        if len(schema.properties) == 2 and isinstance(made.get("type"), str) and "id" in made:
            target = self.link(made["type"], mix(state, 5))
            if target is not None and isinstance(made["id"], str):
                made["id"] = target

    def _array(self, schema: Schema, state: int, name: str, born: Born, depth: int) -> list[Any]:
        items = schema.items or Schema(type="string")
        most = 3 if depth < 3 else 1
        count = max(schema.min_items or 0, 1 + state % most)
        if schema.max_items is not None:
            count = min(count, schema.max_items)
        if depth >= _SPARE and self._weight(self.resolve(items)):
            count = schema.min_items or 0
        if depth >= _DEEPEST:
            count = 0
        singular = name.removesuffix("s")
        made: list[Any] = []
        for turn in range(count):
            value = self._value(items, mix(state, 200 + turn), singular, born, depth + 1)
            if value not in made or count - turn <= (schema.min_items or 0) - len(made):
                made.append(value)
        return made

    def _scalar(self, schema: Schema, state: int, name: str, born: Born) -> Any:
        if schema.enum:
            return self._of_enum(schema, state, name)
        kind = schema.type
        if kind == "boolean":
            return bool(state & 1)
        if kind in ("integer", "number"):
            return self._number(schema, state, name, born)
        if not kind and not schema.format and not schema.pattern:
            return self.refer(name, state) or self._word(name, state)
        return self._text(schema, state, name, born)

    @staticmethod
    def _of_enum(schema: Schema, state: int, name: str) -> Any:
        values = tuple(value for value in schema.enum if value is not None) or schema.enum
        if state % 4 and name.lower().endswith(("status", "state", "outcome")):
            return next((usual for usual in _USUAL if usual in values), pick(values, state >> 2))
        return pick(values, state >> 2)

    def _number(self, schema: Schema, state: int, name: str, born: Born) -> int | float:
        value: int | float
        if schema.type == "integer" and _MOMENT.search(name):
            value = self._moment(state, name, born)
            if re.search(r"ms$|milli|timestamp", name, re.I) and schema.format == "int64":
                value *= 1000
        elif schema.type == "integer":
            value = state % (40 if re.search(r"count|total|number|priority|size|limit", name, re.I) else 1000)
        else:
            value = state % 100_000 / 1000
        low, high = schema.minimum, schema.maximum
        if low is not None and value < low:
            value = low + (value % (high - low + 1) if high is not None else value)
        if high is not None and value > high:
            floor = low if low is not None else 0
            value = floor + value % (high - floor + 1) if high >= floor else high
        return (
            int(value) if schema.type == "integer" else min(float(value), high if high is not None else float(value))
        )

    def _moment(self, state: int, name: str, born: Born) -> int:
        """When: near the object's making, between that and now, or to come, as the field's name says."""
        if _LATE.search(name):
            return self._clock.future(state)
        if _EARLY.search(name):
            return born.epoch_s
        return born.epoch_s + state % max(1, self._clock.now - born.epoch_s)

    def _text(self, schema: Schema, state: int, name: str, born: Born) -> str:
        text = None if schema.secret else self.refer(name, state)
        if text is None:
            text = self._formatted(schema, state, name, born)
        if text is None:
            usual = schema.default if isinstance(schema.default, str) and state % 3 else ""
            text = usual or self._word(name, state)
        if schema.pattern and not matches(schema.pattern, text):
            text = matching(schema.pattern, state) or text
        if schema.min_length is not None and len(text) < schema.min_length:
            text = (text + "-" + CodeKeys(state, length=10).key(0) * (schema.min_length // 10 + 1))[
                : schema.min_length
            ]
        if schema.max_length is not None and len(text) > schema.max_length:
            text = text[: schema.max_length].rstrip("-. ") or text[: schema.max_length]
        return text

    def _formatted(self, schema: Schema, state: int, name: str, born: Born) -> str | None:
        """Text of a known format, or None."""
        form = schema.format
        if form == "date-time":
            return self._iso(self._moment(state, name, born))
        if form == "date" or (schema.pattern and matches(schema.pattern, "2026-01-31")):
            return self._iso(self._moment(state, name, born))[:10]
        if form in ("uri", "url", "uri-reference", "iri"):
            return f"https://{pick(SERVICES, state)}.example.com/{pick(NOUNS, state >> 8).lower()}"
        if form in ("email", "idn-email"):
            return _email(state)
        if form == "uuid":
            return str(UUID(int=state << 64 | mix(state, 9), version=4))
        if form == "ipv4":
            return f"198.51.100.{state % 254 + 1}"  # RFC 5737, for documentation
        if form == "ipv6":
            return f"2001:db8::{state % 65535:x}"  # RFC 3849, for documentation
        if form in ("hostname", "idn-hostname"):
            return f"{pick(SERVICES, state)}.example.com"
        if form in ("byte", "base64", "binary"):
            return CodeKeys(state, length=16).key(0)
        if form == "regex":
            return "^[a-z]+$"
        if form == "boolean":
            return "true" if state & 1 else "false"
        if schema.secret or form == "password":
            return CodeKeys(state, length=24).key(0)
        return None

    def _word(self, name: str, state: int) -> str:
        """A text that suits a field of this name."""
        plain = name.lower().replace("_", "").replace("-", "")
        if plain in _BY_NAME:
            return _BY_NAME[plain](state)
        if self._uuids and plain.endswith("id"):  # another operation's body may insist on one
            return self.code(name, state)
        for ending, maker in _BY_ENDING:
            if plain.endswith(ending):
                return maker(state)
        if _MOMENT.search(name):
            return self._iso(self._clock.past(state))
        return pick(SERVICES, state)


def _merged(base: Schema, variant: Schema) -> Schema:
    """The variant, with what only its base says of properties, and no discriminator left to follow."""
    return Schema(
        type="object",
        properties={**base.properties, **variant.properties},
        required=tuple(dict.fromkeys((*base.required, *variant.required))),
        additional=variant.additional or base.additional,
        closed=variant.closed,
        nullable=variant.nullable,
    )


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern)
    except re.error:  # the spec's expression is of another dialect: nothing to hold a text against
        return None


def matches(pattern: str, text: str) -> bool:
    """Whether a text matches a spec's pattern somewhere; also where the pattern is of a dialect that nobody reads."""
    compiled = _compiled(pattern)
    return compiled is None or compiled.search(text) is not None


def _email(state: int) -> str:
    return f"{pick(FIRST, state)}.{pick(LAST, state >> 16)}@example.com".lower()


def _title(state: int) -> str:
    return f"{pick(ADJECTIVES, state)} {pick(NOUNS, state >> 16)}"


def _slug(state: int) -> str:
    return _title(state).lower().replace(" ", "-")


def _code(state: int) -> str:
    return CodeKeys(state, length=12).key(0)


def _tag(state: int) -> str:
    return f"{('team', 'service', 'region', 'tier')[state % 4]}:{pick(SERVICES, state >> 8)}"


_BY_NAME: dict[str, Callable[[int], str]] = {
    "name": _title,
    "displayname": _title,
    "label": _title,
    "title": _title,
    "description": lambda state: f"Made by the sandbox: {_title(state)}",
    "summary": lambda state: f"Made by the sandbox: {_title(state)}",
    "message": lambda state: f"Made by the sandbox: {_title(state)}",
    "firstname": lambda state: pick(FIRST, state),
    "lastname": lambda state: pick(LAST, state),
    "login": _email,
    "handle": _slug,
    "slug": _slug,
    "query": lambda state: f"service:{pick(SERVICES, state)}",
    "city": lambda state: pick(OFFICES, state)[0],
    "country": lambda state: pick(OFFICES, state)[2],
    "countrycode": lambda state: pick(OFFICES, state)[2],
    "timezone": lambda state: pick(OFFICES, state)[3],
    "locale": lambda state: pick(OFFICES, state)[4],
    "language": lambda state: pick(OFFICES, state)[4][:2],
    "department": lambda state: pick(DEPARTMENTS, state)[0],
    "env": lambda state: ("prod", "staging", "dev")[state % 3],
    "region": lambda state: ("us-east-1", "eu-west-1", "ap-southeast-1")[state % 3],
    "ip": lambda state: f"198.51.100.{state % 254 + 1}",
    "tag": _tag,
    "color": lambda state: f"#{state % 0x1000000:06x}",
    "kid": _code,
    "domain": lambda state: f"{pick(SERVICES, state)}.example.com",
    "service": lambda state: pick(SERVICES, state),
}

_BY_ENDING: tuple[tuple[str, Callable[[int], str]], ...] = (
    ("email", _email),
    ("ipaddress", lambda state: f"198.51.100.{state % 254 + 1}"),
    ("phone", lambda state: f"+1555{state % 10_000_000:07d}"),
    ("phonenumber", lambda state: f"+1555{state % 10_000_000:07d}"),
    ("color", lambda state: f"#{state % 0x1000000:06x}"),
    ("uuid", lambda state: str(UUID(int=state << 64 | mix(state, 9), version=4))),
    ("url", lambda state: f"https://{pick(SERVICES, state)}.example.com/{pick(NOUNS, state >> 8).lower()}"),
    ("uri", lambda state: f"https://{pick(SERVICES, state)}.example.com/{pick(NOUNS, state >> 8).lower()}"),
    ("href", lambda state: f"https://{pick(SERVICES, state)}.example.com/{pick(NOUNS, state >> 8).lower()}"),
    ("host", lambda state: f"{pick(SERVICES, state)}.example.com"),
    ("version", lambda state: f"{state % 9 + 1}.{state >> 8 & 15}.{state >> 16 & 31}"),
    ("name", _title),
    ("id", _code),
    ("key", _slug),
    ("hash", _code),
    ("token", _code),
)
