"""The people of the sandbox's company, who have accounts at every vendor.

A person is a number; all else is computed from it: a name that nobody else has, a department, a manager in the
same department, an office, the days on which they came, signed in and left. So Okta's users and Datadog's are
the same people, and leavers who still have an account elsewhere can be found.

Before: `seeded`, `words`, `clock`. After: the worlds of the vendors.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from math import gcd
from typing import NamedTuple

from quaestor.sandbox.data.clock import Clock
from quaestor.sandbox.data.seeded import mix, state_of
from quaestor.sandbox.data.words import DEPARTMENTS, FIRST, LAST, OFFICES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: States of an Okta account, and how many of 1,000 people are in each.
STATUSES = (
    ("ACTIVE", 800),
    ("DEPROVISIONED", 80),
    ("PROVISIONED", 30),
    ("STAGED", 22),
    ("SUSPENDED", 20),
    ("LOCKED_OUT", 14),
    ("PASSWORD_EXPIRED", 22),
    ("RECOVERY", 12),
)
STATUS_NAMES = tuple(name for name, _ in STATUSES)
ACTIVE, LEFT, PROVISIONED, STAGED = range(4)
_STATUS_OF_ROLL = bytes(at for at, (_, share) in enumerate(STATUSES) for _ in range(share))

#: People per round of departments; a manager has at most eight reports for each of the places of a round.
ROUND = 64
SPAN = 8
#: Sets of people that are kept computed.
_KEPT = 512


class Person(NamedTuple):
    """What is known of a person; days count back from the clock's. (A tuple: a page needs 200 of them.)

    Attributes:
        at: position, from 0.
        roll: 64 bits that belong to the person, for what only one world needs.
        manager: position of their manager, or -1.
        created, signed_in: days ago; `signed_in` is -1 for never.
    """

    at: int
    roll: int
    first: str
    last: str
    login: str
    department: int
    title: str
    manager: int
    office: int
    contractor: bool
    status: int
    created: int
    signed_in: int


class People:
    """So many people of one company."""

    def __init__(self, seed: int, count: int, clock: Clock, domain: str = "acme.example") -> None:
        self.count = count
        self.clock = clock
        self.domain = domain
        self._state = state_of(seed, "people")
        self._names = len(FIRST) * len(LAST)
        factor = 7919
        while gcd(factor, self._names) != 1:
            factor += 2
        self._factor = factor
        self._shift = mix(self._state, 1) % self._names
        self._unfactor = pow(factor, -1, self._names)
        self._first_at = {name.lower(): at for at, name in enumerate(FIRST)}
        self._last_at = {name.lower(): at for at, name in enumerate(LAST)}
        self._department_at = self._shuffled()
        self._heads = {department: self._department_at.index(department) for department in range(len(DEPARTMENTS))}
        self._head_set = frozenset(self._heads.values())
        self._statuses: bytes = b""
        self._members: OrderedDict[tuple[str, int], array[int]] = OrderedDict()

    def _shuffled(self) -> bytes:
        """The department of each place in a round; the very first is the executives'."""
        places = [at for at, (_, share, _) in enumerate(DEPARTMENTS) for _ in range(share)]
        executive = places.index(len(DEPARTMENTS) - 1)
        places[0], places[executive] = places[executive], places[0]
        for at in range(len(places) - 1, 1, -1):
            other = 1 + mix(self._state, 1000 + at) % at
            places[at], places[other] = places[other], places[at]
        return bytes(places)

    def roll(self, index: int) -> int:
        """64 bits that belong to a person."""
        return mix(self._state, index + 1_000_000)

    def name(self, index: int) -> tuple[str, str, int]:
        """First and last name, and which person of these names it is, from 0."""
        again, at = divmod(index, self._names)
        at = (at * self._factor + self._shift) % self._names
        last, first = divmod(at, len(FIRST))
        return FIRST[first], LAST[last], again

    def login(self, index: int) -> str:
        """The address that a person signs in with, in small letters."""
        first, last, again = self.name(index)
        return f"{first}.{last}{again + 1 if again else ''}@{self.domain}".lower()

    def by_login(self, login: str) -> int:
        """The person of this login, or -1."""
        local, _, domain = login.lower().partition("@")
        first, _, rest = local.partition(".")
        last = rest.rstrip("0123456789")
        number = rest[len(last) :]
        if domain != self.domain or first not in self._first_at or last not in self._last_at:
            return -1
        at = self._last_at[last] * len(FIRST) + self._first_at[first]
        index = (at - self._shift) * self._unfactor % self._names + (int(number) - 1 if number else 0) * self._names
        return index if 0 <= index < self.count and self.login(index) == login.lower() else -1

    def department(self, index: int) -> int:
        """Which of `DEPARTMENTS` a person works in."""
        return self._department_at[index % ROUND]

    def manager(self, index: int) -> int:
        """The position of a person's manager, or -1 for the first of all."""
        if index == 0:
            return -1
        place = index % ROUND
        if index >= ROUND:
            return index // ROUND // SPAN * ROUND + place
        head = self._heads[self._department_at[place]]
        return 0 if head == index else head

    def office(self, index: int) -> int:
        """Which of `OFFICES` a person works in."""
        return (self.roll(index) >> 56) % len(OFFICES)

    def contractor(self, index: int) -> bool:
        """Whether a person is a contractor; the first of a department never is."""
        return (self.roll(index) >> 59) & 7 == 0 and index not in self._head_set

    def manages(self, index: int) -> bool:
        """Whether a person has reports."""
        if index == 0 or self._heads.get(self.department(index)) == index:
            return self.count > ROUND
        return index // ROUND * SPAN * ROUND + index % ROUND + (ROUND if index < ROUND else 0) < self.count

    def status(self, index: int) -> int:
        """Which of `STATUSES` a person's account is in; the first of each department are active."""
        if not self._statuses:
            heads, roll, table = self._head_set, self.roll, _STATUS_OF_ROLL
            self._statuses = bytes(
                ACTIVE if at in heads else table[(roll(at) & 0xFFFFF) % 1000] for at in range(self.count)
            )
        return self._statuses[index]

    def person(self, index: int) -> Person:
        """Everything about a person."""
        roll = self.roll(index)
        first, last, again = self.name(index)
        department = self._department_at[index % ROUND]
        head = index in self._head_set
        status = ACTIVE if head else _STATUS_OF_ROLL[(roll & 0xFFFFF) % 1000]
        created = 3 + (roll >> 20) % 1080
        if status in (PROVISIONED, STAGED):  # not signed in yet: they came lately, most of them
            created = 1 + (roll >> 20) % (30 if roll >> 40 & 3 else 400)
            signed_in = -1
        elif status == LEFT:
            signed_in = 1 + (roll >> 32) % created
        else:
            aged = roll >> 44 & 15
            signed_in = min(created, (roll >> 32) % (3 if aged < 10 else 30 if aged < 13 else 400))
            if aged == 15 and roll >> 48 & 3 == 0 and not head:
                signed_in = -1
        titles = DEPARTMENTS[department][2]
        title = f"Head of {DEPARTMENTS[department][0]}" if head else titles[(roll >> 52) % len(titles)]
        return Person(
            index,
            roll,
            first,
            last,
            f"{first}.{last}{again + 1 if again else ''}@{self.domain}".lower(),
            department,
            "Chief Executive Officer" if index == 0 else title,
            self.manager(index),
            (roll >> 56) % len(OFFICES),
            (roll >> 59) & 7 == 0 and not head,
            status,
            created,
            signed_in,
        )

    def members(
        self, what: str, value: int, test: Callable[[int], bool], among: Iterable[int] | None = None
    ) -> array[int]:
        """The people for whom a test holds, of all or of some; computed once for each name and value of it."""
        found = self._members.get((what, value))
        if found is None:
            found = array("I", filter(test, range(self.count) if among is None else among))
            self._members[what, value] = found
            if len(self._members) > _KEPT:
                self._members.popitem(last=False)
        return found

    def listed(self) -> array[int]:
        """Those who haven't left."""
        return self.members("listed", 0, lambda index: self.status(index) != LEFT)
