"""`python -m bench.storm [SCANS] [PAGES]`: three minutes of 429 with 16 concurrent scans, by the real clock.

The sandbox allows 600 lists of users a minute, as Okta does. A rival with sixteen connections, which heeds no header,
takes 400 of them each minute: both rush for the same 600 at its beginning, and once they are used up everybody who
asks is refused. Sixteen scans of one process need 640 pages, which is four minutes' worth of what is left: three from
the beginning of the first to that of the last. Printed: what was sent and refused, and the time beside the ideal.

The ideal: each minute, whatever the rival didn't take of the 600 is used at once. With the reserve, a tenth of the
limit stays unused besides.
"""

from __future__ import annotations

import http.client
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import quaestor

LIMIT, WINDOW_S, SHARE, RESERVE, SIZE = 600, 60, 400, 0.1, 2
#: Between two requests of a connection of the rival: about as long as a scan takes with a page.
PAUSE_S = 0.05
LIMITS = f"""\
limits:
  okta:
    concurrency: 75
    buckets:
      - {{route: GET /api/v1/users, limit: {LIMIT}, per: {WINDOW_S}s}}
"""
STATEMENT = f"SELECT id, status FROM okta.users.users WHERE limit = {SIZE} AND filter = 'status eq \"ACTIVE\"'"


class Result(NamedTuple):
    """What came of a scan."""

    rows: int
    pages: int
    requests: int
    wait_s: float
    error: str = ""


class Rival:
    """Another client of the same organisation, with sixteen connections, that doesn't heed what headers say.

    Attributes:
        taken: by minute, how many of its requests were answered.
        refused: how many were not.
    """

    def __init__(self, port: int) -> None:
        self.taken: Counter[int] = Counter()
        self.refused = 0
        self._port = port
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(16)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Wait for its end."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port)
        while not self._stop.is_set():
            minute = int(time.time() // WINDOW_S)
            if self.taken[minute] >= SHARE:
                self._stop.wait(PAUSE_S)
                continue
            connection.request("GET", "/okta/api/v1/users?limit=1", headers={"authorization": "SSWS sandbox"})
            response = connection.getresponse()
            response.read()
            with self._lock:
                self.taken[minute] += response.status == 200
                self.refused += response.status == 429
            if response.status == 429:
                self._stop.wait(1.0)
            else:
                self._stop.wait(PAUSE_S)
        connection.close()


def scan(connection: quaestor.Connection, statement: str, done: list[Result]) -> None:
    """One scan: what it read, or why it failed."""
    try:
        result = connection.sql(statement)
        rows = len(result.fetchall())
        done.append(Result(rows, result.stats.pages, result.stats.requests, result.stats.wait_s))
    except quaestor.QuaestorError as error:
        done.append(Result(0, 0, 0, 0.0, f"{type(error).__name__}: {error.message}"))


def main() -> None:
    """Run it and print what came of it."""
    scans = int(sys.argv[1]) if len(sys.argv) > 1 else 16
    pages = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    with tempfile.TemporaryDirectory() as folder:
        limits = Path(folder) / "limits.yaml"
        limits.write_text(LIMITS)
        with (
            quaestor.sandbox("okta", scale={"users": int(pages * SIZE * 1.15)}, limits=str(limits)) as box,
            box.connect(over_http=True) as connection,
        ):
            time.sleep(WINDOW_S - time.time() % WINDOW_S)  # so that the ideal is easily told
            rival = Rival(int(box.url.rpartition(":")[2]))
            time.sleep(0.2)
            begin = time.time()
            done: list[Result] = []
            threads = [threading.Thread(target=scan, args=(connection, STATEMENT, done)) for _ in range(scans)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            took = time.time() - begin
            rival.stop()
            report(done, took, rival)


def report(done: list[Result], took: float, rival: Rival) -> None:
    """The lines of the result."""
    pages, requests = sum(each.pages for each in done), sum(each.requests for each in done)
    rows = {each.rows for each in done}
    errors = [each.error for each in done if each.error]
    ideal, reserved = (ideal_s(pages, rival, left) for left in (0, int(LIMIT * RESERVE)))
    print(f"{len(done)} scans, {len(errors)} failed, each of {', '.join(map(str, sorted(rows)))} rows")
    print(f"requests sent {requests:,}, needed {pages:,}, refused {requests - pages}")
    taken = sum(rival.taken.values())
    print(f"the rival took {taken:,} in {len(rival.taken)} minutes, and was refused {rival.refused:,}")
    print(f"time {took:.1f} s; ideal {ideal:.0f} s, lost {took - ideal:.1f} s")
    print(f"a tenth of the limit is left to others: ideal with this {reserved:.0f} s, lost {took - reserved:.1f} s")
    print(f"waited {sum(each.wait_s for each in done):,.0f} s over all threads")
    for error in errors[:3]:
        print(error)


def ideal_s(pages: int, rival: Rival, left: int) -> float:
    """Seconds until the last page if, from its beginning on, each minute gives all that the rival didn't take."""
    minute = min(rival.taken)
    windows = 0
    while pages > 0:
        pages -= max(1, LIMIT - rival.taken[minute + windows] - left)
        windows += 1
    return float((windows - 1) * WINDOW_S)


if __name__ == "__main__":
    main()
