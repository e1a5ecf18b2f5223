"""Which templates share a limit, found out from what responses say."""

from __future__ import annotations

import random

from quaestor.fetch.buckets import Bucket, Buckets
from quaestor.fetch.retry import RateLimit


class Server:
    """Limits of a server, and how templates share them; a window of 60 s that began at 0."""

    def __init__(self, shares: dict[str, str], limit: int = 100, *, named: bool = False) -> None:
        self.shares = shares
        self.left = dict.fromkeys(shares.values(), limit)
        self.limit = limit
        self.named = named

    def ask(self, buckets: Buckets, template: str, now: float = 0.0) -> Bucket:
        bucket = self.shares[template]
        self.left[bucket] -= 1
        name = bucket if self.named else ""
        known = buckets.template(template)
        buckets.learn(known, RateLimit(self.limit, self.left[bucket], 60.0 - now, name), now)
        return known.bucket


def test_names_say_it_at_once() -> None:
    server = Server({"a": "x", "b": "x", "c": "y"}, named=True)
    buckets = Buckets()
    a, b, c = (server.ask(buckets, name) for name in "abc")
    assert a is b
    assert a is not c
    assert buckets.members(a) == ["a", "b"]
    assert (a.remaining, c.remaining) == (98, 99)


def test_what_moves_together_is_one() -> None:
    server = Server({"a": "x", "b": "x"})
    buckets = Buckets()
    for _ in range(10):
        server.ask(buckets, "a")
        server.ask(buckets, "b")
    assert buckets.template("a").bucket is buckets.template("b").bucket
    assert buckets.template("a").bucket.remaining == 80


def test_what_stands_beside_each_other_is_not() -> None:
    """The same limit, the same window, asked in turn: the numbers are equal, but each falls by its own requests."""
    server = Server({"a": "x", "b": "y"})
    buckets = Buckets()
    for _ in range(90):
        server.ask(buckets, "a")
        server.ask(buckets, "b")
    assert buckets.template("a").bucket is not buckets.template("b").bucket


def test_a_wrong_guess_ends_when_they_part() -> None:
    """Others use both limits just as we do, until they don't."""
    server = Server({"a": "x", "b": "y"}, limit=1000)
    buckets = Buckets()
    for _ in range(20):
        for name in "ab":
            server.left[server.shares[name]] -= 1
            server.ask(buckets, name)
    assert buckets.template("a").bucket is buckets.template("b").bucket
    server.left["x"] -= 300
    server.ask(buckets, "a")
    server.ask(buckets, "b")
    a, b = buckets.template("a"), buckets.template("b")
    assert a.bucket is not b.bucket
    assert (a.bucket.remaining, b.bucket.remaining) == (1000 - 341, 1000 - 41)
    for _ in range(20):  # and isn't made again
        for name in "ab":
            server.left[server.shares[name]] -= 1
            server.ask(buckets, name)
    assert a.bucket is not b.bucket


def test_the_next_window_is_no_contradiction() -> None:
    server = Server({"a": "x", "b": "x"})
    buckets = Buckets()
    for _ in range(10):
        server.ask(buckets, "a")
        server.ask(buckets, "b")
    server.left["x"] = 100
    for name in "ab":
        server.left["x"] -= 1
        told = RateLimit(100, server.left["x"], 60.0)
        buckets.learn(buckets.template(name), told, 60.0)
    assert buckets.template("a").bucket is buckets.template("b").bucket
    assert buckets.template("a").bucket.remaining == 98


def test_in_flight_moves_along() -> None:
    buckets = Buckets()
    template = buckets.template("a")
    template.in_flight = template.bucket.in_flight = 3
    old = template.bucket
    buckets.learn(template, RateLimit(100, 50, 60.0, "named"), 0.0)
    assert (old.in_flight, template.bucket.in_flight, template.bucket.name) == (0, 3, "named")


def test_answers_out_of_order_join_nothing() -> None:
    """Sixteen requests at a time, whose answers come in any order, over two limits of equal size."""
    chance = random.Random(3)
    for _ in range(200):
        server = Server({"a": "x", "b": "y"}, limit=600)
        buckets = Buckets()
        for _ in range(10):
            told: list[tuple[str, RateLimit]] = []
            for _ in range(16):
                name = chance.choice("ab")
                template = buckets.template(name)
                template.in_flight += 1
                template.bucket.in_flight += 1
                bucket = server.shares[name]
                server.left[bucket] -= 1
                told.append((name, RateLimit(600, server.left[bucket], 60.0)))
            chance.shuffle(told)
            for name, limit in told:
                template = buckets.template(name)
                template.in_flight -= 1
                template.bucket.in_flight -= 1
                buckets.learn(template, limit, 0.0)
        a, b = buckets.template("a").bucket, buckets.template("b").bucket
        assert a is not b
        assert (a.remaining, b.remaining) == (server.left["x"], server.left["y"])
