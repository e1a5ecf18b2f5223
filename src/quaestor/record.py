"""Small immutable value objects that cost nothing to import.

`dataclasses` takes 15 ms to import and half a millisecond for each class, `msgspec` 25 ms: either is a
third of what a cold `SHOW` may take (`docs/decisions/0001-records.md`). A `Record` has slots made from its
annotations, positional and keyword arguments, defaults, equality, a repr, and refuses assignment.

    >>> class Point(Record):
    ...     x: int
    ...     y: int = 0
    >>> Point(1)
    Point(x=1, y=0)
    >>> replace(Point(1), y=2)
    Point(x=1, y=2)
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar, TypeVar, dataclass_transform

    R = TypeVar("R", bound="Record")
else:

    def dataclass_transform(**_):
        return lambda cls: cls


@dataclass_transform(frozen_default=True, eq_default=True)
class RecordType(type):
    """Turns the annotations of a class body into slots, and its assignments into defaults."""

    def __new__(mcls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> RecordType:
        own = [field for field in body.get("__annotations__", {}) if not field.startswith("__")]
        inherited: dict[str, None] = {}
        defaults: dict[str, Any] = {}
        for base in reversed(bases):
            inherited.update(dict.fromkeys(getattr(base, "__fields__", ())))
            defaults.update(getattr(base, "__defaults__", {}))
        for field in own:
            if field in body:
                defaults[field] = body.pop(field)
        new = [field for field in own if field not in inherited]
        fields = (*inherited, *new)
        body["__slots__"] = tuple(new)
        body["__fields__"] = fields
        body["__defaults__"] = defaults
        body["__match_args__"] = fields
        return super().__new__(mcls, name, bases, body)


class Record(metaclass=RecordType):
    """The base of every value object: declare fields by annotation, give defaults by assignment."""

    if TYPE_CHECKING:  # ClassVar, or type checkers take them for fields of every record
        __fields__: ClassVar[tuple[str, ...]]
        __defaults__: ClassVar[dict[str, Any]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        fields = self.__fields__
        set_field = object.__setattr__
        count = len(args)
        if count > len(fields):
            raise TypeError(f"{type(self).__name__} takes {len(fields)} values, {count} were given")
        for field, value in zip(fields, args, strict=False):
            set_field(self, field, value)
        defaults = self.__defaults__
        for field in fields[count:]:
            if field in kwargs:
                set_field(self, field, kwargs.pop(field))
            elif field in defaults:
                set_field(self, field, defaults[field])
            else:
                raise TypeError(f"{type(self).__name__} needs a value for {field!r}")
        if kwargs:
            raise TypeError(f"{type(self).__name__} has no field {next(iter(kwargs))!r}, or it was given twice")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable: use replace(…, {name}=…)")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, field) == getattr(other, field) for field in self.__fields__)

    def __hash__(self) -> int:
        return hash((type(self), *(getattr(self, field) for field in self.__fields__)))

    def __repr__(self) -> str:
        shown = ", ".join(f"{field}={getattr(self, field)!r}" for field in self.__fields__)
        return f"{type(self).__name__}({shown})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, field) for field in self.__fields__)


def replace(record: R, **changes: Any) -> R:
    """A copy of `record` with some fields changed. Raises TypeError for a field that it doesn't have."""
    kept = {field: getattr(record, field) for field in record.__fields__}
    unknown = changes.keys() - kept.keys()
    if unknown:
        raise TypeError(f"{type(record).__name__} has no field {sorted(unknown)[0]!r}")
    return type(record)(**{**kept, **changes})


def to_dict(record: Record) -> dict[str, Any]:
    """The fields that differ from their defaults, records within turned to dicts: ready for JSON."""
    out: dict[str, Any] = {}
    for field in record.__fields__:
        value = getattr(record, field)
        if field not in record.__defaults__ or value != record.__defaults__[field]:
            out[field] = _plain(value)
    return out


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return to_dict(value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
