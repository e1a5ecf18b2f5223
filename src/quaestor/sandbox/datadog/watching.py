"""Datadog's monitors and the hosts that they watch.

Before: `data.words`, `datadog.people`. After: `datadog.world` puts them at their paths.
"""

from __future__ import annotations

from quaestor.sandbox.answer.query import Query
from quaestor.sandbox.data.clock import DAY
from quaestor.sandbox.data.collection import Collection, Fixed, Generated
from quaestor.sandbox.data.seeded import IntegerKeys, NameKeys, mix, pick
from quaestor.sandbox.data.words import ENVIRONMENTS, REGIONS, SERVICES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from quaestor.sandbox.datadog.world import DatadogWorld

#: What monitors watch: name, type, query, critical threshold.
_WATCHED = (
    (
        "High error rate",
        "metric alert",
        "sum(last_5m):sum:trace.http.errors{{service:{0},env:{1}}}.as_count() > 50",
        50,
    ),
    ("Slow responses", "metric alert", "avg(last_10m):p95:trace.http.duration{{service:{0},env:{1}}} > 1.5", 1.5),
    ("CPU is busy", "query alert", "avg(last_15m):avg:system.cpu.user{{service:{0},env:{1}}} by {{host}} > 90", 90),
    (
        "Disk fills up",
        "query alert",
        "max(last_1h):max:system.disk.in_use{{service:{0},env:{1}}} by {{host}} > 0.9",
        0.9,
    ),
    (
        "Errors in the log",
        "log alert",
        'logs("service:{0} env:{1} status:error").index("*").rollup("count").last("5m") > 20',
        20,
    ),
    (
        "Agent is gone",
        "service check",
        '"datadog.agent.up".over("service:{0}","env:{1}").last(2).count_by_status()',
        1,
    ),
)
_STATES = ("OK", "OK", "OK", "OK", "OK", "OK", "Alert", "Warn", "No Data", "OK", "OK", "OK")
#: Who looks after services.
TEAMS = ("platform", "payments", "growth", "search", "mobile")


class Monitors(Generated):
    """The monitors of an organization."""

    def __init__(self, world: DatadogWorld) -> None:
        state = world.state("monitors")
        count = world.scaled("monitors")
        keys = IntegerKeys(state, 20_000_000)
        super().__init__(world.ground.inventor, "monitor", keys, count, state, facts=self._about)
        self._world = world

    def _about(self, index: int, key: str) -> dict[str, Any]:
        state = mix(self._state, index)
        service, environment = SERVICES[index * 7 % len(SERVICES)], pick(ENVIRONMENTS, state >> 4)
        what, kind, query, critical = _WATCHED[index % len(_WATCHED)]
        team = pick(TEAMS, state >> 8)
        handle = "" if state >> 12 & 3 == 0 else f" @slack-{team}" if state >> 14 & 1 else f" @{team}@acme.example"
        dates = self._world.dates(state, "created", "modified")
        return {
            "name": f"{what} on {service} ({environment})",
            "type": kind,
            "query": query.format(service, environment),
            "message": f"Look at {service}.{handle}",
            "tags": [f"service:{service}", f"env:{environment}", f"team:{team}"],
            "overall_state": _STATES[state % len(_STATES)],
            "priority": state >> 16 & 3 or None,
            "multi": "by {" in query,
            "creator": self._world.person(state),
            "options": {
                "thresholds": {"critical": critical},
                "notify_no_data": bool(state >> 18 & 1),
                "include_tags": True,
                "silenced": {"*": None} if state >> 19 & 15 == 0 else {},
            },
            "deleted": None,
            "restricted_roles": None,
            "matching_downtimes": [],
            **dates,
        }

    def select(self, query: Query) -> Sequence[int]:
        """`name` (a part of it), `tags` and `monitor_tags` (all of them), `id_offset`; all in one answer unless a
        `page` is named, as the real one's."""
        positions: Sequence[int] = range(len(self))
        name = query.text("name").lower()
        if name:
            positions = [at for at in positions if name in self._about(at, "")["name"].lower()]
        tags = query.texts("tags") + query.texts("monitor_tags")
        if tags:
            positions = [at for at in positions if set(tags) <= set(self._about(at, "")["tags"])]
        after = query.number("id_offset", 0)
        if after:
            positions = [at for at in positions if int(self.key(at)) > after]
        return positions

    def paged(self, query: Query, positions: Sequence[int]) -> Sequence[int]:
        size = query.number("page_size", 100, low=1)
        return positions[query.number("page", 0) * size :][:size] if "page" in query else positions

    def admits(self, query: Query, row: Any) -> bool:
        name, tags = query.text("name").lower(), query.texts("tags") + query.texts("monitor_tags")
        after = query.number("id_offset", 0)
        fits = name in str(row.get("name")).lower() and set(tags) <= set(row.get("tags") or ())
        return fits and (not after or int(row["id"]) > after)

    def searched(self) -> Collection:
        """The same monitors as the search gives them."""

        def about(index: int, key: str) -> dict[str, Any]:
            monitor = self._about(index, key)
            status = {"Warn": "Alert"}.get(monitor["overall_state"], monitor["overall_state"])
            kept = {name: monitor[name] for name in ("name", "query", "tags", "creator")}
            return {**kept, "id": int(key), "status": status, "type": "query alert", "quality_issues": []}

        return Generated(self._inventor, "monitor", self._keys, self._count, self._state, facts=about)


