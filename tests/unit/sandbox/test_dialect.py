"""What each list's filter and search take, and that they refuse the rest; that we push nothing that is refused."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from tests.unit.sandbox.asking import ask, read

from quaestor.catalog.store import open_catalog
from quaestor.sandbox.answer.query import Query
from quaestor.sandbox.answer.routes import Routes
from quaestor.sandbox.okta.dialect import check

USERS, GROUPS, APPS, LOGS = "/api/v1/users", "/api/v1/groups", "/api/v1/apps", "/api/v1/logs"


@pytest.mark.parametrize(
    ("path", "parameter", "text", "what"),
    [
        (USERS, "filter", 'profile.city eq "Berlin"', "doesn't take profile.city"),
        (USERS, "filter", 'profile.login sw "a"', "takes eq of profile.login, not sw"),
        (USERS, "filter", 'status ne "ACTIVE"', "not ne"),
        (USERS, "filter", 'not (status eq "ACTIVE")', "doesn't take 'not'"),
        (USERS, "filter", 'lastUpdated gt "yesterday"', "no time of ISO 8601"),
        (USERS, "search", 'profile.login ne "x"', "not ne"),
        (USERS, "search", 'profile.title co "Engineer"', "not co"),
        (USERS, "search", 'lastLogin gt "2026-01-01T00:00:00.000Z"', "doesn't take lastLogin"),
        (USERS, "search", 'profile.departement eq "Sales"', "no user's profile has"),
        (GROUPS, "filter", 'profile.name eq "Sales"', "doesn't take profile.name"),
        (GROUPS, "search", 'profile.samAccountName co "x"', "not co"),
        (APPS, "filter", 'label eq "Zoom"', "doesn't take label"),
        (LOGS, "filter", 'kind eq "x"', "doesn't take kind"),
    ],
)
def test_what_a_list_does_not_take_is_refused_by_name(path: str, parameter: str, text: str, what: str) -> None:
    response = ask("/okta" + path, **{parameter: text})
    said = json.loads(response.body)
    assert (response.status, said["errorCode"]) == (400, "E0000031")
    assert what in said["errorCauses"][0]["errorSummary"]


@pytest.mark.parametrize(
    ("path", "parameter", "text"),
    [
        (USERS, "filter", 'status eq "ACTIVE" and (lastUpdated lt "2027-01-01" or profile.login eq "x@y.z")'),
        (USERS, "search", '(status lt "STAGED" or status gt "STAGED") and profile.email co "acme"'),
        (USERS, "search", "profile.mobilePhone pr"),
        (GROUPS, "search", 'profile.name co "Office" and type eq "APP_GROUP"'),
        (LOGS, "filter", 'not (eventType sw "user.session") and target.displayName co "a"'),
    ],
)
def test_what_a_list_takes_finds_some(path: str, parameter: str, text: str) -> None:
    assert read("/okta" + path, **{parameter: text})


def test_a_time_is_compared_as_an_instant() -> None:
    user = read("/okta" + USERS, limit="1")[0]
    east = user["created"].replace("Z", "+00:00")
    for text in (user["created"], east):
        found = read("/okta" + USERS, search=f'created eq "{text}" and id eq "{user["id"]}"')
        assert [each["id"] for each in found] == [user["id"]]


def test_the_search_of_group_rules_is_a_word_with_which_names_begin() -> None:
    assert [each["name"] for each in read("/okta/api/v1/groups/rules", search="sal")] == ["Sales by department"]


def test_the_catalog_pushes_nothing_that_a_list_refuses() -> None:
    with open_catalog() as catalog:
        pushed = 0
        for route in Routes("okta", catalog):
            listing = route.method.listing
            for name, operators in listing.fields.items():
                for operator in operators:
                    value = "2026-01-01T00:00:00.000Z" if "gt" in operators else "x"
                    text = f" {listing.words[0] if listing.words else 'or'} ".join(
                        [f'{name} {operator} "{value}"'] * 2
                    )
                    query = Query(f"filter={quote(text)}")
                    check(route.template, query, lambda: frozenset({"login", "email", "firstName", "lastName"}))
                    pushed += 1
    assert pushed > 30
