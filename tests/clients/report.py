"""What the vendors' clients made of the sandbox: `python -m tests.clients.report [--all]`.

A table of calls by client, each failure by name, and the five examples with what they said. `--all` plays every
recorded sequence instead of those of the main resources. Before: the clients are installed. After: somebody reads it.
"""

from __future__ import annotations

import sys
from collections import Counter

from tests.clients.desk import CLIENTS, Call, desk, table
from tests.clients.examples import PAGE, bench, examples, returned
from tests.clients.flows import flows
from tests.clients.install import install
from tests.clients.playing import every, main_cassettes
from tests.recorded.cassettes import DATA
from tests.sandbox.sequences import sequences


def calls(whole: bool) -> list[Call]:
    """Everything that was wanted of all clients."""
    found: list[Call] = []
    for client in CLIENTS:
        provider = client.partition("_")[0]
        with desk(client) as at:
            for flow in flows(client):
                at.reset()
                try:
                    flow(at)
                except AssertionError as error:
                    print(f"flow {flow.__name__} with {client}: {error}", file=sys.stderr)
            found += at.calls
            if DATA.is_dir():
                named = [name for name in sequences() if name.startswith(provider + "/")]
                found += every(at, named if whole else main_cassettes(provider))
    return found


def failures(found: list[Call]) -> list[str]:
    """Each call that didn't pass, by name, with how often."""
    count = Counter(
        (call.client, call.verdict, f"{call.what.partition(' ')[0]} {call.name or call.what}", call.why[:120])
        for call in found
        if call.verdict != "passed"
    )
    return [f"{number} × {' | '.join(each)}".replace("\n", " ") for each, number in sorted(count.items())]


def page() -> list[str]:
    """The five examples: checksum of the page's text and of the file that ran, and what was said."""
    lines = ["example | sha256 in the page | sha256 of example.ts | exit | said"]
    account = ""
    with bench() as made:
        known = examples()
        if said := made.compiled(known):
            lines.append(f"tsc: {said}")
        for example in known:
            run = made.run(example, account)
            if example.name == "create":
                data = returned(run)["data"]
                account = str(data["id"]) if isinstance(data, dict) else ""
            text = (run.out or run.err).strip().replace("\n", " ")
            lines.append(f"{example.name} | {example.sha256} | {run.sha256} | {run.code} | {text[:300]}")
    return lines


def main() -> None:
    """Print the report."""
    install()
    found = calls("--all" in sys.argv)
    print("\n".join([*table(found), "", *failures(found)]))
    if PAGE.is_file():
        print("\n".join(["", *page()]))


if __name__ == "__main__":
    main()