class Hosts(Generated):
    """The hosts that agents run on."""

    def __init__(self, world: DatadogWorld) -> None:
        names = tuple(f"{service}-{region[:2]}" for service in SERVICES for region in REGIONS[::2])
        state = world.state("hosts")
        keys = NameKeys(names)
        super().__init__(
            world.ground.inventor, "host", keys, world.scaled("hosts"), state, key_path=("name",), facts=self._about
        )
        self._world = world

    def up(self, index: int) -> bool:
        """Whether a host reports."""
        return mix(self._state, index) % 17 != 0

    def tags(self, index: int) -> list[str]:
        """What a host is tagged with."""
        state = mix(self._state, index)
        service = self.key(index).partition("-")[0]
        return [f"service:{service}", f"env:{pick(ENVIRONMENTS, state >> 4)}", f"region:{pick(REGIONS, state >> 8)}"]

    def tags_used(self) -> Collection:
        """The names of the hosts that carry each tag, by tag."""
        found: dict[str, list[str]] = {}
        for index in range(len(self)):
            for tag in self.tags(index):
                found.setdefault(tag, []).append(self.key(index))
        return Fixed(self._inventor, "tag", found, self._state)

    def tagged(self) -> Collection:
        """The hosts as their tags are asked for, by name."""
        rows = {self.key(at): {"host": self.key(at), "tags": self.tags(at)} for at in range(len(self))}
        return Fixed(self._inventor, "host", rows, self._state)

    def _about(self, index: int, key: str) -> dict[str, Any]:
        state = mix(self._state, index)
        silent = 300 if self.up(index) else 3 * DAY
        version = f"7.{40 + state % 30}.{state >> 8 & 3}"
        return {
            "id": 5_000_000 + index,
            "host_name": key,
            "aliases": [key, f"i-{state & 0xFFFFFFFFFFFF:012x}"],
            "apps": ["agent", "ntp"],
            "up": self.up(index),
            "is_muted": state >> 12 & 31 == 0,
            "mute_timeout": None,
            "last_reported_time": self._world.ground.clock.now - silent,
            "sources": ["agent", "aws"],
            "tags_by_source": {"Datadog": [f"host:{key}"], "Users": self.tags(index)},
            "metrics": {"cpu": state % 1000 / 10, "iowait": state >> 10 & 7, "load": (state >> 13) % 400 / 100},
            "meta": {"agent_version": version, "cpuCores": 1 << (state >> 20 & 3), "platform": "linux"},
        }

    def select(self, query: Query) -> Sequence[int]:
        """`filter`: a part of the name, or a tag."""
        text = query.text("filter").lower()
        if not text:
            return range(len(self))
        return [at for at in range(len(self)) if text in self.key(at) or text in self.tags(at)]

    def admits(self, query: Query, row: Any) -> bool:
        return query.text("filter").lower() in str(row.get("name")).lower()
