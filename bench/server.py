"""A server that costs next to nothing: pages of Okta-like users, made once, sent as bytes.

`python -m bench.server USERS PER_PAGE DELAY_MS` prints its port, and ends when its standard input does. The pages
are linked by `after`; with a `filter` there are none; beyond 500 pages the same bodies come again. Below a user or
group, answers come after DELAY_MS: `/api/v1/users/{id}/factors` one factor, `…/groups` two of ten groups, and
`/api/v1/groups/{id}/apps` three applications. `/count` tells the number of requests since the last `/count`.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time

STATUSES = ("ACTIVE", "ACTIVE", "ACTIVE", "STAGED", "SUSPENDED", "PROVISIONED", "RECOVERY")
#: Pages with a body of their own.
BODIES = 500
GROUPS = 10


def user(number: int) -> dict[str, object]:
    """A user of about 1 KB, as Okta sends them."""
    login = f"user{number}@acme.example"
    return {
        "id": user_id(number),
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
            "manager": user_id(number // 10),
            "employeeNumber": f"{number:06d}",
        },
        "credentials": {
            "password": {},
            "emails": [{"value": login, "status": "VERIFIED", "type": "PRIMARY"}],
            "provider": {"type": "OKTA", "name": "OKTA"},
        },
        "_links": {"self": {"href": f"https://acme.okta.com/api/v1/users/{user_id(number)}"}},
    }


def user_id(number: int) -> str:
    """A user's id, as long as Okta's are."""
    return f"00u{number:017d}"


class Server:
    """Answers each connection on a thread of its own."""

    def __init__(self, users: int, per_page: int, delay_s: float) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.delay_s = delay_s
        self.count = 0
        self.lock = threading.Lock()
        self.per_page = per_page
        self.pages = -(-users // per_page)
        self.bodies = [
            _compact([user(n) for n in range(page * per_page, min((page + 1) * per_page, users))])
            for page in range(min(self.pages, BODIES))
        ]
        self.factor = _response(_compact([{"id": "f1", "factorType": "push", "status": "ACTIVE"}]))

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
        with self.lock:
            if target == "/count":
                counted, self.count = self.count, 0
                return _response(str(counted).encode())
            self.count += 1
        parts = target.partition("?")[0].split("/")  # "", api, v1, users, id, factors
        if len(parts) > 5:
            time.sleep(self.delay_s)
            return self._below(parts[4], parts[5])
        if "filter=" in target:
            return _response(b"[]")
        after = target.partition("after=")[2].partition("&")[0]
        return self._page(int(after) if after else 0)

    def _below(self, parent: str, what: str) -> bytes:
        if what == "factors":
            return self.factor
        number = int(parent[3:])
        if what == "groups":
            return _response(_compact([{"id": _group_id(number + step), "type": "OKTA_GROUP"} for step in (0, 3)]))
        return _response(_compact([{"id": f"0oa{number}{k}", "label": f"App {number}-{k}"} for k in range(3)]))

    def _page(self, number: int) -> bytes:
        following = number + 1
        link = ""
        if following < self.pages:
            base = f"http://127.0.0.1:{self.port}/api/v1/users"
            link = f'link: <{base}?limit={self.per_page}&after={following}>; rel="next"\r\n'
        return _response(self.bodies[number % len(self.bodies)], link)


def _group_id(number: int) -> str:
    return f"00g{number % GROUPS:017d}"


def _compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


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
