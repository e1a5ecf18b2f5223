"""`python -m bench.factors [USERS] [LATENCY_MS]`: every user's factors under Okta's own limits, by the real clock.

The sandbox answers after 20 ms and allows 600 requests a minute below `/api/v1/users`, as Okta does by default. One
statement joins 2,000 users with their factors. Printed: time, calls, the governor's waits, and the ideal: all 600 of
each minute, the windows being aligned to the clock.
"""

from __future__ import annotations

import sys
import time

import quaestor

LIMIT, WINDOW_S, RESERVE = 600, 60, 0.1
STATEMENT = (
    "SELECT count(*), count(DISTINCT u.id), count(f.id)"
    " FROM okta.users.users u LEFT JOIN okta.users.factors f ON f.userId = u.id"
)


def main() -> None:
    """Run it and print what came of it."""
    users = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    latency = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    with (
        quaestor.sandbox("okta", scale={"users": users}, latency=f"{latency}ms", limits="real") as box,
        box.connect(over_http=True) as connection,
    ):
        _ = box.url
        time.sleep(WINDOW_S - time.time() % WINDOW_S)  # so that the ideal is easily told
        begin = time.time()
        result = connection.sql(STATEMENT)
        rows, seen, factors = result.fetchall()[0]
        took = time.time() - begin
        refused = sum(asked.status == 429 for asked in box.log)
    calls = result.stats.requests
    print(f"{seen:,} users, {factors:,} factors, {rows:,} rows of the join")
    print(f"time {took:.1f} s, {calls:,} calls, {result.stats.retries} repeated, {refused} refused")
    print(
        f"waited for limits {result.stats.wait_s:,.0f} s over all threads, {result.stats.wait_s / 16:.0f} s for each"
    )
    for name, part in (("all of the limit", 1.0), ("a tenth left to others", 1 - RESERVE)):
        print(f"ideal with {name}: {ideal_s(seen, int(LIMIT * part)):.0f} s")
    one = calls * latency / 1000
    print(f"one after the other, without limits: {one:.0f} s")


def ideal_s(calls: int, per_window: int) -> float:
    """Seconds until the last call, from the beginning of a window, if each is used up at its beginning."""
    return float((-(-calls // per_window) - 1) * WINDOW_S)


if __name__ == "__main__":
    main()
