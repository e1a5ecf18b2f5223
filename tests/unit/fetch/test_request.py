"""Requests: values stay in their slots, hosts stay the provider's, parameters are written as OpenAPI says."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from quaestor.catalog.model import Body, Method, Parameter, Response, Server
from quaestor.errors import BindError, CatalogError, ForbiddenError, QuaestorError, UsageError
from quaestor.fetch.http import HttpRequest
from quaestor.fetch.request import build_request
from quaestor.fetch.server import base_url

OKTA = Server(
    "https://{subdomain}.okta.com",
    (Parameter("subdomain", "subdomain", "server", required=True),),
    {"subdomain": "OKTA_SUBDOMAIN"},
    ("okta.com", "oktapreview.com", "okta-emea.com"),
)
SITES = ("datadoghq.com", "us3.datadoghq.com", "datadoghq.eu")
DATADOG = Server(
    "https://api.{site}",
    (Parameter("site", "site", "server", enum=SITES, default="datadoghq.com"),),
    {"site": "DD_SITE"},
)
PLAIN = Server("https://a.example")
TEXT = st.text(st.characters(codec="utf-8"))


def a_method(path: str = "/things", *parameters: Parameter, http: str = "GET", **more: Any) -> Method:
    return Method("list_things", "select", http, path, parameters, **more)


def path_parameter(name: str) -> Parameter:
    return Parameter(name, name, "path", required=True)


def build(method: Method, **values: Any) -> HttpRequest:
    return build_request(method, PLAIN, values)


def query_of(parameter: Parameter, value: Any) -> str:
    request = build(a_method("/things", parameter), **{parameter.name: value})
    return urlsplit(request.url).query


# --- path -------------------------------------------------------------------------------------------------------

ITEM = a_method("/users/{userId}/factors/{factorId}", path_parameter("userId"), path_parameter("factorId"))


@given(TEXT, TEXT)
@example("../../admin?x=1#", "a")
@example("a/b;c=d", "%2e%2e")
@example("\\..\\", "\x00\r\n")
def test_a_path_value_stays_in_its_segment(user: str, factor: str) -> None:
    if user in ("", ".", "..") or factor in ("", ".", ".."):
        with pytest.raises(BindError):
            build(ITEM, userId=user, factorId=factor)
        return
    split = urlsplit(build(ITEM, userId=user, factorId=factor).url)
    segments = split.path.split("/")
    assert len(segments) == 5
    assert unquote(segments[2], errors="strict") == user
    assert unquote(segments[4], errors="strict") == factor
    assert (split.netloc, split.query, split.fragment) == ("a.example", "", "")
    assert not {"..", "."} & {segment.lower().replace("%2e", ".") for segment in segments}


def test_path_parameters_go_by_their_wire_name_and_the_bucket_is_the_template() -> None:
    method = a_method("/x/{id}/y{suffix}", Parameter("thing_id", "id", "path", "integer"), path_parameter("suffix"))
    request = build(method, thing_id=7.0, suffix="z")
    assert request.url == "https://a.example/x/7/yz"
    assert (request.bucket, request.method, request.verb) == ("GET /x/{id}/y{suffix}", "GET", "select")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "needs 'userId'"),
        ({"userId": "a"}, "needs 'factorId'"),
        ({"userId": "a", "factorId": None}, "needs 'factorId'"),
        ({"userId": "a", "factorId": ""}, "can't be empty"),
        ({"userId": "a", "factorId": []}, "empty list"),
        ({"userId": "\ud800", "factorId": "b"}, "surrogate"),
        ({"userId": "a", "factorId": b"x"}, "not a blob"),
        ({"userId": "a", "factorId": float("nan")}, "can't be nan"),
        ({"userid": "a", "factorId": "b"}, "no parameter 'userid'"),
    ],
)
def test_path_values_that_cannot_be_sent(values: dict[str, Any], said: str) -> None:
    with pytest.raises(BindError, match=said):
        build(ITEM, **values)


def test_two_dots_made_of_two_values_are_refused() -> None:
    with pytest.raises(BindError, match="another resource"):
        build(a_method("/x/{a}{b}", path_parameter("a"), path_parameter("b")), a=".", b=".")


def test_a_path_that_names_no_parameter_is_the_catalogs_fault() -> None:
    with pytest.raises(CatalogError, match="\\{id\\}"):
        build(a_method("/x/{id}"))


# --- query ------------------------------------------------------------------------------------------------------


@given(st.text(st.characters(codec="utf-8"), min_size=1), TEXT)
def test_a_query_value_comes_back_and_adds_nothing(wire: str, value: str) -> None:
    query = query_of(Parameter("p", wire, "query"), value)
    assert parse_qsl(query, keep_blank_values=True, strict_parsing=True) == [(wire, value)]
    assert "#" not in query


@pytest.mark.parametrize(
    ("parameter", "value", "query"),
    [
        (Parameter("p", "page[size]", "query", "integer"), 200, "page%5Bsize%5D=200"),
        (Parameter("p", "p", "query", "integer"), 2.0, "p=2"),
        (Parameter("p", "p", "query", "number"), 0.1, "p=0.1"),
        (Parameter("p", "p", "query", "boolean"), 1, "p=true"),
        (Parameter("p", "p", "query", "boolean"), 0, "p=false"),
        (Parameter("p", "p", "query", "boolean"), True, "p=true"),
        (Parameter("p", "p", "query", "boolean"), "true", "p=true"),
        (Parameter("p", "p", "query", "integer"), 1, "p=1"),
        (Parameter("p", "p", "query"), 'status eq "ACTIVE"', "p=status%20eq%20%22ACTIVE%22"),
        (Parameter("p", "p", "query"), "", "p="),
        (Parameter("p", "p", "query"), None, ""),
        (Parameter("p", "p", "query", "array"), ["a", "b,c"], "p=a&p=b%2Cc"),
        (Parameter("p", "p", "query", "array"), '["a", "b"]', "p=a&p=b"),
        (Parameter("p", "p", "query", "array"), "a", "p=a"),
        (Parameter("p", "p", "query", "array"), "[not json", "p=%5Bnot%20json"),
        (Parameter("p", "p", "query", "array", item_type="boolean"), [1, 0, None], "p=true&p=false"),
        (Parameter("p", "p", "query", "array", explode=False), ["a", "b,c"], "p=a,b%2Cc"),
        (Parameter("p", "p", "query", "array", explode=False), [], ""),
        (Parameter("p", "p", "query", "array", style="pipeDelimited", explode=False), ["a", "b"], "p=a|b"),
        (Parameter("p", "p", "query", "array", style="spaceDelimited", explode=False), ["a", "b"], "p=a%20b"),
        (Parameter("p", "p", "query", "object"), {"a": 1, "b": None}, "a=1"),
        (Parameter("p", "p", "query", "object", explode=False), {"a": 1, "b": "x y"}, "p=a,1,b,x%20y"),
        (
            Parameter("p", "p", "query", "object", style="deepObject"),
            '{"a": {"b": true}, "c": [1, 2], "d": null}',
            "p%5Ba%5D%5Bb%5D=true&p%5Bc%5D=1&p%5Bc%5D=2",
        ),
    ],
)
def test_query_styles(parameter: Parameter, value: Any, query: str) -> None:
    assert query_of(parameter, value) == query


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        (Parameter("p", "p", "query"), {"a": {"b": 1}}),
        (Parameter("p", "p", "query", "object"), "no json"),
        (Parameter("p", "p", "query", "object"), "[1]"),
        (Parameter("p", "p", "query"), b"x"),
        (Parameter("p", "p", "query", "array"), [["nested"]]),
        (Parameter("p", "p", "query"), "\udfff"),
    ],
)
def test_query_values_that_cannot_be_sent(parameter: Parameter, value: Any) -> None:
    with pytest.raises(BindError):
        query_of(parameter, value)


def test_a_required_query_parameter_is_asked_for() -> None:
    with pytest.raises(BindError, match="needs 'since'"):
        build(a_method("/x", Parameter("since", "since", "query", required=True)))


# --- headers and body -------------------------------------------------------------------------------------------


def test_headers_are_lower_case_and_single_lines() -> None:
    method = a_method("/x", Parameter("p", "X-Thing", "header"), Parameter("q", "X-List", "header", "array"))
    assert dict(build(method, p="a b", q=["1", "2"]).headers) == {
        "accept": "application/json",
        "x-thing": "a b",
        "x-list": "1,2",
    }
    for bad in ("a\r\nEvil: 1", "a\nb", "a\0", "é", "\x7f"):
        with pytest.raises(BindError, match="header"):
            build(method, p=bad)


def test_a_body_is_sent_as_it_is_with_the_methods_media_type() -> None:
    method = a_method("/x", body=Body(media_type="application/merge-patch+json"), response=Response(media_type=""))
    request = build_request(method, PLAIN, {}, body=b"{}")
    assert request.body == b"{}"
    assert ("content-type", "application/merge-patch+json") in request.headers
    assert "content-type" not in dict(build(method).headers)


# --- hosts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subdomain", "base"),
    [
        ("acme", "https://acme.okta.com"),
        ("ACME-1", "https://acme-1.okta.com"),
        ("my-org", "https://my-org.okta.com"),
        ("acme.oktapreview.com", "https://acme.oktapreview.com"),
        ("Acme.Okta-EMEA.com", "https://acme.okta-emea.com"),
        ("acme.okta.com", "https://acme.okta.com"),
    ],
)
def test_oktas_host_is_a_label_or_a_whole_official_host(subdomain: str, base: str) -> None:
    assert base_url(OKTA, {"subdomain": subdomain}) == base


@pytest.mark.parametrize(
    ("subdomain", "error"),
    [
        ("evil.com/#", BindError),
        ("evil.com\\", BindError),
        ("a b", BindError),
        ("", BindError),
        ("-a", BindError),
        ("a@b", BindError),
        ("acme:8443", BindError),
        ("аcme", BindError),  # a Cyrillic look-alike
        ("acme\n", BindError),
        ("x" * 64, BindError),
        ("acme.okta.com.", BindError),
        ("user@acme.okta.com", BindError),
        ("evil.com", ForbiddenError),
        ("acme.okta.com.evil.com", ForbiddenError),
        ("acme.notokta.com", ForbiddenError),
        ("id.example.com", ForbiddenError),
    ],
)
def test_other_hosts_are_refused(subdomain: str, error: type[QuaestorError]) -> None:
    with pytest.raises(error) as caught:
        base_url(OKTA, {"subdomain": subdomain})
    assert "okta.com" in caught.value.hint


@given(st.text() | st.from_regex(r"[a-z0-9.@:/\\#?%-]{1,30}", fullmatch=True))
@example("evil.com/.okta.com")
@example("evil.com#.okta.com")
@example("acme.okta.com:443")
def test_no_value_reaches_a_foreign_host(subdomain: str) -> None:
    try:
        url = build_request(a_method("/x"), OKTA, {"subdomain": subdomain}).url
    except (BindError, ForbiddenError):
        return
    parsed = urlsplit(url)
    assert parsed.scheme == "https"
    assert parsed.netloc == parsed.hostname
    assert (parsed.hostname or "").endswith((".okta.com", ".oktapreview.com", ".okta-emea.com"))
    assert parsed.path == "/x"


def test_no_subdomain_names_the_variable_to_set() -> None:
    with pytest.raises(BindError, match="no subdomain") as caught:
        base_url(OKTA, {})
    assert "OKTA_SUBDOMAIN" in caught.value.hint


def test_datadogs_site_is_one_of_its_sites() -> None:
    assert base_url(DATADOG, {}) == "https://api.datadoghq.com"
    assert base_url(DATADOG, {"site": "datadoghq.eu"}) == "https://api.datadoghq.eu"
    for site in ("evil.com", "datadoghq.eu.", "DATADOGHQ.EU", "eu"):
        with pytest.raises(BindError, match="site can't be"):
            base_url(DATADOG, {"site": site})


WHOLE = Server(
    "https://{region}/", (Parameter("region", "region", "server", default="acme.com"),), {}, domains=("acme.com",)
)


@pytest.mark.parametrize(
    ("region", "base"),
    [
        (None, "https://acme.com"),
        ("acme.com", "https://acme.com"),
        ("api.acme.com", "https://api.acme.com"),
        ("API.eu.Acme.com", "https://api.eu.acme.com"),
    ],
)
def test_a_host_that_is_one_variable_is_a_whole_host_under_its_domain(region: str | None, base: str) -> None:
    assert base_url(WHOLE, {"region": region}) == base


CLUSTER = Server(
    "{protocol}://{cluster}",
    (
        Parameter("protocol", "protocol", "server", enum=("https", "http"), default="https"),
        Parameter("cluster", "cluster", "server", required=True),
    ),
)


@pytest.mark.parametrize(
    ("cluster", "base"),
    [
        ("localhost:8001", "https://localhost:8001"),
        ("my.Cluster.local", "https://my.cluster.local"),
        ("10.0.0.1", "https://10.0.0.1"),
        ("[::1]:6443", "https://[::1]:6443"),
    ],
)
def test_a_server_of_ones_own_is_named_with_its_port(cluster: str, base: str) -> None:
    assert base_url(CLUSTER, {"cluster": cluster}) == base
    assert base_url(CLUSTER, {"cluster": cluster, "protocol": "http"}) == base.replace("https", "http")


@pytest.mark.parametrize("cluster", ["h/x", "h/", "h?x", "h#", "u@h", "a b", "h:99999", "h:", "a_b", "\u212a"])
def test_a_server_of_ones_own_is_a_host_and_nothing_else(cluster: str) -> None:
    with pytest.raises(BindError, match="cluster can't be"):
        base_url(CLUSTER, {"cluster": cluster})


def test_a_server_of_ones_own_has_to_be_named() -> None:
    with pytest.raises(BindError, match="no cluster"):
        base_url(CLUSTER, {})


@pytest.mark.parametrize(
    "region",
    [
        "evil.example",
        "acme.com.evil.example",
        "evilacme.com",
        "api.acme.com@evil.example",
        "api.acme.com:8443",
        "evil.example/.acme.com",
        "evil.example?.acme.com",
        "evil.example#.acme.com",
        "api.acme.com.",
        "localhost",
        "api acme.com",
        "127.0.0.1",
    ],
)
def test_a_host_that_is_one_variable_is_nobody_elses(region: str) -> None:
    with pytest.raises((BindError, ForbiddenError)):
        base_url(WHOLE, {"region": region})


def test_an_endpoint_replaces_the_origin_and_needs_no_subdomain() -> None:
    for endpoint in ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"):
        assert base_url(OKTA, {}, endpoint=endpoint) == "http://127.0.0.1:8080"
    assert base_url(OKTA, {}, endpoint="http://[::1]:1/okta") == "http://[::1]:1/okta"
    request = build_request(a_method("/api"), DATADOG, {"site": "datadoghq.eu"}, endpoint="https://gw.example/dd")
    assert request.url == "https://gw.example/dd/api"


def test_a_custom_domain_comes_from_the_connection_only() -> None:
    assert base_url(OKTA, {}, custom_domain="id.example.com") == "https://id.example.com"
    for bad in ("http://id.example.com", "id.example.com/x", "u@id.example.com", "https://id.example.com?x"):
        with pytest.raises(UsageError):
            base_url(OKTA, {}, custom_domain=bad)


@pytest.mark.parametrize("endpoint", ["127.0.0.1:8080", "http://", "http://u:p@127.0.0.1", "http://h?x=1"])
def test_unusable_endpoints(endpoint: str) -> None:
    with pytest.raises(UsageError):
        base_url(OKTA, {}, endpoint=endpoint)


def test_a_methods_own_server_goes_first_and_keeps_its_path() -> None:
    logs = Server("https://logs.{site}/intake/{version}", (*DATADOG.variables, Parameter("version", "v", "server")))
    method = a_method("/v2", server=logs)
    request = build_request(method, DATADOG, {"site": "datadoghq.eu", "version": "a/b"})
    assert request.url == "https://logs.datadoghq.eu/intake/a%2Fb/v2"
    pinned = build_request(method, DATADOG, {"version": "1"}, endpoint="http://127.0.0.1:1")
    assert pinned.url == "http://127.0.0.1:1/intake/1/v2"


def test_a_variable_within_a_longer_host() -> None:
    server = Server("https://drapp.{subdomain}.okta.com", OKTA.variables, {}, OKTA.domains)
    assert base_url(server, {"subdomain": "acme"}) == "https://drapp.acme.okta.com"
    assert base_url(server, {"subdomain": "acme.oktapreview.com"}) == "https://drapp.acme.oktapreview.com"


def test_broken_servers_are_the_catalogs_fault() -> None:
    for url in ("a.example", "https://{nobody}.example", "https://{open.example"):
        with pytest.raises(CatalogError):
            base_url(Server(url), {})


# --- what StackQL's documents have besides -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("style", "value", "query"),
    [
        ("aws_query", '[{"Key": "a", "Value": "b&c"}, {"Key": "d", "Value": null}]',
         "Tags.member.1.Key=a&Tags.member.1.Value=b%26c&Tags.member.2.Key=d"),
        ("aws_ec2", ["x", "y"], "Tags.1=x&Tags.2=y"),
        ("aws_query", "single", "Tags.member.1=single"),
        ("aws_query", [], ""),
    ],
)  # fmt: skip
def test_aws_writes_lists_by_number(style: str, value: Any, query: str) -> None:
    parameter = Parameter("tags", "Tags", "query", type="array", style=style)
    assert query_of(parameter, value) == query


def test_a_form_takes_the_query_and_what_is_fixed_in_the_path() -> None:
    method = a_method("/?Action=ListUsers&Version=1", Parameter("Path", "Path", "query"), http="POST", form=True)
    request = build(method, Path="/a b/")
    assert (request.method, urlsplit(request.url).path, urlsplit(request.url).query) == ("POST", "/", "")
    assert request.body == b"Action=ListUsers&Version=1&Path=%2Fa%20b%2F"
    assert ("content-type", "application/x-www-form-urlencoded; charset=utf-8") in request.headers


def test_fixed_headers_are_sent_and_a_fixed_query_stays() -> None:
    method = a_method("/things?api-version=2", Parameter("x", "x", "query"), headers={"X-Amz-Target": "A.B"})
    request = build(method, x="1")
    assert ("x-amz-target", "A.B") in request.headers
    assert urlsplit(request.url).query == "api-version=2&x=1"
