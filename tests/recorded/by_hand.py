"""Statements as a person writes them, for every recorded GET of the resources that the product was ordered for.

Nothing here is derived from the catalog: where the rows are, and which field a column holds, was read off the
recordings. `test_by_hand` takes the expected rows from the body by `json.loads` and checks that no recorded GET of
these paths is left without a statement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

#: What has to be covered: paths of Okta accounts, API services, application connections, identity sources, users
#: and groups. A star stands for any one segment, a key.
PATHS = (
    "datadog /api/v2/integrations/okta/accounts",
    "datadog /api/v2/integrations/okta/accounts/*",
    "okta /integrations/api/v1/api-services",
    "okta /integrations/api/v1/api-services/*",
    "okta /integrations/api/v1/api-services/*/credentials/secrets",
    "okta /api/v1/apps/*/connections/default",
    "okta /api/v1/identity-sources/*/sessions",
    "okta /api/v1/identity-sources/*/sessions/*",
    "okta /api/v1/users",
    "okta /api/v1/users/*",
    "okta /api/v1/groups",
    "okta /api/v1/groups/*",
)

#: What stands in the place of a key and is none: `/api/v1/groups/rules`.
COLLECTIONS = ("rules",)

#: The one recording that its vendor edited by hand: it has three fields that the API, by its specification, hasn't.
EDITED = (
    "okta/test_api_service_integrations_it/TestApiServiceIntegrationsResource.test_api_service_integration_lifecycle"
)
NOT_FIELDS = ("created", "lastUpdated", "credentials")


@dataclass(frozen=True)
class ByHand:
    """A statement, and what its rows are.

    Attributes:
        recording: cassette without suffix, `#`, place of the first interaction that answers.
        objects: the rows' objects, from the parsed bodies of all pages.
        named: columns that aren't a field of the object by their own name.
        pages: how many recorded answers the statement takes.
        stops: the list goes on, but its next page wasn't recorded.
    """

    recording: str
    sql: str
    objects: Callable[[Any], list[Any]]
    named: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    pages: int = 1
    stops: bool = False


def listed(body: Any) -> list[Any]:
    return list(body)


def single(body: Any) -> list[Any]:
    return [body]


def missing(body: Any) -> list[Any]:
    """The API's own not-found for the key: no row."""
    assert body["errorCode"] == "E0000007"
    return []


def accounts(body: Any) -> list[Any]:
    found = body["data"] if isinstance(body["data"], list) else [body["data"]]
    return [{"id": each["id"], "type": each["type"], **each["attributes"]} for each in found]


LOGIN = {"login": lambda user: user["profile"]["login"]}
NAMES = {"first": lambda user: user["profile"]["firstName"], "last": lambda user: user["profile"]["lastName"]}
NAME = {"name": lambda group: group["profile"]["name"]}

_CONNECTIONS = "okta/test_application_connections_it/TestApplicationConnectionsResource.test_"
_DPOP = "okta/test_dpop_it/TestDPoP"
_GROUPS = "okta/test_groups_it/TestGroupsResource.test_"
_SOURCES = "okta/test_identity_source_it/TestIdentitySourceResource.test_identity_source_api_with_error_handling"
_USERS = "okta/test_users_it/TestUsersResource.test_"


def connection(recording: str, app: str, columns: str = "status, profile") -> ByHand:
    """The provisioning connection of an app."""
    sql = f"SELECT {columns} FROM okta.apps.connections WHERE appId = '{app}'"
    return ByHand(
        _CONNECTIONS + recording, sql, single, {"scheme": lambda connection: connection["profile"]["authScheme"]}
    )


ACCOUNTS = (
    ByHand(
        "datadog/v2/test_list_okta_accounts_returns_ok_response#1",
        "SELECT id, type, name, auth_method, domain, client_id FROM datadog.integrations.okta_accounts",
        accounts,
    ),
    ByHand(
        "datadog/v2/test_get_okta_account_returns_ok_response#1",
        "SELECT id, name, auth_method, domain, client_id, type FROM datadog.integrations.okta_accounts"
        " WHERE account_id = '2bf39935-f5c8-46b1-b41b-eda0b4bd2e78' AND site = 'datadoghq.com'",
        accounts,
    ),
)

