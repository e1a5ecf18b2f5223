"""`python -m bench`: times and memory of whole commands beside a bare loop, in one run, best of several.

Never a test: a shared machine is noisy, and a ratio of two commands measured side by side is all that it can tell.
`bench/README.md` has a table as measured.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HERE = Path(__file__).parent
QUAESTOR = str(Path(sys.executable).with_name("quaestor"))
ENV = {**os.environ, "OKTA_API_TOKEN": "bench", "PYTHONDONTWRITEBYTECODE": ""}

SCAN = "SELECT id, status, created, lastLogin, profile ->> 'login' AS login FROM okta.users.users"
GROUPED = "SELECT status, count(*) FROM okta.users.users GROUP BY 1 ORDER BY 2 DESC LIMIT 3"
SORTED = "SELECT id FROM okta.users.users ORDER BY profile ->> 'login' DESC LIMIT 10"
WIDE = "SELECT * FROM okta.users.users"
FIVE = "SELECT id FROM okta.users.users LIMIT 5"
KEYS = ", ".join(f"'{number}'" for number in range(40))
FANNED = f"SELECT count(*) FROM okta.users.factors WHERE userId IN ({KEYS})"


@contextmanager
def served(users: int, per_page: int = 200, delay_ms: int = 0) -> Iterator[int]:
    """The port of a server in a process of its own."""
    command = [sys.executable, "-m", "bench.server", str(users), str(per_page), str(delay_ms)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=HERE.parent)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait()


def measured(command: Sequence[str]) -> tuple[float, float]:
    """Seconds and peak memory in MB of a command, run once."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=ENV)
    assert process.stderr is not None
    errors = process.stderr.read()
    process.stderr.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: {errors.decode()}")
    return time.perf_counter() - begin, usage.ru_maxrss / 1024


def best(times: int, *commands: Sequence[str]) -> list[tuple[float, float]]:
    """The best time and the most memory of each command, the commands in turn."""
    runs = [[measured(command) for command in commands] for _ in range(times)]
    return [(min(run[i][0] for run in runs), max(run[i][1] for run in runs)) for i in range(len(commands))]


def line(name: str, ours: tuple[float, float], floor: tuple[float, float], unit: float = 1.0) -> None:
    """One row of the table."""
    label = "s" if unit == 1.0 else "ms"
    print(
        f"| {name:34} | {ours[0] / unit:8.2f} {label:2} | {floor[0] / unit:8.2f} {label:2} "
        f"| {ours[0] / floor[0]:5.2f} | {ours[1]:6.1f} MB | {floor[1]:6.1f} MB |"
    )


def scans(users: int) -> None:
    """Statements over many pages, beside the bare loop."""
    floor = str(HERE / "floor.py")
    with served(users) as port:
        endpoint = ["--endpoint", f"okta=http://127.0.0.1:{port}"]
        bare = {what: [sys.executable, floor, str(port), what] for what in ("csv", "count")}
        for name, statement, against in (
            (f"{users:,} users to CSV", SCAN, "csv"),
            (f"{users:,} users, all columns", WIDE, "csv"),
            (f"{users:,} users, GROUP BY", GROUPED, "count"),
            (f"{users:,} users, ORDER BY LIMIT 10", SORTED, "count"),
        ):
            ours, theirs = best(3, [QUAESTOR, "exec", *endpoint, "-o", "csv", statement], bare[against])
            line(name, ours, theirs)
        requests(port)
        measured([QUAESTOR, "exec", *endpoint, FIVE])
        print(f"\nLIMIT 5 over {users:,} users: {requests(port)} request")


def requests(port: int) -> int:
    """How many requests the server has had since this was last asked."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/count") as response:
        return int(response.read())


def fan_out() -> None:
    """40 keys, each answered after 50 ms."""
    with served(1, delay_ms=50) as port:
        begin = [QUAESTOR, "exec", "--endpoint", f"okta=http://127.0.0.1:{port}"]
        (ours, one) = best(3, [*begin, FANNED], [*begin, FANNED.replace(KEYS, "'0'")])
        print(f"40 keys at 50 ms: {(ours[0] - one[0] + 0.05) / 0.05:.1f} x 50 ms (less the cost of starting)")


def cold() -> None:
    """Commands from a cold start, beside an interpreter that does nothing."""
    bare = [sys.executable, "-c", "pass"]
    with served(1) as port:
        endpoint = ["--endpoint", f"okta=http://127.0.0.1:{port}"]
        show = [QUAESTOR, "exec", "SHOW PROVIDERS"]
        describe = [QUAESTOR, "exec", "DESCRIBE okta.users.users"]
        select = [QUAESTOR, "exec", *endpoint, "SELECT id, status FROM okta.users.users"]
        nothing, *ours = best(20, bare, show, describe, select)
        for name, found in zip(("SHOW PROVIDERS", "DESCRIBE", "SELECT of one row"), ours, strict=True):
            line(f"cold: {name}", found, nothing, 0.001)


def main() -> None:
    """All of them."""
    users = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    print(f"| {'':34} |        ours |       floor | ratio |      memory |     memory |")
    print(f"|{'-' * 36}|------------:|------------:|------:|----------:|----------:|")
    cold()
    scans(users)
    fan_out()


if __name__ == "__main__":
    main()
