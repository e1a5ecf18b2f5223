"""The floor: bare http.client and json over the same pages, as somebody would write it in ten minutes.

`python bench/floor.py PORT WHAT [KEYS]`: `csv` the users as CSV, `wide` with all their members, `count` their number
by status, `sort` the last ten logins, `first` five of the first page; `fan` the factors of so many users, sixteen at
a time; `chain` the users' groups and these groups' applications.
"""

import collections
import csv
import http.client
import json
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

COLUMNS = ("id", "status", "created", "lastLogin")
HEADERS = {"authorization": "SSWS x", "accept": "application/json"}
AT_ONCE = 16
_own = threading.local()


def pages(port: int):  # type: ignore[no-untyped-def]
    """Every page, decoded."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    path = "/api/v1/users?limit=200"
    while path:
        connection.request("GET", path, headers=HEADERS)
        response = connection.getresponse()
        found = re.search(r'<http://[^/]*(/[^>]*)>; rel="next"', response.getheader("link") or "")
        yield json.loads(response.read())
        path = found.group(1) if found else ""


def get(port: int, path: str):  # type: ignore[no-untyped-def]
    """One answer; each thread has a connection of its own."""
    if not hasattr(_own, "connection"):
        _own.connection = http.client.HTTPConnection("127.0.0.1", port)
    _own.connection.request("GET", path, headers=HEADERS)
    return json.loads(_own.connection.getresponse().read())


def get_all(port: int, paths: list[str]):  # type: ignore[no-untyped-def]
    """The answers, in order."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda path: get(port, path), paths))


def rows(port: int):  # type: ignore[no-untyped-def]
    """Every user."""
    for page in pages(port):
        yield from page


def write_csv(port: int) -> None:
    """Five columns."""
    writer = csv.writer(sys.stdout)
    writer.writerow([*COLUMNS, "login"])
    for row in rows(port):
        writer.writerow([*(row[name] for name in COLUMNS), row["profile"]["login"]])


def write_wide(port: int) -> None:
    """Every member, nested ones as JSON."""
    writer = csv.writer(sys.stdout)
    for row in rows(port):
        writer.writerow([json.dumps(v) if isinstance(v, dict) else v for v in row.values()])


def chain(port: int) -> None:
    """Users, their groups, these groups' applications."""
    users = [row["id"] for row in rows(port)]
    of_users = get_all(port, [f"/api/v1/users/{user}/groups" for user in users])
    groups = sorted({group["id"] for found in of_users for group in found})
    apps = dict(zip(groups, get_all(port, [f"/api/v1/groups/{group}/apps" for group in groups]), strict=True))
    print(sum(len(apps[group["id"]]) for found in of_users for group in found))


def main() -> None:
    """Read all, write the answer."""
    port, what = int(sys.argv[1]), sys.argv[2]
    if what == "csv":
        write_csv(port)
    elif what == "wide":
        write_wide(port)
    elif what == "first":
        print([row["id"] for row in next(pages(port))[:5]])
    elif what == "sort":
        print(sorted(row["profile"]["login"] for row in rows(port))[-10:])
    elif what == "fan":
        print(sum(map(len, get_all(port, [f"/api/v1/users/{key}/factors" for key in range(int(sys.argv[3]))]))))
    elif what == "chain":
        chain(port)
    else:
        print(collections.Counter(row["status"] for row in rows(port)).most_common(3))


if __name__ == "__main__":
    main()
