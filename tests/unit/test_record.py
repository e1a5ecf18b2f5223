"""Records: immutable, comparable, cheap."""

import copy
import pickle

import pytest

from quaestor.record import Record, replace, to_dict


class Point(Record):
    x: int
    y: int = 0


class Named(Point):
    name: str = ""


def test_positional_keyword_and_default_values() -> None:
    assert Point(1) == Point(x=1, y=0)
    assert Named(1, 2, "a").name == "a"
    assert Named.__fields__ == ("x", "y", "name")


def test_refuses_wrong_calls() -> None:
    with pytest.raises(TypeError, match="needs a value for 'x'"):
        Point()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="takes 2 values"):
        Point(1, 2, 3)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="no field 'z'"):
        Point(1, z=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="no field 'z'"):
        replace(Point(1), z=1)


def test_is_immutable_hashable_and_copies() -> None:
    point = Point(1)
    with pytest.raises(AttributeError, match="immutable"):
        point.x = 2  # type: ignore[misc]
    assert len({Point(1), Point(1), Point(2)}) == 2
    assert pickle.loads(pickle.dumps(point)) == point
    assert copy.copy(point) == point
    assert point != (1, 0)


def test_to_dict_leaves_defaults_out() -> None:
    assert to_dict(Named(1, 0, "n")) == {"x": 1, "name": "n"}
