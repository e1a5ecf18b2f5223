"""`python -m bench [cold|imports|scans|keys|million] [USERS]`: times, requests and memory of whole commands beside a
bare loop over the same pages, in one run, the best of several. Without a name: all of them.

Never a test: a shared machine is noisy, and a ratio of two commands measured side by side is all that it can tell.
`bench/README.md` has a table as measured.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

HERE = Path(__file__).parent
QUAESTOR = str(Path(sys.executable).with_name("quaestor"))
FLOOR = str(HERE / "floor.py")
ENV = {**os.environ, "OKTA_API_TOKEN": "bench", "PYTHONDONTWRITEBYTECODE": ""}

SCAN = "SELECT id, status, created, lastLogin, profile ->> 'login' AS login FROM okta.users.users"
GROUPED = "SELECT status, count(*) FROM okta.users.users GROUP BY 1 ORDER BY 2 DESC LIMIT 3"
SORTED = "SELECT id FROM okta.users.users ORDER BY profile ->> 'login' DESC LIMIT 10"
WIDE = "SELECT * FROM okta.users.users"
FIVE = "SELECT id FROM okta.users.users LIMIT 5"
FANNED = "SELECT count(*) FROM okta.users.factors WHERE userId IN ({})"
CHAIN = (
    "SELECT count(*) FROM okta.users.users u JOIN okta.users.user_groups g ON g.userId = u.id"
    " JOIN okta.groups.assigned_apps a ON a.groupId = g.id"
)


class Run(NamedTuple):
    """One command: seconds, peak memory in MB, requests that the server had."""

    seconds: float
    memory: float
    requests: int


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


def measured(command: Sequence[str], port: int) -> Run:
    """A command, run once."""
    requests(port)
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=ENV)
    assert process.stderr is not None
    errors = process.stderr.read()
    process.stderr.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: {errors.decode()}")
    return Run(time.perf_counter() - begin, usage.ru_maxrss / 1024, requests(port))


def best(times: int, port: int, *commands: Sequence[str]) -> list[Run]:
    """The best time, the most memory and the most requests of each command, the commands in turn."""
    rounds = [[measured(command, port) for command in commands] for _ in range(times)]
    return [
        Run(min(run.seconds for run in runs), max(run.memory for run in runs), max(run.requests for run in runs))
        for runs in zip(*rounds, strict=True)
    ]


def requests(port: int) -> int:
    """How many requests the server has had since this was last asked."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/count") as response:
        return int(response.read())


def head() -> None:
    """The head of the table."""
    print(f"| {'':38} | requests |        ours |       floor | ratio |    memory |     floor |")
    print(f"|{'-' * 40}|---------:|------------:|------------:|------:|----------:|----------:|")


def line(name: str, ours: Run, floor: Run, unit: float = 1.0) -> None:
    """One row of the table."""
    label = "s" if unit == 1.0 else "ms"
    print(
        f"| {name:38} | {ours.requests:8,} | {ours.seconds / unit:8.2f} {label:2} | {floor.seconds / unit:8.2f} "
        f"{label:2} | {ours.seconds / floor.seconds:5.2f} | {ours.memory:6.1f} MB | {floor.memory:6.1f} MB |",
        flush=True,
    )


def beside(name: str, times: int, port: int, ours: Sequence[str], floor: Sequence[str]) -> None:
    """One row: our command beside the floor's."""
    found = best(times, port, ours, floor)
    line(name, found[0], found[1])


def ask(port: int, statement: str, *flags: str) -> list[str]:
    """Our command for a statement."""
    return [QUAESTOR, "exec", "--endpoint", f"okta=http://127.0.0.1:{port}", "-o", "csv", *flags, statement]


def bare(port: int, *what: str) -> list[str]:
    """The floor's command."""
    return [sys.executable, FLOOR, str(port), *what]


def cold(users: int) -> None:
    """Commands from a cold start, beside an interpreter that does nothing."""
    nothing = [sys.executable, "-c", "pass"]
    with served(1) as port:
        select = ask(port, "SELECT id, status FROM okta.users.users")
        one = ask(port, "SELECT factorType FROM okta.users.factors WHERE userId = '1'")
        show = [QUAESTOR, "exec", "SHOW PROVIDERS"]
        describe = [QUAESTOR, "exec", "DESCRIBE okta.users.users"]
        floor, *ours = best(20, port, nothing, show, describe, one, select)
        names = ("SHOW PROVIDERS", "DESCRIBE", "SELECT of one row, one request", "SELECT of one row, two requests")
        for name, found in zip(names, ours, strict=True):
            line(f"cold: {name}", found, floor, 0.001)


def imports(users: int) -> None:
    """What a cold SELECT of one row imports: the ten that take longest by themselves."""
    with served(1) as port:
        command = [sys.executable, "-X", "importtime", *ask(port, "SELECT id, status FROM okta.users.users")]
        runs = [subprocess.run(command, env=ENV, capture_output=True, text=True, check=True) for _ in range(3)]
    lines = re.findall(r"import time:\s+(\d+) \|\s+\d+ \| +(\S+)", runs[-1].stderr)
    print(
        f"{len(lines)} modules, {sum(int(own) for own, _ in lines) / 1000:.0f} ms under -X importtime; the top ten:"
    )
    for own, name in sorted(lines, key=lambda found: -int(found[0]))[:10]:
        print(f"    {int(own) / 1000:5.1f} ms  {name}")


def scans(users: int) -> None:
    """Statements over many pages."""
    with served(users) as port:
        for name, statement, against in (
            (f"{users:,} users to CSV", SCAN, "csv"),
            (f"{users:,} users, all columns", WIDE, "wide"),
            (f"{users:,} users, GROUP BY", GROUPED, "count"),
            (f"{users:,} users, ORDER BY LIMIT 10", SORTED, "sort"),
            (f"{users:,} users, LIMIT 5", FIVE, "first"),
        ):
            beside(name, 3, port, ask(port, statement), bare(port, against))


def keys(users: int) -> None:
    """Requests that depend on keys, each answered after 50 ms; the floor asks sixteen at a time too."""
    with served(40, delay_ms=50) as port:
        for count, times in ((40, 3), (1000, 2)):
            wanted = FANNED.format(", ".join(f"'{key}'" for key in range(count)))
            name = f"{count:,} keys at 50 ms"
            beside(name, times, port, ask(port, wanted), bare(port, "fan", str(count)))
        beside("users, their groups, these apps: 50 ms", 3, port, ask(port, CHAIN), bare(port, "chain"))


def million(users: int) -> None:
    """A million rows to CSV."""
    with served(1_000_000) as port:
        flags = ["--max-requests", "20000"]
        beside("1,000,000 users to CSV", 1, port, ask(port, SCAN, *flags), bare(port, "csv"))


PARTS: dict[str, Callable[[int], None]] = {
    "cold": cold,
    "scans": scans,
    "keys": keys,
    "million": million,
    "imports": imports,
}


def main() -> None:
    """The parts that are named, or all of them."""
    named = [argument for argument in sys.argv[1:] if argument in PARTS]
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    if named != ["imports"]:
        head()
    begin = time.perf_counter()
    for name in named or PARTS:
        PARTS[name](numbers[0] if numbers else 100_000)
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"\n{time.perf_counter() - begin:.0f} s, Python {sys.version.partition(' ')[0]}, load {load}")


if __name__ == "__main__":
    main()
