"""The sandbox as a client sees it, on the tiny catalog: no socket, no YAML."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.sandbox.tiny import TinyCatalog

from quaestor.errors import Cancelled, UsageError
from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse
from quaestor.sandbox.core import Sandbox, parse_scale

KEYS = (("X-Key", "k"), ("X-App", "a"))
BOTH = Sandbox(TinyCatalog(), ["acme", "okta"])


def sandbox(**options: Any) -> Sandbox:
    return Sandbox(TinyCatalog(), ["acme"], **options)


def ask(
    box: Sandbox, path: str, headers: tuple[tuple[str, str], ...] = KEYS, method: str = "GET", host: str = "http://h"
) -> HttpResponse:
    return box.handle(HttpRequest(method, host + path, headers))


def body(response: HttpResponse) -> Any:
    assert response.status == 200, response.body
    return json.loads(response.body)


def test_the_same_seed_answers_the_same_whatever_is_asked_first() -> None:
    one, other = sandbox(seed=5), sandbox(seed=5)
    body(ask(other, "/v1/names"))
    body(ask(other, "/v1/by_page"))
    assert ask(one, "/v1/things").body == ask(other, "/v1/things").body
    assert ask(one, "/v1/things").body != ask(sandbox(seed=6), "/v1/things").body


def test_every_listed_object_is_found_again_with_the_same_fields() -> None:
    box = sandbox()
    rows = body(ask(box, "/v1/things"))
    assert len(rows) > 2
    for row in rows:
        assert body(ask(box, f"/v1/things/{row['id']}")) == row


def test_rows_keep_to_their_schema() -> None:
    for row in body(ask(sandbox(scale={"things": 40}), "/v1/things?limit=50")):
        assert row["status"] in ("ACTIVE", "INACTIVE")
        assert 3 <= row["count"] <= 9
        assert "secret" not in row
        assert row["createdAt"] <= row["updatedAt"]
        assert "@" in row["owner"]["email"]


def test_a_link_to_itself_begins_with_the_address_that_was_asked() -> None:
    box = Sandbox(TinyCatalog(), ["acme", "okta"])
    row = body(ask(box, "/acme/v1/things", host="http://127.0.0.1:99"))[0]
    assert row["_links"]["self"]["href"] == f"http://127.0.0.1:99/acme/v1/things/{row['id']}"


# -- parents


def test_a_child_exists_below_an_existing_parent_only() -> None:
    box = sandbox()
    first, second = body(ask(box, "/v1/things"))[:2]
    parts = body(ask(box, f"/v1/things/{first['id']}/parts"))
    assert parts != body(ask(box, f"/v1/things/{second['id']}/parts"))
    assert body(ask(box, f"/v1/things/{first['id']}/settings"))["theme"] in ("dark", "light")
    for path in ("/v1/things/nobody", "/v1/things/nobody/parts", "/v1/things/nobody/settings"):
        assert ask(box, path).status == 404


def test_where_nothing_lists_the_objects_any_key_is_one() -> None:
    row = body(ask(sandbox(), "/v1/tickets/T-17"))
    assert row["id"] == "T-17"
    assert row == body(ask(sandbox(), "/v1/tickets/T-17"))


# -- paging


def pages(path: str, following: Any, scale: dict[str, int]) -> list[list[str]]:
    """The ids of each page, next pages asked for until there is none."""
    box = sandbox(scale=scale)
    found: list[list[str]] = []
    while path:
        response = ask(box, path)
        parsed = body(response)
        rows = parsed if isinstance(parsed, list) else parsed["data"]
        found.append([row["id"] for row in rows])
        path = following(response, parsed, path)
        assert len(found) < 20
    return found


def check(found: list[list[str]], sizes: list[int]) -> None:
    assert [len(page) for page in found] == sizes
    ids = [key for page in found for key in page]
    assert len(set(ids)) == len(ids)


def test_paging_by_link_header() -> None:
    def following(response: HttpResponse, parsed: Any, path: str) -> str:
        links = [link for link in response.all("link") if 'rel="next"' in link]
        return links[0][1:].partition(">")[0].removeprefix("http://h") if links else ""

    check(pages("/v1/things?limit=3", following, {"things": 8}), [3, 3, 2])
    check(pages("/v1/things", following, {"things": 45}), [20, 20, 5])
    check(pages("/v1/things?limit=999", following, {"things": 60}), [50, 10])  # cut to the largest


def test_the_self_link_keeps_what_was_asked() -> None:
    response = ask(sandbox(scale={"things": 9}), "/v1/things?limit=4&status=ACTIVE")
    assert response.all("link")[0] == '<http://h/v1/things?limit=4&status=ACTIVE>; rel="self"'


def test_paging_by_cursor_in_the_body() -> None:
    def following(response: HttpResponse, parsed: Any, path: str) -> str:
        after = parsed.get("meta", {}).get("after")
        return f"/v1/by_cursor?cursor={after}" if after else ""

    check(pages("/v1/by_cursor", following, {"by_cursor": 230}), [100, 100, 30])


def test_paging_by_page_number() -> None:
    def following(response: HttpResponse, parsed: Any, path: str) -> str:
        number = int(path.rpartition("=")[2])
        return f"/v1/by_page?size=2&page={number + 1}" if number * 2 < parsed["meta"]["total"] else ""

    check(pages("/v1/by_page?size=2&page=1", following, {"by_page": 5}), [2, 2, 1])


def test_paging_by_offset() -> None:
    def following(response: HttpResponse, parsed: Any, path: str) -> str:
        return f"/v1/by_offset?start={int(path.rpartition('=')[2]) + 2}" if parsed["meta"]["more"] else ""

    check(pages("/v1/by_offset?start=0", following, {"by_offset": 5}), [2, 2, 1])


def test_paging_by_url_in_the_body() -> None:
    def following(response: HttpResponse, parsed: Any, path: str) -> str:
        return str(parsed.get("next", "")).removeprefix("http://h")

    check(pages("/v1/by_url?limit=2", following, {"by_url": 5}), [2, 2, 1])


def test_paging_behind_the_last_row() -> None:
    def following(response: HttpResponse, parsed: Any, path: str) -> str:
        return f"/v1/by_row?size=2&behind={parsed['data'][-1]['id']}" if parsed["meta"]["more"] else ""

    check(pages("/v1/by_row?size=2", following, {"by_row": 5}), [2, 2, 1])
    refused = ask(sandbox(scale={"by_row": 3}), "/v1/by_row?behind=nothing")
    assert refused.status == 400
    assert b"no row of this list" in refused.body


def test_a_page_beyond_the_last_is_empty() -> None:
    assert body(ask(sandbox(scale={"by_page": 3}), "/v1/by_page?page=9"))["data"] == []


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=x", "limit=-1", "after=nonsense", "after=cm93", "after=%FF", "after=" + "A" * 5000]
)
def test_a_page_that_cannot_be_is_refused(query: str) -> None:
    assert ask(sandbox(), f"/v1/things?{query}").status == 400


# -- who asks, and for what


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ((), 401),
        ((("X-Key", "k"),), 403),
        ((("X-Key", ""), ("X-App", " ")), 401),
        ((("x-key", "k"), ("x-app", "a")), 200),
    ],
)
def test_credentials(headers: tuple[tuple[str, str], ...], status: int) -> None:
    assert ask(sandbox(), "/v1/things", headers).status == status


def test_unknown_paths_and_methods() -> None:
    box = sandbox()
    assert ask(box, "/v1/nothing").status == 404
    assert ask(box, "/v1/things/a/b/c/d").status == 404
    assert ask(box, "/v1/things//parts").status == 404
    assert ask(box, "/v1/things", method="DELETE").status == 405
    assert ask(box, "/v1/things", method="POST").status < 300


def test_required_and_typed_parameters() -> None:
    box = sandbox()
    assert ask(box, "/v1/needy").status == 400
    assert ask(box, "/v1/needy?kind=a&depth=deep").status == 400
    assert ask(box, "/v1/needy?kind=a&depth=3").status == 200


def test_an_exact_parameter_narrows_and_an_unknown_one_is_named() -> None:
    box = sandbox(scale={"things": 40})
    rows = body(ask(box, "/v1/things?limit=50"))
    active = body(ask(box, "/v1/things?limit=50&status=ACTIVE"))
    assert active == [row for row in rows if row["status"] == "ACTIVE"]
    assert 0 < len(active) < len(rows)
    assert ask(box, "/v1/things?colour=red&limit=2").header("x-sandbox-ignored") == "colour"
    assert ask(box, "/v1/things?limit=2").header("x-sandbox-ignored") == ""


def test_several_providers_are_told_apart_by_prefix_or_credential() -> None:
    box = Sandbox(TinyCatalog(), ["acme", "okta"])
    token = (("Authorization", "SSWS t"),)
    assert ask(box, "/okta/v1/names", token).header("x-okta-request-id")
    assert not ask(box, "/acme/v1/names").header("x-okta-request-id")
    assert ask(box, "/v1/names", token).header("x-okta-request-id")
    assert not ask(box, "/v1/names").header("x-okta-request-id")
    assert ask(box, "/okta/v1/names").status == 401  # the other's keys are no token
    assert box.endpoints("http://127.0.0.1:8/") == {
        "acme": "http://127.0.0.1:8/acme",
        "okta": "http://127.0.0.1:8/okta",
    }


def test_one_provider_is_at_the_root_and_below_its_name() -> None:
    box = sandbox()
    assert ask(box, "/v1/names").body == ask(box, "/acme/v1/names").body


def test_okta_speaks_as_okta() -> None:
    box = Sandbox(TinyCatalog(), ["okta"])
    token = (("Authorization", "SSWS t"),)
    for path, headers, status, code in (
        ("/v1/things", (), 401, "E0000011"),
        ("/v1/things", (("Authorization", "SSWS "),), 401, "E0000011"),
        ("/v1/things/nobody", token, 404, "E0000007"),
        ("/v1/nothing", token, 404, "E0000022"),
        ("/v1/things?limit=x", token, 400, "E0000001"),
        ("/v1/things?filter=nonsense", token, 400, "E0000031"),
    ):
        response = ask(box, path, headers)
        parsed = json.loads(response.body)
        assert (response.status, parsed["errorCode"]) == (status, code), path
        assert parsed["errorLink"] == code
        assert isinstance(parsed["errorCauses"], list)
        assert parsed["errorId"]
    response = ask(box, "/v1/things", (("Authorization", "Bearer t"),))
    assert int(response.header("x-rate-limit-reset")) > 1_700_000_000
    assert int(response.header("x-rate-limit-remaining")) < int(response.header("x-rate-limit-limit"))


def test_a_filter_is_applied() -> None:
    box = Sandbox(TinyCatalog(), ["okta"], scale={"things": 40})
    token = (("Authorization", "SSWS t"),)
    rows = body(ask(box, "/v1/things?limit=50", token))
    found = body(ask(box, '/v1/things?limit=50&filter=status+eq+"INACTIVE"+and+count+gt+"5"', token))
    assert found == [row for row in rows if row["status"] == "INACTIVE" and row["count"] > 5]
    one = body(ask(box, f'/v1/things?filter=id+eq+"{rows[3]["id"]}"', token))
    assert one == [rows[3]]


# -- making one


def test_what_cannot_be_asked_for_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no provider 'nope'"):
        Sandbox(TinyCatalog(), ["nope"])
    with pytest.raises(UsageError, match="no provider was named"):
        Sandbox(TinyCatalog(), [])
    with pytest.raises(UsageError, match="nothing here is called"):
        sandbox(scale={"unicorns": 5})
    with pytest.raises(UsageError, match="nothing here is called"):
        sandbox(scale={"okta.things": 5})
    with pytest.raises(UsageError, match="not a date"):
        sandbox(clock="yesterday")


def test_scale_names_collections_and_providers() -> None:
    box = Sandbox(TinyCatalog(), ["acme", "okta"], scale={"things": 5, "okta.things": 7})
    assert len(body(ask(box, "/acme/v1/things"))) == 5
    assert len(body(ask(box, "/okta/v1/things", (("Authorization", "SSWS t"),)))) == 7


def test_scale_is_read() -> None:
    assert parse_scale("users=500, apps=50") == {"users": 500, "apps": 50}
    assert parse_scale("") == {}
    for wrong in ("users", "users=", "=5", "users=many", "users=-1", "users=99999999999"):
        with pytest.raises(UsageError, match="--scale"):
            parse_scale(wrong)


def test_the_transport_asks_and_can_be_cancelled() -> None:
    transport = sandbox().transport()
    cancel = CancelToken()
    request = HttpRequest("GET", "http://localhost/acme/v1/names", KEYS)
    assert transport.send(request, cancel).status == 200
    cancel.cancel()
    with pytest.raises(Cancelled):
        transport.send(request, cancel)
    transport.close()


# -- anything at all


@given(
    path=st.text(max_size=60),
    query=st.text(max_size=60),
    prefix=st.sampled_from(("", "/v1/things", "/okta/v1/by_page")),
)
def test_any_url_is_answered(path: str, query: str, prefix: str) -> None:
    response = ask(BOTH, f"{prefix}/{path}?{query}", (*KEYS, ("Authorization", "SSWS t")))
    assert response.status in (200, 400, 404, 405)
    assert response.header("x-sandbox-ignored").isascii()


@pytest.mark.parametrize("name", ["limit", "after", "filter", "status"])
@given(value=st.text(max_size=40))
def test_any_value_of_a_known_parameter_is_answered(name: str, value: str) -> None:
    response = ask(BOTH, f"/okta/v1/things?{name}={quote(value)}", (("Authorization", "SSWS t"),))
    assert response.status in (200, 400)
    assert json.loads(response.body) is not None


@given(value=st.integers())
def test_any_number_is_a_page_or_refused(value: int) -> None:
    for path in (
        f"/acme/v1/by_page?page={value}",
        f"/acme/v1/by_offset?start={value}",
        f"/acme/v1/things?limit={value}",
    ):
        assert ask(BOTH, path).status in (200, 400)
