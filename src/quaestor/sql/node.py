"""What all nodes of a statement's tree have in common: span, comparison, kinds, and ways to go through a tree."""

from __future__ import annotations

from quaestor.record import Record, RecordType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, ClassVar, TypeVar, dataclass_transform

    N = TypeVar("N", bound="Node")

    def span(*, default: int, kw_only: bool) -> Any:
        """A field that is given by keyword only."""

else:

    def span(*, default, kw_only):
        return default

    def dataclass_transform(**_):
        return lambda cls: cls


@dataclass_transform(frozen_default=True, eq_default=True, field_specifiers=(span,))
class NodeType(RecordType):
    """Makes a kind of node: its fields, then the span. A kind with fields has no subclass with more of them."""

    def __new__(mcls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> NodeType:
        base = bases[0]
        own = tuple([field for field in body.get("__annotations__", ()) if field[:2] != "__"])
        defaults = {field: body.pop(field) for field in own if field in body}
        parts = () if base is Record else (own or base.__dict__["__parts__"])
        body["__slots__"] = own
        body["__parts__"] = body["__match_args__"] = parts
        body["__fields__"] = (*parts, "pos", "end")
        body["__defaults__"] = {**getattr(base, "__defaults__", {}), **defaults}
        cls: Any = type.__new__(mcls, name, bases, body)
        cls.__setters__ = tuple([getattr(cls, field).__set__ for field in parts])
        return cls  # type: ignore[no-any-return]


class Node(Record, metaclass=NodeType):
    """The base of all nodes. `__parts__` names the fields without the span."""

    pos: int = span(default=-1, kw_only=True)
    end: int = span(default=-1, kw_only=True)

    if TYPE_CHECKING:
        __parts__: ClassVar[tuple[str, ...]]
        __setters__: ClassVar[tuple[Callable[[object, object], None], ...]]

    def __init__(self, *args: Any, pos: int = -1, end: int = -1, **kwargs: Any) -> None:
        setters = self.__setters__
        if len(args) == len(setters) and not kwargs:  # as the parser does it: a third of the general way's time
            for set_part, value in zip(setters, args, strict=True):
                set_part(self, value)
            _set_pos(self, pos)
            _set_end(self, end)
        elif len(args) > len(setters):
            super().__init__(*args, **kwargs)
        else:
            super().__init__(*args, pos=pos, end=end, **kwargs)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Node):
            return NotImplemented
        waiting: list[tuple[Any, Any]] = [(self, other)]  # no recursion: trees are deep
        while waiting:
            one, two = waiting.pop()
            if one is two:
                continue
            if type(one) is not type(two):
                return False
            if isinstance(one, Node):
                waiting.extend([(getattr(one, field), getattr(two, field)) for field in one.__parts__])
            elif type(one) is tuple:
                if len(one) != len(two):
                    return False
                waiting.extend(zip(one, two, strict=True))
            elif one != two:
                return False
        return True

    def __hash__(self) -> int:
        shape: list[object] = []
        for node in walk(self):
            shape.append(type(node))
            shape.extend([value for field in node.__parts__ if type(value := getattr(node, field)) is str])
        return hash(tuple(shape))

    def __repr__(self) -> str:
        shown = ", ".join([f"{field}={getattr(self, field)!r}" for field in self.__parts__])
        return f"{type(self).__name__}({shown})"


_set_pos: Callable[[Node, int], None] = Node.__dict__["pos"].__set__
_set_end: Callable[[Node, int], None] = Node.__dict__["end"].__set__


class Expr(Node):
    """What has a value."""


class Source(Node):
    """What stands in FROM."""


class Statement(Node):
    """What can be run."""


class Name(Node):
    """A name that is no expression: a column of INSERT, of USING, of a CTE."""

    text: str


def children(node: Node) -> list[Node]:
    """The nodes directly under `node`, in the order of the fields."""
    found: list[Node] = []
    for field in node.__parts__:
        value = getattr(node, field)
        if isinstance(value, Node):
            found.append(value)
        elif type(value) is tuple and value:
            _collect(value, found)
    return found


def _collect(values: tuple[Any, ...], found: list[Node]) -> None:
    for value in values:
        if isinstance(value, Node):
            found.append(value)
        elif type(value) is tuple:
            _collect(value, found)


def walk(node: Node, into: Callable[[Node], bool] | None = None) -> Iterator[Node]:
    """`node` and every node under it, each before its children.

    With `into`, the children of a node for which it is false are left out (the node itself is not).
    """
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        if into is None or into(node):
            waiting.extend(reversed(children(node)))


def transform(node: N, change: Callable[[Node], Node]) -> N:
    """The tree with `change` applied to every node, children before parents.

    `change` gets each node with its children already changed, and returns it or what stands in its place.
    What doesn't change is shared with the old tree.
    """
    done: dict[int, Node] = {}
    for old in reversed(list(walk(node))):  # in pre-order parents come first: backwards, children do
        fields = old.__fields__
        before = [getattr(old, field) for field in fields]
        after = [_changed(value, done) for value in before]
        same = all(new is value for new, value in zip(after, before, strict=True))
        done[id(old)] = change(old if same else type(old)(*after))
    return done[id(node)]  # type: ignore[return-value]  # the root's kind is `change`'s business


def _changed(value: Any, done: dict[int, Node]) -> Any:
    if isinstance(value, Node):
        return done[id(value)]
    if type(value) is tuple and value:
        new = tuple([_changed(item, done) for item in value])
        return value if all(a is b for a, b in zip(new, value, strict=True)) else new
    return value
