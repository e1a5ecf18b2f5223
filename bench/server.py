"""A server that costs next to nothing: pages of Okta-like users, made once, sent as bytes.

`python -m bench.server USERS PER_PAGE DELAY_MS` prints its port, and ends when its standard input does. The pages
are linked by `after`; with a `filter` there are none; `/api/v1/users/{id}/factors` answers one factor after DELAY_MS.
`/count` tells the number of requests since the last `/count`.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time

STATUSES = ("ACTIVE", "ACTIVE", "ACTIVE", "STAGED", "SUSPENDED", "PROVISIONED", "RECOVERY")


def user(number: int) -> dict[str, object]:
    """A user of about 1 KB, as Okta sends them."""
    login = f"user{number}@acme.example"
    return {
        "id": f"00u{number:017d}",
        "status": STATUSES[number % len(STATUSES)],
        "created": f"2024-0{number % 9 + 1}-11T10:00:00.000Z",
        "activated": "2024-03-11T10:00:00.000Z",
        "statusChanged": "2024-03-11T10:00:00.000Z",
        "lastLogin": None if number % 5 == 0 else f"2026-0{number % 9 + 1}-01T08:00:00.000Z",
        "lastUpdated": "2026-01-11T10:00:00.000Z",
        "passwordChanged": "2025-01-11T10:00:00.000Z",
        "type": {"id": "oty1gbqdCMbfuPUs90g7"},
        "profile": {
            "firstName": "Given",
            "lastName": f"Family{number}",
            "mobilePhone": "+1 555 0100",
            "secondEmail": None,
            "login": login,
            "email": login,
            "department": f"Department {number % 40}",
            "title": "Engineer",
            "city": "Berlin",
            "manager": f"00u{number // 10:017d}",
            "employeeNumber": f"{number:06d}",
        },
        "credentials": {
            "password": {},
            "emails": [{"value": login, "status": "VERIFIED", "type": "PRIMARY"}],
            "provider": {"type": "OKTA", "name": "OKTA"},
        },
        "_links": {"self": {"href": f"https://acme.okta.com/api/v1/users/00u{number:017d}"}},
    }


class Server:
    """Answers each connection on a thread of its own."""

    def __init__(self, users: int, per_page: int, delay_s: float) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.delay_s = delay_s
        self.count = 0
        base = f"http://127.0.0.1:{self.port}/api/v1/users"
        self.pages = []
        for first in range(0, users, per_page):
            body = json.dumps([user(n) for n in range(first, min(first + per_page, users))], separators=(",", ":"))
            following = first // per_page + 1
            link = f'link: <{base}?limit={per_page}&after={following}>; rel="next"\r\n'
            self.pages.append(_response(body.encode(), link if first + per_page < users else ""))
        self.factor = _response(b'[{"id":"f1","factorType":"push","status":"ACTIVE"}]')

    def serve(self) -> None:
        """Accept for ever."""
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pending = b""
        with connection:
            while True:
                while b"\r\n\r\n" not in pending:
                    received = connection.recv(65536)
                    if not received:
                        return
                    pending += received
                head, _, pending = pending.partition(b"\r\n\r\n")
                connection.sendall(self._response_to(head.split(b" ", 2)[1].decode()))

    def _response_to(self, target: str) -> bytes:
        if target == "/count":
            counted, self.count = self.count, 0
            return _response(str(counted).encode())
        self.count += 1
        if "/factors" in target:
            time.sleep(self.delay_s)
            return self.factor
        if "filter=" in target:
            return _response(b"[]")
        after = target.partition("after=")[2].partition("&")[0]
        return self.pages[int(after) if after else 0]


def _response(body: bytes, headers: str = "") -> bytes:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{headers}content-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def main() -> None:
    """Serve until standard input ends."""
    users, per_page, delay_ms = (int(argument) for argument in sys.argv[1:4])
    server = Server(users, per_page, delay_ms / 1000)
    threading.Thread(target=server.serve, daemon=True).start()
    print(server.port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
