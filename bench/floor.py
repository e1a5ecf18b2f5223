"""The floor: a bare loop of http.client and json over the same pages, as somebody would write it in ten minutes.

`python bench/floor.py PORT csv|count`: the users as CSV, or their number by status.
"""

import collections
import csv
import http.client
import json
import re
import sys

COLUMNS = ("id", "status", "created", "lastLogin")


def pages(port: int):  # type: ignore[no-untyped-def]
    """Every page, decoded."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    path = "/api/v1/users?limit=200"
    while path:
        connection.request("GET", path, headers={"authorization": "SSWS x", "accept": "application/json"})
        response = connection.getresponse()
        found = re.search(r'<http://[^/]*(/[^>]*)>; rel="next"', response.getheader("link") or "")
        yield json.loads(response.read())
        path = found.group(1) if found else ""


def main() -> None:
    """Read all, write the answer."""
    port, what = int(sys.argv[1]), sys.argv[2]
    if what == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow([*COLUMNS, "login"])
        for page in pages(port):
            for row in page:
                writer.writerow([*(row[name] for name in COLUMNS), row["profile"]["login"]])
    else:
        counts: collections.Counter[str] = collections.Counter()
        for page in pages(port):
            for row in page:
                counts[row["status"]] += 1
        print(counts.most_common(3))


if __name__ == "__main__":
    main()
