"""The tree: comparison without spans, walking, rebuilding, what a column is called."""

from __future__ import annotations

import copy
import pickle

import pytest

from quaestor.record import replace
from quaestor.sql.nodes import (
    Binary,
    Case,
    ColumnRef,
    Expr,
    Literal,
    Node,
    OrderTerm,
    ResultColumn,
    Select,
    SelectCore,
    Subquery,
    children,
    column_name,
    transform,
    walk,
)

A = ColumnRef(("a",), pos=7, end=8)
ONE = Literal("integer", 1, pos=11, end=12)
SUM = Binary("+", A, ONE, pos=7, end=12)


def test_the_span_does_not_count_in_comparisons() -> None:
    other = Binary("+", ColumnRef(("a",)), Literal("integer", 1))
    assert other == SUM
    assert hash(other) == hash(SUM)
    assert (SUM.pos, SUM.end, other.pos) == (7, 12, -1)
    assert Binary("-", A, ONE) != SUM
    assert repr(A) == "ColumnRef(path=('a',))"


def test_kind_of_node_and_every_field_count() -> None:
    assert Subquery(Select((SelectCore((ResultColumn(A),)),))) != A
    assert OrderTerm(A) != OrderTerm(A, descending=True)
    assert Literal("string", "1") != Literal("integer", 1)


def test_copies_keep_the_span() -> None:
    assert replace(SUM, op="-").pos == 7
    again = pickle.loads(pickle.dumps(SUM))
    assert (again, again.left.pos) == (SUM, 7)
    assert copy.deepcopy(SUM) == SUM


def test_patterns_name_the_parts_in_order() -> None:
    match SUM:
        case Binary("+", ColumnRef((name,)), Literal("integer", number)):
            assert (name, number) == ("a", 1)
        case _:
            raise AssertionError("the pattern should match")


def test_nodes_are_made_like_records() -> None:
    assert Literal(kind="null") == Literal("null", None)
    assert OrderTerm(A, nulls="LAST", descending=True, pos=3).pos == 3
    with pytest.raises(TypeError, match="needs a value for 'expr'"):
        OrderTerm()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="has no field 'name'"):
        OrderTerm(A, name=1)  # type: ignore[call-arg]
    with pytest.raises(AttributeError, match="immutable"):
        A.pos = 3


def test_walk_gives_parents_first_and_in_order() -> None:
    case = Case(None, ((A, ONE), (SUM, A)), ONE)
    assert children(case) == [A, ONE, SUM, A, ONE]
    assert list(walk(case)) == [case, A, ONE, SUM, A, ONE, A, ONE]
    assert list(walk(case, into=lambda node: not isinstance(node, Binary))) == [case, A, ONE, SUM, A, ONE]


def test_transform_rebuilds_from_the_leaves_and_shares_the_rest() -> None:
    seen: list[str] = []

    def change(node: Node) -> Node:
        seen.append(type(node).__name__)
        return Literal("integer", 2) if node == A else node

    case = Case(None, ((A, ONE),), SUM, pos=3, end=40)
    new = transform(case, change)
    assert new == Case(None, ((Literal("integer", 2), ONE),), Binary("+", Literal("integer", 2), ONE))
    assert (new.pos, new.end) == (3, 40)
    assert seen[-1] == "Case"
    assert transform(case, lambda node: node) is case


def test_deep_trees_are_walked_rebuilt_and_compared() -> None:
    def deep() -> Expr:
        tree: Expr = A
        for _ in range(400):
            tree = Binary("+", tree, ONE)
        return tree

    tree = deep()
    assert sum(1 for _ in walk(tree)) == 801
    assert transform(tree, lambda node: node) is tree
    assert tree == deep()
    assert hash(tree) == hash(deep())
    assert tree != Binary("+", deep(), ONE)


def test_what_a_column_is_called() -> None:
    text = "SELECT a + 1"
    assert column_name(ResultColumn(SUM, pos=7, end=12), text) == "a + 1"
    assert column_name(ResultColumn(SUM, "b", pos=7, end=12), text) == "b"
    assert column_name(ResultColumn(ColumnRef(("t", "a")), pos=7, end=12), text) == "a"
    assert column_name(ResultColumn(SUM), text) == ""
