"""What lists can be asked, as text and back; what an overlay can't say."""

from __future__ import annotations

from typing import Any

import pytest

from quaestor.catalog.listings import check, listing_from, listing_text
from quaestor.catalog.model import Column, Listing, Method, Parameter
from quaestor.errors import CatalogError

FULL: dict[str, Any] = {
    "filter": "filter",
    "fields": {"status": ["eq"], "at": ["eq", "gt", "lt"]},
    "words": ["and", "or"],
    "equals": {"kind": "type"},
    "ranges": {"at": ["since", "", "iso"]},
    "whole": {"all": "true", "since": "now-90d", "until": "now@seconds"},
    "leaves_out": "the rest",
}


def test_text_and_back() -> None:
    listing = listing_from(FULL, "here")
    assert listing_text(listing) == FULL
    assert listing.instants == ("at",)
    assert listing_from({}, "here") == Listing()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ([], "should be a mapping"),
        ({"filtre": "x"}, "no key 'filtre'"),
        ({"fields": {"a": ["like"]}}, "should be some of eq"),
        ({"words": ["not"]}, "should be some of and"),
        ({"ranges": {"a": ["x", "y"]}}, "two parameters and one of"),
        ({"whole": {"a": 5}}, "should be text"),
        ({"whole": {"a": "now-soon"}}, "should be text"),
    ],
)
def test_what_it_can_not_say(fields: Any, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        listing_from(fields, "here")


@pytest.mark.parametrize(
    ("listing", "message"),
    [
        (Listing(fields={"b.c": ("eq",)}), "no column 'b.c'"),
        (Listing(differs=("b",)), "no column 'b'"),
        (Listing(filter="f"), "no parameter 'f'"),
        (Listing(ranges={"a": ("p", "until", "iso")}), "no parameter 'until'"),
        (Listing(same="list_others"), "no method 'list_others'"),
    ],
)
def test_what_does_not_fit_the_method(listing: Listing, message: str) -> None:
    method = Method(
        "m",
        "select",
        "GET",
        "/m",
        parameters=(Parameter("p", "p", "query"),),
        columns=(Column("a", "object", ("a",)),),
        listing=listing,
    )
    with pytest.raises(CatalogError, match=message):
        check(method, [method], "here")