SERVICES = (
    ByHand(
        f"{EDITED}#1",
        "SELECT id, name, type, grantedScopes, _links FROM okta.integrations.instances"
        " WHERE apiServiceId = '0oa1abc2def3ghi4jkl5' AND subdomain = 'test'",
        single,
    ),
    ByHand(
        f"{EDITED}#2",
        "SELECT id, name, type, grantedScopes, _links FROM okta.integrations.instances WHERE subdomain = 'test'",
        listed,
    ),
    ByHand(
        f"{EDITED}#4",
        "SELECT id, status, secret_hash, client_secret, created, lastUpdated, _links"
        " FROM okta.integrations.instance_secrets WHERE apiServiceId = '0oa1abc2def3ghi4jkl5'",
        listed,
    ),
    ByHand(
        f"{EDITED}#9",
        "SELECT id FROM okta.integrations.instance_secrets WHERE apiServiceId = '0oa1abc2def3ghi4jkl5'",
        listed,
    ),
    ByHand(f"{EDITED}#11", "SELECT * FROM okta.integrations.instances WHERE id = '0oa1abc2def3ghi4jkl5'", missing),
)

CONNECTIONS = (
    connection("api_endpoint_accessibility#1", "0oaqgqe2x86CjcIO61d7"),
    connection("application_connections_full_lifecycle#1", "0oaqgqmbmgsdBVRUP1d7"),
    connection(
        "comprehensive_api_coverage#1", "0oaqgqna6iYeV9inV1d7", "profile ->> '$.authScheme' AS scheme, status"
    ),
    connection("connection_http_info_methods#1", "0oaqgqg4ddal3YKRO1d7"),
    connection("connection_lifecycle_with_multiple_apps#2", "0oaqgqeua07ydq4ST1d7"),
    connection("connection_lifecycle_with_multiple_apps#3", "0oaqgqjiyz8xcyLkW1d7"),
    connection("connection_parameter_validation#1", "0oaqgqnbktGAHrIwM1d7"),
    connection("connection_parameter_validation#2", "0oaqgqnbktGAHrIwM1d7", "status"),
    connection("connection_profile_validation#1", "0oaqgqiue5b64QFwF1d7", "profile"),
    connection("connection_read_operations#1", "0oaqgqmbm431kQRA01d7"),
    connection("connection_update_operations#1", "0oaqgq8pvkLC8oSMh1d7"),
    connection("connection_without_preload_content_methods#1", "0oaqgpysr7V83i2DD1d7"),
    ByHand(
        _CONNECTIONS + "connection_error_handling#0",
        "SELECT status, profile FROM okta.apps.connections WHERE appId = 'invalid-app-id-12345'",
        missing,
    ),
)

SOURCES = (
    ByHand(
        f"{_SOURCES}#1",
        "SELECT id, identitySourceId, status, importType, created, lastUpdated FROM okta.identity_sources.sessions"
        " WHERE identitySourceId = '0oaqd7yj8075ZXRyE1d7' AND subdomain = 'test'",
        listed,
    ),
    ByHand(
        f"{_SOURCES}#2",
        "SELECT id, identitySourceId, status, importType, created, lastUpdated FROM okta.identity_sources.sessions"
        " WHERE identitySourceId = '0oaqd7yj8075ZXRyE1d7' AND sessionId = 'apsqe3ifcgiwgs0Dx1d7'",
        single,
    ),
)

_ALL_USER = (
    "id, status, created, activated, statusChanged, lastLogin, lastUpdated, passwordChanged, type, profile,"
    " credentials, _links"
)


def user(recording: str, key: str, columns: str = _ALL_USER) -> ByHand:
    """One user by its id."""
    sql = f"SELECT {columns} FROM okta.users.users WHERE id = '{key}'"
    return ByHand(_USERS + recording, sql, single, {**LOGIN, **NAMES})


USER = (
    user("change_recovery_question#3", "00usfaqd0W13ur5VR4x6"),
    user("change_user_password#2", "00usfaqcuYq9wK3qc4x6"),
    user("comprehensive_user_lifecycle#2", "00uqrks9ig7XuWV7X5d7"),
    user("comprehensive_user_lifecycle#4", "00uqrks9ig7XuWV7X5d7", "id, status, statusChanged"),
    user("create_get_user#1", "00usfhrjbkppPBkoY4x6"),
    ByHand(
        _USERS + "create_get_user#2",
        # The API takes a login, too; the row's id is another, so the parameter has to be meant.
        f"SELECT {_ALL_USER} FROM okta.users.users WHERE param__id = 'John.Doe-Get@example.com'",
        single,
    ),
    user("expire_password#2", "00uqrjxsgd0UxglnX5d7", "id, status, profile ->> 'login' AS login"),
    user("expire_password#7", "00uqrjvj22HdVbFFH5d7", "id, status, profile ->> '$.lastName' AS last"),
    user("update_user_profile#2", "00usfdbbnIjyhFqU74x6"),
    user("user_with_http_info_methods#1", "00uqrksfgwZD9E3uK5d7"),
    ByHand(
        _USERS + "create_get_user#5",
        "SELECT id, status FROM okta.users.users WHERE id = '00usfhrjbkppPBkoY4x6'",
        missing,
    ),
    ByHand(
        _USERS + "user_pagination#8",
        "SELECT id, status FROM okta.users.users WHERE id IN ('00usfgmn9xhwtA6f74x6')",
        missing,
    ),
)


def no_users(place: int) -> ByHand:
    """An organisation without users, listed again and again."""
    return ByHand(
        f"{_DPOP}Integration.test_dpop_multiple_requests#{place}",
        'SELECT id, status FROM okta.users.users WHERE "limit" = 1',
        listed,
    )


USERS = (
    ByHand(
        f"{_DPOP}BackwardCompatibility.test_ssws_auth_unchanged#0",
        f"SELECT {_ALL_USER} FROM okta.users.users WHERE limit = 1",
        listed,
        stops=True,
    ),
    *(no_users(place) for place in (2, 3, 4, 5, 6, 9, 10, 11, 12, 13)),
    ByHand(
        "okta/test_factors_it/TestFactorsResource.test_list_factors_signed_nonce#0",
        "SELECT id, status, profile ->> 'firstName' AS first, profile ->> 'lastName' AS last FROM okta.users.users",
        listed,
        NAMES,
    ),
    ByHand(
        "okta/test_subscription_it/TestSubscriptionResource.test_subscribe_unsubscribe_user#0",
        f"SELECT {_ALL_USER} FROM okta.users.users",
        listed,
    ),
    ByHand(
        _USERS + "activate_user#2",
        f"SELECT {_ALL_USER} FROM okta.users.users WHERE filter = 'status eq \"ACTIVE\"'",
        listed,
    ),
    ByHand(
        _USERS + "comprehensive_user_lifecycle#10",
        f'SELECT {_ALL_USER} FROM okta.users.users WHERE "limit" = 10',
        listed,
    ),
    ByHand(
        _USERS + "list_user_subscriptions#1",
        "SELECT id, status, json_extract(profile, '$.login') AS login FROM okta.users.users"
        " WHERE filter = 'status eq \"ACTIVE\"'",
        listed,
        LOGIN,
    ),
    ByHand(
        _USERS + "suspend_user#2",
        "SELECT id, status, profile ->> 'login' AS login FROM okta.users.users"
        " WHERE filter = 'status eq \"SUSPENDED\"' AND status = 'SUSPENDED'",
        listed,
        LOGIN,
    ),
    ByHand(
        _USERS + "suspend_user#4",
        f"SELECT {_ALL_USER} FROM okta.users.users WHERE filter = 'status eq \"ACTIVE\"'",
        listed,
    ),
    ByHand(
        _USERS + "user_pagination#2",
        f"SELECT {_ALL_USER} FROM okta.users.users WHERE limit = 1",
        listed,
        pages=2,
        stops=True,
    ),
    ByHand(
        _USERS + "user_pagination#3",
        f"SELECT {_ALL_USER} FROM okta.users.users WHERE limit = 1 AND after = '000usfdsyqnIjEmHNm4x6'",
        listed,
        stops=True,
    ),
)

_ALL_GROUP = "id, created, lastUpdated, lastMembershipUpdated, objectClass, type, profile, _links"

GROUPS = (
    ByHand(
        _GROUPS + "create_get_group#1",
        f"SELECT {_ALL_GROUP} FROM okta.groups.groups WHERE groupId = '00gsfck5wNqOPYMfS4x6'",
        single,
    ),
    ByHand(
        _GROUPS + "create_get_group#3",
        "SELECT id, profile FROM okta.groups.groups WHERE id = '00gsfck5wNqOPYMfS4x6'",
        missing,
    ),
    ByHand(
        _GROUPS + "group_profile_custom_attributes#0",
        f"SELECT {_ALL_GROUP}, profile ->> 'customGroupAttribute' AS custom FROM okta.groups.groups"
        " WHERE id = 'test_group_id'",
        single,
        {"custom": lambda group: group["profile"]["customGroupAttribute"]},
    ),
    ByHand(
        _GROUPS + "update_group#2",
        "SELECT id, profile ->> '$.name' AS name FROM okta.groups.groups WHERE id = '00gsfdp94a4kMmEcO4x6'",
        single,
        NAME,
    ),
    ByHand(_GROUPS + "list_groups#1", f"SELECT {_ALL_GROUP} FROM okta.groups.groups", listed),
    ByHand(
        _GROUPS + "remove_group#5",
        "SELECT id, type, objectClass, profile ->> 'name' AS name FROM okta.groups.groups",
        listed,
        NAME,
    ),
    ByHand(
        _GROUPS + "search_group#1",
        f"SELECT {_ALL_GROUP} FROM okta.groups.groups WHERE q = 'Group-Target-Test'",
        listed,
    ),
)

ALL = (*ACCOUNTS, *SERVICES, *CONNECTIONS, *SOURCES, *USER, *USERS, *GROUPS)
